"""Finds when, where and with which facilitators one activity could be held, given what stays planned.

Pure functions. domain/clashes judges each time, venue and facilitator, so the rules are written only once. Venues and
people are checked only at times near what stays planned. solver/pairs.py handles two scheduled activities.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, time, timedelta

from outreach.domain.clashes import Clash, each_clash
from outreach.domain.planning.parties import Party, roles_of
from outreach.domain.planning.plan import COMMUNITY_KINDS, Plan, PlannedActivity
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.planning.travel import needed_min
from outreach.domain.timetabling.cost import change_of_time, change_of_venue, of_time
from outreach.domain.timetabling.options import OF_PLACES, Combination, Options
from outreach.domain.timetabling.task import Demand, Task, choices_of, with_facilitators

EXAMPLES = 3
Window = tuple[datetime, datetime]
KnownTimes = dict[tuple, tuple[list[Clash], int]]  # clashes of a time, and its cost in wishes


def options_of(
    task: Task, stopped: Callable[[], bool] = lambda: False, known: KnownTimes | None = None
) -> dict[int, Options]:
    """Return the options of each demand by its activity's id. If `stopped` returns True, return those found so far.

    known: cached results for days and hours, shared by tasks with the same rules, calendar, programmes and wishes.
    """
    finder = _OptionFinder(task, {} if known is None else known)
    found = {}
    for demand in task.demands:
        if stopped():
            break
        found[demand.activity_id] = finder.of(demand)
    return found


class _OptionFinder:
    """Computes the options of one demand after another, and caches what many demands share."""

    def __init__(self, task: Task, known: KnownTimes) -> None:
        self.task, self.base, self._known = task, task.base, known
        staying = (activity for activity in self.base.activities.values() if activity.kind in COMMUNITY_KINDS)
        self._communities = {self.base.kecamatan_of(activity) for activity in staying}
        longest = max(task.activity(demand).length for demand in task.demands)
        reach = timedelta(days=2, minutes=task.plan.rules.travel.longest_min) + longest
        first, last = task.horizon.days[0], task.horizon.days[-1]
        zone = task.activity(task.demands[0]).zone
        # A fixed activity keeps its time, which may lie outside the days of the search.
        starts = [
            task.activity(demand).starts_at for demand in task.demands if demand.fixed or task.activity(demand).fixed
        ]
        starts += [datetime.combine(day, time(), tzinfo=zone) for day in (first, last)]
        self.span = (min(starts) - reach, max(starts) + reach)

    def of(self, demand: Demand) -> Options:
        present = self.task.activity(demand)
        unstaffed = with_facilitators(demand, present, ())
        options = Options(demand, present, unstaffed, facilitators=choices_of(demand, present))
        fixed = demand.fixed or present.fixed
        self._times_into(options, [present.starts_at] if fixed else self._grid(demand, present))
        options.venues = [present.venue_id] if fixed or demand.venues is None else self._venues(demand)
        options.venue_costs = [change_of_venue(self.task, demand, present, venue) for venue in options.venues]
        self._places_into(options)
        self._facilitators_into(options)
        return options

    def _grid(self, demand: Demand, activity: PlannedActivity) -> list[datetime]:
        """Return the starts on the horizon's steps within the demand's days, and the present start."""
        plan, horizon = self.task.plan, self.task.horizon
        step, zone = timedelta(minutes=horizon.step_min), activity.zone
        found: set[datetime] = set()
        for day in horizon.days:
            hours = plan.hours_on(day)
            begins, ends = horizon.daily or (hours.opens, hours.closes)
            first = datetime.combine(day, begins, tzinfo=zone)
            last = datetime.combine(day, ends, tzinfo=zone)
            latest = last - activity.length if activity.length <= last - first else last - step
            found.update(first + n * step for n in range((latest - first) // step + 1))
        if activity.local_start.date() in horizon.days:
            found.add(activity.local_start)
        return sorted(start for start in found if self._may_begin(demand, activity, start))

    def _may_begin(self, demand: Demand, activity: PlannedActivity, start: datetime) -> bool:
        last_day = (start + activity.length - timedelta(microseconds=1)).astimezone(activity.zone).date()
        if demand.first_on and start.astimezone(activity.zone).date() < demand.first_on:
            return False
        if demand.last_on and last_day > demand.last_on:
            return False
        first = (self.base.activities.get(id) for id in demand.after)
        then = (self.base.activities.get(id) for id in demand.before)
        return (
            start > self.base.now
            and all(other is None or other.ends_at <= start for other in first)
            and all(other is None or start + activity.length <= other.starts_at for other in then)
        )

    def _venues(self, demand: Demand) -> list[int | None]:
        places = self.base.places
        wanted = dict.fromkeys(demand.venues or ())
        seats = demand.seats or 0
        return [id for id in wanted if id not in places or (places[id].capacity or seats) >= seats]

    def _times_into(self, options: Options, starts: list[datetime]) -> None:
        """Keep the starts that the days, the hours and the invitees allow, with their costs."""
        unstaffed, wishes = options.unstaffed, self.task.wishes
        placeless = replace(unstaffed, venue_id=None, region_code=None)
        near = _near(starts, unstaffed.length, self._windows_of(roles_of(unstaffed.engagements)))
        for place, start in enumerate(starts):
            found, wished = self._at(options, start)
            if place in near:
                found = list(each_clash(self.base, _moved(placeless, start)))
            if found and self._forbids(options, found):
                continue
            warned = sum(wishes.warning(clash.kind) for clash in found)
            changed = change_of_time(self.task, options.demand, options.present, start)
            options.starts.append(start)
            options.start_costs.append(warned + changed + wished)

    def _at(self, options: Options, start: datetime) -> tuple[list[Clash], int]:
        """Return the clashes of the day and hour alone, and their cost; cached for activities alike in these."""
        unstaffed, hours = options.unstaffed, options.demand.hours
        deadline = unstaffed.respond_by_at and unstaffed.starts_at - unstaffed.respond_by_at
        told = None if unstaffed.told_at is None else unstaffed.id
        key = (start, unstaffed.length, unstaffed.zone.key, unstaffed.programme_id, deadline, told, hours)
        if key not in self._known:
            alone = _moved(replace(unstaffed, venue_id=None, region_code=None, engagements=(), people=0), start)
            self._known[key] = list(each_clash(self.base, alone)), of_time(self.task, options.demand, alone)
        return self._known[key]

    def _forbids(self, options: Options, found: Iterable[Clash]) -> bool:
        blocking = [clash for clash in found if clash.severity is Severity.BLOCK]
        for clash in blocking:
            examples = options.forbidden[clash.kind]
            if len(examples) < EXAMPLES and all(_gist(clash) != _gist(other) for other in examples):
                examples.append(clash)
        return bool(blocking)

    def _places_into(self, options: Options) -> None:
        """Add what depends on the venue: taken, closed, too small, too far, or another activity in its kecamatan."""
        for index, venue in enumerate(options.venues):
            held = replace(options.unstaffed, venue_id=venue)
            near = _near(options.starts, held.length, self._windows_at(held)) | self._in_shared_half_day(options, held)
            costs: dict[int, int | None] = {}
            for place in sorted(near | {0}) if options.starts else ():  # first start: for too small venues
                start = options.starts[place]
                found = [clash for clash in each_clash(self.base, _moved(held, start)) if clash.kind in OF_PLACES]
                small = [clash for clash in found if clash.kind is ClashKind.VENUE_TOO_SMALL]
                if small and not place:
                    self._add(options, None, index, None, None if self._forbids(options, small) else self._cost(small))
                found = [clash for clash in found if clash.kind is not ClashKind.VENUE_TOO_SMALL]
                if found:
                    costs[place] = None if self._forbids(options, found) else self._cost(found)
            for cost, places in _by_cost(costs).items():
                self._add(options, places, index, None, cost)

    def _facilitators_into(self, options: Options) -> None:
        """Add the times at which a facilitator is absent or engaged, and the venues from which one would come too late."""
        for index, party in enumerate(options.facilitators):
            alone = options.as_chosen(party)
            placeless = replace(options.unstaffed, venue_id=None, region_code=None, engagements=alone)
            engaged = self._windows_of({party: options.demand.facilitator_role})
            self._party_into(options, placeless, engaged, None, index)
            for venue_at, venue in enumerate(options.venues):
                held = replace(options.unstaffed, venue_id=venue, engagements=alone)
                self._party_into(options, held, self._windows_from(held), venue_at, index)

    def _party_into(
        self, options: Options, held: PlannedActivity, near: list[Window], venue: int | None, facilitator: int
    ) -> None:
        costs: dict[int, int | None] = {}
        for place in sorted(_near(options.starts, held.length, near)):
            found = [
                clash
                for clash in each_clash(self.base, _moved(held, options.starts[place]))
                if clash.party == options.facilitators[facilitator]
                if (clash.kind in OF_PLACES) is (venue is not None)
            ]
            if found:
                costs[place] = None if self._forbids(options, found) else self._cost(found)
        for cost, places in _by_cost(costs).items():
            self._add(options, places, venue, facilitator, cost)

    def _add(
        self, options: Options, starts: frozenset[int] | None, venue: int | None, who: int | None, cost: int | None
    ) -> None:
        if cost != 0:
            options.combinations.append(Combination(starts, venue, who, cost))

    def _cost(self, found: Iterable[Clash]) -> int:
        return sum(self.task.wishes.warning(clash.kind) for clash in found)

    def _windows_of(self, parties: Iterable[Party]) -> list[Window]:
        """Return the times at which these parties are engaged or absent."""
        found: list[Window] = []
        for party in parties:
            if party.is_one_person:
                found += ((activity.starts_at, activity.ends_at) for activity in self.base.of_party(party, *self.span))
            found += ((absence.starts_at, absence.ends_at) for absence in self.base.absences_of(party, *self.span))
        return found

    def _windows_at(self, held: PlannedActivity) -> list[Window]:
        """Return the times at which its venue is unavailable or its people would be travelling from or to another place."""
        found = self._windows_from(held)
        if held.venue_id is not None:
            found += (
                (activity.starts_at, activity.ends_at) for activity in self.base.at_venue(held.venue_id, *self.span)
            )
            found += (
                (absence.starts_at, absence.ends_at) for absence in self.base.absences_of(held.venue_id, *self.span)
            )
        return found

    def _windows_from(self, held: PlannedActivity) -> list[Window]:
        here, found = self.base.whereabouts(held), []
        if here is None or not _travels(self.base):
            return []
        for party in roles_of(held.engagements):
            for booking in self.base.of_party(party, *self.span) if party.is_one_person else ():
                travel_min = needed_min(here, self.base.whereabouts(booking.activity), self.base.rules.travel)
                if travel_min:
                    found.append(
                        (
                            booking.starts_at - timedelta(minutes=travel_min),
                            booking.ends_at + timedelta(minutes=travel_min),
                        )
                    )
        return found

    def _in_shared_half_day(self, options: Options, held: PlannedActivity) -> set[int]:
        if held.kind not in COMMUNITY_KINDS or not self.base.rules.sought(ClashKind.SAME_KECAMATAN):
            return set()
        code = self.base.kecamatan_of(held)
        if code is None or code not in self._communities:
            return set()
        return {
            place
            for place, halves in enumerate(options.half_days())
            if any(self.base.in_half_day(code, half) for half in halves)
        }


def _moved(shape: PlannedActivity, start: datetime) -> PlannedActivity:
    """Move an activity without facilitators, which may have no venue."""
    return replace(shape.moved(start), venue_id=shape.venue_id)


def _travels(plan: Plan) -> bool:
    return bool(plan.rules.sought(ClashKind.SPEAKER_TRAVEL) or plan.rules.sought(ClashKind.TRAVEL))


def _near(starts: list[datetime], length: timedelta, windows: list[Window]) -> set[int]:
    """Return the indexes of the starts at which an activity of that length would overlap a window."""
    found: set[int] = set()
    for begins, ends in windows:
        found.update(range(bisect_right(starts, begins - length), bisect_left(starts, ends)))
    return found


def _by_cost(costs: dict[int, int | None]) -> dict[int | None, frozenset[int]]:
    found: dict[int | None, set[int]] = defaultdict(set)
    for place, cost in costs.items():
        found[cost].add(place)
    return {cost: frozenset(places) for cost, places in found.items()}


def _gist(clash: Clash) -> tuple:
    """Return a key that is equal for clashes that mean the same for a demand, at whatever time."""
    return clash.kind, clash.ids, clash.party, clash.absence, clash.day, clash.place
