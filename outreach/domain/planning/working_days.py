"""Working days: whether a day is one, the next ones after a day, and the last one before it, given the holidays.

Pure functions. services/holidays.py provides the holidays.
"""

from collections.abc import Container
from datetime import date, timedelta

SATURDAY = 5
LONGEST_PAUSE_DAYS = 60  # no real run of holidays is longer; beyond it, the given holidays are wrong


def is_working_day(day: date, holidays: Container[date]) -> bool:
    """Return whether offices work on `day`: Monday to Friday, and not a holiday."""
    return day.weekday() < SATURDAY and day not in holidays


def working_days(first: date, count: int, holidays: Container[date]) -> list[date]:
    """Return the next `count` working days, `first` included if it is one.

    Raise ValueError if count is negative, or if a run of days off is longer than any in a real calendar.
    """
    if count < 0:
        raise ValueError("A count of days cannot be negative.")
    found: list[date] = []
    day, idle = first, 0
    while len(found) < count:
        if is_working_day(day, holidays):
            found.append(day)
            idle = 0
        elif (idle := idle + 1) > LONGEST_PAUSE_DAYS:
            raise ValueError(f"No working day in the {LONGEST_PAUSE_DAYS} days before {day}.")
        day += timedelta(days=1)
    return found


def last_working_day(day: date, holidays: Container[date]) -> date:
    """Return the day, or the last working day before it. In a longer run of days off, the day itself."""
    for n in range(LONGEST_PAUSE_DAYS + 1):
        if is_working_day(day - timedelta(days=n), holidays):
            return day - timedelta(days=n)
    return day
