"""A server made far away: a proxy in a process of its own that passes all bytes on after a while, in both directions.

Only the distance is added: no limit on bandwidth, nothing put together or cut apart on purpose.
"""

import asyncio
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

QUICK_ACK = getattr(socket, "TCP_QUICKACK", None)


@contextmanager
def far_away(port: int, one_way_s: float) -> Iterator[int]:
    """Yield a port behind which the server at `port` is, `one_way_s` seconds away."""
    command = [sys.executable, "-m", "benchmarks.sending.delay", str(port), str(one_way_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()


class _End(asyncio.Protocol):
    """One end of a connection. It passes on what it receives to the other end, after the delay."""

    def __init__(self, one_way_s: float) -> None:
        self.other: _End | None = None
        self.transport: asyncio.Transport | None = None
        self._one_way_s = one_way_s
        self._loop = asyncio.get_running_loop()
        self._under_way: deque[tuple[float, bytes]] = deque()  # empty bytes: the connection is closed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(1 << 30)
        self._acknowledge()

    def data_received(self, data: bytes) -> None:
        self._acknowledge()
        self._send_later(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._send_later(b"")

    def _acknowledge(self) -> None:
        """Let no delayed acknowledgement hold up a server whose real client would acknowledge at once."""
        assert self.transport is not None
        if QUICK_ACK is not None:
            self.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)

    def _send_later(self, data: bytes) -> None:
        due = self._loop.time() + self._one_way_s
        self._under_way.append((due, data))
        if len(self._under_way) == 1:
            self._loop.call_at(due, self._arrive)

    def _arrive(self) -> None:
        while self._under_way and (self._under_way[0][0] <= self._loop.time()):
            _, data = self._under_way.popleft()
            if self.other is None or self.other.transport is None or self.other.transport.is_closing():
                continue
            if data:
                self.other.transport.write(data)
            else:
                self.other.transport.close()
        if self._under_way:
            self._loop.call_at(self._under_way[0][0], self._arrive)


async def _serve(port: int, one_way_s: float) -> None:
    loop = asyncio.get_running_loop()

    class Near(_End):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self._reaching = loop.create_task(self._reach())

        async def _reach(self) -> None:
            far = _End(one_way_s)
            far.other = self
            await loop.create_connection(lambda: far, "127.0.0.1", port)
            self.other = far

    server = await loop.create_server(lambda: Near(one_way_s), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
