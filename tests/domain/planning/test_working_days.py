"""Which days are working days."""

from datetime import date

import pytest

from outreach.domain.planning.working_days import is_working_day, last_working_day, working_days

NEW_YEAR = date(2027, 1, 1)  # a Friday


def test_friday_is_a_working_day_and_saturday_is_not():
    assert is_working_day(date(2027, 1, 15), set())
    assert not is_working_day(date(2027, 1, 16), set())


def test_sunday_is_not_a_working_day_and_monday_is():
    assert not is_working_day(date(2027, 1, 17), set())
    assert is_working_day(date(2027, 1, 18), set())


def test_a_weekday_that_is_a_holiday_is_not_a_working_day():
    assert is_working_day(NEW_YEAR, set())
    assert not is_working_day(NEW_YEAR, {NEW_YEAR})


def test_the_first_day_counts_if_it_is_a_working_day():
    assert working_days(date(2027, 1, 18), 4, set()) == [date(2027, 1, day) for day in (18, 19, 20, 21)]


def test_a_weekend_and_the_holiday_before_it_are_skipped():
    assert working_days(date(2026, 12, 31), 2, {NEW_YEAR}) == [date(2026, 12, 31), date(2027, 1, 4)]


def test_a_count_of_zero_days_gives_none():
    assert working_days(NEW_YEAR, 0, set()) == []


def test_a_negative_count_is_refused():
    with pytest.raises(ValueError, match="negative"):
        working_days(NEW_YEAR, -1, set())


def test_a_calendar_without_working_days_is_refused():
    class Always:
        def __contains__(self, day: object) -> bool:
            return True

    with pytest.raises(ValueError, match="No working day"):
        working_days(NEW_YEAR, 1, Always())


def test_a_calendar_with_only_days_off_gives_the_day_itself():
    class Always:
        def __contains__(self, day: object) -> bool:
            return True

    assert last_working_day(NEW_YEAR, Always()) == NEW_YEAR
