"""Sending a message again by hand: what is still true of it, as a new message with current facts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from outreach.delivery.mail.kinds import follow_ups as follow_up_mail
from outreach.delivery.mail.kinds import minutes as minutes_mail
from outreach.delivery.mail.kinds import poll as poll_mail
from outreach.delivery.mail.kinds.minutes import ConcernedMail
from outreach.delivery.recheck import judge as recheck
from outreach.delivery.recheck.judge import Earlier
from outreach.delivery.rows import batch as batch_rows
from outreach.delivery.rows.batch import MessageRow, SharedRows
from outreach.domain.kinds import IMPORTANCE, MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.minutes.content import MinutesPurpose
from outreach.domain.problems import Problem
from outreach.domain.reminders.due import local_day
from outreach.domain.states import FINISHED, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import (
    FollowUpLine,
    Invitation,
    Message,
    MessageLine,
    MinutesMail,
    Organisation,
    Person,
    PollInvitee,
    Reminder,
    User,
)
from outreach.services import audit
from outreach.services.locking import present_for_change
from outreach.services.minutes import approval, remind
from outreach.services.minutes import send as minutes_sending
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
    minutes, tasks: what messages about minutes and reminders of tasks are about, by message.
    """

    messages: Mapping[int, Message]
    rows: Mapping[int, MessageRow]
    shared: SharedRows
    earlier: Mapping[int, Earlier]
    asked: Mapping[int, PollInvitee]
    minutes: Mapping[int, ConcernedMail]
    tasks: Mapping[int, follow_up_mail.Lines]
    under_way: Collection[int | None]


@dataclass(frozen=True)
class _Repeated:
    """A message to send again. lines: those that are still true. The others are of messages without lines: of a date poll,
    about minutes, or that remind of tasks.
    """

    old: Message
    lines: Sequence[MessageLine] = ()
    poll_invitee: PollInvitee | None = None
    minutes: ConcernedMail | None = None
    tasks: follow_up_mail.Lines = ()

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
        minutes_mail.concerned(session, rows),
        follow_up_mail.lines_of(session, rows),
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
    if old.kind is MailKind.PRIVACY:  # whoever asked can ask again
        raise NothingToResend(reason=SkipReason.REQUEST_DONE)
    if old.user_id is not None:  # an old summary of news, or of what a chair said, is never sent again
        raise NothingToResend(reason=SkipReason.TOO_LATE)
    if old.kind is MailKind.MINUTES:
        return _Repeated(old, minutes=_still_of_minutes(facts, old, now))
    if old.kind is MailKind.FOLLOW_UP:
        return _Repeated(old, tasks=_still_tasks(facts, old, now))
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
    if untrue is not None or invitee is None:
        raise _not_again(old, untrue)
    return invitee


def _still_of_minutes(facts: _Facts, old: Message, now: datetime) -> ConcernedMail:
    row, one = facts.rows[old.id], facts.minutes.get(old.id)
    if one is not None:
        row = row._replace(expires_at=_minutes_until(one, now))
    untrue = minutes_mail.untrue_because(one, row, facts.shared.blocked, now=now)
    if untrue is not None or one is None:
        raise _not_again(old, untrue)
    return one


def _still_tasks(facts: _Facts, old: Message, now: datetime) -> follow_up_mail.Lines:
    row = facts.rows[old.id]._replace(expires_at=now + remind.USEFUL_FOR)
    office = facts.shared.office
    lines, untrue = follow_up_mail.true_lines(facts.tasks.get(old.id, ()), row, facts.shared.blocked, office, now=now)
    if untrue is not None:
        raise _not_again(old, untrue)
    return lines


def _not_again(old: Message, reason: SkipReason | None) -> Problem:
    if reason is SkipReason.NO_ADDRESS:
        return NoAddress(name=_recipient(old).display_name)
    return NothingToResend(reason=reason)


def _minutes_until(one: ConcernedMail, now: datetime) -> datetime:
    if one.mail.purpose is MinutesPurpose.ASK:
        return approval.ask_useful_until(one.minutes, now)
    return now + minutes_sending.USEFUL_FOR


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
    _write_minutes_and_tasks(session, repeated, new_ids)
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
    again |= {"person_id": one.old.person_id, "organisation_id": one.old.organisation_id, "poll_invitee_id": None}
    if one.minutes is not None or one.tasks:
        activity = (one.minutes.minutes if one.minutes else one.tasks[0].follow_up.minutes).activity
        until_at = _minutes_until(one.minutes, now) if one.minutes else now + remind.USEFUL_FOR
        about = {"kind": one.old.kind, "local_day": local_day(now, activity.zone), "due_at": now}
        return {**again, **about, "expires_at": until_at}
    first = min(one.lines, key=lambda line: IMPORTANCE.index(line.reminder.kind))
    until = [
        recheck.line_useful_until(line.invitation.activity, line.reminder, line.invitation.invited_at)
        for line in one.lines
    ]
    return {
        **again, "kind": first.reminder.kind, "local_day": local_day(now, first.invitation.activity.zone), "due_at": now,
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


def _write_minutes_and_tasks(
    session: Session, repeated: Sequence[_Repeated], new_ids: Mapping[int | None, int]
) -> None:
    """Say what the new messages are about. Tasks move to the new message: each is told once for a day."""
    mails = [(new_ids[one.old.id], one.minutes.mail) for one in repeated if one.minutes is not None]
    if mails:
        session.execute(
            sa.insert(MinutesMail),
            [
                {
                    "message_id": id_, "minutes_id": mail.minutes_id, "number": mail.number, "purpose": mail.purpose,
                    "invitation_id": mail.invitation_id,
                }
                for id_, mail in mails
            ],
        )  # fmt: skip
    told = [{"id": line.id, "message_id": new_ids[one.old.id]} for one in repeated for line in one.tasks]
    if told:
        session.execute(sa.update(FollowUpLine), told)


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
