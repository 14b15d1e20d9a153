"""Sending a message again by hand: what is still true of it, as a new message with current facts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from outreach.delivery.recheck import judge as recheck
from outreach.delivery.rows import batch as batch_rows
from outreach.delivery.rows.batch import MessageRow, SharedRows
from outreach.domain.kinds import IMPORTANCE
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.problems import Problem
from outreach.domain.reminders import local_day
from outreach.domain.states import FINISHED, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import Invitation, Message, MessageLine, Organisation, Person, Reminder, User
from outreach.services import audit
from outreach.services.locking import present_for_change
from outreach.services.polls import mail as poll_mails
from outreach.transactions import writing


class MessageMissing(Problem):
    message = "This message does not exist."


RESEND = "resend"  # the key of reminders for messages sent again


class StillUnderWay(Problem):
    message = "This message is still under way. Wait until it is sent or has failed."


class NothingToResend(Problem):
    message = "Sending it again would not be right: %(reason)s"


class NoAddress(Problem):
    message = "No e-mail address is known for %(name)s. Add one to their record, or call them."


def resend(message_id: int, *, by: User | None, now: datetime) -> Message:
    """Write a new message that repeats an old one with current facts; the next tick sends it.

    Raise MessageMissing, StillUnderWay, NoAddress, or NothingToResend if nothing of it is true any more; nothing is
    changed then.
    """
    with writing() as session:
        _lock(session, [message_id])
        return _resend(session, _facts(session, [message_id]), message_id, by, now)


def _lock(session: Session, message_ids: Collection[int]) -> None:
    """Lock the activities, then the messages. If the button is pressed twice at once, each message is sent again only once."""
    about = (
        sa.select(Invitation.activity_id)
        .join(MessageLine, MessageLine.invitation_id == Invitation.id)
        .where(MessageLine.message_id.in_(message_ids))
    )
    present_for_change(session, set(session.scalars(about)))
    messages = sa.select(Message.id).where(Message.id.in_(message_ids)).order_by(Message.id)
    session.execute(messages.with_for_update(key_share=True))


@dataclass(frozen=True)
class _Facts:
    """What is read once for all messages to send again. under_way: those whose repetition has not ended yet."""

    messages: Mapping[int, Message]
    rows: Mapping[int, MessageRow]
    shared: SharedRows
    under_way: Collection[int | None]


def _facts(session: Session, message_ids: Collection[int]) -> _Facts:
    rows = batch_rows.load(session, message_ids, skipped_too=True)
    again = sa.select(Message.resend_of_id).where(Message.resend_of_id.in_(message_ids), Message.state.not_in(FINISHED))
    return _Facts(
        {message.id: message for message in session.scalars(_with_lines().where(Message.id.in_(message_ids)))},
        {row.id: row for row in rows},
        batch_rows.load_shared(session, rows),
        set(session.scalars(again)),
    )


def _resend(session: Session, facts: _Facts, message_id: int, by: User | None, now: datetime) -> Message:
    old, lines = _to_repeat(session, facts, message_id, now)
    new = poll_mails.copied(session, old, now=now) if lines is None else _copied(session, old, lines, now)
    audit.record(session, by, "message.resent", new, now=now, name=_recipient(old).display_name, message=old.id)
    return new


def _to_repeat(
    session: Session, facts: _Facts, message_id: int, now: datetime
) -> tuple[Message, list[MessageLine] | None]:
    """Return the message and its lines that are still true; None for the lines of a date poll's message. It only reads.

    Raise what `resend` raises.
    """
    old = facts.messages.get(message_id)
    if old is None:
        raise MessageMissing()
    if old.state not in FINISHED or old.id in facts.under_way:
        raise StillUnderWay()
    if old.poll_invitee_id is not None:
        _check_poll(session, old, now)
        return old, None
    if old.user_id is not None:  # an old summary of news is never sent again
        raise NothingToResend(reason=SkipReason.TOO_LATE)
    lines = _still_true(session, facts, old, now)
    _check_address(old, lines)
    return old, lines


def preview_many(message_ids: Collection[int], *, now: datetime) -> dict[int, Problem | None]:
    """Return by message why it would not be sent again, or None if it would. It only reads."""
    session: Session = db.session()
    facts = _facts(session, message_ids)
    found: dict[int, Problem | None] = {}
    for message_id in message_ids:
        try:
            _to_repeat(session, facts, message_id, now)
        except Problem as problem:
            found[message_id] = problem
        else:
            found[message_id] = None
    return found


def resend_many(message_ids: Collection[int], *, by: User | None, now: datetime) -> int:
    """Send again those of these messages that are still true, with current facts. Return how many."""
    chosen = list(dict.fromkeys(message_ids))
    with writing() as session:
        _lock(session, chosen)
        facts = _facts(session, chosen)
        return sum(_refused(session, facts, message_id, by, now) is None for message_id in chosen)


def _refused(session: Session, facts: _Facts, message_id: int, by: User | None, now: datetime) -> Problem | None:
    """Send a message again; return why not, having changed nothing, or None if it is done."""
    try:
        with session.begin_nested():
            _resend(session, facts, message_id, by, now)
    except Problem as problem:
        return problem
    return None


def _recipient(message: Message) -> Person | Organisation:
    found = message.person or message.organisation
    assert found is not None
    return found


def _check_poll(session: Session, old: Message, now: datetime) -> None:
    untrue = poll_mails.untrue_because(session, old, now=now)
    if untrue is SkipReason.NO_ADDRESS:
        raise NoAddress(name=_recipient(old).display_name)
    if untrue is not None:
        raise NothingToResend(reason=untrue)


def _still_true(session: Session, facts: _Facts, old: Message, now: datetime) -> list[MessageLine]:
    row = facts.rows[old.id]
    known = recheck.earlier(
        session, [row], facts.shared, now=now
    )  # alone: the others of the list count as earlier ones
    if old.state in (MessageState.SENT, MessageState.UNKNOWN):
        known = recheck.with_told(known, [line.invitation_id for line in old.lines if not line.skipped])
    verdict = recheck.Judge(facts.shared, known, now).judge(row, resent=True)
    if not verdict.lines:
        raise NothingToResend(reason=verdict.reason)
    true = {line.id for line in verdict.lines}
    return [line for line in old.lines if line.id in true]


def _check_address(old: Message, lines: Collection[MessageLine]) -> None:
    if _recipient(old).email or any(line.invitation.representative_email for line in lines):
        return
    raise NoAddress(name=_recipient(old).display_name)


def _copied(session: Session, old: Message, lines: Collection[MessageLine], now: datetime) -> Message:
    first = min(lines, key=lambda line: IMPORTANCE.index(line.reminder.kind))
    new = Message(
        person_id=old.person_id,
        organisation_id=old.organisation_id,
        representative_of_id=old.representative_of_id,
        kind=first.reminder.kind,
        local_day=local_day(now, first.invitation.activity.zone),
        due_at=now,
        expires_at=max(recheck.line_useful_until(line.invitation.activity, line.reminder) for line in lines),
        resend_of_id=old.id,
    )
    session.add(new)
    activities = {line.invitation.activity_id for line in lines}
    used = session.execute(
        sa.select(Reminder.activity_id, sa.func.max(Reminder.occurrence))
        .where(Reminder.activity_id.in_(activities), Reminder.key == RESEND)
        .group_by(Reminder.activity_id)
    )
    taken = {row[0]: row[1] for row in used}
    for line in sorted(lines, key=lambda line: line.id):
        activity = line.invitation.activity
        taken[activity.id] = taken.get(activity.id, -1) + 1
        reminder = Reminder(
            activity_id=activity.id,
            key=RESEND,
            occurrence=taken[activity.id],
            kind=line.reminder.kind,
            audience=line.reminder.audience,
            invitation_id=line.invitation_id,
            text_key=line.reminder.text_key,
            due_at=now,
            state=ReminderState.EXPANDED,
            expanded_at=now,
            detail=line.reminder.detail,
        )
        session.add(
            MessageLine(
                message=new,
                reminder=reminder,
                invitation_id=line.invitation_id,
                to_representative=line.to_representative,
                sequence=activity.sequence,
            )
        )
    session.flush()
    return new


def loaded(session: Session, message_id: int) -> Message:
    """Return a message with its recipients and lines. Raise MessageMissing."""
    found: Message | None = session.scalar(_with_lines().where(Message.id == message_id))
    if found is None:
        raise MessageMissing()
    return found


def _with_lines() -> sa.Select[Any]:
    line = selectinload(Message.lines)
    return (
        sa.select(Message)
        .options(
            joinedload(Message.person),
            joinedload(Message.organisation),
            joinedload(Message.representative_of),
            line.joinedload(MessageLine.reminder),
            line.joinedload(MessageLine.invitation).joinedload(Invitation.activity),
        )
        .execution_options(populate_existing=True)
    )
