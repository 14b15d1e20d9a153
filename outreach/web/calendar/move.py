"""Move an activity from the calendar: a form, then a preview, then the move; and take the last move back.

The same pages serve the calendar's dialog (which requests them as fragments), keyboard users, and browsers without
script. The form and the preview are GET and change nothing.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import ladder as rung_words
from outreach.domain.activities.values import Move
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity
from outreach.queries.activities import page as showing
from outreach.services.activities import move as moves
from outreach.services.activities.move import MovePreview
from outreach.services.ladder import forecast as ladders_ahead
from outreach.services.locking import ActivityMissing
from outreach.web.activities.views import to_its_page
from outreach.web.calendar import undo as calendar_undo
from outreach.web.calendar.blueprint import bp
from outreach.web.calendar.forms import PlaceForm, dropped
from outreach.web.clashes.resolutions import ShownResolution, times_of
from outreach.web.clashes.shown import ShownClash, common_resolutions, shown
from outreach.web.fields.base import ConfirmForm
from outreach.web.fields.fields import whole
from outreach.web.fields.problems import flashing_problems, show_problem, show_refused
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import say

OVER = (ActivityState.CANCELLED, ActivityState.HELD)
HERE = frozenset({"on", "begins", "ends", "ends_on", "zone", "venue_id"})  # what a move from the calendar changes
FRAGMENT = "X-Fragment"  # header by which the dialog requests a page as a fragment


@bp.get("/<int:activity_id>/move")
@coordinator_required
def move(activity_id: int) -> Any:
    """Show the form, or the preview if the address names a time."""
    activity = showing.activity_with_agenda(activity_id)
    if activity.state in OVER:
        return to_its_page(activity)
    if activity.state is ActivityState.POSTPONED:  # it is not in the calendar
        return redirect(url_for("activities.move", activity_id=activity_id))
    now = clock.now()
    undoing = calendar_undo.kept(activity_id) if "undo" in request.args else None
    form = PlaceForm(activity.zone, formdata=request.args if "on" in request.args else None, meta={"csrf": False})
    if "on" not in request.args:
        place = undoing or _dropped(activity, now) or moves.as_it_is(activity)
        form.fill(activity, place, _back(request.args.get("back", ""), activity))
        form.version.data = request.args.get("version", form.version.data)
        if undoing:
            form.reason.data = _("It goes back to the time and place announced before.")
        elif "starts" not in request.args:
            return _page(form, activity)
    elif not form.validate():
        return _page(form, activity), 422
    try:
        asked = undoing or moves.move_to(activity, form.starts_at, form.ends_at, form.venue_id.data, now=now)
        previewed = moves.preview(activity, asked, form.version_number, now=now)
    except Problem as problem:
        return _refused(form, activity, problem), 422
    return _page(form, activity, previewed, undoing=undoing is not None)


@bp.post("/<int:activity_id>/move")
@coordinator_required
def moved(activity_id: int) -> Any:
    """Save the move, and return to the calendar at its day."""
    activity = showing.activity_with_agenda(activity_id)
    if activity.state is ActivityState.POSTPONED:
        return redirect(url_for("activities.move", activity_id=activity_id))
    now = clock.now()
    form = PlaceForm(activity.zone)
    undoing = calendar_undo.kept(activity_id) if "undo" in request.form else None
    if not form.validate():
        return _page(form, activity), 422
    asked = undoing or moves.move_to(activity, form.starts_at, form.ends_at, form.venue_id.data, now=now)
    try:
        done = moves.move(activity_id, asked, form.reason.data or "", form.version_number, by=current_user, now=now)
    except ActivityMissing:
        raise
    except Problem as problem:
        activity = showing.activity_with_agenda(activity_id)
        try:
            previewed = moves.preview(activity, asked, form.version_number, refusal=problem, now=now)
        except Problem:
            return _refused(form, activity, problem), 422
        _say_beside(form, problem)
        return _page(form, activity, previewed, undoing=undoing is not None), 422
    back = _back(form.back.data or "", done.activity)
    is_back = undoing is not None or done.unheard
    calendar_undo.keep(None if is_back else done, now, back)
    if is_back:  # otherwise the calendar says it and offers to take it back
        flash(_("“%(title)s” is back where it was.", title=done.activity.title), "success")
    return redirect(back)


@bp.post("/undo")
@coordinator_required
def undo() -> Any:
    """Take back the last move of a draft. A published activity's move is taken back on its page, which names the mails."""
    activity_id, version = calendar_undo.last()
    back = calendar_undo.kept(activity_id)
    if not ConfirmForm().validate() or back is None:
        flash(_("There is nothing to take back any more."), "warning")
        return redirect(url_for(".index"))
    activity = showing.activity_with_agenda(activity_id)
    if activity.state is not ActivityState.DRAFT:
        return redirect(url_for(".move", activity_id=activity_id, undo=1, version=version))
    with flashing_problems("danger"):
        done = moves.move(activity_id, back, "", version, by=current_user, now=clock.now())
        flash(_("“%(title)s” is back where it was.", title=done.activity.title), "success")
    calendar_undo.keep(None, clock.now())
    return redirect(_back(request.form.get("back", ""), activity))


def _page(form: PlaceForm, activity: Activity, previewed: MovePreview | None = None, *, undoing: bool = False) -> Any:
    clashes = _clashes(previewed, form, activity) if previewed else []
    if previewed and previewed.refused and not previewed.found.blocking:
        _say_beside(form, previewed.refused)
    rungs = (
        ladders_ahead.for_move(activity.id, previewed.after, previewed.passing, now=clock.now())
        if previewed and previewed.forecast
        else ()
    )
    return render_template(
        "calendar/move.html",
        rungs=rungs,
        rung_words=rung_words,
        as_fragment=FRAGMENT in request.headers,
        form=form,
        activity=activity,
        previewed=previewed,
        undoing=undoing,
        clashes=clashes,
        resolutions=common_resolutions(previewed.found, clashes) if previewed else [],
        back=_back(form.back.data or "", activity),
        venue_name=dict(form.venue_id.choices or ()).get(form.venue_id.data or "", ""),
    )


def _clashes(previewed: MovePreview, form: PlaceForm, activity: Activity) -> list[ShownClash]:
    """Return the clashes that the move would add, blocking ones first, each once.

    Their resolutions stay in the calendar if possible. Those that lead to the activity's present time and place
    are left out, because they change nothing. The page says this once, below all clashes.
    """
    once = {(row.kind, row.sentence): row for row in reversed(shown(previewed.found, about=[activity.id]))}
    return [
        replace(
            row,
            resolutions=tuple(
                _inside(resolution, form, activity)
                for resolution in row.resolutions
                if not _is_back(resolution, form, activity)
            ),
        )
        for row in reversed(once.values())
    ]


def _is_back(resolution: ShownResolution, form: PlaceForm, activity: Activity) -> bool:
    if resolution.activity_id != activity.id or not resolution.fields:
        return False
    present = {**times_of(activity, activity.zone), "venue_id": str(activity.venue_id or "")}
    return {**present, **form.asked(), **resolution.fields}.items() >= present.items()


def _inside(resolution: ShownResolution, form: PlaceForm, activity: Activity) -> ShownResolution:
    """Let a resolution that only changes the activity's time or place lead to the preview here."""
    if resolution.activity_id != activity.id or not resolution.fields or not resolution.fields.keys() <= HERE:
        return resolution
    asked = form.asked() | {name: value for name, value in resolution.fields.items() if name in form._fields}
    return replace(resolution, href=url_for(".move", activity_id=activity.id, **asked), fields=None, inside=True)  # type: ignore[arg-type]


def _refused(form: PlaceForm, activity: Activity, problem: Problem) -> Any:
    show_refused(form, problem, activity.version)
    return _page(form, activity)


def _say_beside(form: PlaceForm, problem: Problem) -> None:
    """Show a problem on the preview page: beside the reason, or else at the top."""
    if problem.field == "reason":
        show_problem(form, problem)
    elif (sentence := say(problem)) not in form.form_errors:
        form.form_errors.append(sentence)


def _dropped(activity: Activity, now: datetime) -> Move | None:
    times = dropped(request.args, office_zone())
    if times is None:
        return None
    venue = request.args.get("venue", "")
    venue_id = activity.venue_id if venue == "" else whole(venue) or None
    starts_at, ends_at = (at.astimezone(activity.zone) for at in times)
    return moves.move_to(activity, starts_at, ends_at, venue_id, now=now)


def _back(asked: str, activity: Activity) -> str:
    """Return the calendar address to return to. Other addresses are refused."""
    if asked.startswith("/calendar?") and asked.isascii() and asked.isprintable():
        return asked
    return url_for(".index", on=activity.starts_at.astimezone(office_zone()).date().isoformat())
