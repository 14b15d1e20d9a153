"""The links by which a post without an account reads reports: their list, making one, ending one. What they open: by_link.py."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import StringField
from wtforms.validators import Length

from outreach import clock
from outreach.extensions import current_settings
from outreach.queries.reports import by_link
from outreach.services.office import reading_links
from outreach.services.office.reading_links import USUAL_DAYS, MadeLink, ReadingLinkMissing
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import DayField, Sentence
from outreach.web.fields.problems import missing_page, showing_problems
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.looks import office_zone

bp = Blueprint("readinglinks", __name__, url_prefix="/reports/links")
missing_page(bp, ReadingLinkMissing)


class ReadingLinkForm(TidyForm):
    for_post = StringField(
        _l("For which post"),
        [Sentence(_l("Please write for which post the link is, such as Kepala Dinas.")), Length(max=120)],
        description=_l("Such as Kepala Dinas. The pages show it."),
    )
    ends_on = DayField(
        _l("Opens until"),
        [Sentence(_l("Please choose the last day on which it opens."))],
        description=_l("The last day, within a year. You can end it earlier."),
    )


@bp.get("")
@coordinator_required
def index() -> str:
    return _shown()


@bp.route("/new", methods=["GET", "POST"])
@coordinator_required
def new() -> Any:
    form, now = ReadingLinkForm(), clock.now()
    if form.validate_on_submit():
        with showing_problems(form):
            return _shown(reading_links.make(form.for_post.data or "", form.ends_on.data, by=current_user, now=now))
    if not form.is_submitted():
        form.ends_on.data = now.astimezone(office_zone()).date() + timedelta(days=USUAL_DAYS)
    return render_template("reports/link_new.html", form=form), 422 if form.is_submitted() else 200


@bp.post("/<int:link_id>/end")
@coordinator_required
def end(link_id: int) -> Any:
    ended = reading_links.end(link_id, by=current_user, now=clock.now())
    flash(_("The link for “%(post)s” opens nothing any more.", post=ended.for_post), "success")
    return redirect(url_for(".index"))


def _shown(made: MadeLink | None = None) -> str:
    """Show the links; a new one's address in the answer to the request that makes it. It is stored nowhere."""
    url = f"{current_settings().base_url.rstrip('/')}/lihat/{made.code}" if made else ""
    now = clock.now()
    rows, today = by_link.all_links(now=now), now.astimezone(office_zone()).date()
    return render_template("reports/links.html", rows=rows, today=today, made=made, url=url)
