"""Starting a WSGI app under gunicorn, two workers, as the reference is served."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2
PATIENCE_S = 60


@contextmanager
def served(
    app: str, folder: Path, environment: Mapping[str, str] | None = None, ready: str = "/", python: str = sys.executable
) -> Iterator[str]:
    """Serve `app` ("module:name") on a free port; give its address, without a slash at the end.

    folder: where the server's output goes. ready: the page that must answer before anything is measured. python: whose gunicorn.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    log = folder / f"{app.partition(':')[0]}.log"
    command = [
        python,
        "-m",
        "gunicorn",
        "-w",
        str(WORKERS),
        "-b",
        f"127.0.0.1:{port}",
        "--log-level",
        "warning",
        app,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(environment or {})}, stdout=output, stderr=output
        )
        try:
            _await(address + ready, process, log)
            yield address
        finally:
            process.terminate()
            process.wait(20)


def _await(url: str, process: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            with urlopen(Request(url), timeout=10):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"The server did not start. It said:\n{log.read_text('utf-8', 'replace')[-2000:]}")
