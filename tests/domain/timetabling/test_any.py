"""Properties of any proposal: it has no blocking clash, and none is cheaper where the search says "best".

The clash function, an exhaustive search and the solver's model are three independent ways to the same result.
"""

from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.domain.clashes import clashes_of, find_clashes
from outreach.domain.planning.parties import Engagement
from outreach.domain.planning.rules import Severity
from outreach.domain.states import InvitationState
from outreach.domain.timetabling import (
    BlockedByRule,
    Search,
    SearchStatus,
    applied,
    charges,
    options_of,
    place_greedily,
)
from outreach.domain.timetabling.cost import total
from outreach.domain.timetabling.heuristic.draft import Draft
from outreach.domain.timetabling.heuristic.lower_bound import at_least
from tests.domain.plan_help import JAKARTA
from tests.domain.timetabling.random_tasks import HOURS, PROVEN, in_order, tasks
from tests.support.long_form import many

pytestmark = pytest.mark.slow


pytest.importorskip("ortools")


@settings(max_examples=many(50, 600), deadline=None)
@given(tasks())
def test_every_proposal_breaks_no_rule_and_costs_what_the_model_says(task):
    outcome = Search(task, PROVEN).run()
    assert outcome.status in (SearchStatus.BEST, SearchStatus.IMPOSSIBLE)
    if outcome.status is SearchStatus.IMPOSSIBLE:
        assert outcome.proposal is None or outcome.proposal.unplaced
        return
    proposal = outcome.proposal
    after = applied(task.plan, proposal.proposed)
    assert [clash for clash in find_clashes(after, among=task.ids) if clash.severity is Severity.BLOCK] == []
    assert {proposed_activity.activity_id for proposed_activity in proposal.proposed} == task.ids
    assert proposal.objective == sum(proposal.costs.values()) == proposal.bound
    assert at_least(task, options_of(task)) <= proposal.objective
    in_order(task, {proposed_activity.activity_id: proposed_activity.after for proposed_activity in proposal.proposed})
    for proposed_activity in proposal.proposed:
        assert proposed_activity.after.length == proposed_activity.before.length
        if proposed_activity.before.fixed:
            assert (proposed_activity.starts_at, proposed_activity.venue_id) == (
                proposed_activity.before.starts_at,
                proposed_activity.before.venue_id,
            )


@settings(max_examples=many(50, 600), deadline=None)
@given(tasks())
def test_the_greedy_proposal_breaks_no_rule(task):
    placed = place_greedily(task)
    charges(task, placed)  # raises Blocked
    in_order(task, placed)


@settings(max_examples=many(50, 600), deadline=None)
@given(tasks(), st.randoms(use_true_random=False))
def test_the_costs_added_one_by_one_equal_the_total_cost(task, draw):
    """Each activity's cost is what it adds, in any order of timetabling."""
    options = options_of(task)
    draft, cost = Draft(task, options), 0
    for id in draw.sample(sorted(task.ids), len(task.ids)):
        if all(first in draft.placed for first in task.orders[id]) and (found := draft.best(options[id])):
            cost += found[0]
            draft.put(found[1])
    assert cost == total(charges(task, draft.placed))
    in_order(task, draft.placed)
    if draft.placed.keys() == task.ids:
        assert at_least(task, options) <= cost


@settings(max_examples=many(40, 500), deadline=None)
@given(tasks(most=2))
def test_an_exhaustive_search_finds_nothing_cheaper(task):
    outcome = Search(task, PROVEN).run()
    least = least_of_all(task)
    if least is None:
        assert outcome.status is SearchStatus.IMPOSSIBLE
        assert outcome.conflicts
    else:
        assert (outcome.status, outcome.proposal.objective) == (SearchStatus.BEST, least)


def least_of_all(task):
    """Return the cost of the cheapest proposal by trying all; None where there is none."""
    costs = []
    for chosen in product(*(list(every_place(task, demand)) for demand in task.demands)):
        placed = {planned.id: planned for planned in chosen}
        every = {**task.base.activities, **placed}
        if any(
            every[first].ends_at > every[then].starts_at
            for demand in task.demands
            for then, first in orders_of(demand)
            if not ({then, first} & task.base.activities.keys() and is_fixed(task, demand))
        ):
            continue
        try:
            costs.append(sum(charge.cost for charge in charges(task, placed)))
        except BlockedByRule:
            continue
    return min(costs, default=None)


def orders_of(demand):
    return [(demand.activity_id, id) for id in demand.after] + [(id, demand.activity_id) for id in demand.before]


def is_fixed(task, demand):
    return demand.fixed or task.activity(demand).fixed


def every_place(task, demand):
    present = task.activity(demand)
    starts = {datetime.combine(day, time(hour), JAKARTA) for day in task.horizon.days for hour in HOURS}
    starts = {
        option
        for option in starts
        if option + present.length <= option.replace(hour=16) or present.length > timedelta(hours=8)
    }
    if present.local_start.date() in task.horizon.days:
        starts.add(present.starts_at)
    starts = {option for option in starts if demand.first_on is None or option.date() >= demand.first_on}
    starts = {
        option for option in starts if demand.last_on is None or (option + present.length).date() <= demand.last_on
    }
    venues = [present.venue_id] if demand.venues is None else demand.venues
    if demand.seats and demand.venues is not None:
        venues = [id for id in venues if (task.plan.places[id].capacity or 999) >= demand.seats]
    if is_fixed(task, demand):
        starts, venues = {present.starts_at}, [present.venue_id]
    yes = [engagement for engagement in present.engagements if engagement.state is not InvitationState.NOT_COMING]
    no = {engagement.party for engagement in present.engagements if engagement.state is InvitationState.NOT_COMING}
    otherwise = {engagement.party for engagement in yes if engagement.role is not demand.facilitator_role}
    team = [party for party in demand.facilitators if party not in no | otherwise]
    teams = combinations(team, demand.facilitators_needed) if demand.facilitators else [()]
    for start, venue, chosen in product(sorted(starts), set(venues), list(teams)):
        kept = [
            engagement
            for engagement in present.engagements
            if engagement.party not in team or engagement.party in chosen
        ]
        added = [
            Engagement(place, demand.facilitator_role)
            for place in chosen
            if place not in {engagement.party for engagement in kept}
        ]
        placed = replace(present.moved(start), venue_id=venue, engagements=(*kept, *added))
        if not any(clash.severity is Severity.BLOCK for clash in clashes_of(task.base, placed)):
            yield placed


def test_the_random_tasks_include_solvable_and_unsolvable_ones():
    """Guard for the other tests: the strategy generates both kinds."""
    seen = set()

    @settings(max_examples=60, deadline=None, database=None, derandomize=True)
    @given(tasks())
    def look(task):
        seen.add(len(place_greedily(task, options_of(task))) == len(task.demands))

    look()
    assert seen == {True, False}
