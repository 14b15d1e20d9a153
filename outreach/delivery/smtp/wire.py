"""The connection to the mail server: kept open, verified TLS, our own bytes; a new connection after any doubt.

It uses Flask-Mail's configuration and connection and closes their gaps. smtp/pipeline.py sends mails over a connection.
outbox/settle.py decides what happens to a message afterwards.
"""

import re
import smtplib
import ssl
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from flask_mail import Connection

from outreach.delivery.smtp.commands import Extensions, envelope_commands
from outreach.delivery.smtp.flight import Ahead
from outreach.delivery.smtp.outcomes import (
    MAIL_FROM,
    Accepted,
    ChannelDown,
    Envelope,
    InDoubt,
    NotSent,
    Outcome,
    Permanent,
    Temporary,
    refusal,
    text,
)
from outreach.delivery.smtp.pipeline import NoChunks, SmtpTalk
from outreach.delivery.smtp.stream import ConnectionLost, Stream
from outreach.delivery.tls import trusting
from outreach.domain.mail.failures import ChannelTrouble
from outreach.settings import Settings

__all__ = ["Accepted", "ChannelDown", "Envelope", "InDoubt", "NotSent", "Outcome", "Permanent", "Temporary", "Wire"]

QUIT_S = 5.0  # how long the server may take to answer QUIT


class Wire(Connection):
    """A connection to the mail server, opened at the first mail and kept until closed or in doubt. Use it as a context."""

    def __init__(
        self, mail: Any, settings: Settings, still_true: Callable[[], bool] = lambda: True,
        waits: Callable[[bool], None] = lambda _waiting: None,
    ) -> None:  # fmt: skip
        """still_true: asked when mails had to wait for a new connection. waits: told of long waiting, as by SmtpTalk."""
        super().__init__(mail)
        self._waits = waits
        self._still_true = still_true
        self.settings = settings
        self._talk: SmtpTalk | None = None
        self.plainly = False  # one command after the other, whatever the server announces
        self.lost = 0  # connections that broke without a word
        self._chunks = True  # False once the server does not know BDAT, although announced
        self._relays = False  # the server has accepted a recipient from us
        self._waited_s = 0.0
        self._over: set[ChannelTrouble] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def waited_s(self) -> float:
        """Seconds spent waiting for the server's answers, over all connections of this wire."""
        return self._waited_s + (self._talk.stream.waited_s if self._talk is not None else 0.0)

    @property
    def over(self) -> set[ChannelTrouble]:
        """Troubles that the server has shown not to have since the last group began."""
        opened = (ChannelTrouble.UNREACHABLE, ChannelTrouble.TLS, ChannelTrouble.LATER) if self.host is not None else ()
        return self._over.union(opened, self._talk.flight.over if self._talk is not None else ())

    def open(self) -> smtplib.SMTP:
        """Return the open connection; connect first if needed. Raise ChannelDown."""
        if self._talk is not None and self._talk.plainly is not self.plainly:
            self.close()
        if self._talk is not None and not self._talk.ready():
            self.close() if self._talk.full else self.drop()
        if self.host is None:
            self.host = self.configure_host()
            try:
                self._talk = self._begin(self.host)
            except OSError as error:
                self.drop()
                raise ChannelDown(ChannelTrouble.UNREACHABLE, *_said(error)) from error
        return self.host

    def configure_host(self) -> smtplib.SMTP | smtplib.SMTP_SSL:
        trouble = ChannelTrouble.UNREACHABLE
        host: smtplib.SMTP | None = None
        try:
            host = self._connect()
            if self.mail.use_tls:
                trouble = ChannelTrouble.TLS
                host.starttls(context=trusting(self.settings.mail_ca_file))
            trouble = ChannelTrouble.UNREACHABLE
            host.ehlo_or_helo_if_needed()
            if self.mail.username:
                trouble = ChannelTrouble.LOGIN
                host.login(self.mail.username, self.mail.password or "")
        # An impossible password, name or port raises ValueError or OverflowError.
        except (OSError, smtplib.SMTPException, ValueError, OverflowError) as error:
            if host is not None:
                host.close()
            if isinstance(error, ssl.SSLError):
                trouble = ChannelTrouble.TLS
            elif isinstance(error, smtplib.SMTPAuthenticationError) and error.smtp_code < 500:  # RFC 4954, 6
                trouble = ChannelTrouble.LATER
            raise ChannelDown(trouble, *_said(error)) from error
        return host

    def hand_over_group(self, mails: Iterable[Envelope]) -> Iterator[Outcome]:
        """Hand over mails; yield the outcome of each, in order.

        A mail is fetched while the server works on earlier ones, so its outcome comes a few mails later, or with chunks
        at the end of the group. To stop early, let `mails` end. A caller that closes this iterator instead does not
        learn the outcomes of fetched mails. An error in `mails` is raised after the outcomes of the mails before it.

        Mails without an outcome at the end were not handed over: they had to wait and were no longer true. Raise
        ChannelDown if nothing can be sent; mails without an outcome were then not handed over.
        """
        ahead = Ahead(mails)
        self._over.clear()
        if self._talk is not None:
            self._talk.flight.over.clear()
        try:
            while ahead.more():
                before = self.host
                if self.open() is not before and not self._still_true():
                    break
                assert self._talk is not None
                talk = self._talk
                try:
                    yield from talk.hand_over(ahead)
                except NoChunks:
                    self._chunks = False
                    self.drop()
                    talk.flight.give_back(ahead)
                except ConnectionLost as lost:
                    self.drop()
                    self.lost += lost.code is None
                    yield from talk.flight.crashed(lost, ahead)
                if talk.full:
                    self.close()
        finally:
            if self._talk is not None and self._talk.flight:
                self.drop()
        if ahead.error is not None:
            raise ahead.error

    def try_sender(self, sender: str) -> None:
        """Connect, log in and send this envelope sender, as for a mail.

        Raise ChannelDown if nothing can be sent, Temporary if the server refuses only for now.
        """
        self.open()
        assert self._talk is not None
        try:
            command, _rcpt = envelope_commands(Envelope(sender, sender, b""), self._talk.known)
            reply = self._talk.try_sender(command)
        except Permanent as unfit:
            raise ChannelDown(ChannelTrouble.SENDER, unfit.code, unfit.words) from None
        except ConnectionLost as lost:
            self.drop()
            raise Temporary(lost.code, lost.words) from lost
        if reply.code >= 400:
            raise refusal(MAIL_FROM, reply.code, reply.words)

    def close(self) -> None:
        """Send QUIT and disconnect. An error in QUIT does not affect accepted mails."""
        if self._talk is not None and self._talk.clean:
            try:
                self._talk.stream.write(b"QUIT\r\n")
                self._talk.stream.reply(min(QUIT_S, self.settings.mail_timeout_s))
            except ConnectionLost:
                pass
        self.drop()

    def drop(self) -> None:
        """Close the connection, whatever its state."""
        host, self.host = self.host, None
        talk, self._talk = self._talk, None
        if talk is not None:
            self._waited_s += talk.stream.waited_s
            self._relays = talk.flight.relays
            self._over |= talk.flight.over
        if host is not None:
            host.close()

    def _begin(self, host: smtplib.SMTP) -> SmtpTalk:
        assert host.sock is not None
        talk = SmtpTalk(
            Stream(host.sock, self.settings.mail_timeout_s),
            Extensions.of(host),
            self.settings.mail_timeout_s,
            limit=min(filter(None, (self.mail.max_emails, self.settings.mail_per_connection)), default=0),
            chunks=self._chunks,
            plainly=self.plainly,
            still_true=self._still_true,
            answer_s=self.settings.mail_answer_s,
            waits=self._waits,
        )
        talk.flight.relays = self._relays
        return talk

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
        return (
            smtplib.SMTP_SSL(**where, context=trusting(self.settings.mail_ca_file))
            if self.mail.use_ssl
            else smtplib.SMTP(**where)
        )


def _said(error: Exception) -> tuple[int | None, str]:
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code, text(error.smtp_error)
    return None, str(error)[:300] or type(error).__name__
