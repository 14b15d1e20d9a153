"""Sending a message again by hand: what is still true of it, as a new message with current facts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from outreach.delivery.mail import poll as poll_mail
from outreach.delivery.recheck import judge as recheck
from outreach.delivery.recheck.judge import Earlier
from outreach.delivery.rows import batch as batch_rows
from outreach.delivery.rows.batch import MessageRow, SharedRows
from outreach.domain.kinds import IMPORTANCE, MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.problems import Problem
from outreach.domain.reminders import local_day
from outreach.domain.states import FINISHED, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import Invitation, Message, MessageLine, Organisation, Person, PollInvitee, Reminder, User
from outreach.services import audit
from outreach.services.locking import present_for_change
from outreach.services.polls import mail as poll_mails
from outreach.transactions import writing


class MessageMissing(Problem):
    message = "This message does not exist."


RESEND = "resend"  # the key of reminders for messages sent again


class StillUnderWay(Problem):
    message = "This message is still under way. Wait until it is sent or has failed."


class SentFromElsewhere(Problem):
    message = "Mails about minutes and tasks are not sent again from here: they follow from the minutes and the tasks."


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
        [new_id] = _write(session, [_to_repeat(_facts(session, [message_id], now), message_id, now)], by, now)
        return session.get_one(Message, new_id)


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
    """What is read once for all messages to send again. under_way: those whose repetition has not ended yet.

    earlier: by message; the others of the list count as earlier ones. asked: the invitees of date polls, by their ids.
    """

    messages: Mapping[int, Message]
    rows: Mapping[int, MessageRow]
    shared: SharedRows
    earlier: Mapping[int, Earlier]
    asked: Mapping[int, PollInvitee]
    under_way: Collection[int | None]


@dataclass(frozen=True)
class _Repeated:
    """A message to send again. lines: those that are still true; poll_invitee: of a date poll's message, without lines."""

    old: Message
    lines: Sequence[MessageLine] = ()
    poll_invitee: PollInvitee | None = None

    @property
    def name(self) -> str:
        return _recipient(self.old).display_name


def _facts(session: Session, message_ids: Collection[int], now: datetime) -> _Facts:
    rows = batch_rows.load(session, message_ids, skipped_too=True)
    again = sa.select(Message.resend_of_id).where(Message.resend_of_id.in_(message_ids), Message.state.not_in(FINISHED))
    shared = batch_rows.load_shared(session, rows)
    return _Facts(
        {message.id: message for message in session.scalars(_with_lines().where(Message.id.in_(message_ids)))},
        {row.id: row for row in rows},
        shared,
        recheck.earlier_of_each(session, rows, shared, now=now),
        poll_mail.asked(session, rows),
        set(session.scalars(again)),
    )


def _to_repeat(facts: _Facts, message_id: int, now: datetime) -> _Repeated:
    """Return what is to be sent again. It reads nothing. Raise what `resend` raises."""
    old = facts.messages.get(message_id)
    if old is None:
        raise MessageMissing()
    if old.state not in FINISHED or old.id in facts.under_way:
        raise StillUnderWay()
    if old.poll_invitee_id is not None:
        return _Repeated(old, poll_invitee=_still_asked(facts, old, now))
    if old.kind in (MailKind.MINUTES, MailKind.FOLLOW_UP):
        raise SentFromElsewhere
    if old.user_id is not None:  # an old summary of news is never sent again
        raise NothingToResend(reason=SkipReason.TOO_LATE)
    lines = _still_true(facts, old, now)
    _check_address(old, lines)
    return _Repeated(old, lines)


def preview_many(message_ids: Collection[int], *, now: datetime) -> dict[int, Problem | None]:
    """Return by message why it would not be sent again, or None if it would. It only reads."""
    facts = _facts(db.session(), message_ids, now)
    found: dict[int, Problem | None] = {}
    for message_id in message_ids:
        try:
            _to_repeat(facts, message_id, now)
        except Problem as problem:
            found[message_id] = problem
        else:
            found[message_id] = None
    return found


def resend_many(message_ids: Collection[int], *, by: User | None, now: datetime) -> int:
    """Send again those of these messages that are still true, with current facts. Return how many.

    Nothing is read or written for each message alone.
    """
    chosen, repeated = list(dict.fromkeys(message_ids)), []
    with writing() as session:
        _lock(session, chosen)
        facts = _facts(session, chosen, now)
        for message_id in chosen:
            try:
                repeated.append(_to_repeat(facts, message_id, now))
            except Problem:
                continue  # it stays as it is; the page has said why
        return len(_write(session, repeated, by, now))


def _recipient(message: Message) -> Person | Organisation:
    found = message.person or message.organisation
    assert found is not None
    return found


def _still_asked(facts: _Facts, old: Message, now: datetime) -> PollInvitee:
    row = facts.rows[old.id]
    invitee = facts.asked.get(row.poll_invitee_id or 0)
    untrue = poll_mail.untrue_because(invitee, row, facts.shared.blocked, now=now)
    if untrue is SkipReason.NO_ADDRESS:
        raise NoAddress(name=_recipient(old).display_name)
    if untrue is not None or invitee is None:
        raise NothingToResend(reason=untrue)
    return invitee


def _still_true(facts: _Facts, old: Message, now: datetime) -> list[MessageLine]:
    row, known = facts.rows[old.id], facts.earlier[old.id]
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


def _write(session: Session, repeated: Sequence[_Repeated], by: User | None, now: datetime) -> list[int]:
    """Write the new messages, and their entries in the audit log, in a fixed number of statements. Return their ids."""
    if not repeated:
        return []
    session.execute(sa.insert(Message), [_message_again(one, now) for one in repeated])
    of_olds = Message.resend_of_id.in_([one.old.id for one in repeated])
    written = sa.select(Message.resend_of_id, Message.id).where(of_olds, Message.state == MessageState.DUE)
    new_ids = {row.resend_of_id: row.id for row in session.execute(written)}
    _write_lines(session, repeated, new_ids, now)
    entries = []
    for one in repeated:
        entry = audit.entry_of_many(by, "message.resent", Message, one.name, now=now, message=one.old.id)
        entry.subject_id = new_ids[one.old.id]
        entries.append(entry)
    session.bulk_save_objects(entries)
    return [new_ids[one.old.id] for one in repeated]


def _message_again(one: _Repeated, now: datetime) -> dict[str, Any]:
    """Return the values of the message that repeats this one."""
    again: dict[str, Any] = {"resend_of_id": one.old.id, "representative_of_id": one.old.representative_of_id}
    if one.poll_invitee is not None:
        return {**again, **poll_mails.values_of(one.poll_invitee.poll, one.poll_invitee, one.old.kind, now)}
    first = min(one.lines, key=lambda line: IMPORTANCE.index(line.reminder.kind))
    until = [
        recheck.line_useful_until(line.invitation.activity, line.reminder, line.invitation.invited_at)
        for line in one.lines
    ]
    return {
        **again, "person_id": one.old.person_id, "organisation_id": one.old.organisation_id, "poll_invitee_id": None,
        "kind": first.reminder.kind, "local_day": local_day(now, first.invitation.activity.zone), "due_at": now,
        "expires_at": max(until),
    }  # fmt: skip


def _write_lines(
    session: Session, repeated: Sequence[_Repeated], new_ids: Mapping[int | None, int], now: datetime
) -> None:
    """Write the lines of these new messages, each with a reminder of its own."""
    lines = [line for one in repeated for line in sorted(one.lines, key=lambda line: line.id)]
    if not lines:
        return
    activity_ids = {line.invitation.activity_id for line in lines}
    own = (Reminder.activity_id.in_(activity_ids), Reminder.key == RESEND)
    used = sa.select(Reminder.activity_id, sa.func.max(Reminder.occurrence)).where(*own)
    taken = {row[0]: row[1] for row in session.execute(used.group_by(Reminder.activity_id))}
    occurrences = {}
    for line in lines:
        activity_id = line.invitation.activity_id
        taken[activity_id] = occurrences[line.id] = taken.get(activity_id, -1) + 1
    session.execute(
        sa.insert(Reminder),
        [
            {
                "activity_id": line.invitation.activity_id, "key": RESEND, "occurrence": occurrences[line.id],
                "kind": line.reminder.kind, "audience": line.reminder.audience, "invitation_id": line.invitation_id,
                "text_key": line.reminder.text_key, "due_at": now, "state": ReminderState.EXPANDED,
                "expanded_at": now, "detail": line.reminder.detail,
            }
            for line in lines
        ],
    )  # fmt: skip
    written = sa.select(Reminder.activity_id, Reminder.occurrence, Reminder.id).where(*own, Reminder.due_at == now)
    ids = {(activity_id, occurrence): id_ for activity_id, occurrence, id_ in session.execute(written)}
    session.execute(
        sa.insert(MessageLine),
        [
            {
                "message_id": new_ids[line.message_id],
                "reminder_id": ids[line.invitation.activity_id, occurrences[line.id]],
                "invitation_id": line.invitation_id, "to_representative": line.to_representative,
                "sequence": line.invitation.activity.sequence,
            }
            for line in lines
        ],
    )  # fmt: skip


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
