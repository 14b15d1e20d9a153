"""Figures of delivery for monitoring. All come from the database, so every web process gives the same ones.

Each figure comes from a partial index. Very many messages may wait for their time, so they are counted up to
MOST_COUNTED only. The figures are read at most once in KEPT_FOR.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import AddressFailure, Attempt, Channel, Message, Reminder
from outreach.models.mails import (
    IS_IN_WORK,
    IS_LOST,
    IS_MISSED,
    IS_NOT_SENT,
    IS_RETRY,
    IS_SCHEDULED,
    IS_SENT,
    IS_TO_SEND,
    IS_TROUBLE,
)
from outreach.recent import Life, Recent
from outreach.services.inbox import waiting as inbox_waiting
from outreach.services.ladder import climb as ladder
from outreach.services.operations import engines as heartbeats
from outreach.services.sign_in import alarm
from outreach.settings import MOST_COUNTED

KEPT_FOR = timedelta(seconds=5)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINDOWS = {"1h": HOUR, "24h": DAY}
SAMPLE = 10_000  # lateness is computed over so many of the hour's latest messages


@dataclass(frozen=True)
class Figures:
    """Ages and lateness are in seconds. A window is a key of WINDOWS."""

    at: datetime
    queue_age_s: float  # of the message that has been due longest
    due: int
    waiting: int  # not yet due; at most MOST_COUNTED
    in_work: dict[MessageState, int]
    retrying: int
    sent: dict[str, int]  # by window
    not_sent: dict[tuple[MessageState, str, str], int]  # by state, reason, window in which they were due
    attempts: dict[MessageState, int]  # of the last hour, by outcome
    lateness_s: dict[float, float]  # of messages sent in the last hour, by quantile; 1: the largest
    channels: dict[str, "ChannelFigures"]
    engine_age_s: float | None  # since the last sign of life; None: there was none yet
    engines: int  # alive in the last minutes
    failed_sign_ins: int  # of the last hour
    incoming_to_read: int
    addresses_blocked: int
    reminders_scheduled: int  # at most MOST_COUNTED
    reminders_overdue: int
    rungs_overdue: int  # of ladders
    reminders_missed: int  # of those due in the last day
    database_bytes: int


@dataclass(frozen=True)
class ChannelFigures:
    up: bool
    paused_s: float
    failures: int = 0  # in a row


_recent: Recent[Figures] = Recent(Life(KEPT_FOR))


def figures(*, now: datetime) -> Figures:
    """Return the figures at `now`, or figures that are at most KEPT_FOR old."""
    return _recent.value(lambda: _read(now), now=now)


def _read(now: datetime) -> Figures:
    first_due_at = _one(sa.select(sa.func.min(Message.due_at)).where(IS_TO_SEND, Message.due_at <= now))
    sign_at = heartbeats.last_sign(now=now)
    return Figures(
        at=now,
        queue_age_s=_seconds(now - first_due_at) if first_due_at else 0.0,
        due=_count(Message, IS_TO_SEND, Message.due_at <= now),
        waiting=_some(Message, IS_TO_SEND, Message.due_at > now),
        in_work=_by(Message.state, Message, IS_IN_WORK),
        retrying=_count(Message, IS_RETRY),
        sent={name: _count(Message, IS_SENT, Message.sent_at > now - length) for name, length in WINDOWS.items()},
        not_sent={
            (row[0], row[1], name): row[2]
            for name, length in WINDOWS.items()
            for group in (IS_LOST, IS_NOT_SENT)
            for row in _not_sent(group, now - length, now)
        },
        attempts=_attempts(now),
        lateness_s=_lateness(now),
        channels={
            row.name: ChannelFigures(
                row.trouble is None,
                max(0.0, _seconds(row.paused_until - now)) if row.paused_until else 0.0,
                row.failures,
            )
            for row in db.session.scalars(sa.select(Channel).order_by(Channel.name))
        },
        engine_age_s=max(0.0, _seconds(now - sign_at)) if sign_at else None,
        engines=len(heartbeats.living(now=now)),
        failed_sign_ins=alarm.failures(now=now),
        incoming_to_read=inbox_waiting.count_waiting(),
        addresses_blocked=_count(AddressFailure, AddressFailure.blocked_at.is_not(None)),
        reminders_scheduled=_some(Reminder, IS_SCHEDULED),
        reminders_overdue=_count(Reminder, IS_SCHEDULED, Reminder.due_at < now),
        rungs_overdue=ladder.overdue(now),
        reminders_missed=_count(Reminder, IS_MISSED, Reminder.due_at > now - DAY),
        database_bytes=database_bytes(),
    )


def database_bytes() -> int:
    """Return the database's size on disk, in bytes."""
    if db.engine.dialect.name == "postgresql":
        return int(_one(sa.text("SELECT pg_database_size(current_database())")))
    return int(_one(sa.text("PRAGMA page_count"))) * int(_one(sa.text("PRAGMA page_size")))


def _attempts(now: datetime) -> dict[MessageState, int]:
    found = _by(Attempt.outcome, Attempt, IS_TROUBLE, Attempt.at > now - HOUR)
    found[MessageState.SENT] = _count(Message, IS_SENT, Message.sent_at > now - HOUR)
    return found


def _lateness(now: datetime) -> dict[float, float]:
    rows = db.session.execute(
        sa.select(Message.sent_at, Message.due_at)
        .where(IS_SENT, Message.sent_at > now - HOUR)
        .order_by(Message.sent_at.desc())
        .limit(SAMPLE)
    )
    late = sorted(_seconds(row.sent_at - row.due_at) for row in rows)
    if not late:
        return {}
    return {quantile: late[min(len(late) - 1, int(quantile * len(late)))] for quantile in (0.5, 0.99, 1)}


def _not_sent(group: Any, since: datetime, now: datetime) -> Any:
    return db.session.execute(
        sa.select(Message.state, Message.reason, sa.func.count())
        .where(group, Message.due_at > since, Message.due_at <= now)
        .group_by(Message.state, Message.reason)
    )


def _count(table: Any, *conditions: Any) -> int:
    return _one(sa.select(sa.func.count()).select_from(table).where(*conditions)) or 0


def _some(table: Any, *conditions: Any) -> int:
    """Count up to MOST_COUNTED. A larger number would say nothing more, and counting it would take longer."""
    found = sa.select(sa.literal(1)).select_from(table).where(*conditions).limit(MOST_COUNTED)
    return _one(sa.select(sa.func.count()).select_from(found.subquery())) or 0


def _by(column: Any, table: Any, *conditions: Any) -> dict[Any, int]:
    rows = db.session.execute(sa.select(column, sa.func.count()).select_from(table).where(*conditions).group_by(column))
    return {row[0]: row[1] for row in rows}


def _one(statement: Any) -> Any:
    return db.session.scalar(statement)


def _seconds(length: timedelta) -> float:
    return length.total_seconds()
