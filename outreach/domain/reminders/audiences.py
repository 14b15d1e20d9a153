"""Which invitations each audience has: by the invitee's answer, and by who was there.

services/reminders/audiences.py builds the SQL condition from this table.
"""

from typing import NamedTuple

from outreach.domain.kinds import Audience
from outreach.domain.states import TAKES_A_SEAT, UNANSWERED, InvitationState


class Members(NamedTuple):
    """states: the invitation has one of these. present: whether the invitee was there; None: it does not matter.

    owes_materials: only speakers who have sent no file. certified: only those with a certificate that stands.
    """

    states: frozenset[InvitationState]
    present: bool | None = None
    owes_materials: bool = False
    certified: bool = False


EVERY_STATE = frozenset(InvitationState)
NOT_EXPECTED = frozenset({InvitationState.PREPARED, InvitationState.NOT_COMING, InvitationState.WITHDRAWN})
AUDIENCES = {
    Audience.NEWLY_INVITED: Members(frozenset({InvitationState.PREPARED})),
    Audience.UNANSWERED: Members(UNANSWERED, present=False),  # people who have come are not asked any more
    Audience.COMING: Members(TAKES_A_SEAT),
    Audience.NO_MATERIALS: Members(TAKES_A_SEAT, owes_materials=True),
    Audience.EXPECTED: Members(EVERY_STATE - NOT_EXPECTED),
    Audience.PRESENT: Members(EVERY_STATE, present=True),
    Audience.CERTIFIED: Members(EVERY_STATE, certified=True),
    Audience.ABSENT: Members(TAKES_A_SEAT, present=False),
    Audience.ONE: Members(EVERY_STATE),
}


def belongs(
    audience: Audience, state: InvitationState, *, present: bool, owes_materials: bool = False, certified: bool = False
) -> bool:
    """Return whether an invitation is in the audience.

    owes_materials: it is a speaker's who has sent no file. certified: it has a certificate that stands.
    """
    members = AUDIENCES[audience]
    if members.owes_materials and not owes_materials:
        return False
    if members.certified and not certified:
        return False
    return state in members.states and members.present in (None, present)
