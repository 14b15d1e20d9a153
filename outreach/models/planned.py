"""SQL conditions: which activities are planned, and which invitations book a speaker."""

import sqlalchemy as sa

from outreach.domain.kinds import ON_STAGE
from outreach.domain.planning.parties import ENGAGED
from outreach.domain.planning.plan import PLANNED
from outreach.domain.states import InvitationState
from outreach.models import Activity, Invitation

BOOKS = ENGAGED - {InvitationState.REPRESENTED}  # an invitee with a representative is free


IS_PLANNED = Activity.state.in_(sorted(PLANNED))


# For invitations joined with their activities: a person is booked as speaker or moderator.
IS_BOOKED = sa.and_(
    IS_PLANNED,
    Invitation.person_id.is_not(None),
    Invitation.role.in_(sorted(ON_STAGE)),
    Invitation.state.in_(sorted(BOOKS)),
)
