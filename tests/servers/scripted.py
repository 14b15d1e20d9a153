"""A mail server of our own that does at each verb what a test specifies, and records what it took.

It announces the given extensions (PIPELINING, CHUNKING, SIZE, …) and reads commands in order, so pipelining needs no code.
"""

import contextlib
import re
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

DROP = "drop"
RESET = "reset"  # as DROP, but what the client still sends is refused
HANG = "hang"
GARBAGE = "garbage"
WRONG = "wrong shape"  # a reply that does not fit this verb
TAKE_AND_DROP = "take, then drop"  # at END and BDAT: the mail is kept, and its sender gets no reply
REPLY_AND_DROP = "reply, then drop"

GOOD = {
    "GREETING": "220 mail.example.com", "EHLO": "", "HELO": "250 mail.example.com", "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok", "DATA": "354 go on", "END": "250 2.0.0 taken", "BDAT": "250 2.0.0 taken", "RSET": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye", "STARTTLS": "220 go on", "AUTH": "235 2.7.0 Welcome",
}  # fmt: skip

Fault = str | Callable[[str], str | None]


@dataclass
class ScriptedServer:
    """at[verb, n]: what happens at the n-th use (from 1) of the verb, counted over all connections; n 0: each time.

    It is a reply or one of the words above, or a function of the recipient that returns one of them; None: no fault.
    """

    extensions: tuple[str, ...] = ()
    at: dict[tuple[str, int], Fault] = field(default_factory=dict)
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)  # sender, recipient, text
    verbs: list[str] = field(default_factory=list)
    connections: int = 0
    tls: ssl.SSLContext | None = None  # STARTTLS is announced
    extensions_before_tls: tuple[str, ...] = ()
    closes_after_421: bool = True
    buffer: int = 0  # bytes that may be in transit in either direction; 0: the system's default
    port: int = 0

    def __enter__(self) -> "ScriptedServer":
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        if self.buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.buffer)
        self._open: set[socket.socket] = set()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        self._accepting.join(5)

    def hang_up(self) -> None:
        """Close all connections, as a server does with idle ones."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def recipients(self) -> list[str]:
        """Return the recipients of all mails taken, in order."""
        return [recipient for _, recipient, _ in self.taken]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.buffer:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.buffer)
            self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            _Visit(self, connection).serve()
        except (OSError, _GoneError):
            pass
        finally:
            self._open.discard(connection)
            connection.close()

    def fault(self, verb: str, recipient: str) -> str | None:
        with self._lock:
            self._counts[verb] += 1
            self.verbs.append(verb)
            wanted = self.at.get((verb, self._counts[verb])) or self.at.get((verb, 0))
        return wanted(recipient) if callable(wanted) else wanted


class _GoneError(Exception):
    """The connection is over."""


class _Visit:
    """One connection."""

    def __init__(self, server: ScriptedServer, connection: socket.socket) -> None:
        self.server = server
        self.connection = connection
        self.file = connection.makefile("rb")
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.extensions = server.extensions_before_tls if server.tls else server.extensions

    def serve(self) -> None:
        self._answer("GREETING")
        while line := self.file.readline(4096):
            verb, _, rest = line.decode("utf-8").strip().partition(" ")
            verb = verb.upper()
            if verb == "EHLO":
                starttls = ("STARTTLS",) if self.server.tls and not isinstance(self.connection, ssl.SSLSocket) else ()
                words = ["mail.example.com", *self.extensions, *starttls]
                lines = [f"250{' ' if at == len(words) - 1 else '-'}{word}" for at, word in enumerate(words)]
                self._answer("EHLO", "\r\n".join(lines))
            elif verb == "MAIL":
                if self.sender is not None:
                    self._say("503 5.5.1 nested MAIL command")
                elif self._answer("MAIL"):
                    self.sender = re.search(r"<(.*?)>", rest)[1]
            elif verb == "RCPT":
                recipient = re.search(r"<(.*?)>", rest)[1]
                if self.sender is None:
                    self._say("503 5.5.1 need MAIL command")
                elif self._answer("RCPT", recipient=recipient):
                    self.recipients.append(recipient)
            elif verb == "DATA":
                if not self.recipients and ("DATA", 0) not in self.server.at:
                    self._say("554 5.5.1 no valid recipients")
                elif self._answer("DATA"):
                    self._end("END", self._text())
            elif verb == "BDAT":
                self._end("BDAT", self.file.read(int(rest.split()[0])))
            elif verb == "RSET":
                if self._answer("RSET"):
                    self.sender, self.recipients = None, []
            elif verb == "STARTTLS" and self.server.tls:
                self._answer("STARTTLS")
                self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
                self.file = self.connection.makefile("rb")
                self.extensions = self.server.extensions
            elif verb in GOOD:
                self._answer(verb)
                if verb == "QUIT":
                    return
            else:
                self._say("500 5.5.2 unknown command")

    def _text(self) -> bytes:
        lines = []
        while (line := self.file.readline()) != b".\r\n":
            if not line:
                raise _GoneError
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    def _end(self, verb: str, text: bytes) -> None:
        """The text of a mail has ended: take it, or not."""
        sender, recipients, self.sender, self.recipients = self.sender, self.recipients, None, []
        if not recipients:
            self._say("554 5.5.1 no valid recipients")
            return
        wanted = self.server.fault(verb, recipients[0])
        if wanted is None or wanted in (TAKE_AND_DROP, REPLY_AND_DROP) or wanted.startswith("2"):
            self.server.taken.append((sender or "", recipients[0], text))
        self._do(wanted, GOOD[verb])

    def _answer(self, verb: str, good: str = "", recipient: str = "") -> bool:
        """Answer a command; return whether to execute it."""
        wanted = self.server.fault(verb, recipient or (self.recipients or [""])[0])
        return self._do(wanted, good or GOOD[verb])

    def _do(self, wanted: str | None, good: str) -> bool:
        if wanted in (DROP, TAKE_AND_DROP):
            raise _GoneError
        if wanted == RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            raise _GoneError
        if wanted == HANG:
            while self.connection.recv(65536):
                pass
            raise _GoneError
        if wanted == REPLY_AND_DROP:
            self._say(good)
            raise _GoneError
        said = {GARBAGE: "\x00\xff<html> no mail server", WRONG: "199 hm", None: good}.get(wanted, wanted) or good
        self._say(said)
        if said.startswith("421") and self.server.closes_after_421:
            raise _GoneError
        return said.startswith(("2", "3"))

    def _say(self, words: str) -> None:
        self.connection.sendall(words.encode("latin-1") + b"\r\n")
