"""An invitee's own part of a calendar entry's SEQUENCE: it rises when they are withdrawn or invited again.

It is added to the activity's sequence. So a CANCEL outranks the REQUEST before it, and the next REQUEST outranks the
CANCEL (RFC 5546, 3.2.5). An activity is one entry in a person's calendar, even with several roles. So all their
invitations to it have the same revision, and it stays while one of them stands.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.states import InvitationState
from outreach.models import Invitation

NOT_IN_THE_CALENDAR = (InvitationState.PREPARED, InvitationState.WITHDRAWN)


def raise_for_withdrawn(session: Session, invitations: Collection[Invitation]) -> None:
    """Raise the revision of just withdrawn invitations to one activity, if their people have no other role in it."""
    people = {i.person_id for i in invitations if i.person_id}
    by_invitee: dict[tuple[int | None, int | None], dict[int, Invitation]] = defaultdict(dict)
    for invitation in invitations:
        by_invitee[invitation.person_id, invitation.organisation_id][invitation.id] = invitation
    if people:
        activity_id = next(iter(invitations)).activity_id
        same = sa.select(Invitation).where(Invitation.activity_id == activity_id, Invitation.person_id.in_(people))
        for invitation in session.scalars(same):
            by_invitee[invitation.person_id, None][invitation.id] = invitation
    for rows in by_invitee.values():
        if all(row.state in NOT_IN_THE_CALENDAR for row in rows.values()):
            _raise(rows.values())


def raise_for_invited(invitation: Invitation, earlier: Collection[Invitation]) -> None:
    """Make an invitation outrank what its invitee got before. Call it before its state is set.

    earlier: the invitee's existing invitations to the activity, including this one if it existed.
    """
    if not earlier:
        return
    if all(row.state is InvitationState.WITHDRAWN for row in earlier):
        _raise({*earlier, invitation})
    else:
        invitation.revision = max(row.revision for row in earlier)


def _raise(rows: Iterable[Invitation]) -> None:
    found = list(rows)
    highest = max(row.revision or 0 for row in found)
    for row in found:
        row.revision = highest + 1
