"""A person's own calendar address, on a page of their answer link. The rules of the answer pages apply."""

from collections.abc import Callable
from typing import Any

from flask import Response, redirect, request, url_for
from flask_babel import gettext as _

from outreach import clock
from outreach.queries import feeds as feed_pages
from outreach.queries.answers import page as answer_page
from outreach.services import feeds
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import foreign_sentence, speak_to
from outreach.web.answer_pages.forms import LinkForm
from outreach.web.answer_pages.views import draw_for
from outreach.web.frame.request import asked_language, is_foreign


@bp.get("/<token>/calendar")
def calendar_page(token: str) -> Response:
    return _drawn(token)


@bp.post("/<token>/calendar")
def calendar_make(token: str) -> Any:
    """Create the address, or replace the present one."""
    return _changed(token, feeds.make_own, "made")


@bp.post("/<token>/calendar/stop")
def calendar_stop(token: str) -> Any:
    return _changed(token, feeds.stop_own, "stopped")


def _changed(token: str, change: Callable[..., Any], done: str) -> Any:
    form = LinkForm(meta={"csrf_context": token})
    if is_foreign() or not form.validate():
        return _drawn(token, 400, notice=foreign_sentence() if is_foreign() else form.first_error)
    change(token, now=clock.now())
    target = url_for("answers.calendar_page", token=token, done=done, lang=asked_language())
    return redirect(target, 303)


def _drawn(token: str, status: int = 200, *, notice: str = "") -> Response:
    feeds.refuse_assistants(token)
    now = clock.now()
    found = answer_page.read_invitee(token, now=now)
    speak_to(found.invitee)
    address = feed_pages.own_address_of(None if found.invitee.organisation else found.invitee.id)
    sentences = {
        "made": _("The address is made. Put it into your calendar program now.") if address else "",
        "stopped": "" if address else _("The address no longer works."),
    }
    return draw_for(
        token,
        found,
        "calendar.html",
        status,
        address=address,
        subscribing=f"webcal:{address.partition(':')[2]}" if address else "",
        title=_("In your own calendar"),
        notice=notice,
        thanks="" if notice else sentences.get(request.args.get("done", ""), ""),
    )
