"""The agenda's page: rows with from, to, topic and speakers; and the moderator. It works without script."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.words.formats import day
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity
from outreach.queries.activities import lists as browsing
from outreach.queries.activities import page as showing
from outreach.services.activities import agenda as agendas
from outreach.services.activities import projected
from outreach.services.locking import ActivityMissing
from outreach.services.planning import clashes as clashing
from outreach.services.planning import load as plans
from outreach.web.activities.agenda_form import AgendaForm, activity_days
from outreach.web.activities.blueprint import bp
from outreach.web.activities.views import to_its_page
from outreach.web.clashes.in_forms import ClashPreview, preview_clashes
from outreach.web.clashes.resolutions import ShownResolution
from outreach.web.fields import choices
from outreach.web.fields.problems import renew_version, showing_problems
from outreach.web.frame.access import coordinator_required
from outreach.web.frame.way_back import back_or

BUTTONS = ("add", "drop", "look")  # buttons that only change the form


@bp.route("/<int:activity_id>/agenda", methods=["GET", "POST"])
@coordinator_required
def agenda(activity_id: int) -> Any:
    activity = showing.activity_with_agenda(activity_id)
    if activity.state not in (ActivityState.DRAFT, ActivityState.PUBLISHED):
        return to_its_page(activity)
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
        return _page(form, activity, suggested=not activity.agenda and request.method == "GET")
    seen = ClashPreview()
    if form.validate():
        seen = _preview(form, activity)
        if seen.asks or seen.blocking:
            return _page(form, activity, clash_preview=seen), 422 if seen.blocking else 200
        with showing_problems(form, but=ActivityMissing) as refusal:
            agendas.set_agenda(
                activity_id,
                form.values(activity),
                version=form.version_number,
                moderator_id=form.moderator_id.data,
                withdraw_removed=form.withdraw_removed.data,
                overlaps=form.overlaps.data,
                by=current_user,
                now=clock.now(),
            )
            flash(_("The agenda is saved."), "success")
            return redirect(back_or(url_for(".show", activity_id=activity_id)))
        activity = showing.activity_with_agenda(activity_id)
        renew_version(form, refusal.problem, activity.version)
    return _page(form, activity, clash_preview=seen), 422


def _preview(form: AgendaForm, activity: Activity) -> ClashPreview:
    """Return the clashes that this agenda would bring: of the turns of its speakers, and of the moderator."""
    items, now = form.values(activity), clock.now()
    (stored,) = plans.planned(db.session(), [activity.id])
    names = {
        person.id: person.display_name for person in browsing.speaker_choices(activity.id, form.chosen_people(), "")
    }
    after = {id for item in items for id in item.speaker_ids}
    before = {person.id for line in activity.agenda for person in line.speakers}
    planned = projected.with_agenda(
        stored,
        items,
        names,
        moderator_id=form.moderator_id.data,
        let_go=before - after if form.withdraw_removed.data else (),
    )
    found = preview_clashes(clashing.preview_saved(planned, [stored], now=now), [activity.id], form)
    return found.with_resolutions(_elsewhere)


def _elsewhere(resolution: ShownResolution) -> ShownResolution | None:
    """Leave out resolutions that lead to this page itself."""
    return resolution if resolution.href.split("?")[0] != request.path else None


def _page(
    form: AgendaForm, activity: Activity, *, suggested: bool = False, clash_preview: ClashPreview | None = None
) -> str:
    declined = showing.declined_speakers(activity.id)
    return render_template(
        "activities/agenda.html",
        form=form,
        activity=activity,
        suggested=suggested,
        declined=declined,
        clash_preview=clash_preview,
    )


def _offer(form: AgendaForm, activity: Activity) -> None:
    people = browsing.speaker_choices(activity.id, form.chosen_people(), (form.find.data or "").strip())
    form.offer(
        activity,
        [(person.id, choices.person_label(person)) for person in people],
        [(on.isoformat(), day(on)) for on in activity_days(activity)],
    )
