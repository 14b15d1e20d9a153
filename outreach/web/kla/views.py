"""A year of Kota Layak Anak, one of its indicators, and the start of a bundle. No score is shown anywhere."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.extensions import limiter
from outreach.queries.kla import year as pages
from outreach.services.kla import bundle
from outreach.web.frame.access import staff_required
from outreach.web.frame.say import page_number
from outreach.web.kla.blueprint import bp, crumbs

BUNDLES = "20/hour"  # each occupies a process for some seconds
MOST_NAMED = 5  # activities named beside a gap on the year's page; the indicator's page names all


@bp.get("")
@staff_required
def index() -> Any:
    return redirect(url_for(".year", year=pages.usual_year(now=clock.now())))


@bp.get("/<int:year>")
@staff_required
def year(year: int) -> Any:
    now = clock.now()
    page = pages.kla_year(year, now=now)
    tabs = [(str(one), url_for(".year", year=one), None, one == year) for one in pages.years(year, now=now)]
    return render_template("kla/year.html", page=page, tabs=tabs, crumbs=crumbs(year), most=MOST_NAMED)


@bp.get("/<int:year>/indicators/<code>")
@staff_required
def indicator(year: int, code: str) -> Any:
    """Show the activities of an indicator with their evidence, page by page."""
    page = pages.kla_year(year, now=clock.now())
    line = page.line(code)
    way = crumbs(year, (_("Indicator %(code)s", code=code), ""))
    shown = pages.page_of(line, page_number())
    return render_template("kla/indicator.html", page=page, line=line, shown=shown, crumbs=way)


@bp.post("/<int:year>/bundle")
@limiter.limit(BUNDLES)
@staff_required
def start_bundle(year: int) -> Any:
    """Begin to make the ZIP of the year, or of one indicator. It has nothing that viewers do not read on pages."""
    code = request.form.get("code", "")
    key = bundle.start(year, code, staff_photos="staff_photos" in request.form, by=current_user, now=clock.now())
    return redirect(url_for("documents.show_bundle", key=key))
