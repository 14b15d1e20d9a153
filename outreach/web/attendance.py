"""The attendance sheet: at the door on a phone, or later from the paper list. It also adds people without an invitation."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.utils import secure_filename

from outreach import clock
from outreach.delivery.documents import signing_list
from outreach.domain.door.codes import valid_until
from outreach.domain.kinds import AttendanceSource, ListName
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity
from outreach.queries.door import attendance as attendees
from outreach.queries.door import paper as paper_lists
from outreach.queries.door import scans, walk_ins
from outreach.queries.door.attendance import ShownAttendance
from outreach.queries.invitations import choices
from outreach.queries.invitations import lists as invitees
from outreach.services.door import attendance, review
from outreach.services.locking import ActivityMissing
from outreach.web.exports import columns, file
from outreach.web.fields.problems import missing_page, show_problem
from outreach.web.frame.access import coordinator_required, error_page, from_script, staff_required
from outreach.web.frame.say import page_number, say
from outreach.web.invitations.forms import ButtonForm, member
from outreach.web.invitations.people import new_person_form, person_values

LONGEST_MARK = 40  # characters
MOST_WAITED_S = 60 * 24 * 3600  # the browser keeps ticks; one that waited longer counts as this old

bp = Blueprint("attendance", __name__)
missing_page(bp, ActivityMissing)


@bp.get("/activities/<int:activity_id>/attendance")
@staff_required
def sheet(activity_id: int) -> Any:
    if file.asked():
        q, shown = _narrowed(request.args)
        rows = attendees.whole_sheet(activity_id, q, shown)
        title = invitees.activity_of(activity_id).title
        return file.send(ListName.ATTENDANCE, columns.attendance(), rows, of=title)
    return _sheet(activity_id)


@bp.get("/activities/<int:activity_id>/attendance/scans")
@staff_required
def log(activity_id: int) -> Any:
    """Return all scans of an activity as a file."""
    title = invitees.activity_of(activity_id).title
    if not file.asked():
        return redirect(url_for(".sheet", activity_id=activity_id))
    return file.send(ListName.SCANS, columns.scans(), scans.every(activity_id), of=title)


@bp.get("/activities/<int:activity_id>/attendance/paper.pdf")
@staff_required
def paper(activity_id: int) -> Any:
    """Return the list for signing as PDF. Invitees who declined are left out; empty lines are added.

    A postponed activity has no day to write on it.
    """
    activity = invitees.activity_of(activity_id)
    if activity.state is ActivityState.POSTPONED:
        flash(_("This activity is postponed. It has no day for a list for signing."), "warning")
        return redirect(url_for("activities.show", activity_id=activity_id))
    try:
        data = signing_list.pdf(*paper_lists.texts(activity), at=clock.now())
    except Problem as problem:
        flash(say(problem), "danger")
        return redirect(url_for(".sheet", activity_id=activity_id))
    response = make_response(data)
    name = secure_filename(f"daftar hadir {activity.neutral_title}.pdf".lower()) or "daftar-hadir.pdf"
    response.headers.set("Content-Disposition", "inline", filename=name)
    response.content_type = "application/pdf"
    return response


@bp.post("/activities/<int:activity_id>/attendance")
@coordinator_required
def tick(activity_id: int) -> Any:
    """Save the changes on the sheet. What somebody else ticked meanwhile, at another door, stays."""
    present, changed = _changes()
    try:
        attendance.tick(activity_id, present, changed, _source(), by=current_user, now=clock.now())
    except Problem as problem:
        return _sheet(activity_id, say(problem), present), 422
    flash(ngettext("%(num)d change is saved.", "%(num)d changes are saved.", len(changed)), "success")
    return redirect(url_for(".sheet", activity_id=activity_id, **_kept(request.form)))


@bp.post("/activities/<int:activity_id>/attendance/<int:invitation_id>/left")
@coordinator_required
def left(activity_id: int, invitation_id: int) -> Any:
    """Record that somebody has left, or is back. Answer with the row, or without a script by the sheet."""
    if attendees.sheet_row(activity_id, invitation_id) is None:
        return error_page(404)
    now, problem = clock.now(), ""
    try:
        present, changed = _changes()
        if changed:  # without a script, the whole sheet is sent
            attendance.tick(activity_id, present, changed, _source(), by=current_user, now=now)
        attendance.leave(invitation_id, request.args.get("gone") == "1", by=current_user, now=now)
    except Problem as refused:
        problem = say(refused)
    row = attendees.sheet_row(activity_id, invitation_id)
    if row is None:
        return error_page(404)
    if from_script():
        return _ticked(row, problem)
    if problem:
        flash(problem, "danger")
    return redirect(url_for(".sheet", activity_id=activity_id, _anchor=f"row-{invitation_id}", **_kept(request.form)))


@bp.post("/activities/<int:activity_id>/attendance/<int:invitation_id>")
@coordinator_required
def tick_one(activity_id: int, invitation_id: int) -> Any:
    """Save one tick at once, for pages that do so without the button. Answer with the row and the sums.

    A tick that waited in the browser for a connection says how many seconds ago it was made.
    """
    here = request.form.get("on") == "1"
    now = clock.now()
    waited = timedelta(seconds=min(max(0, request.form.get("ago", 0, type=int)), MOST_WAITED_S))
    problem = ""
    try:
        attendance.tick(
            activity_id, [invitation_id] if here else [], [invitation_id], _source(),
            by=current_user, now=now, made_at=now - waited,
        )  # fmt: skip
    except Problem as refused:
        problem = say(refused)
    row = attendees.sheet_row(activity_id, invitation_id)
    if row is None:
        return error_page(404)
    if not problem and row.present != here:
        problem = _(
            "%(name)s was recorded otherwise meanwhile, later than this tick. That stays.",
            name=row.invitation.invitee.display_name,
        )
    return _ticked(row, problem)


def _ticked(row: attendees.AttendanceRow, problem: str) -> str:
    activity = row.invitation.activity
    return render_template(
        "attendance/_ticked.html", activity_id=activity.id, row=row, counts=attendees.counts(activity.id),
        live=door_is_open(activity), problem=problem,
    )  # fmt: skip


@bp.get("/activities/<int:activity_id>/attendance/now")
@staff_required
def now(activity_id: int) -> Any:
    """Answer with the present sums, for pages that show them while people come in."""
    activity = invitees.activity_of(activity_id)
    return render_template(
        "attendance/_now.html", activity_id=activity_id, counts=attendees.counts(activity_id),
        live=door_is_open(activity),
    )  # fmt: skip


@bp.post("/activities/<int:activity_id>/attendance/<int:invitation_id>/settle")
@coordinator_required
def settle(activity_id: int, invitation_id: int) -> Any:
    """Record how it was, where scans do not agree."""
    was_there = request.form.get("was_there") == "1"
    seen = request.form.get("seen", 0, type=int)
    try:
        invitation = review.settle(invitation_id, was_there, seen, by=current_user, now=clock.now())
    except Problem as problem:
        flash(say(problem), "danger")
    else:
        name = invitation.invitee.display_name
        flash(_("%(name)s was there.", name=name) if was_there else _("%(name)s was not there.", name=name), "success")
    if request.form.get("back") == "activity":
        return redirect(url_for("activities.show", activity_id=activity_id))
    return redirect(url_for(".sheet", activity_id=activity_id))


@bp.route("/activities/<int:activity_id>/attendance/walk-in", methods=["GET", "POST"])
@coordinator_required
def walk_in(activity_id: int) -> Any:
    """Find or add somebody who came without an invitation, and tick them.

    The page's script keeps an entry until it reaches the server, and gives it a key, so that nobody is added twice.
    """
    activity = invitees.activity_of(activity_id)
    q = request.args.get("q", "").strip()
    new = new_person_form()
    pick = ButtonForm()

    def page(problem: str = "", status: int = 200) -> Any:
        shown = render_template(
            "attendance/walk_in.html", activity=activity, q=q, found=choices.find_people(q), new=new, pick=pick,
            problem=problem, adding=status == 422,
        )  # fmt: skip
        return shown, status

    if not new.is_submitted():
        return page(_closed(activity))
    chosen = request.form.get("person_id", type=int)
    if not (pick.validate() if chosen else new.validate()):
        return page(status=422)
    try:
        who = chosen or person_values(new)
        invitation = attendance.walk_in(
            activity_id, who, source=_source(), by=current_user, now=clock.now(),
            entry=request.form.get("entry", "")[:LONGEST_MARK],
        )  # fmt: skip
    except Problem as problem:
        return page(show_problem(new, problem), 422)
    flash(_("%(name)s is ticked as present.", name=invitation.invitee.display_name), "success")
    if from_script():
        return "", 204
    return redirect(url_for(".sheet", activity_id=activity_id))


def _sheet(activity_id: int, problem: str = "", ticked: set[int] | None = None) -> str:
    """Return the sheet. ticked: what the user had ticked, if it could not be saved."""
    asked = request.form if request.method == "POST" else request.args
    q, shown = _narrowed(asked)
    number = page_number() if request.method == "GET" else max(1, request.form.get("page", 1, type=int))
    found = attendees.sheet(activity_id, q, shown, number)
    return render_template(
        "attendance/sheet.html", found=found, q=q, shown=shown, source=_source(), sources=_SOURCES, problem=problem,
        ticked=ticked, form=ButtonForm(formdata=None), choices=ShownAttendance, closed=_closed(found.activity),
        live=door_is_open(found.activity), walked_in=walk_ins.count(activity_id),
        disagreements=scans.disagreements(activity_id) if found.counts.conflicts else [], failed=scans.failed(activity_id),
    )  # fmt: skip


def _narrowed(asked: Any) -> tuple[str, ShownAttendance]:
    return asked.get("q", "").strip(), member(ShownAttendance, asked.get("shown_only")) or ShownAttendance.ALL


def at_the_door(activity: Activity) -> dict[str, Any]:
    """Return what the activity's page shows of attendance, from its day on; before, it shows nothing of it."""
    closed = _closed(activity)
    counts = None if closed else attendees.counts(activity.id)
    looked_at = scans.disagreements(activity.id) if counts and counts.conflicts else []
    return {
        "counts": counts, "closed": closed, "live": door_is_open(activity), "disagreements": looked_at, "failed": [],
    }  # fmt: skip


def door_is_open(activity: Activity) -> bool:
    """Return whether people come in now: on the activity's days."""
    return not _closed(activity) and clock.now() < valid_until(activity.ends_at, activity.zone)


def _closed(activity: Activity) -> str:
    """Return why nothing can be ticked now; "" if it can."""
    try:
        attendance.check_open(activity, clock.now())
    except Problem as problem:
        return say(problem)
    return ""


def _changes() -> tuple[set[int], set[int]]:
    """Return who is ticked on the sheet that was sent, and where it differs from the sheet that was shown."""
    present = set(request.form.getlist("present", type=int))
    was = set(request.form.getlist("was", type=int))
    shown = request.form.getlist("shown", type=int)
    return present, {one for one in shown if (one in present) != (one in was)}


_SOURCES = (AttendanceSource.HAND, AttendanceSource.PAPER)


def _source() -> AttendanceSource:
    found = member(AttendanceSource, request.values.get("source"))
    return found if found in _SOURCES else AttendanceSource.HAND


def _kept(form: Any) -> dict[str, Any]:
    return {name: form[name] for name in ("q", "shown_only", "page", "source") if form.get(name)}
