"""When a person or venue is unavailable: once (hours or whole days) or each week; and all occurrences of that.

Pure functions. services/absences/edit.py stores absences, services/absences/parse.py reads them from calendars.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from outreach.domain.kinds import Repeat
from outreach.domain.problems import Problem

WEEK = timedelta(weeks=1)
DAY = timedelta(days=1)
LONGEST_DAYS = 366  # somebody who is away for longer should be removed from the list
AFTER_LAST = date(
    2200, 1, 1
)  # the same limits as for days on pages: instants near the end of the calendar cannot be converted
AbsentTime = tuple[datetime, datetime]


class EndsBeforeStart(Problem):
    message = "The end must be later than the start."
    field = "until"


class LastDayBeforeFirst(Problem):
    message = "The last day must not lie before the first."
    field = "last_on"


class TooLong(Problem):
    message = "At most %(days)s days can be noted at once."
    field = "last_on"


class LongerThanAWeek(Problem):
    message = "What comes every week lasts 7 days at most. To say until when it comes, fill in “Last time on” instead."
    field = "last_on"


class LastWeekBeforeFirst(Problem):
    message = "The last time must not lie before the first."
    field = "weekly_until_on"


class EveryWeekUnticked(Problem):
    message = "Please tick “Every week again”, or leave the last time empty."
    field = "weekly"


class NoSuchTime(Problem):
    message = "The clocks are set forward over this time on that day; please choose another."
    field = "until"


class DayMissing(Problem):
    message = "Please choose the day."
    field = "on"


class HourMissing(Problem):
    message = "Please give both hours, or neither for the whole day."
    field = "until"


class HoursOfSeveralDays(Problem):
    message = "Hours can be given for one day only. Please leave the last day empty, or the hours."
    field = "last_on"


@dataclass(frozen=True, slots=True)
class Absent:
    """An absence: from starts_at to ends_at, repeated each week if weekly.

    starts_at, ends_at: aware instants of the first occurrence. zone: a weekly one keeps its hours on the clocks of this zone.
    until_on: the last day, in that zone, on which a weekly one may begin; None for no end.
    whole_days: entered and shown as days.
    """

    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    repeats: Repeat = Repeat.ONCE
    until_on: date | None = None
    whole_days: bool = False

    def __post_init__(self) -> None:
        if self.ends_at <= self.starts_at:
            raise ValueError("The end must be later than the start.")

    @property
    def first_on(self) -> date:
        return self.starts_at.astimezone(self.zone).date()

    @property
    def last_on(self) -> date:
        """Return the last day of its first occurrence."""
        return (self.ends_at - timedelta(microseconds=1)).astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Stated:
    """An absence as filled in: a day or several, with hours or as whole days, once or each week."""

    on: date | None
    last_on: date | None = None
    begins: time | None = None
    until: time | None = None
    weekly: bool = False
    weekly_until_on: date | None = None

    def absent(self, zone: ZoneInfo) -> Absent:
        """Return the absence in this zone; raise a Problem of this file if the values make none."""
        if self.on is None:
            raise DayMissing
        if (self.begins is None) != (self.until is None):
            raise HourMissing
        if self.weekly_until_on is not None and not self.weekly:
            raise EveryWeekUnticked
        if self.begins is None or self.until is None:
            first = days(self.on, self.last_on or self.on, zone)
        elif self.last_on not in (None, self.on):
            raise HoursOfSeveralDays
        else:
            first = hours(self.on, self.begins, self.until, zone)
        return weekly(first, self.weekly_until_on) if self.weekly else first


def hours(on: date, begins: time, until: time, zone: ZoneInfo) -> Absent:
    """Return the absence from one hour to another of one day. Raise EndsBeforeStart or NoSuchTime."""
    if until <= begins:
        raise EndsBeforeStart
    span = _on_clocks(datetime.combine(on, begins), datetime.combine(on, until), zone)
    if span is None:
        raise NoSuchTime
    return Absent(*span, zone)


def days(first_on: date, last_on: date, zone: ZoneInfo) -> Absent:
    """Return the absence for whole days, the last included. Raise LastDayBeforeFirst or TooLong."""
    if last_on < first_on:
        raise LastDayBeforeFirst
    if (last_on - first_on).days >= LONGEST_DAYS:
        raise TooLong(days=LONGEST_DAYS)
    span = _on_clocks(datetime.combine(first_on, time()), datetime.combine(last_on + DAY, time()), zone)
    if span is None:
        raise NoSuchTime
    return Absent(*span, zone, whole_days=True)


def weekly(first: Absent, until_on: date | None) -> Absent:
    """Return the absence repeated each week, until `until_on`. Raise LastWeekBeforeFirst or LongerThanAWeek."""
    if until_on is not None and until_on < first.first_on:
        raise LastWeekBeforeFirst
    if first.last_on - first.first_on >= WEEK:
        raise LongerThanAWeek
    return Absent(first.starts_at, first.ends_at, first.zone, Repeat.WEEKLY, until_on, first.whole_days)


def occurrences(absent: Absent, first: datetime, last: datetime) -> Iterator[AbsentTime]:
    """Yield the occurrences as (start, end) that overlap the span from `first` to `last`.

    first, last: aware instants. Hours are local time in the absence's zone. If the clocks are set back, a repeated hour is
    absent both times. If they are set forward over the whole occurrence, that week has none.
    """
    if last <= first:
        return
    if absent.repeats is Repeat.ONCE:
        if absent.starts_at < last and absent.ends_at > first:
            yield absent.starts_at, absent.ends_at
        return
    starts, ends = (at.astimezone(absent.zone).replace(tzinfo=None) for at in (absent.starts_at, absent.ends_at))
    until_on = min(absent.until_on or AFTER_LAST, AFTER_LAST, (last + DAY).astimezone(absent.zone).date())
    # Start one week before the computed week: the clocks may have changed in between.
    week = max(0, (first - absent.ends_at) // WEEK - 1)
    while (begins := starts + week * WEEK).date() <= until_on:
        span = _on_clocks(begins, ends + week * WEEK, absent.zone) if week else (absent.starts_at, absent.ends_at)
        if span and span[0] < last and span[1] > first:
            yield span
        week += 1


def last_moment(absent: Absent) -> datetime | None:
    """Return the end of the last occurrence; None if there is no last one."""
    if absent.repeats is Repeat.ONCE:
        return absent.ends_at
    if absent.until_on is None:
        return None
    week = (absent.until_on - absent.first_on) // WEEK
    return _instant(absent.ends_at.astimezone(absent.zone).replace(tzinfo=None) + week * WEEK, absent.zone, fold=1)


def _on_clocks(starts: datetime, ends: datetime, zone: ZoneInfo) -> AbsentTime | None:
    """Return the instants at which the zone's clocks show these hours; None if the clocks skip all of them.

    Hours that occur twice begin the first time and end the second.
    """
    begun, ended = _instant(starts, zone, fold=0), _instant(ends, zone, fold=1)
    return (begun, ended) if begun < ended else None


def _instant(shown: datetime, zone: ZoneInfo, *, fold: int) -> datetime:
    """Return the instant at which the clocks show this; if they skip it, the instant at which they jump."""
    before, after = (shown.replace(tzinfo=zone, fold=at).astimezone(UTC) for at in (1, 0))
    found = after if fold == 0 else before
    if found.astimezone(zone).replace(tzinfo=None) == shown:
        return found
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).replace(tzinfo=None) < shown:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
