"""The calendar: month, week, day, and venues or speakers as rows. web/calendar/move.py moves activities in it.

Each page is complete without script: tables with links. With script, static/calendar.js draws over it and requests
events.json.
"""

from dataclasses import replace
from typing import Any

from flask import jsonify, render_template, request
from flask_babel import gettext as _

from outreach import clock
from outreach.domain.problems import Problem
from outreach.queries import calendar as calendars
from outreach.queries.activities import lists as browsing
from outreach.queries.calendar import CalendarFilter, CalendarRow, ShownDays
from outreach.services.locking import ActivityMissing
from outreach.web.calendar import events as calendar_events
from outreach.web.calendar import range as calendar_range
from outreach.web.calendar import undo as calendar_undo
from outreach.web.calendar.blueprint import bp
from outreach.web.calendar.range import CalendarRequest, RowsOf, View
from outreach.web.fields.problems import missing_page
from outreach.web.frame.access import may_change, staff_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import say
from outreach.web.free_slots.words import away_words

missing_page(bp, ActivityMissing)


@bp.get("")
@staff_required
def index() -> Any:
    now, zone = clock.now(), office_zone()
    asked = _asked(open_at_next=True)
    shown = calendars.shown(asked.first, asked.last, asked.wanted, zone=zone, now=now, with_clashes=may_change())
    rows = _rows(shown, asked)
    return render_template(
        "calendar/index.html",
        asked=asked,
        shown=shown,
        rows=rows,
        today=now.astimezone(zone).date(),
        views=list(View),
        rows_of=list(RowsOf),
        resources=calendar_events.resources(rows, asked),
        hours=calendar_events.hours(shown),
        offset=calendar_events.offset(asked.on, zone),
        in_hours=calendar_events.in_hours(asked),
        mark=calendar_events.mark,
        away_words=away_words,
        note=calendar_events.day_note,
        hours_note=calendar_events.hours_note,
        kind_of=calendar_events.kind_of,
        weekday=calendar_range.weekday,
        choices=_choices(asked.wanted),
        waiting=calendars.waiting(asked.wanted),
        undo=calendar_undo.offer(calendar_undo.page(request.full_path)),
    )


@bp.get("/events.json")
@staff_required
def events() -> Any:
    """Return what to draw in a range of days: start and end (exclusive) as days, at most 400."""
    asked = _asked()
    try:
        first, end = (calendar_range.whole_day(request.args.get(name, "")) for name in ("start", "end"))
        last = end - calendar_range.A_DAY
        shown = calendars.shown(
            first, last, asked.wanted, zone=office_zone(), now=clock.now(), with_clashes=may_change()
        )
    except ValueError:
        return jsonify(error=_("Please give a first and a last day, such as 2027-01-18.")), 400
    except Problem as problem:
        return jsonify(error=say(problem)), 400
    return jsonify(calendar_events.events(shown, asked, _rows(shown, asked), may_move=may_change()))


def _asked(*, open_at_next: bool = False) -> CalendarRequest:
    """Return the request. open_at_next: where no day is requested, begin with the next activity, not on empty days."""
    zone = office_zone()
    today = clock.now().astimezone(zone).date()
    asked = calendar_range.read(request.args, today=today, programme_days=calendars.programme_days)
    if open_at_next and asked.on == today and "on" not in request.args:
        return replace(asked, on=calendars.next_day(asked.wanted, today, zone=zone) or today)
    return asked


def _rows(shown: ShownDays, asked: CalendarRequest) -> list[CalendarRow]:
    if asked.view is not View.ROWS:
        return []
    if asked.rows_of is RowsOf.SPEAKERS:
        return calendars.speaker_rows(shown)
    return calendars.venue_rows(shown, also_empty=asked.all_rows, wanted=asked.wanted)


def _choices(wanted: CalendarFilter) -> dict[str, Any]:
    return {
        "programmes": browsing.programme_choices(),
        "districts": browsing.districts(),
        "people": calendars.person_choices(wanted.person_id),
        "venues": browsing.venue_choices(),
    }
