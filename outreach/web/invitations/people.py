"""Invite people one by one: search and tick, add new people, check what will be sent, invite."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.domain.kinds import Role
from outreach.domain.posts import NobodyHolds
from outreach.domain.problems import Problem
from outreach.queries import posts as post_choices
from outreach.queries.directory import lists as directory
from outreach.queries.invitations import choices
from outreach.queries.invitations import lists as invitees
from outreach.queries.invitations import preview as invitation_preview
from outreach.services.directory import people
from outreach.services.directory.people import PersonValues
from outreach.services.invitations import invite
from outreach.services.invitations import invite as inviting
from outreach.web.fields.fields import row_ids, whole
from outreach.web.fields.problems import show_problem
from outreach.web.frame.access import coordinator_required
from outreach.web.invitations.blueprint import back_to_list, bp, tell
from outreach.web.invitations.forms import InvitePeopleForm, NewPersonForm, member
from outreach.web.invitations.groups import checking, is_chosen, kept_of, left_out, refused


@bp.route("/activities/<int:activity_id>/invite/people", methods=["GET", "POST"])
@coordinator_required
def invite_people(activity_id: int) -> Any:
    """Choose people. Searching and checking change nothing; the ticked people are kept."""
    activity = invitees.activity_of(activity_id)
    activities = choices.open_activities(activity)
    form = InvitePeopleForm(**kept_of())
    form.offer(activities, [activity_id, *request.args.getlist("activity", type=int)])
    if not is_chosen():
        form.role.data = (member(Role, request.args.get("role")) or Role.PARTICIPANT).value
        form.person_ids.data = row_ids(request.args.getlist("person"))
        form.post_ids.data = row_ids(request.args.getlist("post"))
    without = left_out()
    form.person_ids.data = [id for id in form.person_ids.data or [] if id not in without]
    invited_to = [one for one in activities if one.id in (form.activity_ids.data or [])]
    form.post_ids.data = post_choices.not_held_by(form.post_ids.data or [], without, invited_to)

    def choose(problem: str = "", status: int = 200, new: NewPersonForm | None = None) -> Any:
        ticked = form.person_ids.data or []
        chosen_posts, found_posts = post_choices.choices(form.q.data or "", form.post_ids.data or [], now=clock.now())
        page = render_template(
            "invitations/people.html", activity=activity, activities=activities, form=form, problem=problem,
            chosen=people.people(ticked), found=choices.find_people(form.q.data or "", ticked),
            new=new or new_person_form(formdata=None), adding=new is not None, groups=directory.group_choices(),
            chosen_posts=chosen_posts, found_posts=found_posts,
        )  # fmt: skip
        return page, status

    if group := whole(request.form.get("people_group")):
        form.person_ids.data = directory.with_group(form.person_ids.data or [], group)
        return choose()
    if not is_chosen() or request.form.get("do") in {"search", "back"}:
        return choose()
    if request.form.get("do") == "save_group" and form.person_ids.data:
        return redirect(url_for("people_groups.new", person=form.person_ids.data))
    if request.form.get("do") == "add" or "new-email-use" in request.form:
        return _add(activity_id, form, choose)
    if not form.validate():
        return choose(status=422)
    wanted, chosen, role = form.activity_ids.data or [], form.person_ids.data or [], Role(form.role.data)
    held = form.post_ids.data or []
    if request.form.get("do") == "invite":
        try:
            tell(inviting.invite_people(wanted, chosen, role, post_ids=held, by=current_user, now=clock.now()))
        except Problem as problem:
            return refused(form, problem, choose)
        return back_to_list(activity_id)
    try:
        found = invitation_preview.of_posts(wanted, chosen, held, role)
    except NobodyHolds as problem:
        return refused(form, problem, choose)
    if not found.people:
        return choose(_("Tick at least one person, or add a new one."), 422)
    return checking(activity_id, found, role)


def _add(activity_id: int, form: InvitePeopleForm, choose: Any) -> Any:
    """Add a person and tick them. Earlier choices are kept."""
    new = new_person_form()
    if not new.validate():
        return choose(status=422, new=new)
    try:
        person = invite.add_to_invite(
            form.activity_ids.data or [], person_values(new), by=current_user, now=clock.now()
        )
    except Problem as problem:
        return choose(show_problem(new, problem), 422, new)
    flash(_("%(name)s is added and chosen.", name=person.display_name), "success")
    return redirect(
        url_for(
            ".invite_people", activity_id=activity_id, role=form.role.data, activity=form.activity_ids.data,
            person=[*(form.person_ids.data or []), person.id], post=form.post_ids.data,
        )
    )  # fmt: skip


def new_person_form(**options: Any) -> NewPersonForm:
    form = NewPersonForm(prefix="new-", **options)
    form.organisation_id.choices = [
        ("", _("none")), *((o.id, o.name) for _sector, group in choices.organisations_by_sector() for o in group)
    ]  # fmt: skip
    return form


def person_values(form: NewPersonForm) -> PersonValues:
    return PersonValues(
        name=form.name.data or "",
        title_before=form.title_before.data or "",
        title_after=form.title_after.data or "",
        post=form.post.data or "",
        organisation_id=form.organisation_id.data,
        email=form.email.data or "",
        phone=form.phone.data or "",
        namesake=form.namesake.data,
    )
