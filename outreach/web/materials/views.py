"""Staff download what speakers sent, show it to attendees, set until when it is wanted, and take a topic over.

They add a file for a speaker who gave it to them, also after the activity.
"""

from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.domain.materials import MaterialMissing
from outreach.extensions import current_settings, limiter
from outreach.queries import materials as material_pages
from outreach.services.locking import ActivityMissing
from outreach.services.materials import add as adding
from outreach.services.materials import publish as publishing
from outreach.services.materials.send import GivenFile
from outreach.web.fields.fields import whole
from outreach.web.fields.problems import flashing_problems, missing_page
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.materials.file import as_attachment, file_mb

UPLOADS = "60/hour"  # each may occupy a process for a second
bp = Blueprint("materials", __name__, url_prefix="/activities/<int:activity_id>/materials")
missing_page(bp, ActivityMissing, MaterialMissing)


@bp.get("/<int:material_id>")
@staff_required
def download(activity_id: int, material_id: int) -> Response:
    return as_attachment(material_pages.file_for_staff(activity_id, material_id))


@bp.get("/photo/<int:person_id>")
@staff_required
def photo(activity_id: int, person_id: int) -> Response:
    return as_attachment(material_pages.photo_for_staff(person_id))


@bp.get("/photo/acting/<int:acting_id>")
@staff_required
def acting_photo(activity_id: int, acting_id: int) -> Response:
    return as_attachment(material_pages.acting_photo_for_staff(activity_id, acting_id))


@bp.post("/add")
@limiter.limit(UPLOADS)
@coordinator_required
def add(activity_id: int) -> Any:
    """Add a file for a speaker, before the activity or afterwards."""
    chosen = request.files.get("file")
    if chosen is None or not chosen.filename:
        flash(_("Please choose a file."), "warning")
        return _back(activity_id)
    with flashing_problems(but=ActivityMissing):
        adding.add(
            activity_id, whole(request.form.get("speaker")), GivenFile(chosen.stream.read(), chosen.filename),
            most_mb=current_settings().materials_limit_mb, file_mb=file_mb(), by=current_user, now=clock.now(),
        )  # fmt: skip
        flash(_("The file is added."), "success")
    return _back(activity_id)


@bp.post("/<int:material_id>/remove")
@coordinator_required
def remove(activity_id: int, material_id: int) -> Any:
    """Remove a file that staff added."""
    adding.remove(activity_id, material_id, by=current_user, now=clock.now())
    flash(_("The file is removed."), "success")
    return _back(activity_id)


@bp.post("/show")
@coordinator_required
def show(activity_id: int) -> Any:
    with flashing_problems(but=ActivityMissing):
        publishing.show(activity_id, by=current_user, now=clock.now())
        flash(_("Attendees see the materials on their page now."), "success")
    return _back(activity_id)


@bp.post("/hide")
@coordinator_required
def hide(activity_id: int) -> Any:
    publishing.hide(activity_id, by=current_user, now=clock.now())
    flash(_("Attendees do not see the materials any more."), "success")
    return _back(activity_id)


@bp.post("/days")
@coordinator_required
def days(activity_id: int) -> Any:
    """Set until when they are wanted; an empty field means the office's setting."""
    typed = request.form.get("days", "").strip()
    with flashing_problems(but=ActivityMissing):
        wanted = None if not typed else whole(typed) if whole(typed) or typed == "0" else -1
        publishing.set_days(activity_id, wanted, by=current_user, now=clock.now())
        flash(_("Saved."), "success")
    return _back(activity_id)


@bp.post("/topics/<int:proposal_id>")
@coordinator_required
def topic(activity_id: int, proposal_id: int) -> Any:
    """Take a proposed topic over, or leave the agenda as it is."""
    with flashing_problems(but=ActivityMissing):
        if request.form.get("do") == "refuse":
            publishing.refuse_topic(activity_id, proposal_id, by=current_user, now=clock.now())
            flash(_("The agenda stays as it is."), "success")
        else:
            line = whole(request.form.get("line")) or None
            publishing.take_topic(activity_id, proposal_id, line, by=current_user, now=clock.now())
            flash(_("The topic stands in the agenda now."), "success")
    return _back(activity_id)


def _back(activity_id: int) -> Any:
    return redirect(url_for("activities.show", activity_id=activity_id, _anchor="materials"))
