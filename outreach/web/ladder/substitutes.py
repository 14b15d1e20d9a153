"""Look for a substitute for somebody on stage, see what a swap does, and swap."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.domain.kinds import ON_STAGE, Role
from outreach.domain.ladder.substitutes import SubstituteReason
from outreach.domain.problems import Problem
from outreach.domain.states import InvitationState
from outreach.queries.invitations import lists as invitees
from outreach.queries.invitations.lists import InviteeRow
from outreach.queries.ladder import substitutes
from outreach.queries.ladder.substitutes import Substitute
from outreach.services.ladder import substitutes as swapping
from outreach.web.clashes.shown import shown
from outreach.web.fields.base import TidyForm
from outreach.web.fields.problems import missing_page, show_problem
from outreach.web.frame.access import coordinator_required
from outreach.web.ladder.views import bp

missing_page(bp, swapping.SubstituteGone)


class SwapForm(TidyForm):
    """Only the token against forged requests."""


@bp.get("/substitutes/<int:invitation_id>")
@coordinator_required
def proposals(invitation_id: int) -> Any:
    """Propose who could come instead, the best first. Nothing is sent."""
    row = invitees.one(invitation_id)
    if not _may_be_swapped(row):
        return redirect(url_for("invitations.show", invitation_id=invitation_id))
    found = substitutes.of(row.invitation, now=clock.now())
    return render_template(
        "ladder/substitutes.html", row=row, proposals=[(one, _reasons(one, row), _clashes(one, row)) for one in found]
    )


@bp.route("/substitutes/<int:invitation_id>/<int:person_id>", methods=["GET", "POST"])
@coordinator_required
def swap(invitation_id: int, person_id: int) -> Any:
    """Show what a swap does and which mails go out, then swap."""
    row, form = invitees.one(invitation_id), SwapForm()
    if form.validate_on_submit():
        try:
            swapped = swapping.swap(invitation_id, person_id, by=current_user, now=clock.now())
        except Problem as problem:
            show_problem(form, problem)
            row = invitees.one(invitation_id)
        else:
            name = swapped.invitation.invitee.display_name
            flash(
                _("%(name)s is asked in place of %(other)s.", name=name, other=row.invitation.invitee.display_name),
                "success",
            )
            if swapped.letter is not None:
                flash(_("The draft of their letter is made. Please number it and have it signed."), "info")
            if swapped.cancellation is not None:
                flash(_("The letter that cancels the former one is drafted, too."), "info")
            return redirect(url_for("invitations.show", invitation_id=swapped.invitation.id))
    elif not _may_be_swapped(row):
        return redirect(url_for("invitations.show", invitation_id=invitation_id))
    one = substitutes.swap_preview(row.invitation, person_id, now=clock.now())
    rows = shown(one.found, about=[row.invitation.activity_id], with_resolutions=False)
    page = render_template("ladder/swap.html", row=row, form=form, one=one, clashes=rows)
    return page, 422 if form.is_submitted() else 200


def _may_be_swapped(row: InviteeRow) -> bool:
    i = row.invitation
    return i.role in ON_STAGE and i.person_id is not None and i.state is not InvitationState.WITHDRAWN


def _reasons(one: Substitute, row: InviteeRow) -> list[str]:
    office = one.person.organisation
    said = []
    for reason in one.reasons:
        if reason is SubstituteReason.SAME_POST:
            place = office.name if office else one.person.region.name if one.person.region else ""
            said.append(_("the same post at %(place)s", place=place) if place else _("the same post elsewhere"))
        elif reason is SubstituteReason.SPOKE_BEFORE and one.spoke_at is not None:
            activity = row.invitation.activity
            values = {"topic": one.spoke_on, "year": f"{one.spoke_at.astimezone(activity.zone):%Y}"}
            if row.invitation.role is Role.MODERATOR:
                said.append(_("moderated “%(topic)s” in %(year)s", **values))
            else:
                said.append(_("spoke on “%(topic)s” in %(year)s", **values))
        elif office is not None:
            said.append(_("the same sector: %(office)s", office=office.name))
    return said


def _clashes(one: Substitute, row: InviteeRow) -> list[tuple[bool, str]]:
    rows = shown(one.found, about=[row.invitation.activity_id], with_resolutions=False)
    return [(clash.blocks, clash.sentence) for clash in rows]
