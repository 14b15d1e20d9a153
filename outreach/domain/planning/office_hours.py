"""The office's working time: hours by day of the week, Friday prayer, Ramadan, and days off.

Pure values. services/holidays.py provides the days off, the office's settings the hours.

Perpres 21/2023, article 4: a week of 37.5 hours from 07.30, with a break of 60 minutes, 90 on Fridays. In Ramadan a
week of 32.5 hours from 08.00, with breaks of 30 and 60 minutes. The offices choose the times of the breaks; these are usual.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

FRIDAY, SATURDAY = 4, 5


class DayOffKind(StrEnum):
    HOLIDAY = "holiday"  # libur nasional
    JOINT = "joint"  # cuti bersama


@dataclass(frozen=True, slots=True)
class DayOff:
    name: str  # in Indonesian
    kind: DayOffKind = DayOffKind.HOLIDAY


@dataclass(frozen=True, slots=True)
class DayRange:
    """The days from the first to the last, both included."""

    first: date
    last: date

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class DayHours:
    """One day's hours, in the zone of the activity."""

    opens: time
    closes: time
    break_from: time
    break_until: time

    def fits_beside_break(self, length: timedelta) -> bool:
        """Return whether something so long can be held before the break or after it."""
        midnight = date.min
        opens, begins, ends, closes = (
            datetime.combine(midnight, hour) for hour in (self.opens, self.break_from, self.break_until, self.closes)
        )
        return length <= max(begins - opens, closes - ends)

    def __post_init__(self) -> None:
        if not self.opens < self.break_from < self.break_until < self.closes:
            raise ValueError("A day's hours must be in order: it opens, the break begins, the break ends, it closes.")


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """The office hours by day. usual: Monday to Thursday, and activities on a weekend."""

    usual: DayHours = DayHours(time(7, 30), time(16, 0), time(12, 0), time(13, 0))
    friday: DayHours = DayHours(time(7, 30), time(16, 30), time(11, 30), time(13, 0))
    ramadan: DayHours = DayHours(time(8, 0), time(15, 0), time(12, 0), time(12, 30))
    ramadan_friday: DayHours = DayHours(time(8, 0), time(15, 30), time(11, 30), time(12, 30))

    def on(self, day: date, *, ramadan: bool) -> DayHours:
        if day.weekday() == FRIDAY:
            return self.ramadan_friday if ramadan else self.friday
        return self.ramadan if ramadan else self.usual


@dataclass(frozen=True, slots=True)
class Calendar:
    """The office's calendar. days_off: holidays and joint holidays. ramadans: one range per Hijri year, as set by the office."""

    days_off: Mapping[date, DayOff] = field(default_factory=dict)
    ramadans: tuple[DayRange, ...] = ()

    def in_ramadan(self, day: date) -> bool:
        return any(day in ramadan for ramadan in self.ramadans)

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < SATURDAY and day not in self.days_off
