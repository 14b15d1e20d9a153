"""One tick: close passed deadlines, mark activities that are over as held, and expand due reminders into messages.

reminders/expand.py writes the messages; delivery/outbox/drain.py sends them.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import MailKind
from outreach.domain.reminders.due import missed_because
from outreach.domain.states import ActivityState, InvitationState, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Message, Reminder, SpeakerBooking
from outreach.models.mails import IS_SCHEDULED, IS_TO_SEND
from outreach.models.programmes import IS_PUBLISHED
from outreach.services import office_defaults
from outreach.services.locking import lock_ticks, present_for_change
from outreach.services.reminders import audiences
from outreach.services.reminders import expand as expanding
from outreach.services.reminders.schedule import later_rule_is_due
from outreach.transactions import writing

# What still goes out when an activity does not take place; all else is cancelled.
EVEN_WHEN = {
    ActivityState.CANCELLED: (MailKind.CANCELLATION, MailKind.WITHDRAWAL),
    ActivityState.POSTPONED: (MailKind.POSTPONEMENT, MailKind.WITHDRAWAL),
}


@dataclass(frozen=True)
class TickResult:
    expanded: int = 0
    missed: int = 0
    lines: int = 0


def tick(now: datetime) -> TickResult:
    """Close passed deadlines, mark activities that are over as held, and expand due reminders, all as of `now`.

    All due reminders are expanded in one transaction; otherwise a worker could send a recipient's first line before the
    second is written. Lines due later that day for the same recipients are added too.
    """
    _close_deadlines(now)
    _mark_held(now)
    due = _due(now)
    if not due and not _some_are_open(now):
        return TickResult()
    with writing() as session:
        lock_ticks(session)
        present_for_change(session, {activity_id for _reminder_id, activity_id in due})
        outcomes = {reminder_id: _take(session, reminder_id, now) for reminder_id, _activity_id in due}
        expanded = [reminder_id for reminder_id, lines in outcomes.items() if lines is not None]
        joined = expanding.join_todays(session, now)
        expanding.gather_late(session, now)
    return TickResult(len(expanded), len(due) - len(expanded), sum(n or 0 for n in outcomes.values()) + joined)


def next_due_at() -> datetime | None:
    """Return when the next reminder is due, or None if none is scheduled."""
    found = db.session.scalar(sa.select(Reminder.due_at).where(IS_SCHEDULED).order_by(Reminder.due_at).limit(1))
    db.session.rollback()
    return found


def _due(now: datetime) -> list[tuple[int, int]]:
    """Return (reminder id, activity id) of due reminders, by activity and due time.

    Outside the office's hours for mail, those that can wait are left out.
    """
    hours = office_defaults.mail_hours(db.session)
    due = (
        sa.select(Reminder.id, Reminder.activity_id)
        .where(IS_SCHEDULED, Reminder.due_at <= now)
        .order_by(Reminder.activity_id, Reminder.due_at, Reminder.id)
    )
    if hours is None or hours.opening(now) is None:
        found = [(row.id, row.activity_id) for row in db.session.execute(due)]
    else:
        rows = db.session.execute(due.with_only_columns(Reminder, Activity).join(Reminder.activity))
        found = [
            (reminder.id, activity.id)
            for reminder, activity in rows
            if expanding.held_until(reminder, activity, now, hours) is None
        ]
    db.session.rollback()
    return found


def _take(session: Session, reminder_id: int, now: datetime) -> int | None:
    """Expand one reminder; return how many lines it wrote, or None if it is missed, cancelled or taken by another engine.

    Its activity is locked, as in changes by staff; this avoids deadlocks.
    """
    claimed = session.execute(
        sa.update(Reminder)
        .where(Reminder.id == reminder_id, Reminder.state == ReminderState.SCHEDULED)
        .values(state=ReminderState.EXPANDED, expanded_at=now)
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        return None
    reminder = session.get_one(Reminder, reminder_id, populate_existing=True)
    activity = reminder.activity
    if activity.state in EVEN_WHEN and reminder.kind not in EVEN_WHEN[activity.state]:
        reminder.state, reminder.reason = ReminderState.CANCELLED, f"activity_{activity.state.value}"
        return None
    late = audiences.late_invitees(session, [activity.id], now=now) if now >= activity.respond_by_at else []
    missed = missed_because(
        reminder.kind, reminder.audience, reminder.due_at, expanding.times_of(activity), now,
        last_invited_at=audiences.last_invited(late, reminder, activity.zone),
        later_rule_is_due=bool(session.scalar(sa.select(later_rule_is_due(now)).where(Reminder.id == reminder.id))),
    )  # fmt: skip
    if missed is not None:
        reminder.state, reminder.reason, reminder.expanded_at = ReminderState.MISSED, missed.value, None
        return None
    return expanding.expand(session, reminder, now)


def _some_are_open(now: datetime) -> bool:
    """Return whether mails are due that further lines can still join."""
    found = db.session.scalar(
        sa.select(
            sa.exists().where(
                IS_TO_SEND, Message.state == MessageState.DUE, Message.due_at <= now, Message.merge_key.is_not(None)
            )
        )
    )
    db.session.rollback()
    return bool(found)


def _close_deadlines(now: datetime) -> None:
    passed = sa.select(Activity.id).where(IS_PUBLISHED, Activity.respond_by_at <= now)
    silent = (
        Invitation.state == InvitationState.INVITED,
        Invitation.activity_id.in_(passed),
        now >= audiences.ANSWER_BY,
    )
    activity_ids = db.session.scalars(sa.select(Invitation.activity_id).where(*silent).distinct()).all()
    if activity_ids:
        with writing() as session:
            present_for_change(session, activity_ids)
            session.execute(
                sa.update(Invitation)
                .where(*silent)
                .values(state=InvitationState.NO_ANSWER)
                .execution_options(synchronize_session=False)
            )
    db.session.rollback()


def _mark_held(now: datetime) -> None:
    over = (IS_PUBLISHED, Activity.ends_at <= now)
    activity_ids = db.session.scalars(sa.select(Activity.id).where(*over)).all()
    if activity_ids:
        with writing() as session:
            present_for_change(session, activity_ids)
            session.execute(
                sa.update(Activity)
                .where(*over)
                .values(state=ActivityState.HELD, version=Activity.version + 1)
                .execution_options(synchronize_session=False)
            )
            held = sa.select(Activity.id).where(Activity.state == ActivityState.HELD)
            session.execute(sa.delete(SpeakerBooking).where(SpeakerBooking.activity_id.in_(held)))
    db.session.rollback()
