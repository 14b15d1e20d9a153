"""What would resolve a clash: another time, venue or deadline, longer programme days, fewer seats, or another invitee.

A resolution is offered only if it resolves the clash and adds no new clash for its activity. Times that leave no
blocking clash are preferred. Pure functions; services/ applies a resolution, web/clashes/resolutions.py shows it.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from outreach.domain.answers import default_deadline
from outreach.domain.clashes.clash import Clash, Signature
from outreach.domain.clashes.find import each_clash, find_clashes
from outreach.domain.clashes.other_times import other_days, same_day
from outreach.domain.kinds import ON_STAGE
from outreach.domain.planning.parties import Party, PartyKind, Place, roles_of
from outreach.domain.planning.plan import Plan, PlannedActivity, days_between
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.planning.travel import needed_min
from outreach.domain.states import ActivityState, InvitationState

VENUES_OFFERED = 2
LOOKED_FURTHER = 8  # further starts tried after the first that helps: one may also resolve the remaining clashes
_OF_VENUES = frozenset({ClashKind.VENUE_TAKEN, ClashKind.VENUE_ABSENT, ClashKind.VENUE_TOO_SMALL})
_OF_INVITEES = frozenset({ClashKind.CADRE_TWICE, ClashKind.INVITEE_TWICE, ClashKind.TRAVEL, ClashKind.INVITEE_ABSENT})
_OF_SPEAKERS = frozenset({ClashKind.SPEAKER_TWICE, ClashKind.SPEAKER_TRAVEL, ClashKind.SPEAKER_ABSENT})
_OF_DAYS = frozenset(
    {ClashKind.OUTSIDE_PROGRAMME, ClashKind.HOLIDAY, ClashKind.JOINT_HOLIDAY, ClashKind.WEEKEND,
     ClashKind.SHORT_NOTICE, ClashKind.IN_THE_PAST}
)  # fmt: skip
_NOT_OF_TIME = frozenset({ClashKind.VENUE_TOO_SMALL, ClashKind.DEADLINE_AFTER_START})


@dataclass(frozen=True, slots=True)
class MoveTo:
    """Start the activity then; its length stays."""

    activity_id: int
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class TakeVenue:
    """Move it to another venue that is free, and large enough as far as its capacity is known."""

    activity_id: int
    venue_id: int


@dataclass(frozen=True, slots=True)
class RespondBy:
    activity_id: int
    respond_by_at: datetime


@dataclass(frozen=True, slots=True)
class StretchProgramme:
    """Extend the programme's days to include its activity."""

    programme_id: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class LimitSeats:
    """Plan no more seats than the venue has. They are enough for the people expected."""

    activity_id: int
    seats: int


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Leave this invitee out of the activity."""

    activity_id: int
    party: Party


@dataclass(frozen=True, slots=True)
class Replace:
    """Replace this speaker or moderator by somebody else."""

    activity_id: int
    party: Party


@dataclass(frozen=True, slots=True)
class Represent:
    """Let somebody else represent this invitee, who stays the one invited."""

    activity_id: int
    party: Party


OfActivity = MoveTo | TakeVenue | RespondBy | LimitSeats  # what an activity's own form changes
OfInvitee = LeaveOut | Replace | Represent
Resolution = OfActivity | StretchProgramme | OfInvitee


def find_resolutions(plan: Plan, clash: Clash, moving: int | None = None) -> list[Resolution]:
    """Return at most five resolutions of a clash in this plan, the smallest change of each sort; may be empty.

    moving: id of the activity that the user is changing; it is tried first. None: of two activities, one that is not
    fixed is tried first, then a draft before a published one, then the later one. The other one is tried if nothing
    helps. If no other time helps, somebody else has to speak. A party who said yes to this time needs no resolution.
    """
    if clash.said_yes:
        return []
    activities = sorted(clash.activities, key=lambda involved: _reluctance(involved, moving))
    for activity in activities:
        if found := list(_of_one(plan, clash, activity)):
            return found
    return list(_instead(clash, activities[0]))


def suits_all(plan: Plan, resolution: Resolution, activity_ids: Collection[int], resolving: Collection[Clash]) -> bool:
    """Return whether the resolution, applied to all these activities alike, resolves all clashes and adds none to them."""
    if not isinstance(resolution, OfActivity):
        after = applied(plan, resolution)
    else:
        activities = [plan.activities[id] for id in activity_ids]
        shift = (
            resolution.starts_at - plan.activities[resolution.activity_id].starts_at
            if isinstance(resolution, MoveTo)
            else None
        )
        after = plan.with_(
            *(
                activity.moved(activity.starts_at + shift) if shift else _changed(activity, resolution)
                for activity in activities
            )
        )
    left = {clash.signature for clash in find_clashes(after, activity_ids)}
    before = {clash.signature for clash in find_clashes(plan, activity_ids)}
    return left <= before and left.isdisjoint(clash.signature for clash in resolving)


def applied(plan: Plan, resolution: Resolution) -> Plan:
    """Return the plan with the resolution applied. Raise KeyError if its activity or programme is not in the plan."""
    match resolution:
        case StretchProgramme():
            days = replace(
                plan.programmes[resolution.programme_id], starts_on=resolution.starts_on, ends_on=resolution.ends_on
            )
            return plan.with_programme(days)
        case _:
            return plan.with_(_changed(plan.activities[resolution.activity_id], resolution))


def _changed(activity: PlannedActivity, resolution: OfActivity | OfInvitee) -> PlannedActivity:
    match resolution:
        case MoveTo():
            return activity.moved(resolution.starts_at)
        case TakeVenue():
            return replace(activity, venue_id=resolution.venue_id)
        case RespondBy():
            return replace(activity, respond_by_at=resolution.respond_by_at)
        case LimitSeats():
            return replace(activity, seats=resolution.seats)
        case LeaveOut() | Replace() | Represent():
            kept = tuple(engagement for engagement in activity.engagements if engagement.party != resolution.party)
            return replace(activity, engagements=kept)


def _reluctance(activity: PlannedActivity, moving: int | None) -> tuple:
    return (
        activity.id != moving,
        activity.fixed,
        activity.state is ActivityState.PUBLISHED,
        -activity.starts_at.timestamp(),
        -activity.id,
    )


def _of_one(plan: Plan, clash: Clash, activity: PlannedActivity) -> Iterator[Resolution]:
    before = {existing.signature for existing in each_clash(plan, activity)} - {clash.signature}
    if clash.kind in _OF_INVITEES and clash.party:
        yield LeaveOut(activity.id, clash.party)
    if clash.kind is ClashKind.DEADLINE_AFTER_START:
        days, off = plan.rules.deadline_days, plan.calendar.days_off
        yield RespondBy(activity.id, default_deadline(activity.starts_at, activity.zone, plan.now, off, days))
    if clash.kind is ClashKind.OUTSIDE_PROGRAMME and clash.programme:
        days_there = days_between(activity.starts_at, activity.ends_at, clash.programme.zone)
        starts_on = min(clash.programme.starts_on, days_there[0])
        yield StretchProgramme(clash.programme.id, starts_on, max(clash.programme.ends_on, days_there[-1]))
    if clash.is_of_seats and clash.there:
        yield LimitSeats(activity.id, clash.there)
    if activity.fixed:
        return
    if clash.kind in _OF_VENUES:
        yield from _venues(plan, activity, before)
    if clash.kind not in _NOT_OF_TIME:
        yield from _times(plan, clash, activity, before)


def _instead(clash: Clash, activity: PlannedActivity) -> Iterator[Resolution]:
    """Yield resolutions when no time helps: a session needs its speaker, so somebody else has to come."""
    party = clash.party
    if clash.kind not in _OF_SPEAKERS or party is None:
        return
    if roles_of(activity.engagements).get(party) not in ON_STAGE:
        yield LeaveOut(activity.id, party)
        return
    yield Replace(activity.id, party)
    states = {engagement.state for engagement in activity.engagements if engagement.party == party}
    if party.kind is PartyKind.PERSON and InvitationState.PREPARED not in states:
        yield Represent(activity.id, party)


def _venues(plan: Plan, activity: PlannedActivity, before: set[Signature]) -> Iterator[Resolution]:
    offered = 0
    for place in sorted(plan.places.values(), key=lambda place: _distance(plan, activity, place)):
        if place.id is None or place.id == activity.venue_id or (place.capacity or activity.room) < activity.room:
            continue
        if any(other.id != activity.id for other in plan.at_venue(place.id, activity.starts_at, activity.ends_at)):
            continue
        resolution = TakeVenue(activity.id, place.id)
        if _is_quiet(plan, _changed(activity, resolution), before):
            yield resolution
            if (offered := offered + 1) == VENUES_OFFERED:
                return


def _distance(plan: Plan, activity: PlannedActivity, place: Place) -> tuple:
    """Sort key: near venues first, then those with known capacity, then the smallest."""
    away = needed_min(plan.whereabouts(activity), place, plan.rules.travel)
    return away is None, away or 0, place.capacity is None, place.capacity or 0, place.id


def _times(plan: Plan, clash: Clash, activity: PlannedActivity, before: set[Signature]) -> Iterator[Resolution]:
    other = clash.other(activity.id)
    turns = (clash.meeting_of(activity), clash.meeting_of(other)) if other and clash.meeting else None
    today = () if clash.kind in _OF_DAYS else same_day(plan, activity, other, turns)
    found = [
        best
        for starts in (today, other_days(plan, activity))
        if (best := _best_start(plan, activity, starts, before)) is not None
    ]
    savable = [one for one in found if not one[0]]
    for _, starts_at in savable or found:
        yield MoveTo(activity.id, starts_at)


def _best_start(
    plan: Plan, activity: PlannedActivity, starts: Iterable[datetime], before: set[Signature]
) -> tuple[int, datetime] | None:
    """Return the first start that leaves the fewest blocking clashes, then the fewest clashes; with the number that block."""
    best: tuple[int, int] | None = None
    chosen, further = None, 0
    for starts_at in starts:
        if starts_at <= plan.now:
            continue
        further += chosen is not None
        left = _left(plan, activity.moved(starts_at), before)
        if left is not None:
            weight = sum(remaining.severity is Severity.BLOCK for remaining in left), len(left)
            if best is None or weight < best:
                best, chosen = weight, starts_at
        if best == (0, 0) or further == LOOKED_FURTHER:
            break
    return (best[0], chosen) if best and chosen else None


def _is_quiet(plan: Plan, activity: PlannedActivity, before: set[Signature]) -> bool:
    return _left(plan, activity, before) is not None


def _left(plan: Plan, activity: PlannedActivity, before: set[Signature]) -> list[Clash] | None:
    """Return which of the `before` clashes remain; None as soon as there is a new one."""
    left = []
    for clash in each_clash(plan, activity):
        if clash.signature not in before:
            return None
        left.append(clash)
    return left
