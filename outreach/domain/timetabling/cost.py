"""What a timetable costs, term by term: its remaining clashes and the office's unmet wishes.

This is the model's objective, computed a second time from the finished plan, so that each can be checked against the other.
Pure functions.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property

from outreach.domain.clashes import Clash, find_clashes
from outreach.domain.kinds import ON_STAGE
from outreach.domain.planning.parties import Party, roles_of
from outreach.domain.planning.plan import COMMUNITY_KINDS, Plan, PlannedActivity
from outreach.domain.planning.rules import Severity
from outreach.domain.reminders.due import days_ahead
from outreach.domain.timetabling.task import HOURS_UNIT_MIN, Demand, Task, choices_of, present_choices

ANOTHER_DAY, ANOTHER_HOUR, ANOTHER_VENUE, ANOTHER_FACILITATOR = 2, 1, 1, 1


class Term(StrEnum):
    """The terms of the cost, in the order in which they are shown."""

    WARNING = "warning"  # a clash that the office does not block
    HOURS = "hours"
    NOTICE = "notice"
    RAMADAN = "ramadan"
    SPREAD_DAYS = "spread_days"
    SPREAD_KECAMATAN = "spread_kecamatan"
    TRIPS = "trips"
    SHARE = "share"
    TIME_CHANGED = "time_changed"
    VENUE_CHANGED = "venue_changed"
    FACILITATOR_CHANGED = "facilitator_changed"


@dataclass(frozen=True, slots=True)
class Charge:
    """One cost: `units` times the weight of the wish. activity_ids: the scheduled activities it is about.

    units: half hours for HOURS, days for NOTICE and RAMADAN, pairs for the SPREAD_ terms, one day for TRIPS, activities
    above the even share for SHARE; for changes as defined by `Wishes.change`.
    day: set for the SPREAD_ terms and TRIPS. party: whose trip or share, or who is no longer chosen.
    kecamatan_code: set for SPREAD_KECAMATAN. clash: set for WARNING.
    """

    term: Term
    cost: int
    units: int
    activity_ids: tuple[int, ...]
    day: date | None = None
    party: Party | None = None
    kecamatan_code: str | None = None
    clash: Clash | None = None


class BlockedByRule(Exception):
    """A timetable breaks a rule that the office blocks. The planner never proposes one; `clashes` says what is broken."""

    def __init__(self, found: list[Clash]) -> None:
        self.clashes = found
        super().__init__(", ".join(sorted({clash.kind for clash in found})))


class Ledger:
    """Counts of what stays planned, as the wishes need them: by day, by kecamatan and day, and the days of each person."""

    def __init__(self, task: Task) -> None:
        self._task, self._base = task, task.base
        self._days_of: dict[Party, frozenset[date]] = {}

    @cached_property
    def by_day(self) -> Counter[date]:
        counting = (activity for activity in self._base.activities.values() if self._base.counts(activity))
        return Counter(activity.local_start.date() for activity in counting)

    @cached_property
    def by_kecamatan(self) -> Counter[tuple[str, date]]:
        counting = (activity for activity in self._base.activities.values() if self._base.counts(activity))
        keyed = ((community_in(self._base, activity), activity.local_start.date()) for activity in counting)
        return Counter((code, day) for code, day in keyed if code)

    def days_of(self, party: Party) -> frozenset[date]:
        """Return the days in and around the horizon on which the party is engaged anyway."""
        if party not in self._days_of:
            days = self._task.horizon.days
            zone = self._task.activity(self._task.demands[0]).zone
            first = datetime.combine(days[0], time(), tzinfo=zone) - timedelta(days=1)
            bookings = self._base.of_party(party, first, datetime.combine(days[-1], time(), tzinfo=zone) + _TWO_DAYS)
            self._days_of[party] = frozenset(booking.activity.local_start.date() for booking in bookings)
        return self._days_of[party]


def charges(task: Task, placed: Mapping[int, PlannedActivity], ledger: Ledger | None = None) -> list[Charge]:
    """Return the charges for planning these activities like this; raise BlockedByRule if a rule forbids it.

    placed: the scheduled activities by id. Demands that are missing in it are left out of the plan.
    """
    plan = task.base.with_(*placed.values())
    found = find_clashes(plan, among=placed.keys())
    if blocking := [clash for clash in found if clash.severity is Severity.BLOCK]:
        raise BlockedByRule(blocking)
    ledger = ledger or Ledger(task)
    return [
        *_warnings(task, found),
        *(charge for demand in task.demands if demand.activity_id in placed
          for charge in _of_one(task, demand, placed[demand.activity_id])),
        *_spread(task, ledger, plan, placed.values()),
        *_trips(task, ledger, placed.values()),
        *_shares(task, placed),
    ]  # fmt: skip


def total(found: Iterable[Charge]) -> int:
    return sum(charge.cost for charge in found)


def by_term(found: Iterable[Charge]) -> dict[Term, int]:
    """Return the cost of each term above 0, in the order of Term."""
    costs = Counter[Term]()
    for charge in found:
        costs[charge.term] += charge.cost
    return {term: costs[term] for term in Term if costs[term]}


def community_in(plan: Plan, activity: PlannedActivity) -> str | None:
    """Return the kecamatan of a community activity; None for other activities."""
    return plan.kecamatan_of(activity) if activity.kind in COMMUNITY_KINDS else None


def pools_of(task: Task) -> dict[frozenset[Party], list[Demand]]:
    """Return the demands grouped by the facilitators they choose from."""
    found = defaultdict(list)
    for demand in task.demands:
        if choices := choices_of(demand, task.activity(demand)):
            found[frozenset(choices)].append(demand)
    return found


def even_share(pool: frozenset[Party], demands: list[Demand]) -> int:
    return -(-sum(demand.facilitators_needed for demand in demands) // len(pool))


def _warnings(task: Task, found: list[Clash]) -> Iterator[Charge]:
    for clash in found:
        if cost := task.wishes.warning(clash.kind):
            ids = tuple(id for id in clash.ids if id in task.ids)
            yield Charge(Term.WARNING, cost, 1, ids, party=clash.party, clash=clash)


def _of_one(task: Task, demand: Demand, planned: PlannedActivity) -> Iterator[Charge]:
    wishes, present = task.wishes, task.activity(demand)
    ids = (planned.id,)
    factor = wishes.change * told_factor(task, demand, present)
    counted = [
        (Term.HOURS, half_hours_outside(task, demand, planned), wishes.hours_weight),
        (Term.NOTICE, days_short(task, planned), wishes.notice),
        (Term.RAMADAN, days_into_ramadan(task, planned), wishes.ramadan),
        (Term.TIME_CHANGED, units_of_time(present, planned.starts_at), factor),
        (Term.VENUE_CHANGED, int(present.venue_id not in (None, planned.venue_id)), factor),
    ]
    for term, units, weight in counted:
        if units and weight:
            yield Charge(term, units * weight, units, ids)
    there = roles_of(planned.engagements)
    for party in present_choices(demand, present):
        if party not in there and factor:
            yield Charge(Term.FACILITATOR_CHANGED, factor, 1, ids, party=party)


def _spread(task: Task, ledger: Ledger, plan: Plan, placed: Iterable[PlannedActivity]) -> Iterator[Charge]:
    by_day, by_kecamatan = defaultdict(list), defaultdict(list)
    for activity in placed:
        day = activity.local_start.date()
        by_day[day].append(activity.id)
        if code := community_in(plan, activity):
            by_kecamatan[code, day].append(activity.id)
    for day, ids in sorted(by_day.items()):
        pairs = pairs_added(len(ids), ledger.by_day[day])
        if pairs and task.wishes.spread_days:
            yield Charge(Term.SPREAD_DAYS, pairs * task.wishes.spread_days, pairs, tuple(ids), day=day)
    for (code, day), ids in sorted(by_kecamatan.items()):
        pairs = pairs_added(len(ids), ledger.by_kecamatan[code, day])
        if pairs and task.wishes.spread_kecamatan:
            cost = pairs * task.wishes.spread_kecamatan
            yield Charge(Term.SPREAD_KECAMATAN, cost, pairs, tuple(ids), day=day, kecamatan_code=code)


def pairs_added(count: int, there: int) -> int:
    """Return how many pairs `count` more activities add to those `there`."""
    return count * (count - 1) // 2 + count * there


def _trips(task: Task, ledger: Ledger, placed: Iterable[PlannedActivity]) -> Iterator[Charge]:
    if not task.wishes.trips:
        return
    out = defaultdict(list)
    for activity in placed:
        for party, role in roles_of(activity.engagements).items():
            if party.is_one_person and role in ON_STAGE:
                out[activity.local_start.date(), party].append(activity.id)
    for (day, party), ids in sorted(out.items(), key=lambda item: (item[0][0], str(item[0][1].key))):
        if day not in ledger.days_of(party):
            yield Charge(Term.TRIPS, task.wishes.trips, 1, tuple(ids), day=day, party=party)


def _shares(task: Task, placed: Mapping[int, PlannedActivity]) -> Iterator[Charge]:
    if not task.wishes.share:
        return
    for pool, demands in pools_of(task).items():
        share = even_share(pool, demands)
        for party in sorted(pool, key=lambda party: str(party.key)):
            ids = tuple(
                demand.activity_id
                for demand in demands
                if demand.activity_id in placed and party in roles_of(placed[demand.activity_id].engagements)
            )
            if (above := len(ids) - share) > 0:
                yield Charge(Term.SHARE, above * task.wishes.share, above, ids, party=party)


_TWO_DAYS = timedelta(days=2)


def of_time(task: Task, demand: Demand, planned: PlannedActivity) -> int:
    """Return the total cost of hours, notice and Ramadan."""
    wishes = task.wishes
    return (
        wishes.hours_weight * half_hours_outside(task, demand, planned)
        + wishes.notice * days_short(task, planned)
        + wishes.ramadan * days_into_ramadan(task, planned)
    )


def half_hours_outside(task: Task, demand: Demand, planned: PlannedActivity) -> int:
    """Return how many half hours lie outside the preferred hours or in an avoidable noon break; parts are rounded up."""
    hours = demand.hours or task.wishes.hours
    if hours is None:
        return 0
    early = _at(planned.days[0], hours[0], planned) - planned.starts_at
    late = planned.ends_at - _at(planned.days[-1], hours[1], planned)
    unit = timedelta(minutes=HOURS_UNIT_MIN)
    return sum(-(-max(outside, timedelta(0)) // unit) for outside in (early, late, _at_noon(task, planned)))


def _at_noon(task: Task, planned: PlannedActivity) -> timedelta:
    """Return how much of its first day's break it overlaps; 0 if it is too long to fit before or after the break."""
    day = planned.days[0]
    hours = task.plan.hours_on(day)
    if not hours.fits_beside_break(planned.length):
        return timedelta(0)
    begins, ends = (_at(day, hour, planned) for hour in (hours.break_from, hours.break_until))
    return min(planned.ends_at, ends) - max(planned.starts_at, begins)


def days_short(task: Task, planned: PlannedActivity) -> int:
    """Return how many days of the wished notice are missing."""
    ahead = days_ahead(planned.starts_at, planned.told(task.plan.now), planned.zone)
    return max(0, task.wishes.notice_days - max(ahead, 0))


def days_into_ramadan(task: Task, planned: PlannedActivity) -> int:
    """Return how many days it is after the last day before Ramadan; 0 if there is no Ramadan ahead."""
    deadline = ramadan_deadline(task)
    return max(0, (planned.local_start.date() - deadline).days) if deadline else 0


def ramadan_deadline(task: Task) -> date | None:
    """Return the last day that counts as before Ramadan: the first one that begins on or after the horizon's first day."""
    first_day = task.horizon.days[0]
    ahead = [ramadan.first for ramadan in task.plan.calendar.ramadans if ramadan.first >= first_day]
    return min(ahead) - timedelta(days=task.wishes.ramadan_margin_days + 1) if ahead else None


def change_of_time(task: Task, demand: Demand, present: PlannedActivity, start: datetime) -> int:
    """Return the cost of this start compared with the present one."""
    return task.wishes.change * told_factor(task, demand, present) * units_of_time(present, start)


def units_of_time(present: PlannedActivity, start: datetime) -> int:
    if start == present.starts_at:
        return 0
    same_day = start.astimezone(present.zone).date() == present.local_start.date()
    return ANOTHER_HOUR if same_day else ANOTHER_DAY


def change_of_venue(task: Task, demand: Demand, present: PlannedActivity, venue_id: int | None) -> int:
    """Return the cost of this venue compared with the present one. A first venue is no change."""
    changed = present.venue_id is not None and venue_id != present.venue_id
    return task.wishes.change * told_factor(task, demand, present) * ANOTHER_VENUE * changed


def change_of_facilitator(task: Task, demand: Demand, present: PlannedActivity) -> int:
    """Return the cost of no longer choosing one facilitator."""
    return task.wishes.change * told_factor(task, demand, present) * ANOTHER_FACILITATOR


def told_factor(task: Task, demand: Demand, present: PlannedActivity) -> int:
    """Return the factor of a change: 0 for a new activity, more for one that people were told about."""
    if demand.is_new:
        return 0
    is_told = present.told_at is not None and present.told_at <= task.plan.now
    return task.wishes.told_factor if is_told else 1


def _at(day: date, clock: time, planned: PlannedActivity) -> datetime:
    return datetime.combine(day, clock, tzinfo=planned.zone)
