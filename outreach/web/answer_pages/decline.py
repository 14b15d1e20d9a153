"""After “not coming”: a page for the reason and, for speakers and organisations, a day that would suit.

The rules of the answer pages apply. The answer is stored before, so leaving this page out loses nothing.
"""

from typing import Any

from flask import Response, redirect, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import TextAreaField

from outreach import clock
from outreach.domain.problems import Problem
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.queries.answers import page as answer_page
from outreach.services.answers import decline as declining
from outreach.services.answers.answer import NothingToAnswer
from outreach.services.answers.decline import MOST_LETTERS
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import foreign_sentence, speak_to, staff_here
from outreach.web.answer_pages.forms import LinkForm
from outreach.web.answer_pages.views import draw_for
from outreach.web.fields.fields import DayField
from outreach.web.frame.request import asked_language, is_foreign
from outreach.web.frame.say import say


class DeclineForm(LinkForm):
    reason = TextAreaField(_l("Reason (optional)"))
    wished_on = DayField(_l("A day on which it would be possible (optional)"))


@bp.get("/<token>/declined/<int:activity_id>")
def declined_page(token: str, activity_id: int) -> Response:
    return _drawn(token, activity_id)


@bp.post("/<token>/declined/<int:activity_id>")
def declined_because(token: str, activity_id: int) -> Any:
    speak_to(answer_page.read_invitee(token, now=clock.now()).invitee)
    form = DeclineForm(meta={"csrf_context": token})
    if is_foreign():
        return _drawn(token, activity_id, 400, notice=foreign_sentence())
    if not form.validate():
        wrong = "" if form.forged else next(iter(form.errors), "") or ""
        return _drawn(token, activity_id, 400 if form.forged else 422, form=form, notice=form.first_error, wrong=wrong)
    try:
        declining.explain(
            token, activity_id, form.reason.data or "", form.wished_on.data, now=clock.now(), staff=staff_here()
        )
    except NothingToAnswer:
        raise
    except Problem as problem:
        return _drawn(token, activity_id, 422, form=form, notice=say(problem), wrong=problem.field or "")
    target = url_for("answers.thanks", token=token, **{"for": "declined", "lang": asked_language()})  # type: ignore[arg-type]
    return redirect(target, 303)


def _drawn(
    token: str,
    activity_id: int,
    status: int = 200,
    *,
    form: DeclineForm | None = None,
    notice: str = "",
    wrong: str = "",
) -> Response:
    now = clock.now()
    found = answer_page.read(token, now=now)
    speak_to(found.invitee)
    shown = next((one for one in found.activities if one.activity.id == activity_id), None)
    if shown is None or shown.state is not InvitationState.NOT_COMING:
        raise NothingToAnswer
    session = db.session()
    own = None if found.invitee.organisation else found.invitee.id
    mine = declining.declined(session, own, None if own else found.invitee.id, activity_id)
    said = next(iter(declining.of(session, [one.id for one in mine]).values()), None)
    typed = form if form is not None and not form.forged else None
    return draw_for(
        token,
        found,
        "decline.html",
        status,
        a=shown.activity,
        title=_("You are not coming"),
        may_wish=declining.may_wish(mine),
        most=MOST_LETTERS,
        reason=(typed.reason.data or "") if typed else said.reason if said else "",
        wished_on=typed.wished_on.raw_text if typed else said.wished_on if said and said.wished_on else "",
        labels={"reason": DeclineForm.reason.args[0], "wished_on": DeclineForm.wished_on.args[0]},
        notice=notice,
        wrong={wrong: notice} if wrong else {},
        faults=[(wrong, notice)] if wrong else [],
    )
