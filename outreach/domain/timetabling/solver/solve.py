"""Runs CP-SAT on the model and reports what it finds. Needs the extra `planner`; used by timetabling/search.py."""

from collections.abc import Callable
from math import ceil
from time import monotonic
from typing import Any

from ortools.sat.python import cp_model

from outreach.domain.timetabling.heuristic.draft import PlacedActivities
from outreach.domain.timetabling.options import Options
from outreach.domain.timetabling.solver.model import Model, Stopped
from outreach.domain.timetabling.solver.objective import add_wishes
from outreach.domain.timetabling.solver.pairs import add_rules
from outreach.domain.timetabling.task import Effort, SearchStatus, Task

COMPLETING_S = 2.0
_FROM_BELOW = "objective_lb_search"  # if all are scheduled, only the proof of the bound is missing; measured
_SMALL = 1e-6  # tolerance of a bound that should be a whole number
_END = {
    cp_model.OPTIMAL: SearchStatus.BEST,
    cp_model.FEASIBLE: SearchStatus.FOUND,
    cp_model.INFEASIBLE: SearchStatus.IMPOSSIBLE,
}


class Solving:
    """One run. tell: called with placed= for each better timetable and bound= for each better bound, never below `least`."""

    def __init__(
        self,
        task: Task,
        options: dict[int, Options],
        effort: Effort,
        stopped: Callable[[], bool],
        tell: Callable[..., None],
        least: int = 0,
    ) -> None:
        self.least = least
        self.task, self.options, self.effort, self.stopped, self.tell = task, options, effort, stopped, tell
        self.enough: int | None = None
        self.solver = cp_model.CpSolver()

    def solve(self, first: PlacedActivities, seconds: float, enough: int | None = None) -> SearchStatus:
        """Search for at most `seconds`, starting from `first` if it is complete; return how it ended.

        enough: the cost of a known timetable; the search ends once nothing can cost less.
        """
        self.enough, began = enough, monotonic()
        try:
            model = Model(self.task, self.options, stopped=self.stopped)
            add_rules(model)
            add_wishes(model)
            model.minimize()
            model.check()
            is_known = len(first) == len(self.options)
            if is_known:
                self._start_from(model, first, seconds - (monotonic() - began))
            model.check()
        except Stopped:
            return SearchStatus.UNDECIDED
        self._set(seconds - (monotonic() - began))
        if is_known and self.effort.workers > 1 and not self.effort.repeatable:
            self.solver.parameters.subsolvers.append(_FROM_BELOW)
        self.solver.best_bound_callback = self._bounded
        status = self.solver.solve(model.cp, _Telling(model, self.tell))
        if status == cp_model.MODEL_INVALID:
            raise ValueError(f"The model is invalid: {model.cp.validate()}")
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            self._bounded(self.solver.best_objective_bound)
        return _END.get(status, SearchStatus.UNDECIDED)

    def _bounded(self, bound: float) -> None:
        known = max(self.least, ceil(bound - _SMALL))
        self.tell(bound=known)
        if self.enough is not None and known >= self.enough:
            self.solver.stop_search()

    def _start_from(self, model: Model, first: PlacedActivities, seconds: float) -> None:
        """Hint at the complete first solution: all variables follow from its choices, but a solver may not find them in time."""
        model.hint(first)
        fixing = self.solver
        self._set(min(COMPLETING_S, seconds))
        fixing.parameters.fix_variables_to_their_hinted_value = True
        known = fixing.solve(model.cp) in (cp_model.OPTIMAL, cp_model.FEASIBLE)
        fixing.parameters.fix_variables_to_their_hinted_value = False
        if known:
            model.cp.clear_hints()
            for index, value in enumerate(fixing.response_proto.solution):
                model.cp.add_hint(model.cp.get_int_var_from_proto_index(index), value)

    def _set(self, seconds: float) -> None:
        parameters = self.solver.parameters
        parameters.num_workers = self.effort.workers
        parameters.random_seed = self.effort.seed
        parameters.cp_model_probing_level = 0  # costs more time here than it saves; measured
        parameters.linearization_level = 2
        if self.effort.repeatable:
            parameters.interleave_search = True
            parameters.max_deterministic_time = self.effort.seconds
        else:
            parameters.max_time_in_seconds = max(seconds, 0.01)


class _Telling(cp_model.CpSolverSolutionCallback):
    def __init__(self, model: Model, tell: Callable[..., None]) -> None:
        super().__init__()
        self._model, self._tell = model, tell

    def on_solution_callback(self) -> None:
        self._tell(placed=self._model.read(self._value))

    def _value(self, variable: Any) -> int:
        return self.value(variable)
