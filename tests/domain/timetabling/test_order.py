"""Which activity comes after which: circles are found, and on how few days all of one person's could be held."""

from dataclasses import replace
from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.timetabling import Demand, Horizon, circle, options_of
from outreach.domain.timetabling.heuristic.dayfuls import days_needed
from tests.domain.plan_help import SITI, activity, speaks
from tests.domain.timetabling.test_task_and_proposal import MONDAY, TUESDAY, task

orders = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=8)


@pytest.mark.parametrize(
    ("asked", "around"),
    [
        ([], []),
        ([(2, 1), (3, 2), (3, 1)], []),
        ([(2, 1), (1, 2)], [1, 2, 1]),
        ([(4, 4)], [4, 4]),
        ([(9, 8), (2, 1), (3, 2), (1, 3)], [1, 2, 3, 1]),
    ],
)
def test_a_circle_is_named_in_its_order(asked, around):
    found = circle(asked)
    assert sorted(found[1:]) == sorted(around[1:])
    assert all((then, first) in asked for first, then in zip(found, found[1:], strict=False))


@given(orders)
def test_where_there_is_no_circle_they_can_be_put_in_a_row(asked):
    around = circle(asked)
    if around:
        assert around[0] == around[-1]
        assert all((then, first) in asked for first, then in zip(around, around[1:], strict=False))
        return
    waiting = {id for two in asked for id in two}
    while waiting:
        ready = {id for id in waiting if not any(then == id and first in waiting for then, first in asked)}
        assert ready
        waiting -= ready


def days_of(*lengths, way=0):
    made = [activity(id, 8, 8 + length, engagements=(speaks(SITI),)) for id, length in enumerate(lengths, 1)]
    asked = task(*made, demands=[Demand(one.id) for one in made], horizon=Horizon((MONDAY, TUESDAY), 30))
    return days_needed(list(options_of(asked).values()), lambda _one, _other: timedelta(minutes=way))


@pytest.mark.parametrize(
    ("lengths", "way", "days"),
    [
        ((2,), 0, 1),
        ((4, 4), 0, 1),  # 07.30 to 16.00
        ((4, 4), 31, 2),
        ((4, 4, 2), 0, 2),
        ((5, 5, 3, 3), 0, 2),
        ((5, 5, 4), 0, 3),  # no two go together
        ((2, 2, 2, 2), 0, 1),
    ],
)
def test_one_person_needs_as_many_days_as_the_hours_fill(lengths, way, days):
    assert days_of(*lengths, way=way) == days


def test_hours_of_two_zones_are_compared_as_instants():
    """08.00 to 10.00 in Jayapura is over as 08.00 strikes in Jakarta."""
    jakarta, jayapura = (activity(id, at, at + 2, engagements=(speaks(SITI),)) for id, at in ((1, 8), (2, 6)))
    made = (jakarta, replace(jayapura, zone=ZoneInfo("Asia/Jayapura")))
    horizon = Horizon((MONDAY,), daily=(time(8), time(10)))
    asked = task(*made, demands=[Demand(1), Demand(2)], horizon=horizon)
    options = list(options_of(asked).values())
    assert [[start.astimezone(one.bare.zone).hour for start in one.starts] for one in options] == [[8], [8]]
    assert days_needed(options, lambda _one, _other: timedelta()) == 1
