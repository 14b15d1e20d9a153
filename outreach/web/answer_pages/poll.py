"""The page where a link's invitee says which dates of a poll suit. No login, no script; opening it changes nothing.

It is an answer page (web/answer_pages/views.py), with the same limits, language and protection against forged posts.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import Response, redirect, request, url_for
from flask_babel import gettext as _
from wtforms import StringField

from outreach import clock
from outreach.delivery.words.formats import day, language, span
from outreach.delivery.words.labels import label
from outreach.domain.kinds import PollChoice
from outreach.domain.polls import NotEveryDate
from outreach.domain.problems import Problem
from outreach.models import Activity, PollSlot
from outreach.queries.answers import poll as poll_page
from outreach.queries.answers.page import Contact
from outreach.queries.answers.poll import PollPage
from outreach.services.answers.undo import NothingToUndo
from outreach.services.invitations.links import LinkExpired, LinkReplaced, LinkRevoked, LinkUnknown
from outreach.services.polls import answer as poll_answering
from outreach.services.polls.answer import NOTE_LENGTH, Dates, NotAmongYours, WhoMissing
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import draw, foreign_sentence, query, speak_to, staff_here, tile
from outreach.web.answer_pages.forms import LinkForm, form_token, text
from outreach.web.answer_pages.words import words
from outreach.web.frame.request import asked_language, is_foreign
from outreach.web.frame.say import say

GONE = (LinkExpired, LinkReplaced, LinkRevoked, LinkUnknown, NotAmongYours)  # these have their own page


class DatesForm(LinkForm):
    """The answer to a poll. who: name of who answers for an organisation. The choices are fields `s<slot's id>`."""

    who: StringField = text(poll_answering.NAME_LENGTH)
    note: StringField = text(NOTE_LENGTH)


class PollDateRow(NamedTuple):
    """One proposed time as shown. chosen: the answer's value, "" for none yet. word: the answer in words."""

    id: int
    day: str
    span: str
    venue: str
    tile: tuple[str, str, str]
    chosen: str
    word: str
    missing: bool


@bp.get("/<token>/polls/<int:poll_id>")
def poll(token: str, poll_id: int) -> Response:
    found = _found(token, poll_id)
    if "undone" in request.args:
        return _drawn(token, found, thanks=words(language())["undone"])
    thanks = _("Thank you. Your dates have been noted.") if "saved" in request.args else ""
    return _drawn(token, found, thanks=thanks)


@bp.post("/<token>/polls/<int:poll_id>")
def answer_poll(token: str, poll_id: int) -> Any:
    found = _found(token, poll_id)
    form = DatesForm(request.form, meta={"csrf_context": token})
    sent = _sent(found)
    if is_foreign() or (not form.validate() and form.forged):
        return _drawn(token, found, 400, form=form, sent=sent, notice=form.first_error or foreign_sentence())
    if form.errors:
        return _drawn(token, found, 422, form=form, sent=sent, notice=words(language())["marked"])
    try:
        dates = Dates(sent, form.who.data or "", form.note.data or "")
        poll_answering.answer(token, poll_id, dates, now=clock.now(), staff=staff_here())
    except GONE:
        raise
    except (NotEveryDate, WhoMissing) as problem:
        again = poll_page.read_again(found, now=clock.now())
        nobody = say(WhoMissing()) if again.invitee.organisation_id and not form.who.data else ""
        notice = words(language())["marked"] if nobody else f"{words(language())['unstored_yet']} {say(problem)}"
        return _drawn(token, again, 422, form=form, sent=sent, notice=notice, missing=True, nobody=nobody)
    except Problem as problem:
        again = poll_page.read_again(found, now=clock.now())
        return _drawn(token, again, 422, form=form, sent=sent, notice=say(problem))
    saved = url_for(".poll", token=token, poll_id=poll_id, saved=1, lang=asked_language())
    return redirect(saved, 303)


@bp.post("/<token>/polls/<int:poll_id>/undo")
def undo_poll(token: str, poll_id: int) -> Any:
    """Restore what the last answer to this poll replaced."""
    found = _found(token, poll_id)
    form = LinkForm(meta={"csrf_context": token})
    if is_foreign() or not form.validate():
        return _drawn(token, found, 400, notice=foreign_sentence() if is_foreign() else form.first_error)
    try:
        poll_answering.undo(token, poll_id, now=clock.now(), staff=staff_here())
    except NothingToUndo as problem:
        return _drawn(token, found, 422, notice=say(problem))
    undone = url_for(".poll", token=token, poll_id=poll_id, undone=1, lang=asked_language())
    return redirect(undone, 303)


def _found(token: str, poll_id: int) -> PollPage:
    found = poll_page.read(token, poll_id, now=clock.now())
    speak_to(found.invitee.invitee)
    return found


def _sent(found: PollPage) -> dict[int, PollChoice]:
    """Return the choices by slot, without invalid ones."""
    said = {slot.id: request.form.get(f"s{slot.id}", "") for slot in found.poll.slots}
    return {id_: PollChoice(value) for id_, value in said.items() if value in set(PollChoice)}


def _drawn(
    token: str,
    found: PollPage,
    status: int = 200,
    *,
    form: DatesForm | None = None,
    sent: Mapping[int, PollChoice] | None = None,
    notice: str = "",
    thanks: str = "",
    missing: bool = False,
    nobody: str = "",
) -> Response:
    choices = found.choices if sent is None else sent
    invitee = found.invitee
    rows = [_row(found, slot, choices, missing) for slot in found.poll.slots]
    wrong = {"who": nobody} if nobody else {}
    if form is not None:
        wrong |= {part: str(errors[0]) for part, errors in form.errors.items() if part in ("who", "note") and errors}
    labels = {"who": _("Who answers?").rstrip("?"), "note": _("Note (optional)")}
    first = next(iter(PollChoice)).value[0]
    return draw(
        "poll.html",
        status,
        poll=found.poll,
        one=invitee,
        invitee=invitee.invitee.display_name,
        salutations=found.salutations,
        contact=Contact(found.office, found.contact_name, found.contact_phone),
        rows=rows,
        faults=[(f"{first}{row.id}", f"{row.day}, {row.span}") for row in rows if row.missing]
        + [(name, f"{labels[name]}: {sentence}") for name, sentence in wrong.items()],
        wrong=wrong,
        can_undo=bool(thanks) and "saved" in request.args and poll_page.can_undo(found, token, now=clock.now()),
        choices=[(choice.value, label(choice)) for choice in PollChoice],
        open=found.takes_answers,
        answered=invitee.answered_at is not None,
        chosen=found.chosen,
        chosen_when=_when(found, found.chosen) if found.chosen else "",
        who=(form.who.data if form else invitee.answered_by) or "",
        note=(form.note.data if form else invitee.note) or "",
        here=f"/j/{token}",
        query=query(),
        form_token=form_token(token),
        notice=notice,
        thanks="" if notice else thanks,
    )


def _row(found: PollPage, slot: PollSlot, choices: Mapping[int, PollChoice], missing: bool) -> PollDateRow:
    zone, said = found.poll.zone, choices.get(slot.id)
    return PollDateRow(
        slot.id,
        day(slot.starts_at, zone),
        span(slot.starts_at, slot.ends_at, zone),
        slot.venue.name if slot.venue else "",
        tile(slot.starts_at, zone),
        said.value if said else "",
        label(said),
        missing and said is None,
    )


def _when(found: PollPage, slot: PollSlot | Activity) -> str:
    zone = found.poll.zone
    return f"{day(slot.starts_at, zone)}, {span(slot.starts_at, slot.ends_at, zone)}"
