"""Clashes of venues, people and kecamatan: booked twice, unavailable, or too small."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta

from outreach.domain.clashes.clash import Clash
from outreach.domain.kinds import ON_STAGE, Role
from outreach.domain.planning.parties import AbsenceSpan, Party
from outreach.domain.planning.plan import COMMUNITY_KINDS, Booking, Plan, PlannedActivity, bookings_of
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
    their_turns: dict[Party, list[Booking]] = defaultdict(list)
    for booking in bookings_of(activity):
        their_turns[booking.party].append(booking)
    for party, turns in their_turns.items():
        if party.is_one_person:
            yield from _elsewhere(plan, turns, reach)
        yield from _absent(plan, turns)


def of_kecamatan(plan: Plan, activity: PlannedActivity) -> Iterator[Clash]:
    """Yield a clash for each other community activity in the same kecamatan on the same half day, each once."""
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
    """Return whether a person in both activities could have a clash, whatever the roles."""
    first, second = pair(one, other)
    gap = second.starts_at - first.ends_at
    if gap < timedelta(0) and any(map(plan.rules.sought, _AT_ONCE)):
        return True
    needed = _way(plan, first, second) if any(map(plan.rules.sought, _TRAVELLING)) else None
    return needed is not None and max(gap, timedelta(0)) < needed * _MINUTE


def pair(one: PlannedActivity, other: PlannedActivity) -> tuple[PlannedActivity, PlannedActivity]:
    return (one, other) if (one.starts_at, one.id) < (other.starts_at, other.id) else (other, one)


def _elsewhere(plan: Plan, turns: Sequence[Booking], reach: timedelta) -> Iterator[Clash]:
    """Yield the clashes of one person's turns in an activity with their turns in others."""
    met: dict[int, list[_Meeting]] = {}
    for own in turns:
        for other in plan.of_party(own.party, own.starts_at - reach, own.ends_at + reach):
            if other.activity.id != own.activity.id:
                met.setdefault(other.activity.id, []).append(_Meeting(own, other))
    for meetings in met.values():
        yield from _both(plan, meetings)


class _Meeting:
    """One turn in each of two activities. gap: from the end of the earlier turn to the start of the later one."""

    __slots__ = ("bookings", "gap")

    def __init__(self, own: Booking, other: Booking) -> None:
        first = pair(own.activity, other.activity)[0]
        self.bookings = (own, other) if own.activity is first else (other, own)
        self.gap = max(own.starts_at, other.starts_at) - min(own.ends_at, other.ends_at)


def _both(plan: Plan, meetings: Sequence[_Meeting]) -> Iterator[Clash]:
    """Yield at most one clash for turns at the same time, and one for turns without enough travel time between them."""
    one, other = meetings[0].bookings
    roles = (one.role, other.role)
    at_once = [met for met in meetings if met.gap < timedelta(0)]
    if at_once and (severity := plan.rules.sought(kind := _kind(roles, at_once=True))):
        yield _of_meeting(kind, severity, min(at_once, key=_starts))
    apart = [met for met in meetings if met.gap >= timedelta(0)]
    if not apart or not (severity := plan.rules.sought(kind := _kind(roles, at_once=False))):
        return
    nearest = min(apart, key=lambda met: (met.gap, _starts(met)))
    needed = _way(plan, one.activity, other.activity)
    if needed is not None and nearest.gap < needed * _MINUTE:
        yield _of_meeting(kind, severity, nearest, needed=needed, there=nearest.gap // _MINUTE)


def _starts(met: _Meeting) -> tuple:
    return tuple(booking.starts_at for booking in met.bookings)


def _of_meeting(
    kind: ClashKind, severity: Severity, met: _Meeting, needed: int | None = None, there: int | None = None
) -> Clash:
    party = met.bookings[0].party
    return Clash(
        kind,
        severity,
        tuple(booking.activity for booking in met.bookings),
        party=party,
        roles=tuple(booking.role for booking in met.bookings),
        turns=tuple(booking.activity.spans_of(party) for booking in met.bookings),
        meeting=tuple((booking.starts_at, booking.ends_at) for booking in met.bookings),
        needed=needed,
        there=there,
    )


def _way(plan: Plan, first: PlannedActivity, second: PlannedActivity) -> int | None:
    """Return the travel time in minutes between the places of two activities; None if a place is not known."""
    return needed_min(plan.whereabouts(first), plan.whereabouts(second), plan.rules.travel)


def _kind(roles: tuple[Role, Role], *, at_once: bool) -> ClashKind:
    on_stage = not ON_STAGE.isdisjoint(roles)
    if not at_once:
        return ClashKind.SPEAKER_TRAVEL if on_stage else ClashKind.TRAVEL
    if on_stage:
        return ClashKind.SPEAKER_TWICE
    return ClashKind.CADRE_TWICE if Role.CADRE in roles else ClashKind.INVITEE_TWICE


def _absent(plan: Plan, turns: Sequence[Booking]) -> Iterator[Clash]:
    """Yield a clash for each absence of one party during its turns in an activity."""
    party, role, activity = turns[0].party, turns[0].role, turns[0].activity
    kind = ClashKind.SPEAKER_ABSENT if role in ON_STAGE else ClashKind.INVITEE_ABSENT
    if severity := plan.rules.sought(kind):
        missed = (away for turn in turns for away in plan.absences_of(party, turn.starts_at, turn.ends_at))
        for absence in dict.fromkeys(missed):
            said_yes = _said_yes(activity, party, absence)
            grave = Severity.WARN if said_yes else severity
            yield Clash(kind, grave, (activity,), party=party, roles=(role,), absence=absence, said_yes=said_yes)


def _said_yes(activity: PlannedActivity, party: Party, absence: AbsenceSpan) -> bool:
    answers = [
        engagement.said_yes for engagement in activity.engagements if engagement.party == party and engagement.said_yes
    ]
    return any(absence.is_outweighed_by(yes, activity.starts_at, activity.ends_at) for yes in answers)
