"""Turn a form's day, time and zone into aware instants, and back.

Pages turn wall times into instants only here, so no view and no template computes a date.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from outreach.domain.zones import CHOICES

ZONES = {name: ZoneInfo(name) for name, _label in CHOICES}


def zone_of(name: str | None) -> ZoneInfo:
    """Return the form's zone. One outside CHOICES (old record) is found by name. An invalid name gives the first choice."""
    try:
        return ZONES.get(name or "") or ZoneInfo(name or CHOICES[0][0])
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of zones, such as Asia
        return ZONES[CHOICES[0][0]]


def instant(on: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the aware instant of a wall time on a day in the zone."""
    return datetime.combine(on, at, tzinfo=zone)


def wall_day(value: datetime, zone: ZoneInfo) -> date:
    return value.astimezone(zone).date()


def wall_time(value: datetime, zone: ZoneInfo) -> time:
    return value.astimezone(zone).time().replace(second=0, microsecond=0)


def last_day(first: date, count: int) -> date:
    """Return the last of `count` days, starting with `first`."""
    return first + timedelta(days=count - 1)


def number_of_days(first: date, last: date) -> int:
    return (last - first).days + 1


def next_day(day: date) -> date:
    return day + timedelta(days=1)


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield each day from `first` to `last`, both included."""
    for offset in range(number_of_days(first, last)):
        yield first + timedelta(days=offset)


def move_query(form: Any, activity: Any) -> dict[str, Any]:
    """Return a form's time and place as query values for the move page.

    An unchanged registration is left out, because it moves with the start.
    """
    names = ["on", "begins", "ends", "ends_on", "zone", "venue_id"]
    if form.registration_at != activity.registration_at and activity.starts_at != form.starts_at:
        names.append("registration")
    return {name: _text(form[name].data) for name in names}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.strftime("%H:%M") if isinstance(value, time) else str(value)
