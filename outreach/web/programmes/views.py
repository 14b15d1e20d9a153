"""Programmes: list, new one with days and activities, page, editing, copying and publishing."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from outreach import clock
from outreach.delivery.words import ladder as rung_words
from outreach.domain.clashes import StretchProgramme
from outreach.domain.kinds import ListName
from outreach.domain.problems import Problem
from outreach.models import Programme
from outreach.queries import clashes as clash_pages
from outreach.queries import exports
from outreach.queries.activities import lists as browsing
from outreach.queries.activities import page as showing
from outreach.queries.activities import programme_preview
from outreach.services.activities import delete as deleting
from outreach.services.activities import publish as publishing
from outreach.services.ladder import forecast as ladders_ahead
from outreach.services.locking import ProgrammeMissing
from outreach.services.programmes import copy as copying
from outreach.services.programmes import edit as programmes
from outreach.services.reminders import forecast as forecasting
from outreach.web.activities.forms import PublishForm
from outreach.web.activities.publish_move_cancel import LOOK, are_published, invitations_go_out
from outreach.web.clashes.in_forms import (
    ClashPreview,
    came_filled_in,
    preview_many,
    refuses_publishing,
    took_a_resolution,
)
from outreach.web.clashes.resolutions import stretched
from outreach.web.clashes.shown import CommonResolution, shown
from outreach.web.exports import columns, file
from outreach.web.fields import choices
from outreach.web.fields.base import ConfirmForm
from outreach.web.fields.fields import strip
from outreach.web.fields.instants import number_of_days
from outreach.web.fields.problems import missing_page, mistakes, renew_version, show_problem, showing_problems
from outreach.web.frame.access import coordinator_required, may_change, staff_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import page_number, say, search_words
from outreach.web.frame.way_back import back_or, coming_back
from outreach.web.programmes.forms import MAX_DAYS, CopyForm, NewProgrammeForm, ProgrammeForm

bp = Blueprint("programmes", __name__, url_prefix="/programmes")
missing_page(bp, ProgrammeMissing)


@bp.get("")
@staff_required
def index() -> Any:
    q = search_words()
    if file.asked():
        return file.send(ListName.PROGRAMMES, columns.programmes(), exports.programmes(q))
    page = browsing.programmes(q, page_number())
    return render_template("programmes/index.html", page=page)


@bp.route("/new", methods=["GET", "POST"])
@coordinator_required
def new() -> Any:
    form = NewProgrammeForm()
    if request.method == "GET":
        form.zone.data = office_zone().key
    else:
        form.date_rows()
    if "add" in request.form:
        form.add_row()
    elif "drop" in request.form:
        form.drop_row(request.form.get("drop", -1, type=int))
    form.offer_venues(choices.venues())
    if request.method == "GET" or "add" in request.form or "drop" in request.form:
        return render_template("programmes/new.html", form=form)
    if took_a_resolution(form, {programme_preview.id_of(number): row for number, row in enumerate(form.rows)}):
        return render_template("programmes/new.html", form=form)
    seen = ClashPreview()
    if form.validate():
        activities = form.activity_values()
        found, ids = programme_preview.programme(form.values(), activities, by=current_user.name, now=clock.now())
        seen = preview_many(found, ids)
        if seen.asks:
            return render_template("programmes/new.html", form=form, clash_preview=seen)
        if not seen.blocking:  # otherwise the page shows the clash already, with its resolutions
            with showing_problems(form):
                programme = programmes.create(
                    form.values(), list(activities.values()), by=current_user, now=clock.now()
                )
                flash(_("The programme is saved as a draft. Nobody has been told yet."), "success")
                return redirect(url_for(".show", programme_id=programme.id))
    return render_template("programmes/new.html", form=form, mistakes=list(mistakes(form)), clash_preview=seen), 422


@bp.get("/<int:programme_id>")
@staff_required
def show(programme_id: int) -> Any:
    now = clock.now()
    page = showing.programme(programme_id, now=now)
    forecast = forecasting.for_activities([activity.id for activity in page.published], now=now)
    ids = [line.activity.id for line in page.lines]
    found = shown(clash_pages.of_activities(ids, now=now), about=ids, crowds=True) if may_change() else []
    return render_template(
        "programmes/show.html", page=page, programme=page.programme, forecast=forecast, clashes=found
    )


@bp.get("/<int:programme_id>/rundown")
@staff_required
def rundown(programme_id: int) -> Any:
    """Show how the programme runs, day by day, for printing."""
    found = showing.rundown(programme_id)
    if file.asked():
        return file.send(ListName.RUNDOWN, columns.rundown(), found.lines, of=found.programme.title)
    return render_template("programmes/rundown.html", found=found)


@bp.route("/<int:programme_id>/edit", methods=["GET", "POST"])
@coordinator_required
def edit(programme_id: int) -> Any:
    page = showing.programme(programme_id, now=clock.now())
    form = ProgrammeForm()
    if request.method == "GET":
        form.fill(page.programme)
        form.take(request.args)
        came_filled_in(form)
        return render_template("programmes/edit.html", form=form, programme=page.programme)
    if took_a_resolution(form):
        return render_template("programmes/edit.html", form=form, programme=page.programme)
    if form.validate():
        seen, helping = _preview_days(page.programme, form)
        if seen.asks or seen.blocking:
            answer = render_template(
                "programmes/edit.html", form=form, programme=page.programme, clash_preview=seen, helping=helping
            )
            return answer, 422 if seen.blocking else 200
        with showing_problems(form, but=ProgrammeMissing) as refusal:
            programmes.edit(programme_id, form.values(), form.version_number, by=current_user, now=clock.now())
            title = strip(form.title.data)
            flash(_("“%(title)s” is saved.", title=title) if coming_back() else _("Saved."), "success")
            return redirect(back_or(url_for(".show", programme_id=programme_id)))
        page = showing.programme(programme_id, now=clock.now())
        renew_version(form, refusal.problem, page.programme.version)
    return render_template("programmes/edit.html", form=form, programme=page.programme), 422


def _preview_days(programme: Programme, form: ProgrammeForm) -> tuple[ClashPreview, list[CommonResolution]]:
    """Return the activities that the form's days would leave outside, and the resolution: days that include everything."""
    values = form.values()
    found, ids = programme_preview.preview(programme, values, now=clock.now())
    if not ids:
        return ClashPreview(), []
    first, last = programme_preview.holding(values, [found.plan.activities[id] for id in ids])
    longer = stretched(StretchProgramme(programme.id, first, last), in_its_form=True)
    helping = [CommonResolution(longer, "")] if number_of_days(first, last) <= MAX_DAYS else []
    return preview_many(found, ids, with_resolutions=False), helping


@bp.route("/<int:programme_id>/copy", methods=["GET", "POST"])
@coordinator_required
def copy(programme_id: int) -> Any:
    """Ask for the new first day. Show where everything would be and what clashes, until the user confirms the copy."""
    now = clock.now()
    page = showing.programme(programme_id, now=now)
    form, status, preview, seen, better = CopyForm(), 200, None, ClashPreview(), None
    if request.method == "GET":
        first = form.starts_on.data = copying.usual_first_day(page.programme, now=now)
        form.title.data = copying.title_for(page.programme, page.programme.title, first)
        form.public_title.data = copying.title_for(page.programme, page.programme.public_title, first)
    elif "first" in request.form:
        form.starts_on.process(MultiDict({form.starts_on.name: request.form["first"]}))
    if form.starts_on.data and copying.lies_ahead(page.programme, form.starts_on.data, now):
        previewed = programme_preview.copy(page.programme, form.starts_on.data, by=current_user.name, now=now)
        seen, better = (
            preview_many(previewed.found, previewed.ids, alike=True, with_resolutions=False),
            previewed.better,
        )
    only_preview = "look" in request.form or "first" in request.form
    if request.method == "POST" and form.validate() and form.starts_on.data:
        try:
            if seen.blocking and not only_preview:
                status = 422  # the page shows the problem already
            elif not only_preview and not seen.asks:
                made = copying.copy_programme(
                    programme_id,
                    form.starts_on.data,
                    form.title.data.strip(),
                    public_title=form.public_title.data,
                    by=current_user,
                    now=clock.now(),
                )
                flash(_("Copied, with its agenda and invitees. Nobody has been told yet."), "success")
                return redirect(url_for(".show", programme_id=made.id))
            copying.check_first_day(page.programme, form.starts_on.data, clock.now())
        except Problem as problem:
            show_problem(form, problem)
            status = 422
    elif request.method == "POST":
        status = 422
    if form.starts_on.data:
        preview = browsing.copy_preview(programme_id, form.starts_on.data)
    return render_template(
        "programmes/copy.html", form=form, programme=page.programme, preview=preview, clash_preview=seen, better=better
    ), status


@bp.route("/<int:programme_id>/delete", methods=["GET", "POST"])
@coordinator_required
def delete(programme_id: int) -> Any:
    """GET asks; POST deletes a programme about which nobody was told."""
    page = showing.programme(programme_id, now=clock.now())
    form, problem_said = ConfirmForm(), ""
    if form.validate_on_submit():
        title = page.programme.title
        try:
            deleting.delete_programme(programme_id, by=current_user, now=clock.now())
        except ProgrammeMissing:
            raise
        except Problem as problem:
            problem_said = say(problem)
            page = showing.programme(programme_id, now=clock.now())
        else:
            flash(_("“%(title)s” is deleted.", title=title), "success")
            return redirect(url_for(".index"))
    return render_template(
        "programmes/delete.html", form=form, page=page, programme=page.programme, problem=problem_said
    ), 422 if problem_said or form.errors else 200


@bp.route("/<int:programme_id>/publish", methods=["GET", "POST"])
@coordinator_required
def publish(programme_id: int) -> Any:
    """GET shows who gets which mail and when; POST publishes all drafts of the programme."""
    now = clock.now()
    page = showing.programme(programme_id, now=now)
    ids = [activity.id for activity in page.drafts]
    form, problem_said = PublishForm(), ""
    valid = form.validate_on_submit()
    sent_at = form.invitations_at(page.drafts[0].zone if page.drafts else office_zone())
    if valid and LOOK not in request.form:
        try:
            made = publishing.publish(ids, by=current_user, now=now, invitations_at=sent_at)
        except Problem as problem:
            problem_said = say(problem)
        else:
            going = showing.invitations_at(ids, now=now)
            flash(f"{are_published(len(made))} {invitations_go_out(going, made[0].zone)}", "success")
            return redirect(url_for(".show", programme_id=programme_id))
    rows = shown(clash_pages.of_activities(ids, now=now), about=ids, crowds=True)
    return render_template(
        "programmes/publish.html",
        form=form,
        page=page,
        programme=page.programme,
        problem=problem_said,
        forecast=forecasting.for_publishing(ids, now=now, invitations_at=sent_at),
        rungs=ladders_ahead.for_publishing(ids, now=now, invitations_at=sent_at),
        rung_words=rung_words,
        clashes=rows,
        refused=refuses_publishing(rows),
        placeless=[activity for activity in page.drafts if activity.venue_id is None],
        unreachable=showing.without_address(ids),
    ), 422 if problem_said or form.errors else 200
