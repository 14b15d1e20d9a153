"""What is worth a second look before saving, and is no mistake: no venue yet, or a day off."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from outreach.models import Activity
from outreach.services.holidays import holidays_of


@dataclass(frozen=True)
class Cautions:
    """without_venue: titles. days_off: (day, its name), soonest first."""

    without_venue: tuple[str, ...] = ()
    days_off: tuple[tuple[date, str], ...] = ()


def of_activities(activities: Iterable[Activity]) -> Cautions:
    """Return what to look at again in these activities as they stand."""
    chosen = list(activities)
    days = {day for one in chosen for day in days_of(one.starts_at, one.ends_at, one.zone)}
    return Cautions(tuple(one.title for one in chosen if one.venue_id is None), days_off(days))


def days_of(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> list[date]:
    """Return the days on the zone's calendar that lie between two instants, both included."""
    first, last = starts_at.astimezone(zone).date(), ends_at.astimezone(zone).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def days_off(days: Iterable[date]) -> tuple[tuple[date, str], ...]:
    """Return those of the days that are public holidays or joint holidays, with their names."""
    chosen = sorted(set(days))
    off = holidays_of({day.year for day in chosen})
    return tuple((day, off[day]) for day in chosen if day in off)
