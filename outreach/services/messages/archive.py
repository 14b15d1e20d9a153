"""Moving finished messages of long-past activities from the outbox's tables to the archive, so that those stay small.

Each batch is one transaction, so stopping loses nothing and the next round continues. delivery/recheck/judge.py and
reminders/audiences.py ask what invitees were told only about activities that are still to come, postponed or just
cancelled, so they need nothing from the archive.
queries/messages/archive.py shows the archive.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach import codec
from outreach.domain.kinds import MailKind
from outreach.domain.states import FINISHED, ActivityState
from outreach.extensions import current_settings, db
from outreach.models import (
    Activity,
    ArchivedActivity,
    ArchivedLine,
    ArchivedMessage,
    Attempt,
    FollowUp,
    FollowUpLine,
    Invitation,
    MailFrame,
    Message,
    MessageLine,
    Minutes,
    MinutesMail,
    Reminder,
    SentMail,
)
from outreach.models.archive import Try
from outreach.transactions import writing

Note = Callable[[Session, int], None]
BATCH = 500
SOONEST = timedelta(days=14)  # attendance entered late still sends thanks in the week after an activity
FRAMES_FOR = timedelta(days=2)  # a frame is used on its day only; a drain may last past midnight
LINE_COLUMNS = ("message_id", "reminder_id", "invitation_id", "to_representative", "sequence", "skipped")


def archive(
    now: datetime,
    *,
    days: int | None = None,
    limit: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    note: Note | None = None,
) -> int:
    """Archive finished messages whose last activity ended `days` (else `archive_days`) before `now`. Return how many.

    A postponed activity has not ended, whatever its former day; one that is cancelled then ends with its cancellation.
    limit: the number after which the rest waits for the next round. stop: asked between batches. note: told the number of
    each batch, in its transaction.
    """
    until = now - max(SOONEST, timedelta(days=days or current_settings().archive_days))
    moved, below = 0, None
    while not stop() and (limit is None or moved < limit):
        size = BATCH if limit is None else min(BATCH, limit - moved)
        ids = _finished_before(until, below, size)
        if not ids:
            break
        with writing() as session:
            done = _move(session, ids)
            if note is not None:
                note(session, done)
        moved += done
        below = ids[-1]
    return moved


def forget_frames(now: datetime) -> int:
    """Delete the frames of earlier days that no kept mail needs any more. Return how many."""
    unused = ~sa.exists().where(SentMail.frame_key == MailFrame.key)
    made_before = (now - FRAMES_FOR).date()
    with writing() as session:
        gone = session.execute(sa.delete(MailFrame).where(MailFrame.made_on < made_before, unused))
    return int(getattr(gone, "rowcount", 0))


def _finished_before(until: datetime, below: int | None, size: int) -> Sequence[int]:
    """Return ids, highest first, so that a resent message is archived before the original it refers to.

    The newest message of all stays: SQLite would reuse its id for the next one.
    """
    again, newest = aliased(Message), aliased(Message)
    cancelled_since = sa.exists().where(  # while it was postponed
        Reminder.activity_id == Activity.id, Reminder.kind == MailKind.CANCELLATION, Reminder.due_at >= until
    )
    goes_on = (
        sa.exists()
        .where(MessageLine.message_id == Message.id, MessageLine.invitation_id == Invitation.id)
        .where(
            Activity.id == Invitation.activity_id,
            sa.or_(
                Activity.ends_at >= until,
                Activity.state == ActivityState.POSTPONED,
                sa.and_(Activity.state == ActivityState.CANCELLED, cancelled_since),
            ),
        )
    )
    chosen = sa.select(Message.id).where(
        Message.state.in_(FINISHED),
        Message.expires_at < until,
        Message.id < sa.select(sa.func.max(newest.id)).scalar_subquery(),
        ~goes_on,
        ~sa.exists().where(again.resend_of_id == Message.id),
    )
    if below is not None:
        chosen = chosen.where(Message.id < below)
    ids = db.session.scalars(chosen.order_by(Message.id.desc()).limit(size)).all()
    db.session.rollback()
    return ids


def _move(session: Session, wanted: Collection[int]) -> int:
    """Move the wanted messages that still exist, in the caller's transaction; another engine may have moved some."""
    kept = [column.name for column in ArchivedMessage.__table__.columns if column.name != "tries"]
    columns = Message.__table__.c
    rows = sa.select(*(columns[name] for name in kept)).where(columns.id.in_(wanted), columns.state.in_(FINISHED))
    found = session.execute(rows.with_for_update(skip_locked=True)).mappings()
    messages: list[dict[str, Any]] = [dict(row) for row in found]
    if not messages:
        return 0
    ids = [message["id"] for message in messages]
    tries = _tries(session, ids)
    session.execute(sa.insert(ArchivedMessage), [{**values, "tries": tries[values["id"]]} for values in messages])
    session.execute(sa.insert(ArchivedActivity).from_select(("message_id", "activity_id"), _about_minutes(ids)))
    lines = MessageLine.__table__.c
    session.execute(
        sa.insert(ArchivedLine).from_select(
            LINE_COLUMNS,
            sa.select(*(lines[name] for name in LINE_COLUMNS)).where(lines.message_id.in_(ids)).order_by(lines.id),
        )
    )
    for table, key in (
        (MessageLine, MessageLine.message_id), (Attempt, Attempt.message_id), (SentMail, SentMail.message_id),
        (Message, Message.id),
    ):  # fmt: skip
        session.execute(sa.delete(table).where(key.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)


def _about_minutes(ids: Collection[int]) -> sa.CompoundSelect[Any]:
    """Select the activities that mails about minutes, and about tasks from them, are about. Such mails have no lines."""
    return sa.union(
        sa.select(MinutesMail.message_id, Minutes.activity_id)
        .join(MinutesMail.minutes)
        .where(MinutesMail.message_id.in_(ids)),
        sa.select(FollowUpLine.message_id, Minutes.activity_id)
        .join(FollowUpLine.follow_up)
        .join(FollowUp.minutes)
        .where(FollowUpLine.message_id.in_(ids)),
    )


def _tries(session: Session, ids: Collection[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for attempt in session.scalars(sa.select(Attempt).where(Attempt.message_id.in_(ids)).order_by(Attempt.id)):
        found[attempt.message_id].append(
            codec.to_json(Try(attempt.at, attempt.outcome, attempt.code, attempt.reply, attempt.worker))
        )
    return found
