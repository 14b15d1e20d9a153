"""A mail server with few simultaneous connections: the others wait for its greeting, or are refused."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO, Self


class NarrowServer:
    """most: simultaneous connections. refuses: answers 421 to others. greeting: called before each greeting."""

    def __init__(self, most: int, *, refuses: bool = False, greeting: Callable[[], None] = lambda: None) -> None:
        self.taken = 0
        self.refused = 0
        self._places = threading.BoundedSemaphore(most)
        self._refuses = refuses
        self._greeting = greeting
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb", buffering=0) as lines:
            if not self._places.acquire(blocking=not self._refuses):
                self.refused += 1
                lines.write(b"421 too many connections\r\n")
                return
            try:
                self._greeting()
                quit_politely = self._talk(lines)
            except OSError:
                quit_politely = False
            self._places.release()
            if quit_politely:  # only now, so that the reader of this reply finds the place free
                with suppress(OSError):
                    lines.write(b"221 bye\r\n")

    def _talk(self, lines: BinaryIO) -> bool:
        """Return whether the client said QUIT, which is not answered yet."""
        in_mail = False
        lines.write(b"220 ready\r\n")
        for line in lines:
            verb = line[:4].upper()
            if in_mail and line != b".\r\n":
                continue
            self.taken += in_mail
            in_mail = not in_mail and verb == b"DATA"
            if verb == b"QUIT":
                return True
            lines.write(b"354 go on\r\n" if in_mail else b"250 OK\r\n")
        return False
