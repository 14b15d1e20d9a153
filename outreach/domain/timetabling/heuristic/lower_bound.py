"""What any placement costs at least, reckoned at once: less than a solver proves, and there from the first answer on.

Pure. Each activity's cheapest start and venue, days filled evenly as far as they cost alike, those of each kecamatan too, and
as few trips as the days can hold.
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
    """Return a cost below which no placement of all can be."""
    ledger = Ledger(task)
    own = sum(min(one.start_costs, default=0) + min(one.venue_costs, default=0) for one in options.values())
    days = _even_days(task, options, ledger) + _even_kecamatan(task, options, ledger)
    return own + days + _fewest_trips(task, options, ledger)


def most_on(day: date, options: Collection[Options], party: Party) -> int:
    """Return how many of these one person could do on that day at most: by the shortest, wherever any of them may begin.

    Where the person has turns in one of them, all: nothing is estimated then.
    """
    if any(party in one.stays for one in options):
        return len(options)
    starts: set[datetime] = set()
    length: timedelta | None = None
    for one in options:
        starts.update(start for start, its_day in zip(one.starts, one.days(), strict=True) if its_day == day)
        length = one.bare.length if length is None else min(length, one.bare.length)
    count, free_from = 0, None
    for start in sorted(starts):
        if length is not None and (free_from is None or start >= free_from):
            count, free_from = count + 1, start + length
    return count


def trips_needed(activities: int, for_free: int, per_trip: Sequence[int]) -> int:
    """Return the fewest trips on which so many can be done. for_free: how many on days out anyhow; per_trip: by the others."""
    trips, left = 0, activities - for_free
    for most in sorted(per_trip, reverse=True):
        if left <= 0 or most <= 0:
            break
        trips, left = trips + 1, left - most
    return trips


def _even_days(task: Task, options: dict[int, Options], ledger: Ledger) -> int:
    """Put each on the day where it is cheapest by then, whether or not it could be there."""
    weight, least_more = task.wishes.spread_days, _least_more(options)
    return _filled(len(options), [(weight * ledger.by_day[day] + more, weight) for day, more in least_more.items()])


def _even_kecamatan(task: Task, options: dict[int, Options], ledger: Ledger) -> int:
    """Put each community activity that lies in one kecamatan wherever it is held on that one's emptiest day."""
    within: dict[str, list[Options]] = defaultdict(list)
    for one in options.values():
        if one.bare.kind in COMMUNITY_KINDS:
            codes = {kecamatan_at(task.base, one.bare, venue) for venue in one.venues}
            if len(codes) == 1 and (code := codes.pop()):
                within[code].append(one)
    cost, weight = 0, task.wishes.spread_kecamatan
    for code, theirs in within.items():
        days = {day for one in theirs for day in one.days()}
        cost += _filled(len(theirs), [(weight * ledger.by_kecamatan[code, day], weight) for day in days])
    return cost


def _least_more(options: dict[int, Options]) -> dict[date, int]:
    """Return for each day how much dearer than at its cheapest any activity is there, at least."""
    found: dict[date, int] = {}
    for one in options.values():
        cheapest = min(one.start_costs, default=0)
        for day, cost in zip(one.days(), one.start_costs, strict=True):
            found[day] = min(found.get(day, cost - cheapest), cost - cheapest)
    return found


def _filled(count: int, days: list[tuple[int, int]]) -> int:
    """Return what so many cost on the cheapest days. days: what the next one there costs, and how much dearer each makes it."""
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
    for one in options.values():
        for party in one.stage:
            if party.is_one_person:
                of_party[party].append(one)
    trips = 0
    for party, theirs in of_party.items():
        most = {day: most_on(day, theirs, party) for day in {day for one in theirs for day in one.days()}}
        free = sum(count for day, count in most.items() if day in ledger.days_of(party))
        trips += trips_needed(len(theirs), free, [most[day] for day in most if day not in ledger.days_of(party)])
    return (trips + _trips_of_chosen(options, ledger, of_party)) * task.wishes.trips


def _trips_of_chosen(options: dict[int, Options], ledger: Ledger, engaged: dict[Party, list[Options]]) -> int:
    """Reckon the trips of those who are chosen from, where none of them is also engaged in any case."""
    pools: dict[frozenset[Party], list[Options]] = defaultdict(list)
    for one in options.values():
        if one.facilitators and one.demand.facilitator_role in ON_STAGE:
            pools[frozenset(one.facilitators)].append(one)
    seen: set[Party] = set()
    trips = 0
    for pool, theirs in pools.items():
        if seen & pool or engaged.keys() & pool or any(not party.is_one_person for party in pool):
            continue
        seen |= pool
        days = {day for one in theirs for day in one.days()}
        most = {(party, day): most_on(day, theirs, party) for party in pool for day in days}
        free = sum(count for (party, day), count in most.items() if day in ledger.days_of(party))
        paid = [count for (party, day), count in most.items() if day not in ledger.days_of(party)]
        trips += trips_needed(sum(one.needed for one in theirs), free, paid)
    return trips
