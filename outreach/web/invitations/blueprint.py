"""The blueprint that the invitees' views share, the message after inviting, and the error page for missing invitations."""

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from outreach.queries.invitations.evidence import EvidenceMissing
from outreach.services.inbox.waiting import IncomingMissing
from outreach.services.invitations.add import Invited
from outreach.services.locking import ActivityMissing, InvitationMissing
from outreach.web.fields.problems import missing_page

bp = Blueprint("invitations", __name__)
missing_page(bp, ActivityMissing, InvitationMissing, IncomingMissing, EvidenceMissing)


def back_to_list(activity_id: int, **query: Any) -> Any:
    return redirect(url_for("invitations.index", activity_id=activity_id, **query))


def tell(invited: Invited) -> None:
    """Flash the result of inviting: how many are new, were invited already, and have no e-mail."""
    if not invited.new:
        flash(_("Nobody new: all of them were invited already."), "info")
        return
    sentences = [
        ngettext("%(num)d new invitation is in the list.", "%(num)d new invitations are in the list.", invited.new)
    ]
    if invited.already:
        sentences.append(ngettext("%(num)d was there already.", "%(num)d were there already.", invited.already))
    flash(" ".join(sentences), "success")
    if invited.without_address:
        flash(
            ngettext(
                "%(num)d of these invitations is for somebody without e-mail: they stand in the list of people to call.",
                "%(num)d of these invitations are for people without e-mail: they stand in the list of people to call.",
                invited.without_address,
            ),
            "warning",
        )
