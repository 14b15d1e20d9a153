"""The invitees of a date poll, and its course: open it, send one reminder, close and reopen it.

Answers are in polls/answer.py; polls/decide.py turns a slot into the activity.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.delivery import tokens
from outreach.domain import polls
from outreach.domain.kinds import MailKind, Role
from outreach.domain.polls import is_open
from outreach.domain.problems import Problem
from outreach.domain.reminders.due import local_day
from outreach.domain.states import PollState
from outreach.extensions import db
from outreach.models import DatePoll, Organisation, Person, PollInvitee, User
from outreach.services import audit
from outreach.services.invitations.checks import NobodyChosen, QuotaNotPositive
from outreach.services.polls import mail as poll_mails
from outreach.services.polls.edit import poll_for_change
from outreach.services.polls.mail import Mails
from outreach.transactions import writing

MOST_ASKED = 300


class NobodyAsked(Problem):
    message = "Nobody is asked yet. Choose at least one person or organisation, then open the poll."


class TooManyAsked(Problem):
    message = "A date poll can ask at most %(most)d people and organisations: with more, hardly any date suits all."


class PollAlreadyOpen(Problem):
    message = "“%(title)s” has been opened already."


class PollNotOpen(Problem):
    message = "This poll is not open, so there is nothing to close."


class PollOver(Problem):
    message = "This poll is closed or decided. Reopen it first if you still want to ask somebody."


class NotReopenable(Problem):
    message = "Only a closed poll can be reopened. Once a date is chosen, move the activity instead."


class AllTimesPassed(Problem):
    message = "All proposed times have passed, so there is nothing left to ask. Make a new date poll with later times."


class NotAsked(Problem):
    message = "They are not asked in this poll any more."


def add_people(
    poll_id: int, person_ids: Collection[int], role: Role, *, needed: bool, by: User | None, now: datetime
) -> int:
    """Add people to the poll, to be invited in this role later; return how many are new. Existing invitees are not changed.

    If the poll is open, the new ones get a mail. Raise NobodyChosen, PollOver or TooManyAsked.
    """
    if not person_ids:
        raise NobodyChosen
    with writing() as session:
        poll = _growing(session, poll_id)
        known = set(session.scalars(sa.select(Person.id).where(Person.id.in_(person_ids), Person.erased_at.is_(None))))
        there = {invitee.person_id for invitee in poll.invitees}
        new = [PollInvitee(person_id=id, role=role, needed=needed) for id in sorted(known - there)]
        return _add(session, poll, new, by, now)


def add_organisations(poll_id: int, quotas: Mapping[int, int], *, needed: bool, by: User | None, now: datetime) -> int:
    """Add organisations, as add_people does. quotas: {id: seats}. Raise also QuotaNotPositive for less than one seat."""
    if not quotas:
        raise NobodyChosen
    if min(quotas.values()) < 1:
        raise QuotaNotPositive
    with writing() as session:
        poll = _growing(session, poll_id)
        known = set(session.scalars(sa.select(Organisation.id).where(Organisation.id.in_(quotas))))
        there = {invitee.organisation_id for invitee in poll.invitees}
        new = [
            PollInvitee(organisation_id=id, role=Role.PARTICIPANT, quota=quotas[id], needed=needed)
            for id in sorted(known - there)
        ]
        return _add(session, poll, new, by, now)


def set_needed(poll_id: int, invitee_id: int, needed: bool, *, by: User | None, now: datetime) -> None:
    """Set whether a slot suits only if this invitee can come; raise NotAsked."""
    with writing() as session:
        poll = poll_for_change(session, poll_id)
        invitee = invitee_of(poll, invitee_id)
        if invitee.needed is not needed:
            invitee.needed = needed
            note(session, by, "needed_set", invitee, now=now, needed=needed)


def remove(poll_id: int, invitee_id: int, *, by: User | None, now: datetime) -> None:
    """Remove an invitee and their answer; a mail that waits is not sent. Raise NotAsked or PollOver."""
    with writing() as session:
        poll = poll_for_change(session, poll_id)
        if poll.state is PollState.DECIDED:
            raise PollOver
        invitee = invitee_of(poll, invitee_id)
        note(session, by, "poll_left", invitee, now=now)
        session.delete(invitee)


def preview(poll_id: int, *, now: datetime) -> Mails:
    """Return who would get a mail, and when, if the poll were opened now."""
    session: Session = db.session()
    poll = session.get_one(DatePoll, poll_id)
    return poll_mails.preview(session, poll, _with_invitees(session, poll), now=now)


def reminder_of(poll: DatePoll, *, now: datetime) -> datetime | None:
    """Return when invitees without an answer would be reminded if the poll were opened now; None: not at all."""
    return polls.remind_at(poll.closes_at, poll.zone, now)


def open_poll(poll_id: int, *, by: User | None, now: datetime) -> Mails:
    """Ask all invitees; return who gets a mail and when. Raise PollAlreadyOpen, NobodyAsked, NoSlots or ClosesInThePast.

    Invitees without an answer are reminded once, at `remind_at`.
    """
    with writing() as session:
        poll = poll_for_change(session, poll_id)
        if poll.state is not PollState.DRAFT:
            raise PollAlreadyOpen(title=poll.title)
        if not poll.slots:
            raise polls.NoSlots
        if not poll.invitees:
            raise NobodyAsked
        polls.check_closing(poll.closes_at, [slot.starts_at for slot in poll.slots], now)
        poll.state, poll.asked_at = PollState.OPEN, now
        poll.remind_at = polls.remind_at(poll.closes_at, poll.zone, now)
        invitees = _with_invitees(session, poll)
        _make_links(session, poll, invitees)
        mails = poll_mails.write(session, poll, invitees, MailKind.POLL, now=now)
        audit.record(session, by, "date_poll.opened", poll, now=now, asked=len(invitees), slots=len(poll.slots))
    return mails


def close(poll_id: int, *, by: User | None, now: datetime) -> DatePoll:
    """Accept no more answers; raise PollNotOpen."""
    with writing() as session:
        poll = poll_for_change(session, poll_id)
        if poll.state is not PollState.OPEN:
            raise PollNotOpen
        poll.state = PollState.CLOSED
        audit.record(session, by, "date_poll.closed", poll, now=now)
    return poll


def reopen(poll_id: int, closes_at: datetime, *, by: User | None, now: datetime) -> DatePoll:
    """Accept answers again until `closes_at`, with one more reminder.

    Invitees who never got a mail (added after the closing time, or without an address until now) are asked now.
    Raise NotReopenable, AllTimesPassed, or what check_closing raises.
    """
    with writing() as session:
        poll = poll_for_change(session, poll_id)
        if poll.state is not PollState.CLOSED and not (poll.state is PollState.OPEN and now >= poll.closes_at):
            raise NotReopenable
        ahead = [slot.starts_at for slot in poll.slots if slot.starts_at > now]
        if not ahead:
            raise AllTimesPassed
        polls.check_closing(closes_at, ahead, now)
        poll.state, poll.closes_at, poll.reminded_at = PollState.OPEN, closes_at, None
        poll.remind_at = polls.remind_at(closes_at, poll.zone, now)
        invitees = _with_invitees(session, poll)
        _make_links(session, poll, invitees)
        unasked = [invitee for invitee in invitees if invitee.asked_at is None and invitee.answered_at is None]
        poll_mails.write(session, poll, unasked, MailKind.POLL, now=now)
        audit.record(session, by, "date_poll.opened_again", poll, now=now, closes_at=closes_at.isoformat())
    return poll


def tick(now: datetime) -> int:
    """Close polls whose time is over, and send the reminders that are due; return how many invitees are reminded.

    Each poll's reminder is a transaction of its own and sets `reminded_at`, so a second engine does nothing.
    """
    over = (DatePoll.state == PollState.OPEN, DatePoll.closes_at <= now)
    due = (
        DatePoll.state == PollState.OPEN,
        DatePoll.remind_at <= now,
        DatePoll.reminded_at.is_(None),
        DatePoll.closes_at > now,
    )
    ended = db.session.scalar(sa.select(sa.exists().where(*over)))
    ids = db.session.scalars(sa.select(DatePoll.id).where(*due).order_by(DatePoll.id)).all()
    db.session.rollback()
    if ended:
        with writing() as session:
            session.execute(
                sa.update(DatePoll)
                .where(*over)
                .values(state=PollState.CLOSED, version=DatePoll.version + 1)
                .execution_options(synchronize_session=False)
            )
    return sum(_remind(poll_id, now) for poll_id in ids)


def note(session: Session, by: User | None, verb: str, one: PollInvitee, *, now: datetime, **detail: Any) -> None:
    """Record in the audit log what was done to an invitee, under the invitee's own name, so that erasing finds the entry."""
    invitee = one.invitee
    audit.record(session, by, f"{invitee.__tablename__}.{verb}", invitee, now=now, poll=one.poll.title, **detail)


def invitee_of(poll: DatePoll, invitee_id: int) -> PollInvitee:
    """Return one of the poll's invitees; raise NotAsked."""
    found = next((invitee for invitee in poll.invitees if invitee.id == invitee_id), None)
    if found is None:
        raise NotAsked
    return found


def _remind(poll_id: int, now: datetime) -> int:
    with writing() as session:
        poll = poll_for_change(session, poll_id)
        if not is_open(poll.state, poll.closes_at, now) or poll.reminded_at is not None:
            return 0
        poll.reminded_at = now
        silent = [invitee for invitee in _with_invitees(session, poll) if _may_be_reminded(invitee, poll, now)]
        mails = poll_mails.write(session, poll, silent, MailKind.REMINDER, now=now)
        return len(mails.at_once) + len(mails.tomorrow)


def _may_be_reminded(one: PollInvitee, poll: DatePoll, now: datetime) -> bool:
    """Return whether the invitee was asked on an earlier day, has not answered, and has not stopped reminders."""
    if one.asked_at is None or one.answered_at is not None or one.invitee.reminders_stopped_at is not None:
        return False
    return local_day(one.asked_at, poll.zone) < local_day(now, poll.zone)


def _growing(session: Session, poll_id: int) -> DatePoll:
    poll = poll_for_change(session, poll_id)
    if poll.state not in (PollState.DRAFT, PollState.OPEN):
        raise PollOver
    return poll


def _add(session: Session, poll: DatePoll, new: Sequence[PollInvitee], by: User | None, now: datetime) -> int:
    if len(poll.invitees) + len(new) > MOST_ASKED:
        raise TooManyAsked(most=MOST_ASKED)
    if not new:
        return 0
    poll.invitees.extend(new)
    session.flush()
    if is_open(poll.state, poll.closes_at, now):
        _make_links(session, poll, new)
        poll_mails.write(session, poll, new, MailKind.POLL, now=now)
    audit.record(session, by, "date_poll.asked", poll, now=now, new=len(new))
    return len(new)


def _with_invitees(session: Session, poll: DatePoll) -> Sequence[PollInvitee]:
    return session.scalars(
        sa.select(PollInvitee)
        .where(PollInvitee.poll_id == poll.id)
        .options(joinedload(PollInvitee.person), joinedload(PollInvitee.organisation))
        .order_by(PollInvitee.id)
    ).all()


def _make_links(session: Session, poll: DatePoll, invitees: Sequence[PollInvitee]) -> None:
    last = max(slot.ends_at for slot in poll.slots)
    tokens.ensure_links(
        session,
        person_ids=[invitee.person_id for invitee in invitees if invitee.person_id is not None],
        organisation_ids=[invitee.organisation_id for invitee in invitees if invitee.organisation_id is not None],
        expires_at=last + tokens.lifetime(),
    )
