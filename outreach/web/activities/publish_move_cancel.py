"""Pages to publish, move, postpone and cancel an activity. Each first shows who gets which mail and when."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import flash, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import formats
from outreach.delivery.words import ladder as rung_words
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity
from outreach.queries import clashes as clash_pages
from outreach.queries.activities import page as showing
from outreach.queries.activities import together
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.ladder import forecast as ladders_ahead
from outreach.services.locking import ActivityMissing
from outreach.services.planning.checks import PlanBlocked
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders.forecast import Forecast
from outreach.web.activities.blueprint import bp
from outreach.web.activities.forms import CancelForm, MoveForm, PostponeForm, PublishForm, PublishTogetherForm
from outreach.web.activities.views import to_its_page
from outreach.web.clashes.in_forms import ClashPreview, preview_clashes, refuses_publishing, took_a_resolution
from outreach.web.clashes.shown import shown
from outreach.web.fields import choices
from outreach.web.fields.instants import wall_day, wall_time
from outreach.web.fields.problems import show_problem, show_refused, showing_problems
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import say
from outreach.web.frame.way_back import back_or

REASON = "move_reason"  # in the session: of which move, and what was typed

LOOK = "look"  # the button that shows the mails for another moment without publishing
OVER = (ActivityState.CANCELLED, ActivityState.HELD)


@bp.route("/<int:activity_id>/publish", methods=["GET", "POST"])
@coordinator_required
def publish(activity_id: int) -> Any:
    """GET shows who gets which mail and when, "look" does so for another moment; POST publishes."""
    now = clock.now()
    form, problem_said = PublishForm(), ""
    page = showing.activity(activity_id, now=now)
    if page.activity.state is ActivityState.POSTPONED:  # it is published with its new date
        return redirect(url_for(".move", activity_id=activity_id))
    valid = form.validate_on_submit()
    sent_at = form.invitations_at(page.activity.zone)
    if valid and LOOK not in request.form:
        try:
            publishing.publish([activity_id], by=current_user, now=now, invitations_at=sent_at)
        except ActivityMissing:
            raise
        except Problem as problem:
            problem_said = say(problem)
            page = showing.activity(activity_id, now=now)
        else:
            going = showing.invitations_at([activity_id], now=now)
            flash(" ".join([_("Published."), invitations_go_out(going, page.activity.zone)]), "success")
            return redirect(url_for(".show", activity_id=activity_id))
    rows = shown(clash_pages.of_activities([activity_id], now=now), about=[activity_id])
    return render_template(
        "activities/publish.html",
        form=form,
        page=page,
        activity=page.activity,
        problem=problem_said,
        forecast=forecasting.for_publishing([activity_id], now=now, invitations_at=sent_at),
        rungs=ladders_ahead.for_publishing([activity_id], now=now, invitations_at=sent_at),
        rung_words=rung_words,
        clashes=rows,
        refused=refuses_publishing(rows),
        placeless=[page.activity] if page.activity.venue_id is None else [],
        unreachable=showing.without_address([activity_id]),
    ), 422 if problem_said or form.errors else 200


@bp.route("/<int:activity_id>/invitations-time", methods=["GET", "POST"])
@coordinator_required
def invitations_time(activity_id: int) -> Any:
    """Choose another moment for invitations that wait, or send them now."""
    now = clock.now()
    activity = showing.activity_with_agenda(activity_id)
    form = PublishForm()
    if form.validate_on_submit():
        with showing_problems(form):
            publishing.send_invitations_at(activity_id, form.invitations_at(activity.zone), by=current_user, now=now)
            flash(invitations_go_out(showing.invitations_at([activity_id], now=now), activity.zone), "success")
            return redirect(url_for(".show", activity_id=activity_id))
    waiting = showing.invitations_at([activity_id], now=now)
    if waiting is None:
        return to_its_page(activity)
    if request.method == "GET":
        form.send_on.data, form.send_at.data = wall_day(waiting, activity.zone), wall_time(waiting, activity.zone)
    values = {"form": form, "activity": activity, "waiting": waiting}
    return render_template("activities/invitations_time.html", **values), 422 if form.errors else 200


def are_published(count: int) -> str:
    return ngettext("One activity is published.", "%(num)d activities are published.", count)


def invitations_go_out(sent_at: datetime | None, zone: ZoneInfo) -> str:
    """Return the sentence after publishing. sent_at: when the invitations go out; None for at once."""
    if sent_at is None:
        return _("The invitations go out now.")
    return _("The invitations go out on %(moment)s.", moment=formats.moment(sent_at, zone))


@bp.route("/publish", methods=["GET", "POST"])
@coordinator_required
def publish_together() -> Any:
    """Choose drafts; then show who gets which mail and when; then, after confirmation, publish them, all or none."""
    now = clock.now()
    form = PublishTogetherForm()
    if request.method == "GET":
        form.q.data = request.args.get("q", "")[:100]
    offered = together.drafts(form.q.data or "", form.activity_ids.data or [], now=now)
    if request.method == "GET":
        asked = set(request.args.getlist("activity", type=int)) | offered.of(request.args.getlist("group"))
        form.activity_ids.data = sorted(asked & offered.ids)
    elif group := request.form.get("group"):
        form.activity_ids.data = offered.toggled(form.activity_ids.data or [], group)
    wanted = request.form.get("do")
    status = 200
    if wanted in {"look", "publish"}:
        form.validate()
        if not form.activity_ids.errors:
            return _before_publishing(form, form.activity_ids.data or [], now)
        status = 422
    return render_template("activities/publish_together.html", form=form, offered=offered), status


def _before_publishing(form: PublishTogetherForm, ids: list[int], now: datetime) -> Any:
    """Publish these drafts if that is confirmed; otherwise, or if it is refused, show what publishing would do."""
    problem_said, zone = "", office_zone()
    sent_at = form.invitations_at(zone)
    if request.form.get("do") == "publish" and LOOK not in request.form and not form.errors:
        try:
            made = publishing.publish(ids, by=current_user, now=now, invitations_at=sent_at)
        except Problem as problem:
            problem_said = say(problem)
        else:
            going = showing.invitations_at([activity.id for activity in made], now=now)
            flash(f"{are_published(len(made))} {invitations_go_out(going, zone)}", "success")
            return redirect(url_for(".index"))
    lines = together.lines(ids, now=now)
    ids = [line.activity.id for line in lines]
    rows = shown(clash_pages.of_activities(ids, now=now), about=ids)
    return render_template(
        "activities/publish_together_check.html",
        form=form,
        lines=lines,
        problem=problem_said,
        forecast=forecasting.for_publishing(ids, now=now, invitations_at=sent_at),
        rungs=ladders_ahead.for_publishing(ids, now=now, invitations_at=sent_at),
        rung_words=rung_words,
        clashes=rows,
        refused=refuses_publishing(rows),
        placeless=[line.activity for line in lines if line.activity.venue_id is None],
        unreachable=showing.without_address(ids),
    ), 422 if problem_said or form.errors else 200


@bp.route("/<int:activity_id>/move", methods=["GET", "POST"])
@coordinator_required
def move(activity_id: int) -> Any:
    """Show the form; then who gets which mail and when; then, after confirmation, move the activity.

    A postponed activity gets its new date here.
    """
    now = clock.now()
    activity = showing.activity_with_agenda(activity_id)
    if activity.state in OVER:
        return to_its_page(activity)
    waited = activity.state is ActivityState.POSTPONED
    form = MoveForm()
    form.venue_id.choices = choices.venues()
    if request.method == "GET":
        form.fill(activity, request.args)
        kept_for, reason = session.get(REASON) or (0, "")
        if request.args and kept_for == activity_id:
            form.reason.data = reason
        return render_template("activities/move.html", form=form, activity=activity)
    if "back" in request.form or took_a_resolution(form):
        return render_template("activities/move.html", form=form, activity=activity)
    if not form.validate() or not _may(form, activity):
        return render_template("activities/move.html", form=form, activity=activity), 422
    try:
        if "confirm" in request.form:
            done = moves.move(
                activity_id, form.move(), form.reason.data.strip(), form.version_number, by=current_user, now=now
            )
            session.pop(REASON, None)
            flash(_moved(waited=waited, unheard=done.unheard), "success")
            return redirect(back_or(url_for(".show", activity_id=activity_id)))
        preview = moves.preview(activity, form.move(), form.version_number, now=now)
    except ActivityMissing:
        raise
    except Problem as problem:
        activity = showing.activity_with_agenda(activity_id)
        show_refused(form, problem, activity.version)
        seen = _leading_back(
            preview_clashes(moves.brought(activity_id, form.move(), problem, now=now), [activity_id], form), form
        )
        return render_template("activities/move.html", form=form, activity=activity, clash_preview=seen), 422
    seen = _leading_back(preview_clashes(preview.found, [activity_id], form), form)
    if preview.blocked:
        for refused in [preview.refused] if preview.refused else _blocking(seen, activity_id):
            show_problem(form, refused)
        return render_template("activities/move.html", form=form, activity=activity, clash_preview=seen), 422
    return render_template(
        "activities/move.html",
        form=form,
        activity=activity,
        after=preview.after,
        forecast=preview.forecast,
        rungs=ladders_ahead.for_move(activity_id, preview.after, preview.passing, now=now) if preview.forecast else (),
        rung_words=rung_words,
        passing=preview.passing,
        unheard=preview.unheard,
        clash_preview=seen,
    )


def _moved(*, waited: bool, unheard: bool) -> str:
    """Return the sentence after a move. waited: for its new date. unheard: as in MovePreview."""
    if unheard:
        said = [_("It is back where it was. Nobody had heard of another time or place, so nobody is told.")]
        said += [_("Everyone who was not invited yet gets the invitation.")] if waited else []
        return " ".join(said)
    if waited:
        return _(
            "The new date is set. Everyone who was told of it and has not declined gets the news. "
            "Everyone who was not invited yet gets the invitation."
        )
    return _("Moved. Everyone who was told of it gets the news.")


@bp.route("/<int:activity_id>/cancel", methods=["GET", "POST"])
@coordinator_required
def cancel(activity_id: int) -> Any:
    """Ask for the reason; then show who gets which mail; then, after confirmation, cancel."""
    now = clock.now()
    activity = showing.activity_with_agenda(activity_id)
    if activity.state in OVER:
        return to_its_page(activity)
    form = CancelForm()
    if request.method == "GET":
        return render_template("activities/cancel.html", form=form, activity=activity)
    forecast: Forecast | None = None
    status = 422
    if form.validate() and _may(form, activity):
        if "confirm" not in request.form:
            status = 200
            if "back" not in request.form:
                forecast = forecasting.for_cancelling(activity_id, now=now)
        else:
            with showing_problems(form):
                publishing.cancel(activity_id, form.reason.data.strip(), by=current_user, now=now)
                flash(_("Cancelled. Everyone who was told of it gets the news."), "success")
                return redirect(url_for(".show", activity_id=activity_id))
            activity = showing.activity_with_agenda(activity_id)
    return render_template("activities/cancel.html", form=form, activity=activity, forecast=forecast), status


@bp.route("/<int:activity_id>/postpone", methods=["GET", "POST"])
@coordinator_required
def postpone(activity_id: int) -> Any:
    """Ask for the reason; then show who gets which mail; then, after confirmation, postpone without a new date."""
    now = clock.now()
    activity = showing.activity_with_agenda(activity_id)
    if activity.state in (*OVER, ActivityState.POSTPONED):
        return to_its_page(activity)
    form = PostponeForm()
    if request.method == "GET":
        form.version.data = str(activity.version)
        return render_template("activities/cancel.html", form=form, activity=activity, postpones=True)
    forecast: Forecast | None = None
    status = 422
    if form.validate() and _may(form, activity):
        try:
            if "confirm" in request.form:
                reason = form.reason.data.strip()
                publishing.postpone(activity_id, reason, form.version_number, by=current_user, now=now)
                flash(_("Postponed. Everyone who was told of it and has not declined gets the news."), "success")
                return redirect(url_for(".show", activity_id=activity_id))
            publishing.check_version(activity, form.version_number)
            status = 200
            if "back" not in request.form:
                forecast = forecasting.for_postponing(activity_id, now=now)
        except ActivityMissing:
            raise
        except Problem as problem:
            activity = showing.activity_with_agenda(activity_id)
            show_refused(form, problem, activity.version)
    values = {"form": form, "activity": activity, "forecast": forecast, "postpones": True}
    return render_template("activities/cancel.html", **values), status


def _leading_back(seen: ClashPreview, form: MoveForm) -> ClashPreview:
    """Let the links of resolutions lead back to the move, with its day, time and place as they were typed.

    The reason is left out: it may say something about a person, and addresses are written into logs. The session keeps it.
    """
    if form.reason.data:
        session[REASON] = [int((request.view_args or {})["activity_id"]), form.reason.data]
    return seen.leading_back(f"{request.path}?{urlencode(form.typed)}")


def _blocking(seen: ClashPreview, activity_id: int) -> list[PlanBlocked]:
    return [PlanBlocked(row.clash, activity_id) for row in seen.blocking]


def _may(form: CancelForm | MoveForm | PostponeForm, activity: Activity) -> bool:
    """Return whether the form fits the activity's state. If not, show the problem in the form."""
    if activity.state is ActivityState.PUBLISHED:
        return True
    if activity.state is ActivityState.POSTPONED and not isinstance(form, PostponeForm):
        return True
    show_problem(form, publishing.NotPublished())
    return False
