"""Asking a server for one page, as often as it answers: by wrk where installed, else by a generator of our own.

Both run in a process of their own, on the same machine, and open a connection for each request where the server closes it.
"""

import http.client
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import urlsplit

CONNECTIONS = 8
ACCEPT = "text/html"  # as browsers ask; without it pretalx answers in plain text


class LoadError(Exception):
    """The page was not served as it should be, so the measurement means nothing."""


def tool() -> str:
    """Return what makes the load here: "wrk" or "own generator"."""
    return "wrk" if shutil.which("wrk") else "own generator"


def check(url: str, cookie: str = "", words: str = "") -> None:
    """Ask for a page once; raise LoadError unless it is served at this address, without a redirection, and has the words."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("GET", urlsplit(url).path, headers={"Accept": ACCEPT} | ({"Cookie": cookie} if cookie else {}))
    answer = connection.getresponse()
    page = answer.read().decode()
    connection.close()
    if answer.status != 200 or words not in page:
        raise LoadError(f"A page answered {answer.status}, or has no “{words}”.")


def requests_per_s(url: str, seconds: float, cookie: str = "") -> float:
    """Return the number of answers a second. Raise LoadError if any answer was not a 2xx."""
    return _wrk(url, seconds, cookie) if shutil.which("wrk") else _own(url, seconds, cookie)


def _wrk(url: str, seconds: float, cookie: str) -> float:
    command = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "10s",
        "-H",
        f"Accept: {ACCEPT}",
    ]
    if cookie:
        command += ["-H", f"Cookie: {cookie}"]
    output = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    if bad := re.search(r"Non-2xx or 3xx responses: (\d+)", output):
        raise LoadError(f"{bad[1]} answers were no success.")
    found = re.search(r"Requests/sec:\s+([\d.]+)", output)
    if found is None:
        raise LoadError("wrk's output could not be read.")
    return float(found[1])


def _own(url: str, seconds: float, cookie: str) -> float:
    command = [sys.executable, "-m", "benchmarks.load", url, str(seconds), cookie]
    answered = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    if answered["bad"]:
        raise LoadError(f"{answered['bad']} answers were no success.")
    return float(answered["good"]) / float(answered["seconds"])


def _generate(url: str, seconds: float, cookie: str) -> dict[str, float]:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {parts.netloc}",
        f"Accept: {ACCEPT}",
        *([f"Cookie: {cookie}"] if cookie else []),
        "",
        "",
    ]
    request = "\r\n".join(lines).encode()
    address = (parts.hostname or "127.0.0.1", parts.port or 80)
    counts = {"good": 0, "bad": 0}
    began = time.perf_counter()
    until = began + seconds
    lock = threading.Lock()

    def ask() -> None:
        good = bad = 0
        while time.perf_counter() < until:
            try:
                with socket.create_connection(address, timeout=10) as connection:
                    connection.sendall(request)
                    status = _read_answer(connection)
            except OSError:
                status = 0
            good, bad = (good + 1, bad) if status == 200 else (good, bad + 1)
        with lock:
            counts["good"] += good
            counts["bad"] += bad

    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {**counts, "seconds": time.perf_counter() - began}


def _read_answer(connection: socket.socket) -> int:
    """Read one answer to its end; return its status."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return 0
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: (\d+)", head)
    left = int(length[1]) - len(body) if length else 0
    while left > 0:
        part = connection.recv(65536)
        if not part:
            return 0
        left -= len(part)
    return int(head.split(b" ", 2)[1])


if __name__ == "__main__":
    print(json.dumps(_generate(sys.argv[1], float(sys.argv[2]), sys.argv[3])))
