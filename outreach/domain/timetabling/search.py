"""The search for the best timetable: best proposal so far, a lower bound of the cost, and a stop button.

OR-Tools runs in a separate thread; the first answer comes from heuristic/greedy.py. Apart from that thread and the clock
for measuring time, this file is pure. Needs the extra `planner`.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

from outreach.domain.problems import Problem
from outreach.domain.timetabling.conflict import Conflict
from outreach.domain.timetabling.cost import charges, total
from outreach.domain.timetabling.find_options import options_of
from outreach.domain.timetabling.heuristic.draft import PlacedActivities
from outreach.domain.timetabling.heuristic.greedy import place_greedily
from outreach.domain.timetabling.heuristic.lower_bound import at_least
from outreach.domain.timetabling.options import Options
from outreach.domain.timetabling.proposal import Proposal, propose
from outreach.domain.timetabling.task import Effort, SearchStatus, Task

BEAT_S = 0.5
STOPS_WITHIN_S = 0.15
EXPLAINING_S = 10.0
LARGE = 12_000  # number of starts above which one model gains nothing within a minute: measured
GREEDY_ROUNDS = 2  # further ones take longer than a search for the times of all
OPTIONS_SHARE = 0.5  # of the time to look for options: what is left schedules those that have theirs by then
WHOLE_SHARE = 0.5  # of the time for a whole timetable, where one model of all can still find it in the rest
_ASK_AGAIN_S = 0.02


class PlannerMissing(Problem):
    """OR-Tools is not installed. place_greedily() works without it."""

    message = (
        "Placing a whole plan needs OR-Tools, which is not installed here. "
        "The page for a new placement says how to install it."
    )


@dataclass(frozen=True, slots=True)
class SearchProgress:
    """Progress. seconds: since the search began. proposal: the best so far; None before the first."""

    seconds: float
    proposal: Proposal | None
    bound: int | None


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """The result. proposal: the best found; it may be incomplete. None if there is none."""

    status: SearchStatus
    proposal: Proposal | None
    conflicts: tuple[Conflict, ...]
    seconds: float
    is_stopped: bool


class Search:
    """One search. Iterate over its progress, then read its outcome:

        search = Search(task, Effort(seconds=10))
        for progress in search:  # at each news, and at least every half second
            show(progress)       # search.stop() ends it: from here, or from another thread
        search.outcome

    or call `search.run()` for the outcome alone. Leaving the loop early stops the search. Raise PlannerMissing without the extra.

    clock: by which the effort's seconds are counted.
    """

    def __init__(
        self, task: Task, effort: Effort | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if find_spec("ortools") is None:
            raise PlannerMissing()
        self.task, self.effort, self._clock = task, effort or Effort(), clock
        self._stop = threading.Event()
        self._told = threading.Condition()
        self._state = _State()
        self._solver: Any = None
        self._outcome: SearchOutcome | None = None
        self._began = self._until = 0.0
        self._give_up_at = float("inf")

    @property
    def outcome(self) -> SearchOutcome:
        """Return how it ended; raise ValueError before its end."""
        if self._outcome is None:
            raise ValueError("The search has not ended yet.")
        return self._outcome

    @property
    def is_stopped(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        """End the search. Iterating ends within about 0.2 s with the best so far. May be called from any thread, at any time."""
        if self.is_stopped:
            return
        self._give_up_at = time.monotonic() + STOPS_WITHIN_S
        self._stop.set()
        threading.Thread(target=self._see_it_stop, name="stopping", daemon=True).start()
        with self._told:
            self._told.notify_all()

    def run(self) -> SearchOutcome:
        for _ in self:
            pass
        return self.outcome

    def __iter__(self) -> Iterator[SearchProgress]:
        if self._began:
            raise ValueError("A search is made once.")
        self._began, self._until = time.monotonic(), self._clock() + self.effort.seconds
        threading.Thread(target=self._work, name="timetabling").start()
        best: Proposal | None = None
        seen: PlacedActivities | None = None
        try:
            while True:
                state = self._next()
                if state.failure is not None:
                    raise state.failure
                if state.placed is not None and state.placed is not seen:
                    seen = state.placed
                    best = _better(best, propose(self.task, state.options, seen))
                best = best and best.bounded(state.bound)
                ended = state.status is not None or time.monotonic() >= self._give_up_at
                if ended:
                    self._outcome = self._ending(best, state)
                yield SearchProgress(time.monotonic() - self._began, best, state.bound)
                if ended:
                    return
        finally:
            if self._outcome is None:
                self.stop()

    def _next(self) -> "_State":
        """Return the state at the next news, or after BEAT_S without news."""
        with self._told:
            until = min(time.monotonic() + BEAT_S, self._give_up_at)
            while not self._state.is_news and (left := until - time.monotonic()) > 0:
                self._told.wait(left)
                until = min(until, self._give_up_at)
            self._state.is_news = False
            return replace(self._state)

    def _tell(self, **news: Any) -> None:
        with self._told:
            for name, value in news.items():
                setattr(self._state, name, value)
            self._state.is_news = True
            self._told.notify_all()

    def _ending(self, best: Proposal | None, state: "_State") -> SearchOutcome:
        status = state.status or SearchStatus.UNDECIDED
        if status in (SearchStatus.UNDECIDED, SearchStatus.FOUND) and best is not None and not best.unplaced:
            status = SearchStatus.BEST if best.is_proven else SearchStatus.FOUND
        return SearchOutcome(status, best, state.conflicts, time.monotonic() - self._began, self.is_stopped)

    # in the worker thread

    def _work(self) -> None:
        try:
            self._search()
        except BaseException as failure:  # raised again where the search is iterated
            self._tell(failure=failure)

    def _search(self) -> None:
        options = options_of(self.task, lambda: self._is_over(OPTIONS_SHARE))
        placed = place_greedily(self.task, options, self._is_over, rounds=GREEDY_ROUNDS) if options else {}
        self._tell(options=options, placed=placed or None)
        if len(options) < len(self.task.demands) or self._is_over():
            self._tell(status=SearchStatus.UNDECIDED)
            return
        least = at_least(self.task, options)
        self._tell(bound=least)
        is_large = sum(len(its_options.starts) for its_options in options.values()) > LARGE
        if len(placed) < len(options):
            status, placed = self._whole(options, placed, self._left_s * (1.0 if is_large else WHOLE_SHARE))
            if status is SearchStatus.IMPOSSIBLE:
                self._explain(options, placed)
                return
        complete = len(placed) == len(options)
        if is_large or self._is_over():
            self._tell(status=SearchStatus.UNDECIDED)
            return
        from outreach.domain.timetabling.solver.solve import Solving  # load OR-Tools only here: it takes half a second

        solving = Solving(self.task, options, self.effort, self._is_over, self._tell, least)
        self._solving(solving.solver)
        enough = total(charges(self.task, placed)) if complete else None
        status = solving.solve(placed, self._left_s, enough)
        if status is SearchStatus.IMPOSSIBLE:
            self._explain(options, placed)
        else:
            self._tell(status=status)

    def _whole(
        self, options: dict[int, Options], placed: PlacedActivities, seconds: float
    ) -> tuple[SearchStatus, PlacedActivities]:
        """Return a timetable of all demands or, if there is none, of as many as possible; and what is known of it."""
        from outreach.domain.timetabling.solver.whole import Whole

        whole = Whole(self.task, options, placed, self.effort, self._stop.is_set, self._solving)
        status, found = whole.all(seconds)
        if status is SearchStatus.IMPOSSIBLE:
            found = whole.most(seconds)
        if len(found) > len(placed):
            placed = found
            self._tell(placed=placed)
        return status, placed

    def _explain(self, options: dict[int, Options], placed: PlacedActivities) -> None:
        """Say why not all can be scheduled."""
        seconds = min(self.effort.seconds, EXPLAINING_S)
        self._tell(status=SearchStatus.IMPOSSIBLE, conflicts=self._conflicts(options, placed, seconds))

    @property
    def _left_s(self) -> float:
        return max(0.0, self._until - self._clock())

    def _is_over(self, share: float = 1.0) -> bool:
        """Return whether the user pressed stop, or this share of the time is used up. Not so if the result is repeatable."""
        used_up = self._left_s <= (1.0 - share) * self.effort.seconds
        return self._stop.is_set() or (used_up and not self.effort.repeatable)

    def _solving(self, solver: Any) -> None:
        self._solver = solver

    def _conflicts(self, options: dict[int, Options], placed: PlacedActivities, seconds: float) -> tuple[Conflict, ...]:
        from outreach.domain.timetabling.solver.conflicts import Budget, conflicts

        budget = Budget(time.monotonic() + seconds, self._stop.is_set, self._solving)
        suspects = [id for id in options if id not in placed]
        return conflicts(self.task, options, budget, self.effort.seed, suspects=suspects)

    def _see_it_stop(self) -> None:
        """Repeat the stop request until the search ends: the solver ignores a request made before it started."""
        while self._state.status is None and self._state.failure is None:
            if self._solver is not None:
                self._solver.stop_search()
            time.sleep(_ASK_AGAIN_S)


@dataclass(slots=True)
class _State:
    """What the worker thread has reported so far."""

    options: dict[int, Options] = field(default_factory=dict)
    placed: PlacedActivities | None = None
    bound: int | None = None
    status: SearchStatus | None = None
    conflicts: tuple[Conflict, ...] = ()
    failure: BaseException | None = None
    is_news: bool = False


def _better(best: Proposal | None, other: Proposal) -> Proposal:
    if best is None:
        return other
    return min(best, other, key=lambda proposal: (len(proposal.unplaced), proposal.objective))
