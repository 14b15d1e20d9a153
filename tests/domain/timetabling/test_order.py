"""The order of activities: circles are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.timetabling import circle

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
def test_a_circle_is_listed_in_its_order(asked, around):
    found = circle(asked)
    assert sorted(found[1:]) == sorted(around[1:])
    assert all((then, first) in asked for first, then in zip(found, found[1:], strict=False))


@given(orders)
def test_activities_without_a_circle_can_be_sorted(asked):
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
