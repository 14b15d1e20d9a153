"""The pages behind an invitee's link: see the invitations, and answer. No login; opening a page changes nothing.

web/answer_pages/draw.py draws them. web/answer_pages/forms.py explains why a post is trusted without a cookie.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from flask import Response, current_app, g, redirect, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.exceptions import HTTPException

from outreach import clock
from outreach.delivery import tokens
from outreach.delivery.mail.ical_event import publish_ics
from outreach.delivery.words import formats
from outreach.domain.answers import ActivityCancelled, ActivityPostponed, Choice, DeadlinePassed
from outreach.domain.problems import Problem
from outreach.domain.sign_in.events import SecurityKind
from outreach.domain.states import ANSWERED
from outreach.extensions import csrf, current_settings, limiter
from outreach.queries.answers import clashes as own_clashes
from outreach.queries.answers import page as answer_page
from outreach.queries.answers.clashes import OwnClash
from outreach.queries.answers.page import AnswerPage, ShownInvitation
from outreach.services.absences.parse import MOST_BYTES
from outreach.services.answers import answer as answering
from outreach.services.answers import undo as undoing
from outreach.services.answers.answer import LinkAnswer
from outreach.services.answers.undo import NothingToUndo
from outreach.services.invitations import links
from outreach.services.invitations.links import LinkExpired, LinkReplaced, LinkRevoked, LinkUnknown
from outreach.services.sign_in.events import security_event
from outreach.web.answer_pages import acting
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.cards import Card, Fault, PersonRow, Pick, cards, faults_of, typed_who
from outreach.web.answer_pages.draw import (
    device_here,
    draw,
    foreign_sentence,
    new_device,
    own,
    query,
    short_day,
    speak,
    speak_to,
    staff_here,
    to_thanks,
    with_device,
)
from outreach.web.answer_pages.forms import AnswerForm, LinkForm, RemindersForm, form_token
from outreach.web.answer_pages.read_form import CardForm, Sent, most_fields, read
from outreach.web.answer_pages.words import words
from outreach.web.frame import rate_limited, uploads
from outreach.web.frame.bodies import MOST_OF_NOMINEES, MOST_OF_STRANGERS, lower, takes
from outreach.web.frame.request import asked_language, is_foreign
from outreach.web.frame.say import say

NO_PICK = Pick()
AROUND_A_LINK = ").,;:>\"'”’"  # characters that programs sometimes include when they turn addresses into links
ADDRESSES_FOR_ONE = 10  # how many links' requests one address may send: a whole office may share one address

csrf.exempt(bp)  # the forms have their own protection


def this_link() -> str:
    """Return the key for counting a link's requests."""
    return "link " + (request.view_args or {}).get("token", "")[:16]


def _generous() -> str:
    rate = current_settings().rate_answer
    return re.sub(r"\d+(?=\s*(?:/|per))", lambda count: str(int(count[0]) * ADDRESSES_FOR_ONE), rate)


limiter.limit(lambda: current_settings().rate_answer, key_func=this_link)(bp)
limiter.limit(_generous)(bp)


@bp.url_value_preprocessor
def know_nobody(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Ignore accounts on these pages: staff who open a link see what the invitee sees. Only answers look for an account."""
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    if values and "token" in values:
        values["token"] = values["token"].rstrip(AROUND_A_LINK)
    speak(None)


@bp.get("/")
def nothing() -> Response:
    raise LinkUnknown


@bp.get("/<token>")
def page(token: str) -> Response:
    if acting.opens(token):
        return acting.page(token)
    found = _found(token)
    if current_app.config["SESSION_COOKIE_NAME"] in request.cookies and (staff := staff_here()):
        of = "organisation" if found.invitee.organisation else "person"
        security_event(SecurityKind.LINK_VIEWED, staff, now=clock.now(), of=of, invitee=found.invitee.id)
    return _drawn(token, found, pick=Pick.of(request.args.get("pilih", "")))


@bp.get("/<token>/thanks")
def thanks(token: str) -> Response:
    if acting.opens(token):
        return acting.thanks(token)
    found = _found(token)
    now, what = clock.now(), request.args.get("for", "")
    sentences = {
        "answer": _("Thank you. Your answer has been noted."),
        "declined": _("Thank you. The office reads what you wrote."),
        "undone": words(formats.language())["undone"],
        "stop": _("You will get no more reminders. Should something you accepted change, we still tell you."),
        "resume": _("You will get reminders again."),
        "back": _("This was undone. Please look below who comes now."),
        "notices": _("Your wish has been noted."),
    }
    noted = answer_page.last_answered(found, now=now) if what == "answer" else ()
    to_tell = _to_tell(found) if what == "answer" else ()
    return _drawn(token, found, thanks=sentences.get(what, sentences["answer"]), noted=noted, to_tell=to_tell)


@bp.get("/<token>/<int:activity_id>.ics")
def calendar(token: str, activity_id: int) -> Response:
    if acting.opens(token):
        return acting.calendar(token, activity_id)
    found, now = _found(token), clock.now()
    activity = answer_page.activity_for_calendar(found, activity_id)
    url = f"{current_settings().base_url.rstrip('/')}/j/{token}"
    data = publish_ics(activity, url=url, now=now, person_id=None if found.invitee.organisation else found.invitee.id)
    headers = {"Content-Disposition": 'attachment; filename="undangan.ics"'}
    return Response(data, content_type="text/calendar; charset=utf-8", headers=headers)


@bp.post("/<token>/answers")
@takes(MOST_OF_NOMINEES)
def answer(token: str) -> Any:
    """Accept what is new on all cards. Each is recorded separately, and refusals are shown at the card."""
    found = _found(token)
    if found.invitee.organisation:
        lower(MOST_OF_NOMINEES, most_fields(found))
    else:
        lower(MOST_OF_STRANGERS)
    if sentence := _forged(token):
        return _drawn(token, found, 400, typed=read(found, request.form).forms, notice=sentence)
    sent = read(found, request.form)
    asked = [
        invitation.activity.id
        for invitation in found.activities
        if _is_to_be_asked(invitation, sent.replies.get(invitation.activity.id))
    ]
    for activity_id in asked:
        del sent.replies[activity_id]
    if not sent.replies and not asked:
        return _drawn(token, found, 422, typed=sent.forms, notice=sent.notice)
    return _recorded(token, found, sent, asked=asked)


def _is_to_be_asked(one: ShownInvitation, reply: LinkAnswer | None) -> bool:
    """Return whether to ask first, because this may be a mistake: an organisation named people, and now sends nobody."""
    withdraws = bool(one.nominees) and one.refusal is None and reply is not None and reply.choice is Choice.NOT_COMING
    return withdraws and f"{one.activity.id}-sure" not in request.form


@bp.post("/<token>/all")
def answer_all(token: str) -> Any:
    """Give one answer for all open activities that have none yet. What was answered stays."""
    found = _found(token)
    form = AnswerForm(request.form)
    sentence = _forged(token)
    if sentence or not form.validate():
        notice = sentence or next((str(e) for e in form.choice.errors), "")
        return _drawn(token, found, 400 if sentence else 422, together=form, notice=notice)
    reply = form.reply()
    waiting = [
        invitation.activity.id
        for invitation in found.activities
        if invitation.refusal is None and invitation.state not in ANSWERED
    ]
    if not waiting and any(invitation.refusal is None for invitation in found.activities):
        return _drawn(token, found, 422, notice=_("You have answered everything already, and nothing was changed."))
    return _recorded(token, found, Sent(replies=dict.fromkeys(waiting, reply)), together=form)


@bp.post("/<token>/undo")
def undo(token: str) -> Any:
    """Restore what the last answer replaced."""
    found = _found(token)
    if sentence := _forged(token):
        return _drawn(token, found, 400, notice=sentence)
    try:
        problems = undoing.undo(token, now=clock.now(), staff=staff_here())
    except NothingToUndo as problem:
        return _drawn(token, found, 422, notice=say(problem))
    if not problems:
        return to_thanks(token, "undone")
    found = answer_page.read_again(found, now=clock.now())
    errors = {activity_id: say(problem) for activity_id, problem in problems.items()}
    return _drawn(token, found, 422, errors=errors, notice=_("Not everything could be undone."))


@bp.post("/<token>/reminders")
def stop(token: str) -> Any:
    speak_to(answer_page.read_invitee(token, now=clock.now()).invitee)
    form = RemindersForm(meta={"csrf_context": token})
    if is_foreign() or not form.validate():
        return _drawn(token, _found(token), 400, notice=form.first_error or foreign_sentence())
    if form.wish.data == "resume":
        answering.resume_reminders(token, now=clock.now(), staff=staff_here())
        return to_thanks(token, "resume")
    answering.stop_reminders(token, now=clock.now(), staff=staff_here())
    return to_thanks(token, "stop")


@bp.errorhandler(Problem)
def link_problem(problem: Problem) -> Response:
    gone = isinstance(problem, LinkExpired | LinkReplaced | LinkRevoked | ActivityCancelled | ActivityPostponed)
    return _sentence(_("This link does not open anything"), say(problem), 410 if gone else 404)


@bp.errorhandler(HTTPException)
def http_problem(error: HTTPException) -> Any:
    if error.code == 429:
        wait_s = rate_limited.wait_s()
        too_much = _("Too much was asked for at once.")
        sentence = f"{too_much} {rate_limited.when_again(wait_s)}"
        slow = _sentence(_("One moment, please"), sentence, 429, kept=rate_limited.kept(), here=rate_limited.here())
        slow.headers["Retry-After"] = str(wait_s)
        return slow
    code = error.code or 500
    if code == 413:
        calendars = request.endpoint == "answers.away_calendar"
        return _sentence(*rate_limited.too_large(error, MOST_BYTES // 1024**2 if calendars else 0), 413)
    title, text = uploads.why_refused(error)
    return _sentence(
        title or _("This did not work"),
        text or _("Nothing was changed. Please open the link in our mail once more."),
        code,
    )


def _recorded(
    token: str, found: AnswerPage, sent: Sent, *, asked: Sequence[int] = (), together: AnswerForm | None = None
) -> Any:
    """Record the replies. Give thanks only if all was valid and accepted; otherwise show at each card what is left to do."""
    replies = {id: replace(reply, seen_at=_drawn_at()) for id, reply in sent.replies.items()}
    device = device_here() or new_device()
    problems = (
        answering.answer_all(token, replies, now=clock.now(), staff=staff_here(), device=device) if replies else {}
    )
    if replies and not (problems or sent.wrong or asked):
        return with_device(to_thanks(token), device)
    found = answer_page.read_again(found, now=clock.now())
    shown = {invitation.activity.id for invitation in found.activities}
    unstored = _("Your answer was not stored.")
    errors = {activity_id: f"{unstored} {say(problem)}" for activity_id, problem in problems.items()}
    notices = {sentence for activity_id, sentence in errors.items() if activity_id not in shown}
    if sent.notice:
        notices.add(sent.notice)
    if not (replies or asked):
        notices.add(_("There is nothing to answer at present."))
    elif len(problems) < len(replies):
        notices.add(_("What was complete is stored. Please correct what is marked below:"))
    elif asked and not (problems or sent.wrong):
        notices.add(_("Nothing has been changed yet. Do you really send nobody?"))
    kept = {activity_id: form for activity_id, form in sent.forms.items() if activity_id in {*problems, *sent.wrong}}
    drawn = _drawn(
        token, found, 422, typed=kept, errors=errors, asked=asked, together=together,
        notice=" ".join(sorted(notices)),
    )  # fmt: skip
    return with_device(drawn, device) if len(problems) < len(replies) else drawn


def _drawn_at() -> datetime | None:
    """Return when the page was drawn from which this was sent; None if it does not say."""
    written = request.form.get("at", "")
    return datetime.fromtimestamp(int(written) / 1000, UTC) if re.fullmatch(r"\d{1,14}", written) else None


def _forged(token: str) -> str:
    """Return an error if this post does not come from the link's own page."""
    if is_foreign():
        return foreign_sentence()
    form = LinkForm(meta={"csrf_context": token})
    return "" if form.validate() else form.first_error


def _found(token: str) -> AnswerPage:
    found = answer_page.read(token, now=clock.now())
    speak_to(found.invitee)
    return found


def _drawn(
    token: str,
    found: AnswerPage,
    status: int = 200,
    *,
    pick: Pick = NO_PICK,
    typed: Mapping[int, CardForm] | None = None,
    errors: Mapping[int, str] | None = None,
    asked: Sequence[int] = (),
    together: AnswerForm | None = None,
    thanks: str = "",
    noted: Sequence[int] = (),
    to_tell: Sequence[Markup] = (),
    notice: str = "",
) -> Response:
    device = tokens.device_mark(device_here(), links.nonce_of(token))
    shown = cards(found.activities, pick, typed or {}, errors or {}, asked, device)
    typed_together = typed_who(together) if together else None
    wrong = [card for card in shown if card.wrong]
    if wrong and not notice and not any(card.open for card in wrong):
        notice = _("Your answer was not stored.")
    return draw_for(
        token,
        found,
        "organisation.html" if found.invitee.organisation else "page.html",
        status,
        cards=shown,
        drawn_at=int(clock.now().timestamp() * 1000),
        faults=_faults(shown, typed_together, notice),
        polls=found.polls,
        went_on=found.went_on,
        has_certificates=found.link.has_certificates,
        open_count=sum(card.open for card in shown),
        waiting=sum(card.open and not card.answered for card in shown),
        picked=pick.choice,
        picked_for_all=pick.choice if not pick.activity_id else "",
        same="same" in request.form,
        together=typed_together,
        notice=notice,
        thanks=thanks,
        noted=[card for card in shown if card.shown.activity.id in noted],
        to_tell=list(to_tell),
        clashes=_clashes(found),
        pressed=_pressed(shown, pick),
        asking=[card for card in shown if card.asks],
    )


@dataclass(frozen=True)
class Pressed:
    """The choice of a mail that cannot be sent. card: None if its activity is not on the page any more. sentence: why.

    stands: whether it is the stored answer.
    """

    card: Card | None
    sentence: str
    stands: bool = False


def _pressed(shown: Sequence[Card], pick: Pick) -> Pressed | None:
    """Return what the page says about a mail's choice that it does not offer. None if it offers the choice, or there is
    none.
    """
    if not pick.activity_id:
        return None
    card = next((card for card in shown if card.shown.activity.id == pick.activity_id), None)
    if card is None:
        return Pressed(None, _("The activity of the button that you pressed is not among your invitations any more."))
    late = isinstance(card.shown.refusal, DeadlinePassed)
    if card.chosen == pick.choice and ((card.open and not card.picked) or (late and not card.shown.moved)):
        others = any(one.open and not one.answered for one in shown if one is not card)
        nothing_more = _("This answer is on record already; nothing more is needed.")
        return Pressed(card, _("This answer is on record already.") if others else nothing_more, stands=True)
    if card.open:
        return None
    return Pressed(card, " ".join((_("Your choice cannot be sent."), card.closed_because)))


def _faults(shown: Sequence[Card], together: PersonRow | None, notice: str) -> list[tuple[str, Markup]]:
    """Return what has to be corrected, as (id on the page, sentence). What the notice above them says is not repeated."""
    labels = {"name": _("Name"), "rank": _("Rank"), "post": _("Post"), "phone": _("Phone"), "email": _("E-mail")}
    found = [("", fault) for fault in faults_of(together)]
    for card in shown:
        activity = card.shown.activity
        about = Markup("{}, {}").format(own(activity.title), short_day(activity)) if len(shown) > 1 else ""
        found += [(about, fault) for fault in card.faults]
    return [
        (
            fault.id,
            Markup(": ").join(
                part for part in (about, _field(fault, labels), _without(notice, fault.sentence)) if part
            ),
        )
        for about, fault in found
    ]


def _without(notice: str, sentence: str) -> str:
    return sentence.removeprefix(notice).lstrip() if notice else sentence


def _field(fault: Fault, labels: Mapping[str, str]) -> str:
    """Return the refused field in words: "Person 2, Phone" in a list, else "Phone"; "" for a whole card."""
    person = _("Person %(number)d", number=fault.row) if fault.row else ""
    return ", ".join(part for part in (person, labels.get(fault.field, "")) if part)


def _clashes(found: AnswerPage) -> list[Markup]:
    """Return a sentence for each pair of accepted activities, or accepted activity and absence, at the same time."""
    now = clock.now()
    coming = own_clashes.accepted(found.activities, now) if found.link.has_absences else []
    away = own_clashes.with_absences(found.invitee, coming)
    said = [
        (Markup(_("For the time of “%(title)s” you told us that you cannot come.")), clash)  # noqa: S704
        for clash in away
    ]
    oneself = Markup(_("“%(title)s” and “%(other)s” are at the same time."))  # noqa: S704
    sent = Markup(_("%(name)s is to come to “%(title)s” and “%(other)s”, which are at the same time."))  # noqa: S704
    said += [(sent if pair.name else oneself, pair) for pair in own_clashes.with_each_other(found.activities, now)]
    return [_clash_in_words(sentence, clash, found) for sentence, clash in said]


def _clash_in_words(sentence: Markup, clash: OwnClash, found: AnswerPage) -> Markup:
    both = [invitation for invitation in (clash.accepted, clash.other) if invitation is not None]
    titles = {name: own(one.activity.title) for name, one in zip(("title", "other"), both, strict=False)}
    if any(invitation.refusal is None for invitation in both):
        advice = _("Please change one of the two.")
    else:
        advice = _("Please call %(contact)s.", contact=str(found.contact))
    return Markup("{} {}").format(sentence % {**titles, "name": clash.name}, advice)


def _to_tell(found: AnswerPage) -> list[Markup]:
    """Return, for each activity, a sentence about people who were to come and get no mail about the last answer."""
    untold = _(
        "Please tell %(names)s yourself that they are not expected at “%(title)s” any more: we send them no mail about it."
    )
    sentence = Markup(untold)  # noqa: S704
    return [
        sentence % {"names": "; ".join(person.names), "title": own(person.activity.title)}
        for person in answer_page.to_tell(found, now=clock.now())
    ]


def draw_for(token: str, found: AnswerPage, template: str, status: int = 200, **values: Any) -> Response:
    """Return a page of a link's invitee, with the values that all these pages need."""
    return draw(
        template,
        status,
        invitee=found.invitee,
        contact=found.contact,
        here=f"/j/{token}",
        query=query(),
        form_token=form_token(token),
        **values,
    )


def _sentence(title: str, sentence: str, status: int, **values: Any) -> Response:
    return draw("problem.html", status, title=title, sentence=sentence, contact=answer_page.office_contact(), **values)


# Addresses that only accept posts redirect to the page they belong to. Somebody opens one after an error was shown there:
# through the other language's link, or when a phone reloads a forgotten tab.
BACK_TO = {
    "answers": "page",
    "all": "page",
    "undo": "page",
    "reminders": "page",
    "away/remove": "away_page",
    "away/calendar": "away_page",
    "away/again": "away_page",
    "calendar/stop": "calendar_page",
}


def _to_page(token: str, page: str) -> Any:
    return redirect(url_for(f"answers.{page}", token=token, lang=asked_language()))


@bp.get("/<token>/polls/<int:poll_id>/undo")
def back_to_poll(token: str, poll_id: int) -> Any:
    return redirect(url_for("answers.poll", token=token, poll_id=poll_id, lang=asked_language()))


for _path, _page in BACK_TO.items():
    _name = f"back_{_path.replace('/', '_')}"  # with one name for all, Werkzeug would redirect permanently between them
    bp.add_url_rule(f"/<token>/{_path}", _name, _to_page, methods=["GET"], defaults={"page": _page})
