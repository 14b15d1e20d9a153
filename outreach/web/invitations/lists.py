"""An activity's invitees: the list that refreshes itself, and the list of people to call."""

import io
from hashlib import sha256
from typing import Any

from defusedcsv import csv
from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user

from outreach import clock
from outreach.delivery.words import whatsapp
from outreach.delivery.words.labels import label, staff_label
from outreach.domain.kinds import Role, Sector
from outreach.domain.problems import Problem
from outreach.queries.invitations import lists as invitees
from outreach.queries.invitations.lists import InviteeList, InviteeRow
from outreach.services.locking import ActivityMissing
from outreach.services.reminders import remind_now as by_hand
from outreach.web.fields.base import ConfirmForm
from outreach.web.frame.accounts import coordinator_required, may_change, staff_required
from outreach.web.frame.say import page_number, say
from outreach.web.invitations.blueprint import bp
from outreach.web.invitations.forms import filters_from


@bp.get("/activities/<int:activity_id>/invitees")
@staff_required
def index(activity_id: int) -> Any:
    """Show the list. A page that polls every few seconds gets only the table, and nothing if nothing changed."""
    filters = filters_from(request.args)
    found = invitees.listed(activity_id, filters, page_number())
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


@bp.get("/activities/<int:activity_id>/invitees/to-call")
@staff_required
def calls(activity_id: int) -> Any:
    """Show invitees who can only be reached by phone or WhatsApp, for working through or printing."""
    activity = invitees.activity_of(activity_id)
    rows = [(row, whatsapp.call(row.invitation, activity, _link(row))) for row in invitees.to_call(activity_id)]
    return render_template("invitations/calls.html", activity=activity, rows=rows, is_moved=whatsapp.is_moved(activity))


@bp.get("/activities/<int:activity_id>/invitees/to-call.csv")
@staff_required
def calls_file(activity_id: int) -> Response:
    """Return the same list as a spreadsheet file."""
    activity = invitees.activity_of(activity_id)
    out = io.StringIO()
    sheet = csv.writer(out, delimiter=";")
    sheet.writerow(
        [_("Name"), _("Role"), _("Organisation or kelurahan"), _("Phone"), _("State"), _("Answer"), _("Note")]
    )
    for row in invitees.to_call(activity_id):
        invitation = row.invitation
        sheet.writerow(
            [
                invitation.invitee.display_name, label(invitation.role), _belongs_to(row),
                whatsapp.call(invitation, activity, "").number, staff_label(invitation.state), "", "",
            ]
        )  # fmt: skip
    return Response(
        "\ufeff" + out.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename=to-call-{activity_id}.csv"},
    )


def _calls(found: InviteeList) -> dict[int, whatsapp.Call]:
    return {
        row.invitation.id: whatsapp.call(row.invitation, found.activity, _link(row))
        for row in found.rows
        if row.failure or not row.invitation.invitee.email
    }


def _link(row: InviteeRow) -> str:
    """Return the answer link for users who may pass it on; "" for users who only read."""
    return row.link if may_change() else ""


def _belongs_to(row: InviteeRow) -> str:
    person = row.invitation.person
    if person is None:
        return ""
    places = [person.organisation.name if person.organisation else "", person.region.name if person.region else ""]
    return ", ".join(place for place in places if place)
