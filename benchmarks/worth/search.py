"""What the search of our own (ruin and recreate) and the bound of our own gain beside CP-SAT: the cost, and the stated gap.

Ten seconds for each: the demo's 26 activities, the same with a hall lost and a facilitator away, and 200 activities. Without
the search CP-SAT has all the time, for a large plan too. Each round has a seed of its own, the same for all.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.placing import SECONDS, lost_hall
from benchmarks.planned import demo_task, large_task
from benchmarks.results import Result
from outreach.domain.timetabling import Effort, Search, Task, search

ROUNDS = 3
WITHOUT: dict[str, dict[str, Any]] = {
    "both": {},
    "no search": {"LARGE": inf, "improve": lambda _task, _options, placed, *_rest: placed},
    "no bound": {"at_least": lambda _task, _options: 0},
}
NO_DATABASE = "no database: values in memory on both sides, two workers each"


@dataclass(frozen=True)
class _Found:
    cost: float
    bound: float
    seconds: float

    @property
    def gap(self) -> float:
        """Return which part of the cost a better one might save, in percent, as the page states it."""
        return 100 * max(0.0, self.cost - self.bound) / self.cost if self.cost else 0.0


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return cost and stated gap with both, as ratios to those without one of them. folder: not used."""
    Search(demo_task(), Effort(seconds=0.2)).run()  # loads the solver
    results: list[Result] = []
    for name, task in (
        ("demo", demo_task()),
        ("a hall lost", lost_hall(demo_task())),
        ("200 activities", large_task()),
    ):
        found: dict[str, list[_Found]] = {way: [] for way in WITHOUT}
        for round_ in range(ROUNDS):
            for way in WITHOUT:
                with _without(way):
                    one = _searched(task, seed=round_ + 1)
                found[way].append(one)
                say(
                    f"{name}, round {round_ + 1}, {way}: cost {one.cost:,.0f}, bound {one.bound:,.0f}, {one.seconds:.1f} s"
                )
        results += _results(name, found)
    return results


def _results(name: str, found: dict[str, list[_Found]]) -> Iterator[Result]:
    for other in list(WITHOUT)[1:]:
        for what, unit in (("cost", ""), ("gap", "%"), ("seconds", "s")):
            ours, theirs = (median(getattr(one, what) for one in found[way]) for way in ("both", other))
            yield Result(f"search: {name}, {what}, against {other}", ours, unit, theirs, ours / theirs if theirs else None,
                         conditions=NO_DATABASE)  # fmt: skip


def _searched(task: Task, seed: int) -> _Found:
    search_ = Search(task, Effort(seconds=SECONDS, workers=2, seed=seed))
    for progress in search_:
        if progress.seconds > SECONDS + 1:
            search_.stop()
    outcome = search_.outcome
    if outcome.proposal is None or outcome.proposal.unplaced:
        return _Found(inf, 0.0, outcome.seconds)
    return _Found(outcome.proposal.objective, outcome.proposal.bound or 0, outcome.seconds)


@contextmanager
def _without(way: str) -> Iterator[None]:
    kept = {name: getattr(search, name) for name in WITHOUT[way]}
    try:
        for name, other in WITHOUT[way].items():
            setattr(search, name, other)
        yield
    finally:
        for name, ours in kept.items():
            setattr(search, name, ours)
