"""Withdrawing an invitation: the invitee is notified if they were invited, and bookings and seats become free."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import ON_STAGE, Audience, MailKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Invitation, User
from outreach.services import audit
from outreach.services.invitations import seats
from outreach.services.invitations.revisions import raise_for_withdrawn
from outreach.services.letters import follow_up
from outreach.services.locking import invitation_for_change
from outreach.services.planning import bookings
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders.forecast import Forecast
from outreach.services.reminders.schedule import event_reminder
from outreach.services.representation import notices
from outreach.transactions import writing


class AlreadyWithdrawn(Problem):
    message = "This invitation has been withdrawn already."


def withdraw(invitation_id: int, *, by: User | None, now: datetime) -> Invitation:
    """Withdraw an invitation and its nominees; notify those who were invited, and release seats."""
    with writing() as session:
        invitation = invitation_for_change(session, invitation_id)
        take_back(session, invitation, by=by, now=now)
    return invitation


@dataclass(frozen=True)
class WithdrawalPreview:
    """The mails that a withdrawal would send, and the names of those who would get a seat by it."""

    forecast: Forecast
    seated: tuple[str, ...]

    @property
    def told(self) -> int:
        """Return how many mails say that the invitation is withdrawn."""
        return self.forecast.people(MailKind.WITHDRAWAL)

    @property
    def seat_mails(self) -> int:
        """Return how many mails go to those who get a seat, and to whoever comes in their place."""
        return self.forecast.people(MailKind.SEAT, MailKind.APPOINTMENT)


def preview(invitation_id: int, *, now: datetime) -> WithdrawalPreview:
    """Return what withdrawing this invitation, with its nominees, would do. Nothing is written."""
    session: Session = db.session()
    invitation = session.get_one(Invitation, invitation_id)
    going = _going(invitation)
    seated = seats.given_by_withdrawing(session, invitation.activity, going, now=now)
    forecast = forecasting.for_withdrawing(_to_tell(session, going), invitation.activity, seated=seated, now=now)
    return WithdrawalPreview(forecast, tuple(dict.fromkeys(one.invitation.invitee.display_name for one in seated)))


def take_back(session: Session, invitation: Invitation, *, by: User | None, now: datetime) -> None:
    """Withdraw an invitation in the caller's transaction. Raise AlreadyWithdrawn."""
    if invitation.state is InvitationState.WITHDRAWN:
        raise AlreadyWithdrawn
    going = _going(invitation)
    leaving = _to_tell(session, going)
    for gone in going:
        gone.state = InvitationState.WITHDRAWN
    raise_for_withdrawn(session, going)
    session.flush()
    bookings.rebook_people(session, {gone.person_id for gone in going if gone.person_id and gone.role in ON_STAGE})
    for leaver in leaving:
        event_reminder(session, leaver.activity, MailKind.WITHDRAWAL, Audience.ONE, now=now, invitation=leaver)
        if leaver.acting is not None:
            notices.tell_no_longer_acting(session, leaver, leaver.acting, now=now)
    session.flush()
    follow_up.draft_for_withdrawn(session, invitation, by=by, now=now)
    seats.offer_freed(session, invitation.activity, now=now)
    audit.record(
        session, by, "invitation.withdrawn", invitation, now=now, name=invitation.invitee.display_name,
        activity=invitation.activity.title,
    )  # fmt: skip


def _going(invitation: Invitation) -> list[Invitation]:
    return [each for each in [invitation, *invitation.nominees] if each.state is not InvitationState.WITHDRAWN]


def _to_tell(session: Session, going: Collection[Invitation]) -> list[Invitation]:
    """Return the invitations whose withdrawal is told: they were invited, and neither declined nor stay invited otherwise."""
    return [
        gone
        for gone in going
        if gone.invited_at is not None
        and gone.state is not InvitationState.NOT_COMING
        and gone.activity.state in (ActivityState.PUBLISHED, ActivityState.POSTPONED)
        and not _stands_otherwise(session, gone, going)
    ]


def _stands_otherwise(session: Session, nominee: Invitation, going: Collection[Invitation]) -> bool:
    """Return whether a nominee who is withdrawn with their office is still invited in another role."""
    if nominee.nominated_under_id is None:
        return False
    others = sa.exists().where(
        Invitation.activity_id == nominee.activity_id,
        Invitation.person_id == nominee.person_id,
        Invitation.state != InvitationState.WITHDRAWN,
        Invitation.id.not_in([gone.id for gone in going]),
    )
    return bool(session.scalar(sa.select(others)))
