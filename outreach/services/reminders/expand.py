"""Turning reminders into messages by set-based statements: one mail for a reader and day, however many lines it has.

Called inside reminding.tick's transaction. Which reminders are due is reminders/tick.py; sending is delivery/outbox/drain.py.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.recheck.moves_told import TOLD_ANEW
from outreach.domain.kinds import IMPORTANCE, Audience, MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.reminders import ActivityTimes, local_day, may_wait_until, next_morning, useful_until
from outreach.domain.states import TO_SEND, InvitationState, MessageState
from outreach.models import Activity, Invitation, Message, MessageLine, Reminder
from outreach.models.mails import IS_SCHEDULED, IS_TO_SEND
from outreach.services.reminders import gathering
from outreach.services.reminders.audiences import invitations_in
from outreach.transactions import insert_into

ONLY_TO_REPRESENTATIVE = frozenset({MailKind.REMINDER, MailKind.THANKS})
ALSO_TO_REPRESENTATIVE = frozenset({MailKind.CHANGE, MailKind.CANCELLATION})
JOINS_EARLIER = (MailKind.REMINDER, MailKind.THANKS)
GONE = frozenset({MessageState.SENT, MessageState.UNKNOWN, MessageState.LEASED, MessageState.HANDING_OVER})
REPRESENTED = sa.and_(Invitation.state == InvitationState.REPRESENTED, Invitation.representative_email != "")


def times_of(activity: Activity) -> ActivityTimes:
    return ActivityTimes(activity.starts_at, activity.ends_at, activity.respond_by_at)


def expand(session: Session, reminder: Reminder, now: datetime) -> int:
    """Write the reminder's lines, and a message for each reader who has none open for the day; return the lines' number."""
    activity = reminder.activity
    _write_lines(session, reminder)
    own = sa.and_(MessageLine.reminder_id == reminder.id, MessageLine.message_id.is_(None))
    readers = (
        sa.select(MessageLine.id, Invitation).join(Invitation, MessageLine.invitation_id == Invitation.id).where(own)
    )
    today = local_day(max(reminder.due_at, now), activity.zone)
    tomorrow = next_morning(max(reminder.due_at, now), activity.zone)
    latest = may_wait_until(reminder.kind, reminder.audience, reminder.due_at, times_of(activity))
    if latest is not None and tomorrow <= latest:
        waiting = _had_a_mail(today, activity.zone)
        _open_messages(session, reminder, readers.where(~waiting), today, reminder.due_at)
        _open_messages(session, reminder, readers.where(waiting), today + timedelta(days=1), tomorrow)
    else:
        _open_messages(session, reminder, readers, today, reminder.due_at)
    if reminder.kind in TOLD_ANEW:
        gathering.draw_in_older(session, reminder)
    written = session.scalar(
        sa.select(sa.func.count()).select_from(MessageLine).where(MessageLine.reminder_id == reminder.id)
    )
    if reminder.kind is MailKind.INVITATION:
        lines = sa.select(MessageLine.invitation_id).where(MessageLine.reminder_id == reminder.id)
        session.execute(
            sa.update(Invitation)
            .where(Invitation.state == InvitationState.PREPARED, Invitation.id.in_(lines))
            .values(state=InvitationState.INVITED, invited_at=now)
            .execution_options(synchronize_session=False)
        )
    return written or 0


def join_todays(session: Session, now: datetime) -> int:
    """Let what is due later on a day stand in the mails that go out now, so that no second one is needed that day.

    Return how many lines joined.
    """
    going = sa.and_(
        IS_TO_SEND, Message.state == MessageState.DUE, Message.merge_key.is_not(None), Message.due_at <= now
    )
    joined = 0
    later = session.scalars(
        sa.select(Reminder).where(
            IS_SCHEDULED,
            Reminder.kind.in_(JOINS_EARLIER),
            Reminder.audience != Audience.ONE,
            Reminder.due_at > now,
            Reminder.due_at <= now + timedelta(days=1),
        )
    ).all()
    for reminder in later:
        activity = reminder.activity
        if local_day(reminder.due_at, activity.zone) != local_day(now, activity.zone):
            continue
        before = _count(session, reminder)
        _write_lines(session, reminder, only=_reader_has(going))
        readers = (
            sa.select(MessageLine.id, Invitation)
            .join(Invitation, MessageLine.invitation_id == Invitation.id)
            .where(MessageLine.reminder_id == reminder.id, MessageLine.message_id.is_(None))
        )
        _open_messages(session, reminder, readers, local_day(now, activity.zone), now)
        joined += _count(session, reminder) - before
    return joined


def gather_late(session: Session, now: datetime) -> int:
    """Where nothing could be sent for a while, put a reader's waiting mails into the newest one; return how many joined it.

    A mail that was tried before stays as it is: the server may have it.
    """
    waiting = (
        IS_TO_SEND,
        Message.due_at <= now,
        Message.attempts == 0,
        Message.representative_of_id.is_(None),
        Message.resend_of_id.is_(None),
        Message.poll_invitee_id.is_(None),  # what it asks stands in no line that could be moved
    )
    first, last, closed = session.execute(
        sa.select(
            sa.func.min(Message.local_day),
            sa.func.max(Message.local_day),
            sa.func.max(sa.case((Message.merge_key.is_(None), 1), else_=0)),
        ).where(*waiting)
    ).one()
    if first == last and not closed:
        return 0  # one day's open mails: each reader has one, by its key; so a large day's backlog is not grouped each time
    several = (
        sa.select(Message.person_id, Message.organisation_id)
        .where(*waiting)
        .group_by(Message.person_id, Message.organisation_id)
        .having(sa.func.count() > 1)
    )
    joined = 0
    for person_id, organisation_id in session.execute(several).all():
        messages = session.scalars(
            sa.select(Message)
            .where(
                *waiting, Message.person_id == person_id if person_id else Message.organisation_id == organisation_id
            )
            .order_by(Message.due_at, Message.id)
            .with_for_update(skip_locked=True)
        ).all()
        if len(messages) < 2:
            continue
        *older, newest = messages
        ids = [message.id for message in older]
        session.execute(sa.update(MessageLine).where(MessageLine.message_id.in_(ids)).values(message_id=newest.id))
        for message in older:
            message.state, message.reason, message.merge_key = MessageState.SKIPPED, SkipReason.JOINED, None
            newest.expires_at = max(newest.expires_at, message.expires_at)
            newest.kind = min(newest.kind, message.kind, key=IMPORTANCE.index)
        joined += len(ids)
    return joined


def _write_lines(session: Session, reminder: Reminder, *, only: sa.ColumnElement[bool] | None = None) -> None:
    """Write a line for each invitee the reminder is for, and for those who come in their place."""
    chosen = invitations_in(
        reminder.activity, reminder.kind, reminder.audience, reminder.due_at, reminder.invitation_id
    )
    if only is not None:
        chosen = chosen.where(only)
    to_invitee = chosen
    if reminder.kind in ONLY_TO_REPRESENTATIVE and reminder.audience is not Audience.UNANSWERED:
        to_invitee = chosen.where(~REPRESENTED)
    _insert_lines(session, reminder, to_invitee, to_representative=False)
    if reminder.kind in ONLY_TO_REPRESENTATIVE | ALSO_TO_REPRESENTATIVE:
        _insert_lines(session, reminder, chosen.where(REPRESENTED), to_representative=True)


def _insert_lines(session: Session, reminder: Reminder, chosen: sa.Select[int], *, to_representative: bool) -> None:
    rows = chosen.add_columns(
        sa.literal(reminder.id), sa.literal(reminder.activity.sequence), sa.literal(""), sa.literal(to_representative)
    )
    session.execute(
        insert_into(session, MessageLine)
        .from_select(["invitation_id", "reminder_id", "sequence", "skipped", "to_representative"], rows)
        .on_conflict_do_nothing(index_elements=["reminder_id", "invitation_id", "to_representative"])
    )


def _open_messages(
    session: Session, reminder: Reminder, readers: sa.Select[int, Invitation], day: date, due_at: datetime
) -> None:
    """Give each of these lines the message that its reader has open for the day, made where there is none."""
    lines = readers.with_only_columns(
        MessageLine.id, Invitation.person_id, Invitation.organisation_id, _merge_key(day).label("merge_key"),
        sa.case((MessageLine.to_representative, Invitation.id)).label("representative_of_id"),
    ).subquery()  # fmt: skip
    until = useful_until(reminder.kind, reminder.audience, reminder.due_at, times_of(reminder.activity))
    values: dict[str, Any] = {
        "kind": reminder.kind, "local_day": day, "due_at": due_at, "expires_at": until, "state": MessageState.DUE,
        "reason": "", "rfc_message_id": "", "address": "", "subject": "", "worker": "", "server_reply": "",
        "fence": 0, "attempts": 0,
    }  # fmt: skip
    columns = Message.__table__.c
    wanted = sa.select(
        lines.c.person_id, lines.c.organisation_id, lines.c.merge_key, sa.func.min(lines.c.representative_of_id),
        *(sa.literal(value, columns[name].type) for name, value in values.items()),
    ).where(sa.true()).group_by(lines.c.person_id, lines.c.organisation_id, lines.c.merge_key)  # fmt: skip
    opened = insert_into(session, Message).from_select(
        ["person_id", "organisation_id", "merge_key", "representative_of_id", *values], wanted
    )
    # Where a message is open already, the update that changes nothing locks it: no worker claims it before its line joins.
    session.execute(
        opened.on_conflict_do_update(
            index_elements=["merge_key"],
            set_={
                "merge_key": opened.excluded.merge_key,
                "due_at": sa.case(
                    (Message.due_at > opened.excluded.due_at, opened.excluded.due_at), else_=Message.due_at
                ),
            },
        )
    )
    of_line = sa.select(lines.c.id, Message.id.label("message_id")).join(
        Message, Message.merge_key == lines.c.merge_key
    )
    found = of_line.cte("found")
    session.execute(
        sa.update(MessageLine)
        .where(MessageLine.id.in_(sa.select(found.c.id)))
        .values(message_id=sa.select(found.c.message_id).where(found.c.id == MessageLine.id).scalar_subquery())
        .execution_options(synchronize_session=False)
    )
    _raise_importance(session, reminder, until, day)


def _raise_importance(session: Session, reminder: Reminder, until: datetime, day: date) -> None:
    """A message that gained this line is known by its most important line, and is useful as long as any of them."""
    joined = sa.select(MessageLine.message_id).where(MessageLine.reminder_id == reminder.id)
    mine = (Message.id.in_(joined), Message.local_day == day)
    lesser = IMPORTANCE[IMPORTANCE.index(reminder.kind) + 1 :]
    for condition, values in (
        (Message.expires_at < until, {"expires_at": until}),
        (Message.kind.in_(lesser), {"kind": reminder.kind}),
    ):
        session.execute(
            sa.update(Message).where(*mine, condition).values(values).execution_options(synchronize_session=False)
        )


def _merge_key(day: date) -> sa.ColumnElement[str]:
    """Return what makes lines one mail: the reader (invitee, office, or representative by address) and the day."""
    person, organisation = (sa.cast(column, sa.String) for column in (Invitation.person_id, Invitation.organisation_id))
    reader = sa.case(
        (
            MessageLine.to_representative,
            sa.literal("r")
            + person
            + sa.literal(":")
            + sa.func.lower(Invitation.representative_email)
            + sa.literal(":")
            + sa.func.substr(sa.func.lower(Invitation.representative_name), 1, 40),
        ),
        (Invitation.person_id.is_not(None), sa.literal("p") + person),
        else_=sa.literal("o") + organisation,
    )
    return reader + sa.literal(f":{day.isoformat()}")


def _had_a_mail(day: date, zone: ZoneInfo) -> sa.ColumnElement[bool]:
    """Whether the line's reader has had a mail on the day, or one is just going out."""
    midnight = datetime.combine(day, time(), tzinfo=zone)
    return sa.and_(
        ~MessageLine.to_representative,
        _reader_has(
            sa.or_(
                sa.and_(Message.local_day == day, Message.merge_key.is_(None), Message.state.in_(GONE | TO_SEND)),
                sa.and_(Message.sent_at >= midnight, Message.sent_at < midnight + timedelta(days=1)),
            )
        ),
    )


def _reader_has(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether the invitee has a message of their own that meets the condition; looked up by the invitee's index."""
    own = sa.and_(Message.representative_of_id.is_(None), condition)
    return sa.or_(
        sa.exists().where(Message.person_id == Invitation.person_id, own),
        sa.exists().where(Message.organisation_id == Invitation.organisation_id, own),
    )


def _count(session: Session, reminder: Reminder) -> int:
    return (
        session.scalar(
            sa.select(sa.func.count()).select_from(MessageLine).where(MessageLine.reminder_id == reminder.id)
        )
        or 0
    )
