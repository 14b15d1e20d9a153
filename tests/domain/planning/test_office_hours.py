"""The office's days and hours: Perpres 21/2023, the break on Friday, Ramadan, days off."""

from datetime import date, datetime, time

import pytest

from outreach.domain.planning.office_hours import Calendar, DayHours, DayOff, DayOffKind, DayRange, OfficeHours

MONDAY, FRIDAY = date(2027, 1, 18), date(2027, 1, 22)


def hours(day: DayHours) -> float:
    minutes = [datetime.combine(MONDAY, at) for at in (day.opens, day.break_from, day.break_until, day.closes)]
    return ((minutes[1] - minutes[0]) + (minutes[3] - minutes[2])).total_seconds() / 3600


def test_a_week_has_the_hours_of_perpres_21_2023():
    usual = OfficeHours()
    assert 4 * hours(usual.usual) + hours(usual.friday) == 37.5
    assert 4 * hours(usual.ramadan) + hours(usual.ramadan_friday) == 32.5


def test_friday_and_ramadan_have_their_own_hours():
    usual = OfficeHours()
    assert usual.on(MONDAY, ramadan=False) == usual.usual
    assert usual.on(FRIDAY, ramadan=False).break_from == time(11, 30)
    assert usual.on(MONDAY, ramadan=True).opens == time(8, 0)
    assert usual.on(FRIDAY, ramadan=True) == usual.ramadan_friday


def test_ramadan_includes_its_first_and_its_last_day():
    calendar = Calendar(ramadans=(DayRange(date(2027, 2, 8), date(2027, 3, 9)),))
    days = (date(2027, 2, 7), date(2027, 2, 8), date(2027, 3, 9), date(2027, 3, 10))
    assert [calendar.in_ramadan(day) for day in days] == [False, True, True, False]


def test_a_joint_holiday_is_not_a_working_day():
    calendar = Calendar({FRIDAY: DayOff("Cuti bersama", DayOffKind.JOINT)})
    assert [calendar.is_working_day(day) for day in (MONDAY, FRIDAY, date(2027, 1, 23))] == [True, False, False]


def test_hours_that_end_before_they_begin_are_refused():
    with pytest.raises(ValueError):
        DayHours(time(8, 0), time(7, 0), time(12, 0), time(13, 0))
