"""Handing finished mails to the mail server: one kept connection, verified TLS, our own bytes on the wire.

Flask-Mail's configuration and connection, without its gaps. What becomes of a message afterwards is delivery/outbox.py.
"""

import re
import smtplib
import ssl
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from flask_mail import Connection

from outreach.domain.failures import ChannelTrouble
from outreach.settings import Settings

GREETING, MAIL_FROM, RCPT_TO, DATA = "greeting", "MAIL FROM", "RCPT TO", "DATA"
CLOSING = 421  # the server's word that it closes the connection (RFC 5321, 3.8)
LOGIN_NEEDED = frozenset({530, 534, 535, 538})  # RFC 4954, 6
DOT_PATIENCE = 3  # the answer to the last dot may take this many times the timeout: RFC 5321, 4.5.3.2.6


@dataclass(frozen=True)
class Envelope:
    sender: str  # bare address
    recipient: str  # bare address
    data: bytes  # the whole mail, lines ending in CRLF


@dataclass(frozen=True)
class Accepted:
    code: int
    words: str


class NotSent(Exception):
    """The mail was not taken. code: SMTP's, or None where the server said nothing."""

    def __init__(self, code: int | None, words: str) -> None:
        self.code = code
        self.words = words
        super().__init__(f"{code or ''} {words}".strip())


class Temporary(NotSent):
    """Not now: try this mail again later. It is certain that it was not handed over."""


class Permanent(NotSent):
    """Never: the server refuses this mail for good."""


class InDoubt(NotSent):
    """The last dot went out, and no answer came: the server may or may not have the mail."""


class ChannelDown(NotSent):
    """Nothing can be sent at all, whoever the recipient is."""

    def __init__(self, trouble: ChannelTrouble, code: int | None, words: str) -> None:
        self.trouble = trouble
        super().__init__(code, words)


class Wire(Connection):
    """A connection to the mail server, opened at the first mail and kept until closed or in doubt. Use as a context."""

    def __init__(self, mail: Any, settings: Settings) -> None:
        super().__init__(mail)
        self.settings = settings

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self) -> smtplib.SMTP:
        """Return the open connection, connecting first where needed; raise ChannelDown."""
        if self.host is None:
            self.host = self.configure_host()
            self.num_emails = 0
        return self.host

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        trouble = ChannelTrouble.UNREACHABLE
        host: smtplib.SMTP | None = None
        try:
            host = self._connect()
            if self.mail.use_tls:
                trouble = ChannelTrouble.TLS
                host.starttls(context=self._tls())
            trouble = ChannelTrouble.LOGIN if self.mail.username else ChannelTrouble.UNREACHABLE
            host.ehlo_or_helo_if_needed()
            if self.mail.username:
                host.login(self.mail.username, self.mail.password or "")
        except (OSError, smtplib.SMTPException) as error:  # SMTPException is an OSError; said for the reader
            if host is not None:
                host.close()
            if isinstance(error, ssl.SSLError):
                trouble = ChannelTrouble.TLS
            raise ChannelDown(trouble, *_said(error)) from error
        return host

    def hand_over(self, mail: Envelope) -> Accepted:
        """Give the server one mail; return its word of acceptance.

        Raise Temporary, Permanent or InDoubt about this mail, or ChannelDown about them all. After a doubt the next
        mail gets a new connection.
        """
        kept = self.host is not None
        try:
            return self._transaction(mail)
        except _Stale as error:
            if not kept:
                raise Temporary(*_said(error.cause)) from error
        try:  # the server had closed the kept connection before this mail began
            return self._transaction(mail)
        except _Stale as error:
            raise Temporary(*_said(error.cause)) from error

    def close(self) -> None:
        """Say goodbye; an error in saying it harms nothing that was accepted."""
        host, self.host = self.host, None
        if host is None:
            return
        try:
            host.quit()
        except (OSError, smtplib.SMTPException):
            host.close()

    def drop(self) -> None:
        """Let go of a connection whose state is in doubt."""
        host, self.host = self.host, None
        if host is not None:
            host.close()

    def _transaction(self, mail: Envelope) -> Accepted:
        host = self.open()
        recipient = _ascii_domain(mail.recipient)
        try:
            code, words = host.mail(mail.sender, self._options(host, recipient, mail.data))
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            raise _Stale(error) from error
        if code == CLOSING:
            self.drop()
            raise _Stale(smtplib.SMTPResponseException(code, words))
        self._check(code, words, MAIL_FROM)
        try:
            self._check(*host.rcpt(recipient), RCPT_TO)
            self._check(*host.docmd("DATA"), DATA)
            host.send(_dotted(mail.data))  # it raises only while the dot is still ours
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            raise Temporary(*_said(error)) from error
        code, words = self._answer_to_dot(host)
        self._check(code, words, DATA, good=range(200, 300))
        self._count()
        return Accepted(code, _text(words))

    def _answer_to_dot(self, host: smtplib.SMTP) -> tuple[int, bytes]:
        assert host.sock is not None
        host.sock.settimeout(self.settings.mail_timeout_s * DOT_PATIENCE)
        try:
            code, words = host.getreply()
            host.sock.settimeout(self.settings.mail_timeout_s)
        except (OSError, smtplib.SMTPException) as error:
            self.drop()
            raise InDoubt(*_said(error)) from error
        if not 200 <= code < 600:  # garbage
            self.drop()
            raise InDoubt(None, _text(words))
        return code, words

    def _check(self, code: int, words: bytes, verb: str, good: range | None = None) -> None:
        """Raise what a refusal means, having brought the connection back to a clean state."""
        if code in (good or (range(354, 355) if verb == DATA else range(200, 300))):
            return
        text = _text(words)
        self._reset(code)
        if code in LOGIN_NEEDED:
            raise ChannelDown(ChannelTrouble.LOGIN, code, text)
        if code >= 500 and verb == MAIL_FROM:
            raise ChannelDown(ChannelTrouble.SENDER, code, text)
        if code >= 500:
            raise Permanent(code, text)
        raise Temporary(code if code >= 400 else None, text)

    def _reset(self, code: int) -> None:
        if self.host is None:
            return
        if code == CLOSING or not 400 <= code < 600:
            self.drop()
            return
        try:
            answer, _words = self.host.rset()
        except (OSError, smtplib.SMTPException):
            answer = 0
        if answer != 250:
            self.drop()

    def _options(self, host: smtplib.SMTP, recipient: str, data: bytes) -> list[str]:
        options = []
        if host.has_extn("size"):
            options.append(f"size={len(data)}")
        if not data.isascii() and host.has_extn("8bitmime"):
            options.append("BODY=8BITMIME")
        if not recipient.isascii():
            if not host.has_extn("smtputf8"):
                raise Permanent(None, "The mail server does not take addresses with such letters (SMTPUTF8).")
            options.append("SMTPUTF8")
        return options

    def _count(self) -> None:
        self.num_emails += 1
        if self.mail.max_emails and self.num_emails >= self.mail.max_emails:
            self.close()

    def _connect(self) -> smtplib.SMTP:
        name = urlsplit(self.settings.base_url).hostname or "localhost"
        if not name.isascii() or ":" in name or re.fullmatch(r"[\d.]+", name):
            name = "localhost"
        where: dict[str, Any] = {
            "host": self.mail.server,
            "port": self.mail.port,
            "local_hostname": name,
            "timeout": self.settings.mail_timeout_s,
        }
        return smtplib.SMTP_SSL(**where, context=self._tls()) if self.mail.use_ssl else smtplib.SMTP(**where)

    def _tls(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self.settings.mail_ca_file:
            context.load_verify_locations(self.settings.mail_ca_file)
        return context


class _Stale(Exception):
    """The connection broke before this mail had begun."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause
        super().__init__(str(cause))


def _dotted(data: bytes) -> bytes:
    """Return the mail as it stands on the wire: dots doubled, the last dot at the end (RFC 5321, 4.5.2)."""
    if data.count(b"\n") != data.count(b"\r\n") or data.count(b"\r") != data.count(b"\n"):
        data = re.sub(rb"\r\n|\r|\n", b"\r\n", data)  # a bare one could end the mail early for a careless server
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    data = data.replace(b"\r\n.", b"\r\n..")
    return (b"." if data.startswith(b".") else b"") + data + b".\r\n"


def _ascii_domain(address: str) -> str:
    local, at, domain = address.rpartition("@")
    if domain.isascii():
        return address
    try:
        return f"{local}{at}{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise Permanent(None, "The address has an impossible domain.") from None


def _said(error: Exception) -> tuple[int | None, str]:
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code, _text(error.smtp_error)
    return None, str(error)[:300] or type(error).__name__


def _text(words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(text.split())[:300]
