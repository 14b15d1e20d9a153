"""Placing a whole plan: how soon there is a first one, what is proven in ten seconds, and what a large plan costs.

The demo's 26 activities over thirteen working days: as drafts, and after people know their dates and a hall is lost; then
200 activities, 40 venues and 60 people over 20 days. The greedy proposal is compared in the same run.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.planning.planned import JAKARTA, demo_task, large_task
from benchmarks.results import Result, under
from outreach.domain.clashes import find_clashes
from outreach.domain.planning.parties import AbsenceSpan
from outreach.domain.planning.plan import Plan
from outreach.domain.planning.rules import Severity
from outreach.domain.timetabling import (
    Effort,
    Search,
    SearchOutcome,
    SearchStatus,
    Task,
    applied,
    options_of,
    place_greedily,
    propose,
)

SECONDS = 10.0
FIRST_PLAN_S = 1.0
STOP_S = 0.2


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results of this file. folder: not used."""
    say("loading the solver")
    Search(demo_task(), Effort(seconds=0.2)).run()
    found = [
        *_measured("demo, 26 activities", demo_task(), FIRST_PLAN_S, say),
        *_measured("demo, its hall lost and a facilitator away", lost_hall(demo_task()), FIRST_PLAN_S, say),
        *_measured("200 activities", large_task(), SECONDS, say),
    ]
    return under("no database: values in memory on both sides", [*found, _stop(large_task(60), say)])


def lost_hall(task: Task) -> Task:
    """Return the task for which people know the plan, but a hall is lost for two days and a facilitator for three."""
    outcome = Search(task, Effort(seconds=2)).run()
    if outcome.proposal is None:
        raise RuntimeError("The demo cannot be placed; what is measured means nothing.")
    told = datetime(2026, 12, 21, 8, tzinfo=JAKARTA)
    placed = [replace(proposed_activity.after, told_at=told) for proposed_activity in outcome.proposal.proposed]
    facilitator = next(
        proposed_activity.facilitators[0]
        for proposed_activity in outcome.proposal.proposed
        if proposed_activity.facilitators
    )
    first = placed[0].local_start.replace(hour=0)
    gone = [AbsenceSpan(first, first + timedelta(days=2), venue_id=placed[0].venue_id, reason="Perbaikan atap")]
    for activity in placed:
        if facilitator in {engaged.party for engaged in activity.engagements}:
            gone.append(AbsenceSpan(activity.starts_at, activity.starts_at + timedelta(days=3), party=facilitator))
            break
    old = task.plan
    plan = Plan(
        now=old.now, activities=placed, places=old.places.values(), programmes=old.programmes.values(), absences=gone,
        calendar=old.calendar, rules=old.rules,
    )  # fmt: skip
    return replace(task, plan=plan, demands=tuple(replace(demand, is_new=False) for demand in task.demands))


def _measured(what: str, task: Task, first_within_s: float, say: Callable[[str], None]) -> list[Result]:
    say(f"{what}: {SECONDS:.0f} s")
    first_s, outcome = _searched(task)
    proposal = outcome.proposal
    if proposal is None or proposal.unplaced:
        return [Result(f"{what}: all placed", 0, "", met=False)]
    blocking = find_clashes(applied(task.plan, proposal.proposed), among=task.ids)
    if any(clash.severity is Severity.BLOCK for clash in blocking):
        raise RuntimeError("A proposal has a blocking finding; what was measured means nothing.")
    options = options_of(task)
    greedy = propose(task, options, place_greedily(task, options))
    complete = not greedy.unplaced
    gap = proposal.gap if proposal.gap is not None else 1.0
    proven = outcome.status is SearchStatus.BEST
    said = "proven best" if proven else f"a better one saves {gap:.0%} at most"
    reference, ratio = (greedy.objective, proposal.objective / max(greedy.objective, 1)) if complete else (None, None)
    within = SECONDS + 1
    return [
        Result(f"{what}: first plan (ms)", 1000 * first_s, "ms", 1000 * first_within_s, first_s / first_within_s, 1.0,
               first_s <= first_within_s),
        Result(f"{what}: {said}; cost against greedy", proposal.objective, "", reference, ratio, 1.0, proposal.bound is not None),
        Result(f"{what}: until proven or given up (ms)", 1000 * outcome.seconds, "ms", 1000 * within, outcome.seconds / within,
               1.0, outcome.seconds <= within),
    ]  # fmt: skip


def _searched(task: Task) -> tuple[float, SearchOutcome]:
    search, first_s = Search(task, Effort(seconds=SECONDS, workers=2)), float("inf")
    for progress in search:
        if progress.proposal is not None and not progress.proposal.unplaced:
            first_s = min(first_s, progress.seconds)
    return first_s, search.outcome


def _stop(task: Task, say: Callable[[str], None]) -> Result:
    """Press stop after four seconds of a search for 60 activities, which the solver does not finish in a minute."""
    say("60 activities: stopping")
    search, pressed = Search(task, Effort(seconds=60)), 0.0
    for progress in search:
        if progress.seconds > 4 and not pressed:
            pressed = time.monotonic()
            search.stop()
    if not pressed:
        raise RuntimeError("The search was over before it was stopped; what was measured means nothing.")
    took = time.monotonic() - pressed
    return Result(
        "60 activities: stopped after (ms)", 1000 * took, "ms", 1000 * STOP_S, took / STOP_S, 1.0, took <= STOP_S
    )
