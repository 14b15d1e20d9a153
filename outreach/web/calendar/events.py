"""The data of the drawn calendar: activities, background of days, and rows, as JSON values of @event-calendar.

Times are wall times in the office's zone, without offset. The calendar is drawn in that zone wherever its user is.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext

from outreach.delivery.words.formats import language, span
from outreach.delivery.words.labels import label
from outreach.domain.planning.office_hours import FRIDAY, DayOffKind
from outreach.domain.planning.rules import Severity
from outreach.queries.calendar import CalendarEntry, CalendarRow, DayFacts, ShownDays
from outreach.web.calendar.range import CalendarRequest, RowsOf, View

A_DAY = timedelta(days=1)
NONE = "none"  # the row for activities without venue or speaker
HOURS_UP_TO_DAYS = 5  # a view by rows over more days shows days instead of hours


def in_hours(asked: CalendarRequest) -> bool:
    """Return whether the view shows the hours of each day."""
    return asked.view in (View.WEEK, View.DAY) or (asked.view is View.ROWS and asked.length <= HOURS_UP_TO_DAYS)


def events(
    shown: ShownDays, asked: CalendarRequest, rows: Sequence[CalendarRow], *, may_move: bool
) -> list[dict[str, Any]]:
    """Return everything to draw: activities, days off, Ramadan, breaks and absences."""
    drawn = [entry(item, asked, shown.zone, may_move=may_move) for item in shown.entries]
    ids = [row_id(row) for row in rows]
    for facts in shown.days.values():
        drawn += [{**event, "resourceIds": ids} for event in _behind(facts, asked)]
    return drawn + [absence for row in rows for absence in _absences(row, shown.zone)]


def entry(one: CalendarEntry, asked: CalendarRequest, zone: ZoneInfo, *, may_move: bool) -> dict[str, Any]:
    """Return one activity. In the view by rows, it is in the row of its venue or of each speaker."""
    activity = one.activity
    classes = [f"cal-{activity.state.value}", *([f"cal-{one.severity.value}"] if one.severity else [])]
    return {
        "id": str(activity.id),
        "title": activity.title,
        "start": wall(activity.starts_at, zone),
        "end": wall(activity.ends_at, zone),
        "editable": may_move and one.movable,
        "resourceIds": _rows_of(one, asked.rows_of),
        "classNames": classes,
        "extendedProps": {
            "about": about(one),
            "url": url_for("activities.show", activity_id=activity.id),
            "move": url_for("calendar.move", activity_id=activity.id) if may_move and one.movable else "",
            "version": activity.version,
            "venue": activity.venue_id or "",
            "mark": mark(one.severity),
            "state": label(activity.state),
            "place": one.place,
            "where": activity.venue.name if activity.venue else gettext("no venue yet"),
        },
    }


def about(one: CalendarEntry) -> str:
    """Return an activity in one line, for screen readers."""
    activity = one.activity
    parts = [
        span(activity.starts_at, activity.ends_at, activity.zone),
        activity.title,
        activity.venue.name if activity.venue else gettext("no venue yet"),
        label(activity.state),
        mark(one.severity),
    ]
    return ", ".join(part for part in parts if part)


def mark(severity: Severity | None) -> str:
    """Return a word for an activity that clashes; "" if it does not."""
    if severity is Severity.BLOCK:
        return gettext("clashes")
    return gettext("to look at") if severity else ""


def day_note(facts: DayFacts) -> str:
    """Return a day's notes: the name of its holiday or joint holiday, and whether it is in Ramadan."""
    return " · ".join(
        part for part in (facts.off.name if facts.off else "", gettext("Ramadan") if facts.ramadan else "") if part
    )


def hours_note(facts: DayFacts) -> str:
    """Return the office's hours and break of a day, in words."""
    times = {name: _clock(getattr(facts.hours, name)) for name in ("opens", "closes", "break_from", "break_until")}
    return gettext("Office hours %(opens)s–%(closes)s, break %(break_from)s–%(break_until)s", **times)


def resources(rows: Iterable[CalendarRow], asked: CalendarRequest) -> list[dict[str, str]]:
    """Return the rows as the calendar's resources."""
    none = gettext("No venue yet") if asked.rows_of is RowsOf.VENUES else gettext("No speaker yet")
    return [{"id": row_id(row), "title": row.name or none} for row in rows]


def row_id(row: CalendarRow) -> str:
    return NONE if row.id is None else str(row.id)


def hours(shown: ShownDays) -> tuple[str, str]:
    """Return the first and last hour to draw: the office's day, extended if something is outside it."""
    starts = [time(7, 0), *(facts.hours.opens for facts in shown.days.values())]
    ends = [time(17, 0), *(facts.hours.closes for facts in shown.days.values())]
    for item in shown.entries:
        local = [at.astimezone(shown.zone) for at in (item.activity.starts_at, item.activity.ends_at)]
        if local[0].date() != local[1].date():
            return "00:00", "24:00"
        starts.append(local[0].time())
        ends.append(local[1].time())
    last = max(ends)
    return f"{min(starts).hour:02}:00", f"{last.hour + (1 if last.minute else 0):02}:00"


def offset(on: date, zone: ZoneInfo) -> str:
    """Return the zone's offset from UTC on a day: "+07:00"."""
    text = f"{datetime.combine(on, time(12), tzinfo=zone):%z}"
    return f"{text[:3]}:{text[3:5]}"


def wall(instant: datetime, zone: ZoneInfo) -> str:
    return instant.astimezone(zone).replace(tzinfo=None).isoformat(timespec="seconds")


def _clock(at: time) -> str:
    return f"{at:%H.%M}" if language() == "id" else f"{at:%H:%M}"


def _rows_of(one: CalendarEntry, rows_of: RowsOf) -> list[str]:
    if rows_of is RowsOf.VENUES:
        return [str(one.activity.venue_id or NONE)]
    return [str(id) for id, _name in one.speakers] or [NONE]


def kind_of(facts: DayFacts) -> str:
    """Return a day's kind: off, joint, weekend, ramadan, or "" for a usual day."""
    if facts.off:
        return "joint" if facts.off.kind is DayOffKind.JOINT else "off"
    if not facts.works:
        return "weekend"
    return "ramadan" if facts.ramadan else ""


def _behind(facts: DayFacts, asked: CalendarRequest) -> Iterator[dict[str, Any]]:
    """Yield a day's background: its kind, and its break if hours are shown. In a month, the page colours the days."""
    whole: dict[str, Any] = {
        "start": f"{facts.day}T00:00:00",
        "end": f"{facts.day + A_DAY}T00:00:00",
        "display": "background",
    }
    if not in_hours(asked):
        whole = {**whole, "start": str(facts.day), "end": str(facts.day + A_DAY), "allDay": True}
    if (kind := kind_of(facts)) and asked.view is not View.MONTH:
        yield {**whole, "classNames": [f"cal-behind-{kind}"]}
    if in_hours(asked) and facts.works:
        friday = facts.day.weekday() == FRIDAY
        yield {
            "start": f"{facts.day}T{facts.hours.break_from:%H:%M}:00",
            "end": f"{facts.day}T{facts.hours.break_until:%H:%M}:00",
            "display": "background",
            "title": gettext("Friday prayer") if friday else gettext("Noon prayer and break"),
            "classNames": ["cal-behind-break"],
        }


def _absences(row: CalendarRow, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    for absence in row.absences:
        yield {
            "start": wall(absence.starts_at, zone),
            "end": wall(absence.ends_at, zone),
            "display": "background",
            "title": absence.reason or gettext("not available"),
            "classNames": ["cal-behind-absent"],
            "resourceIds": [row_id(row)],
        }
