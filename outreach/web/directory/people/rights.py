"""What a person may ask for: no more reminders, a new link, a copy of their data, its erasure."""

from typing import Any

from flask import Response, flash, json, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.services.directory import people
from outreach.services.directory.people import PersonErased
from outreach.services.privacy import person as privacy
from outreach.web.directory import invitee_actions
from outreach.web.directory.people.blueprint import bp
from outreach.web.directory.people.forms import EraseForm
from outreach.web.fields.fields import add_error
from outreach.web.frame.access import coordinator_required
from outreach.web.invitations import new_link


@bp.post("/<int:person_id>/reminders/stop")
@coordinator_required
def stop(person_id: int) -> Any:
    invitee_actions.stop_reminders(_person(person_id))
    return redirect(url_for(".show", person_id=person_id))


@bp.post("/<int:person_id>/reminders/resume")
@coordinator_required
def resume(person_id: int) -> Any:
    invitee_actions.resume_reminders(_person(person_id))
    return redirect(url_for(".show", person_id=person_id))


@bp.post("/<int:person_id>/address")
@coordinator_required
def allow_address(person_id: int) -> Any:
    invitee_actions.allow_address(_person(person_id).email)
    return redirect(url_for(".show", person_id=person_id))


@bp.post("/<int:person_id>/link")
@coordinator_required
def renew_link(person_id: int) -> Any:
    new_link.renew(_person(person_id))
    return redirect(url_for(".show", person_id=person_id))


@bp.post("/<int:person_id>/export")
@coordinator_required
def export(person_id: int) -> Any:
    """Return the person's data as a download. It is a POST because it is recorded in the audit log."""
    found = privacy.export(person_id, by=current_user, now=clock.now())
    response = Response(json.dumps(found, ensure_ascii=False, indent=2), mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=f"person-{person_id}.json")
    return response


@bp.route("/<int:person_id>/erase", methods=["GET", "POST"])
@coordinator_required
def erase(person_id: int) -> Any:
    person = _person(person_id)
    form = EraseForm()
    status = 200
    if form.is_submitted():
        status = 422
        if form.validate() and form.sure.data:
            privacy.erase(person_id, by=current_user, now=clock.now())
            flash(_("The data is erased."), "success")
            return redirect(url_for(".index"))
        add_error(form.sure, _("Please tick this, if it is really meant."))
    ahead = privacy.upcoming(person_id, now=clock.now())
    return render_template("directory/people/erase.html", form=form, person=person, upcoming=ahead), status


def _person(person_id: int) -> people.Person:
    person = people.get(person_id)
    if person.erased_at is not None:
        raise PersonErased
    return person
