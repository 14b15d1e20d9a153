"""Finds which demands conflict, and why.

CP-SAT's assumptions give a core of demands; it is reduced by leaving out one demand after another. Needs the extra `planner`.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations

from ortools.sat.python import cp_model

from outreach.domain.planning.parties import roles_of
from outreach.domain.planning.plan import COMMUNITY_KINDS
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.timetabling.conflict import Cause, CauseKind, Conflict
from outreach.domain.timetabling.find_options import options_of
from outreach.domain.timetabling.options import Options, kecamatan_at
from outreach.domain.timetabling.solver.model import Model, Stopped
from outreach.domain.timetabling.solver.pairs import add_rules
from outreach.domain.timetabling.task import Demand, Task

MOST = 5  # limit of conflicts
CORE_S, TRY_S = 6.0, 3.0  # time limits of one query: for all demands, and for a few
EXAMPLES = 5
NEAR, FEW_VENUES = 40, 4
_OF_VENUES = frozenset({ClashKind.VENUE_TAKEN, ClashKind.VENUE_ABSENT, ClashKind.VENUE_TOO_SMALL})
_OF_PEOPLE = frozenset(
    {ClashKind.SPEAKER_TWICE, ClashKind.CADRE_TWICE, ClashKind.INVITEE_TWICE, ClashKind.SPEAKER_TRAVEL,
     ClashKind.TRAVEL}
)  # fmt: skip


@dataclass
class Budget:
    """The time budget. until: by time.monotonic(). stopped: whether the user pressed stop.

    solving: called with each solver before it runs.
    """

    until: float
    stopped: Callable[[], bool] = lambda: False
    solving: Callable[[cp_model.CpSolver], None] = lambda solver: None

    @property
    def left_s(self) -> float:
        return 0.0 if self.stopped() else max(0.0, self.until - time.monotonic())

    def is_over(self) -> bool:
        return not self.left_s


def conflicts(
    task: Task,
    options: dict[int, Options],
    budget: Budget,
    seed: int = 1,
    *,
    suspects: Collection[int] = (),
    only_near: bool = False,
) -> tuple[Conflict, ...]:
    """Return conflicts that share no demand, as many as found within the budget; empty if all demands fit.

    suspects: demands without a time; they are checked first, with those that share people, venues or an order with them.
    only_near: check no others.
    """
    search = ConflictSearch(task, budget, seed)
    found: list[Conflict] = []
    rest = dict(options)
    while rest and len(found) < MOST and budget.left_s:
        near = nearest(task, rest, [id for id in suspects if id in rest])
        core = search.core(near) if near else set()
        if not core and not only_near and len(near) < len(rest):
            core = search.core(rest)
        if not core:
            break
        ids, minimal = search.smallest(core, rest)
        causes, each_needed = search.causes(ids)
        found.append(Conflict(tuple(sorted(ids)), tuple(causes), minimal and each_needed))
        rest = {id: its_options for id, its_options in rest.items() if id not in ids}
    return tuple(found)


def nearest(task: Task, options: dict[int, Options], suspects: list[int], count: int = NEAR) -> dict[int, Options]:
    """Return the suspects and so many demands most likely to be in their way."""
    if not suspects:
        return {}
    people = {
        id: {*roles_of(its_options.unstaffed.engagements), *its_options.facilitators}
        for id, its_options in options.items()
    }
    parties = {party for id in suspects for party in people[id] if party.is_one_person}
    venues = {venue for id in suspects for venue in options[id].venues if len(options[id].venues) <= FEW_VENUES}
    linked = {id for id, firsts in task.orders.items() for first in firsts if id in suspects or first in suspects}
    linked |= {first for id in suspects for first in task.orders[id]}

    def nearness(id: int) -> tuple:
        shared = len(people[id] & parties) + 2 * bool(venues & set(options[id].venues)) + 2 * (id in linked)
        return id not in suspects, -shared, id

    return {id: options[id] for id in sorted(options, key=nearness)[: count + len(suspects)]}


class ConflictSearch:
    def __init__(self, task: Task, budget: Budget, seed: int) -> None:
        self.task, self.budget, self.seed = task, budget, seed

    def core(self, options: dict[int, Options]) -> set[int]:
        """Return demands that cannot all be scheduled; empty if they can, or if it is not known."""
        for id, its_options in options.items():
            if not its_options.starts or not its_options.venues or len(its_options.facilitators) < its_options.needed:
                return {id}
        try:
            model = Model(self.task, options, droppable=True, stopped=self.budget.is_over)
            add_rules(model)
        except Stopped:
            return set()
        by_index = {choice.placed.index: id for id, choice in model.choices.items()}
        model.cp.add_assumptions([choice.placed for choice in model.choices.values()])
        solver = self._solver(min(CORE_S, self.budget.left_s))
        if solver.solve(model.cp) != cp_model.INFEASIBLE:
            return set()
        blamed = {by_index[index] for index in solver.sufficient_assumptions_for_infeasibility() if index in by_index}
        return blamed or set(options)

    def smallest(self, core: set[int], options: dict[int, Options]) -> tuple[set[int], bool]:
        """Leave out one demand after another. Return the remaining core, and whether each is known to be necessary."""
        needed = set(core)
        for id in sorted(core, key=lambda id: (-len(options[id].starts), id)):
            if len(needed) == 1:
                break
            fits = self._fits({other: options[other] for other in needed - {id}})
            if fits is None:
                return needed, False
            if not fits:
                needed.discard(id)
        return needed, True

    def causes(self, ids: set[int]) -> tuple[list[Cause], bool]:
        """Lift one cause after another. Return the causes without which the demands would fit, and whether that is known."""
        task = self.task.only(ids)
        lifted: list[Cause] = []
        kept: list[Cause] = []
        known = True
        for cause in _possible_causes(task):
            try_lifted = _lifted(task, [*lifted, cause])
            fits = self._fits(options_of(try_lifted, self.budget.is_over), try_lifted) if known else None
            known = known and fits is not None
            if fits is False:
                lifted.append(cause)
            else:
                kept.append(cause)
        options = options_of(_lifted(task, lifted), self.budget.is_over)
        said = [_with_facts(task, cause, options) for cause in kept] if len(options) == len(ids) else kept
        return said or [Cause(CauseKind.HORIZON, tuple(sorted(ids)))], known

    def _fits(self, options: dict[int, Options], task: Task | None = None) -> bool | None:
        """Return whether these can all be scheduled; None if the time ran out."""
        task = task or self.task
        if not self.budget.left_s or len(options) > len(task.demands):
            return None
        try:
            model = Model(task, options, stopped=self.budget.is_over)
            add_rules(model)
        except Stopped:
            return None
        status = self._solver(min(TRY_S, self.budget.left_s)).solve(model.cp)
        if status == cp_model.INFEASIBLE:
            return False
        return True if status in (cp_model.OPTIMAL, cp_model.FEASIBLE) else None

    def _solver(self, seconds: float) -> cp_model.CpSolver:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = self.seed
        solver.parameters.max_time_in_seconds = seconds
        solver.parameters.cp_model_probing_level = 0
        self.budget.solving(solver)
        return solver


def _possible_causes(task: Task) -> Iterator[Cause]:
    """Yield all causes that could be lifted, the least helpful first: of two that explain it equally, the later is kept."""
    rules = task.plan.rules
    kinds = [kind for kind in ClashKind if rules.severity(kind) is Severity.BLOCK]
    ids = tuple(sorted(task.ids))
    for kind in reversed(kinds):
        yield Cause(CauseKind.RULE, ids, rule=kind)
    for demand in task.demands:
        id = demand.activity_id
        if demand.seats:
            yield Cause(CauseKind.SEATS, (id,))
        if demand.venues is not None or task.activity(demand).venue_id is not None:
            yield Cause(CauseKind.VENUES, (id,))
        if demand.facilitators:
            yield Cause(CauseKind.FACILITATORS, (id,))
        for other in demand.after:
            yield Cause(CauseKind.ORDER, (id, other))
        for other in demand.before:
            yield Cause(CauseKind.ORDER, (other, id))
        if demand.first_on or demand.last_on:
            yield Cause(CauseKind.DAYS, (id,))
        if demand.fixed or task.activity(demand).fixed:
            yield Cause(CauseKind.FIXED, (id,))


def _lifted(task: Task, causes: Iterable[Cause]) -> Task:
    """Return the task as if these causes did not exist."""
    demands = {demand.activity_id: demand for demand in task.demands}
    activities, severities = {}, dict(task.plan.rules.severities)
    for cause in causes:
        if cause.rule is not None:
            severities[cause.rule] = Severity.IGNORE
            continue
        if cause.kind is CauseKind.ORDER:
            then, first = cause.activity_ids
            for id, demand in demands.items():
                after = tuple(other for other in demand.after if (id, other) != (then, first))
                before = tuple(other for other in demand.before if (other, id) != (then, first))
                demands[id] = replace(demand, after=after, before=before)
            continue
        id = cause.activity_ids[0]
        demands[id] = _without(task, demands[id], cause)
        if cause.kind is CauseKind.FIXED:
            activities[id] = replace(task.plan.activities[id], fixed=False)
    plan = task.plan.with_(*activities.values()).with_rules(replace(task.plan.rules, severities=severities))
    return replace(task, plan=plan, demands=tuple(demands.values()))


def _without(task: Task, demand: Demand, cause: Cause) -> Demand:
    match cause.kind:
        case CauseKind.SEATS:
            return replace(demand, seats=None)
        case CauseKind.VENUES:
            return replace(demand, venues=tuple(task.plan.places) or None)
        case CauseKind.FACILITATORS:
            return replace(demand, facilitators=())
        case CauseKind.DAYS:
            return replace(demand, first_on=None, last_on=None)
        case _:
            return replace(demand, fixed=False)


def _with_facts(task: Task, cause: Cause, options: dict[int, Options]) -> Cause:
    """Return the cause with what these demands share, and with examples of clashes."""
    if cause.rule is None:
        return cause
    examples = [clash for options_one in options.values() for clash in options_one.forbidden.get(cause.rule, ())]
    cause = replace(cause, clashes=tuple(examples[:EXAMPLES]))
    pairs = list(combinations(options.values(), 2))
    if cause.rule in _OF_PEOPLE:
        people = {
            its_options.id: [*roles_of(its_options.unstaffed.engagements), *its_options.facilitators]
            for its_options in options.values()
        }
        both = (party for one, other in pairs for party in people[one.id] if party in people[other.id])
        return replace(cause, parties=tuple(party for party in dict.fromkeys(both) if party.is_one_person))
    if cause.rule in _OF_VENUES:
        both_venues = (id for one, other in pairs for id in one.venues if id is not None and id in other.venues)
        return replace(cause, venue_ids=tuple(dict.fromkeys(both_venues)))
    if cause.rule is ClashKind.SAME_KECAMATAN:
        codes = {its_options.id: _kecamatan_of(task, its_options) for its_options in options.values()}
        shared = {code for one, other in pairs for code in codes[one.id] & codes[other.id]}
        return replace(cause, kecamatan_codes=tuple(sorted(shared)))
    return cause


def _kecamatan_of(task: Task, options: Options) -> set[str]:
    if options.unstaffed.kind not in COMMUNITY_KINDS:
        return set()
    return {code for venue in options.venues if (code := kecamatan_at(task.base, options.unstaffed, venue))}
