"""Choosing one of a date poll's slots: what it would make, and the press that makes it."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.domain.problems import Problem
from outreach.domain.states import PollState
from outreach.services import polldeciding, pollpages
from outreach.services.polldeciding import AlreadyDecided
from outreach.services.polls import PollMissing
from outreach.web.forms.activity_forms import ConfirmForm
from outreach.web.polls import bp, slot_findings
from outreach.web.shell import coordinator_required, say


@bp.route("/<int:poll_id>/choose/<int:slot_id>", methods=["GET", "POST"])
@coordinator_required
def choose(poll_id: int, slot_id: int) -> Any:
    """GET says what becomes of the slot and who is told; POST makes the activity and invites, once."""
    form, sentence = ConfirmForm(), ""
    chosen = request.form.getlist("invitee", type=int) if form.is_submitted() else None
    if form.validate_on_submit():
        publish = request.form.get("do") == "publish"
        try:
            made = polldeciding.decide(
                poll_id, slot_id, invitee_ids=chosen, publish=publish, by=current_user, now=clock.now()
            )
        except PollMissing:
            raise
        except AlreadyDecided as problem:
            flash(say(problem), "warning")
            return redirect(url_for(".show", poll_id=poll_id))
        except Problem as problem:
            sentence = say(problem)
        else:
            if publish:
                flash(_("The date is chosen and the activity published. The invitations are on their way."), "success")
            else:
                flash(
                    _("The date is chosen. The activity is a draft with its invitees; nobody is told yet."), "success"
                )
            return redirect(url_for("activities.show", activity_id=made.id))
    table = pollpages.table(poll_id, now=clock.now())
    row = next((row for row in table.rows if row.slot.id == slot_id), None)
    if row is None or table.poll.state not in (PollState.OPEN, PollState.CLOSED):
        return redirect(url_for(".show", poll_id=poll_id))
    page = render_template(
        "polls/choose.html",
        poll=table.poll,
        table=table,
        row=row,
        form=form,
        problem=sentence,
        chosen=chosen,
        findings=slot_findings([row])[slot_id],
    )
    return page, 422 if sentence else 200
