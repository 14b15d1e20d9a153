"""The list that was signed on paper, beside what was ticked: its photos, its lines, and the differences."""

from io import BytesIO
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.file import FileField

from outreach import clock
from outreach.domain import materials
from outreach.domain.problems import Problem
from outreach.queries.door import paper as paper_lists
from outreach.services.door import attendance, paper
from outreach.services.locking import ActivityMissing
from outreach.web.fields.problems import missing_page, show_problem
from outreach.web.frame.access import coordinator_required, error_page, staff_required
from outreach.web.frame.say import say
from outreach.web.invitations.forms import ButtonForm
from outreach.web.materials.file import POLICY, as_attachment

bp = Blueprint("signedlist", __name__, url_prefix="/activities/<int:activity_id>/attendance/signed")
missing_page(bp, ActivityMissing)


class SignedListForm(FlaskForm):
    file = FileField(_l("Photo or scan of the signed list"), description=_l("JPG, PNG, WebP or PDF."))


@bp.get("")
@staff_required
def show(activity_id: int) -> Any:
    return _page(activity_id, SignedListForm(formdata=None))


@bp.post("")
@coordinator_required
def upload(activity_id: int) -> Any:
    form = SignedListForm()
    if not form.validate():
        return _page(activity_id, form), 422
    given = request.files.get("file")
    if given is None or not given.filename:
        return _page(activity_id, form, _("Please choose a file.")), 422
    try:
        paper.keep(activity_id, given.read(), given.filename, by=current_user, now=clock.now())
    except Problem as problem:
        return _page(activity_id, form, show_problem(form, problem)), 422
    flash(_("The file is kept with this activity."), "success")
    return redirect(url_for(".show", activity_id=activity_id))


@bp.get("/<int:list_id>")
@staff_required
def file(activity_id: int, list_id: int) -> Any:
    """Return a file: pictures are shown in the page, a PDF is downloaded."""
    found = paper_lists.file_of(activity_id, list_id)
    if found is None:
        return error_page(404)
    if found.media_type == materials.PDF.media_type:
        return as_attachment(found)
    response = send_file(BytesIO(found.data), found.media_type, conditional=False, etag=False)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/<int:list_id>/remove")
@coordinator_required
def remove(activity_id: int, list_id: int) -> Any:
    return _done(activity_id, lambda: paper.remove(activity_id, list_id, by=current_user, now=clock.now()), "")


@bp.post("/lines")
@coordinator_required
def read(activity_id: int) -> Any:
    """Save who signed, as staff read it on the paper."""
    signed, shown = (set(request.form.getlist(name, type=int)) for name in ("signed", "shown"))
    said = _("Saved. What differs from the ticks stands here.")
    return _done(activity_id, lambda: paper.read(activity_id, signed, shown, by=current_user, now=clock.now()), said)


@bp.post("/take-over")
@coordinator_required
def take_over(activity_id: int) -> Any:
    """Make the attendance of one invitee, or of all who signed, what the paper says."""
    ids = request.form.getlist("invitation", type=int)
    if request.form.get("all"):
        ids = [one.row.invitation.id for one in paper_lists.reconciliation(activity_id).signed_only]

    def act() -> None:
        changed = paper.take_over(activity_id, ids, by=current_user, now=clock.now())
        flash(ngettext("%(num)d change is saved.", "%(num)d changes are saved.", changed), "success")

    return _done(activity_id, act, "")


def _done(activity_id: int, act: Any, said: str) -> Any:
    if ButtonForm().validate():
        try:
            act()
            if said:
                flash(said, "success")
        except ActivityMissing:
            raise
        except Problem as problem:
            flash(say(problem), "danger")
    return redirect(url_for(".show", activity_id=activity_id))


def _page(activity_id: int, form: SignedListForm, problem: str = "") -> str:
    found = paper_lists.reconciliation(activity_id)
    closed = ""
    try:
        attendance.check_open(found.activity, clock.now())
    except Problem as not_open:
        closed = say(not_open)
    return render_template(
        "door/signed_list.html", found=found, activity=found.activity, form=form, problem=problem, closed=closed
    )
