"""A connection to the mailbox's server: verified TLS, logged in, folder open; and the errors it can have."""

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from imap_tools.errors import ImapToolsError
from imap_tools.mailbox import BaseMailBox

from outreach.delivery.tls import is_this_machine, trusting
from outreach.domain.mail.failures import ChannelTrouble
from outreach.settings import Settings

NOT_ENCRYPTED = "The server offers no encryption (STARTTLS), so the password is not sent."


class MailboxDown(Exception):
    """The mailbox cannot be read now. The text comes from the server or the network."""

    def __init__(self, trouble: ChannelTrouble, words: str) -> None:
        self.trouble = trouble
        super().__init__(words)


def opened(settings: Settings) -> BaseMailBox:
    """Return the mailbox with its folder open; raise MailboxDown."""
    with trouble(ChannelTrouble.UNREACHABLE):
        try:
            box = _Box(settings)
        except ssl.SSLEOFError:
            raise
        except ssl.SSLError as error:
            raise MailboxDown(ChannelTrouble.TLS, _words(error)) from error
    try:
        with trouble(ChannelTrouble.LOGIN):
            plain = (settings.imap_username + settings.imap_password).isascii()
            login = box.login if plain else box.login_utf8
            login(settings.imap_username, settings.imap_password, initial_folder=None)
        with trouble(ChannelTrouble.FOLDER):
            box.folder.set(settings.imap_folder)
    except MailboxDown:
        leave(box)
        raise
    return box


def leave(box: BaseMailBox) -> None:
    """Log out. Closing the folder instead would expunge it."""
    try:
        box.client.logout()
    except (OSError, imaplib.IMAP4.error):
        _hang_up(box.client)


def _hang_up(client: imaplib.IMAP4) -> None:
    """Close the connection. After a failed STARTTLS its socket is closed already, and imaplib raises an error for that."""
    with suppress(OSError):
        client.shutdown()


@contextmanager
def trouble(refused: ChannelTrouble) -> Iterator[None]:
    """Turn errors of server and network into MailboxDown. refused: the trouble to report if the server refuses."""
    try:
        yield
    except imaplib.IMAP4.readonly as error:  # a subclass of abort, but the connection still works
        raise MailboxDown(refused, _words(error)) from error
    except (OSError, imaplib.IMAP4.abort) as error:
        raise MailboxDown(ChannelTrouble.UNREACHABLE, _words(error)) from error
    except (imaplib.IMAP4.error, ImapToolsError) as error:
        raise MailboxDown(refused, _words(error)) from error


def _words(error: BaseException) -> str:
    found = getattr(error, "command_result", None)
    text = str(found[1]) if found else str(error)
    return " ".join(text.split())[:300] or type(error).__name__


class _Box(BaseMailBox):
    """A connection with verified TLS. An unencrypted one is allowed only to this machine."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        settings = self.settings
        where = settings.imap_server, settings.imap_port
        context = trusting(settings.imap_ca_file)
        if settings.imap_use_ssl:
            return imaplib.IMAP4_SSL(*where, ssl_context=context, timeout=settings.imap_timeout_s)
        client = imaplib.IMAP4(*where, timeout=settings.imap_timeout_s)
        try:
            if "STARTTLS" in client.capabilities:
                client.starttls(context)
            elif not is_this_machine(settings.imap_server):
                raise MailboxDown(ChannelTrouble.TLS, NOT_ENCRYPTED)
        except (OSError, imaplib.IMAP4.error, MailboxDown):
            _hang_up(client)
            raise
        return client
