"""The page of an acting person: they come, do not come, or pass it on once more. It has the same address as an invitee's.

The token tells the pages apart: each purpose derives its tokens separately (delivery/tokens.py). No login; opening the
page changes nothing.
"""

from typing import Any

from flask import Response, redirect, request, url_for
from flask_babel import gettext as _

from outreach import clock
from outreach.delivery import tokens
from outreach.delivery.mail.ical_event import publish_ics
from outreach.domain.answers import Choice
from outreach.domain.kinds import LinkPurpose
from outreach.domain.problems import Problem
from outreach.queries import certificates as certificate_pages
from outreach.queries import representation
from outreach.queries.answers import page as answer_page
from outreach.queries.representation import ActingPage
from outreach.services.answers import acting as answering
from outreach.services.answers.answer import NothingToAnswer
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.cards import PersonRow, Pick, typed_who
from outreach.web.answer_pages.draw import draw, foreign_sentence, query, speak, staff_here, to_thanks
from outreach.web.answer_pages.forms import AnswerForm, LinkForm, form_token
from outreach.web.frame.request import asked_language, is_foreign
from outreach.web.frame.say import say

NO_PICK = Pick()


class NotFromOurPage(Problem):
    message = "This page had been open too long. Nothing was changed; please press the button once more."


def opens(token: str) -> bool:
    """Return whether the token opens an acting person's page."""
    return tokens.nonce_of(token, LinkPurpose.ACTING) is not None


def page(token: str) -> Response:
    return _drawn(token, _found(token), pick=Pick.of(request.args.get("pilih", "")))


def thanks(token: str) -> Response:
    return _drawn(token, _found(token), thanks=_("Thank you. Your answer has been noted."))


def calendar(token: str, activity_id: int) -> Response:
    activity = representation.activity_for_calendar(_found(token), activity_id)
    if activity is None:
        raise NothingToAnswer
    data = publish_ics(activity, url=tokens.page_url(token), now=clock.now())
    headers = {"Content-Disposition": 'attachment; filename="undangan.ics"'}
    return Response(data, content_type="text/calendar; charset=utf-8", headers=headers)


@bp.post("/<token>/acting/<int:activity_id>")
def act(token: str, activity_id: int) -> Any:
    """Record the acting person's answer for one activity."""
    found = _found(token)
    guard = LinkForm(meta={"csrf_context": token})
    if is_foreign() or not guard.validate():
        return _drawn(token, found, 400, notice=guard.first_error or foreign_sentence())
    form = AnswerForm(request.form, prefix=f"{activity_id}-")
    if not form.validate():
        notice = next((str(error) for errors in form.errors.values() for error in errors), "")
        return _drawn(token, found, 422, typed={activity_id: typed_who(form)}, notice=notice)
    choice = Choice(form.choice.data)
    try:
        answering.answer(
            token, activity_id, choice, form.representative() if choice is Choice.REPRESENTED else None, now=clock.now(),
            staff=staff_here(),
        )  # fmt: skip
    except Problem as problem:
        return _drawn(token, _found(token), 422, typed={activity_id: typed_who(form)}, notice=say(problem))
    return to_thanks(token)


@bp.get("/<token>/acting/<int:activity_id>")
def back_to_acting(token: str, activity_id: int) -> Any:
    return redirect(url_for("answers.page", token=token, lang=asked_language()))


@bp.post("/<token>/back/<int:activity_id>")
def take_back(token: str, activity_id: int) -> Any:
    """Undo who was named last, for the invitee."""
    _guard(token)
    answering.take_back(token, activity_id, now=clock.now(), staff=staff_here())
    return to_thanks(token, "back")


@bp.post("/<token>/notices/<int:activity_id>")
def notices(token: str, activity_id: int) -> Any:
    """Choose whether the invitee gets the notices about an activity, too."""
    _guard(token)
    answering.want_notices(token, activity_id, request.form.get("wanted") == "1", now=clock.now())
    return to_thanks(token, "notices")


@bp.get("/<token>/back/<int:activity_id>", endpoint="back_to_undo")
@bp.get("/<token>/notices/<int:activity_id>", endpoint="back_to_notices")
def back_to_page(token: str, activity_id: int) -> Any:
    return redirect(url_for("answers.page", token=token, lang=asked_language()))


def _guard(token: str) -> None:
    """Raise NotFromOurPage if this post does not come from the link's own page."""
    speak(answer_page.read_invitee(token, now=clock.now()).invitee.locale)
    form = LinkForm(meta={"csrf_context": token})
    if is_foreign() or not form.validate():
        raise NotFromOurPage


def _found(token: str) -> ActingPage:
    found = representation.read(token, now=clock.now())
    speak(found.locale)
    return found


def _drawn(
    token: str,
    found: ActingPage,
    status: int = 200,
    *,
    pick: Pick = NO_PICK,
    typed: dict[int, PersonRow] | None = None,
    thanks: str = "",
    notice: str = "",
) -> Response:
    return draw(
        "acting.html",
        status,
        found=found,
        contact=found.contact,
        here=f"/j/{token}",
        query=query(),
        form_token=form_token(token),
        pick=pick,
        typed=typed or {},
        nobody=PersonRow(),
        has_certificates=bool(certificate_pages.own_of_acting(found.me)),
        closed={card.shown.activity.id: say(card.shown.refusal) for card in found.cards if card.shown.refusal},
        thanks=thanks,
        notice=notice,
    )
