"""Looking at activities: one as it stands or might stand, some, or all of a plan."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from outreach.domain.clashes import bookings, days
from outreach.domain.clashes.clash import Clash
from outreach.domain.planning.intervals import Intervals
from outreach.domain.planning.plan import Plan, PlannedActivity


def find_clashes(plan: Plan, among: Collection[int] | None = None) -> list[Clash]:
    """Return what is found in the plan, by when it is; two activities that clash give one finding.

    among: ids of activities; only what involves at least one of them is looked for. None: all.
    """
    chosen = plan.activities.keys() if among is None else plan.activities.keys() & set(among)
    found = []
    for id in chosen:
        for one in look_at(plan, plan.activities[id]):
            first = one.activities[0].id
            if first == id or first not in chosen:  # else found from the other side
                found.append(one)
    return sorted(found, key=lambda one: one.sort_key)


def find_clashes_if(plan: Plan, activity: PlannedActivity) -> list[Clash]:
    """Return what would be found for the activity were it planned like this; the plan's own of that id is left aside."""
    return sorted(look_at(plan, activity), key=lambda one: one.sort_key)


def look_at(plan: Plan, activity: PlannedActivity) -> Iterator[Clash]:
    """Yield what is found for an activity, whether or not it stands in the plan so; in no order."""
    if plan.counts(activity):
        yield from days.of_times(plan, activity)
        yield from days.of_days_off(plan, activity)
        yield from days.of_hours(plan, activity)
        yield from bookings.of_venue(plan, activity)
        yield from bookings.of_kecamatan(plan, activity)
        yield from bookings.of_people(plan, activity)
    else:
        yield from days.of_the_past(plan, activity)


def crossings(plan: Plan, among: Collection[int] | None = None) -> Mapping[int, set[int]]:
    """Return by id with which others each activity crosses: whoever is in two that cross is found, unless for their roles not.

    Who is engaged is not looked at: from the activities alone it is known of whom to ask. among: as in `findings`.
    """
    chosen = plan.activities.keys() if among is None else plan.activities.keys() & set(among)
    counting = Intervals(one for one in plan.activities.values() if plan.counts(one))
    reach = bookings.reach_of(plan.rules)
    found: dict[int, set[int]] = defaultdict(set)
    for one in counting:
        if one.id not in chosen:
            continue
        for other in counting.overlapping(one.starts_at - reach, one.ends_at + reach):
            seen = other.id in chosen and bookings.pair(one, other)[0] is other  # from the other side
            if other.id != one.id and not seen and bookings.cross(plan, one, other):
                found[one.id].add(other.id)
                found[other.id].add(one.id)
    return found
