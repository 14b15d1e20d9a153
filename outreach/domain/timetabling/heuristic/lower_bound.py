"""A lower bound of a proposal's cost. It is computed at once, so the first proposal already has a gap.

Pure. A solver may prove a higher bound. The bound is a sum: each activity's cheapest start and venue, the most even spread over
the days and within each kecamatan, and the fewest trips possible.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from heapq import heapify, heapreplace

from outreach.domain.kinds import ON_STAGE
from outreach.domain.planning.parties import Party
from outreach.domain.planning.plan import COMMUNITY_KINDS
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.timetabling.cost import Ledger
from outreach.domain.timetabling.options import Options, kecamatan_at
from outreach.domain.timetabling.task import Task


def at_least(task: Task, options: dict[int, Options]) -> int:
    """Return a lower bound of the cost of any proposal that schedules all activities."""
    ledger = Ledger(task)
    own = sum(
        min(its_options.start_costs, default=0) + min(its_options.venue_costs, default=0)
        for its_options in options.values()
    )
    days = _even_days(task, options, ledger) + _even_kecamatan(task, options, ledger)
    return own + days + _fewest_trips(task, options, ledger)


def most_on(day: date, options: Collection[Options], party: Party) -> int:
    """Return the most of these activities that one person can do on that day.

    It assumes the shortest length, and every start that any of them allows. If the person has turns in one of them, all
    of them count: nothing is estimated then.
    """
    if any(party in its_options.stays for its_options in options):
        return len(options)
    starts: set[datetime] = set()
    length: timedelta | None = None
    for its_options in options:
        starts.update(
            start for start, its_day in zip(its_options.starts, its_options.days(), strict=True) if its_day == day
        )
        length = its_options.unstaffed.length if length is None else min(length, its_options.unstaffed.length)
    count, free_from = 0, None
    for start in sorted(starts):
        if length is not None and (free_from is None or start >= free_from):
            count, free_from = count + 1, start + length
    return count


def trips_needed(activities: int, for_free: int, per_trip: Sequence[int]) -> int:
    """Return the fewest trips for this number of activities.

    for_free: how many are possible on days that have a trip anyway. per_trip: the most for each further trip.
    """
    trips, left = 0, activities - for_free
    for most in sorted(per_trip, reverse=True):
        if left <= 0 or most <= 0:
            break
        trips, left = trips + 1, left - most
    return trips


def _even_days(task: Task, options: dict[int, Options], ledger: Ledger) -> int:
    """Return the least cost of spreading over the days. Each activity may go on any day."""
    weight, least_more = task.wishes.spread_days, _least_more(options)
    return _filled(len(options), [(weight * ledger.by_day[day] + more, weight) for day, more in least_more.items()])


def _even_kecamatan(task: Task, options: dict[int, Options], ledger: Ledger) -> int:
    """Return the least cost of spreading within each kecamatan, for community activities whose kecamatan is certain."""
    within: dict[str, list[Options]] = defaultdict(list)
    for its_options in options.values():
        if its_options.unstaffed.kind in COMMUNITY_KINDS:
            codes = {kecamatan_at(task.base, its_options.unstaffed, venue) for venue in its_options.venues}
            if len(codes) == 1 and (code := codes.pop()):
                within[code].append(its_options)
    cost, weight = 0, task.wishes.spread_kecamatan
    for code, theirs in within.items():
        days = {day for its_options in theirs for day in its_options.days()}
        cost += _filled(len(theirs), [(weight * ledger.by_kecamatan[code, day], weight) for day in days])
    return cost


def _least_more(options: dict[int, Options]) -> dict[date, int]:
    """Return, by day, the smallest extra cost of any activity over its own cheapest day."""
    found: dict[date, int] = {}
    for its_options in options.values():
        cheapest = min(its_options.start_costs, default=0)
        for day, cost in zip(its_options.days(), its_options.start_costs, strict=True):
            found[day] = min(found.get(day, cost - cheapest), cost - cheapest)
    return found


def _filled(count: int, days: list[tuple[int, int]]) -> int:
    """Return the least cost of `count` activities on these days.

    days: for each the cost of its next activity, and by how much each activity raises that cost.
    """
    cost = 0
    heapify(days)
    for _ in range(count if days else 0):
        next_costs, dearer = days[0]
        cost += next_costs
        heapreplace(days, (next_costs + dearer, dearer))
    return cost


def _fewest_trips(task: Task, options: dict[int, Options], ledger: Ledger) -> int:
    if task.plan.rules.severity(ClashKind.SPEAKER_TWICE) is not Severity.BLOCK:
        return 0
    of_party: dict[Party, list[Options]] = defaultdict(list)
    for its_options in options.values():
        for party in its_options.stage:
            if party.is_one_person:
                of_party[party].append(its_options)
    trips = 0
    for party, theirs in of_party.items():
        most = {
            day: most_on(day, theirs, party) for day in {day for its_options in theirs for day in its_options.days()}
        }
        free = sum(count for day, count in most.items() if day in ledger.days_of(party))
        trips += trips_needed(len(theirs), free, [most[day] for day in most if day not in ledger.days_of(party)])
    return (trips + _trips_of_chosen(options, ledger, of_party)) * task.wishes.trips


def _trips_of_chosen(options: dict[int, Options], ledger: Ledger, engaged: dict[Party, list[Options]]) -> int:
    """Return the fewest trips of selectable facilitators.

    Pools are left out if one of their people takes part in any case.
    """
    pools: dict[frozenset[Party], list[Options]] = defaultdict(list)
    for its_options in options.values():
        if its_options.facilitators and its_options.demand.facilitator_role in ON_STAGE:
            pools[frozenset(its_options.facilitators)].append(its_options)
    seen: set[Party] = set()
    trips = 0
    for pool, theirs in pools.items():
        if seen & pool or engaged.keys() & pool or any(not party.is_one_person for party in pool):
            continue
        seen |= pool
        days = {day for its_options in theirs for day in its_options.days()}
        most = {(party, day): most_on(day, theirs, party) for party in pool for day in days}
        free = sum(count for (party, day), count in most.items() if day in ledger.days_of(party))
        paid = [count for (party, day), count in most.items() if day not in ledger.days_of(party)]
        trips += trips_needed(sum(its_options.needed for its_options in theirs), free, paid)
    return trips
