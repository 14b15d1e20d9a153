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
    going = [each for each in [invitation, *invitation.nominees] if each.state is not InvitationState.WITHDRAWN]
    for gone in going:
        was_invited = gone.invited_at is not None and gone.state is not InvitationState.NOT_COMING
        gone.state = InvitationState.WITHDRAWN
        if was_invited and gone.activity.state in (ActivityState.PUBLISHED, ActivityState.POSTPONED):
            leaving.append(gone)
    raise_for_withdrawn(session, going)
    session.flush()
    bookings.rebook_people(session, {gone.person_id for gone in going if gone.person_id and gone.role in ON_STAGE})
    for leaver in leaving:
        if leaver.person_id is None or not _stands_otherwise(session, leaver):
            event_reminder(session, leaver.activity, MailKind.WITHDRAWAL, Audience.ONE, now=now, invitation=leaver)
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
