"""Looking for clashes in an office's year: one moved activity, the same in ten years' plans, and all of a year.

2,000 activities and 5,000 invitations a year, over 40 venues and 600 people. Then a whole plan as it is read from a database,
with few invitations and with a million (a tenth with OUTREACH_BENCH_SMALL=1): whole_plan.py.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median

from benchmarks.planning import whole_plan
from benchmarks.planning.planned import year
from benchmarks.results import Result, under
from outreach.domain.clashes import clashes_of, find_clashes
from outreach.domain.planning.plan import Plan, PlannedActivity

ACTIVITIES, INVITATIONS = 2_000, 5_000
WITHIN_US = 100_000.0
AT_MOST = 1.5  # ten years against one
MOVES = 200
ROUNDS = 5


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results of this file, and of whole_plan.py. folder: a scratch folder."""
    say(f"a year's plan of {ACTIVITIES:,} activities and {INVITATIONS:,} invitations, and one of ten years")
    plan, long = Plan(**year(ACTIVITIES, INVITATIONS)), Plan(**year(ACTIVITIES, INVITATIONS, years=10))
    moved, changed = _in_turn(_moving, plan, long), _in_turn(_changing, plan, long)
    began = time.perf_counter()
    found = len(find_clashes(plan))
    all_us = 1_000_000 * (time.perf_counter() - began)
    ratio = moved["ten"] / moved["one"]
    results = [
        Result("clashes of one moved activity (µs)", moved["one"], "µs", WITHIN_US, moved["one"] / WITHIN_US, 1.0,
               moved["one"] <= WITHIN_US),
        Result("… in ten years' plan (ratio at most)", moved["ten"], "µs", moved["one"], ratio, AT_MOST, ratio <= AT_MOST),
        Result("… and the plan made with it", changed["one"], "µs"),
        Result("… and that in ten years' plan", changed["ten"], "µs", changed["one"], changed["ten"] / changed["one"]),
        Result(f"all {found:,} findings of the year", all_us, "µs"),
    ]  # fmt: skip
    return [*under("no database: values in memory on both sides", results), *whole_plan.results(folder, say)]


def _in_turn(measured: Callable[[Plan], float], plan: Plan, long: Plan) -> dict[str, float]:
    """Return the medians for both plans, without the first round."""
    rounds = [(measured(plan), measured(long)) for _ in range(ROUNDS + 1)][1:]
    return {"one": median(one for one, _ in rounds), "ten": median(ten for _, ten in rounds)}


def _moving(plan: Plan) -> float:
    """Return how long a move takes to look at, in microseconds, as a page does while somebody drags."""
    moves = _moves(plan)
    began = time.perf_counter()
    for moved in moves:
        clashes_of(plan, moved)
    return 1_000_000 * (time.perf_counter() - began) / len(moves)


def _changing(plan: Plan) -> float:
    """Return how long it takes to make the plan with the move, and to find all that involves it, in microseconds."""
    moves = _moves(plan)
    began = time.perf_counter()
    for moved in moves:
        find_clashes(plan.with_(moved), among={moved.id})
    return 1_000_000 * (time.perf_counter() - began) / len(moves)


def _moves(plan: Plan) -> list[PlannedActivity]:
    chosen = sorted(plan.activities)[: ACTIVITIES : ACTIVITIES // MOVES]
    later = timedelta(days=1, hours=1)
    return [plan.activities[id].moved(plan.activities[id].starts_at + later) for id in chosen]
