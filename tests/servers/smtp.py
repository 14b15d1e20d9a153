"""A real SMTP server for tests. It records what it accepted, and misbehaves at a verb when told to."""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

DROP = "drop"
HANG = "hang"
DROP_AFTER_TAKING = "drop after taking"  # the mail is kept, and its sender gets no reply


@dataclass
class Taken:
    sender: str
    recipient: str
    data: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.data, policy=policy.default)

    @property
    def message_id(self) -> str:
        return self.mail["Message-ID"]


@dataclass
class Server:
    """`at[verb]` is a reply ("451 later"), DROP or HANG, or a function of the recipient that returns one of them or None."""

    at: dict[str, str | Callable[[str], str | None]] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0
    options: dict[str, object] = field(default_factory=dict)
    port: int = 0
    _controller: Controller | None = None

    def start(self) -> "Server":
        for _ in range(5):
            self.port = self.port or free_port()
            self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **self.options)
            with contextlib.suppress(OSError):
                self._controller.start()
                self.connections = 0  # the controller sends a greeting to itself
                return self
            self.port = 0
        raise OSError("no free port")

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop(no_assert=True)
            self._controller = None

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def recipients(self) -> list[str]:
        return sorted(taken.recipient for taken in self.taken)

    async def handle_EHLO(self, server: SMTP, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server: SMTP, session, envelope, address, options):
        if reply := await self._misbehave("MAIL", server, address):
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session, envelope, address, options):
        if reply := await self._misbehave("RCPT", server, address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session, envelope):
        recipient = envelope.rcpt_tos[0]
        wanted = self._wanted("DATA", recipient)
        if wanted == DROP_AFTER_TAKING:
            self.taken.append(Taken(envelope.mail_from, recipient, envelope.content))
            server.transport.abort()
            return "250 never heard"
        if reply := await self._misbehave("DATA", server, recipient):
            return reply
        self.taken.append(Taken(envelope.mail_from, recipient, envelope.content))
        return "250 2.0.0 taken"

    def _wanted(self, verb: str, address: str) -> str | None:
        wanted = self.at.get(verb)
        return wanted(address) if callable(wanted) else wanted

    async def _misbehave(self, verb: str, server: SMTP, address: str) -> str | None:
        wanted = self._wanted(verb, address)
        if wanted == DROP:
            server.transport.abort()
            return "250 never heard"
        if wanted == HANG:
            await asyncio.sleep(30)
        return wanted


_kept_sockets: deque[socket.socket] = deque()


def free_port() -> int:
    """Return a port that nobody else gets meanwhile: a socket stays bound to it. A server may still listen there."""
    if len(_kept_sockets) == 50:
        _kept_sockets.popleft().close()
    kept = socket.socket()
    kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    kept.bind(("127.0.0.1", 0))
    _kept_sockets.append(kept)
    return kept.getsockname()[1]


def check_password(_server, _session, _envelope, _mechanism, given: object) -> AuthResult:
    """An authenticator that knows one account: kantor, rahasia."""
    right = isinstance(given, LoginPassword) and (given.login, given.password) == (b"kantor", b"rahasia")
    return AuthResult(success=right, handled=False)  # else it keeps silent about a wrong one
