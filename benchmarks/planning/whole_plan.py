"""Counting the clashes of a whole plan in a database: the same activities with few invitations, and with a hundred times as many.

There are a thousand activities, four a day, in halls that are large enough. Each person is invited to four of them, on four days.
Either the activities of a hall follow each other, or always two are held at the same time with different people. So nobody is in
two at once, and the result is the same. Code that reads every invitee would take a hundred times as long.
"""

import os
import time
import tracemalloc
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
from outreach import create_app
from outreach.extensions import db
from outreach.models import Activity, Venue
from outreach.services.planning import clashes as clashing
from outreach.settings import Settings

NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)
FIRST_DAY = datetime(2027, 1, 11, 1, 0, tzinfo=UTC)  # 8.00
ACTIVITIES = 1_000
A_DAY = 4
FEW, MANY = 10_000, 1_000_000
HALLS = 2
ROUNDS = 5
AT_MOST = {
    "one after the other": 4.0,
    "two at once": 20.0,
}  # many against few, of which there are a hundred times as many
HOURS = {"one after the other": (0, 2, 5, 7), "two at once": (1, 1, 5, 5)}  # after 8.00; each takes two
MEMORY_AT_MOST = 1.5


@dataclass
class PlanTimes:
    """Of one plan: the seconds of each count, the number of clashes found, and the peak memory of a count in MB."""

    app: Flask
    seconds: list[float] = field(default_factory=list)
    found: int = 0
    mb: float = 0.0


def results(folder: Path, say: Callable[[str], None]) -> Iterator[Result]:
    """Yield what is measured. folder: a scratch folder, which must hold about 700 MB."""
    many = MANY // 10 if os.environ.get("OUTREACH_BENCH_SMALL") else MANY
    yield from _on("SQLite", many, lambda _name: "", folder, say)
    many = MANY if os.environ.get("OUTREACH_BENCH_FULL") else MANY // 10
    with postgresql.server() as url:
        yield from _on("PostgreSQL", many, lambda name: _made(url, name), folder, say)


def _made(url: str, name: str) -> str:
    with postgresql.admin(url) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return postgresql.at(url, name)


def _on(on: str, many: int, url_of: Callable[[str], str], folder: Path, say: Callable[[str], None]) -> Iterator[Result]:
    for layout, at_most in AT_MOST.items():
        plans = {}
        for number in (FEW, many):
            say(f"{on}: writing {ACTIVITIES:,} activities, {layout}, and {number:,} invitations")
            name = f"{layout.replace(' ', '_')}_{number}"
            plans[number] = PlanTimes(_filled(folder / f"{on.lower()}_{name}", url_of(name), layout, number))
        for turn in range(ROUNDS + 1):
            for plan in plans.values():
                took = _look(plan)
                if turn:
                    plan.seconds.append(took)
        for plan in plans.values():
            _weigh(plan)
            with plan.app.app_context():
                with db.engine.connect() as connection:
                    said = conditions.durability(connection)
                db.engine.dispose()
        found = list(_results(f"{on}: whole plan, {layout}", plans[FEW], plans[many], many, at_most))
        yield from under(f"only read; {said}, on both sides", found)


def _results(what: str, few: PlanTimes, lots: PlanTimes, many: int, at_most: float) -> Iterator[Result]:
    if few.found != lots.found:
        raise RuntimeError(f"{few.found} things were found with few invitations and {lots.found} with many.")
    ms, more_ms = (1000 * median(plan.seconds) for plan in (few, lots))
    at_most = at_most if many == MANY else 1 + (at_most - 1) * many / MANY
    yield Result(f"{what}, {FEW:,} invitations: all {few.found:,} findings", ms, "ms")
    yield Result(f"… {many:,} invitations (ratio at most)", more_ms, "ms", ms, more_ms / ms, at_most,
                 more_ms / ms <= at_most)  # fmt: skip
    yield Result("… memory of it (ratio at most)", lots.mb, "MB", few.mb, lots.mb / few.mb, MEMORY_AT_MOST,
                 lots.mb / few.mb <= MEMORY_AT_MOST)  # fmt: skip


def _filled(folder: Path, url: str, layout: str, invitations: int) -> Flask:
    folder.mkdir(parents=True)
    app = create_app(Settings(secret_key="only-for-benchmarks-" + "0" * 32, instance=folder, database_url=url))
    each, groups = invitations // ACTIVITIES, ACTIVITIES // A_DAY
    with app.app_context():
        db.create_all()
        rows.write_office()
        db.session.add_all(
            Venue(id=n, name=f"Aula {n}", capacity=20_000, region_code="18.72") for n in range(1, HALLS + 1)
        )
        waiting.write_people(1, groups * each)
        for number in range(ACTIVITIES):
            day, nth = divmod(number, A_DAY)
            starts_at = FIRST_DAY + timedelta(days=day, hours=HOURS[layout][nth])
            activity_id = waiting.write_activity(starts_at, f"Kegiatan {number}", now=NOW)
            hall = 1 if layout == "one after the other" else 1 + nth % HALLS
            db.session.get_one(Activity, activity_id).venue_id = hall
            first = number % groups * each
            waiting.invite(activity_id, first + 1, first + each, now=NOW)
        db.session.commit()
        rows.settle_down()
        db.session.remove()
    return app


def _look(plan: PlanTimes) -> float:
    with _context(plan):
        began = time.perf_counter()
        plan.found = len(clashing.everything(now=NOW).clashes)
        return time.perf_counter() - began


def _weigh(plan: PlanTimes) -> None:
    with _context(plan):
        tracemalloc.start()
        clashing.everything(now=NOW)
        plan.mb = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()


@contextmanager
def _context(plan: PlanTimes) -> Iterator[None]:
    with plan.app.app_context():
        yield
        db.session.remove()
