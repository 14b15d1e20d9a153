"""What our own lower bound gains beside CP-SAT's: the gap that a proposal states after ten seconds.

The demo's 26 activities, the same with a hall lost and a facilitator away, and 200 activities. Each round has a seed of its own,
the same for both.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from statistics import median

from benchmarks.planning.planned import demo_task, large_task
from benchmarks.planning.timetabling import SECONDS, lost_hall
from benchmarks.results import Result
from outreach.domain.timetabling import Effort, Search, Task, search

ROUNDS = 3
NO_DATABASE = "no database: values in memory on both sides, two workers each"


@dataclass(frozen=True)
class _Found:
    cost: float
    bound: float
    seconds: float

    @property
    def gap(self) -> float:
        """Return by how many percent a better proposal might cost less, as the page states it."""
        return 100 * max(0.0, self.cost - self.bound) / self.cost if self.cost else 0.0


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the stated gaps, as ratios to those without our bound. folder: not used."""
    Search(demo_task(), Effort(seconds=0.2)).run()  # loads the solver
    results = []
    for name, task in (
        ("demo", demo_task()),
        ("a hall lost", lost_hall(demo_task())),
        ("200 activities", large_task()),
    ):
        ours, without = [], []
        for round_ in range(ROUNDS):
            ours.append(_searched(task, seed=round_ + 1))
            with _no_bound():
                without.append(_searched(task, seed=round_ + 1))
            say(f"{name}, round {round_ + 1}: {ours[-1]}; without our bound: {without[-1]}")
        for what, unit in (("gap", "%"), ("seconds", "s")):
            one, other = (median(getattr(found, what) for found in some) for some in (ours, without))
            results.append(Result(f"bound: {name}, {what}, against CP-SAT's bound alone", one, unit, other,
                                  one / other if other else None, conditions=NO_DATABASE))  # fmt: skip
    return results


def _searched(task: Task, seed: int) -> _Found:
    outcome = Search(task, Effort(seconds=SECONDS, workers=2, seed=seed)).run()
    if outcome.proposal is None or outcome.proposal.unplaced:
        return _Found(inf, 0.0, outcome.seconds)
    return _Found(outcome.proposal.objective, outcome.proposal.bound or 0, outcome.seconds)


@contextmanager
def _no_bound() -> Iterator[None]:
    ours, search.at_least = search.at_least, lambda _task, _options: 0  # type: ignore[assignment]
    try:
        yield
    finally:
        search.at_least = ours
