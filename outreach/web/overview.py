"""The start page: for a coordinator what needs to be done, for a viewer what is planned, and its results."""

from flask import Blueprint, render_template

from outreach import clock
from outreach.queries.overview import reading
from outreach.queries.overview.page import overview
from outreach.web.frame.access import may_change, staff_required
from outreach.web.frame.looks import office_zone

bp = Blueprint("overview", __name__)


@bp.get("/")
@staff_required
def index() -> str:
    now = clock.now()
    if not may_change():
        return render_template("overview/reading.html", found=reading.read(now=now, zone=office_zone()))
    return render_template("overview/index.html", found=overview(now=now))
