"""Properties of any proposal: it has no blocking clash, and none is cheaper where the search says "best".

The clash function, an exhaustive search and the solver's model are three independent ways to the same result.
"""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.domain.clashes import clashes_of, find_clashes
from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.office_hours import Calendar, DayOff, DayOffKind, DayRange
from outreach.domain.planning.parties import AbsenceSpan, Engagement, Party, Place
from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.domain.states import ActivityState, InvitationState
from outreach.domain.timetabling import (
    BlockedByRule,
    Demand,
    Effort,
    Horizon,
    Search,
    SearchStatus,
    Task,
    Wishes,
    applied,
    charges,
    options_of,
    place_greedily,
)
from outreach.domain.timetabling.cost import total
from outreach.domain.timetabling.heuristic.draft import Draft
from outreach.domain.timetabling.heuristic.lower_bound import at_least
from tests.domain.plan_help import ANI, BAPPEDA, BUDI, GANJAR_AGUNG, JAKARTA, POLRES, SITI, YOSODADI, at, plan
from tests.support.long_form import many

pytestmark = pytest.mark.slow


pytest.importorskip("ortools")

FAR = Place(4, "Aula Bandar Lampung", None, "18.71.01.1001")
PARTIES = (SITI, SITI, BUDI, ANI, POLRES)
WIJI, DEWI = Party.person(8, "Wiji"), Party.person(9, "Dewi")
CALENDAR = Calendar(
    {date(2027, 1, 20): DayOff("Libur"), date(2027, 1, 21): DayOff("Cuti", DayOffKind.JOINT)},
    (DayRange(date(2027, 1, 25), date(2027, 2, 20)),),
)
BETWEEN = (  # the clashes between two activities
    ClashKind.VENUE_TAKEN, ClashKind.SPEAKER_TWICE, ClashKind.SPEAKER_TRAVEL, ClashKind.CADRE_TWICE,
    ClashKind.INVITEE_TWICE, ClashKind.TRAVEL, ClashKind.SAME_KECAMATAN,
)  # fmt: skip
DAYS = tuple(date(2027, 1, day) for day in (18, 19, 20, 21, 22, 23))
PROVEN = Effort(seconds=30, workers=1, repeatable=True)  # the solver's own seconds, however busy the machine
HOURS = (8, 9, 10, 11, 12, 13, 14, 15)
regions = st.sampled_from([None, "18.72.01.1001", "18.72.01.1001", "18.72.01.1002", "18.72.02.1001"])
hours = st.sampled_from([7, 8, 8.5, 10, 12, 13.5, 14, 15])
lengths = st.sampled_from([*(1, 2, 2, 2, 2, 3, 3, 4) * 3, 26])  # hours


turns = st.sampled_from(  # hours after the start; the last one reaches beyond most activities
    [((0, 1),), ((1, 2),), ((0, 0.5), (1.5, 2)), ((0.5, 1.5),), ((2, 9),)]
).map(lambda some: tuple((timedelta(hours=begins), timedelta(hours=ends)) for begins, ends in some))


def moments(draw):
    return at(draw(hours), draw(st.sampled_from((18, 18, 18, 19, 20, 22))))


@st.composite
def activities(draw, id):
    starts_at = moments(draw)
    engaged = draw(
        st.lists(
            st.builds(
                Engagement,
                st.sampled_from(PARTIES),
                st.sampled_from(Role),
                st.sampled_from([InvitationState.INVITED, InvitationState.PREPARED, InvitationState.NOT_COMING]),
                turns=st.just(()) | turns,
            ),
            max_size=3,
        )
    )
    return PlannedActivity(
        id,
        "",
        draw(st.sampled_from([ActivityKind.OUTREACH, ActivityKind.GUIDANCE, ActivityKind.TRAINING])),
        starts_at,
        starts_at + timedelta(hours=draw(lengths)),
        JAKARTA,
        draw(st.sampled_from([ActivityState.DRAFT, ActivityState.PUBLISHED])),
        programme_id=draw(st.sampled_from([None, None, None, 1])),
        venue_id=draw(st.sampled_from([None, 1, 1, 2, 3, 4])),
        region_code=draw(regions),
        respond_by_at=draw(st.none() | st.just(starts_at - timedelta(days=1))),
        told_at=draw(st.none() | st.just(at(8, 1))),
        people=draw(st.sampled_from([0, 20, 35, 130])),
        engagements=tuple(engaged),
        fixed=draw(st.integers(0, 15)) == 0,
    )


@st.composite
def absences(draw):
    starts_at = moments(draw)
    subject = draw(
        st.sampled_from([{"party": party} for party in (*PARTIES, WIJI)] + [{"venue_id": id} for id in (1, 2, 3)])
    )
    return AbsenceSpan(starts_at, starts_at + timedelta(hours=draw(lengths)), **subject)


@st.composite
def wished(draw):
    weight = st.integers(0, 5)  # the preferred hours attract all to one time, so that rules are needed to separate them
    morning = (time(9), time(11))
    return Wishes(
        spread_days=draw(st.sampled_from([0, 0, 1, 3])), spread_kecamatan=draw(st.sampled_from([0, 0, 1, 3])),
        trips=draw(weight), share=draw(weight), notice=draw(weight), ramadan=draw(weight), change=draw(weight),
        hours=draw(st.sampled_from([None, morning, morning])), hours_weight=draw(st.integers(1, 5)),
        notice_days=draw(st.integers(0, 25)),
        warnings=draw(st.dictionaries(st.sampled_from(ClashKind), weight, max_size=3)),
    )  # fmt: skip


odd = st.just({}) | st.just({}) | st.dictionaries(st.sampled_from(ClashKind), st.sampled_from(Severity), max_size=3)


@st.composite
def tasks(draw, most=4):
    count = draw(st.sampled_from(range(most, 0, -1)))
    others = draw(st.sampled_from([0, 0, 1, 2]))
    rules = Rules(
        {
            kind: draw(st.sampled_from((Severity.BLOCK, Severity.BLOCK, Severity.WARN, Severity.IGNORE)))
            for kind in BETWEEN
        }
        | draw(odd),
        notice_days=draw(st.sampled_from([0, 0, 0, 7, 15])),
    )
    held = plan(
        *(draw(activities(id)) for id in range(1, count + others + 1)),
        absences=draw(st.just([]) | st.lists(absences(), max_size=2)),
        calendar=CALENDAR,
        rules=rules,
        places=(BAPPEDA, GANJAR_AGUNG, YOSODADI, FAR),
    )
    demands = []
    for id in range(1, count + 1):
        team = tuple(draw(st.sampled_from([(), (), (WIJI,), (WIJI, DEWI), (WIJI, DEWI), (SITI, WIJI, DEWI)])))
        others_of = [n for n in range(1, count + others + 1) if n != id]
        after = (draw(st.sampled_from(others_of)),) if others_of and draw(st.integers(0, 5)) == 0 else ()
        before = (draw(st.sampled_from(others_of)),) if others_of and draw(st.integers(0, 9)) == 0 else ()
        demands.append(
            Demand(
                id,
                venues=draw(st.none() | st.lists(st.sampled_from([1, 1, 2, 3, 4]), min_size=1, max_size=2).map(tuple)),
                seats=draw(st.sampled_from([*[None] * 12, 35])),
                first_on=draw(st.sampled_from([*[None] * 20, *DAYS[:2]])),
                last_on=draw(st.sampled_from([*[None] * 20, *DAYS[3:5]])),
                after=after,
                before=before,
                facilitators=team,
                facilitators_needed=draw(st.sampled_from([1, 1, 1, max(1, len(team) - 1)])),
                facilitator_role=draw(st.sampled_from([Role.SPEAKER, Role.MODERATOR, Role.PARTICIPANT])),
                is_new=draw(st.booleans()),
            )
        )
    days = draw(st.sampled_from([DAYS[:1], DAYS[:2], DAYS[:2], (DAYS[1], DAYS[4]), DAYS[1:3], DAYS[4:]]))
    return Task(held, tuple(demands), Horizon(days, 60, (time(8), time(16))), draw(wished()))


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


def in_order(task, placed):
    for demand in task.demands:
        for id in demand.after:
            if demand.activity_id in placed and id in placed:
                assert placed[id].ends_at <= placed[demand.activity_id].starts_at
        for id in demand.before:
            if demand.activity_id in placed and id in placed:
                assert placed[demand.activity_id].ends_at <= placed[id].starts_at


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
