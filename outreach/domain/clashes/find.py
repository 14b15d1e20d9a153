"""Finds the clashes of one activity, of some, or of the whole plan."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

from outreach.domain.clashes import bookings, days
from outreach.domain.clashes.clash import Clash
from outreach.domain.planning.intervals import Intervals
from outreach.domain.planning.plan import Plan, PlannedActivity


def find_clashes(plan: Plan, among: Collection[int] | None = None) -> list[Clash]:
    """Return the clashes in the plan, by start; two activities that clash give one clash.

    among: ids of activities; only clashes that involve at least one of them are returned. None: all.
    """
    chosen = plan.activities.keys() if among is None else plan.activities.keys() & set(among)
    found = []
    for id in chosen:
        for clash in each_clash(plan, plan.activities[id]):
            first = clash.activities[0].id
            if first == id or first not in chosen:  # otherwise it is found from the other activity
                found.append(clash)
    return sorted(found, key=lambda found_clash: found_clash.sort_key)


def clashes_of(plan: Plan, activity: PlannedActivity) -> list[Clash]:
    """Return the clashes of the activity if it were planned like this. The plan's own activity of that id is ignored."""
    return sorted(each_clash(plan, activity), key=lambda clash: clash.sort_key)


def find_intended(plan: Plan, among: Collection[int]) -> list[Clash]:
    """Return the clashes of these activities that are marked as intended, each once, by start."""
    found: dict[str, Clash] = {}
    for id in sorted(plan.activities.keys() & set(among)):
        for clash in _all_of(plan, plan.activities[id]):
            if is_intended(plan, clash):
                found.setdefault(clash.substance, clash)
    return sorted(found.values(), key=lambda clash: clash.sort_key)


def is_intended(plan: Plan, clash: Clash) -> bool:
    """Return whether the clash is marked as intended, and has not changed in substance since."""
    marks = plan.intended.get((clash.kind, tuple(sorted(clash.ids)))) if plan.intended else None
    if not marks:
        return False
    accepted = marks.get(clash.substance)
    return accepted is not None and clash.shortage <= accepted


def each_clash(plan: Plan, activity: PlannedActivity) -> Iterator[Clash]:
    """Yield the clashes of an activity in no particular order, without the intended ones.

    The activity may differ from the plan's own version of it.
    """
    return (clash for clash in _all_of(plan, activity) if not is_intended(plan, clash))


def _all_of(plan: Plan, activity: PlannedActivity) -> Iterator[Clash]:
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
    """Return for each activity id the ids of the activities that it crosses: somebody in both could clash.

    Roles can still prevent that clash. Invitees are not read: the times and places alone say which invitees to load.
    among: as in `find_clashes`.
    """
    chosen = plan.activities.keys() if among is None else plan.activities.keys() & set(among)
    counting = Intervals(activity for activity in plan.activities.values() if plan.counts(activity))
    reach = bookings.reach_of(plan.rules)
    found: dict[int, set[int]] = defaultdict(set)
    for activity in counting:
        if activity.id not in chosen:
            continue
        for other in counting.overlapping(activity.starts_at - reach, activity.ends_at + reach):
            # Already added from the other activity.
            seen = other.id in chosen and bookings.pair(activity, other)[0] is other
            if other.id != activity.id and not seen and bookings.cross(plan, activity, other):
                found[activity.id].add(other.id)
                found[other.id].add(activity.id)
    return found
