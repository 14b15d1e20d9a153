"""Clashes of venues, people and kecamatan: booked twice, unavailable, or too small."""

from collections.abc import Iterator
from datetime import timedelta

from outreach.domain.clashes.clash import Clash
from outreach.domain.kinds import ON_STAGE, Role
from outreach.domain.planning.parties import Absence, Party, roles_of
from outreach.domain.planning.plan import COMMUNITY_KINDS, Booking, Plan, PlannedActivity
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.domain.planning.travel import needed_min

_MINUTE = timedelta(minutes=1)
_AT_ONCE = (ClashKind.SPEAKER_TWICE, ClashKind.CADRE_TWICE, ClashKind.INVITEE_TWICE)
_TRAVELLING = (ClashKind.SPEAKER_TRAVEL, ClashKind.TRAVEL)


def of_venue(plan: Plan, activity: PlannedActivity) -> Iterator[Clash]:
    """Yield a clash if its venue is taken, unavailable, or too small for the expected people."""
    if activity.venue_id is None:
        return
    place = plan.places.get(activity.venue_id)
    if severity := plan.rules.sought(ClashKind.VENUE_TAKEN):
        for other in plan.at_venue(activity.venue_id, activity.starts_at, activity.ends_at):
            if other.id != activity.id:
                yield Clash(ClashKind.VENUE_TAKEN, severity, pair(activity, other), place=place)
    if severity := plan.rules.sought(ClashKind.VENUE_ABSENT):
        for absence in plan.absences_of(activity.venue_id, activity.starts_at, activity.ends_at):
            yield Clash(ClashKind.VENUE_ABSENT, severity, (activity,), place=place, absence=absence)
    seats = place.capacity if place else None
    if seats is None or activity.room <= seats:
        return
    if severity := plan.rules.sought(ClashKind.VENUE_TOO_SMALL):
        expected = min(activity.people, activity.room)
        needed = expected if expected > seats else activity.room
        yield Clash(ClashKind.VENUE_TOO_SMALL, severity, (activity,), place=place, needed=needed, there=seats)


def of_people(plan: Plan, activity: PlannedActivity) -> Iterator[Clash]:
    """Yield a clash for each person who is in two activities at once, cannot travel in time, or is absent."""
    reach = reach_of(plan.rules)
    for party, role in roles_of(activity.engagements).items():
        if party.is_one_person:
            own = Booking(party, role, activity)
            for other in plan.of_party(party, activity.starts_at - reach, activity.ends_at + reach):
                if other.activity.id != activity.id and (found := _both(plan, own, other)):
                    yield found
        yield from _absent(plan, activity, party, role)


def of_kecamatan(plan: Plan, activity: PlannedActivity) -> Iterator[Clash]:
    """Yield a clash for each other community activity in its kecamatan on one of its half days, each once."""
    severity = plan.rules.sought(ClashKind.SAME_KECAMATAN)
    code = plan.kecamatan_of(activity)
    if severity is None or code is None or activity.kind not in COMMUNITY_KINDS:
        return
    seen = {activity.id}
    for half in activity.half_days:
        for other in plan.in_half_day(code, half):
            if other.id not in seen:
                seen.add(other.id)
                yield Clash(
                    ClashKind.SAME_KECAMATAN, severity, pair(activity, other), kecamatan_code=code, half_day=half
                )


def reach_of(rules: Rules) -> timedelta:
    """Return how far before and after an activity another one can clash with it."""
    return rules.travel.longest_min * _MINUTE if any(map(rules.sought, _TRAVELLING)) else timedelta(0)


def cross(plan: Plan, one: PlannedActivity, other: PlannedActivity) -> bool:
    """Return whether a person in both activities could clash, in whatever roles."""
    first, second = pair(one, other)
    gap = second.starts_at - first.ends_at
    if gap < timedelta(0):
        return any(map(plan.rules.sought, _AT_ONCE))
    return any(map(plan.rules.sought, _TRAVELLING)) and _needed(plan, first, second) is not None


def pair(one: PlannedActivity, other: PlannedActivity) -> tuple[PlannedActivity, PlannedActivity]:
    return (one, other) if (one.starts_at, one.id) < (other.starts_at, other.id) else (other, one)


def _both(plan: Plan, own: Booking, other: Booking) -> Clash | None:
    first, second = sorted((own, other), key=lambda booking: (booking.starts_at, booking.activity.id))
    roles = (first.role, second.role)
    gap = second.starts_at - first.ends_at
    kind = _kind(roles, at_once=gap < timedelta(0))
    severity = plan.rules.sought(kind)
    if severity is None:
        return None
    activities = (first.activity, second.activity)
    if gap < timedelta(0):
        return Clash(kind, severity, activities, party=own.party, roles=roles)
    needed = _needed(plan, *activities)
    if needed is None:
        return None
    return Clash(kind, severity, activities, party=own.party, roles=roles, needed=needed, there=gap // _MINUTE)


def _needed(plan: Plan, first: PlannedActivity, second: PlannedActivity) -> int | None:
    """Return the travel time in minutes from the first to the second; None if the gap is long enough, or no place is known."""
    needed = needed_min(plan.whereabouts(first), plan.whereabouts(second), plan.rules.travel)
    return None if needed is None or second.starts_at - first.ends_at >= needed * _MINUTE else needed


def _kind(roles: tuple[Role, Role], *, at_once: bool) -> ClashKind:
    on_stage = not ON_STAGE.isdisjoint(roles)
    if not at_once:
        return ClashKind.SPEAKER_TRAVEL if on_stage else ClashKind.TRAVEL
    if on_stage:
        return ClashKind.SPEAKER_TWICE
    return ClashKind.CADRE_TWICE if Role.CADRE in roles else ClashKind.INVITEE_TWICE


def _absent(plan: Plan, activity: PlannedActivity, party: Party, role: Role) -> Iterator[Clash]:
    kind = ClashKind.SPEAKER_ABSENT if role in ON_STAGE else ClashKind.INVITEE_ABSENT
    if severity := plan.rules.sought(kind):
        for absence in plan.absences_of(party, activity.starts_at, activity.ends_at):
            said_yes = _said_yes(activity, party, absence)
            grave = Severity.WARN if said_yes else severity
            yield Clash(kind, grave, (activity,), party=party, roles=(role,), absence=absence, said_yes=said_yes)


def _said_yes(activity: PlannedActivity, party: Party, absence: Absence) -> bool:
    answers = [one.said_yes for one in activity.engagements if one.party == party and one.said_yes]
    return any(absence.is_outweighed_by(yes, activity.starts_at, activity.ends_at) for yes in answers)
