"""A timetable for all demands, where scheduling one after the other leaves some out: first the times, then the venues.

times.py gives times for all. With these fixed, the model chooses venues and facilitators. If it cannot, the demands for which
there are none exclude these times, and other times are sought. solve.py then improves the timetable. Needs the extra `planner`.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from math import inf
from time import monotonic

from ortools.sat.python import cp_model

from outreach.domain.planning.parties import roles_of
from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.timetabling.heuristic.draft import PlacedActivities
from outreach.domain.timetabling.options import Combination, Options
from outreach.domain.timetabling.solver.conflicts import Budget, ConflictSearch, nearest
from outreach.domain.timetabling.solver.model import Model, Stopped
from outreach.domain.timetabling.solver.objective import add_wishes
from outreach.domain.timetabling.solver.pairs import add_rules
from outreach.domain.timetabling.solver.times import TimesModel
from outreach.domain.timetabling.task import Effort, SearchStatus, Task

NEAR = (40, 120)  # demands near those left out that may change: first so many
ROUNDS, ROUNDS_NEAR = 100, 3  # times that are tried: of all demands, and of a few
FEW = 12  # demands up to which it is tried which of them are really to blame
NEAR_FIRST, NEAR_BEST = 0.01, 0.05  # gaps at which a solver ends: of the times kept, and of the cost with fixed times
_SOLVED = (cp_model.OPTIMAL, cp_model.FEASIBLE)


class Whole:
    """first: a timetable of some demands; as much of it as possible is kept.

    solving: called with each solver before it runs, so that it can be stopped.
    """

    def __init__(
        self,
        task: Task,
        options: dict[int, Options],
        first: PlacedActivities,
        effort: Effort,
        stopped: Callable[[], bool] = lambda: False,
        solving: Callable[[cp_model.CpSolver], None] = lambda solver: None,
    ) -> None:
        self.task, self.options, self.first = task, options, first
        self.effort, self.stopped, self.solving = effort, stopped, solving
        self._until = 0.0

    def all(self, seconds: float) -> tuple[SearchStatus, PlacedActivities]:
        """Return FOUND and all activities; otherwise IMPOSSIBLE or UNDECIDED, and none."""
        self._begin(seconds)
        left_out = [id for id in self.options if id not in self.first]
        for count in NEAR:  # it is much less work if only these may change, and it mostly suffices
            free = nearest(self.task, self.options, left_out, count)
            if len(free) == len(self.options) or self._is_over():
                break
            kept = {id: kept_at(self.options[id], one) for id, one in self.first.items() if id not in free}
            status, placed = self._search(free | kept, rounds=ROUNDS_NEAR)
            if status is SearchStatus.FOUND:
                return status, placed
        return self._search(self.options)

    def most(self, seconds: float) -> PlacedActivities:
        """Return as many activities as can be scheduled, or as are found in this time; none before what it must follow."""
        self._begin(seconds)
        return self._search(self.options, partly=True)[1]

    def _begin(self, seconds: float) -> None:
        self._until = inf if self.effort.repeatable else monotonic() + seconds

    def _search(
        self, options: dict[int, Options], *, partly: bool = False, rounds: int = ROUNDS
    ) -> tuple[SearchStatus, PlacedActivities]:
        fixed: dict[int, Options] = {}
        near = {id: activity.starts_at for id, activity in self.first.items()}
        try:
            times = TimesModel(self.task, options, near, partly=partly, stopped=self._is_over)
            for _ in range(rounds):
                solver = self._solver(gap=NEAR_FIRST, of_time=0.5)
                status = solver.solve(times.cp)
                if status == cp_model.INFEASIBLE:
                    return SearchStatus.IMPOSSIBLE, {}
                if status not in _SOLVED:
                    break
                found = times.read(solver.value)
                fixed = {id: fixed_at(options[id], start) for id, start in found.items()}
                if not fixed:
                    return SearchStatus.IMPOSSIBLE, {}
                if placed := self._with_venues(fixed):
                    return SearchStatus.FOUND, placed
                times.forbid({id: found[id] for id in self._without_venues(fixed)})
                times.hint(found)
            return SearchStatus.UNDECIDED, self._with_venues(fixed, droppable=True) if partly and fixed else {}
        except Stopped:
            return SearchStatus.UNDECIDED, {}

    def _is_over(self) -> bool:
        return not self._left_s

    @property
    def _left_s(self) -> float:
        return 0.0 if self.stopped() else max(0.0, self._until - monotonic())

    def _with_venues(self, fixed: dict[int, Options], *, droppable: bool = False) -> PlacedActivities:
        """Return these demands at their fixed times with good venues and facilitators; none if that is not possible."""
        model = Model(self.task.only(fixed), fixed, droppable=droppable, stopped=self._is_over)
        add_rules(model)
        add_wishes(model)
        if droppable:
            dearest = 1 + sum(abs(weight) for weight, _ in model.costs)
            for choice in model.choices.values():
                model.cost(-dearest, choice.placed)
        model.minimize()
        model.hint({id: one for id, one in self.first.items() if id in fixed and one.starts_at in fixed[id].starts})
        solver = self._solver(gap=NEAR_BEST)
        return model.read(solver.value) if solver.solve(model.cp) in _SOLVED else {}

    def _without_venues(self, fixed: dict[int, Options]) -> set[int]:
        """Return demands for which there are not enough venues or facilitators at these times, if possible only a few."""
        search = ConflictSearch(self.task, Budget(self._until, self.stopped, self.solving), self.effort.seed)
        core = search.core(fixed) or set(fixed)
        return search.smallest(core, fixed)[0] if len(core) <= FEW else core

    def _solver(self, *, gap: float, of_time: float = 1.0) -> cp_model.CpSolver:
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = self.effort.workers
        solver.parameters.random_seed = self.effort.seed
        solver.parameters.relative_gap_limit = gap
        if self.effort.repeatable:
            solver.parameters.interleave_search = True
            solver.parameters.max_deterministic_time = of_time * self.effort.seconds
        else:
            solver.parameters.max_time_in_seconds = max(of_time * self._left_s, 0.01)
        self.solving(solver)
        return solver


def fixed_at(options: Options, start: datetime) -> Options:
    """Return the options with this start alone."""
    place = options.starts.index(start)
    combinations = [
        replace(combination, starts=None)
        for combination in options.combinations
        if combination.starts is None or place in combination.starts
    ]
    return replace(
        options,
        starts=[start],
        start_costs=[options.start_costs[place]],
        combinations=combinations,
        _days=[],
        _half_days=None,
    )


def kept_at(options: Options, planned: PlannedActivity) -> Options:
    """Return the options with the start, venue and facilitators of this activity alone."""
    there, place = roles_of(planned.engagements), options.venues.index(planned.venue_id)
    fixed = fixed_at(options, planned.starts_at)
    combinations = [
        replace(combination, venue=None if combination.venue is None else 0)
        for combination in fixed.combinations
        if combination.venue in (None, place)
    ]
    others = [index for index, party in enumerate(options.facilitators) if party not in there]
    combinations += [Combination(None, facilitator=index) for index in others]
    return replace(
        fixed,
        venues=[planned.venue_id],
        venue_costs=[options.venue_costs[place]],
        combinations=combinations,
        _half_days=None,
    )
