"""Who among an activity's invitations a reminder is for: one select, used to expand reminders and to foretell them."""

from datetime import datetime, time

import sqlalchemy as sa

from outreach.domain.kinds import Audience, MailKind
from outreach.domain.reminders import local_day
from outreach.domain.states import TAKES_A_SEAT, UNANSWERED, InvitationState
from outreach.models import Activity, Attendance, Invitation

NOT_EXPECTED = (InvitationState.PREPARED, InvitationState.NOT_COMING, InvitationState.WITHDRAWN)


def invitations_in(
    activity: Activity, kind: MailKind, audience: Audience, due_at: datetime, invitation_id: int | None = None
) -> sa.Select[int]:
    """Return a select of the ids of the invitations that a reminder due at `due_at` is for.

    A reminder is not for those invited on its day or later: they have just been written to, or joined too late for it.
    """
    chosen = sa.select(Invitation.id).where(Invitation.activity_id == activity.id, _belongs(audience))
    if invitation_id is not None:
        chosen = chosen.where(Invitation.id == invitation_id)
    elif kind is MailKind.REMINDER:
        midnight = datetime.combine(local_day(due_at, activity.zone), time(), tzinfo=activity.zone)
        chosen = chosen.where(Invitation.invited_at < midnight)
    return chosen


def _belongs(audience: Audience) -> sa.ColumnElement[bool]:
    present = sa.exists().where(Attendance.invitation_id == Invitation.id, Attendance.present)
    match audience:
        case Audience.NEWLY_INVITED:
            return Invitation.state == InvitationState.PREPARED
        case Audience.UNANSWERED:
            return Invitation.state.in_(UNANSWERED)
        case Audience.COMING:
            return Invitation.state.in_(TAKES_A_SEAT)
        case Audience.EXPECTED:
            return Invitation.state.not_in(NOT_EXPECTED)
        case Audience.PRESENT:
            return present
        case Audience.ABSENT:
            return sa.and_(Invitation.state.in_(TAKES_A_SEAT), ~present)
        case Audience.ONE:
            return sa.true()
