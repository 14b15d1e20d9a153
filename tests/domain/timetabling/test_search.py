"""The search for the best proposal: progress, stopping, explanations of conflicts, and working without the extra."""

import subprocess
import sys
import threading
from dataclasses import replace
from itertools import pairwise

import pytest

from outreach.domain.clashes import find_clashes
from outreach.domain.kinds import Role
from outreach.domain.planning.parties import AbsenceSpan, Party
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.domain.timetabling import (
    CauseKind,
    Demand,
    Effort,
    Horizon,
    PlannerMissing,
    Search,
    SearchStatus,
    Term,
    Wishes,
    applied,
    options_of,
    place_greedily,
    propose,
    search,
)
from tests.domain.plan_help import BUDI, SITI, activity, at, session, speaks
from tests.domain.timetabling.timetabling_help import FRIDAY, MONDAY, NOTHING, TUESDAY, WEDNESDAY, task

pytestmark = pytest.mark.slow


pytest.importorskip("ortools")

TRIPS = Wishes(change=0, notice=0)


def run(asked, **more):
    return Search(asked, Effort(**{"seconds": 20, "workers": 1, **more})).run()


def busy(count=24, days=(MONDAY, TUESDAY, WEDNESDAY, FRIDAY)):
    """Return a task that takes a while: activities with one of three facilitators, and shared speakers."""
    team = tuple(Party.person(n, f"Fasilitator {n}") for n in (7, 8, 9))
    regions = [f"18.72.0{n % 5 + 1}.100{n // 5 + 1}" for n in range(count)]
    made = [
        session(
            n + 1,
            8,
            10,
            regions[n],
            engagements=(speaks(SITI),) if n % 4 == 0 else (speaks(BUDI),) if n % 5 == 0 else (),
        )
        for n in range(count)
    ]
    demands = [Demand(activity.id, facilitators=team) for activity in made]
    return task(*made, demands=demands, horizon=Horizon(days), wishes=TRIPS)


def said(conflict):
    return [(cause.rule or cause.kind, cause.activity_ids) for cause in conflict.causes]


# progress


def test_a_first_proposal_is_there_at_once_and_each_later_one_is_no_worse():
    asked = busy()
    search_ = Search(asked, Effort(seconds=4))
    seen = list(search_)
    costs = [progress.proposal.objective for progress in seen if progress.proposal]
    bounds = [progress.bound for progress in seen if progress.bound is not None]
    assert costs == sorted(costs, reverse=True)
    assert bounds == sorted(bounds)
    assert bounds[-1] <= costs[-1]
    outcome = search_.outcome
    assert outcome.status in (SearchStatus.BEST, SearchStatus.FOUND)
    assert outcome.proposal.objective == costs[-1]
    assert 0 <= outcome.proposal.gap < 1
    blocking = find_clashes(applied(asked.plan, outcome.proposal.proposed), among=asked.ids)
    assert [clash for clash in blocking if clash.severity is Severity.BLOCK] == []


def test_the_solver_ends_once_nothing_can_cost_less_than_the_known_best():
    from outreach.domain.timetabling.solver.solve import Solving

    asked = busy(60)
    options = options_of(asked)
    solving = Solving(asked, options, Effort(seconds=600), lambda: False, lambda **_news: None)
    assert solving.solve(place_greedily(asked, options), 600, enough=1) in (SearchStatus.FOUND, SearchStatus.UNDECIDED)
    assert solving.solver.wall_time < 600


def test_once_all_are_timetabled_the_solver_works_on_proving_the_quality():
    """With this amount of work its usual search reached a bound of 40; the best known proposal costs 58."""
    from outreach.domain.timetabling.solver.solve import Solving

    asked, bounds = busy(12), []
    options = options_of(asked)
    solving = Solving(
        asked, options, Effort(seconds=600), lambda: False, lambda **news: bounds.append(news.get("bound", 0))
    )
    solving.solver.parameters.max_deterministic_time = 2
    assert solving.solve(place_greedily(asked, options), 600) in (SearchStatus.FOUND, SearchStatus.BEST)
    assert max(bounds) >= 48


def test_a_proposal_that_the_solver_cannot_improve_and_the_bound_reaches_is_best(monkeypatch):
    """A proposal from before the solver's start is best if the bound says so, though the solver found a worse one."""
    monkeypatch.setattr(search, "at_least", lambda task, options: 4)
    monkeypatch.setattr(
        "outreach.domain.timetabling.solver.solve.Solving.solve", lambda self, *_rest: SearchStatus.FOUND
    )
    outcome = run(task(activity(1, 8, 10, engagements=(speaks(SITI),)), wishes=replace(NOTHING, trips=4)))
    assert (outcome.status, outcome.proposal.objective) == (SearchStatus.BEST, 4)


def test_a_search_runs_only_once():
    done = Search(task(activity(1, 8, 10)), Effort(seconds=5))
    done.run()
    with pytest.raises(ValueError, match="once"):
        done.run()
    with pytest.raises(ValueError, match="not ended"):
        Search(task(activity(1, 8, 10))).outcome  # noqa: B018


# stopping


def test_pressing_stop_ends_it_with_the_best_so_far():
    asked = Search(busy(60, (MONDAY, TUESDAY, WEDNESDAY, FRIDAY)), Effort(seconds=600))
    timer = None
    for progress in asked:
        if progress.proposal is not None and timer is None:
            timer = threading.Timer(1.0, asked.stop)
            timer.start()
    outcome = asked.outcome
    assert outcome.is_stopped  # otherwise it was over before; benchmarks/planning/timetabling.py measures how soon
    assert outcome.proposal is not None


def test_leaving_the_loop_stops_the_search():
    asked = Search(busy(60), Effort(seconds=60))
    for progress in asked:
        if progress.proposal:
            break
    assert asked.is_stopped


def test_a_search_stopped_before_its_start_finds_nothing():
    asked = Search(busy(), Effort(seconds=60))
    asked.stop()
    outcome = asked.run()
    assert (outcome.status, outcome.is_stopped) == (SearchStatus.UNDECIDED, True)


class Looks:
    """A clock on which a second passes with each look."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 1.0
        return self.seconds


def test_a_search_whose_time_is_over_while_it_looks_for_options_places_those_it_has():
    """Twenty seconds are ten looks for options, and then ten activities at most that are placed one after the other."""
    asked = Search(busy(24), Effort(seconds=20), clock=Looks())
    outcome = asked.run()
    assert (outcome.status, outcome.is_stopped) == (SearchStatus.UNDECIDED, False)
    assert 0 < len(outcome.proposal.proposed) <= 10
    assert len(outcome.proposal.proposed) + len(outcome.proposal.unplaced) == 24
    blocking = find_clashes(applied(asked.task.plan.without(*outcome.proposal.unplaced), outcome.proposal.proposed))
    assert [clash for clash in blocking if clash.severity is Severity.BLOCK] == []


def test_a_search_whose_time_is_over_after_the_first_proposal_keeps_it_and_starts_no_solver(monkeypatch):
    started = []

    def solve(*_args):
        started.append("solver")
        return SearchStatus.UNDECIDED

    monkeypatch.setattr("outreach.domain.timetabling.solver.solve.Solving.solve", solve)
    outcome = Search(busy(9), Effort(seconds=20), clock=Looks()).run()
    assert (outcome.status, outcome.proposal.unplaced, started) == (SearchStatus.FOUND, (), [])


def test_a_repeatable_search_does_not_look_at_the_clock():
    asked = Search(busy(8), Effort(seconds=1, workers=1, repeatable=True), clock=Looks())
    assert asked.run().proposal.unplaced == ()


# repeating


def test_a_repeatable_search_gives_the_same_result_again():
    asked = busy(10, (MONDAY, TUESDAY))
    effort = Effort(seconds=1, workers=2, repeatable=True)
    first, second = Search(asked, effort).run(), Search(asked, effort).run()
    assert first.proposal == second.proposal


def test_a_large_plan_is_timetabled_one_by_one_and_its_gap_is_stated(monkeypatch):
    monkeypatch.setattr(search, "LARGE", 10)
    asked = replace(busy(12, (MONDAY, TUESDAY, WEDNESDAY)), wishes=Wishes(trips=9, change=0, notice=0))
    options = options_of(asked)
    greedy = propose(asked, options, place_greedily(asked, options))
    outcome = run(asked)
    assert (outcome.status, outcome.proposal.objective) == (SearchStatus.FOUND, greedy.objective)
    assert 0 < outcome.proposal.gap < 1


def test_the_order_is_kept_in_a_large_plan(monkeypatch):
    monkeypatch.setattr(search, "LARGE", 1)
    count = 9
    made = [activity(id, 8, 10, engagements=(speaks(SITI if id % 2 else BUDI),)) for id in range(1, count + 1)]
    demands = [Demand(id, after=(id - 1,) if id > 1 else ()) for id in range(1, count + 1)]
    outcome = run(task(*made, demands=demands, wishes=Wishes(trips=9, change=0, notice=0)))
    placed = [proposed_activity.after for proposed_activity in outcome.proposal.proposed]
    assert [planned.id for planned in placed] == list(range(1, count + 1))
    assert all(first.ends_at <= then.starts_at for first, then in pairwise(placed))


def test_a_facilitator_who_only_participates_makes_no_trip_that_others_must_share():
    two = [activity(id, 8, 15) for id in (1, 2)]
    roles = (Role.PARTICIPANT, Role.SPEAKER)
    demands = [
        Demand(planned.id, facilitators=(SITI, BUDI), facilitator_role=role)
        for planned, role in zip(two, roles, strict=True)
    ]
    outcome = run(task(*two, demands=demands, horizon=Horizon((MONDAY,)), wishes=replace(NOTHING, trips=1)))
    assert (outcome.status, outcome.proposal.objective) == (SearchStatus.BEST, 1)


# conflicts


def test_three_activities_in_one_hall_on_one_morning_conflict_about_the_hall():
    three = [activity(id, 8, 10, venue_id=1) for id in (1, 2, 3)]
    elsewhere = activity(4, 8, 10, venue_id=2)
    morning = Horizon((MONDAY,), 60, (three[0].local_start.time(), at(12).time()))
    outcome = run(task(*three, elsewhere, horizon=morning))
    (conflict,) = outcome.conflicts
    assert (outcome.status, conflict.activity_ids, conflict.is_minimal) == (SearchStatus.IMPOSSIBLE, (1, 2, 3), True)
    assert said(conflict)[0] == (ClashKind.VENUE_TAKEN, (1, 2, 3))
    assert conflict.causes[0].venue_ids == (1,)
    assert len(outcome.proposal.proposed) == 3  # the rest is still proposed


def test_the_kapolres_who_is_away_all_week_is_named():
    trip = AbsenceSpan(at(0), at(0, day=25), party=SITI, reason="Dinas luar")
    outcome = run(task(activity(1, 8, 10, engagements=(speaks(SITI),)), absences=(trip,)))
    (conflict,) = outcome.conflicts
    assert said(conflict) == [(ClashKind.SPEAKER_ABSENT, (1,))]
    assert conflict.causes[0].clashes[0].absence == trip
    assert outcome.proposal is None


def test_a_shared_speaker_is_named():
    two = [activity(id, 8, 16, venue_id=None, engagements=(speaks(SITI),)) for id in (1, 2)]
    (conflict,) = run(task(*two, horizon=Horizon((MONDAY,)))).conflicts
    assert said(conflict) == [(ClashKind.SPEAKER_TWICE, (1, 2))]
    assert conflict.causes[0].parties == (SITI,)


def test_conflicting_days_and_order_are_named():
    both = [activity(id, 8, 10) for id in (1, 2)]
    demands = [Demand(1, first_on=WEDNESDAY), Demand(2, after=(1,), last_on=TUESDAY)]
    (conflict,) = run(task(*both, demands=demands)).conflicts
    assert said(conflict) == [(CauseKind.DAYS, (1,)), (CauseKind.ORDER, (2, 1)), (CauseKind.DAYS, (2,))]


def test_a_kecamatan_with_three_activities_and_two_half_days_is_named():
    three = [session(id, 8, 10, f"18.72.02.100{id}") for id in (1, 2, 3)]
    blocked = Rules({ClashKind.SAME_KECAMATAN: Severity.BLOCK}, notice_days=0)
    (conflict,) = run(task(*three, horizon=Horizon((MONDAY,)), rules=blocked)).conflicts
    assert said(conflict) == [(ClashKind.SAME_KECAMATAN, (1, 2, 3))]
    assert conflict.causes[0].kecamatan_codes == ("18.72.02",)


def test_an_activity_longer_than_the_given_days_is_reported():
    long = activity(1, 8, 12)
    (conflict,) = run(task(long, horizon=Horizon((MONDAY,), 30, (at(8).time(), at(10).time())), rules=Rules(
        {ClashKind.OUTSIDE_HOURS: Severity.BLOCK}, notice_days=0), now=at(10))).conflicts  # fmt: skip
    assert said(conflict)[0][0] in (CauseKind.HORIZON, ClashKind.OUTSIDE_HOURS)


def test_two_independent_conflicts_are_both_named():
    halls = [activity(id, 8, 16, venue_id=id % 2 + 1) for id in (1, 2, 3, 4)]
    conflicts = run(task(*halls, horizon=Horizon((MONDAY,)))).conflicts
    assert sorted(conflict.activity_ids for conflict in conflicts) == [(1, 3), (2, 4)]


# without the extra


def test_without_the_extra_a_message_says_what_to_install(monkeypatch):
    monkeypatch.setattr(search, "find_spec", lambda name: None)
    with pytest.raises(
        PlannerMissing,
        match="needs OR-Tools, which is not installed here. The page for a new placement says how to install it.",
    ):
        Search(task(activity(1, 8, 10)))


def test_importing_the_planner_does_not_load_the_solver():
    code = "import sys, outreach.domain.timetabling; sys.exit('ortools' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_costs_are_listed_in_the_order_of_their_terms():
    costs = run(busy(6, (MONDAY, TUESDAY))).proposal.costs
    assert list(costs) == [term for term in Term if term in costs]
    assert Term.TRIPS in costs
