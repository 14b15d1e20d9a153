"""Whether `/livez` still answers while six large answer forms are sent at once by an office's link.

Under gunicorn and under our own server; in turn with six forms that have one name, so that only the size differs.
"""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit
from urllib.request import urlopen

from benchmarks.databases import demo_sized
from benchmarks.load import LoadError
from benchmarks.results import Result, under
from benchmarks.servers import served
from benchmarks.worth.serving import IDLE_S, OURS

FORMS, ROUNDS = 6, 5
WITHIN_MS = 1_000.0
PATIENCE_S = 60
EVERY_S = 0.02  # how often /livez is asked for
MOST_BYTES = 510 * 1000
FOREIGN = 999_999  # an activity that this office is not invited to, so that nothing is stored
SMALL = f"{FOREIGN}-rows-0-name=A"
LARGE = {
    "510 KB, 16,000 fields, refused": (
        "&".join(f"{FOREIGN - n % 139}-rows-{n % 999}-name=A{n}" for n in range(16_000))[:MOST_BYTES],
        413,
    ),
    "2,040 fields, read": ("&".join(f"{FOREIGN - n % 3}-rows-{n % 660}-name=A{n}" for n in range(2_040)), 422),
}


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the slowest answer of /livez, under each server and beside each form. folder: a scratch folder."""
    say("filling a scratch database")
    page = demo_sized.fill(folder).organisation_path
    environment = demo_sized.environment_for(folder)
    results = []
    for server, serving in (
        ("gunicorn", served("wsgi:app", folder, environment, ready="/livez")),
        ("our server", _ours(folder)),
    ):
        with serving as address:
            for what, (form, status) in LARGE.items():
                say(f"{server}: six forms of {what}")
                results += _beside(f"/livez, {server}, beside six forms of {what}", address, page, form, status)
    return under("forms that store nothing; nothing is flushed on either side", results)


def _beside(name: str, address: str, page: str, form: str, status: int) -> Iterator[Result]:
    path = f"{page}/answers"
    sent, small = (f"csrf_token={_csrf_token(address + page)}&{fields}".encode() for fields in (form, SMALL))
    _slowest_ms(address, path, small, 422)  # the first requests of a process also load what it needs
    rounds = [(_slowest_ms(address, path, sent, status), _slowest_ms(address, path, small, 422)) for _ in range(ROUNDS)]
    large_ms, small_ms = (median(some) for some in zip(*rounds, strict=True))
    yield Result(name, large_ms, "ms", WITHIN_MS, large_ms / WITHIN_MS, 1.0, large_ms < WITHIN_MS)
    yield Result("… against six forms of one name", large_ms, "ms", small_ms, large_ms / small_ms)


def _slowest_ms(address: str, path: str, form: bytes, status: int) -> float:
    """Send the form six times at once; return the slowest answer of /livez until all are answered."""
    answered: list[int] = []
    sending = [
        threading.Thread(target=lambda: answered.append(_status(address, "POST", path, form))) for _ in range(FORMS)
    ]
    for thread in sending:
        thread.start()
    slowest = 0.0
    while True:
        over = not any(thread.is_alive() for thread in sending)
        began = time.perf_counter()
        if _status(address, "GET", "/livez") != 200:
            raise LoadError("/livez did not answer 200.")
        slowest = max(slowest, time.perf_counter() - began)
        if over:
            break
        time.sleep(EVERY_S)
    if answered != [status] * FORMS:
        raise LoadError(f"The forms were answered {answered} in place of {status}.")
    return slowest * 1000


def _csrf_token(url: str) -> str:
    with urlopen(url, timeout=PATIENCE_S) as answer:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.read().decode())
    if found is None:
        raise LoadError("The office's page has no form.")
    return found[1]


def _status(address: str, method: str, path: str, body: bytes | None = None) -> int:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"} if body else {})
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


@contextmanager
def _ours(folder: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.worth.serving", str(folder), OURS, str(IDLE_S)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.kill()
