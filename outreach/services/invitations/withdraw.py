"""Withdrawing an invitation: the invitee is notified if they were invited, and bookings and seats become free."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import ON_STAGE, Audience, MailKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState
from outreach.models import Invitation, User
from outreach.services import audit
from outreach.services.invitations import seats
from outreach.services.invitations.revisions import raise_for_withdrawn
from outreach.services.locking import invitation_for_change
from outreach.services.planning import bookings
from outreach.services.reminders.schedule import event_reminder
from outreach.transactions import writing


class AlreadyWithdrawn(Problem):
    message = "This invitation has been withdrawn already."


def withdraw(invitation_id: int, *, by: User | None, now: datetime) -> Invitation:
    """Withdraw an invitation and its nominees; notify those who were invited, and release seats."""
    with writing() as session:
        invitation = invitation_for_change(session, invitation_id)
        take_back(session, invitation, by=by, now=now)
    return invitation


def take_back(session: Session, invitation: Invitation, *, by: User | None, now: datetime) -> None:
    """Withdraw an invitation in the caller's transaction. Raise AlreadyWithdrawn."""
    if invitation.state is InvitationState.WITHDRAWN:
        raise AlreadyWithdrawn
    leaving = []
    going = [one for one in [invitation, *invitation.nominees] if one.state is not InvitationState.WITHDRAWN]
    for one in going:
        told = one.invited_at is not None and one.state is not InvitationState.NOT_COMING
        one.state = InvitationState.WITHDRAWN
        if told and one.activity.state in (ActivityState.PUBLISHED, ActivityState.POSTPONED):
            leaving.append(one)
    raise_for_withdrawn(session, going)
    session.flush()
    bookings.rebook_people(session, {one.person_id for one in going if one.person_id and one.role in ON_STAGE})
    for one in leaving:
        if one.person_id is None or not _stands_otherwise(session, one):
            event_reminder(session, one.activity, MailKind.WITHDRAWAL, Audience.ONE, now=now, invitation=one)
    session.flush()
    seats.offer_freed(session, invitation.activity, now=now)
    audit.record(
        session, by, "invitation.withdrawn", invitation, now=now, name=invitation.invitee.display_name,
        activity=invitation.activity.title,
    )  # fmt: skip


def _stands_otherwise(session: Session, nominee: Invitation) -> bool:
    """Return whether a nominee who is withdrawn with their office is still invited in another role."""
    others = sa.exists().where(
        Invitation.activity_id == nominee.activity_id,
        Invitation.person_id == nominee.person_id,
        Invitation.state != InvitationState.WITHDRAWN,
    )
    return nominee.nominated_under_id is not None and bool(session.scalar(sa.select(others)))
