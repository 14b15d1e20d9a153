"""The pages that an invitee's link opens: see what one is invited to, and answer. No login; opening changes nothing.

How they are drawn is web/answerlook.py; why a post is trusted without a cookie, web/forms/answer_forms.py.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, current_app, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import refresh
from werkzeug.exceptions import HTTPException

from outreach import clock
from outreach.delivery.calendar import publish_ics
from outreach.delivery.wording import LOCALES
from outreach.domain.answers import Choice, Representative
from outreach.domain.problems import Problem
from outreach.extensions import csrf, current_settings, limiter
from outreach.services import answering, answerpage
from outreach.services.answerpage import AnswerPage
from outreach.services.links import LinkExpired, LinkRevoked, LinkUnknown
from outreach.web.answercards import Sent, cards, typed_who
from outreach.web.answerlook import draw, seal
from outreach.web.forms.answer_forms import AnswerForm, NominationForm, RemindersForm, form_token
from outreach.web.shell import say

PICKS = {"hadir": Choice.COMING, "tidak": Choice.NOT_COMING, "wakil": Choice.REPRESENTED}
ALL = 0  # stands for "all open activities" among the forms sent back
LINK_PROBLEMS = (LinkUnknown, LinkExpired, LinkRevoked)

bp = Blueprint("answers", __name__, url_prefix="/j")
csrf.exempt(bp)  # the forms bring a protection of their own
limiter.limit(lambda: current_settings().rate_answer)(bp)


@bp.url_value_preprocessor
def know_nobody(_endpoint: str | None, _values: Any) -> None:
    """These pages know no accounts: nobody's session is read, and staff who open a link are not looked up."""
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]


@bp.get("/<token>")
def page(token: str) -> Response:
    return _drawn(token, _found(token), picked=PICKS.get(request.args.get("pilih", "")))


@bp.get("/<token>/thanks")
def thanks(token: str) -> Response:
    found = _found(token)
    sentences = {
        "answer": _("Thank you. Your answer has been noted."),
        "stop": _("You will get no more reminders. Should something you accepted change, we still tell you."),
        "resume": _("You will get reminders again."),
    }
    return _drawn(token, found, thanks=sentences.get(request.args.get("for", ""), sentences["answer"]))


@bp.get("/<token>/<int:activity_id>.ics")
def calendar(token: str, activity_id: int) -> Response:
    now = clock.now()
    activity = answerpage.activity_for_calendar(token, activity_id, now=now)
    data = publish_ics(activity, url=url_for(".page", token=token, _external=True), now=now)
    headers = {"Content-Disposition": 'attachment; filename="undangan.ics"'}
    return seal(Response(data, content_type="text/calendar; charset=utf-8", headers=headers))


@bp.post("/<token>/<int:activity_id>")
def answer(token: str, activity_id: int) -> Any:
    form = AnswerForm(meta={"csrf_context": token})
    return _answer(token, [activity_id], activity_id, form)


@bp.post("/<token>/all")
def answer_all(token: str) -> Any:
    form = AnswerForm(meta={"csrf_context": token})
    open_ids = [one.activity.id for one in _found(token).activities if one.refusal is None]
    return _answer(token, open_ids, ALL, form)


@bp.post("/<token>/<int:activity_id>/nominees")
def nominate(token: str, activity_id: int) -> Any:
    form = NominationForm(meta={"csrf_context": token})
    found = _found(token)
    if _foreign() or not form.validate():
        return _refused(token, found, activity_id, form)
    asked = next((one for one in found.activities if one.activity.id == activity_id), None)
    if asked is None:
        raise answering.NothingToAnswer
    try:
        if form.choice.data == Choice.NOT_COMING:
            answering.answer(token, activity_id, Choice.NOT_COMING, now=clock.now())
        else:
            answering.nominate(token, asked.invitation_id, form.nominees(), now=clock.now())
    except LINK_PROBLEMS:
        raise
    except Problem as problem:
        return _refused(token, _found(token), activity_id, form, say(problem))
    return _to_thanks(token)


@bp.post("/<token>/reminders")
def stop(token: str) -> Any:
    form = RemindersForm(meta={"csrf_context": token})
    if _foreign() or not form.validate():
        return _drawn(token, _found(token), 400, notice=form.first_error or _foreign_sentence())
    if form.wish.data == "resume":
        answering.resume_reminders(token, now=clock.now())
        return _to_thanks(token, "resume")
    answering.stop_reminders(token, now=clock.now())
    return _to_thanks(token, "stop")


@bp.errorhandler(Problem)
def link_problem(problem: Problem) -> Response:
    _speak(None)
    gone = isinstance(problem, LinkExpired | LinkRevoked)
    return _sentence(_("This link does not open anything"), say(problem), 410 if gone else 404)


@bp.errorhandler(HTTPException)
def http_problem(error: HTTPException) -> Any:
    _speak(None)
    if error.code == 429:
        return _sentence(
            _("One moment, please"), _("Too many pages were asked for at once. Wait a minute, then try again."), 429
        )
    code = error.code or 500
    return _sentence(
        _("This did not work"), _("Nothing was changed. Please open the link in our mail once more."), code
    )


def _answer(token: str, activity_ids: list[int], typed_at: int, form: AnswerForm) -> Any:
    if _foreign() or not form.validate():
        return _refused(token, _found(token), typed_at, form)
    choice = Choice(form.choice.data)
    instead = None
    if choice is Choice.REPRESENTED:
        instead = Representative(
            name=form.representative_name.data or "",
            post=form.representative_post.data or "",
            phone=form.representative_phone.data or "",
            email=form.representative_email.data or "",
        )
    sentences = []
    for activity_id in activity_ids:
        try:
            answering.answer(token, activity_id, choice, instead, now=clock.now())
        except LINK_PROBLEMS:
            raise
        except Problem as problem:
            sentences.append(_beside(form, problem))
    if len(sentences) == len(activity_ids):
        return _refused(token, _found(token), typed_at, form, next(iter(sentences), ""))
    return _to_thanks(token)


def _beside(form: AnswerForm, problem: Problem) -> str:
    """Put a problem's sentence beside its field where it has one here; return it for the card's head otherwise."""
    field = form[problem.field] if problem.field and problem.field in form else None
    if field is None or problem.field == "choice":
        return say(problem)
    field.errors = [say(problem)]
    return ""


def _found(token: str) -> AnswerPage:
    found = answerpage.read(token, now=clock.now())
    _speak(found.holder.locale)
    return found


def _speak(locale: str | None) -> None:
    """Choose the page's language: the one asked for by ?lang=, else the invitee's own, else Indonesian."""
    asked = request.args.get("lang", "")
    g.locale = asked if asked in LOCALES else locale if locale in LOCALES else "id"
    refresh()


def _foreign() -> bool:
    """Return whether a browser says that another site sent this post. Those that say nothing are judged by the token."""
    return request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}


def _foreign_sentence() -> str:
    return _("This did not come from your own page. Nothing was changed; please press the button once more.")


def _to_thanks(token: str, what: str = "answer") -> Any:
    asked = request.args.get("lang", "")
    values = {"for": what, "lang": asked if asked in LOCALES else None}
    return seal(redirect(url_for(".thanks", token=token, **values), 303))  # type: ignore[arg-type]


def _refused(token: str, found: AnswerPage, typed_at: int, form: Sent, sentence: str = "") -> Response:
    status = 400 if _foreign() or form.forged else 422
    return _drawn(
        token,
        found,
        status,
        typed={typed_at: form},
        errors={typed_at: sentence or form.first_error or _foreign_sentence()},
    )


def _drawn(
    token: str,
    found: AnswerPage,
    status: int = 200,
    *,
    picked: Choice | None = None,
    typed: Mapping[int, Sent] | None = None,
    errors: Mapping[int, str] | None = None,
    thanks: str = "",
    notice: str = "",
) -> Response:
    typed, errors = typed or {}, errors or {}
    shown = cards(found.activities, picked, typed, errors)
    lang = request.args.get("lang", "")
    return draw(
        "organisation.html" if found.holder.organisation else "page.html",
        status,
        cards=shown,
        holder=found.holder,
        contact=found.contact,
        here=f"/j/{token}",
        query=f"?lang={lang}" if lang in LOCALES else "",
        form_token=form_token(token),
        open_count=sum(card.open for card in shown),
        waiting=sum(card.open and not card.answered for card in shown),
        together=typed_who(form) if isinstance(form := typed.get(ALL), AnswerForm) else None,
        notice=errors.get(ALL, "") or notice,
        thanks=thanks,
    )


def _sentence(title: str, sentence: str, status: int) -> Response:
    return draw("problem.html", status, title=title, sentence=sentence, contact=answerpage.office_contact())
