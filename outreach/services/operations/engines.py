"""Heartbeats of the engines, and overdue work. A heartbeat is written about once a minute and deleted after a week."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib.metadata import version

import sqlalchemy as sa

from outreach.extensions import current_settings, db
from outreach.models import AuditEntry, Heartbeat, Message, Reminder
from outreach.models.mails import IS_SCHEDULED, IS_SENT, IS_TO_SEND
from outreach.transactions import writing

LATE = timedelta(minutes=15)


EVERY = timedelta(minutes=1)
SILENT_AFTER = timedelta(minutes=5)
FIRST_AFTER = timedelta(minutes=15)  # how long the first engine may take to start after the office was set up
FORGOTTEN_AFTER = timedelta(days=7)


def beat(name: str, *, now: datetime) -> None:
    """Record that an engine has just ticked. At most one write a minute, however often it ticks."""
    last_at = db.session.scalar(sa.select(Heartbeat.at).where(Heartbeat.name == name))
    db.session.rollback()
    if last_at is not None and abs(now - last_at) < EVERY:
        return
    with writing() as session:
        session.merge(Heartbeat(name=name, at=now, version=version("outreach")))
        session.execute(
            sa.delete(Heartbeat).where(
                sa.or_(Heartbeat.at < now - FORGOTTEN_AFTER, Heartbeat.at > now + FORGOTTEN_AFTER)
            )
        )


def database_answers() -> None:
    """Read a row of the engines. Raise SQLAlchemyError if the database is away, or has no tables."""
    _ever_heard()


def heard() -> Sequence[Heartbeat]:
    """Return all engines with a heartbeat, the latest first."""
    return db.session.scalars(sa.select(Heartbeat).order_by(Heartbeat.at.desc(), Heartbeat.name)).all()


def living(*, now: datetime) -> Sequence[Heartbeat]:
    """Return the engines with a heartbeat within SILENT_AFTER, the latest first."""
    return [heartbeat for heartbeat in heard() if abs(now - heartbeat.at) < SILENT_AFTER]


def last_sign(*, now: datetime) -> datetime | None:
    """Return when an engine last gave a sign of life; None if none ever did.

    A sent mail is a sign too: an engine that sends very many mails ticks again only after them. Signs more than
    SILENT_AFTER in the future are ignored; they appear after a clock was set back.
    """
    latest = now + SILENT_AFTER  # other machines' clocks may be a little ahead
    last_at = db.session.scalar(sa.select(sa.func.max(Heartbeat.at)).where(Heartbeat.at < latest))
    if last_at is None and not _ever_heard():
        return None
    sent_at = db.session.scalar(sa.select(sa.func.max(Message.sent_at)).where(IS_SENT, Message.sent_at < latest))
    return max((at for at in (last_at, sent_at) if at is not None), default=None)


def silent_since(*, now: datetime) -> datetime | None:
    """Return since when no engine has given a sign of life; None while one is alive.

    If none has ever ticked, this is when the office was set up, but None within FIRST_AFTER of that. If all known signs
    lie in the future, it is `now`.
    """
    last_at = last_sign(now=now)
    if last_at is None:
        return now if _ever_heard() else _set_up_before(now - FIRST_AFTER)
    return last_at if last_at <= now - _patience() else None


def _set_up_before(latest: datetime) -> datetime | None:
    """Return the time of the first audit entry if it is not later than `latest`; otherwise None."""
    first_at = db.session.scalar(sa.select(sa.func.min(AuditEntry.at)))
    return first_at if first_at is not None and first_at <= latest else None


def _ever_heard() -> bool:
    return bool(db.session.scalar(sa.select(sa.exists().where(Heartbeat.name.is_not(None)))))


def _patience() -> timedelta:
    return max(SILENT_AFTER, timedelta(seconds=5 * current_settings().tick_s))


def overdue(*, now: datetime) -> str:
    """Return "reminders" or "messages" if one has been due for more than a quarter of an hour; otherwise ""."""
    late = now - LATE
    if db.session.scalar(sa.select(Reminder.id).where(IS_SCHEDULED, Reminder.due_at < late).limit(1)):
        return "reminders"
    if db.session.scalar(sa.select(Message.id).where(IS_TO_SEND, Message.due_at < late).limit(1)):
        return "messages"
    return ""
