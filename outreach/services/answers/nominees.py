"""The people that an organisation sends: nominees within its quota, stored as invitations under its own.

Called in a transaction that has locked the activity; any problem rolls it back. answers/answer.py decides who may
name them until when; answers/nominee_matching.py finds the person behind a name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.domain.directory import names
from outreach.domain.kinds import AnswerSource, Audience, MailKind, Role
from outreach.domain.problems import Problem
from outreach.domain.states import TAKES_A_SEAT, UNANSWERED, ActivityState, InvitationState
from outreach.models import Invitation, Person
from outreach.services.answers import nominee_matching as matching
from outreach.services.invitations import seats
from outreach.services.invitations.revisions import raise_for_invited, raise_for_withdrawn
from outreach.services.reminders.schedule import event_reminder

THEIR_OWN = TAKES_A_SEAT | {InvitationState.NOT_COMING}  # answers that an organisation cannot overrule


class QuotaExceeded(Problem):
    message = (
        "You have %(quota)d seats, but named %(named)d people. Please take somebody off the list, or call %(contact)s."
    )


class NomineeUnnamed(Problem):
    message = "Please write a name for everyone you list, or empty the line."


class NomineeNotAName(Problem):
    message = "“%(name)s” is not a person's name. Please write the name alone, without links or signs."


class NamedTwice(Problem):
    message = "%(name)s is on the list twice. If they are two people, please write their names in full."


class InvitedAlready(Problem):
    message = "%(name)s is invited to this activity already. You can give this seat to somebody else."


class SeatsShort(Problem):
    message = "Only %(left)d seats are left in this activity. Please name fewer people, or call %(contact)s."


@dataclass(frozen=True)
class Nominee:
    """A person that an organisation names. invitation_id: the row that was edited; None for a new row."""

    name: str
    post: str = ""
    phone: str = ""  # E.164
    email: str = ""
    invitation_id: int | None = None


def name(
    session: Session,
    invitation: Invitation,
    nominees: Sequence[Nominee],
    source: AnswerSource,
    *,
    contact: str,
    now: datetime,
    recorded_by: int | None = None,
) -> None:
    """Make these people the organisation's answer; an empty list leaves its answer open.

    Raise NomineeUnnamed, NomineeNotAName, NamedTwice, QuotaExceeded, InvitedAlready or SeatsShort.
    contact: who to call, for the message. recorded_by: the id of the staff member who records it.
    """
    nominees = _checked(nominees)
    if len(nominees) > (invitation.quota or 0):
        raise QuotaExceeded(quota=invitation.quota or 0, named=len(nominees), contact=contact)
    before = seats.left(session, invitation.activity)
    seated = _seated(invitation)
    _replace(session, invitation, nominees, source, now, recorded_by)
    after = seats.left(session, invitation.activity)
    if before is not None and after is not None and after < min(before, 0):
        raise SeatsShort(left=max(before + seated, 0), contact=contact)
    if nominees:
        invitation.state = InvitationState.COMING
        stamp(invitation, source, now, recorded_by)
    elif invitation.state is InvitationState.COMING:
        invitation.state = InvitationState.INVITED
        invitation.answered_at = None
    seats.offer_freed(session, invitation.activity, now=now)


def drop_all(session: Session, invitation: Invitation, now: datetime) -> None:
    """Withdraw all nominees of an organisation that sends nobody."""
    _withdraw(session, invitation, invitation.nominees, now)
    seats.offer_freed(session, invitation.activity, now=now)


def stamp(invitation: Invitation, source: AnswerSource, now: datetime, recorded_by: int | None = None) -> None:
    """Note when and how an answer came, and for which sequence of the activity. Whoever answered also counts as invited."""
    invitation.invited_at = invitation.invited_at or now
    invitation.answered_at = now
    invitation.answered_sequence = invitation.activity.sequence
    invitation.answer_source = source
    invitation.answer_recorded_by_id = recorded_by
    invitation.answer_note = ""


def _checked(nominees: Sequence[Nominee]) -> list[Nominee]:
    found = [replace(nominee, name=names.tidy(nominee.name), post=names.tidy(nominee.post)) for nominee in nominees]
    seen = set()
    for one in found:
        if not one.name:
            raise NomineeUnnamed
        if not names.is_name(one.name):
            raise NomineeNotAName(name=one.name)
        if matching.key(one.name) in seen:
            raise NamedTwice(name=one.name)
        seen.add(matching.key(one.name))
    return found


def _seated(invitation: Invitation) -> int:
    return sum(n.state in TAKES_A_SEAT for n in invitation.nominees)


def _replace(
    session: Session,
    invitation: Invitation,
    nominees: Sequence[Nominee],
    source: AnswerSource,
    now: datetime,
    recorded_by: int | None,
) -> None:
    """Make these people the organisation's nominees: keep those already named, add new ones, withdraw the others."""
    present = list(invitation.nominees)
    rows = matching.rows_of(present, nominees)
    reached = {n.person_id for n in present if n.person and n.person.email}
    people = _people(session, invitation, nominees, rows, by_staff=recorded_by is not None)
    _withdraw(session, invitation, [n for n in present if n not in rows], now)
    for person, row in zip(people, rows, strict=True):
        if row is None or row.state is InvitationState.WITHDRAWN:
            _add(session, invitation, person, source, now, recorded_by)
        elif person.id not in reached and row.state is InvitationState.COMING:
            _tell(session, row, now)
    tokens.ensure_links(
        session,
        person_ids=[person.id for person in people],
        expires_at=invitation.activity.ends_at + tokens.lifetime(),
    )
    session.flush()


def _people(
    session: Session,
    invitation: Invitation,
    nominees: Sequence[Nominee],
    rows: list[Invitation | None],
    *,
    by_staff: bool,
) -> list[Person]:
    """Return the person for each name, updated from the list; new people are created.

    A row whose name was changed to another known person is removed from `rows`: that person replaces the former one.
    """
    found = matching.known_people(session, invitation.organisation_id, nominees)
    for at, (nominee, row, known) in enumerate(zip(nominees, rows, found, strict=True)):
        renamed = row is not None and row.person and matching.key(row.person.name) != matching.key(nominee.name)
        if renamed and known is not None:
            rows[at] = None
        elif row is not None:
            found[at] = row.person
    own = matching.own(session, invitation.organisation_id, [person for person in found if person])
    people = []
    for nominee, row, known in zip(nominees, rows, found, strict=True):
        person = known or Person(name=nominee.name, organisation_id=invitation.organisation_id)
        may_correct = person.id in own or (by_staff and row is not None)
        _write(person, nominee, overwrite=may_correct)
        if row is not None and may_correct and nominee.invitation_id == row.id:
            person.name = nominee.name
        session.add(person)
        people.append(person)
    session.flush()
    return people


def _write(person: Person, one: Nominee, *, overwrite: bool) -> None:
    """Fill empty fields; overwrite filled ones only with `overwrite`. Never empty a field."""
    for field in ("post", "phone", "email"):
        said = getattr(one, field).strip()
        if said and (overwrite or not getattr(person, field)):
            setattr(person, field, said)


def _add(
    session: Session,
    invitation: Invitation,
    person: Person,
    source: AnswerSource,
    now: datetime,
    recorded_by: int | None,
) -> None:
    """Make somebody a nominee. If invited in another role too, they stay one guest: one seat, one answer, one mail."""
    there = session.scalars(
        sa.select(Invitation).where(Invitation.activity_id == invitation.activity_id, Invitation.person_id == person.id)
    ).all()
    other = [i for i in there if i.state is not InvitationState.WITHDRAWN]
    if any(i.role is Role.PARTICIPANT for i in other):
        raise InvitedAlready(name=person.full_name)
    nominee = next((i for i in there if i.role is Role.PARTICIPANT), None)
    nominee = nominee or Invitation(person=person, role=Role.PARTICIPANT, activity=invitation.activity)
    session.add(nominee)
    raise_for_invited(nominee, there)
    nominee.nominated_under = invitation
    said = next((i for i in other if i.state in THEIR_OWN), None)
    nominee.state = said.state if said else InvitationState.COMING
    for field in ("representative_name", "representative_post", "representative_phone", "representative_email"):
        setattr(nominee, field, getattr(said, field) if said else "")
    for same_person in other:
        if same_person.state in UNANSWERED or same_person.state is InvitationState.WAITLISTED:
            same_person.state, same_person.waitlisted_at = InvitationState.COMING, None
            stamp(same_person, source, now, recorded_by)
    nominee.invited_at = now
    stamp(nominee, source, now, recorded_by)
    session.flush()
    _tell(session, nominee, now)


def _tell(session: Session, nominee: Invitation, now: datetime) -> None:
    """Notify a nominee. Skip those without an address, or also invited in another role."""
    other = session.scalar(
        sa.select(Invitation.id)
        .where(
            Invitation.activity_id == nominee.activity_id,
            Invitation.person_id == nominee.person_id,
            Invitation.id != nominee.id,
            Invitation.state != InvitationState.WITHDRAWN,
        )
        .limit(1)
    )
    activity = nominee.activity
    if nominee.invitee.email and other is None and activity.state is ActivityState.PUBLISHED:
        event_reminder(
            session, activity, MailKind.INVITATION, Audience.ONE, now=now, invitation=nominee,
            text_key="invitation-nominee",
        )  # fmt: skip


def _withdraw(session: Session, invitation: Invitation, dropped: Sequence[Invitation], now: datetime) -> None:
    """Take nominees off the list and notify them, except those also invited in another role."""
    activity = invitation.activity
    dropped = [n for n in dropped if n.state is not InvitationState.WITHDRAWN]
    for nominee in dropped:
        nominee.state, nominee.waitlisted_at = InvitationState.WITHDRAWN, None
    session.flush()
    raise_for_withdrawn(session, dropped)
    still_invited = set(
        session.scalars(
            sa.select(Invitation.person_id).where(
                Invitation.activity_id == activity.id,
                Invitation.person_id.in_([n.person_id for n in dropped]),
                Invitation.state != InvitationState.WITHDRAWN,
            )
        )
    )
    for nominee in dropped:
        if nominee.person_id not in still_invited and activity.state is ActivityState.PUBLISHED:
            event_reminder(session, activity, MailKind.WITHDRAWAL, Audience.ONE, now=now, invitation=nominee)
