"""What would resolve a finding, as values: another time, venue or deadline, longer days, fewer seats, one invitee less.

Only what resolves it and brings nothing new upon its activity is offered; of times, rather those that leave nothing.
Pure; doing it is services/, saying it web/.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from outreach.domain.answers import default_deadline
from outreach.domain.clashes.clash import Finding, Signature
from outreach.domain.clashes.find import findings, look_at
from outreach.domain.clashes.other_times import other_days, same_day
from outreach.domain.kinds import ON_STAGE
from outreach.domain.planning.parties import Party, PartyKind, Place, roles_of
from outreach.domain.planning.plan import Plan, PlannedActivity, days_between
from outreach.domain.planning.rules import FindingKind, Severity
from outreach.domain.planning.travel import needed_min
from outreach.domain.states import ActivityState, InvitationState

VENUES_OFFERED = 2
LOOKED_FURTHER = 8  # starts, after the first that helps, for one that also resolves what else there is
_OF_VENUES = frozenset({FindingKind.VENUE_TAKEN, FindingKind.VENUE_ABSENT, FindingKind.VENUE_TOO_SMALL})
_OF_INVITEES = frozenset(
    {FindingKind.CADRE_TWICE, FindingKind.INVITEE_TWICE, FindingKind.TRAVEL, FindingKind.INVITEE_ABSENT}
)
_OF_SPEAKERS = frozenset({FindingKind.SPEAKER_TWICE, FindingKind.SPEAKER_TRAVEL, FindingKind.SPEAKER_ABSENT})
_OF_DAYS = frozenset(
    {FindingKind.OUTSIDE_PROGRAMME, FindingKind.HOLIDAY, FindingKind.JOINT_HOLIDAY, FindingKind.WEEKEND,
     FindingKind.SHORT_NOTICE, FindingKind.IN_THE_PAST}
)  # fmt: skip
_NOT_OF_TIME = frozenset({FindingKind.VENUE_TOO_SMALL, FindingKind.DEADLINE_AFTER_START})


@dataclass(frozen=True, slots=True)
class Move:
    """Start it then, as long as before."""

    activity_id: int
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class TakeVenue:
    """Hold it in another venue: free, and large enough as far as its capacity is known."""

    activity_id: int
    venue_id: int


@dataclass(frozen=True, slots=True)
class RespondBy:
    activity_id: int
    respond_by_at: datetime


@dataclass(frozen=True, slots=True)
class StretchProgramme:
    """Let the programme's days reach as far as its activity."""

    programme_id: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class LimitSeats:
    """Plan no more seats than the venue has, which suffice for those expected."""

    activity_id: int
    seats: int


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Do not have this invitee there."""

    activity_id: int
    party: Party


@dataclass(frozen=True, slots=True)
class Replace:
    """Have somebody else speak or moderate in this one's place."""

    activity_id: int
    party: Party


@dataclass(frozen=True, slots=True)
class Represent:
    """Have somebody come for this invitee, who stays the one invited."""

    activity_id: int
    party: Party


OfActivity = Move | TakeVenue | RespondBy | LimitSeats  # what an activity's own form changes
OfInvitee = LeaveOut | Replace | Represent
Way = OfActivity | StretchProgramme | OfInvitee


def ways(plan: Plan, finding: Finding, moving: int | None = None) -> list[Way]:
    """Return at most five ways to resolve a finding of this plan: the smallest change of each sort; none where there is none.

    moving: id of the activity that the user is about to change; it is the one changed. None: of two, one that is not fixed,
    rather a draft than one that people know of, rather the later. The other is tried where nothing resolves it. Where no other
    time helps, somebody else has to speak. Who said yes to that very time needs no way out.
    """
    if finding.said_yes:
        return []
    activities = sorted(finding.activities, key=lambda one: _reluctance(one, moving))
    for activity in activities:
        if found := list(_of_one(plan, finding, activity)):
            return found
    return list(_instead(finding, activities[0]))


def suits_all(plan: Plan, way: Way, activity_ids: Collection[int], resolving: Collection[Finding]) -> bool:
    """Return whether the way, taken of each of these activities alike, resolves all of that and brings nothing new upon them."""
    if not isinstance(way, OfActivity):
        after = applied(plan, way)
    else:
        activities = [plan.activities[id] for id in activity_ids]
        shift = way.starts_at - plan.activities[way.activity_id].starts_at if isinstance(way, Move) else None
        after = plan.with_(*(one.moved(one.starts_at + shift) if shift else _changed(one, way) for one in activities))
    left = {one.signature for one in findings(after, activity_ids)}
    before = {one.signature for one in findings(plan, activity_ids)}
    return left <= before and left.isdisjoint(one.signature for one in resolving)


def applied(plan: Plan, way: Way) -> Plan:
    """Return the plan as it would be; KeyError where what the way is about is not in it."""
    match way:
        case StretchProgramme():
            days = replace(plan.programmes[way.programme_id], starts_on=way.starts_on, ends_on=way.ends_on)
            return plan.with_programme(days)
        case _:
            return plan.with_(_changed(plan.activities[way.activity_id], way))


def _changed(activity: PlannedActivity, way: OfActivity | OfInvitee) -> PlannedActivity:
    match way:
        case Move():
            return activity.moved(way.starts_at)
        case TakeVenue():
            return replace(activity, venue_id=way.venue_id)
        case RespondBy():
            return replace(activity, respond_by_at=way.respond_by_at)
        case LimitSeats():
            return replace(activity, seats=way.seats)
        case LeaveOut() | Replace() | Represent():
            kept = tuple(one for one in activity.engagements if one.party != way.party)
            return replace(activity, engagements=kept)


def _reluctance(activity: PlannedActivity, moving: int | None) -> tuple:
    return (
        activity.id != moving,
        activity.fixed,
        activity.state is ActivityState.PUBLISHED,
        -activity.starts_at.timestamp(),
        -activity.id,
    )


def _of_one(plan: Plan, finding: Finding, activity: PlannedActivity) -> Iterator[Way]:
    before = {one.signature for one in look_at(plan, activity)} - {finding.signature}
    if finding.kind in _OF_INVITEES and finding.party:
        yield LeaveOut(activity.id, finding.party)
    if finding.kind is FindingKind.DEADLINE_AFTER_START:
        days = plan.rules.deadline_days
        yield RespondBy(activity.id, default_deadline(activity.starts_at, activity.zone, plan.now, days))
    if finding.kind is FindingKind.OUTSIDE_PROGRAMME and finding.programme:
        days_there = days_between(activity.starts_at, activity.ends_at, finding.programme.zone)
        starts_on = min(finding.programme.starts_on, days_there[0])
        yield StretchProgramme(finding.programme.id, starts_on, max(finding.programme.ends_on, days_there[-1]))
    if finding.is_of_seats and finding.there:
        yield LimitSeats(activity.id, finding.there)
    if activity.fixed:
        return
    if finding.kind in _OF_VENUES:
        yield from _venues(plan, activity, before)
    if finding.kind not in _NOT_OF_TIME:
        yield from _times(plan, finding, activity, before)


def _instead(finding: Finding, activity: PlannedActivity) -> Iterator[Way]:
    """Yield what helps where no time does: without a speaker there is no session, so somebody else has to come."""
    party = finding.party
    if finding.kind not in _OF_SPEAKERS or party is None:
        return
    if roles_of(activity.engagements).get(party) not in ON_STAGE:
        yield LeaveOut(activity.id, party)
        return
    yield Replace(activity.id, party)
    states = {one.state for one in activity.engagements if one.party == party}
    if party.kind is PartyKind.PERSON and InvitationState.PREPARED not in states:
        yield Represent(activity.id, party)


def _venues(plan: Plan, activity: PlannedActivity, before: set[Signature]) -> Iterator[Way]:
    offered = 0
    for place in sorted(plan.places.values(), key=lambda place: _distance(plan, activity, place)):
        if place.id is None or place.id == activity.venue_id or (place.capacity or activity.room) < activity.room:
            continue
        if any(one.id != activity.id for one in plan.at_venue(place.id, activity.starts_at, activity.ends_at)):
            continue
        way = TakeVenue(activity.id, place.id)
        if _is_quiet(plan, _changed(activity, way), before):
            yield way
            if (offered := offered + 1) == VENUES_OFFERED:
                return


def _distance(plan: Plan, activity: PlannedActivity, place: Place) -> tuple:
    """Near ones first, of these those whose size is known, and of these the smallest."""
    away = needed_min(plan.whereabouts(activity), place, plan.rules.travel)
    return away is None, away or 0, place.capacity is None, place.capacity or 0, place.id


def _times(plan: Plan, finding: Finding, activity: PlannedActivity, before: set[Signature]) -> Iterator[Way]:
    today = () if finding.kind in _OF_DAYS else same_day(plan, activity, finding.other(activity.id))
    found = [
        best
        for starts in (today, other_days(plan, activity))
        if (best := _best_start(plan, activity, starts, before)) is not None
    ]
    savable = [one for one in found if not one[0]]
    for _, starts_at in savable or found:
        yield Move(activity.id, starts_at)


def _best_start(
    plan: Plan, activity: PlannedActivity, starts: Iterable[datetime], before: set[Signature]
) -> tuple[int, datetime] | None:
    """Return the first start at which the least is left of what there was, and how much of that blocks."""
    best: tuple[int, int] | None = None
    chosen, further = None, 0
    for starts_at in starts:
        if starts_at <= plan.now:
            continue
        further += chosen is not None
        left = _left(plan, activity.moved(starts_at), before)
        if left is not None:
            weight = sum(one.severity is Severity.BLOCK for one in left), len(left)
            if best is None or weight < best:
                best, chosen = weight, starts_at
        if best == (0, 0) or further == LOOKED_FURTHER:
            break
    return (best[0], chosen) if best and chosen else None


def _is_quiet(plan: Plan, activity: PlannedActivity, before: set[Signature]) -> bool:
    return _left(plan, activity, before) is not None


def _left(plan: Plan, activity: PlannedActivity, before: set[Signature]) -> list[Finding] | None:
    """Return what of that is still found of it; None as soon as something else is."""
    left = []
    for one in look_at(plan, activity):
        if one.signature not in before:
            return None
        left.append(one)
    return left
