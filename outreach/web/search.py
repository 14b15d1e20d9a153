"""The search over everything, from every page."""

from flask import Blueprint, render_template, request

from outreach import clock
from outreach.queries import search
from outreach.web.frame.access import staff_required

bp = Blueprint("search", __name__, url_prefix="/search")


@bp.get("")
@staff_required
def index() -> str:
    found = search.find(request.args.get("q", ""), now=clock.now())
    return render_template("search/index.html", found=found, subjects=search.SearchSubject)
