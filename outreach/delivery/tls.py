"""TLS for mail server and mailbox: which certificates are trusted, and which hosts need no encryption."""

import ssl
from ipaddress import ip_address


class NoAuthority(ssl.SSLError):
    """The file with the extra certificate authority cannot be used."""

    def __str__(self) -> str:
        return str(self.args[0])


def trusting(ca_file: str) -> ssl.SSLContext:
    """Return a context that checks certificate and name. ca_file: an additional authority, or "". Raise NoAuthority."""
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise NoAuthority(f"{ca_file}: {error}") from error
    return context


def is_this_machine(host: str) -> bool:
    """Return whether the host is this machine, so that traffic to it stays here."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
