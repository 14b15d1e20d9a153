"""The planner's proposal: each activity's proposed time and venue beside the present one, with reasons and costs.

Pure functions. Reasons are values; web/timetabling/words.py puts them into words.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from outreach.domain.clashes import Clash
from outreach.domain.kinds import ON_STAGE
from outreach.domain.planning.parties import Party, roles_of
from outreach.domain.planning.plan import Plan, PlannedActivity
from outreach.domain.timetabling.cost import (
    BlockedByRule,
    Charge,
    Ledger,
    Term,
    by_term,
    charges,
    community_in,
    half_hours_outside,
    ramadan_deadline,
    total,
)
from outreach.domain.timetabling.options import Options
from outreach.domain.timetabling.task import Task, choices_of


class ReasonKind(StrEnum):
    """Why an activity is proposed there, in the order in which it is shown."""

    FIXED = "fixed"  # the coordinator has fixed it
    KEPT = "kept"  # as it is planned now
    ONLY_START = "only_start"  # no other time is allowed, whatever the others do
    ONLY_VENUE = "only_venue"
    FOLLOWS = "follows"  # on the day when the last activity it must follow ends, or the next day
    SHARES_TRIP = "shares_trip"  # the party is out that day anyway, for `activity_ids` or for what stays planned
    EMPTY_DAY = "empty_day"  # nothing else is planned that day
    FREE_KECAMATAN = "free_kecamatan"  # no other community activity is in its kecamatan that day
    PREFERRED_HOURS = "preferred_hours"
    BEFORE_RAMADAN = "before_ramadan"


@dataclass(frozen=True, slots=True)
class Reason:
    kind: ReasonKind
    activity_ids: tuple[int, ...] = ()
    party: Party | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class ProposedActivity:
    """One activity as planned now and as proposed. charges: its costs, including those shared with other activities.

    facilitators: those chosen. let_go: those engaged now but no longer chosen.
    """

    before: PlannedActivity
    after: PlannedActivity
    facilitators: tuple[Party, ...]
    let_go: tuple[Party, ...]
    reasons: tuple[Reason, ...]
    charges: tuple[Charge, ...]

    @property
    def activity_id(self) -> int:
        return self.after.id

    @property
    def starts_at(self) -> datetime:
        return self.after.starts_at

    @property
    def venue_id(self) -> int | None:
        return self.after.venue_id

    @property
    def is_moved(self) -> bool:
        return self.after.starts_at != self.before.starts_at

    @property
    def changes_venue(self) -> bool:
        return self.after.venue_id != self.before.venue_id

    @property
    def changes_facilitators(self) -> bool:
        return bool(self.let_go) or not set(self.facilitators) <= roles_of(self.before.engagements).keys()

    @property
    def is_change(self) -> bool:
        return self.is_moved or self.changes_venue or self.changes_facilitators

    @property
    def clashes(self) -> list[Clash]:
        """Return the clashes that will be warned about."""
        return [charge.clash for charge in self.charges if charge.clash is not None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal. proposed: by start. unplaced: ids of activities without a time; they are left out of the proposed plan.

    So the proposal may clash with the present times of unplaced activities.
    costs: by term. objective: their sum. present: the cost of the present plan, None if it is blocked.
    bound: no proposal can cost less; None if nothing is proven.
    """

    proposed: tuple[ProposedActivity, ...]
    unplaced: tuple[int, ...]
    costs: Mapping[Term, int]
    objective: int
    present: int | None = None
    bound: int | None = None

    @property
    def is_proven(self) -> bool:
        """Return whether no better proposal is possible."""
        return not self.unplaced and self.bound is not None and self.objective <= self.bound

    @property
    def gap(self) -> float | None:
        """Return the share of the objective that a better proposal could save, 0 to 1; None if nothing is proven."""
        if self.bound is None or self.unplaced:
            return None
        return max(0, self.objective - self.bound) / self.objective if self.objective else 0.0

    def bounded(self, bound: int | None) -> "Proposal":
        return replace(self, bound=bound)


def propose(
    task: Task, options: Mapping[int, Options], placed: Mapping[int, PlannedActivity], bound: int | None = None
) -> Proposal:
    """Return the proposal made of these activities; raise BlockedByRule if a rule forbids it."""
    ledger = Ledger(task)
    found = charges(task, placed, ledger)
    plan = task.base.with_(*placed.values())
    by_day: dict[date, list[PlannedActivity]] = defaultdict(list)
    for activity in placed.values():
        by_day[activity.local_start.date()].append(activity)
    by_activity: dict[int, list[Charge]] = defaultdict(list)
    for charge in found:
        for id in dict.fromkeys(charge.activity_ids):
            by_activity[id].append(charge)
    proposed = [
        _proposed_one(task, options[id], plan, after, by_day[after.local_start.date()], ledger, by_activity[id])
        for id, after in placed.items()
    ]
    return Proposal(
        proposed=tuple(sorted(proposed, key=lambda activity: (activity.starts_at, activity.activity_id))),
        unplaced=tuple(demand.activity_id for demand in task.demands if demand.activity_id not in placed),
        costs=by_term(found),
        objective=total(found),
        present=present_cost(task, ledger),
        bound=bound,
    )


def present_cost(task: Task, ledger: Ledger | None = None) -> int | None:
    """Return the cost of the present plan by the same wishes; None if it is blocked."""
    try:
        return total(charges(task, {demand.activity_id: task.activity(demand) for demand in task.demands}, ledger))
    except BlockedByRule:
        return None


def applied(plan: Plan, proposed: Iterable[ProposedActivity]) -> Plan:
    """Return the plan with these applied. If only some are, `find_clashes(plan, among=…)` says whether they fit the rest."""
    return plan.with_(*(activity.after for activity in proposed))


def _proposed_one(
    task: Task,
    options: Options,
    plan: Plan,
    after: PlannedActivity,
    that_day: list[PlannedActivity],
    ledger: Ledger,
    found: list[Charge],
) -> ProposedActivity:
    """that_day: all proposed activities of its day. found: its charges."""
    before = options.present
    possible, there = choices_of(options.demand, before), roles_of(after.engagements)
    was = roles_of(before.engagements)
    return ProposedActivity(
        before=before,
        after=after,
        facilitators=tuple(party for party in possible if party in there),
        let_go=tuple(party for party in possible if party in was and party not in there),
        reasons=tuple(_reasons(task, options, plan, after, that_day, ledger)),
        charges=tuple(found),
    )


def _reasons(
    task: Task, options: Options, plan: Plan, after: PlannedActivity, that_day: list[PlannedActivity], ledger: Ledger
) -> Iterable[Reason]:
    demand, before = options.demand, options.present
    day = after.local_start.date()
    if demand.fixed or before.fixed:
        yield Reason(ReasonKind.FIXED)
    elif (after.starts_at, after.venue_id) == (before.starts_at, before.venue_id):
        yield Reason(ReasonKind.KEPT)
    if len(options.starts) == 1 and not (demand.fixed or before.fixed):
        yield Reason(ReasonKind.ONLY_START)
    if demand.venues is not None and len(options.venues) == 1:
        yield Reason(ReasonKind.ONLY_VENUE)
    firsts = [plan.activities[id] for id in demand.after if id in plan.activities]
    last = max(firsts, key=lambda earlier: earlier.ends_at, default=None)
    if last and (day - last.local_end.date()).days <= 1:
        yield Reason(ReasonKind.FOLLOWS, (last.id,))
    same_day = [other for other in that_day if other.id != after.id]
    for party, role in roles_of(after.engagements).items():
        others = tuple(other.id for other in same_day if party in roles_of(other.engagements))
        if party.is_one_person and role in ON_STAGE and (others or day in ledger.days_of(party)):
            yield Reason(ReasonKind.SHARES_TRIP, others, party, day)
    if not same_day and not ledger.by_day[day]:
        yield Reason(ReasonKind.EMPTY_DAY, day=day)
    code = community_in(plan, after)
    if code and not ledger.by_kecamatan[code, day] and all(community_in(plan, other) != code for other in same_day):
        yield Reason(ReasonKind.FREE_KECAMATAN, day=day)
    if (demand.hours or task.wishes.hours) and not half_hours_outside(task, demand, after):
        yield Reason(ReasonKind.PREFERRED_HOURS)
    deadline = ramadan_deadline(task)
    if deadline and task.wishes.ramadan and day <= deadline:
        yield Reason(ReasonKind.BEFORE_RAMADAN, day=deadline)
