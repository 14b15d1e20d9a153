"""Activities: list, new ones (alone or for many kelurahan), page, editing, deleting a draft.

web/activities/agenda.py has the agenda. web/activities/publish_move_cancel.py has what sends mail.
"""

from dataclasses import replace
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from outreach import clock
from outreach.delivery.words.formats import short_day, span
from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import ListName, Role
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity
from outreach.queries import certificates as certificate_pages
from outreach.queries import clashes as clash_pages
from outreach.queries import documentation as documentation_pages
from outreach.queries import exports
from outreach.queries import feedback as feedback_pages
from outreach.queries import materials as material_pages
from outreach.queries.activities import intended as intentions
from outreach.queries.activities import lists as browsing
from outreach.queries.activities import page as showing
from outreach.queries.activities import programme_preview
from outreach.queries.activities.lists import ActivityFilter, Time
from outreach.queries.kla import year as kla_pages
from outreach.queries.letters import pages as letter_pages
from outreach.queries.minutes import follow_ups as follow_up_lists
from outreach.queries.minutes import page as minutes_pages
from outreach.services.activities import community as community_activities
from outreach.services.activities import delete as deleting
from outreach.services.activities import edit as planning
from outreach.services.activities import move as moves
from outreach.services.activities import projected
from outreach.services.activities.edit import NeedsMove
from outreach.services.kla.tag import year_of
from outreach.services.locking import ActivityMissing, ProgrammeMissing, Stale
from outreach.services.planning import clashes as clashing
from outreach.services.reminders.schedule import other_day_of
from outreach.web.activities.blueprint import bp
from outreach.web.activities.forms import IN_ADDRESSES, ActivityForm, CommunityForm, NewActivityForm
from outreach.web.attendance import at_the_door
from outreach.web.clashes.in_forms import ClashPreview, came_filled_in, preview_clashes, preview_many, took_a_resolution
from outreach.web.clashes.marks import shown_marks
from outreach.web.clashes.shown import shown
from outreach.web.exports import columns, file
from outreach.web.fields import choices
from outreach.web.fields.base import ConfirmForm
from outreach.web.fields.instants import move_query, wall_day
from outreach.web.fields.problems import missing_page, show_refused, showing_problems
from outreach.web.frame.access import coordinator_required, may_change, staff_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import page_number, say
from outreach.web.frame.way_back import (
    address_with_typed,
    back_or,
    came_back,
    coming_back,
    forget_typed,
    leading_back,
    typed,
)
from outreach.web.materials.file import size_in_words
from outreach.web.reminders.words import reason_words

missing_page(bp, ActivityMissing, ProgrammeMissing)


@bp.context_processor
def _crumbs() -> dict[str, Any]:
    return {"activity_crumbs": activity_crumbs}


def activity_crumbs(activity: Activity, here: str = "") -> list[tuple[str, str]]:
    """Return the breadcrumbs to an activity, through its programme if it has one, and to the page `here` below it."""
    rows = [(_("Activities"), url_for("activities.index"))]
    if activity.programme:
        programme = activity.programme
        rows = [
            (_("Programmes"), url_for("programmes.index")),
            (programme.title, url_for("programmes.show", programme_id=programme.id)),
        ]
    own = url_for("activities.show", activity_id=activity.id) if here else ""
    return [*rows, (activity.title, own), *([(here, "")] if here else [])]


@bp.get("")
@staff_required
def index() -> Any:
    asked = request.args
    wanted = ActivityFilter(
        q=asked.get("q", "").strip()[:100],
        state=asked.get("state", type=ActivityState),
        programme_id=asked.get("programme", type=int),
        time=asked.get("time", Time.COMING, type=Time),
        region_code=asked.get("region", ""),
    )
    if file.asked():
        rows, also = exports.activities(wanted, now=clock.now()), {"time": wanted.time.value}
        return file.send(ListName.ACTIVITIES, columns.activities(), rows, also=also)
    page = browsing.activities(wanted, page_number(), now=clock.now())
    return render_template(
        "activities/index.html",
        page=page,
        wanted=wanted,
        programmes=browsing.programme_choices(),
        districts=browsing.districts(),
        states=list(ActivityState),
        times=list(Time),
    )


@bp.route("/new", methods=["GET", "POST"])
@coordinator_required
def new() -> Any:
    form = NewActivityForm(typed()) if came_back() else NewActivityForm()
    _offer(form)
    if came_back():
        return render_template("activities/new.html", form=form)
    if request.method == "GET":
        form.zone.data = office_zone().key
        form.programme_id.data = request.args.get("programme", type=int)
        form.on.data = browsing.first_day(form.programme_id.data)
        form.take(request.args)
        return render_template("activities/new.html", form=form)
    if took_a_resolution(form):
        return render_template("activities/new.html", form=form)
    seen = ClashPreview()
    if form.validate():
        of_form: dict[str, Any] = {"programme_id": form.programme_id.data, "by": current_user, "now": clock.now()}
        if made := planning.of_first_press(form.values(), **of_form):
            return _to_made(made)
        seen = _leading_back(_preview_new(form))
        if seen.asks:
            return render_template("activities/new.html", form=form, clash_preview=seen)
        with showing_problems(form):
            return _to_made(planning.create_activity(form.values(), **of_form))
    return render_template("activities/new.html", form=form, clash_preview=seen), 422


def _to_made(made: Activity) -> Any:
    """Redirect to a new draft, or to inviting the people for whom its time was searched."""
    forget_typed()
    flash(_("The activity is saved as a draft. Nobody has been told yet."), "success")
    if people := request.args.getlist("person", type=int):
        chosen: dict[str, Any] = {"person": people, "role": Role.SPEAKER.value}
        return redirect(url_for("invitations.invite_people", activity_id=made.id, **chosen))
    return redirect(url_for(".show", activity_id=made.id))


@bp.route("/community", methods=["GET", "POST"])
@coordinator_required
def community() -> Any:
    """Create the same activity in each of several kelurahan."""
    form = CommunityForm(typed()) if came_back() else CommunityForm()
    districts = browsing.districts()
    _offer(form)
    if request.method == "GET":
        if not came_back():
            form.suggest(office_zone(), request.args.get("programme", type=int))
        return render_template("activities/community.html", form=form, districts=districts)
    if took_a_resolution(form):
        return render_template("activities/community.html", form=form, districts=districts)
    seen = ClashPreview()
    if form.validate():
        codes = form.chosen_codes(region.code for district in districts for region in district.kelurahan)
        of_form: dict[str, Any] = {"programme_id": form.programme_id.data, "now": clock.now()}
        if made := community_activities.of_first_press(form.values(), codes, by=current_user, **of_form):
            return _to_all_made(form, made)
        found, ids = programme_preview.community(form.values(), codes, by=current_user.name, **of_form)
        seen = _leading_back(preview_many(found, ids, alike=True))
        if seen.asks:
            return render_template("activities/community.html", form=form, districts=districts, clash_preview=seen)
        with showing_problems(form):
            return _to_all_made(form, community_activities.create(form.values(), codes, by=current_user, **of_form))
    return render_template("activities/community.html", form=form, districts=districts, clash_preview=seen), 422


def _to_all_made(form: CommunityForm, made: list[Activity]) -> Any:
    forget_typed()
    flash(
        ngettext(
            "One draft is made. Set its day on its page.",
            "%(num)d drafts are made, one for each kelurahan. Set their days one by one, or let timetabling find them.",
            len(made),
        ),
        "success",
    )
    if form.programme_id.data:
        return redirect(url_for("programmes.show", programme_id=form.programme_id.data))
    return redirect(url_for(".index", q=form.title.data.strip(), time=Time.ALL.value))


@bp.get("/<int:activity_id>")
@staff_required
def show(activity_id: int) -> Any:
    page = showing.activity(activity_id, now=clock.now())
    found = clash_pages.of_activities([activity_id], now=clock.now()) if may_change() else None
    return render_template(
        "activities/show.html",
        page=page,
        activity=page.activity,
        materials=material_pages.of_activity(page.activity),
        size_in_words=size_in_words,
        feedback=feedback_pages.summary(activity_id),
        photos=documentation_pages.number_of_photos(activity_id),
        reason_words=reason_words,
        other_day_of=other_day_of,
        clashes=shown(found, about=[activity_id]) if found else [],
        intended=shown_marks(intentions.standing(now=clock.now(), activity_id=activity_id)),
        letters=letter_pages.of_activity(activity_id),
        certificates=certificate_pages.of_activity(activity_id),
        kla=kla_pages.of_activity(page.activity),
        **at_the_door(page.activity),
        minutes_state=minutes_pages.state_of(activity_id),
        tasks=follow_up_lists.of_activity(activity_id, now=clock.now()),
    )


@bp.route("/<int:activity_id>/edit", methods=["GET", "POST"])
@coordinator_required
def edit(activity_id: int) -> Any:
    """Change a draft or the text of a published activity. A new time or place of the latter leads to the move page."""
    activity = showing.activity_with_agenda(activity_id)
    if activity.state not in (ActivityState.DRAFT, ActivityState.PUBLISHED):
        return to_its_page(activity)
    form = ActivityForm(typed()) if came_back() else ActivityForm()
    _offer(form, activity)
    if came_back():
        return render_template("activities/edit.html", form=form, activity=activity)
    if request.method == "GET":
        form.fill(activity)
        form.take(request.args)
        came_filled_in(form)
        return render_template("activities/edit.html", form=form, activity=activity)
    if took_a_resolution(form):
        return render_template("activities/edit.html", form=form, activity=activity)
    if not form.validate():
        return render_template("activities/edit.html", form=form, activity=activity), 422
    values, version = form.values(), form.version_number
    seen = _leading_back(_preview_edited(activity, values, form))
    if seen.asks:
        return render_template("activities/edit.html", form=form, activity=activity, clash_preview=seen)
    try:
        try:
            planning.edit_activity(activity_id, values, version, by=current_user, now=clock.now())
        except NeedsMove:
            activity = showing.activity_with_agenda(activity_id)
            planning.edit_activity(
                activity_id,
                replace(values, **vars(moves.as_it_is(activity))),
                version,
                by=current_user,
                now=clock.now(),
            )
            flash(
                _(
                    "The rest is saved. Everyone who was told of it hears of a new time or place, so please give the reason."
                ),
                "info",
            )
            moving = url_for(".move", activity_id=activity_id, **move_query(form, activity))
            return redirect(leading_back(moving, coming_back()))
    except ActivityMissing:
        raise
    except Problem as problem:
        activity = showing.activity_with_agenda(activity_id)
        show_refused(form, problem, activity.version)
        page = render_template(
            "activities/edit.html", form=form, activity=activity, stale=isinstance(problem, Stale), clash_preview=seen
        )
        return page, 422
    forget_typed()
    flash(_changed(activity_id) if coming_back() else _("Saved."), "success")
    return redirect(back_or(url_for(".show", activity_id=activity_id)))


@bp.route("/<int:activity_id>/delete", methods=["GET", "POST"])
@coordinator_required
def delete(activity_id: int) -> Any:
    """GET asks; POST deletes a draft about which nobody was told."""
    page = showing.activity(activity_id, now=clock.now())
    form, problem_said = ConfirmForm(), ""
    if form.validate_on_submit():
        programme_id, title = page.activity.programme_id, page.activity.title
        try:
            deleting.delete_draft(activity_id, by=current_user, now=clock.now())
        except Problem as problem:
            problem_said = say(problem)
            page = showing.activity(activity_id, now=clock.now())
        else:
            flash(_("“%(title)s” is deleted.", title=title), "success")
            if programme_id:
                return redirect(url_for("programmes.show", programme_id=programme_id))
            return redirect(url_for(".index"))
    return render_template(
        "activities/delete.html", form=form, page=page, activity=page.activity, problem=problem_said
    ), 422 if problem_said else 200


def to_its_page(activity: Activity) -> Any:
    """Redirect to the activity's page, with the message that a cancelled, postponed or past activity cannot be changed."""
    if activity.state is ActivityState.CANCELLED:
        flash(_("This activity is cancelled, so nothing of it can be changed any more."), "warning")
    elif activity.state is ActivityState.POSTPONED:
        flash(_("This activity is postponed. Please set its new date first."), "warning")
    else:
        flash(_("This activity is over, so nothing of it can be changed any more."), "warning")
    return redirect(url_for("activities.show", activity_id=activity.id))


def _changed(activity_id: int) -> str:
    """Return a message with the activity's title, time and place, for users who continue on another page."""
    activity = showing.activity_with_agenda(activity_id)
    at, same_day = (
        span(activity.starts_at, activity.ends_at, activity.zone),
        wall_day(activity.starts_at, activity.zone) == wall_day(activity.ends_at, activity.zone),
    )
    when = f"{short_day(activity.starts_at, activity.zone)}, {at}" if same_day else at
    where = activity.venue.name if activity.venue else _("No venue yet")
    return _("“%(title)s” is saved: %(when)s, %(venue)s.", title=activity.title, when=when, venue=where)


def _leading_back(seen: ClashPreview) -> ClashPreview:
    """Let resolutions on other pages lead back to the form as it was sent."""
    return seen.leading_back(address_with_typed(IN_ADDRESSES)) if seen.leads_away else seen


def _preview_new(form: NewActivityForm) -> ClashPreview:
    planned = projected.new(form.values(), programme_id=form.programme_id.data, by=current_user.name, now=clock.now())
    return preview_clashes(clashing.preview_saved(planned, now=clock.now()), [planned.id], form)


def _preview_edited(activity: Activity, values: ActivityValues, form: ActivityForm) -> ClashPreview:
    """Preview the clashes of an edit.

    A published activity keeps its time and place here; the move page previews those.
    """
    if activity.state is ActivityState.PUBLISHED:
        values = replace(values, **vars(moves.as_it_is(activity)))
    planned = projected.edited(activity.id, values, now=clock.now())
    return (
        ClashPreview()
        if planned is None
        else preview_clashes(clashing.preview_saved(planned, now=clock.now()), [activity.id], form)
    )


def _offer(form: ActivityForm, activity: Activity | None = None) -> None:
    """Set the choices. activity: the one that is edited."""
    year = (
        year_of(activity, office_zone()) if activity else (form.on.data or clock.now().astimezone(office_zone())).year
    )
    form.of_year = kla_pages.list_of(year)
    form.venue_id.choices = choices.venues()
    form.region_code.choices = choices.kelurahan(browsing.districts())
    if isinstance(form, NewActivityForm):
        form.programme_id.choices = choices.programmes()
