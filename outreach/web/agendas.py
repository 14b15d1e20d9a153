"""The agenda's page: rows from–to with topic and speakers, and the moderator. Works without script."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.wording import day
from outreach.domain.kinds import Role
from outreach.domain.problems import Problem
from outreach.models import Activity
from outreach.services import browsing, inviting, planning, showing
from outreach.services.booking import ActivityMissing
from outreach.web.activities import bp
from outreach.web.forms import lists
from outreach.web.forms.agenda_forms import AgendaForm, activity_days
from outreach.web.forms.problems import show_problem
from outreach.web.shell import coordinator_required

BUTTONS = ("add", "drop", "look")  # buttons that only change the form


@bp.route("/<int:activity_id>/agenda", methods=["GET", "POST"])
@coordinator_required
def agenda(activity_id: int) -> Any:
    activity = showing.activity_with_agenda(activity_id)
    moderator = showing.moderator_of(activity_id)
    form = AgendaForm()
    if request.method == "GET":
        form.fill(activity, moderator.person_id if moderator else None)
    elif "add" in request.form:
        form.add_row()
    elif "drop" in request.form:
        form.drop_row(request.form.get("drop", -1, type=int))
    _offer(form, activity)
    if request.method == "GET" or any(button in request.form for button in BUTTONS):
        return render_template("activities/agenda.html", form=form, activity=activity, suggested=not activity.agenda)
    if form.validate():
        try:
            planning.set_agenda(activity_id, form.values(activity), by=current_user, now=clock.now())
            _set_moderator(activity_id, form.moderator_id.data)
        except ActivityMissing:
            raise
        except Problem as problem:
            show_problem(form, problem)
            activity = showing.activity_with_agenda(activity_id)
        else:
            flash(_("The agenda is saved."), "success")
            return redirect(url_for(".show", activity_id=activity_id))
    return render_template("activities/agenda.html", form=form, activity=activity, suggested=False), 422


def _set_moderator(activity_id: int, person_id: int | None) -> None:
    """Invite the moderator chosen; the one before is withdrawn, and told if they knew."""
    before = showing.moderator_of(activity_id)
    if person_id == (before.person_id if before else None):
        return
    if before:
        inviting.withdraw(before.id, by=current_user, now=clock.now())
    if person_id:
        inviting.invite_people([activity_id], [person_id], Role.MODERATOR, by=current_user, now=clock.now())


def _offer(form: AgendaForm, activity: Activity) -> None:
    people = browsing.speaker_choices(form.chosen_people(), (form.find.data or "").strip())
    form.offer(
        activity,
        [(person.id, lists.person_label(person)) for person in people],
        [(on.isoformat(), day(on)) for on in activity_days(activity)],
    )
