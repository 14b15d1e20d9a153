"""The coordinator's start page."""

from flask import Blueprint, render_template

from outreach import clock
from outreach.queries.overview.page import overview
from outreach.web.frame.accounts import staff_required

bp = Blueprint("overview", __name__)


@bp.get("/")
@staff_required
def index() -> str:
    return render_template("overview/index.html", found=overview(now=clock.now()))
