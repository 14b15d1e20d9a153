"""Stop reminders through the address in a mail's List-Unsubscribe: by one click in the mail program or a button here.

Opening /j/<token>/stop changes nothing. Mail programs post to it for their user (RFC 8058). The link of an old mail stops
reminders, too, after it was replaced, switched off or has expired. Then the page shows nothing of the invitee.
"""

from typing import Any

from flask import Response, redirect, request, url_for

from outreach import clock
from outreach.queries.answers import page as answer_page
from outreach.services.answers import answer as answering
from outreach.services.invitations.links import LinkExpired, LinkReplaced, LinkRevoked
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import foreign_sentence, speak_to, staff_here, to_thanks
from outreach.web.answer_pages.forms import RemindersForm
from outreach.web.answer_pages.views import draw_for
from outreach.web.frame.request import asked_language, is_foreign

ONE_CLICK = ("List-Unsubscribe", "One-Click")  # what a mail program posts for its user (RFC 8058, 3.2)


@bp.get("/<token>/stop")
def stop_page(token: str) -> Response:
    return _asked_to_stop(token)


@bp.post("/<token>/stop")
def stop_at_once(token: str) -> Any:
    """Stop reminders: by a mail program's one click, which has only the link, or by the page's own button.

    A mail program gets a page as its answer, never a redirect (RFC 8058, 3.1).
    """
    if request.form.get(ONE_CLICK[0]) == ONE_CLICK[1]:
        answering.stop_reminders(token, now=clock.now(), staff=staff_here())
        return _asked_to_stop(token)
    form = RemindersForm(meta={"csrf_context": token})
    if is_foreign() or not form.validate():
        return _asked_to_stop(token, 400, form.first_error or foreign_sentence())
    if form.wish.data == "resume":
        answering.resume_reminders(token, now=clock.now(), staff=staff_here())
        return to_thanks(token, "resume")
    answering.stop_reminders(token, now=clock.now(), staff=staff_here())
    return redirect(url_for(".stop_page", token=token, lang=asked_language()), 303)


def _asked_to_stop(token: str, status: int = 200, notice: str = "") -> Response:
    try:
        found = answer_page.read_invitee(token, now=clock.now())
    except (LinkReplaced, LinkRevoked, LinkExpired):
        found = answer_page.read_stopping(token)
    speak_to(found.invitee)
    return draw_for(token, found, "stop.html", status, notice=notice)
