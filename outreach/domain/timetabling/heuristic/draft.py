"""An unfinished proposal: finds the cheapest time, venue and facilitators for one more activity.

Pure. It keeps counts of the scheduled activities, so the cost of the next one is a few sums. domain/clashes says whether a time
is allowed. Used by heuristic/greedy.py.
"""

from collections import Counter
from datetime import date, datetime
from graphlib import CycleError, TopologicalSorter
from itertools import combinations, islice
from math import inf

from outreach.domain.clashes import bookings, is_intended
from outreach.domain.kinds import ON_STAGE
from outreach.domain.planning.parties import Party, roles_of
from outreach.domain.planning.plan import COMMUNITY_KINDS, PlannedActivity
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.timetabling.cost import Ledger, change_of_facilitator, community_in, even_share, pools_of
from outreach.domain.timetabling.options import OF_PLACES, Options, kecamatan_at
from outreach.domain.timetabling.task import Task, present_choices

TEAMS = 60  # combinations of facilitators that are tried for one start
PlacedActivities = dict[int, PlannedActivity]
Team = tuple[Party, ...]


class Draft:
    """The activities scheduled so far. The cost of one is what it adds to the cost of the earlier ones."""

    def __init__(self, task: Task, options: dict[int, Options]) -> None:
        self.task, self.options = task, options
        self.plan, self.placed = task.base, PlacedActivities()
        rules = task.plan.rules
        self._venues_block = rules.severity(ClashKind.VENUE_TAKEN) is Severity.BLOCK
        self._speakers_block = rules.severity(ClashKind.SPEAKER_TWICE) is Severity.BLOCK
        self._ledger = Ledger(task)
        self._by_day = Counter(self._ledger.by_day)
        self._by_kecamatan = Counter(self._ledger.by_kecamatan)
        self._out: Counter[tuple[Party, date]] = Counter()
        self._had: Counter[tuple[frozenset[Party], Party]] = Counter()
        self._pools = {demand.activity_id: pool for pool, demands in pools_of(task).items() for demand in demands}
        self._shares = {pool: even_share(pool, demands) for pool, demands in pools_of(task).items()}
        self._codes: dict[int, list[str | None]] = {}
        self._latest_ends = _latest_ends(task, options)

    def best(self, options: Options) -> tuple[int, PlannedActivity] | None:
        """Return the cheapest allowed activity with its cost, or None.

        Starts, venues and facilitators are tried by their own cost until no other can be cheaper. The start is not before
        the end of its scheduled predecessors, and the end not after the last start of what must follow.
        """
        ends = [self.placed[id].ends_at for id in self.task.orders[options.id] if id in self.placed]
        earliest, latest = max(ends, default=None), self._latest_ends.get(options.id)
        days = options.days()
        of_day = {day: self._of_day(options, day) for day in set(days)}
        costs = [cost + of_day[day] for cost, day in zip(options.start_costs, days, strict=True)]
        best, least = None, inf
        at_venues: dict[date, list[tuple[int | None, int]]] = {}
        teams: dict[date, list[tuple[Team, int]]] = {}
        for place in sorted(range(len(costs)), key=costs.__getitem__):
            start, day = options.starts[place], days[place]
            if costs[place] >= least:
                break
            end = start + options.unstaffed.length
            if (earliest and start < earliest) or (latest and end > latest):
                continue
            if day not in at_venues:
                at_venues[day], teams[day] = self._venues(options, day), self._teams(options, day)
            if self._are_engaged(options, options.stage, start):
                continue
            for venue, at_venue in at_venues[day]:
                if costs[place] + at_venue >= least:
                    break
                if self._is_taken(venue, start, end):
                    continue
                for team, of_team in teams[day]:
                    cost = costs[place] + at_venue + of_team
                    if cost >= least:
                        break
                    if team and options.demand.facilitator_role in ON_STAGE and self._are_engaged(options, team, start):
                        continue
                    planned = options.planned(start, venue, team)
                    warned = self._warned(planned, team)
                    if warned is not None and cost + warned < least:
                        best, least = planned, cost + warned
        return None if best is None else (int(least), best)

    def put(self, planned: PlannedActivity) -> None:
        self.placed[planned.id] = planned
        self.plan = self.plan.with_(planned)
        day = planned.local_start.date()
        self._by_day[day] += 1
        if code := community_in(self.plan, planned):
            self._by_kecamatan[code, day] += 1
        for party, role in roles_of(planned.engagements).items():
            if role in ON_STAGE:
                self._out[party, day] += 1
            if (pool := self._pools.get(planned.id)) and party in pool:
                self._had[pool, party] += 1

    # what it adds

    def _of_day(self, options: Options, day: date) -> int:
        wishes = self.task.wishes
        trips = sum(self._is_trip(party, day) for party in options.stage) if wishes.trips else 0
        return wishes.spread_days * self._by_day[day] + wishes.trips * trips

    def _venues(self, options: Options, day: date) -> list[tuple[int | None, int]]:
        if options.id not in self._codes:
            of_community = options.unstaffed.kind in COMMUNITY_KINDS
            self._codes[options.id] = [
                kecamatan_at(self.task.base, options.unstaffed, venue) if of_community else None
                for venue in options.venues
            ]
        found = [
            (venue, cost + (self.task.wishes.spread_kecamatan * self._by_kecamatan[code, day] if code else 0))
            for venue, cost, code in zip(options.venues, options.venue_costs, self._codes[options.id], strict=True)
        ]
        return sorted(found, key=lambda pair: pair[1])

    def _teams(self, options: Options, day: date) -> list[tuple[Team, int]]:
        if not options.needed:
            return [((), 0)]
        pool = self._pools.get(options.id)

        def rank(party: Party) -> tuple[int, int]:
            return self._of_team(options, day, (party,)), self._had[pool, party] if pool else 0

        ranked = sorted(options.facilitators, key=rank)
        teams = islice(combinations(ranked, options.needed), TEAMS)
        costed = [(team, self._of_team(options, day, team)) for team in teams]
        return sorted(costed, key=lambda pair: pair[1])

    def _of_team(self, options: Options, day: date, team: Team) -> int:
        if not options.needed:
            return 0
        wishes, pool = self.task.wishes, self._pools.get(options.id)
        present = present_choices(options.demand, options.present)
        let_go = change_of_facilitator(self.task, options.demand, options.present)
        trips = wishes.trips if options.demand.facilitator_role in ON_STAGE else 0
        return let_go * sum(party not in team for party in present) + sum(
            trips * self._is_trip(party, day)
            + wishes.share * (pool is not None and self._had[pool, party] >= self._shares[pool])
            for party in team
        )

    def _is_trip(self, party: Party, day: date) -> bool:
        return party.is_one_person and not self._out[party, day] and day not in self._ledger.days_of(party)

    # Quick checks. domain/clashes would give the same result.

    def _is_taken(self, venue: int | None, start: datetime, end: datetime) -> bool:
        return venue is not None and self._venues_block and any(self.plan.at_venue(venue, start, end))

    def _are_engaged(self, options: Options, people: Team, start: datetime) -> bool:
        return self._speakers_block and any(
            True
            for party in people
            if party.is_one_person
            for begins, length in options.stays_of(party)
            for _ in self.plan.of_party(party, start + begins, start + begins + length)
        )

    def _warned(self, planned: PlannedActivity, team: Team) -> int | None:
        """Return the cost of warnings that the start's cost does not include; None if something blocks."""
        cost = 0
        for check in (bookings.of_venue, bookings.of_kecamatan, bookings.of_people):
            for clash in check(self.plan, planned):
                if is_intended(self.plan, clash):
                    continue
                if clash.severity is Severity.BLOCK:
                    return None
                other = clash.other(planned.id)
                of_start = (
                    clash.kind not in OF_PLACES
                    and clash.party not in team
                    and (other is None or other.id not in self.placed)
                )
                cost += 0 if of_start else self.task.wishes.warning(clash.kind)
        return cost


def _latest_ends(task: Task, options: dict[int, Options]) -> dict[int, datetime]:
    """Return, of activities that others must follow, when they must end so that these still have a start."""
    found: dict[int, datetime] = {}
    try:
        ordered = list(TopologicalSorter(task.orders).static_order())
    except CycleError:
        return found
    for then in (options[id] for id in reversed(ordered) if id in options):
        length, latest = then.unstaffed.length, found.get(then.id)
        starts = [start for start in then.starts if latest is None or start + length <= latest]
        for first in task.orders[then.id] if starts else ():
            found[first] = min(starts[-1], found.get(first, starts[-1]))
    return found
