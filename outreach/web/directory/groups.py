"""Groups of people: list, new one, changing and deleting."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from wtforms import HiddenField

from outreach import clock
from outreach.domain.kinds import ListName
from outreach.models import PeopleGroup
from outreach.queries import exports
from outreach.queries.directory import lists as directory
from outreach.queries.invitations import choices
from outreach.services.directory import groups, people
from outreach.services.directory.groups import GroupMissing, GroupValues
from outreach.web.exports import columns, file
from outreach.web.fields.base import ConfirmForm, TidyForm
from outreach.web.fields.fields import Ids, row_ids, whole
from outreach.web.fields.problems import missing_page, renew_version, showing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.say import page_number, search_words
from outreach.web.invitations.forms import text

bp = Blueprint("people_groups", __name__, url_prefix="/people/groups")
missing_page(bp, GroupMissing)


class GroupForm(TidyForm):
    name = text(_l("Name of the group"), 120, description=_l("For example: Tim inti, or Narasumber UPTD PPA."))
    q = text(_l("Search"), 100)
    person_ids = Ids()
    version = HiddenField()

    @property
    def values(self) -> GroupValues:
        return GroupValues(self.name.data or "", self.person_ids.data or [])


@bp.get("")
@staff_required
def index() -> Any:
    q = search_words()
    if file.asked():
        return file.send(ListName.GROUPS, columns.groups(), exports.groups(q))
    return render_template("directory/groups/index.html", page=directory.groups(q, page_number()))


@bp.route("/new", methods=["GET", "POST"])
@coordinator_required
def new() -> Any:
    """Name a group and choose its people. Searching changes nothing; the ticked ones are kept."""
    form = GroupForm()
    if request.method == "GET":
        form.person_ids.data = row_ids(request.args.getlist("person"))
    if request.method == "GET" or request.form.get("do") == "search":
        return _page(form)
    if form.validate():
        with showing_problems(form):
            group = groups.add(form.values, by=current_user, now=clock.now())
            flash(_("The group “%(name)s” is saved. Choose it wherever you invite people.", name=group.name), "success")
            return redirect(url_for(".index"))
    return _page(form), 422


@bp.route("/<int:group_id>/edit", methods=["GET", "POST"])
@coordinator_required
def edit(group_id: int) -> Any:
    group, form = directory.group(group_id), GroupForm()
    if request.method == "GET":
        form.name.data, form.version.data = group.name, str(group.version)
        form.person_ids.data = [person.id for person in group.members]
    if request.method == "GET" or request.form.get("do") == "search":
        return _page(form, group)
    if form.validate():
        with showing_problems(form, but=GroupMissing) as refusal:
            groups.edit(group_id, form.values, whole(form.version.data), by=current_user, now=clock.now())
            flash(_("Saved."), "success")
            return redirect(url_for(".index"))
        group = directory.group(group_id)
        renew_version(form, refusal.problem, group.version)
    return _page(form, group), 422


@bp.route("/<int:group_id>/delete", methods=["GET", "POST"])
@coordinator_required
def delete(group_id: int) -> Any:
    """GET asks; POST deletes the group, not its people."""
    group, form = directory.group(group_id), ConfirmForm()
    if form.validate_on_submit():
        name = groups.delete(group_id, by=current_user, now=clock.now())
        flash(_("“%(name)s” is deleted. Its people stay in the list.", name=name), "success")
        return redirect(url_for(".index"))
    return render_template("directory/groups/delete.html", form=form, group=group)


def _page(form: GroupForm, group: PeopleGroup | None = None) -> str:
    ticked = form.person_ids.data or []
    return render_template(
        "directory/groups/form.html", form=form, group=group, chosen=people.people(ticked),
        found=choices.find_people(form.q.data or "", ticked),
    )  # fmt: skip
