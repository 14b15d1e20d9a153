"""The days of the demo's activities: four days ahead, then each kelurahan once, never two in a kecamatan at once."""

from collections import Counter
from datetime import date

import pytest

from outreach.cli.demo.calendar import AWAKE, OFFICE_HOURS, days_off, demo_days, moment_between, visits
from tests.world import JAKARTA, at

METRO = {"P": ["P1", "P2", "P3", "P4", "P5"], "U": ["U1", "U2", "U3", "U4"], "B": ["B1", "B2", "B3", "B4"],
         "T": ["T1", "T2", "T3", "T4", "T5"], "S": ["S1", "S2", "S3", "S4"]}  # fmt: skip
NINE_DAYS = [
    date(2027, 1, 25),
    *(date(2027, 1, day) for day in (26, 27, 28, 29)),
    *(date(2027, 2, day) for day in (1, 2, 3, 4)),
]


def test_the_four_days_start_ten_days_ahead():
    days, after = demo_days(date(2027, 1, 8), set())  # a Friday; ten days later is a Monday
    assert days == [date(2027, 1, day) for day in (18, 19, 20, 21)]
    assert (after[0], len(after)) == (date(2027, 1, 22), 9)


def test_the_four_days_skip_a_holiday():
    days, _ = demo_days(date(2027, 1, 8), {date(2027, 1, 18), date(2027, 1, 20)})
    assert days == [date(2027, 1, day) for day in (19, 21, 22, 25)]


def test_each_kelurahan_has_one_activity_with_two_or_three_a_day():
    found = visits(METRO, NINE_DAYS)
    assert sorted(day.kelurahan for day in found) == sorted(
        kelurahan for group in METRO.values() for kelurahan in group
    )
    assert set(Counter(day.day for day in found).values()) == {2, 3}
    assert {day.day for day in found} == set(NINE_DAYS)


def test_no_kecamatan_has_two_on_one_half_day():
    found = visits(METRO, NINE_DAYS)
    assert max(Counter((day.kecamatan, day.day, day.half) for day in found).values()) == 1


def test_one_large_kecamatan_alone_is_refused():
    with pytest.raises(ValueError, match="one half day"):
        visits({"P": ["P1", "P2", "P3"]}, NINE_DAYS[:1])


def test_too_many_kelurahan_for_the_days_are_refused():
    with pytest.raises(ValueError, match="two or three a day"):
        visits(METRO, NINE_DAYS[:7])


def test_moments_are_distributed_over_waking_hours_only():
    first, last = at(18, 20), at(19, 9)  # one hour of Monday evening, two and a half of Tuesday morning
    moments = [moment_between(first, last, share, AWAKE, JAKARTA) for share in (0, 1, 2 / 7 - 0.001, 2 / 7 + 0.001)]
    assert moments[:2] == [first, last]
    assert moments[2] < at(18, 21)
    assert at(19, 6, 30) < moments[3] < at(19, 7)


def test_staff_have_no_moment_outside_office_hours():
    friday, monday = date(2027, 1, 15), date(2027, 1, 18)
    off = days_off(friday, monday, {monday})
    assert off == {date(2027, 1, 16), date(2027, 1, 17), monday}
    assert moment_between(at(15, 17), at(18, 12), 0.5, OFFICE_HOURS, JAKARTA, off=off) is None
    assert moment_between(at(15, 14), at(18, 12), 0.5, OFFICE_HOURS, JAKARTA, off=off) == at(15, 15)
