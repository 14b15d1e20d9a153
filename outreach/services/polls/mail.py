"""The messages of date polls: writing them into the outbox, sending one again, and what the message log says of them.

They have no lines. What is still true of them when they are sent is delivery/mail/poll.py.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.mail import poll as poll_mail
from outreach.delivery.rows import message_rows
from outreach.domain.directory import email_addresses
from outreach.domain.kinds import MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.polls import waits_until
from outreach.domain.reminders import local_day
from outreach.extensions import db
from outreach.models import ArchivedMessage, DatePoll, Message, PollInvitee
from outreach.services import addresses
from outreach.services.reminders.audiences import is_mail_of

Holder = tuple[int | None, int | None]  # a person's id, or an organisation's


@dataclass(frozen=True)
class Mails:
    """Who of those asked gets the mail when: at once, next morning because they have had one today, or not at all."""

    at_once: Sequence[PollInvitee]
    tomorrow: Sequence[PollInvitee]
    no_mail: Sequence[PollInvitee]  # whom none reaches: they are to be called
    morning: datetime | None  # when "tomorrow" is; None where nobody waits


def preview(session: Session, poll: DatePoll, invitees: Sequence[PollInvitee], *, now: datetime) -> Mails:
    """Return who would be written to when. Two queries, or three where addresses are blocked."""
    blocked = addresses.among([one.invitee.email for one in invitees])
    reached = [one for one in invitees if one.invitee.email and email_addresses.key(one.invitee.email) not in blocked]
    unreached = [one for one in invitees if one not in reached]
    later = waits_until(now, poll.closes_at, poll.zone)
    had = _had_a_mail(session, reached, local_day(now, poll.zone), poll.zone) if later > now else set()
    waiting = [one for one in reached if _invitee(one) in had]
    at_once = [one for one in reached if _invitee(one) not in had]
    return Mails(at_once, waiting, unreached, later if waiting else None)


def write(session: Session, poll: DatePoll, invitees: Sequence[PollInvitee], kind: MailKind, *, now: datetime) -> Mails:
    """Put a message for each whom mail reaches into the outbox, in the caller's transaction. kind: POLL or REMINDER.

    A reader who has had a mail today gets it next morning, where that leaves a day to answer. It joins no other mail.
    """
    found = preview(session, poll, invitees, now=now)
    for due_at, group in ((now, found.at_once), (found.morning or now, found.tomorrow)):
        for one in group:
            session.add(_message(poll, one, kind, due_at))
            one.asked_at = one.asked_at or now
    session.flush()
    return found


def untrue_because(session: Session, old: Message, *, now: datetime) -> SkipReason | None:
    """Return why sending a poll's message again would not be right, or None."""
    row = message_rows.load(session, [old.id])[0]
    one = poll_mail.asked(session, [row]).get(row.poll_invitee_id or 0)
    return poll_mail.untrue_because(one, row, message_rows.blocked_among(session, [row]), now=now)


def copied(session: Session, old: Message, *, now: datetime) -> Message:
    """Write the message that asks again by hand, in the caller's transaction."""
    one = session.get_one(PollInvitee, old.poll_invitee_id)
    new = _message(one.poll, one, old.kind, now)
    new.resend_of_id = old.id
    session.add(new)
    session.flush()
    return new


def of_messages(messages: Iterable[Message | ArchivedMessage]) -> dict[int, DatePoll]:
    """Return the polls that messages ask about, by the message's id; those of polls that are gone are left out."""
    asked = {one.id: one.poll_invitee_id for one in messages if one.poll_invitee_id is not None}
    if not asked:
        return {}
    rows = db.session.execute(
        sa.select(PollInvitee.id, DatePoll)
        .join(DatePoll, DatePoll.id == PollInvitee.poll_id)
        .where(PollInvitee.id.in_(asked.values()))
    )
    found = {row[0]: row[1] for row in rows}
    return {id_: found[invitee_id] for id_, invitee_id in asked.items() if invitee_id in found}


def latest(invitee_ids: Collection[int]) -> dict[int, Message]:
    """Return the newest message to each of these poll invitees, where there is one that is not archived. One query."""
    newest = (
        sa.select(sa.func.max(Message.id))
        .where(Message.poll_invitee_id.in_(invitee_ids), Message.poll_invitee_id.is_not(None))
        .group_by(Message.poll_invitee_id)
    )
    found = db.session.scalars(sa.select(Message).where(Message.id.in_(newest)))
    return {one.poll_invitee_id: one for one in found if one.poll_invitee_id is not None}


def _message(poll: DatePoll, one: PollInvitee, kind: MailKind, due_at: datetime) -> Message:
    return Message(
        person_id=one.person_id,
        organisation_id=one.organisation_id,
        poll_invitee_id=one.id,
        kind=kind,
        local_day=local_day(due_at, poll.zone),
        due_at=due_at,
        expires_at=poll.closes_at,
    )


def _had_a_mail(session: Session, invitees: Sequence[PollInvitee], day: date, zone: ZoneInfo) -> set[Holder]:
    """Return which of these have had a mail on the day, or have one that is about to go out: a poll's mail joins none."""
    people = [one.person_id for one in invitees if one.person_id is not None]
    offices = [one.organisation_id for one in invitees if one.organisation_id is not None]
    rows = session.execute(
        sa.select(Message.person_id, Message.organisation_id)
        .where(
            sa.or_(Message.person_id.in_(people), Message.organisation_id.in_(offices)),
            Message.representative_of_id.is_(None),
            is_mail_of(day, zone, joinable=True),
        )
        .distinct()
    )
    return {(row[0], row[1]) for row in rows}


def _invitee(one: PollInvitee) -> Holder:
    return one.person_id, one.organisation_id
