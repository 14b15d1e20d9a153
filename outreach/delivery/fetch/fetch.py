"""Download a file from an address that somebody else gave, without reaching this machine's own network or waiting too long.

Each host name is resolved once, and the connection goes to the address that was checked. Redirects are handled the same
way. One time limit and one size limit cover the whole download. There are no cookies, proxies or credentials. The code
uses http.client on its own socket, because other libraries resolve names themselves and bring features that are
unwanted here.
"""

import http.client
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from outreach.delivery.fetch import problems
from outreach.delivery.fetch.public_addresses import is_number, is_public
from outreach.delivery.fetch.timed_socket import TimedSocket

MOST_BYTES = 5 * 1024 * 1024
WHOLE_S = 15.0
CONNECT_S = 5.0
MOST_REDIRECTS = 3
MOST_ADDRESSES = 3  # tried per host
MOST_LETTERS = 1000  # in an address
PORTS = {"http": 80, "https": 443}
_SAME_AS = {"webcal": "https", "webcals": "https"}
_PIECE = 65_536  # bytes read at once
_AGENT = "Outreach (reads calendars)"
_SAFE = "/:?#[]@!$&'()*+,;=%~-._"
Resolver = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True)
class FetchedFile:
    """data: the content of the answer; None if it has not changed (304)."""

    data: bytes | None
    etag: str = ""
    last_modified: str = ""


def looked_up(host: str, port: int) -> list[str]:
    """Return the numeric addresses that this machine's resolver gives for a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


@dataclass(frozen=True)
class Fetcher:
    """Settings of a download. own_hosts: "host:port" entries that the administrator allows to be private or on any port.

    hosts: only these names are read, and with "*.domain" all below that domain; if there are none, any. own_hosts are read, too.
    resolve: looks up names. trust: which certificates count. whole_s: time limit for the whole download, in seconds.
    """

    own_hosts: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    resolve: Resolver = looked_up
    trust: ssl.SSLContext | None = None
    whole_s: float = WHOLE_S
    most_bytes: int = MOST_BYTES

    def fetch(self, address: str, *, etag: str = "", last_modified: str = "") -> FetchedFile:
        """Download from an address. etag, last_modified: values of the copy that is already stored.

        Raise a FetchProblem that says why the download failed, and at which host.
        """
        deadline = time.monotonic() + self.whole_s
        url = self.allowed(address)
        asked = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        try:
            for _redirect in range(MOST_REDIRECTS + 1):
                answer = self._ask(url, asked, deadline)
                if isinstance(answer, FetchedFile):
                    return answer
                url = self.allowed(_led_to(url, answer))
        except TimeoutError:
            raise problems.TooSlow(host=url.hostname, seconds=round(self.whole_s)) from None
        raise problems.TooManyRedirects(host=url.hostname)

    def allowed(self, address: str) -> SplitResult:
        """Return an address in its parts, as `checked` does. Raise a FetchProblem, also if its host is not listed."""
        url = checked(address, self.own_hosts)
        host = url.hostname or ""
        above = {f"*.{host.split('.', dots)[dots]}" for dots in range(1, host.count(".") + 1)}
        if (
            self.hosts
            and not self.hosts & {host, *above}
            and f"{host}:{url.port or PORTS[url.scheme]}" not in self.own_hosts
        ):
            raise problems.HostNotListed(host=host)
        return url

    def _ask(self, url: SplitResult, asked: dict[str, str], deadline: float) -> FetchedFile | str:
        """Return the downloaded file, or the address of a redirect."""
        host = url.hostname or ""
        wire = self._connected(url, deadline)
        connection = http.client.HTTPConnection(host, url.port or PORTS[url.scheme])  # it would search IPv6 for a port
        connection.sock = wire  # type: ignore[assignment]
        try:
            connection.putrequest("GET", _target(url), skip_host=True, skip_accept_encoding=True)
            headers = {"Host": _host_field(url), "User-Agent": _AGENT, "Accept": "text/calendar, */*;q=0.1"}
            headers |= {"Accept-Encoding": "identity", "Connection": "close", **asked}
            for name, value in headers.items():
                if value:
                    connection.putheader(name, value)
            connection.endheaders()
            return self._read(connection.getresponse(), host, any(asked.values()))
        except TimeoutError:
            raise
        except (OSError, http.client.HTTPException, ValueError, zlib.error):
            raise problems.AnswerBroken(host=host) from None
        finally:
            connection.close()
            wire.hang_up()

    def _connected(self, url: SplitResult, deadline: float) -> TimedSocket:
        host = url.hostname or ""
        port = url.port or PORTS[url.scheme]
        found = self._resolved(host, port, deadline)
        if f"{host}:{port}" not in self.own_hosts and not all(is_public(address) for address in found):
            raise problems.PrivateHost(host=host)
        for number in found[:MOST_ADDRESSES]:
            family = socket.AF_INET6 if ":" in number else socket.AF_INET
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(min(CONNECT_S, _left(deadline)))
                sock.connect((number, port))
                if url.scheme == "https":
                    sock.settimeout(_left(deadline))
                    sock = (self.trust or ssl.create_default_context()).wrap_socket(sock, server_hostname=host)
                return TimedSocket(sock, deadline)
            except ssl.SSLCertVerificationError:
                sock.close()
                raise problems.NotTrusted(host=host) from None
            except OSError:
                sock.close()
                _left(deadline)
        raise problems.NoConnection(host=host)

    def _resolved(self, host: str, port: int, deadline: float) -> Sequence[str]:
        """Look up a name in a separate thread, because the system's resolver has no time limit that we could set."""
        found: list[Sequence[str]] = []

        def look_up() -> None:
            try:
                found.append(self.resolve(host, port))
            except (OSError, UnicodeError):
                found.append([])

        thread = threading.Thread(target=look_up, name="name look-up", daemon=True)
        thread.start()
        thread.join(_left(deadline))
        if not found:
            raise TimeoutError
        if not found[0]:
            raise problems.HostUnknown(host=host)
        return found[0]

    def _read(self, response: http.client.HTTPResponse, host: str, conditional: bool) -> FetchedFile | str:
        status = response.status
        if status == http.HTTPStatus.NOT_MODIFIED and conditional:
            return FetchedFile(None)
        if status in (301, 302, 303, 307, 308):
            if not (leads_to := response.getheader("Location")):
                raise problems.AnswerBroken(host=host)
            return leads_to
        if status != http.HTTPStatus.OK:
            raise problems.refusal(status, host)
        if int(response.getheader("Content-Length") or 0) > self.most_bytes:
            raise problems.FetchTooLarge(megabytes=self.most_bytes // 1024 // 1024)
        data = self._within(response, (response.getheader("Content-Encoding") or "identity").strip().lower(), host)
        return FetchedFile(data, _mark(response.getheader("ETag"), 250), _mark(response.getheader("Last-Modified"), 60))

    def _within(self, response: http.client.HTTPResponse, encoding: str, host: str) -> bytes:
        """Read the body, decompressed. Raise FetchTooLarge if it is larger than `most_bytes` after decompression."""
        if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
            raise problems.AnswerBroken(host=host)
        unpacker = None if encoding == "identity" else zlib.decompressobj(zlib.MAX_WBITS | 32)
        found = bytearray()
        while packed := response.read1(_PIECE):
            while True:
                piece = unpacker.decompress(packed, _PIECE) if unpacker else packed
                found += piece
                if len(found) > self.most_bytes:
                    raise problems.FetchTooLarge(megabytes=self.most_bytes // 1024 // 1024)
                packed = unpacker.unconsumed_tail if unpacker else b""
                if not packed and (unpacker is None or len(piece) < _PIECE):
                    break
            if unpacker and unpacker.eof:  # zlib would keep all further data in memory
                break
        if not unpacker.eof if unpacker else response.length:
            raise http.client.IncompleteRead(b"")
        return bytes(found)


def checked(address: str, own_hosts: frozenset[str] = frozenset()) -> SplitResult:
    """Return an address in its parts: http or https, a usual port, no user name, no private numeric address.

    Raise a FetchProblem. own_hosts: "host:port" entries that are allowed all the same.
    """
    address = address.strip()
    if len(address) > MOST_LETTERS or any(letter <= " " or letter in "\\\x7f" for letter in address):
        raise problems.AddressUnreadable
    try:
        url = urlsplit(address)
        url = url._replace(scheme=_SAME_AS.get(url.scheme.lower(), url.scheme.lower()), fragment="")
        host, port = (
            (url.hostname or "").encode("idna" if ":" not in (url.hostname or "") else "ascii").decode(),
            url.port,
        )
    except (ValueError, UnicodeError):
        raise problems.AddressUnreadable from None
    if url.scheme not in PORTS or not host or "%" in host:
        raise problems.AddressUnreadable
    if url.username is not None or url.password is not None:
        raise problems.NameInAddress
    if port not in (None, *PORTS.values()) and f"{host}:{port}" not in own_hosts:
        raise problems.OtherPort(port=port)
    if is_number(host) and not is_public(host) and f"{host}:{port or PORTS[url.scheme]}" not in own_hosts:
        raise problems.PrivateHost(host=host)  # the addresses of a host name are checked when it is resolved
    shown = f"[{host}]" if ":" in host else host
    return url._replace(netloc=shown if port is None else f"{shown}:{port}")


def _led_to(url: SplitResult, location: str) -> str:
    try:
        return urljoin(url.geturl(), location)
    except ValueError:
        raise problems.AddressUnreadable from None


def _host_field(url: SplitResult) -> str:
    return url.netloc if url.port != PORTS[url.scheme] else url.netloc.rpartition(":")[0]


def _target(url: SplitResult) -> str:
    return quote(url.path or "/", safe=_SAFE) + (f"?{quote(url.query, safe=_SAFE)}" if url.query else "")


def _mark(value: str | None, longest: int) -> str:
    """Return a header value that can be stored and sent back unchanged, or "" for any other value."""
    return value if value and len(value) <= longest and value.isascii() and value.isprintable() else ""


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
