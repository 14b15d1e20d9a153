"""A mail server in a process of its own that takes everything and counts it: Debian's smtp-sink.

Its own counter is the truth; it announces PIPELINING, and waits for nothing.
"""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = shutil.which("smtp-sink") or shutil.which("smtp-sink", path="/usr/sbin:/usr/lib/postfix/sbin")


class SmtpSink:
    """`port` takes mail; `count()` is how many messages it has taken."""

    def __init__(self, process: subprocess.Popen, port: int, counts: int) -> None:
        """counts: the file that smtp-sink writes its counter to, each time over the last one."""
        self.port = port
        self.process = process
        self._counts = counts

    def count(self) -> int:
        """Return how many messages were taken. It is exact once nobody sends."""
        size = os.fstat(self._counts).st_size
        found = re.findall(rb"mesg=\s*(\d+)", os.pread(self._counts, 100, max(0, size - 100)))
        return int(found[-1]) if found else 0

    def cpu_s(self) -> float:
        """Return the CPU time that the server has used so far, in steps of 10 ms."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def sink(*options: str) -> Iterator[SmtpSink]:
    """Run smtp-sink on a free port. Raise RuntimeError where it is not installed (Debian: apt-get install postfix)."""
    if COMMAND is None:
        raise RuntimeError("smtp-sink is not on this machine (Debian: apt-get install postfix)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [COMMAND, "-c", *user, *options, f"127.0.0.1:{port}", "100"]
    with tempfile.TemporaryFile() as counts:  # a pipe would wake its reader for each mail, on the cores that send
        process = subprocess.Popen(command, stdout=counts)
        try:
            _await(port, process)
            yield SmtpSink(process, port, counts.fileno())
        finally:
            process.terminate()
            process.wait(10)


def _await(port: int, process: subprocess.Popen) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.recv(1)
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("smtp-sink did not start.")
