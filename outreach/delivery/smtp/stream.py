"""Bytes to and from the mail server. It counts the bytes that were really sent, and reads replies as they come.

Writing never blocks while the server waits for us to read. This file does not interpret replies.
"""

import selectors
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
_Selector = getattr(selectors, "PollSelector", selectors.SelectSelector)  # no system call to create one or to register
RECORD = 16 * 1024  # size of a TLS record: it arrives whole or not at all, so `sent` is exact
PIECE = 1024 * 1024
LINE_LIMIT = 8192
REPLY_LIMIT = 64 * 1024
UNREAD_LIMIT = 4000  # lines
# A server that sends its answers in several small packets holds the second back until the first is acknowledged. Linux
# delays that by 40 ms. Measured: Postfix took 44 ms for a pipelined mail, and 2 ms with this option.
QUICK_ACK = getattr(socket, "TCP_QUICKACK", None)
LAST_WORDS_S = 1.0  # how long to read from a server that takes no more bytes


class ServerReply(NamedTuple):
    """A server's reply (RFC 5321, 4.2): its code and the text of all its lines."""

    code: int
    words: bytes


class ConnectionLost(Exception):
    """The connection is useless: closed, silent for too long, or not speaking SMTP.

    code: of the server's last reply, if that is the cause. closed: the server closed it. certain: mails that the server
    has not answered were not accepted.
    """

    def __init__(self, words: str, code: int | None = None, *, closed: bool = False, certain: bool = False) -> None:
        self.code = code
        self.words = words
        self.closed = closed
        self.certain = certain
        super().__init__(words)


class Stream:
    """One connection's bytes. queued: bytes given to write(). sent: bytes that may have reached the server."""

    def __init__(self, sock: socket.socket, timeout_s: float) -> None:
        self.queued = 0
        self.sent = 0
        self.waited_s = 0.0
        self.heard_at = time.monotonic()  # when the server last sent something
        self._sock = sock
        self._piece = RECORD if isinstance(sock, ssl.SSLSocket) else PIECE
        self._timeout_s = timeout_s
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self._failed: str | None = None
        self._endless = False  # the server's output is too long to be a reply
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock.settimeout(0)

    def write(self, data: bytes) -> None:
        """Send bytes. If that fails, the next reply() raises, after it has read the server's last reply."""
        self.queued += len(data)
        if self._failed is not None or not data:
            return
        try:
            self._write(memoryview(data))
        except OSError as error:
            self._failed = str(error) or type(error).__name__

    def reply(self, timeout_s: float, *, soon_s: float = 0.0, late: Callable[[], None] | None = None) -> ServerReply:
        """Return the next reply. Raise ConnectionLost if none comes in time.

        late: called once if it has not come within `soon_s` seconds.
        """
        began = time.monotonic()
        until = began + timeout_s
        code, words, size = b"", b"", 0
        while True:
            while not self._lines:
                if late is None:
                    self._read_more(until)
                elif not self._read_more(min(until, began + soon_s), patient=True):
                    late()
                    late = None
            line = self._lines.popleft().rstrip()
            size += len(line)
            if not (line[:3].isdigit() and line[3:4] in (b" ", b"-", b"")) or (code and code != line[:3]):
                raise ConnectionLost(f"No SMTP: {line[:200].decode('utf-8', 'replace')}")
            if size > REPLY_LIMIT:
                raise ConnectionLost("The server's reply has no end.")
            if line[3:4] != b"-":
                return ServerReply(int(line[:3]), words + line[4:] if words else line[4:])
            code = line[:3]
            words += line[4:] + b"\n"

    def quiet(self) -> bool:
        """Return whether the connection is open and the server has sent nothing unasked."""
        if self._lines or self._rest or self._failed is not None:
            return False
        try:
            self._sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            pass
        return False

    def _write(self, left: memoryview) -> None:
        while left and not self._endless:
            try:
                taken = self._sock.send(left[: self._piece])
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._await_room()
                continue
            except ssl.SSLWantReadError:
                self._await_room(only_reading=True)
                continue
            self.sent += taken
            left = left[taken:]

    def _await_room(self, *, only_reading: bool = False) -> None:
        """Wait until more bytes can be sent. Read meanwhile, because the server may wait for that."""
        ready = self._await(READ if only_reading else READ | WRITE, self._timeout_s)
        if not ready:
            raise TimeoutError("The server takes no more bytes.")
        if ready & READ:
            try:
                self._keep(self._sock.recv(65536))
            except (BlockingIOError, ssl.SSLWantReadError):
                pass
            except ConnectionLost as error:
                raise ConnectionError(error.words) from error

    def _read_more(self, until: float, *, patient: bool = False) -> bool:
        """Read what comes until then. If nothing comes, raise ConnectionLost, or if `patient` return False."""
        if self._endless:
            raise ConnectionLost("The server's reply has no end.")
        if self._failed is not None:
            until = min(until, time.monotonic() + LAST_WORDS_S)
        data, wanted = None, 0
        try:
            while data is None:
                if wanted and not self._await(wanted, until - time.monotonic()):
                    if patient and self._failed is None:
                        return False
                    raise ConnectionLost(self._failed or "The server said nothing in time.")
                try:
                    data = self._sock.recv(65536)
                except (BlockingIOError, ssl.SSLWantReadError):
                    wanted = READ
                except ssl.SSLWantWriteError:
                    wanted = WRITE
        except OSError as error:
            raise ConnectionLost(self._failed or str(error) or type(error).__name__, closed=True) from error
        self._keep(data)
        return True

    def _await(self, events: int, timeout_s: float) -> int:
        if QUICK_ACK is not None:
            self._sock.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)
        began = time.monotonic()
        with _Selector() as waiting:
            waiting.register(self._sock, events)
            found = waiting.select(max(0.0, timeout_s))
        self.waited_s += time.monotonic() - began
        return found[0][1] if found else 0

    def _keep(self, data: bytes) -> None:
        self.heard_at = time.monotonic()
        if not data:
            raise ConnectionLost(self._failed or "The server closed the connection.", closed=True)
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        self._lines.extend(lines)
        self._endless = len(self._rest) > LINE_LIMIT or len(self._lines) > UNREAD_LIMIT
