from collections import Counter
from datetime import date

import pytest

from outreach.cli.demo.calendar import demo_days, visits

METRO = {"P": ["P1", "P2", "P3", "P4", "P5"], "U": ["U1", "U2", "U3", "U4"], "B": ["B1", "B2", "B3", "B4"],
         "T": ["T1", "T2", "T3", "T4", "T5"], "S": ["S1", "S2", "S3", "S4"]}  # fmt: skip
NINE_DAYS = [
    date(2027, 1, 25),
    *(date(2027, 1, day) for day in (26, 27, 28, 29)),
    *(date(2027, 2, day) for day in (1, 2, 3, 4)),
]


def test_the_four_days_begin_ten_days_ahead():
    days, after = demo_days(date(2027, 1, 8), set())  # a Friday; ten days on is a Monday
    assert days == [date(2027, 1, day) for day in (18, 19, 20, 21)]
    assert (after[0], len(after)) == (date(2027, 1, 22), 9)


def test_the_four_days_step_over_a_holiday():
    days, _ = demo_days(date(2027, 1, 8), {date(2027, 1, 18), date(2027, 1, 20)})
    assert days == [date(2027, 1, day) for day in (19, 21, 22, 25)]


def test_each_kelurahan_is_visited_once_two_or_three_a_day():
    found = visits(METRO, NINE_DAYS)
    assert sorted(v.kelurahan for v in found) == sorted(k for group in METRO.values() for k in group)
    assert set(Counter(v.day for v in found).values()) == {2, 3}
    assert {v.day for v in found} == set(NINE_DAYS)


def test_no_kecamatan_has_two_on_one_half_day():
    found = visits(METRO, NINE_DAYS)
    assert max(Counter((v.kecamatan, v.day, v.half) for v in found).values()) == 1


def test_one_large_kecamatan_alone_is_refused():
    with pytest.raises(ValueError, match="one half day"):
        visits({"P": ["P1", "P2", "P3"]}, NINE_DAYS[:1])


def test_too_many_kelurahan_for_the_days_are_refused():
    with pytest.raises(ValueError, match="two or three a day"):
        visits(METRO, NINE_DAYS[:7])
