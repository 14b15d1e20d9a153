"""What the subclasses of waitress gain: whether `outreach serve` still answers others, and how much of a large body it keeps.

The same app behind our server and behind waitress as it comes, with the same options, each in a process of its own. One client
drips requests, uploads too much, or sends a chunk's length without end; another asks for /healthz meanwhile.
"""

import os
import resource
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from waitress import create_server

from benchmarks.databases import demo_sized
from benchmarks.results import Result
from outreach import create_app
from outreach.cli.serve.bodies import make_server
from outreach.cli.serve.command import IDLE_S, MOST_CONNECTIONS, MOST_OF_ONE
from outreach.settings import Settings

ROUNDS = 3
OURS, STOCK, STOCK_REFUSING = "ours", "waitress", "waitress, refusing at once"
FEW, ALL_THERE_ARE = 100, 420
PATIENCE_S = 20.0
SHORT_IDLE_S = 10  # in place of a minute, where it is waited for
UPLOAD_MB, UPLOADS = 50, 10
HELD_MB = 200
ENDLESS_S = 5.0
NO_FLUSH = "pages only read; nothing is flushed on either side"


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return what is measured with ours, beside waitress as it comes. 20,000 ms: not answered within twenty seconds."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    demo_sized.fill(folder)
    purposes: list[tuple[str, str, Callable[[_ServedApp], float], str, int]] = [
        (f"answering while {FEW} connections of one address drip", "ms", lambda server: _dripped(server, FEW, 1), STOCK, IDLE_S),
        (f"answering while {ALL_THERE_ARE} of one address drip", "ms", lambda server: _dripped(server, ALL_THERE_ARE, 1), STOCK,
         IDLE_S),
        (f"answering after {ALL_THERE_ARE} of five addresses drip, idle {SHORT_IDLE_S} s", "ms",
         lambda server: _dripped(server, ALL_THERE_ARE, 5, 2 * PATIENCE_S), STOCK, SHORT_IDLE_S),
        (f"uploads of {UPLOAD_MB} MB that get an answer", "%", _answered_uploads, STOCK_REFUSING, IDLE_S),
        (f"kept on disk of a body of {HELD_MB} MB", "MB", _kept_of_upload, STOCK, IDLE_S),
        ("answering while a chunk's length has no end", "ms", lambda server: _endless(server)[0], STOCK, IDLE_S),
        (f"memory after {ENDLESS_S:.0f} s of it", "MB", lambda server: _endless(server)[1], STOCK, IDLE_S),
    ]  # fmt: skip
    results = []
    for what, unit, look, other, idle_s in purposes:
        found: dict[str, list[float]] = {OURS: [], other: []}
        for round_ in range(ROUNDS):
            for kind, values in found.items():
                with _serving(folder, kind, idle_s) as server:
                    values.append(look(server))
            say(f"{what}, round {round_ + 1}: " + ", ".join(f"{k} {v[-1]:,.0f} {unit}" for k, v in found.items()))
        ours, theirs = median(found[OURS]), median(found[other])
        results.append(Result(f"serving: {what}, against {other}", ours, unit, theirs, ours / theirs if theirs else None,
                              conditions=NO_FLUSH))  # fmt: skip
    return results


@dataclass(frozen=True)
class _ServedApp:
    port: int
    pid: int

    def healthz_s(self, patience_s: float) -> float:
        """Return how long an answer took; the time limit if there was no answer."""
        began = time.perf_counter()
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=patience_s) as connection:
            connection.settimeout(patience_s)
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            if connection.recv(12).startswith(b"HTTP/1."):
                return time.perf_counter() - began
        return patience_s


def _dripped(server: _ServedApp, connections: int, addresses: int, patience_s: float = PATIENCE_S) -> float:
    """Open connections that each bring a byte of a request a second; return how long /healthz takes then, in ms."""
    stopped = threading.Event()
    with ExitStack() as kept:
        opened = [
            kept.enter_context(
                socket.create_connection(
                    ("127.0.0.1", server.port), timeout=10, source_address=(f"127.0.0.{2 + number % addresses}", 0)
                )
            )
            for number in range(connections)
        ]
        for connection in opened:
            connection.sendall(b"GET / HTTP/1.1\r\nX: ")

        def drip() -> None:
            while not stopped.wait(1.0):
                for connection in opened:
                    with suppress(OSError):
                        connection.sendall(b"a")

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            time.sleep(1.5)
            if connections >= MOST_CONNECTIONS:
                return 1000 * server.healthz_s(patience_s)
            return 1000 * median([server.healthz_s(patience_s) for _ in range(50)])
        finally:
            stopped.set()
            dripping.join()


def _answered_uploads(server: _ServedApp) -> float:
    """Send forms that are too large, as a browser does: all of it, then read. Return how many of 100 got their answer."""
    answered = 0
    for _ in range(UPLOADS):
        with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
            connection.sendall(_head(UPLOAD_MB))
            for _part in range(UPLOAD_MB):
                connection.sendall(b"x" * 1024 * 1024)
            said = b""
            while more := connection.recv(65536):
                said += more
            answered += said.split(b" ", 2)[1] == b"413" and b"MB" in said
    return 100 * answered / UPLOADS


def _kept_of_upload(server: _ServedApp) -> float:
    """Return the most that the server held in temporary files while one body came, in MB."""
    most = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(_head(HELD_MB))
        for part in range(HELD_MB):
            connection.sendall(b"x" * 1024 * 1024)
            if part % 10 == 9:
                most = max(most, _temporary(server.pid))
        with suppress(OSError):
            connection.recv(12)
    return most / 1e6


def _endless(server: _ServedApp) -> tuple[float, float]:
    """Send a chunk's length without end; return the median time of /healthz meanwhile, in ms, and the memory in MB."""
    stopped, took = threading.Event(), []

    def send() -> None:
        while not stopped.is_set():
            with suppress(OSError), socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
                connection.sendall(b"POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5;")
                while not stopped.is_set() and not select.select([connection], [], [], 0)[0]:
                    connection.sendall(b"a" * 8192)

    sending = threading.Thread(target=send)
    sending.start()
    until = time.monotonic() + ENDLESS_S
    while time.monotonic() < until:
        took.append(server.healthz_s(PATIENCE_S))
        time.sleep(0.05)
    memory = _resident_mb(server.pid)
    stopped.set()
    sending.join()
    return 1000 * median(took), memory


def _head(megabytes: int) -> bytes:
    return (
        f"POST /login?lang=en HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {megabytes * 1024 * 1024}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    ).encode()


def _temporary(pid: int) -> int:
    """Return the bytes of files that a process has open and that have no name any more, as temporary ones."""
    size = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            if os.readlink(descriptor).endswith("(deleted)"):
                size += descriptor.stat().st_size
    return size


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


@contextmanager
def _serving(folder: Path, kind: str, idle_s: int) -> Iterator[_ServedApp]:
    command = [sys.executable, "-m", "benchmarks.worth.serving", str(folder), kind, str(idle_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield _ServedApp(int(process.stdout.readline()), process.pid)
        finally:
            process.kill()


def main(folder: str, kind: str, idle_s: str) -> None:
    """Serve the app on a free port, and print it."""
    settings: Settings = demo_sized.settings_for(Path(folder))
    app = create_app(settings)
    limit = settings.upload_limit_mb * 1024 * 1024
    options = {
        "host": "127.0.0.1", "port": 0, "threads": 8, "ident": None, "connection_limit": MOST_CONNECTIONS,
        "channel_timeout": int(idle_s), "cleanup_interval": min(30, int(idle_s) // 2),
    }  # fmt: skip
    if kind == OURS:
        server = make_server(app, limit, most_of_one=MOST_OF_ONE, **options)
    elif kind == STOCK_REFUSING:
        server = create_server(app, max_request_body_size=limit, **options)
    else:
        server = create_server(app, **options)
    print(server.effective_port, flush=True)
    server.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
