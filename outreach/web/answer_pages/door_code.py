"""The code for the entrance on a page of its own, large enough to be read from a phone. The rules of the answer pages apply."""

from typing import Any, NamedTuple

from flask import redirect, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from outreach import clock
from outreach.delivery import door_codes
from outreach.domain.states import ActivityState, InvitationState
from outreach.queries import representation
from outreach.queries.answers import page as answer_page
from outreach.queries.answers.page import Contact, Facts
from outreach.queries.door import codes
from outreach.web.answer_pages import acting
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import draw, query, speak, speak_to
from outreach.web.frame.request import asked_language


class Holder(NamedTuple):
    """Who shows the code, and for what."""

    name: str
    activity: Facts
    invitation_id: int
    contact: Contact


@bp.get("/<token>/code/<int:activity_id>")
def door_code(token: str, activity_id: int) -> Any:
    """Show the code of who comes. Who does not come, or comes no more, gets their page instead."""
    holder = _holder(token, activity_id)
    code = codes.own_code(holder.invitation_id) if holder is not None else ""
    if holder is None or not code:
        return redirect(url_for("answers.page", token=token, lang=asked_language()))
    return draw(
        "door_code.html", holder=holder, contact=holder.contact, here=f"/j/{token}", query=query(),
        title=_("Code for the entrance"), drawing=Markup(door_codes.drawing(code)),  # noqa: S704  segno's own drawing
    )  # fmt: skip


def _holder(token: str, activity_id: int) -> Holder | None:
    now = clock.now()
    if acting.opens(token):
        own = representation.read(token, now=now)
        speak(own.locale)
        shown = next((card.shown for card in own.cards if card.acts and card.shown.activity.id == activity_id), None)
        name, contact, wanted = own.me.name, own.contact, InvitationState.REPRESENTED
    else:
        found = answer_page.read(token, now=now)
        speak_to(found.invitee)
        shown = next((one for one in found.activities if one.activity.id == activity_id), None)
        name, contact, wanted = found.invitee.name, found.contact, InvitationState.COMING
        if found.invitee.organisation:
            shown = None
    if shown is None or shown.state is not wanted or shown.activity.state is not ActivityState.PUBLISHED:
        return None
    return Holder(name, shown.activity, shown.invitation_id, contact)
