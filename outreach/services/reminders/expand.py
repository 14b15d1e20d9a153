"""Turn reminders into messages by set-based SQL: one mail for each recipient and day, with any number of lines.

Called inside the transaction of reminders/tick.py, which finds the reminders that are due. delivery/outbox/drain.py sends.
"""

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.delivery.recheck.moves_told import IN_DOUBT, NOTIFIED_AGAIN
from outreach.delivery.rows.leaving import former_holder_of, is_of
from outreach.domain.kinds import IMPORTANCE, Audience, MailKind
from outreach.domain.mail import hours as hours_for_mail
from outreach.domain.mail.hours import MailHours, start_before
from outreach.domain.mail.still_true import ACTING, SkipReason
from outreach.domain.reminders.due import ActivityTimes, local_day, put_off_to, useful_until
from outreach.domain.representation import TO_ASSISTANT
from outreach.domain.states import TO_SEND, InvitationState, MessageState
from outreach.models import ActingPerson, Activity, Invitation, Message, MessageLine, Reminder
from outreach.models.mails import IS_SCHEDULED, IS_TO_SEND
from outreach.services import office_defaults
from outreach.services.reminders import audiences
from outreach.transactions import insert_into

JOINS_EARLIER = (MailKind.REMINDER, MailKind.CERTIFICATE, MailKind.THANKS)


def times_of(activity: Activity) -> ActivityTimes:
    return ActivityTimes(activity.starts_at, activity.ends_at, activity.respond_by_at, activity.dateless)


def held_until(
    reminder: Reminder, activity: Activity, now: datetime, hours: MailHours | None, invited_at: datetime | None = None
) -> datetime | None:
    """Return until when a due reminder waits for the office's hours for mail; None: it is expanded at `now`.

    invited_at: of the recipient, if it is written already. Otherwise it goes to those who may answer at `now`, as somebody
    who is invited now.
    """
    return hours_for_mail.held_until(
        reminder.kind, reminder.audience, reminder.due_at, times_of(activity), now, hours,
        also_starts_at=start_before(reminder.detail, reminder.due_at), invited_at=invited_at or now,
    )  # fmt: skip


def expand(session: Session, reminder: Reminder, now: datetime) -> int:
    """Write the reminder's lines, and a message for each recipient without an open one that day; return the number of lines."""
    activity, goes_out_at = reminder.activity, max(reminder.due_at, now)
    _write_lines(session, reminder, goes_out_at)
    own = sa.and_(MessageLine.reminder_id == reminder.id, MessageLine.message_id.is_(None))
    recipients = (
        sa.select(MessageLine.id, Invitation).join(Invitation, MessageLine.invitation_id == Invitation.id).where(own)
    )
    zone, times = activity.zone, times_of(activity)
    planned = _planned_at(session, reminder, now)
    today = local_day(goes_out_at, zone)
    morning = put_off_to(reminder.kind, reminder.audience, reminder.due_at, times, zone, now)
    if morning is not None:
        waiting = audiences.had_a_mail(today, zone, MessageLine.to_representative)
        if reminder.kind is MailKind.INVITATION:  # a new invitation on the day of a withdrawal goes out at once
            waiting = sa.and_(waiting, ~audiences.was_called_off(today, zone))
        _open_messages(session, reminder, recipients.where(~waiting), today, planned, goes_out_at)
        _open_messages(session, reminder, recipients.where(waiting), today + timedelta(days=1), morning, goes_out_at)
    else:
        _open_messages(session, reminder, recipients, today, planned, goes_out_at)
    if reminder.kind in NOTIFIED_AGAIN and not is_of(reminder) and former_holder_of(reminder) is None:
        _take_over_older(session, reminder)
    if reminder.kind is MailKind.INVITATION:
        lines = sa.select(MessageLine.invitation_id).where(MessageLine.reminder_id == reminder.id)
        session.execute(
            sa.update(Invitation)
            .where(Invitation.state == InvitationState.PREPARED, Invitation.id.in_(lines))
            .values(state=InvitationState.INVITED, invited_at=now)
            .execution_options(synchronize_session=False)
        )
    return _count(session, reminder)


def _planned_at(session: Session, reminder: Reminder, now: datetime) -> datetime:
    """Return when a reminder's mails should have gone out: when it is due, or when the office's hours for mails began
    again.

    So a mail that waited for them does not count as late.
    """
    hours = office_defaults.mail_hours(session)
    opening = held_until(reminder, reminder.activity, reminder.due_at, hours)
    return opening if opening is not None and opening <= now else reminder.due_at


def join_todays(session: Session, now: datetime) -> int:
    """Add lines that are due later today to the mails that go out now, which saves a second mail that day.

    Return how many lines were added.
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
        _write_lines(session, reminder, reminder.due_at, only=audiences.invitee_has(going))
        recipients = (
            sa.select(MessageLine.id, Invitation)
            .join(Invitation, MessageLine.invitation_id == Invitation.id)
            .where(MessageLine.reminder_id == reminder.id, MessageLine.message_id.is_(None))
        )
        _open_messages(session, reminder, recipients, local_day(now, activity.zone), now, reminder.due_at)
        joined += _count(session, reminder) - before
    return joined


def gather_late(session: Session, now: datetime) -> int:
    """After a time without sending, merge a recipient's waiting mails into the newest; return how many mails were merged.

    A mail that was tried before is not merged: the server may have it already.
    """
    waiting = (
        IS_TO_SEND,
        Message.due_at <= now,
        Message.attempts == 0,
        Message.representative_of_id.is_(None),
        Message.resend_of_id.is_(None),
        Message.poll_invitee_id.is_(None),  # a poll's mail has no lines to move
        Message.kind.not_in((MailKind.MINUTES, MailKind.FOLLOW_UP, MailKind.PRIVACY)),  # nor have these
    )
    first, last, closed = session.execute(
        sa.select(
            sa.func.min(Message.local_day),
            sa.func.max(Message.local_day),
            sa.func.max(sa.case((Message.merge_key.is_(None), 1), else_=0)),
        ).where(*waiting)
    ).one()
    if first == last and not closed:
        return 0  # open mails of one day: the key allows one for each recipient, so a large backlog needs no grouping
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


def _write_lines(
    session: Session, reminder: Reminder, goes_out_at: datetime, *, only: sa.ColumnElement[bool] | None = None
) -> None:
    """Write a line for each invitee the reminder is for, and for their representatives."""
    chosen = audiences.invitations_in(
        reminder.activity, reminder.kind, reminder.audience, reminder.due_at, goes_out_at, reminder.invitation_id
    )
    if only is not None:
        chosen = chosen.where(only)
    named = (reminder.detail or {}).get("only")  # a reminder by hand
    if named is not None:
        chosen = chosen.where(Invitation.id.in_(named))
    if is_of(reminder) or reminder.kind in TO_ASSISTANT:
        _insert_lines(session, reminder, chosen, to_representative=True)
        return
    for to_representative in (False, True):
        read_by = audiences.read_by(reminder.kind, to_representative=to_representative)
        if read_by:
            _insert_lines(session, reminder, chosen.where(sa.or_(*read_by)), to_representative=to_representative)


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
    session: Session, reminder: Reminder, recipients: sa.Select[int, Invitation], day: date, due_at: datetime,
    goes_out_at: datetime,
) -> None:  # fmt: skip
    """Give each of these lines its recipient's open message of the day; make that message if there is none.

    goes_out_at: when the reminder does; all its recipients may answer then, as somebody who is invited at that moment.
    """
    former = former_holder_of(reminder)
    person_id: Any = Invitation.person_id if former is None else sa.literal(former).label("person_id")
    lines = recipients.with_only_columns(
        MessageLine.id, person_id, Invitation.organisation_id,
        _merge_key(session, reminder, day).label("merge_key"),
        sa.case((MessageLine.to_representative, Invitation.id)).label("representative_of_id"),
    ).subquery()  # fmt: skip
    times = times_of(reminder.activity)
    until = useful_until(reminder.kind, reminder.audience, reminder.due_at, times, invited_at=goes_out_at)
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
    # If a message is open already, this update locks it, so no worker leases it before its line is added.
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


def _take_over_older(session: Session, reminder: Reminder) -> None:
    """Move older unsent lines of the same kind and invitation into this reminder's messages.

    If an activity moves a second time while the first notice waits for a retry, one notice then tells both moves.
    Messages that may have arrived are not changed.
    """
    new = aliased(MessageLine)
    found = session.execute(
        sa.select(MessageLine.id, Message.id.label("old_id"), new.message_id.label("new_id"))
        .join(Reminder, MessageLine.reminder_id == Reminder.id)
        .join(Message, MessageLine.message_id == Message.id)
        .join(
            new,
            sa.and_(
                new.reminder_id == reminder.id,
                new.invitation_id == MessageLine.invitation_id,
                new.to_representative == MessageLine.to_representative,
            ),
        )
        .where(
            Reminder.activity_id == reminder.activity_id,
            Reminder.kind == reminder.kind,
            Reminder.id != reminder.id,
            Message.id != new.message_id,
            Message.state.in_(TO_SEND),
            Message.resend_of_id.is_(None),
            ~IN_DOUBT,
        )
        .with_for_update(of=Message, skip_locked=True)
    ).all()
    for row in found:
        session.execute(
            sa.update(MessageLine).where(MessageLine.id == row.id).values(message_id=row.new_id),
            execution_options={"synchronize_session": False},
        )
    emptied = {row.old_id for row in found}
    session.execute(
        sa.update(Message)
        .where(Message.id.in_(emptied), ~sa.exists().where(MessageLine.message_id == Message.id))
        .values(state=MessageState.SKIPPED, reason=SkipReason.JOINED, merge_key=None)
        .execution_options(synchronize_session=False)
    )


def _raise_importance(session: Session, reminder: Reminder, until: datetime, day: date) -> None:
    """Set each message's kind to that of its most important line, and `expires_at` to the latest of its lines."""
    joined = sa.select(MessageLine.message_id).where(MessageLine.reminder_id == reminder.id)
    # Only those that still take lines: earlier ones of a reminder may be in work, and locked.
    mine = (Message.id.in_(joined), Message.local_day == day, Message.merge_key.is_not(None))
    lesser = IMPORTANCE[IMPORTANCE.index(reminder.kind) + 1 :]
    for condition, values in (
        (Message.expires_at < until, {"expires_at": until}),
        (Message.kind.in_(lesser), {"kind": reminder.kind}),
    ):
        session.execute(
            sa.update(Message).where(*mine, condition).values(values).execution_options(synchronize_session=False)
        )


def _merge_key(session: Session, reminder: Reminder, day: date) -> sa.ColumnElement[str]:
    """Return the key of a mail: the recipient and the day. Lines with the same key share one mail.

    Who no longer acts gets a mail of their own: other mails go to whoever acts now. So does an adjutant or secretary.
    """
    if is_of(reminder):
        who = session.get(ActingPerson, reminder.detail[ACTING])
        reader = f"{who.email.lower()}:{who.name.lower()[:40]}" if who else str(reminder.id)
        return sa.literal("l") + sa.cast(Invitation.person_id, sa.String) + sa.literal(f":{reader}:{day.isoformat()}")
    if reminder.kind in TO_ASSISTANT:
        of_invitee = audiences.recipient_key(sa.false())
        return sa.literal("a") + of_invitee + sa.literal(f":{day.isoformat()}")
    former = former_holder_of(reminder)
    if former is not None:  # the same key as that person's other mails of the day
        return sa.literal(f"p{former}:{day.isoformat()}")
    return audiences.recipient_key(MessageLine.to_representative) + sa.literal(f":{day.isoformat()}")


def _count(session: Session, reminder: Reminder) -> int:
    return (
        session.scalar(
            sa.select(sa.func.count()).select_from(MessageLine).where(MessageLine.reminder_id == reminder.id)
        )
        or 0
    )
