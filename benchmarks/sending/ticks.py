"""How long a tick takes while nothing, ten thousand or a million messages wait for next month, and 100 are due.

A tick is the engine's whole round: look, expand, claim, recheck, frame, hand over to a mail server, settle. On SQLite
with a million; on PostgreSQL with a hundred thousand, or a million with OUTREACH_BENCH_FULL=1.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from flask import Flask

from benchmarks import conditions
from benchmarks.databases import postgresql, rows, waiting
from benchmarks.results import Result, under
from benchmarks.sending.sink import sink
from outreach import create_app
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.states import ReminderState
from outreach.engines import loop
from outreach.engines.chores import EXPAND
from outreach.extensions import db
from outreach.models import Reminder
from outreach.settings import Settings

NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
DUE = 100
ROUNDS = 9
LOOKS = 5  # ticks with nothing due, in each round
PEOPLE = DUE * (ROUNDS + 1)  # the first round warms up
AT_MOST = 1.5
SAID = {"due": f"a tick with {DUE} due", "expand": "… of it before sending", "idle": "a tick with nothing due"}


@dataclass
class TickTimes:
    """Seconds of ticks in one database: with nothing due, the part before sending, and with a hundred due."""

    app: Flask
    idle: list[float] = field(default_factory=list)
    expand: list[float] = field(default_factory=list)
    due: list[float] = field(default_factory=list)


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results of this file. folder: a scratch folder, which must hold about 2 GB."""
    most = 1_000_000 if os.environ.get("OUTREACH_BENCH_FULL") else 100_000
    with sink() as taking:
        on_sqlite = _measure("SQLite", dict.fromkeys((0, 10_000, 1_000_000), ""), folder, taking.port, say)
        with _databases((0, 10_000, most)) as urls:
            on_postgresql = _measure("PostgreSQL", urls, folder, taking.port, say)
    return on_sqlite + on_postgresql


def _measure(on: str, urls: dict[int, str], folder: Path, port: int, say: Callable[[str], None]) -> list[Result]:
    found = {}
    for number, url in urls.items():
        say(f"{on}: writing {number:,} waiting messages and reminders")
        found[number] = TickTimes(_filled(folder / f"{on.lower()}-{number}", url, number, port))
    for turn in range(ROUNDS + 1):
        for ticks in found.values():
            with ticks.app.app_context():
                _write_due(turn)
            expand, due = _seconds(ticks.app, expected=DUE)
            idle = [_seconds(ticks.app, expected=0)[1] for _ in range(LOOKS)]
            if turn:
                ticks.expand.append(expand)
                ticks.due.append(due)
                ticks.idle += idle
    for ticks in found.values():
        with ticks.app.app_context():
            with db.engine.connect() as connection:
                said = conditions.durability(connection)
            db.engine.dispose()
    say(said)
    return under(f"{said}, on both sides", [result for what in SAID for result in _results(on, what, found)])


def _results(on: str, what: str, found: dict[int, TickTimes]) -> Iterator[Result]:
    ms = {number: 1000 * median(getattr(one, what)) for number, one in found.items()}
    none = ms.pop(0)
    yield Result(f"{on}: {SAID[what]}, nothing waiting", none, "ms")
    for number, value in ms.items():
        ratio = value / none
        yield Result(f"{on}: … {number:,} waiting (ratio at most)", value, "ms", none, ratio, AT_MOST, ratio <= AT_MOST)


def _filled(folder: Path, url: str, number: int, port: int) -> Flask:
    folder.mkdir(parents=True)
    app = create_app(
        Settings(
            secret_key="only-for-benchmarks-" + "0" * 32, instance=folder, database_url=url,
            mail_server="127.0.0.1", mail_port=port,
        )
    )  # fmt: skip
    with app.app_context():
        db.create_all()
        rows.write_office()
        waiting.write_people(1, max(PEOPLE, number // waiting.ACTIVITIES_EACH))
        waiting.write_waiting(number, now=NOW)
        rows.settle_down()
        db.session.remove()
    return app


def _write_due(turn: int) -> None:
    """Let a reminder fall due for a hundred people who have had no other mail today."""
    first = turn * DUE + 1
    activity_id = waiting.write_activity(NOW + timedelta(days=5, minutes=turn), f"Rapat {turn}", now=NOW)
    waiting.invite(activity_id, first, first + DUE - 1, now=NOW)
    db.session.add(
        Reminder(activity_id=activity_id, key="due", kind=MailKind.REMINDER, audience=Audience.UNANSWERED, due_at=NOW,
                 state=ReminderState.SCHEDULED)
    )  # fmt: skip
    db.session.commit()
    db.session.remove()


def _seconds(app: Flask, *, expected: int) -> tuple[float, float]:
    """Return how long a tick takes before sending, and in all."""
    began = time.perf_counter()
    loop.do(app, EXPAND, now=lambda: NOW)
    expanded = time.perf_counter()
    done = loop.send(app, now=lambda: NOW)
    took = time.perf_counter() - began
    if done is None or done.sent != expected:
        raise RuntimeError(f"A tick sent {done} where {expected} were due; what was measured means nothing.")
    return expanded - began, took


@contextmanager
def _databases(numbers: tuple[int, ...]) -> Iterator[dict[int, str]]:
    """Give an empty PostgreSQL database for each number, by its URL."""
    with postgresql.server() as url:
        with postgresql.admin(url) as connection:
            for number in numbers:
                connection.exec_driver_sql(f"CREATE DATABASE waiting_{number}")
        yield {number: postgresql.at(url, f"waiting_{number}") for number in numbers}
