"""The people whom an organisation sends: within its quota, as invitations under its own.

Called inside a transaction that holds the activity's lock. Who may name them, and until when, is answering.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.problems import Problem
from outreach.domain.states import TAKES_A_SEAT, InvitationState
from outreach.models import Invitation, Person
from outreach.services import seats


class QuotaExceeded(Problem):
    message = (
        "You have %(quota)d seats, but named %(named)d people. Please take somebody off the list, or call %(contact)s."
    )


class NomineeUnnamed(Problem):
    message = "Please write a name for everyone you list, or empty the line."


class SeatsShort(Problem):
    message = "Only %(left)d seats are left in this activity. Please name fewer people, or call %(contact)s."


@dataclass(frozen=True)
class Nominee:
    name: str
    post: str = ""
    phone: str = ""  # E.164
    email: str = ""


def name(
    session: Session,
    invitation: Invitation,
    nominees: Sequence[Nominee],
    source: AnswerSource,
    *,
    contact: str,
    now: datetime,
) -> None:
    """Make these people the organisation's answer; an empty list leaves its answer open.

    Raise NomineeUnnamed, QuotaExceeded or SeatsShort, having changed nothing. contact: whom to call, for the sentence.
    """
    if any(not n.name.strip() for n in nominees):
        raise NomineeUnnamed
    if len(nominees) > (invitation.quota or 0):
        raise QuotaExceeded(quota=invitation.quota or 0, named=len(nominees), contact=contact)
    free = seats.left(session, invitation.activity)
    present = [n for n in invitation.nominees if n.state in TAKES_A_SEAT]
    if free is not None and len(nominees) - len(present) > free:
        raise SeatsShort(left=free + len(present), contact=contact)
    replace(session, invitation, nominees, source, now)
    if nominees:
        invitation.state = InvitationState.COMING
        stamp(invitation, source, now)
    elif invitation.state is InvitationState.COMING:
        invitation.state = InvitationState.INVITED
        invitation.answered_at = None


def replace(
    session: Session, invitation: Invitation, nominees: Sequence[Nominee], source: AnswerSource, now: datetime
) -> None:
    """Make the organisation's nominees these people: known ones are kept, new ones are added, others withdrawn."""
    present = {(n.person.name if n.person else "").casefold(): n for n in invitation.nominees}
    kept = set()
    for one in nominees:
        name = " ".join(one.name.split())
        found = present.get(name.casefold())
        if found is None:
            person = Person(name=name, organisation_id=invitation.organisation_id)
            session.add(person)
            session.flush()
            found = Invitation(
                activity_id=invitation.activity_id, person_id=person.id, role=Role.PARTICIPANT,
                nominated_under_id=invitation.id, invited_at=now, answered_at=now,
                answered_sequence=invitation.activity.sequence, answer_source=source,
            )  # fmt: skip
            session.add(found)
            found.person = person
            invitation.nominees.append(found)
        assert found.person is not None
        found.person.post, found.person.phone = one.post.strip(), one.phone.strip()
        found.person.email = one.email.strip()
        found.state = InvitationState.COMING
        kept.add(name.casefold())
    tokens.ensure_links(
        session,
        person_ids=[n.person_id for n in invitation.nominees if n.person_id],
        expires_at=invitation.activity.ends_at + tokens.lifetime(),
    )
    freed = False
    for key, nominee in present.items():
        if key not in kept and nominee.state is not InvitationState.WITHDRAWN:
            nominee.state = InvitationState.WITHDRAWN
            freed = True
    session.flush()
    if freed:
        seats.offer_freed(session, invitation.activity, now=now)


def stamp(invitation: Invitation, source: AnswerSource, now: datetime) -> None:
    """Note when and how an answer came, and to which state of the activity it was given."""
    invitation.answered_at = now
    invitation.answered_sequence = invitation.activity.sequence
    invitation.answer_source = source
    invitation.answer_recorded_by_id = None
    invitation.answer_note = ""
