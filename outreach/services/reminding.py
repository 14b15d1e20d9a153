"""One tick's bookkeeping: deadlines that passed, activities that are over, and reminders that are due become messages.

Each reminder is expanded by a few set-based statements, however many invitees it has. Sending is delivery/outbox.py.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from outreach.domain.kinds import MailKind
from outreach.domain.reminders import local_day, missed_because, useful_until
from outreach.domain.states import ActivityState, InvitationState, MessageState, ReminderState
from outreach.extensions import db, writing
from outreach.models import Activity, Invitation, Message, MessageLine, Reminder
from outreach.services.audiences import invitations_in

EVEN_WHEN_CANCELLED = (MailKind.CANCELLATION, MailKind.WITHDRAWAL)
IMPORTANCE = list(MailKind)


@dataclass(frozen=True)
class TickResult:
    expanded: int = 0
    missed: int = 0
    lines: int = 0


def tick(now: datetime) -> TickResult:
    """Bring everything up to `now`: close passed deadlines, mark what is over as held, expand what is due."""
    _close_deadlines(now)
    _mark_held(now)
    expanded = missed = lines = 0
    for reminder_id in _due(now):
        with writing() as session:
            outcome = _take(session, reminder_id, now)
        if outcome is None:
            missed += 1
        else:
            expanded += 1
            lines += outcome
    return TickResult(expanded, missed, lines)


def next_due_at() -> datetime | None:
    """Return when the next reminder falls due, or None where none is scheduled."""
    found = db.session.scalar(
        sa.select(Reminder.due_at).where(Reminder.state == ReminderState.SCHEDULED).order_by(Reminder.due_at).limit(1)
    )
    db.session.rollback()
    return found


def _due(now: datetime) -> list[int]:
    found = db.session.scalars(
        sa.select(Reminder.id)
        .where(Reminder.state == ReminderState.SCHEDULED, Reminder.due_at <= now)
        .order_by(Reminder.due_at, Reminder.id)
    ).all()
    db.session.rollback()
    return list(found)


def _take(session: Session, reminder_id: int, now: datetime) -> int | None:
    """Expand one reminder; return how many lines it wrote, or None where its moment is missed or taken by another."""
    claimed = session.execute(
        sa.update(Reminder)
        .where(Reminder.id == reminder_id, Reminder.state == ReminderState.SCHEDULED)
        .values(state=ReminderState.EXPANDED, expanded_at=now)
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        return None
    reminder = session.get_one(Reminder, reminder_id, populate_existing=True)
    activity = reminder.activity
    if activity.state is ActivityState.CANCELLED and reminder.kind not in EVEN_WHEN_CANCELLED:
        reminder.state, reminder.reason = ReminderState.CANCELLED, "activity_cancelled"
        return None
    missed = missed_because(
        reminder.kind, reminder.due_at, activity.starts_at, activity.ends_at, now,
        later_rule_is_due=_later_rule_is_due(session, reminder, now),
    )  # fmt: skip
    if missed is not None:
        reminder.state, reminder.reason, reminder.expanded_at = ReminderState.MISSED, missed.value, None
        return None
    return _expand(session, reminder, now)


def _later_rule_is_due(session: Session, reminder: Reminder, now: datetime) -> bool:
    if reminder.invitation_id is not None:
        return False
    return bool(
        session.scalar(
            sa.select(sa.exists().where(
                Reminder.activity_id == reminder.activity_id, Reminder.kind == reminder.kind,
                Reminder.audience == reminder.audience, Reminder.state == ReminderState.SCHEDULED,
                Reminder.invitation_id.is_(None), Reminder.due_at > reminder.due_at, Reminder.due_at <= now,
            ))
        )
    )  # fmt: skip


def _expand(session: Session, reminder: Reminder, now: datetime) -> int:
    """Write the reminder's lines, and a message for each reader who has none open for the day; return the lines' number."""
    activity = reminder.activity
    day = local_day(max(reminder.due_at, now), activity.zone)
    until = useful_until(reminder.kind, reminder.due_at, activity.starts_at, activity.ends_at)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    chosen = invitations_in(
        activity, reminder.kind, reminder.audience, reminder.due_at, reminder.invitation_id
    ).add_columns(sa.literal(reminder.id), sa.literal(activity.sequence), sa.literal(""))
    session.execute(
        insert(MessageLine)
        .from_select(["invitation_id", "reminder_id", "sequence", "skipped"], chosen)
        .on_conflict_do_nothing(index_elements=["reminder_id", "invitation_id"])
    )
    own = sa.select(Invitation.id).join(MessageLine, MessageLine.invitation_id == Invitation.id).where(
        MessageLine.reminder_id == reminder.id, MessageLine.message_id.is_(None)
    )  # fmt: skip
    reader = sa.case(
        (Invitation.person_id.is_not(None), sa.literal("p") + sa.cast(Invitation.person_id, sa.String)),
        else_=sa.literal("o") + sa.cast(Invitation.organisation_id, sa.String),
    )
    merge_key = reader + sa.literal(f":{day.isoformat()}")
    readers = (
        sa.select(
            Invitation.person_id, Invitation.organisation_id, merge_key,
            sa.literal(reminder.kind, Message.kind.type), sa.literal(day), sa.literal(reminder.due_at, Message.due_at.type),
            sa.literal(until, Message.expires_at.type), sa.literal(MessageState.DUE, Message.state.type),
            *(sa.literal("") for _ in range(6)), sa.literal(0), sa.literal(0),
        )
        .where(Invitation.id.in_(own))
        .distinct()
    )  # fmt: skip
    # Where a message is open already, the update that changes nothing locks it: no worker can claim it before its line joins.
    opened = insert(Message).from_select(
        [
            "person_id",
            "organisation_id",
            "merge_key",
            "kind",
            "local_day",
            "due_at",
            "expires_at",
            "state",
            "reason",
            "rfc_message_id",
            "address",
            "subject",
            "worker",
            "server_reply",
            "fence",
            "attempts",
        ],
        readers,
    )
    session.execute(
        opened.on_conflict_do_update(index_elements=["merge_key"], set_={"merge_key": opened.excluded.merge_key})
    )  # fmt: skip
    message_of_reader = (
        sa.select(Message.id)
        .join(Invitation, Message.merge_key == merge_key)
        .where(Invitation.id == MessageLine.invitation_id)
        .scalar_subquery()
    )
    session.execute(
        sa.update(MessageLine)
        .where(MessageLine.reminder_id == reminder.id, MessageLine.message_id.is_(None))
        .values(message_id=message_of_reader)
        .execution_options(synchronize_session=False)
    )
    _raise_importance(session, reminder, until)
    written = session.scalar(
        sa.select(sa.func.count()).select_from(MessageLine).where(MessageLine.reminder_id == reminder.id)
    )
    if reminder.kind is MailKind.INVITATION:
        session.execute(
            sa.update(Invitation)
            .where(
                Invitation.state == InvitationState.PREPARED,
                Invitation.id.in_(sa.select(MessageLine.invitation_id).where(MessageLine.reminder_id == reminder.id)),
            )
            .values(state=InvitationState.INVITED, invited_at=now)
            .execution_options(synchronize_session=False)
        )
    return written or 0


def _raise_importance(session: Session, reminder: Reminder, until: datetime) -> None:
    """A message that gained this line is known by its most important line, and is useful as long as any of them."""
    joined = sa.select(MessageLine.message_id).where(MessageLine.reminder_id == reminder.id)
    lesser = IMPORTANCE[IMPORTANCE.index(reminder.kind) + 1 :]
    session.execute(
        sa.update(Message)
        .where(Message.id.in_(joined), Message.expires_at < until)
        .values(expires_at=until)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        sa.update(Message)
        .where(Message.id.in_(joined), Message.kind.in_(lesser))
        .values(kind=reminder.kind)
        .execution_options(synchronize_session=False)
    )


def _close_deadlines(now: datetime) -> None:
    passed = sa.select(Activity.id).where(Activity.state == ActivityState.PUBLISHED, Activity.respond_by_at <= now)
    silent = (Invitation.state == InvitationState.INVITED, Invitation.activity_id.in_(passed))
    if db.session.scalar(sa.select(sa.exists().where(*silent))):
        with writing() as session:
            session.execute(
                sa.update(Invitation)
                .where(*silent)
                .values(state=InvitationState.NO_ANSWER)
                .execution_options(synchronize_session=False)
            )
    db.session.rollback()


def _mark_held(now: datetime) -> None:
    over = (Activity.state == ActivityState.PUBLISHED, Activity.ends_at <= now)
    if db.session.scalar(sa.select(sa.exists().where(*over))):
        with writing() as session:
            session.execute(
                sa.update(Activity)
                .where(*over)
                .values(state=ActivityState.HELD, version=Activity.version + 1)
                .execution_options(synchronize_session=False)
            )
    db.session.rollback()
