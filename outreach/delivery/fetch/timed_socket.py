"""A connected socket with one deadline for all operations together, even if the other side sends very slowly."""

import io
import socket
import time


class TimedSocket:
    """The part of a socket that http.client uses. Raises TimeoutError after the deadline (time.monotonic(), seconds)."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock, self._deadline = sock, deadline

    def sendall(self, data: bytes) -> None:
        self._hurry()
        self._sock.sendall(data)

    def makefile(self, _mode: str = "rb", *_more: object) -> io.BufferedReader:
        return io.BufferedReader(_Reading(self))

    def recv_into(self, buffer: memoryview) -> int:
        self._hurry()
        return self._sock.recv_into(buffer)

    def close(self) -> None:
        """Do nothing, because http.client closes such a connection while its answer has not been read yet."""

    def hang_up(self) -> None:
        self._sock.close()

    def _hurry(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)


class _Reading(io.RawIOBase):
    def __init__(self, timed: TimedSocket) -> None:
        self._timed = timed

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._timed.recv_into(buffer)
