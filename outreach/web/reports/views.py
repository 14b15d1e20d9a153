"""The report of a programme, or of a period: on a page, as PDF and as spreadsheet."""

import io
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import render_template, request, send_file
from werkzeug.utils import secure_filename

from outreach import clock
from outreach.delivery.documents import reports
from outreach.delivery.spreadsheets import Filetype
from outreach.delivery.words.formats import days
from outreach.domain.kinds import ListName, StaffRole
from outreach.domain.problems import Problem
from outreach.extensions import current_settings
from outreach.queries.reports import document
from outreach.queries.reports.cases import lines as case_lines
from outreach.queries.reports.figures import ReportScope, last_held_on, report
from outreach.queries.reports.shapes import city_map
from outreach.web.exports import columns, file
from outreach.web.frame.access import has_role, office, staff_required
from outreach.web.frame.looks import office_zone, url_with
from outreach.web.frame.request import is_from_own_page
from outreach.web.frame.say import say, written_day
from outreach.web.reports.blueprint import bp
from outreach.web.reports.content import content_of, measure_words, month_words, place_words
from outreach.web.reports.coverage import Measure
from outreach.web.reports.coverage import coverage as coverage_of

PDF = "pdf"


@bp.get("")
@staff_required
def index() -> Any:
    """Show the report of a period: without days, of the year in which something was held last."""
    period = asked_period()
    return report_page(period.scope, **period.shown)


@bp.get("/coverage")
@staff_required
def coverage() -> Any:
    """Show which kelurahan were reached in a period, on a map and in a table."""
    return coverage_page(asked_period())


def coverage_page(period: "ReportPeriod", **shown: Any) -> Any:
    options = current_settings()
    measure = request.args.get("show", Measure.HELD, type=Measure)
    found = report(period.scope, below=options.small_numbers_below, now=clock.now())
    target = options.coverage_target if period.is_of_a_year else 0
    drawn = city_map(options.kelurahan_map, [line.place.code for line in found.kelurahan])
    covered = coverage_of(found, drawn, target=target)
    if file.asked():
        wanted = columns.coverage(
            covered.months, with_target=bool(target), month=month_words, place=place_words, hidden=reports.HIDDEN
        )
        of = days(period.scope.first, period.scope.last)
        return file.send(ListName.COVERAGE, wanted, covered.rows, of=of)
    return render_template(
        "reports/coverage.html",
        report=found,
        found=covered,
        measure=measure.value,
        target=target,
        may_load_map=has_role(StaffRole.ADMINISTRATOR),
        target_is_yearly=bool(options.coverage_target and not target),
        tabs=[(words, url_with(show=one.value), None, one is measure) for one, words in measure_words().items()],
        shown=reports.shown,
        place_words=place_words,
        month_words=month_words,
        cases=case_lines(zone=office_zone(), now=clock.now()),
        content_period=days(period.scope.first, period.scope.last),
        **period.shown,
        **shown,
    )


@dataclass(frozen=True)
class ReportPeriod:
    """shown: what the page shows of it."""

    scope: ReportScope
    shown: dict[str, Any]

    @property
    def is_of_a_year(self) -> bool:
        """Return whether it is a year, or the part of one that is over: only then can its target be compared."""
        first, last = self.scope.first, self.scope.last
        return (first.month, first.day) == (1, 1) and first.year == last.year


def asked_period(*, only_usual: bool = False) -> ReportPeriod:
    """Return the days that are asked for. Days in the wrong order are turned.

    Without any: this year so far; in a year in which nothing was held yet, the last year in which something was.
    only_usual: ask for other than the usual periods, and it is as if none was asked for.
    """
    now = clock.now()
    today = now.astimezone(office_zone()).date()
    asked = {name: request.args.get(name, type=written_day) for name in ("from", "to")}
    unknown = [request.args[name] for name, day in asked.items() if request.args.get(name) and not day]
    usual = {(first, last) for _name, first, last in _periods(today)}
    if only_usual and (asked["from"], asked["to"]) not in usual:
        asked, unknown = dict.fromkeys(asked), []
    newest = today if any(asked.values()) else last_held_on(office_zone(), now) or today
    year_ends = today if newest.year >= today.year else newest.replace(month=12, day=31)
    first, last = sorted((asked["from"] or newest.replace(month=1, day=1), asked["to"] or year_ends))
    return ReportPeriod(
        ReportScope(office_zone(), first=first, last=last),
        {
            "first": first,
            "last": last,
            "days_asked": {"from": first, "to": last},
            "periods": _periods(today),
            "unknown": unknown,
        },
    )


@bp.get("/programmes/<int:programme_id>")
@staff_required
def programme(programme_id: int) -> Any:
    return report_page(ReportScope(office_zone(), programme_id=programme_id), programme_id=programme_id)


def report_page(scope: ReportScope, **shown: Any) -> Any:
    """Return the page of a report, or its file if one is asked for."""
    now, below = clock.now(), current_settings().small_numbers_below
    found = report(scope, below=below, now=now)
    our_office = office()
    content = content_of(found, below=below, office=our_office.short_name if our_office else "", now=now)
    problem = ""
    if (kind := _asked()) is not None:
        try:
            return _file(content, kind)
        except Problem as raised:
            problem = say(raised)
    return render_template(
        "reports/show.html", report=found, content=content, shown=reports.shown, problem=problem, **shown
    )


def _asked() -> str | None:
    kind = request.args.get("file", "")
    return kind if kind in (PDF, Filetype.XLSX) and is_from_own_page() else None


def _file(content: reports.ReportContent, kind: str) -> Any:
    now = clock.now()
    made = io.BytesIO()
    if kind == PDF:
        made.write(document.pdf(content, now=now))
    else:
        reports.write_xlsx(made, content)
    rows = sum(len(table.rows) for table in content.tables)
    file.record(ListName.REPORT, rows, kind, of=content.subject or content.period)
    made.seek(0)
    name = secure_filename(f"{content.title} {content.subject or content.period}".lower()) or "report"
    mimetype = "application/pdf" if kind == PDF else file.TYPES[Filetype.XLSX]
    answer = send_file(made, mimetype, as_attachment=True, download_name=f"{name}.{kind}")
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _periods(today: date) -> list[tuple[str, date, date]]:
    """Return the periods that offices report on: (name, first day, last day)."""
    this_month = today.replace(day=1)
    month_before = (this_month - timedelta(days=1)).replace(day=1)
    year = today.replace(month=1, day=1)
    year_before = year.replace(year=year.year - 1)
    return [
        ("this_year", year, today),
        ("last_year", year_before, year - timedelta(days=1)),
        ("this_month", this_month, today),
        ("last_month", month_before, this_month - timedelta(days=1)),
    ]
