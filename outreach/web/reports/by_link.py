"""What a link for reading opens: the report of a usual period or of a programme, coverage, and what is planned. No account.

links.py makes the links. The pages are those of views.py without the menus of staff, and only for the usual periods: reports
for any days would tell the small numbers that one report hides.
"""

from datetime import date
from typing import Any

from flask import Blueprint, current_app, g, render_template, request

from outreach import clock
from outreach.extensions import current_settings, limiter
from outreach.queries.calendar import CalendarFilter
from outreach.queries.reports import by_link
from outreach.queries.reports.figures import ReportScope
from outreach.services.locking import ProgrammeMissing
from outreach.services.office import reading_links
from outreach.services.office.reading_links import ReadingLinkOver
from outreach.web.answer_pages.draw import speak
from outreach.web.calendar.range import A_DAY, EARLIEST, LATEST, CalendarRequest, View
from outreach.web.frame.looks import office_zone
from outreach.web.frame.request import asked_language
from outreach.web.frame.say import say
from outreach.web.reports.views import asked_period, coverage_page, report_page

WRONG_CODES = "10/minute;60/hour"  # of one address
FRAME = "reports/by_link.html"
bp = Blueprint("readers", __name__, url_prefix="/lihat/<code>")


def _this_link() -> str:
    return "reading link " + str(g.reading_code)[:16]


limiter.limit(lambda: current_settings().rate_public, key_func=_this_link)(bp)
limiter.limit(lambda: current_settings().rate_public)(bp)
limiter.limit(WRONG_CODES, deduct_when=lambda response: response.status_code == 404)(bp)


@bp.url_value_preprocessor
def _take_code(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    g.reading_code = (values or {}).pop("code", "")


@bp.url_defaults
def _stay_here(_endpoint: str, values: dict[str, Any]) -> None:
    """Let each link on these pages have the code, and keep the language."""
    values.setdefault("code", g.get("reading_code", ""))
    if (language := asked_language()) is not None:
        values.setdefault("lang", language)


@bp.before_request
def _open() -> None:
    """Read no session: whoever reads here has no account. Raise ReadingLinkOver."""
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    speak(None)
    now = clock.now()
    g.reading_link = reading_links.opened(g.reading_code, now=now)
    g.reader = {"link": g.reading_link.id}
    if request.method == "GET":
        reading_links.note_opening(g.reading_link, now=now)


@bp.errorhandler(ReadingLinkOver)
def _over(problem: ReadingLinkOver) -> tuple[str, int]:
    return render_template(FRAME, over=say(problem)), 404


@bp.errorhandler(ProgrammeMissing)
def _missing(problem: ProgrammeMissing) -> tuple[str, int]:
    return render_template(FRAME, over=say(problem)), 404


@bp.get("")
def index() -> Any:
    period = asked_period(only_usual=True)
    return report_page(period.scope, frame=FRAME, **period.shown)


@bp.get("/coverage")
def coverage() -> Any:
    return coverage_page(asked_period(only_usual=True), frame=FRAME)


@bp.get("/programmes")
def programmes() -> str:
    return render_template("reports/by_link_programmes.html", frame=FRAME, programmes=by_link.programmes())


@bp.get("/programmes/<int:programme_id>")
def programme(programme_id: int) -> Any:
    by_link.require_told(programme_id)
    return report_page(ReportScope(office_zone(), programme_id=programme_id), frame=FRAME, programme_id=programme_id)


@bp.get("/calendar")
def calendar() -> str:
    """Show a month: what people were told of, under its public title, without anybody's name."""
    zone = office_zone()
    today = clock.now().astimezone(zone).date()
    on = request.args.get("on", today, type=date.fromisoformat)
    asked = CalendarRequest(View.MONTH, min(max(on, EARLIEST), LATEST).replace(day=1), CalendarFilter())
    held = by_link.activities(asked.on, asked.after - A_DAY, zone=zone)
    return render_template("reports/by_link_calendar.html", frame=FRAME, asked=asked, held=held, today=today)
