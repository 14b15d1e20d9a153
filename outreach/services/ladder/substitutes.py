"""Swap somebody on stage for a substitute, all at once: withdraw, invite, agenda, letter. Only a person decides that.

queries/ladder/substitutes.py proposes who could come instead.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from outreach.domain.kinds import ON_STAGE, Audience, LetterKind, MailKind, Role
from outreach.domain.letters.values import CHANGEABLE
from outreach.domain.problems import Problem
from outreach.domain.reminders.audiences import NOT_EXPECTED
from outreach.domain.states import ActivityState, InvitationState, LetterState
from outreach.models import Activity, Invitation, Letter, Person, User, letter_invitation
from outreach.services import audit
from outreach.services.invitations import add as new_invitations
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.invitations.checks import open_activities
from outreach.services.invitations.withdraw import AlreadyWithdrawn
from outreach.services.letters import facts, follow_up, make
from outreach.services.locking import invitation_for_change, lock_people
from outreach.services.planning import bookings
from outreach.services.planning import checks as plan_checks
from outreach.services.reminders.schedule import event_reminder
from outreach.transactions import writing

SUBSTITUTED = "invitation.substituted"  # about the one before; `substitute` is the new invitation's id
ASKED_INSTEAD = "invitation.asked_instead"  # about the substitute
INVITES = frozenset({LetterKind.INVITATION, LetterKind.SPEAKER_REQUEST})


class NotOnStage(Problem):
    message = "Only a speaker or a moderator can be swapped for somebody else."


class SubstituteGone(Problem):
    message = "This person is not in the address book any more. Choose somebody else."


class SubstituteInvited(Problem):
    message = "%(name)s is invited to this in the same role already. Choose somebody else."


@dataclass(frozen=True)
class Swapped:
    """invitation: the substitute's. letter: the draft for them, if the one before had a letter.

    cancellation: the draft that cancels the signed letter of the one before.
    """

    invitation: Invitation
    letter: Letter | None
    cancellation: Letter | None = None


def swap(invitation_id: int, person_id: int, *, by: User | None, now: datetime) -> Swapped:
    """Withdraw an invitation, and invite this person in its role and to its lines of the agenda. All or nothing.

    If the one before had a letter, a draft of the same kind is made; their own unsigned draft is given up, and a signed
    letter to them alone gets the draft of its cancellation. The others on stage get a mail.
    Raise AlreadyWithdrawn, NotOnStage, SubstituteGone, SubstituteInvited, NoDateYet, ActivityOver, SpeakerTaken or PlanBlocked.
    """
    with writing() as session:
        former = invitation_for_change(session, invitation_id)
        session.refresh(former)
        substitute = _checked(session, former, person_id)
        [activity] = open_activities(session, [former.activity_id])
        planned = plan_checks.before(session, [activity.id])
        here = bookings.on_stage(session, [activity.id])
        lock_people(session, {person_id, *here})
        if former.role is Role.SPEAKER:
            _put_on_agenda(session, activity, former.person_id, substitute)
        earlier = letter_of(session, former.id)
        withdrawing.take_back(session, former, by=by, now=now)
        invited = new_invitations.add_people(session, [activity], [person_id], former.role, now=now)
        new_invitations.audited(session, [activity], invited, former.role, by, now)
        bookings.rebook_people(session, {person_id, *here}, locked=True)
        plan_checks.refuse_blocking(session, [activity.id], before=planned, now=now)
        new: Invitation = session.scalars(_in_role(former, person_id)).one()
        letter = _letter(session, earlier, former, new, by, now)
        for other in session.scalars(others_on_stage(former)).all():
            if other.id != new.id:
                event_reminder(
                    session, activity, MailKind.SUBSTITUTION, Audience.ONE, now=now, invitation=other,
                    detail={"former": former.id, "substitute": new.id},
                )  # fmt: skip
        audit.record(
            session, by, SUBSTITUTED, former, now=now, name=former.invitee.display_name, activity=activity.title,
            substitute=new.id,
        )  # fmt: skip
        audit.record(session, by, ASKED_INSTEAD, new, now=now, name=substitute.display_name, activity=activity.title)
        cancellation = follow_up.cancellation_of(session, earlier) if earlier else None
    return Swapped(new, letter, cancellation)


def others_on_stage(former: Invitation) -> sa.Select[Any]:
    """Select the others who speak or moderate with somebody, and were told of the activity: they hear of a swap."""
    told = sa.true() if former.activity.state is ActivityState.PUBLISHED else sa.false()
    return (
        sa.select(Invitation)
        .where(
            told,
            Invitation.activity_id == former.activity_id,
            Invitation.id != former.id,
            Invitation.role.in_(sorted(ON_STAGE)),
            Invitation.state.not_in(sorted(NOT_EXPECTED)),
        )
        .order_by(Invitation.id)
    )


def letter_of(session: Session, invitation_id: int) -> Letter | None:
    """Return the latest letter that invites to this invitation and was not given up."""
    return session.scalar(
        sa.select(Letter)
        .join(letter_invitation, letter_invitation.c.letter_id == Letter.id)
        .where(
            letter_invitation.c.invitation_id == invitation_id,
            Letter.kind.in_(sorted(INVITES)),
            Letter.state != LetterState.CANCELLED,
        )
        .order_by(Letter.id.desc())
        .limit(1)
    )


def _checked(session: Session, former: Invitation, person_id: int) -> Person:
    if former.state is InvitationState.WITHDRAWN:
        raise AlreadyWithdrawn
    if former.role not in ON_STAGE or former.person_id is None:
        raise NotOnStage
    substitute = session.get(Person, person_id)
    if substitute is None or substitute.erased_at is not None:
        raise SubstituteGone
    found: Invitation | None = session.scalar(_in_role(former, person_id))
    if found is not None and found.state is not InvitationState.WITHDRAWN:
        raise SubstituteInvited(name=substitute.display_name)
    return substitute


def _in_role(former: Invitation, person_id: int) -> sa.Select[Any]:
    return sa.select(Invitation).where(
        Invitation.activity_id == former.activity_id,
        Invitation.person_id == person_id,
        Invitation.role == former.role,
    )


def _put_on_agenda(session: Session, activity: Activity, former_id: int | None, substitute: Person) -> None:
    for item in activity.agenda:
        if former_id in {speaker.id for speaker in item.speakers}:
            others = [speaker for speaker in item.speakers if speaker.id not in (former_id, substitute.id)]
            item.speakers = [*others, substitute]
            flag_modified(activity, "title")  # a change of the agenda raises the activity's version
    session.flush()


def _letter(
    session: Session, before: Letter | None, former: Invitation, new: Invitation, by: User | None, now: datetime
) -> Letter | None:
    if before is None:
        return None
    if before.state in CHANGEABLE and {one.id for one in before.invitations} == {former.id}:
        before.state = LetterState.CANCELLED
        audit.record(session, by, "letter.withdrawn", before, now=now)
    return make.add(session, before.kind, facts.invitations_of(session, [new.id]), by=by, now=now)
