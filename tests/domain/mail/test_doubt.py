"""In which groups mails in doubt are repeated, and when."""

from datetime import timedelta

import pytest

from outreach.domain.mail.doubt import group_of, larger, repeat_at, smaller
from tests.world import NOW


@pytest.mark.parametrize(("full", "groups"), [(50, [50, 25, 1, 1]), (3, [3, 1, 1, 1]), (1, [1, 1, 1, 1])])
def test_a_mail_in_doubt_goes_in_half_a_group_and_then_alone(full, groups):
    assert [group_of(doubts, full) for doubts in range(4)] == groups


@pytest.mark.parametrize(
    ("group", "broke", "after"),
    [(50, 50, 25), (50, 40, 20), (25, 50, 25), (25, 25, 12), (3, 3, 1), (50, 2, 1), (50, 1, 50), (1, 1, 1)],
)
def test_after_a_doubt_the_channels_group_is_at_most_half_of_the_one_that_broke(group, broke, after):
    assert smaller(group, broke) == after


@pytest.mark.parametrize(
    ("group", "went", "after"), [(1, 1, 2), (25, 25, 26), (25, 24, 25), (48, 48, 49), (49, 49, None), (49, 1, 49)]
)
def test_it_grows_by_one_mail_after_as_many_mails_as_a_group_has(group, went, after):
    assert larger(group, went, full=50) == after


def test_it_is_whole_again_if_the_setting_was_lowered_meanwhile():
    assert larger(25, went=10, full=10) is None


def test_a_mail_is_repeated_ever_later_but_within_an_hour_and_never_when_it_would_be_useless():
    useful_until = NOW + timedelta(days=3)
    minutes = [(repeat_at(NOW, doubts, useful_until, 1.0) - NOW) / timedelta(minutes=1) for doubts in range(1, 9)]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60]
    assert repeat_at(NOW, 1, NOW + timedelta(seconds=20), 1.0) is None
