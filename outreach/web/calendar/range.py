"""The days that a calendar page shows, and the addresses around it: the requested day, the view, the filters."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from babel.dates import format_date
from flask import url_for

from outreach.delivery.words.formats import day, days, language
from outreach.queries.calendar import CalendarFilter

EARLIEST, LATEST = date(2000, 1, 3), date(2150, 12, 31)
ROW_DAYS, MOST_ROW_DAYS = 4, 14
WEEK = timedelta(weeks=1)
A_DAY = timedelta(days=1)


class View(StrEnum):
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    ROWS = "rows"


class RowsOf(StrEnum):
    VENUES = "venues"
    SPEAKERS = "speakers"


@dataclass(frozen=True)
class CalendarRequest:
    """The request in a calendar address. length: days shown as columns in the view by rows."""

    view: View
    on: date
    wanted: CalendarFilter
    rows_of: RowsOf = RowsOf.VENUES
    length: int = ROW_DAYS
    all_rows: bool = False

    @property
    def first(self) -> date:
        """Return the first day shown. In a month, this is the Monday of its first week."""
        if self.view is View.MONTH:
            return _monday(self.on.replace(day=1))
        return _monday(self.on) if self.view is View.WEEK else self.on

    @property
    def last(self) -> date:
        """Return the last day shown. In a month, this is the Sunday of its last week."""
        if self.view is View.MONTH:
            return _monday(_next_month(self.on) - A_DAY) + WEEK - A_DAY
        if self.view is View.WEEK:
            return self.first + WEEK - A_DAY
        return self.on if self.view is View.DAY else self.on + timedelta(days=self.length - 1)

    @property
    def title(self) -> str:
        if self.view is View.MONTH:
            return format_date(self.on, "MMMM y", locale=language())
        return day(self.on) if self.view is View.DAY else days(self.first, self.last)

    @property
    def before(self) -> date:
        if self.view is View.MONTH:
            return (self.on.replace(day=1) - A_DAY).replace(day=1)
        return self.first - timedelta(days=self._shown)

    @property
    def after(self) -> date:
        return _next_month(self.on) if self.view is View.MONTH else self.first + timedelta(days=self._shown)

    @property
    def _shown(self) -> int:
        return (self.last - self.first).days + 1

    def url(self, endpoint: str = "calendar.index", **changes: Any) -> str:
        """Return this request's address with changes: view, on, rows_of, all_rows, or a filter."""
        kinds: dict[str, Any] = {"view": View, "rows_of": RowsOf, "on": date, "all_rows": bool}
        own = {name: _as(kinds[name], value) for name, value in changes.items() if name in kinds}
        narrowed = {name: value for name, value in changes.items() if name not in own}
        asked = replace(self, **own, wanted=replace(self.wanted, **narrowed))
        return url_for(endpoint, **asked.query)  # type: ignore[arg-type]

    @property
    def query(self) -> dict[str, str]:
        found = {
            "view": self.view.value,
            "on": self.on.isoformat(),
            "programme": self.wanted.programme_id,
            "region": self.wanted.region_code,
            "person": self.wanted.person_id,
            "venue": self.wanted.venue_id,
            "rows": self.rows_of.value if self.view is View.ROWS else "",
            "all": "1" if self.all_rows and self.view is View.ROWS else "",
        }
        return {name: str(value) for name, value in found.items() if value}


def read(args: Mapping[str, Any], *, today: date, programme_days: Any) -> CalendarRequest:
    """Return the request in a query. Invalid values are ignored.

    programme_days: returns a programme's first and last day by its id. If a programme is chosen without a day, its days
    are shown.
    """
    get: Any = args.get
    wanted = CalendarFilter(
        programme_id=get("programme", type=int),
        region_code=str(get("region", ""))[:13],
        person_id=get("person", type=int),
        venue_id=get("venue", type=int),
    )
    on = _day(get("on", ""))
    view = get("view", View.MONTH, type=View)
    length = ROW_DAYS
    if wanted.programme_id and (on is None or view is View.ROWS):
        its_days = programme_days(wanted.programme_id)
        if its_days:
            on = on or its_days[0]
            length = min(max((its_days[1] - its_days[0]).days + 1, 1), MOST_ROW_DAYS)
    return CalendarRequest(
        view=view,
        on=min(max(on or today, EARLIEST), LATEST),
        wanted=wanted,
        rows_of=get("rows", RowsOf.VENUES, type=RowsOf),
        length=length,
        all_rows=get("all", "") == "1",
    )


def weekday(day: date) -> str:
    return str(format_date(day, "EEEE", locale=language()))


def whole_day(text: str) -> date:
    """Return the day of "2027-01-18", or of an instant that begins so. Raise ValueError if it is invalid or too far away."""
    found = date.fromisoformat(text[:10])
    if not EARLIEST <= found <= LATEST:
        raise ValueError(text)
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _as(kind: Any, value: Any) -> Any:
    return kind(value) if isinstance(value, str) else value


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)
