"""Tag activities with indicators: one activity, a whole programme, or many from an indicator's page."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from outreach import clock
from outreach.domain.kla.indicators import codes_of
from outreach.queries.invitations.lists import activity_of
from outreach.queries.kla import year as pages
from outreach.services.kla.tag import TagChange, tag
from outreach.services.locking import ActivityMissing, ProgrammeMissing
from outreach.web.fields.fields import row_ids
from outreach.web.fields.problems import flashing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.say import page_number, search_words
from outreach.web.kla.blueprint import bp, crumbs


@bp.route("/activities/<int:activity_id>", methods=["GET", "POST"])
@coordinator_required
def activity(activity_id: int) -> Any:
    """Choose the indicators of one activity, also of one that is over."""
    found = activity_of(activity_id)
    if request.method == "POST":
        shown, ticked = set(request.form.getlist("shown")), set(request.form.getlist("indicators"))
        # What somebody else tagged meanwhile stays: only what was changed on this page is changed.
        was = set(request.form.getlist("was"))
        change = TagChange(frozenset((ticked - was) & shown), frozenset((was - ticked) & shown))
        with flashing_problems(but=ActivityMissing):
            tag({activity_id: change}, by=current_user, now=clock.now())
            flash(_("Saved."), "success")
            return redirect(url_for("activities.show", activity_id=activity_id, _anchor="kla"))
        return redirect(url_for(".activity", activity_id=activity_id))
    tags = pages.of_activity(found)
    return render_template(
        "kla/activity.html", activity=found, tags=tags, chosen=codes_of(found.indicators), crumbs=crumbs(
            tags.year, (found.title, url_for("activities.show", activity_id=activity_id)), (_("Indicators"), "")
        ),
    )  # fmt: skip


@bp.route("/programmes/<int:programme_id>", methods=["GET", "POST"])
@coordinator_required
def programme(programme_id: int) -> Any:
    """Add indicators to all activities of a programme at once, or take them away from all."""
    page = pages.of_programme(programme_id)
    if request.method == "POST":
        codes = frozenset(request.form.getlist("indicators"))
        take = "take" in request.form
        change = TagChange(take=codes) if take else TagChange(add=codes)
        if not codes:
            flash(_("Please tick at least one indicator."), "warning")
        elif not page.activities:
            flash(_("This programme has no activity yet."), "warning")
        else:
            with flashing_problems(but=(ActivityMissing, ProgrammeMissing)):
                number = tag({one.id: change for one in page.activities}, by=current_user, now=clock.now())
                flash(ngettext("%(num)d activity is changed.", "%(num)d activities are changed.", number), "success")
        return redirect(url_for(".programme", programme_id=programme_id))
    return render_template("kla/programme.html", page=page, programme=page.programme)


@bp.route("/<int:year>/indicators/<code>/activities", methods=["GET", "POST"])
@staff_required
def choose(year: int, code: str) -> Any:
    """Tick the activities of a year that belong to an indicator."""
    page = pages.kla_year(year, now=clock.now())
    line = page.line(code)
    q, number = search_words(), page_number()
    if request.method == "POST":
        shown, ticked = set(row_ids(request.form.getlist("shown"))), set(row_ids(request.form.getlist("activity_ids")))
        was = set(row_ids(request.form.getlist("was")))
        add, take = TagChange(add=frozenset({code})), TagChange(take=frozenset({code}))
        changes = {id_: add if id_ in ticked else take for id_ in shown & (ticked ^ was)}
        with flashing_problems():
            number_changed = tag(changes, by=current_user, now=clock.now())
            flash(
                ngettext("%(num)d activity is changed.", "%(num)d activities are changed.", number_changed), "success"
            )
        if "stay" in request.form:
            return redirect(url_for(".choose", year=year, code=code, q=q or None, page=number))
        return redirect(url_for(".indicator", year=year, code=code))
    found = pages.to_tag(year, q, number)
    tagged = {one.id for one in found if code in codes_of(one.indicators)}
    way = crumbs(
        year,
        (_("Indicator %(code)s", code=code), url_for(".indicator", year=year, code=code)),
        (_("Choose activities"), ""),
    )
    return render_template(
        "kla/choose.html", page=found, line=line, year=year, tagged=tagged, q=q, crumbs=way
    )  # fmt: skip
