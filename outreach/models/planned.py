"""Which activities and invitations are planned, as conditions for statements: what holds a venue, and who is booked."""

import sqlalchemy as sa

from outreach.domain.kinds import ON_STAGE
from outreach.domain.planning.parties import ENGAGED
from outreach.domain.planning.plan import PLANNED
from outreach.domain.states import InvitationState
from outreach.models import Activity, Invitation

BINDING = ENGAGED - {InvitationState.REPRESENTED}  # who sends somebody else is free


IS_PLANNED = Activity.state.in_(sorted(PLANNED))


# Over invitations joined with their activities: that somebody is to be there as a speaker or moderator.
IS_BOUND = sa.and_(
    IS_PLANNED,
    Invitation.person_id.is_not(None),
    Invitation.role.in_(sorted(ON_STAGE)),
    Invitation.state.in_(sorted(BINDING)),
)
