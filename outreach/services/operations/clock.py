"""Compare this machine's clock with the database's, and raise or end an alarm.

On PostgreSQL, each machine holds messages under leases and judges their end by its own clock. A machine whose clock is
far off would take messages that others are sending, or send messages too early. SQLite runs on this machine, so there
is only one clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import structlog

from outreach.domain.mail.failures import ChannelTrouble
from outreach.extensions import current_settings, db
from outreach.models import Channel
from outreach.models.channels import CLOCK
from outreach.transactions import insert_into, writing

RENEWED_EVERY = timedelta(minutes=1)
HOLDS_FOR = timedelta(minutes=5)  # an alarm not renewed for this long is about a machine that is gone
log = structlog.get_logger()


@dataclass(frozen=True)
class ClockProblem:
    """words: the machine whose clock is off, and by how much; "web-1: +45 s" is 45 s ahead of the database's."""

    trouble: ChannelTrouble
    words: str
    since_at: datetime


def agrees(machine: str, now: Callable[[], datetime]) -> bool:
    """Return whether this machine's clock is within a quarter of a lease of the database's, and raise or end the alarm.

    machine: its name. now: its clock.
    """
    if db.engine.dialect.name != "postgresql":
        return True
    ahead, theirs = _ahead(now)
    if abs(ahead) <= timedelta(seconds=current_settings().lease_s / 4):
        _end_alarm(machine, theirs)
        return True
    _alarm(machine, ahead, theirs)
    return False


def problem() -> ClockProblem | None:
    """Return which machine's clock is wrong, or None if all are right."""
    found = _alarmed()
    return (
        ClockProblem(found.trouble, found.reply, found.since_at) if found and found.trouble and found.since_at else None
    )


def _ahead(now: Callable[[], datetime]) -> tuple[timedelta, datetime]:
    """Return how far our clock is ahead of the database's, without the time the query took; and the database's time."""
    with db.engine.connect() as connection:
        before = now()
        theirs = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one().astimezone(UTC)
        after = now()
    if theirs < before:
        return before - theirs, theirs
    return min(after - theirs, timedelta()), theirs


def _alarmed() -> Channel | None:
    found = db.session.get(Channel, CLOCK, populate_existing=True)
    return found if found is not None and found.trouble is not None else None


def _alarm(machine: str, ahead: timedelta, at: datetime) -> None:
    """Raise the alarm, or renew it. All its instants are the database's, because this machine's are wrong."""
    found = _alarmed()
    renewed_at = found.paused_until - HOLDS_FOR if found and found.paused_until else None
    ours = found is not None and _is_about(found, machine)
    db.session.rollback()
    if ours and renewed_at is not None and timedelta() <= at - renewed_at < RENEWED_EVERY:
        return
    with writing() as session:
        first = insert_into(session, Channel).values(name=CLOCK, failures=0)  # several machines may do this at once
        session.execute(first.on_conflict_do_nothing())
        found = session.get_one(Channel, CLOCK, with_for_update=True, populate_existing=True)
        found.trouble = ChannelTrouble.CLOCK
        found.reply = f"{machine}: {ahead.total_seconds():+.0f} s"
        found.failures = found.failures + 1
        found.since_at = found.since_at or at
        found.paused_until = at + HOLDS_FOR
    log.error("clock is wrong, nothing is sent", machine=machine, ahead_s=round(ahead.total_seconds(), 1))


def _end_alarm(machine: str, at: datetime) -> None:
    """End the alarm if it is about this machine, or about one that is gone."""

    def ends(found: Channel) -> bool:
        return _is_about(found, machine) or found.paused_until is None or not at < found.paused_until <= at + HOLDS_FOR

    found = _alarmed()
    over = found is not None and ends(found)
    db.session.rollback()
    if not over:
        return
    with writing() as session:
        found = session.get(Channel, CLOCK, with_for_update=True)
        if found is not None and found.trouble is not None and ends(found):
            found.trouble, found.reply, found.failures, found.since_at, found.paused_until = None, "", 0, None, None
    log.info("clock is right again", machine=machine)


def _is_about(found: Channel, machine: str) -> bool:
    return found.reply.rpartition(": ")[0] == machine
