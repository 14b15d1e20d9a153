"""The pages of two more links without login: where the chair agrees to minutes, and where an owner says that a task is done.

They have the rules of the answer pages (web/answer_pages/views.py): opening one changes nothing, only a pressed button does.
"""

from typing import Any

from flask import Response, redirect, request, url_for
from flask_babel import gettext as _
from wtforms import StringField, TextAreaField
from wtforms.validators import Length

from outreach import clock
from outreach.delivery.words import formats
from outreach.domain.minutes.content import blocks
from outreach.domain.problems import Problem
from outreach.domain.states import FollowUpState
from outreach.queries.answers.page import office_contact
from outreach.services.minutes import approval, follow_ups
from outreach.services.minutes.approval import NOTE_LENGTH, MinutesClosed, MinutesLinkEnded, MinutesLinkUnknown
from outreach.services.minutes.follow_ups import FollowUpClosed, FollowUpLinkUnknown
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import draw, foreign_sentence, query, speak_to
from outreach.web.answer_pages.forms import LinkForm, form_token
from outreach.web.frame.request import asked_language, is_foreign
from outreach.web.frame.say import say


class ChairForm(LinkForm):
    said = StringField()
    note = TextAreaField(validators=[Length(max=NOTE_LENGTH)])


class DoneForm(LinkForm):
    note = TextAreaField(validators=[Length(max=500)])


@bp.get("/<token>/minutes")
def minutes(token: str) -> Response:
    return _minutes(token)


@bp.post("/<token>/minutes")
def reply_to_minutes(token: str) -> Any:
    """The chair agrees, or asks for changes."""
    form = ChairForm(meta={"csrf_context": token})
    if is_foreign() or (not form.validate() and form.forged):
        return _minutes(token, 400, notice=foreign_sentence() if is_foreign() else form.first_error)
    note = form.note.data or ""
    if form.errors or form.said.data not in ("agrees", "changes"):
        return _minutes(token, 422, notice=form.first_error or _("Please press one of the two buttons."), note=note)
    try:
        approval.reply(token, form.said.data == "agrees", note, now=clock.now())
    except (MinutesLinkUnknown, MinutesLinkEnded):
        raise
    except Problem as problem:
        closed = isinstance(problem, MinutesClosed)
        return _minutes(token, 409 if closed else 422, notice=say(problem), note=note)
    return redirect(url_for("answers.minutes", token=token, saved=1, lang=asked_language()), 303)


@bp.get("/<token>/follow-up")
def follow_up(token: str) -> Response:
    return _follow_up(token)


@bp.post("/<token>/follow-up")
def follow_up_done(token: str) -> Any:
    """The owner says that it is done."""
    form = DoneForm(meta={"csrf_context": token})
    if is_foreign() or not form.validate():
        return _follow_up(token, 400, notice=foreign_sentence() if is_foreign() else form.first_error)
    try:
        follow_ups.done_by_owner(token, form.note.data or "", now=clock.now())
    except FollowUpLinkUnknown:
        raise
    except FollowUpClosed as problem:
        return _follow_up(token, 409, notice=say(problem))
    return redirect(url_for("answers.follow_up", token=token, saved=1, lang=asked_language()), 303)


def _minutes(token: str, status: int = 200, *, notice: str = "", note: str = "") -> Response:
    found = approval.opened(token, now=clock.now())
    speak_to(found.minutes.chair)
    return draw(
        "minutes.html",
        status,
        minutes=found.minutes,
        values=found.values,
        text=found.values.text,
        there=found.values.participants,
        open=found.takes_reply,
        reply=found.reply,
        zone=found.minutes.activity.zone,
        blocks=blocks,
        note=note,
        most=NOTE_LENGTH,
        thanks=_("Thank you. It is noted.") if "saved" in request.args and not notice else "",
        **_about(token, notice),
    )


def _follow_up(token: str, status: int = 200, *, notice: str = "") -> Response:
    found = follow_ups.opened(token)
    speak_to(found.owner)
    return draw(
        "follow_up.html",
        status,
        task=found,
        activity=found.minutes.activity,
        open=found.state is FollowUpState.OPEN,
        done=found.state is FollowUpState.DONE,
        day=formats.day,
        thanks=_("Thank you. It is noted as done.") if "saved" in request.args and not notice else "",
        **_about(token, notice),
    )


def _about(token: str, notice: str) -> dict[str, Any]:
    return {
        "contact": office_contact(), "here": f"/j/{token}", "query": query(),
        "form_token": form_token(token), "notice": notice,
    }  # fmt: skip
