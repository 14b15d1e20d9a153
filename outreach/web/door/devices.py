"""The devices used at doors: their numbers, what staff call them, who used them last."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.domain.kinds import ListName
from outreach.domain.problems import Problem
from outreach.queries.door import devices
from outreach.services.door import devices as naming
from outreach.web.exports import columns, file
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.say import page_number, say
from outreach.web.invitations.forms import ButtonForm

bp = Blueprint("devices", __name__, url_prefix="/devices")


@bp.get("")
@staff_required
def index() -> Any:
    if file.asked():
        return file.send(ListName.DEVICES, columns.devices(), devices.all_rows())
    page, rows = devices.rows(page_number())
    return render_template("door/devices.html", page=page, rows=rows)


@bp.post("/<int:device_id>")
@coordinator_required
def rename(device_id: int) -> Any:
    if ButtonForm().validate():
        try:
            device = naming.rename(device_id, request.form.get("name", ""), by=current_user, now=clock.now())
            flash(_("Device %(number)d is named.", number=device.number), "success")
        except Problem as problem:
            flash(say(problem), "danger")
    return redirect(url_for(".index"))
