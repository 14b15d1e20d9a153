"""An activity's invitees: the list that refreshes itself. web/calls lists who to call."""

from hashlib import sha256
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import ngettext
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import whatsapp
from outreach.domain.kinds import ListName, Role, Sector
from outreach.domain.problems import Problem
from outreach.queries import exports
from outreach.queries.invitations import lists as invitees
from outreach.queries.invitations.lists import InviteeList
from outreach.services.locking import ActivityMissing
from outreach.services.reminders import remind_now as by_hand
from outreach.web.exports import columns, file
from outreach.web.fields.base import ConfirmForm
from outreach.web.frame.access import coordinator_required, staff_required
from outreach.web.frame.say import page_number, say
from outreach.web.invitations.blueprint import bp
from outreach.web.invitations.forms import filters_from


@bp.get("/activities/<int:activity_id>/invitees")
@staff_required
def index(activity_id: int) -> Any:
    """Show the list. A page that polls every few seconds gets only the table, and nothing if nothing changed."""
    filters = filters_from(request.args)
    if file.asked():
        title = invitees.activity_of(activity_id).title
        return file.send(ListName.INVITEES, columns.invitees(), exports.invitees(activity_id, filters), of=title)
    found = invitees.listed(activity_id, filters, page_number(), now=clock.now())
    table = render_template("invitations/_table.html", found=found, filters=filters, calls=_calls(found))
    seen = sha256(table.encode()).hexdigest()[:16]
    if request.headers.get("X-Seen") == seen:
        return "", 204
    live = render_template("invitations/_live.html", table=table, seen=seen)
    if request.headers.get("HX-Request"):
        return live
    return render_template(
        "invitations/index.html",
        found=found,
        filters=filters,
        live=live,
        filter_roles=Role,
        filter_sectors=Sector,
        query=asked_filters(),
    )


@bp.route("/activities/<int:activity_id>/invitees/remind", methods=["GET", "POST"])
@coordinator_required
def remind(activity_id: int) -> Any:
    """GET shows who of the filtered list gets a reminder when, and who does not; POST reminds those ticked."""
    now, filters = clock.now(), filters_from(request.args)
    form, problem_said = ConfirmForm(), ""
    if form.validate_on_submit():
        try:
            done = by_hand.remind(activity_id, request.form.getlist("invitation", type=int), by=current_user, now=now)
        except ActivityMissing:
            raise
        except Problem as problem:
            problem_said = say(problem)
        else:
            flash(_reminded(done), "success")
            return redirect(url_for(".index", activity_id=activity_id, **asked_filters()))
    found = invitees.to_remind(activity_id, filters, now=now, most=by_hand.MOST)
    return render_template(
        "invitations/remind.html", form=form, found=found, now=now, problem=problem_said, query=asked_filters()
    ), 422 if problem_said else 200


def asked_filters() -> dict[str, Any]:
    """Return the list's filters as they stand in the address."""
    names = ("q", "role", "state", "region", "sector", "no_address")
    return {name: request.args[name] for name in names if name in request.args}


def _reminded(done: by_hand.Reminded) -> str:
    now = ngettext("One reminder goes out now.", "%(num)d reminders go out now.", done.now)
    later = ngettext("One reminder goes out later, as shown.", "%(num)d reminders go out later, as shown.", done.later)
    return " ".join([now] * bool(done.now) + [later] * bool(done.later))


def _calls(found: InviteeList) -> dict[int, whatsapp.WaysToReach]:
    return {
        row.invitation.id: whatsapp.at(row.invitation.invitee.phone)
        for row in found.rows
        if row.failure or not row.invitation.invitee.email
    }
