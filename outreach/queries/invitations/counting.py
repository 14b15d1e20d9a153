"""How invitees are counted, everywhere: each person once, however many roles they have, nominees among them. An organisation
counts as one open invitation until it has named somebody; from then on its nominees are counted in its place.

Use it as `count(condition, …)` in a select over Invitation.
"""

from typing import Any

import sqlalchemy as sa

from outreach.domain.states import TAKES_A_SEAT
from outreach.models import AgendaItem, Invitation, agenda_speaker

# Who is counted: people by their id, organisations by their id turned negative.
PARTY = sa.func.coalesce(Invitation.person_id, -Invitation.organisation_id)
# Taking seats, an organisation does so through those it named.
COUNTED = sa.or_(Invitation.person_id.is_not(None), Invitation.state.not_in(sorted(TAKES_A_SEAT)))


def count(*conditions: Any) -> Any:
    """Return the number of invitees of an activity to whom the conditions apply, each counted once per activity."""
    return sa.func.count(sa.distinct(PARTY)).filter(COUNTED, *conditions)


def missed() -> Any:
    """Return the condition that an invitation's person is still wanted on stage: they stand in the activity's agenda, or
    it has none. A speaker who declined and was taken off the agenda is missed no more."""
    lines = sa.select(AgendaItem.id).where(AgendaItem.activity_id == Invitation.activity_id).correlate(Invitation)
    stands = (
        sa.select(agenda_speaker.c.person_id)
        .join(AgendaItem, AgendaItem.id == agenda_speaker.c.agenda_item_id)
        .where(AgendaItem.activity_id == Invitation.activity_id, agenda_speaker.c.person_id == Invitation.person_id)
        .correlate(Invitation)
    )
    return sa.or_(sa.exists(stands), ~sa.exists(lines))
