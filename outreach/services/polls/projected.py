"""A date poll's slots as planned activities, for the clash rules."""

from collections.abc import Sequence

from outreach.domain.kinds import PollChoice
from outreach.domain.planning.parties import Engagement, Party, Yes
from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.polls import Proposed
from outreach.models import DatePoll, PollInvitee, PollSlot


def as_planned(
    poll: DatePoll, slot: PollSlot, at: Proposed | None = None, invitees: Sequence[PollInvitee] | None = None
) -> PlannedActivity:
    """Return the activity that a slot would become. Its id is the slot's id, negative.

    at: another time and place; None: the slot's. invitees: which of the poll's invitees are invited; None: all.
    """
    place, invited = at or slot, poll.invitees if invitees is None else invitees
    engagements = tuple(
        Engagement(party_of(invitee), invitee.role, said_yes=said_yes(invitee, slot)) for invitee in invited
    )
    return PlannedActivity(
        id=-slot.id,
        title=poll.title,
        kind=poll.kind,
        starts_at=place.starts_at,
        ends_at=place.ends_at,
        zone=poll.zone,
        programme_id=poll.programme_id,
        venue_id=place.venue_id,
        region_code=poll.region_code,
        people=sum(1 if invitee.person_id is not None else invitee.quota or 1 for invitee in invited),
        engagements=engagements,
    )


def party_of(one: PollInvitee) -> Party:
    """Return the invitee as a party in the plan."""
    if one.person_id is not None:
        return Party.person(one.person_id, one.invitee.display_name)
    assert one.organisation_id is not None
    return Party.organisation(one.organisation_id, one.invitee.display_name)


def said_yes(one: PollInvitee, slot: PollSlot) -> Yes | None:
    said = next((answer.choice for answer in one.choices if answer.slot_id == slot.id), PollChoice.NO)
    if said is PollChoice.NO or one.answered_at is None:
        return None
    return Yes(slot.starts_at, slot.ends_at, one.answered_at)
