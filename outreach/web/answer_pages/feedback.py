"""Three questions after an activity, behind the link of somebody who was there. The rules of the answer pages apply.

The link says that they may answer, and that they have answered. What they answer is kept apart: services/feedback/give.py.
"""

from collections.abc import Mapping
from typing import Any

from flask import Response, redirect, request, url_for
from flask_babel import gettext as _
from wtforms import StringField, TextAreaField

from outreach import clock
from outreach.delivery.words import feedback as words
from outreach.delivery.words import formats
from outreach.domain.feedback import (
    FIELDS,
    MOST_LETTERS,
    FeedbackAnswer,
    FeedbackClosed,
    FeedbackGivenAlready,
    WasNotThere,
)
from outreach.domain.problems import Problem
from outreach.queries import feedback as feedback_pages
from outreach.services.feedback import give as giving
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import draw, foreign_sentence, query, speak_to
from outreach.web.answer_pages.forms import LinkForm, form_token
from outreach.web.fields.fields import whole
from outreach.web.frame.request import asked_language, is_foreign
from outreach.web.frame.say import say

NO_FORM = (FeedbackClosed, FeedbackGivenAlready, WasNotThere)  # then the page has its sentence and no questions


class FeedbackForm(LinkForm):
    first = StringField()
    second = StringField()
    third = StringField()
    remark = TextAreaField()

    @property
    def answer(self) -> FeedbackAnswer:
        values = tuple(whole(self[name].data) for name in FIELDS)
        return FeedbackAnswer(values, self.remark.data or "")


@bp.get("/<token>/feedback/<int:activity_id>")
def feedback(token: str, activity_id: int) -> Response:
    return _drawn(token, activity_id)


@bp.post("/<token>/feedback/<int:activity_id>")
def feedback_give(token: str, activity_id: int) -> Any:
    form = FeedbackForm(meta={"csrf_context": token})
    forged = is_foreign() or not form.validate()
    if forged:
        speak_to(feedback_pages.reader_and_contact(token, now=clock.now())[0])
        sentence = foreign_sentence() if is_foreign() else form.first_error
        return _drawn(token, activity_id, 400, typed=request.form, notice=sentence)
    try:
        giving.give(token, activity_id, form.answer, now=clock.now())
    except NO_FORM:
        return _drawn(token, activity_id, 422)
    except Problem as problem:
        if problem.field is None:
            raise
        speak_to(feedback_pages.reader_and_contact(token, now=clock.now())[0])
        return _drawn(token, activity_id, 422, typed=request.form, notice=say(problem), wrong=problem.field)
    target = url_for("answers.feedback", token=token, activity_id=activity_id, lang=asked_language(), done="given")
    return redirect(target, 303)


def _drawn(
    token: str, activity_id: int, status: int = 200, *, typed: Mapping[str, str] | None = None, notice: str = "",
    wrong: str = "",
) -> Response:  # fmt: skip
    now, typed = clock.now(), typed or {}
    reader, contact = feedback_pages.reader_and_contact(token, now=now)
    speak_to(reader)
    try:
        page = feedback_pages.page(token, activity_id, now=now)
        sentence = say(FeedbackGivenAlready()) if page.given else ""
    except NO_FORM as problem:
        page, sentence = None, say(problem)
    thanked = page is not None and page.given and request.args.get("done") == "given"
    texts = page.texts if page else None
    return draw(
        "feedback.html",
        status,
        contact=contact,
        here=f"/j/{token}",
        query=query(),
        form_token=form_token(token),
        activity_id=activity_id,
        title=_("How was it?"),
        about=page and (page.activity.neutral_title, formats.short_day(page.activity.starts_at, page.activity.zone)),
        sentence="" if thanked else sentence,
        thanks=_("Thank you. Your answer has been noted, without your name.") if thanked else "",
        questions=[
            (name, words.question(number, text), text)
            for number, (name, text) in enumerate(zip(FIELDS, texts.questions, strict=True), start=1)
        ]
        if texts
        else [],
        remark=words.remark(texts.remark) if texts else "",
        own_remark=bool(texts and texts.remark),
        scale=words.WORDS,
        typed=typed,
        most=MOST_LETTERS,
        notice=notice,
        wrong=wrong,
        faults=[(f"{wrong}1" if wrong in FIELDS else wrong, notice)] if wrong else [],
    )
