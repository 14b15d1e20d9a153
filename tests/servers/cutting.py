"""A line that breaks: a proxy before a mail server that cuts each connection after so many bytes or mails, or stalls it."""

import contextlib
import random
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

QUEUED = b"\r\n250 2.0.0"  # how the server's answer to a whole mail begins, after another answer
NEVER = 1 << 60


@dataclass
class Break:
    """When a connection breaks: after so many bytes to the server, after so many mails taken, or before the answer to one.

    stalls: it stands still instead. Once the client gives up, what it has sent meanwhile arrives, and nobody hears answers.
    """

    after_bytes: int = NEVER
    after_mails: int = NEVER
    before_answer: int = NEVER  # to which mail, from 1
    stalls: bool = False


Pattern = Callable[[int, random.Random], Break]  # of the connection's number, from 1


@dataclass
class CuttingProxy:
    """Use as a context. Nobody gets a word when a connection breaks; answers that are under way are lost."""

    to_port: int
    pattern: Pattern
    seed: int = 1
    port: int = 0
    connections: int = 0
    broken: int = 0
    _open: set[socket.socket] = field(default_factory=set)

    def __enter__(self) -> Self:
        self._chance = random.Random(self.seed)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in list(self._open):
            _close(end)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            when = self.pattern(self.connections, self._chance)
            server = socket.create_connection(("127.0.0.1", self.to_port))
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open |= {client, server}
            line = _Line(self, client, server, when)
            threading.Thread(target=line.to_server, daemon=True).start()
            threading.Thread(target=line.to_client, daemon=True).start()

    def over(self, *ends: socket.socket) -> None:
        self._open -= set(ends)
        for end in ends:
            _close(end)


class _Line:
    """One connection through the proxy."""

    def __init__(self, proxy: CuttingProxy, client: socket.socket, server: socket.socket, when: Break) -> None:
        self.proxy, self.client, self.server, self.when = proxy, client, server, when
        self.silent = False
        self._ended = threading.Lock()

    def to_server(self) -> None:
        passed, held = 0, b""
        while data := _read(self.client):
            if self.silent:
                held += data
                continue
            allowed = data[: self.when.after_bytes - passed]
            passed += len(allowed)
            if allowed and not _send(self.server, allowed):
                break
            if passed >= self.when.after_bytes:
                held += data[len(allowed) :]
                self._break()
                if not self.silent:
                    return
        if self.silent and _send(self.server, held):
            with contextlib.suppress(OSError):
                self.server.shutdown(socket.SHUT_WR)  # its answers are read until it closes
        else:
            self.proxy.over(self.client, self.server)

    def to_client(self) -> None:
        taken, before = 0, b""
        while data := _read(self.server):
            if self.silent:
                continue
            taken += (before + data).count(QUEUED) - before.count(QUEUED)
            before = (before + data)[-len(QUEUED) + 1 :]
            if taken < self.when.before_answer and not _send(self.client, data):
                break
            if taken >= min(self.when.after_mails, self.when.before_answer):
                self._break()
                if not self.silent:
                    return
        self.proxy.over(self.client, self.server)

    def _break(self) -> None:
        if not self._ended.acquire(blocking=False):
            return
        self.proxy.broken += 1
        if self.when.stalls:
            self.silent = True
        else:
            self.proxy.over(self.client, self.server)


def _read(end: socket.socket) -> bytes:
    try:
        return end.recv(65536)
    except OSError:
        return b""


def _send(end: socket.socket, data: bytes) -> bool:
    try:
        end.sendall(data)
    except OSError:
        return False
    return True


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
