"""How long a sign-in lasts."""

from datetime import UTC, datetime, timedelta

import pytest

from outreach.domain.sign_in.sessions import Lifetimes, is_over

BEGAN = datetime(2027, 1, 4, 1, tzinfo=UTC)
LASTS = Lifetimes(timedelta(hours=12), timedelta(minutes=60), timedelta(days=14))
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("used_after", "stays", "age", "over"),
    [
        (timedelta(), False, timedelta(minutes=60) - SECOND, False),
        (timedelta(), False, timedelta(minutes=60), True),
        (timedelta(hours=11, minutes=50), False, timedelta(hours=12) - SECOND, False),
        (timedelta(hours=11, minutes=50), False, timedelta(hours=12), True),
        (timedelta(), True, timedelta(days=14) - SECOND, False),
        (timedelta(days=13, hours=23), True, timedelta(days=14), True),
    ],
)
def test_a_sign_in_ends_unused_after_an_hour_and_used_after_half_a_day_or_two_weeks(
    used_after: timedelta, stays: bool, age: timedelta, over: bool
):
    found = is_over(began_at=BEGAN, used_at=BEGAN + used_after, stays=stays, lasts=LASTS, now=BEGAN + age)
    assert found is over
