from datetime import date

from outreach.domain.working_days import working_days
from outreach.services.holidays import holidays_of


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
