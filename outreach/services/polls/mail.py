"""The messages of date polls: write them into the outbox.

They have no lines. delivery/mail/kinds/poll.py checks whether they are still true when they are sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory import email_addresses
from outreach.domain.kinds import MailKind
from outreach.domain.mail.hours import poll_held_until
from outreach.domain.polls import waits_until
from outreach.domain.reminders.due import local_day
from outreach.models import DatePoll, Message, PollInvitee
from outreach.services import addresses, office_defaults
from outreach.services.reminders import audiences

InviteeKey = tuple[int | None, int | None]  # a person's id, or an organisation's


@dataclass(frozen=True)
class Mails:
    """Which invitees get the mail when: at once, next morning because they had a mail today, or not at all."""

    at_once: Sequence[PollInvitee]
    tomorrow: Sequence[PollInvitee]
    no_mail: Sequence[PollInvitee]  # no mail reaches them; they need a call
    morning: datetime | None  # when "tomorrow" is; None if nobody waits
    held_until: datetime | None = None  # when "at once" is, outside the office's hours for mails


def preview(session: Session, poll: DatePoll, invitees: Sequence[PollInvitee], *, now: datetime) -> Mails:
    """Return who would get a mail, and when. Two queries, or three if addresses are blocked."""
    blocked = addresses.among([invitee.invitee.email for invitee in invitees])
    reached = [
        invitee
        for invitee in invitees
        if invitee.invitee.email and email_addresses.key(invitee.invitee.email) not in blocked
    ]
    unreached = [invitee for invitee in invitees if invitee not in reached]
    later = waits_until(now, poll.closes_at, poll.zone)
    had = _had_a_mail(session, reached, local_day(now, poll.zone), poll.zone) if later > now else set()
    waiting = [invitee for invitee in reached if _invitee(invitee) in had]
    at_once = [invitee for invitee in reached if _invitee(invitee) not in had]
    held = poll_held_until(poll.closes_at, now, office_defaults.mail_hours(session)) if at_once else None
    return Mails(at_once, waiting, unreached, later if waiting else None, held)


def write(session: Session, poll: DatePoll, invitees: Sequence[PollInvitee], kind: MailKind, *, now: datetime) -> Mails:
    """Write a message for each invitee reached by mail into the outbox, in the caller's transaction. kind: POLL or REMINDER.

    An invitee who had a mail today gets it next morning, if that leaves enough time to answer (`waits_until`). It is
    never merged with another mail.
    """
    found = preview(session, poll, invitees, now=now)
    for due_at, group in ((found.held_until or now, found.at_once), (found.morning or now, found.tomorrow)):
        for invitee in group:
            session.add(Message(**values_of(poll, invitee, kind, due_at)))
            invitee.asked_at = invitee.asked_at or now
    session.flush()
    return found


def values_of(poll: DatePoll, one: PollInvitee, kind: MailKind, due_at: datetime) -> dict[str, Any]:
    """Return the values of a poll's message to this invitee, by column."""
    return {
        "person_id": one.person_id, "organisation_id": one.organisation_id, "poll_invitee_id": one.id, "kind": kind,
        "local_day": local_day(due_at, poll.zone), "due_at": due_at, "expires_at": poll.closes_at,
    }  # fmt: skip


def _had_a_mail(session: Session, invitees: Sequence[PollInvitee], day: date, zone: ZoneInfo) -> set[InviteeKey]:
    """Return which invitees had a mail that day or have one waiting that day; a poll's mail is not merged with it."""
    people = [invitee.person_id for invitee in invitees if invitee.person_id is not None]
    offices = [invitee.organisation_id for invitee in invitees if invitee.organisation_id is not None]
    todays = sa.and_(audiences.is_mail_of(day, zone, joinable=True), audiences.SENT_BY_ITSELF)
    rows = session.execute(audiences.those_with(todays, people, offices))
    return {(row[0], row[1]) for row in rows}


def _invitee(one: PollInvitee) -> InviteeKey:
    return one.person_id, one.organisation_id
