"""Which engines are alive: each says so about once a minute, and is forgotten a week after it stopped."""

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
FIRST_AFTER = timedelta(minutes=15)  # how long after the office was set up its first engine may take
FORGOTTEN_AFTER = timedelta(days=7)


def beat(name: str, *, now: datetime) -> None:
    """Note that an engine has just ticked. It is written down once a minute, however often it ticks."""
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


def heard() -> Sequence[Heartbeat]:
    """Return the engines that were heard of, the latest first."""
    return db.session.scalars(sa.select(Heartbeat).order_by(Heartbeat.at.desc(), Heartbeat.name)).all()


def living(*, now: datetime) -> Sequence[Heartbeat]:
    """Return the engines that were heard of in the last minutes, the latest first."""
    return [one for one in heard() if abs(now - one.at) < SILENT_AFTER]


def last_sign(*, now: datetime) -> datetime | None:
    """Return when an engine last gave a sign of life; None where none has, ever.

    A mail that was sent is a sign too: an engine that sends a great many at once ticks again only after them. A sign that
    lies in the future, as after a clock was set back, says nothing.
    """
    latest = now + SILENT_AFTER  # other machines' clocks may be a little ahead
    last_at = db.session.scalar(sa.select(sa.func.max(Heartbeat.at)).where(Heartbeat.at < latest))
    if last_at is None and not _ever_heard():
        return None
    sent_at = db.session.scalar(sa.select(sa.func.max(Message.sent_at)).where(IS_SENT, Message.sent_at < latest))
    return max((at for at in (last_at, sent_at) if at is not None), default=None)


def silent_since(*, now: datetime) -> datetime | None:
    """Return since when no engine has given a sign of life; None while one lives.

    Where none has ever ticked, that is since the office was set up, but for its first minutes. Where all that is known lies
    in the future, it is `now`.
    """
    last_at = last_sign(now=now)
    if last_at is None:
        return now if _ever_heard() else _set_up_before(now - FIRST_AFTER)
    return last_at if last_at <= now - _patience() else None


def _set_up_before(latest: datetime) -> datetime | None:
    """Return when the first account was made, where that was so long ago; else None."""
    first_at = db.session.scalar(sa.select(sa.func.min(AuditEntry.at)))
    return first_at if first_at is not None and first_at <= latest else None


def _ever_heard() -> bool:
    return bool(db.session.scalar(sa.select(sa.exists().where(Heartbeat.name.is_not(None)))))


def _patience() -> timedelta:
    return max(SILENT_AFTER, timedelta(seconds=5 * current_settings().tick_s))


def overdue(*, now: datetime) -> str:
    """Return "reminders" or "messages" where one has been due for more than a quarter of an hour; else ""."""
    late = now - LATE
    if db.session.scalar(sa.select(Reminder.id).where(IS_SCHEDULED, Reminder.due_at < late).limit(1)):
        return "reminders"
    if db.session.scalar(sa.select(Message.id).where(IS_TO_SEND, Message.due_at < late).limit(1)):
        return "messages"
    return ""
