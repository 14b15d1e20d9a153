"""A run that is killed (kill -9) at any statement, and again, ends as a run that nothing disturbed."""

import os
import random
import signal
from contextlib import suppress
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from outreach.domain.privacy.retention import BOUNDS, Purpose
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import current_settings, db
from outreach.models import AuditEntry, SecurityEvent
from outreach.services.privacy import marks
from outreach.services.privacy.retention.run import run
from tests.support.copied import copied
from tests.support.long_form import many
from tests.world import NOW, a_person
from tests.world.filled import fill_every_table

PORTION = 2
LONG_AGO = NOW - timedelta(days=2 * BOUNDS[Purpose.AUDIT].most)
STEPS = ("before_cursor_execute", "commit")


@copied
def old(any_app, coordinator, activity, ani) -> None:
    """One row of everything, and of some things more than one portion."""
    fill_every_table(ani, activity)
    a_person("Kanari Dua").created_at = LONG_AGO
    changes = [AuditEntry(at=LONG_AGO, action="activity.moved", subject_type="activity", detail={}) for _ in range(3)]
    events = [SecurityEvent(at=LONG_AGO, kind=SecurityKind.SIGNED_IN) for _ in range(3)]
    db.session.add_all([*changes, *events])
    db.session.commit()


def comparable(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows without secrets, which are drawn anew, and without numbers, which a broken transaction uses up."""
    found = {}
    for table in db.metadata.sorted_tables:
        left_out = {"nonce", "id"} if table.name == "audit_entry" else {"nonce"}
        places = [place for place, column in enumerate(table.columns) if column.name not in left_out]
        found[table.name] = sorted((tuple(row[place] for place in places) for row in rows[table.name]), key=repr)
    return found


def everything() -> dict[str, list[tuple[Any, ...]]]:
    db.session.rollback()
    return {
        table.name: [tuple(row) for row in db.session.execute(sa.select(table))] for table in db.metadata.sorted_tables
    }


def put_back(rows: dict[str, list[tuple[Any, ...]]]) -> None:
    db.session.rollback()
    # Otherwise the next run would first erase again who was erased before.
    (current_settings().instance / marks.FILE).unlink(missing_ok=True)
    for table in reversed(db.metadata.sorted_tables):
        db.session.execute(sa.delete(table))
    for table in db.metadata.sorted_tables:
        names = [column.name for column in table.columns]
        if rows[table.name]:
            db.session.execute(sa.insert(table), [dict(zip(names, row, strict=True)) for row in rows[table.name]])
    db.session.commit()


def steps_of_a_run() -> int:
    """Run to the end, and return how many statements and commits that took."""
    counted = 0

    def count(*_arguments: Any) -> None:
        nonlocal counted
        counted += 1

    for step in STEPS:
        event.listen(db.engine, step, count)
    run(NOW, portion=PORTION)
    for step in STEPS:
        event.remove(db.engine, step, count)
    return counted


def killed_at(step: int) -> bool:
    """Run in a process that is killed at this statement or commit. Return False if it came to its end before."""
    db.session.remove()
    db.engine.dispose()
    child = os.fork()
    if child == 0:
        left = step

        def count(*_arguments: Any) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        with suppress(BaseException):
            for name in STEPS:
                event.listen(db.engine, name, count)
            run(NOW, portion=PORTION)
        os._exit(0)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_a_run_that_is_killed_anywhere_and_repeated_ends_like_one_that_was_left_alone(old):
    before = everything()
    steps = steps_of_a_run()
    undisturbed = comparable(everything())
    assert undisturbed != comparable(before)
    assert len(undisturbed["erased_count"]) > 10
    chance = random.Random(2027)
    for _story in range(many(1, 40)):
        put_back(before)
        kills = sum(killed_at(chance.randint(1, steps // 3)) for _ in range(4))
        assert kills >= 3
        run(NOW, portion=PORTION)
        assert comparable(everything()) == undisturbed
    assert run(NOW, portion=PORTION) == {}
