"""An absence in words: days, hours, first and last day."""

from datetime import date, timedelta
from typing import NamedTuple

from babel.dates import format_date
from flask_babel import gettext as _

from outreach.delivery.words import formats
from outreach.domain.kinds import Repeat
from outreach.domain.planning.absences import Absent


class When(NamedTuple):
    """days: "Tuesday, 19 January 2027" or "Every Tuesday". hours: "13:00–15:00 WIB" or "". bounds: from and until when."""

    days: str
    hours: str
    bounds: str

    def __str__(self) -> str:
        return ", ".join(part for part in self if part)


def when(absent: Absent, today: date) -> When:
    """Return an absence in words, in the current language. today: decides whether a weekly one names its first day."""
    over_days = absent.first_on != absent.last_on
    if over_days and not absent.whole_days and absent.repeats is Repeat.ONCE:
        return When(formats.span(absent.starts_at, absent.ends_at, absent.zone), "", "")
    hours = "" if absent.whole_days else formats.span(absent.starts_at, absent.ends_at, absent.zone)
    if absent.repeats is Repeat.ONCE:
        days = formats.days(absent.first_on, absent.last_on) if over_days else formats.day(absent.first_on)
        return When(days, hours, "")
    first, last = _weekday(absent.first_on), _weekday(absent.last_on)
    return When(
        _("Every week from %(first)s to %(last)s", first=first, last=last)
        if over_days
        else _("Every %(weekday)s", weekday=first),
        "" if over_days and not absent.whole_days else hours,
        _bounds(absent, today),
    )


def _bounds(absent: Absent, today: date) -> str:
    first, last = absent.first_on, absent.until_on
    begins = formats.day(first, weekday=False) if first > today + timedelta(days=6) else ""
    ends = formats.day(last, weekday=False) if last else ""
    if begins and ends:
        return _("from %(first)s until %(last)s", first=begins, last=ends)
    if ends:
        return _("until %(day)s", day=ends)
    return _("from %(day)s on", day=begins) if begins else ""


def _weekday(day: date) -> str:
    return str(format_date(day, "EEEE", locale=formats.language()))
