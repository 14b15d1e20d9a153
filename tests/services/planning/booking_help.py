"""Several coordinators at the same moment, each in its own process, and the state of the database afterwards."""

import multiprocessing
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from outreach import create_app
from outreach.domain.problems import Problem
from outreach.extensions import current_settings, db
from outreach.models import SpeakerBooking
from tests.support.apps import settings_for

WAIT_S = 300
# Two planned activities that book one hall at one time; two at one time that book one person.
HALLS_TWICE = """
SELECT COUNT(*) FROM activity a JOIN activity b
ON a.venue_id = b.venue_id AND a.id < b.id AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
WHERE a.state IN ('draft', 'published') AND b.state IN ('draft', 'published')
"""
PEOPLE_TWICE = """
SELECT COUNT(*) FROM invitation i JOIN invitation j ON i.person_id = j.person_id AND i.activity_id < j.activity_id
JOIN activity a ON a.id = i.activity_id JOIN activity b ON b.id = j.activity_id
WHERE a.starts_at < b.ends_at AND b.starts_at < a.ends_at
AND a.state IN ('draft', 'published') AND b.state IN ('draft', 'published')
AND i.role IN ('speaker', 'moderator') AND j.role IN ('speaker', 'moderator')
AND i.state NOT IN ('not_coming', 'represented', 'withdrawn') AND j.state NOT IN ('not_coming', 'represented', 'withdrawn')
"""
UNBOOKED = """
SELECT COUNT(*) FROM invitation i JOIN activity a ON a.id = i.activity_id
LEFT JOIN speaker_booking s ON s.activity_id = i.activity_id AND s.person_id = i.person_id
AND s.starts_at = a.starts_at AND s.ends_at = a.ends_at
WHERE i.person_id IS NOT NULL AND i.role IN ('speaker', 'moderator') AND a.state IN ('draft', 'published')
AND i.state NOT IN ('not_coming', 'represented', 'withdrawn') AND s.person_id IS NULL
"""


def counted_by(statement: str) -> int:
    db.session.rollback()
    return int(db.session.scalar(sa.text(statement)) or 0)


def bookings_now() -> list[tuple[int, int]]:
    """Return who is booked where: (activity id, person id)."""
    db.session.rollback()
    rows = db.session.execute(sa.select(SpeakerBooking.activity_id, SpeakerBooking.person_id))
    return sorted((row.activity_id, row.person_id) for row in rows)


@dataclass(frozen=True)
class TryResult:
    """The result of one attempt. name: "done", or the problem's. told: the values of its message."""

    name: str
    told: dict[str, Any] = field(default_factory=dict)


Try = Callable[[int, int], object]  # (round, which of the concurrent coordinators)


class Coordinators:
    """The given number of coordinators, each in its own process; all start each round at the same moment."""

    def __init__(self, number: int, folder: Path) -> None:
        context = multiprocessing.get_context("fork")  # everything is already imported
        db.session.remove()
        db.engine.dispose()  # connections are not shared with children
        self.results = context.Queue()
        self.orders = [context.Queue() for _ in range(number)]
        self.barriers = {several: context.Barrier(several) for several in range(1, number + 1)}
        url = current_settings().database_url
        self.processes = [
            context.Process(target=_coordinate, args=(racer, str(folder), url, orders, self.results, self.barriers))
            for racer, orders in enumerate(self.orders)
        ]
        for process in self.processes:
            process.start()

    def at_once(self, number: int, action: Try, rounds: range) -> list[list[TryResult]]:
        """Let this many coordinators try in each round; return each one's result for each round."""
        db.session.rollback()
        for orders in self.orders[:number]:
            orders.put((number, action, rounds))
        found = dict(self.results.get(timeout=WAIT_S) for _ in range(number))
        return [[found[racer][at] for racer in range(number)] for at in range(len(rounds))]

    def end(self) -> None:
        for orders in self.orders:
            orders.put(None)
        for process in self.processes:
            process.join(10)
            if process.is_alive():
                process.kill()


def _coordinate(racer: int, folder: str, url: str, orders: Any, results: Any, barriers: Any) -> None:
    with create_app(settings_for(Path(folder), database_url=url), serving=False).app_context():
        while (order := orders.get()) is not None:
            number, action, rounds = order
            results.put((racer, [_tried(action, each, racer, barriers[number]) for each in rounds]))
        db.engine.dispose()


def _tried(action: Try, number: int, racer: int, barrier: threading.Barrier) -> TryResult:
    barrier.wait(WAIT_S)
    try:
        action(number, racer)
    except Problem as problem:
        return TryResult(type(problem).__name__, problem.values)
    except Exception as error:
        return TryResult(f"{type(error).__name__}: {error}"[:300])
    finally:
        db.session.remove()
    return TryResult("done")


def names(outcomes: Sequence[TryResult]) -> Counter[str]:
    return Counter(outcome.name for outcome in outcomes)
