"""Days off and Ramadan, by year."""

from datetime import date

from outreach.domain.planning.office_hours import DayOff, DayOffKind, DayRange
from outreach.domain.planning.working_days import working_days
from outreach.services.holidays import days_off, hijri_year, holidays_of, ramadans


def test_the_calendar_has_national_holidays_and_cuti_bersama():
    days = holidays_of([2026, 2027])
    assert date(2026, 12, 25) in days
    assert date(2026, 12, 24) in days  # cuti bersama, not a public holiday
    assert date(2027, 2, 5) in days
    assert date(2027, 1, 18) not in days


def test_nine_working_days_from_25_january_2027_end_after_the_cuti_bersama():
    days = working_days(date(2027, 1, 25), 10, holidays_of([2027]))
    assert days[8] == date(2027, 2, 4)
    assert days[9] == date(2027, 2, 8)


def test_a_day_off_says_whether_it_is_a_joint_holiday_and_a_public_holiday_has_priority():
    days = days_off([2026, 2027])
    assert days[date(2026, 12, 24)] == DayOff("Cuti Bersama Hari Raya Natal", DayOffKind.JOINT)
    assert days[date(2026, 12, 25)] == DayOff("Hari Raya Natal", DayOffKind.HOLIDAY)
    assert list(days) == sorted(days)


def test_ramadan_is_computed_up_to_the_day_before_idulfitri():
    assert ramadans([2025]) == {
        1446: DayRange(date(2025, 3, 2), date(2025, 3, 30)),  # the government had one more, from the first of March
        1447: DayRange(date(2026, 2, 19), date(2026, 3, 20)),
    }


def test_a_year_may_have_two_idulfitri_and_a_ramadan_that_began_in_the_year_before():
    assert ramadans([2032]) == {
        1453: DayRange(date(2031, 12, 16), date(2032, 1, 13)),
        1454: DayRange(date(2032, 12, 4), date(2033, 1, 2)),
        1455: DayRange(date(2033, 11, 24), date(2033, 12, 22)),
    }
    for year, days in ramadans(range(2024, 2060)).items():
        assert hijri_year(days.last) == year
        assert (days.last - days.first).days + 1 in (29, 30)
