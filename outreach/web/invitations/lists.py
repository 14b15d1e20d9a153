"""An activity's invitees: the list that refreshes itself, and the list of people to call."""

from hashlib import sha256
from typing import Any

from flask import render_template, request
from flask_babel import gettext as _

from outreach.delivery.words import whatsapp
from outreach.domain.kinds import Role, Sector
from outreach.queries import exports
from outreach.queries.invitations import lists as invitees
from outreach.queries.invitations.lists import InviteeList, InviteeRow
from outreach.web.exports import columns, file
from outreach.web.frame.accounts import may_change, staff_required
from outreach.web.frame.say import page_number
from outreach.web.invitations.blueprint import bp
from outreach.web.invitations.forms import filters_from


@bp.get("/activities/<int:activity_id>/invitees")
@staff_required
def index(activity_id: int) -> Any:
    """Show the list. A page that polls every few seconds gets only the table, and nothing if nothing changed."""
    filters = filters_from(request.args)
    if file.asked():
        title = _("Invitees") + " " + invitees.activity_of(activity_id).title
        return file.send(title, columns.invitees(), exports.invitees(activity_id, filters))
    found = invitees.listed(activity_id, filters, page_number())
    table = render_template("invitations/_table.html", found=found, filters=filters, calls=_calls(found))
    seen = sha256(table.encode()).hexdigest()[:16]
    if request.headers.get("X-Seen") == seen:
        return "", 204
    live = render_template("invitations/_live.html", table=table, seen=seen)
    if request.headers.get("HX-Request"):
        return live
    return render_template(
        "invitations/index.html", found=found, filters=filters, live=live, filter_roles=Role, filter_sectors=Sector
    )


@bp.get("/activities/<int:activity_id>/invitees/to-call")
@staff_required
def calls(activity_id: int) -> Any:
    """Show invitees who can only be reached by phone or WhatsApp, for working through or printing."""
    activity = invitees.activity_of(activity_id)
    if file.asked():
        called = columns.calls(
            lambda row: columns.belongs_to(row.invitation), lambda row: whatsapp.at(row.invitation.invitee.phone).number
        )
        return file.send(_("People to call") + " " + activity.title, called, invitees.to_call(activity_id))
    rows = [(row, whatsapp.call(row.invitation, activity, _link(row))) for row in invitees.to_call(activity_id)]
    return render_template("invitations/calls.html", activity=activity, rows=rows, is_moved=whatsapp.is_moved(activity))


def _calls(found: InviteeList) -> dict[int, whatsapp.Call]:
    return {
        row.invitation.id: whatsapp.call(row.invitation, found.activity, _link(row))
        for row in found.rows
        if row.failure or not row.invitation.invitee.email
    }


def _link(row: InviteeRow) -> str:
    """Return the answer link for users who may pass it on; "" for users who only read."""
    return row.link if may_change() else ""
