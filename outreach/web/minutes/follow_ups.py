"""Follow-ups for staff: the list of the office, one task, and settling it at a press."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.mail.kinds.follow_ups import owner_url
from outreach.delivery.words import formats
from outreach.domain.kinds import ListName
from outreach.domain.states import FollowUpState
from outreach.queries.minutes import follow_ups as follow_up_lists
from outreach.queries.minutes import page as minutes_pages
from outreach.queries.minutes.follow_ups import FollowUpFilters, FollowUpGroup
from outreach.services.minutes import follow_ups
from outreach.services.minutes.follow_ups import FollowUpMissing
from outreach.web.exports import columns, file
from outreach.web.fields.fields import whole
from outreach.web.fields.problems import flashing_problems, missing_page, renew_version, showing_problems
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.say import page_number, search_words
from outreach.web.invitations.forms import member
from outreach.web.minutes.forms import FollowUpForm
from outreach.web.minutes.views import whatsapp_page

bp = Blueprint("followups", __name__, url_prefix="/follow-ups")
missing_page(bp, FollowUpMissing)


@bp.get("")
@staff_required
def index() -> Any:
    filters, now = _filters(), clock.now()
    if file.asked():
        return file.send(ListName.FOLLOW_UPS, columns.follow_ups(), follow_up_lists.all_rows(filters, now=now))
    return render_template(
        "minutes/follow_ups.html",
        page=follow_up_lists.listed(filters, page_number(), now=now),
        filters=filters,
        programmes=follow_up_lists.programmes(),
    )


@bp.route("/<int:follow_up_id>", methods=["GET", "POST"])
@staff_required
def show(follow_up_id: int) -> Any:
    """Show a task; POST changes it."""
    found, form = follow_up_lists.one(follow_up_id), FollowUpForm()
    if request.method == "GET":
        form.fill(found)
    elif form.validate():
        with showing_problems(form, but=FollowUpMissing) as refusal:
            follow_ups.change(follow_up_id, form.values, form.version_number, by=current_user, now=clock.now())
            flash(_("The task is changed."), "success")
            return redirect(url_for(".show", follow_up_id=follow_up_id))
        found = follow_up_lists.one(follow_up_id)
        renew_version(form, refusal.problem, found.version)
    form.offer(*minutes_pages.owners(found.minutes.activity_id, found))
    today = follow_up_lists.today_at(clock.now())
    page = render_template(
        "minutes/follow_up.html", task=found, form=form, activity=found.minutes.activity, today=today
    )
    return page if request.method == "GET" else (page, 422)


@bp.post("/<int:follow_up_id>/settle")
@coordinator_required
def settle(follow_up_id: int) -> Any:
    """Mark a task as done, dropped, or open again."""
    state = member(FollowUpState, request.form.get("state", ""))
    with flashing_problems(but=FollowUpMissing):
        if state is not None:
            version = whole(request.form.get("version"))
            follow_ups.settle(follow_up_id, state, version, by=current_user, now=clock.now())
            flash(_("Saved."), "success")
    activity_id = whole(request.form.get("activity"))
    if activity_id:
        return redirect(url_for("minutes.show", activity_id=activity_id, _anchor="tasks"))
    return redirect(url_for(".show", follow_up_id=follow_up_id))


@bp.post("/<int:follow_up_id>/whatsapp")
@coordinator_required
def whatsapp(follow_up_id: int) -> Any:
    """Note that WhatsApp is opened to remind the owner, and lead there."""
    found = follow_up_lists.one(follow_up_id)
    owner, back = found.owner, url_for(".show", follow_up_id=follow_up_id)
    if not owner.phone or found.state is not FollowUpState.OPEN:
        return redirect(back)
    text = _("A task from our meeting: %(what)s, until %(day)s. When it is done, please press “Done” here: %(link)s",
             what=found.what, day=formats.day(found.due_on), link=owner_url(found))  # fmt: skip
    follow_ups.handed_over(follow_up_id, by=current_user, now=clock.now())
    return whatsapp_page(owner.display_name, owner.phone, text, back)


def _filters() -> FollowUpFilters:
    ids = {name: whole(request.args.get(name)) or None for name in ("activity", "programme", "person", "organisation")}
    return FollowUpFilters(
        member(FollowUpGroup, request.args.get("show", "")), search_words(), ids["activity"], ids["programme"],
        ids["person"], ids["organisation"],
    )  # fmt: skip
