"""Days and hours of the tests: January 2027 in Metro's time, and working days from the clock under test."""

import os
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from outreach import clock
from outreach.domain.planning.working_days import working_days
from outreach.services.holidays import holidays_of, ramadans

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2027, 1, 4, 1, 0, tzinfo=UTC)  # Monday 4 January 2027, 08.00 WIB


def at(day: int, hour: int = 8, minute: int = 0, *, month: int = 1, year: int = 2027) -> datetime:
    """Return an instant in Metro's time: at(18) is Monday 18 January 2027, 08.00 WIB."""
    return datetime(year, month, day, hour, minute, tzinfo=JAKARTA)


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


def day_asked_for() -> datetime:
    """Return TESTS_DAY ("2028-02-29T08:00", in Metro's time), or Monday 4 January 2027, 08.00."""
    asked = os.environ.get("TESTS_DAY")
    return datetime.fromisoformat(asked).replace(tzinfo=JAKARTA) if asked else NOW


def today() -> date:
    """Return today's date in Metro's time."""
    return clock.now().astimezone(JAKARTA).date()


def working_day(days: int, *, weekday: int | None = None, count: int = 1) -> date:
    """Return the first working day that is at least so many days from today, on that day of the week if one is given.

    count: the number of consecutive working days from there, with no day off between them. None is in Ramadan,
    when offices close earlier and pages say so.
    """
    day = today() + timedelta(days=days)
    years = [day.year, day.year + 1]
    holidays, fasting = holidays_of(years), ramadans(years).values()
    while True:
        day = working_days(day, 1, holidays)[0]
        run = [day + timedelta(days=n) for n in range(count)]
        in_ramadan = any(each in month for month in fasting for each in run)
        if working_days(day, count, holidays) == run and weekday in (None, day.weekday()) and not in_ramadan:
            return day
        day += timedelta(days=1)
