"""What greenlet lanes gain: a second connection in the same thread, against no second one, and against one in a thread.

The whole drain of a process, as in sending.py, from SQLite to a mail server: near, near and slow to answer (a real Postfix),
1 ms away, and 20 ms away. To a far server all of them use the three connections that the settings allow.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from flask import Flask

from benchmarks import rows, sender, sending, waiting
from benchmarks.delay import far_away
from benchmarks.results import Result
from benchmarks.sink import sink
from outreach import create_app
from outreach.delivery.outbox import drain as outbox
from outreach.delivery.outbox.job import FAR
from outreach.extensions import db
from tests.servers.postfix import Postfix, missing

ROUNDS = 5
MAILS_NEAR, MAILS_FAR = 4_000, 1_200
NEAR = {"lanes": 0, "alone": 1, "threads": 2}  # connections to a near server; 0: the product's own way


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return mails a second with lanes, as ratios to what is sent without them."""
    app = create_app(sending.settings(folder))
    with app.app_context():
        db.create_all()
        rows.write_office()
        waiting.write_people(1, MAILS_NEAR)
        sending.write_venue_and_links(MAILS_NEAR)
        rows.settle_down()
    results = []
    for name, server, mails, far in (
        ("smtp-sink near", _sink(0), MAILS_NEAR, False),
        ("Postfix near, PIPELINING", _postfix("chunking"), MAILS_NEAR, False),
        ("smtp-sink 1 ms away", _sink(0.0005), MAILS_FAR, False),
        ("smtp-sink 20 ms away", _sink(0.010), MAILS_FAR, True),
    ):
        if os.environ.get("OUTREACH_BENCH_WORTH", "") not in name:
            continue
        if "Postfix" in name and (reason := missing()):
            say(reason)
            continue
        found: dict[str, list[float]] = {way: [] for way in NEAR}
        cpu: dict[str, list[float]] = {way: [] for way in NEAR}
        with server as port:
            for round_ in range(ROUNDS + 1):
                for way in NEAR:
                    rate, cpu_us = _sent(app, folder, port, way, mails, far=far)
                    if round_:  # the first warms up
                        found[way].append(rate)
                        cpu[way].append(cpu_us)
                if round_:
                    said = (f"{way} {found[way][-1]:,.0f} a second, {cpu[way][-1]:,.0f} µs CPU" for way in NEAR)
                    say(f"{name}, round {round_}: {'; '.join(said)}")
        for other in ("alone", "threads"):
            ratio = median([one / two for one, two in zip(found["lanes"], found[other], strict=True)])
            what = f"lanes: {name}, against {'no second connection' if other == 'alone' else 'a second thread'}"
            results.append(
                Result(what, median(found["lanes"]), "mails/s", median(found[other]), ratio, 1.2, ratio >= 1.2)
            )
    return results


def _sent(app: Flask, folder: Path, port: int, way: str, mails: int, *, far: bool) -> tuple[float, float]:
    """Return mails a second of one process, and its microseconds of CPU time a mail."""
    with app.app_context():
        sending.write_due(mails, datetime.now(UTC))
        db.session.remove()
    command = ["benchmarks.worth.lanes", str(folder), str(port), way, str(mails), "far" if far else "near"]
    [done] = sending.run([sending.started(command)])
    with app.app_context():
        if left := outbox.leases.anything_due(900, now=datetime.now(UTC)):
            raise RuntimeError(f"Not everything was sent: {left}")
        db.session.remove()
    return mails / done["s"], done["cpu_s"] / mails * 1e6


@contextmanager
def _sink(one_way_s: float) -> Iterator[int]:
    with sink() as server:
        if not one_way_s:
            yield server.port
            return
        with far_away(server.port, one_way_s) as port:
            yield port


@contextmanager
def _postfix(hidden: str) -> Iterator[int]:
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with Postfix(hidden=hidden, under=memory) as server:
        yield server.port


class Threads(outbox._Helpers):
    """Further connections without lanes: each in a thread; to a near server `near` of them in all."""

    near = 1

    def call(self) -> None:
        most = self._job.settings.mail_connections
        for number in range(self._begun + 1, (most if self._job.far else min(self.near, most)) + 1):
            self._begun = number
            self._job.connections += 1
            self._threads.append(threading.Thread(target=self._help, args=(f"{self._worker}/{number}",), daemon=True))
            self._threads[-1].start()


def main(folder: str, port: str, way: str, mails: str, distance: str) -> None:
    if near := NEAR[way]:
        Threads.near = near
        outbox._Helpers = Threads  # type: ignore[misc]
    sender.main(folder, port, "drain", mails, prepare=lambda app: app.extensions.update({FAR: distance == "far"}))


if __name__ == "__main__":
    main(*sys.argv[1:])
