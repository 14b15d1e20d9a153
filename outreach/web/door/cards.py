"""The codes for the entrance on paper: of all who may come to an activity, or of one invitation."""

from typing import Any

from flask import Blueprint, flash, make_response, redirect, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from werkzeug.utils import secure_filename

from outreach import clock
from outreach.delivery.documents import door_cards
from outreach.delivery.words import formats
from outreach.domain.kinds import ListName
from outreach.queries.answers import page as answer_page
from outreach.queries.door import codes
from outreach.queries.door.codes import DoorCard
from outreach.queries.invitations import lists as invitees
from outreach.services.locking import ActivityMissing
from outreach.web.exports import columns, file
from outreach.web.fields.problems import missing_page
from outreach.web.frame.access import coordinator_required, error_page
from outreach.web.frame.request import is_from_own_page

MOST_CARDS = 400  # in one file; it takes some seconds
bp = Blueprint("doorcards", __name__)
missing_page(bp, ActivityMissing)


@bp.get("/activities/<int:activity_id>/door/cards.pdf")
@coordinator_required
def cards(activity_id: int) -> Any:
    """Return the codes of all who may come as cards to be printed and cut; ?invitation= only this one, large on a page."""
    activity = invitees.activity_of(activity_id)
    if not is_from_own_page():  # a file is recorded in the audit log
        return redirect(url_for("attendance.sheet", activity_id=activity_id))
    wanted = request.args.get("invitation", type=int)
    found = codes.cards(activity_id, wanted)
    if not found:
        if wanted is not None:
            return error_page(404)
        flash(_("Nobody is invited yet who could get a card."), "warning")
        return redirect(url_for("attendance.sheet", activity_id=activity_id))
    if len(found) > MOST_CARDS:
        said = _("Cards can be made for at most %(most)d people at once. Codes are in the mails, too.", most=MOST_CARDS)
        flash(said, "warning")
        return redirect(url_for("attendance.sheet", activity_id=activity_id))
    with force_locale("id"):  # for the invitees, whoever prints it
        words = door_cards.CardWords(
            answer_page.office_contact().office, activity.neutral_title, formats.day(activity.starts_at, activity.zone),
            formats.span(activity.starts_at, activity.ends_at, activity.zone), activity.venue.name if activity.venue else "",
            _("Please show this code at the entrance. Your name is enough, too."),
        )  # fmt: skip
        data = door_cards.pdf(words, [_card(one) for one in found], single=wanted is not None, at=clock.now())
    file.record(ListName.DOOR_CODES, len(found), "pdf", of=activity.title)
    response = make_response(data)
    name = secure_filename(f"kartu {activity.neutral_title}.pdf".lower()) or "kartu.pdf"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.content_type = "application/pdf"
    return response


def _card(one: DoorCard) -> door_cards.CardTexts:
    acting = one.invitation.acting
    detail = acting.post if acting is not None else columns.belongs_to(one.invitation, short=True)
    return door_cards.CardTexts(codes.who_comes(one.invitation), detail, one.address)
