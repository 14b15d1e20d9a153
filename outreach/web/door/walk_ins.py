"""People who were added at a door: who they are, decided by staff."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.domain.kinds import ListName
from outreach.domain.problems import Problem
from outreach.queries.door import walk_ins
from outreach.services.door import merge as merging
from outreach.web.exports import columns, file
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.say import page_number, say
from outreach.web.invitations.forms import ButtonForm

bp = Blueprint("walkins", __name__, url_prefix="/walk-ins")


@bp.get("")
@staff_required
def index() -> Any:
    activity_id = request.args.get("activity", type=int)
    if file.asked():
        return file.send(ListName.WALK_INS, columns.walk_ins(), walk_ins.all_rows(activity_id))
    page, rows = walk_ins.rows(page_number(), activity_id)
    return render_template("door/walk_ins.html", page=page, rows=rows, activity_id=activity_id)


@bp.post("/<int:person_id>")
@coordinator_required
def decide(person_id: int) -> Any:
    """Merge somebody with the chosen person, or keep them as a new one."""
    into = request.form.get("into", type=int)
    if ButtonForm().validate():
        try:
            if into:
                person = merging.merge(person_id, into, by=current_user, now=clock.now())
                said = _("Merged: %(name)s was there.", name=person.display_name)
            else:
                person = merging.keep(person_id, by=current_user, now=clock.now())
                said = _("%(name)s stays in the list as a new person.", name=person.display_name)
            flash(said, "success")
        except Problem as problem:
            flash(say(problem), "danger")
    return redirect(url_for(".index", activity=request.form.get("activity", type=int) or None))
