"""Answers that invitees gave to staff by phone, letter or in person, recorded for them. No deadline applies.

answers/answer.py holds answers that invitees give themselves; services/inbox/record_from_mail.py those in a mail.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState
from outreach.models import Invitation, StoredFile, User
from outreach.services import audit
from outreach.services.answers import evidence
from outreach.services.answers import nominees as nominees_of
from outreach.services.answers.answer import NotAnOrganisation, OrganisationsNominate, settle
from outreach.services.answers.before import remember_recorded, state_of
from outreach.services.answers.evidence import Evidence
from outreach.services.answers.nominees import Nominee
from outreach.services.invitations import given_answers
from outreach.services.locking import activities_for_change, invitation_for_change
from outreach.services.office_defaults import contact
from outreach.services.representation import notices
from outreach.transactions import writing

Then = Callable[[Session, Invitation], None]  # what else belongs to the same transaction
RECORDED = (ActivityState.PUBLISHED, ActivityState.HELD)


class NotRecordable(Problem):
    message = "An answer can be recorded only for a published activity and an invitation that stands."


def nominate_for(
    invitation_id: int,
    nominees: Sequence[Nominee],
    *,
    by: User | None,
    now: datetime,
    source: AnswerSource = AnswerSource.PHONE,
    in_mail: int | None = None,
    then: Then | None = None,
    shown_by: Evidence | None = None,
) -> Invitation:
    """Record the people that an organisation named to staff. The quota applies, the deadline does not.

    in_mail: the id of the mail that named them, for the audit log. then: called at the end, in the same transaction.
    shown_by: a checked file that shows it (answers/evidence.py).
    """
    with writing() as session:
        invitation = invitation_for_change(session, invitation_id)
        if invitation.organisation_id is None:
            raise NotAnOrganisation
        check_recordable(invitation)
        before = state_of([invitation], now)
        nominees_of.name(
            session, invitation, nominees, source, contact=contact(session, invitation.activity.programme), now=now,
            recorded_by=by.id if by else None,
        )  # fmt: skip
        given_answers.keep(session, [invitation], source, now, recorded_by=by.id if by else None, in_mail=in_mail)
        shown = evidence.keep(session, shown_by, by=by, now=now) if shown_by else None
        evidence.attach(session, invitation, shown, now)
        audit.record(
            session, by, "invitation.nominees_recorded", invitation, now=now, name=invitation.invitee.display_name,
            named=len(nominees), activity=invitation.activity.title, **_shown(shown), **_in_mail(in_mail),
        )  # fmt: skip
        remember_recorded(session, invitation, before, state_of([invitation], now))
        if then:
            then(session, invitation)
    return invitation


def record_answer(
    invitation_id: int,
    choice: Choice,
    source: AnswerSource,
    representative: Representative | None = None,
    note: str = "",
    *,
    by: User | None,
    now: datetime,
    in_mail: int | None = None,
    then: Then | None = None,
    shown_by: Evidence | None = None,
) -> Invitation:
    """Record an answer that an invitee gave by phone, WhatsApp, letter or in person. The deadline does not apply.

    in_mail, then, shown_by: as in `nominate_for`.
    """
    with writing() as session:
        shown = evidence.keep(session, shown_by, by=by, now=now) if shown_by else None
        invitation = _record(
            session, Told(invitation_id, choice, representative, note), source, by, now, shown, in_mail
        )
        if then:
            then(session, invitation)
    return invitation


@dataclass(frozen=True)
class Told:
    """What an invitee said about one invitation."""

    invitation_id: int
    choice: Choice
    representative: Representative | None = None
    note: str = ""


def record_answers(
    session: Session,
    told: Sequence[Told],
    source: AnswerSource,
    *,
    by: User | None,
    now: datetime,
    shown_by: Evidence | None = None,
) -> None:
    """Record all that was said in one call, in the caller's transaction, which has locked nothing yet."""
    ids = [said.invitation_id for said in told]
    asked_to = session.scalars(sa.select(Invitation.activity_id).where(Invitation.id.in_(ids)).distinct())
    activities_for_change(session, list(asked_to))
    shown = evidence.keep(session, shown_by, by=by, now=now) if shown_by else None
    for said in told:
        _record(session, said, source, by, now, shown)


def _record(
    session: Session,
    told: Told,
    source: AnswerSource,
    by: User | None,
    now: datetime,
    shown: StoredFile | None,
    in_mail: int | None = None,
) -> Invitation:
    invitation, choice = invitation_for_change(session, told.invitation_id), told.choice
    check_recordable(invitation)
    if invitation.organisation_id and choice is not Choice.NOT_COMING:
        raise OrganisationsNominate
    mine = [invitation, *other_roles(session, invitation)]
    stood = state_of(mine, now)
    settle(session, mine, choice, told.representative, source, now, by.id if by else None)
    if choice is Choice.REPRESENTED:
        notices.tell_invitee(session, invitation, now=now, by_staff=True)
    if invitation.organisation_id:
        nominees_of.drop_all(session, invitation, now)
    for in_role in mine:
        in_role.answer_recorded_by_id = by.id if by else None
        in_role.answer_note = told.note.strip()
    given_answers.keep(session, mine, source, now, recorded_by=by.id if by else None, in_mail=in_mail)
    evidence.attach(session, invitation, shown, now)
    audit.record(
        session, by, "invitation.answer_recorded", invitation, now=now, name=invitation.invitee.display_name,
        activity=invitation.activity.title, state=[stood.mine[0].state.value, invitation.state.value],
        source=source.value, **_shown(shown), **_in_mail(in_mail),
    )  # fmt: skip
    remember_recorded(session, invitation, stood, state_of(mine, now))
    return invitation


def other_roles(session: Session, invitation: Invitation) -> Sequence[Invitation]:
    """Return the person's other invitations to the activity; none for an organisation."""
    if invitation.person_id is None:
        return ()
    return session.scalars(
        sa.select(Invitation).where(
            Invitation.activity_id == invitation.activity_id,
            Invitation.person_id == invitation.person_id,
            Invitation.id != invitation.id,
            Invitation.state != InvitationState.WITHDRAWN,
        )
    ).all()


def _shown(one: StoredFile | None) -> dict[str, str]:
    return {} if one is None else {"sha256": one.sha256}


def _in_mail(mail_id: int | None) -> dict[str, int]:
    return {} if mail_id is None else {"incoming_mail": mail_id}


def check_recordable(invitation: Invitation) -> None:
    if invitation.activity.state not in RECORDED or invitation.state is InvitationState.WITHDRAWN:
        raise NotRecordable
