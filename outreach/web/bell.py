"""The bell: news that a coordinator should know, and which of it they have seen."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import bell as words
from outreach.queries import bell as news
from outreach.services import bell
from outreach.web.frame.access import coordinator_required

bp = Blueprint("bell", __name__, url_prefix="/bell")


@bp.get("")
@coordinator_required
def index() -> str:
    """Show the news, the newest first. Opening it marks nothing as seen."""
    found = news.current(now=clock.now())
    unseen = {piece.key for piece in found.unseen(current_user.id)}
    return render_template("bell/index.html", news=found.news, unseen=unseen, words=words)


@bp.post("/digest")
@coordinator_required
def digest() -> Any:
    """Switch the daily summary by mail on or off."""
    wanted = request.form.get("on") == "1"
    bell.want_digest(wanted, by=current_user, now=clock.now())
    said = _("A summary goes to %(address)s every morning on which there is news.", address=current_user.email)
    flash(said if wanted else _("No more summaries by mail."), "success")
    return redirect(url_for(".index"))


@bp.post("/seen")
@coordinator_required
def see() -> Any:
    """Mark the news that the page showed as seen. What came meanwhile stays new."""
    bell.see(request.form.getlist("key"), by=current_user, now=clock.now())
    news.read_again()
    flash(_("Marked as seen."), "success")
    return redirect(url_for(".index"))
