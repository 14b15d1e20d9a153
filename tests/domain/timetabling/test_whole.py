"""A timetable for all, where scheduling one after the other leaves some out: first the times, then the venues."""

from datetime import time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.domain.clashes import find_clashes
from outreach.domain.planning.parties import AbsenceSpan, Party
from outreach.domain.planning.rules import ClashKind, Rules, Severity
from outreach.domain.timetabling import (
    CauseKind,
    Demand,
    Horizon,
    Search,
    SearchStatus,
    options_of,
    place_greedily,
    search,
)
from tests.domain.plan_help import activity, at, session, speaks
from tests.domain.timetabling.random_tasks import PROVEN, in_order, tasks
from tests.domain.timetabling.timetabling_help import MONDAY, task

pytestmark = pytest.mark.slow

pytest.importorskip("ortools")

from outreach.domain.timetabling.solver.order import at_once  # noqa: E402
from outreach.domain.timetabling.solver.solve import Solving  # noqa: E402
from outreach.domain.timetabling.solver.whole import Whole  # noqa: E402

PEOPLE = [Party.person(n, f"Narasumber {n}") for n in range(1, 8)]
TIGHT = ((0, 3, 5), (4,), (2, 5, 6), (0, 5), (0, 1), (2, 4), (1, 4), (5, 6), (1,), (0, 2, 3), (1, 6), (2, 6))


def tight(*more, halls=(1, 2, 3)):
    """Return a task of twelve activities in three halls and four hours: not a place is free, and few ways lead there."""
    made = [
        activity(id, 8, 9, venue_id=None, engagements=tuple(speaks(PEOPLE[n]) for n in those))
        for id, those in enumerate((*TIGHT, *more), 1)
    ]
    morning = Horizon((MONDAY,), 60, (time(8), time(12)))
    return task(*made, demands=[Demand(one.id, venues=halls) for one in made], horizon=morning)


def found(asked, first=None, effort=PROVEN):
    options = options_of(asked)
    return Whole(asked, options, first if first is not None else place_greedily(asked, options), effort)


def blocking(asked, placed):
    among = find_clashes(asked.base.with_(*placed.values()), among=placed.keys())
    return [clash for clash in among if clash.severity is Severity.BLOCK]


def overlaps(asked, placed):
    """Return what clashes of these by a comparison of each two, without the clash rules: somebody or a hall is needed twice."""
    return [
        (one.id, other.id)
        for one in placed.values()
        for other in placed.values()
        if one.id < other.id and one.starts_at < other.ends_at and other.starts_at < one.ends_at
        if one.venue_id == other.venue_id
        or {engagement.party for engagement in one.engagements} & {engagement.party for engagement in other.engagements}
    ]


def test_all_get_a_place_where_one_after_the_other_leaves_one_out():
    asked = tight()
    assert len(place_greedily(asked)) == len(TIGHT) - 1
    status, placed = found(asked).all(60)
    assert (status, placed.keys()) == (SearchStatus.FOUND, asked.ids)
    assert overlaps(asked, placed) == blocking(asked, placed) == []


def test_a_search_has_them_even_if_its_model_of_everything_finds_nothing(monkeypatch):
    monkeypatch.setattr(Solving, "solve", lambda self, *_rest: SearchStatus.UNDECIDED)
    outcome = Search(tight(), PROVEN).run()
    assert outcome.status in (SearchStatus.BEST, SearchStatus.FOUND)
    assert outcome.proposal.unplaced == ()


def test_a_search_has_them_in_a_large_plan(monkeypatch):
    monkeypatch.setattr(search, "LARGE", 1)
    outcome = Search(tight(), PROVEN).run()
    assert outcome.status in (SearchStatus.BEST, SearchStatus.FOUND)
    assert outcome.proposal.unplaced == ()


@pytest.mark.parametrize("large", [1, search.LARGE])
def test_if_there_is_no_place_for_all_the_most_are_placed_and_the_rest_is_explained(monkeypatch, large):
    """Five activities need the speaker of four hours."""
    monkeypatch.setattr(search, "LARGE", large)
    outcome = Search(tight((0,), halls=(1, 2, 3, 4)), PROVEN).run()
    assert outcome.status is SearchStatus.IMPOSSIBLE
    assert len(outcome.proposal.proposed) == len(TIGHT)
    (conflict,) = outcome.conflicts
    (cause,) = conflict.causes
    assert (conflict.is_minimal, len(conflict.activity_ids)) == (True, 5)
    assert (cause.kind, cause.rule) == (CauseKind.RULE, ClashKind.SPEAKER_TWICE)
    assert PEOPLE[0] in cause.parties


def test_times_for_which_no_halls_exist_are_given_up_for_others():
    """At each of its two hours one hall is free, but not the same one."""
    first, second = activity(1, 8, 9, venue_id=1), activity(2, 9, 10, venue_id=2)
    long = activity(3, 8, 10, venue_id=1)
    demands = [Demand(1, fixed=True), Demand(2, fixed=True), Demand(3, venues=(1, 2))]
    asked = task(first, second, long, demands=demands, horizon=Horizon((MONDAY,), 60, (time(8), time(12))))
    status, placed = found(asked, first={1: first, 2: second, 3: long}).all(60)
    assert status is SearchStatus.FOUND
    assert placed[3].local_start.hour in (9, 10)
    assert blocking(asked, placed) == []


def test_what_was_placed_before_stays_where_it_can():
    asked = tight()
    first = place_greedily(asked)
    _, placed = found(asked, first).all(60)
    moved = [id for id, one in first.items() if placed[id].starts_at != one.starts_at]
    assert len(moved) <= len(TIGHT) // 2


def test_the_same_hall_is_not_asked_for_by_more_than_fit_at_one_moment():
    three = [activity(id, 8, 10, venue_id=None) for id in (1, 2, 3)]
    day = Horizon((MONDAY,), 60, (time(8), time(11)))
    asked = task(*three, demands=[Demand(one.id, venues=(1, 2)) for one in three], horizon=day)
    assert found(asked, {}).all(60) == (SearchStatus.IMPOSSIBLE, {})
    assert len(found(asked, {}).most(60)) == 2


def test_more_are_not_placed_at_once_than_there_are_facilitators():
    three = [activity(id, 8, 10, venue_id=None) for id in (1, 2, 3)]
    day = Horizon((MONDAY,), 60, (time(8), time(11)))
    away = AbsenceSpan(at(8), at(9), party=PEOPLE[0])
    demands = [Demand(one.id, facilitators=(PEOPLE[0], PEOPLE[1])) for one in three]
    asked = task(*three, demands=demands, horizon=day, absences=(away,))
    assert found(asked, {}).all(60) == (SearchStatus.IMPOSSIBLE, {})
    assert len(found(asked, {}).most(60)) == 2


def test_one_kecamatan_has_one_in_a_half_day():
    three = [session(id, 8, 10, f"18.72.02.100{id}") for id in (1, 2, 3)]
    rules = Rules({ClashKind.SAME_KECAMATAN: Severity.BLOCK}, notice_days=0)
    asked = task(*three, horizon=Horizon((MONDAY,)), rules=rules)
    assert found(asked, {}).all(60) == (SearchStatus.IMPOSSIBLE, {})
    assert len(found(asked, {}).most(60)) == 2


def test_nothing_is_placed_before_what_it_must_follow():
    """The second cannot be placed, so the third, which comes after it, is not placed either."""
    three = [activity(id, 8, 10, venue_id=1) for id in (1, 2, 3)]
    demands = [Demand(1), Demand(2, after=(1,), last_on=MONDAY - timedelta(days=1)), Demand(3, after=(2,))]
    asked = task(*three, demands=demands, horizon=Horizon((MONDAY,)))
    assert found(asked, {}).most(60).keys() == {1}


def test_an_activity_in_the_morning_and_one_after_it_elsewhere_leave_time_to_travel():
    """Their times never overlap, whatever is chosen; the travel time between them counts all the same."""
    first = activity(1, 8, 10, venue_id=1, engagements=(speaks(PEOPLE[0]),))
    then = activity(2, 10, 11, venue_id=2, engagements=(speaks(PEOPLE[0]), speaks(PEOPLE[1])))
    away = AbsenceSpan(at(7), at(10), party=PEOPLE[1])
    rules = Rules({ClashKind.SPEAKER_TRAVEL: Severity.BLOCK}, notice_days=0)
    day = Horizon((MONDAY,), 60, (time(8), time(12)))
    asked = task(first, then, demands=[Demand(1, fixed=True), Demand(2)], horizon=day, rules=rules, absences=(away,))
    seen = []
    solving = Solving(asked, options_of(asked), PROVEN, lambda: False, lambda **news: seen.append(news.get("placed")))
    assert solving.solve({}, 60) is SearchStatus.BEST
    assert [placed[2].local_start.hour for placed in seen if placed] == [11]


@settings(max_examples=100, deadline=None)
@given(tasks())
def test_it_finds_all_exactly_where_the_model_of_everything_does(task):
    options = options_of(task)
    whole = Whole(task, options, {}, PROVEN)
    status, placed = whole.all(60)
    known = Solving(task, options, PROVEN, lambda: False, lambda **_news: None).solve({}, 60)
    assert status is (SearchStatus.IMPOSSIBLE if known is SearchStatus.IMPOSSIBLE else SearchStatus.FOUND)
    assert (placed.keys() == task.ids) is (status is SearchStatus.FOUND)
    most = whole.most(60)
    assert (len(most) == len(task.demands)) is (status is SearchStatus.FOUND)
    assert len(most) >= len(place_greedily(task, options))
    for some in (placed, most):
        assert blocking(task, some) == []
        in_order(task, some)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), max_size=8))
def test_groups_at_one_moment_are_those_that_a_look_at_each_moment_gives(lengths):
    spans = [(begins, begins + length) for begins, length in lengths]
    groups = {
        frozenset(place for place, (begins, ends) in enumerate(spans) if begins <= moment < ends)
        for moment in range(14)
    }
    largest = {group for group in groups if len(group) > 1 and not any(group < other for other in groups)}
    assert {frozenset(group) for group in at_once(spans)} == largest
