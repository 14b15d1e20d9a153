"""Whether all of a plan gets a place: fourteen course timetables in 30 s each, and 800 activities in 60 s.

Two workers each. The time depends on what else the machine does; so the CPU time until all have a place stands beside it.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.planning.courses import instances, task_of
from benchmarks.planning.planned import demo_task, large_task
from benchmarks.results import Result, under
from outreach.domain.clashes import find_clashes
from outreach.domain.planning.rules import Severity
from outreach.domain.timetabling import Effort, Search, Task, applied

COURSES_S, LARGE_S = 30.0, 60.0


@dataclass(frozen=True)
class _Found:
    """unplaced: at the end. seconds, cpu_s: until all had a place, or until the end. took_s: until the end."""

    unplaced: int
    seconds: float
    cpu_s: float
    took_s: float


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results of this file. folder: not used."""
    Search(demo_task(), Effort(seconds=0.2)).run()  # loads the solver
    found = []
    for given in instances():
        found.append(_searched(task_of(given), COURSES_S))
        size = f"{len(given.courses)} courses, {given.lectures} lectures, {given.occupied:.0%} of all rooms"
        say(f"{given.name}, {size}: {found[-1]}, load {os.getloadavg()[0]:.0f}")
    whole = [one for one in found if not one.unplaced and one.seconds <= COURSES_S]
    results = [
        Result(
            f"course timetables with a place for all within {COURSES_S:.0f} s", len(whole), "", len(found),
            len(whole) / len(found), 1.0, len(whole) == len(found),
        ),
        Result("until all have a place, the middle (ms)", 1000 * median(one.seconds for one in found), "ms"),
        Result("the slowest (ms)", 1000 * max(one.seconds for one in found), "ms"),
        Result("CPU time of it, the middle (ms)", 1000 * median(one.cpu_s for one in found), "ms"),
        Result("the slowest (ms)", 1000 * max(one.cpu_s for one in found), "ms"),
    ]  # fmt: skip
    for days in (20, 10):
        one = _searched(large_task(800, 160, 240, days), LARGE_S)
        say(f"800 activities in {days} days: {one}, load {os.getloadavg()[0]:.0f}")
        results += [
            Result(
                f"800 activities in {days} days: until the plan (ms)", 1000 * one.seconds, "ms", 1000 * LARGE_S,
                one.seconds / LARGE_S, 1.0, not one.unplaced and one.seconds <= LARGE_S,
            ),
            Result(f"800 activities in {days} days: CPU time of it (ms)", 1000 * one.cpu_s, "ms"),
            Result(f"800 activities in {days} days: without a place", one.unplaced, ""),
        ]  # fmt: skip
    return under("no database: values in memory on both sides", results)


def _searched(task: Task, seconds: float) -> _Found:
    began, cpu = time.monotonic(), time.process_time()
    search, first = Search(task, Effort(seconds=seconds, workers=2)), None
    for progress in search:
        if first is None and progress.proposal is not None and not progress.proposal.unplaced:
            first = progress.seconds, time.process_time() - cpu
    proposal = search.outcome.proposal
    took = time.monotonic() - began
    if proposal is None:
        return _Found(len(task.demands), took, time.process_time() - cpu, took)
    after = applied(task.base, proposal.proposed)
    if any(clash.severity is Severity.BLOCK for clash in find_clashes(after, among=task.ids)):
        raise RuntimeError("A proposal has a blocking finding; what was measured means nothing.")
    until, cpu_s = first or (took, time.process_time() - cpu)
    return _Found(len(proposal.unplaced), until, cpu_s, took)
