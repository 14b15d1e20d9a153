"""Invitees enter their own absences through their link: times, or a calendar. The rules of the answer pages apply.

Each change locks the link in its own transaction, so a link that was revoked after the page was read changes nothing.
An address or a file is only stored here. An engine reads it within about a minute, so that no request waits for it.
"""

from collections.abc import Callable
from typing import Any

from flask import Response, redirect, request, url_for
from flask_babel import gettext as _

from outreach import clock
from outreach.delivery.words import formats
from outreach.delivery.words.absences import when
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.problems import Problem
from outreach.extensions import limiter
from outreach.queries import absences as absence_pages
from outreach.queries.answers import clashes as own_clashes
from outreach.queries.answers import page as answer_page
from outreach.queries.answers.page import AnswerPage
from outreach.services.absences import calendars as absence_calendars
from outreach.services.absences import edit as absences
from outreach.services.absences.edit import Check, Subject, SubjectKind
from outreach.services.invitations import links
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import foreign_sentence, speak_to, staff_here
from outreach.web.answer_pages.forms import LinkForm, OwnAbsenceForm, OwnCalendarForm
from outreach.web.answer_pages.views import draw_for, this_link
from outreach.web.fields.fields import whole
from outreach.web.frame.bodies import MOST_OF_UPLOADS, takes
from outreach.web.frame.looks import office_zone
from outreach.web.frame.request import asked_language, is_foreign
from outreach.web.frame.say import say

MOST_SHOWN = 30  # more is rare, and each costs loading time on a phone
READINGS = "6/minute;30/hour"  # each may occupy a process for some seconds


@bp.get("/<token>/away")
def away_page(token: str) -> Response:
    return _drawn(token, _found(token))


@bp.post("/<token>/away")
def away_add(token: str) -> Any:
    found, form = _found(token), OwnAbsenceForm(meta={"csrf_context": token})
    if sentence := _refused(form):
        return _drawn(token, found, 400 if form.forged or is_foreign() else 422, form=form, notice=sentence)
    try:
        absences.add(
            _subject(found),
            form.stated().absent(office_zone()),
            form.reason.data,
            source=AbsenceSource.SELF,
            by=None,
            now=clock.now(),
            check=_still_open(token),
            staff=staff_here(),
        )
    except Problem as problem:
        return _drawn(token, _found(token), 422, form=form, notice=say(problem), wrong=problem.field or "")
    return _noted(token)


@bp.post("/<token>/away/remove")
def away_remove(token: str) -> Any:
    """Remove a time or a calendar, by the button's value."""

    def remove(subject: Subject) -> None:
        what, _dash, number = request.form.get("what", "").partition("-")
        if id_ := whole(number):
            take = absence_calendars.remove if what == "calendar" else absences.remove
            take(subject, id_, by=None, now=clock.now(), check=_still_open(token), staff=staff_here())

    return _changed(token, remove, "removed")


@bp.post("/<token>/away/calendar")
@limiter.limit(READINGS, key_func=this_link)
@takes(MOST_OF_UPLOADS)
def away_calendar(token: str) -> Any:
    found, form = _found(token), OwnCalendarForm(meta={"csrf_context": token})
    if sentence := _refused(form):
        return _drawn(token, found, 400 if form.forged or is_foreign() else 422, calendar_form=form, notice=sentence)
    given: dict[str, Any] = {
        "source": AbsenceSource.SELF,
        "by": None,
        "now": clock.now(),
        "check": _still_open(token),
        "staff": staff_here(),
    }
    try:
        if chosen := form.bytes():
            absence_calendars.leave_file(_subject(found), chosen[0], form.name.data or chosen[1], **given)
        else:
            absence_calendars.add_address(_subject(found), form.address.data or "", form.name.data, **given)
    except Problem as problem:
        wrong = "file" if chosen else "address"
        return _drawn(token, _found(token), 422, calendar_form=form, notice=say(problem), wrong=wrong)
    return _noted(token)


@bp.post("/<token>/away/again")
@limiter.limit(READINGS, key_func=this_link)
def away_again(token: str) -> Any:
    """Have an address read again soon."""

    def again(subject: Subject) -> None:
        if id_ := whole(request.form.get("what")):
            absence_calendars.ask_again(subject, id_, now=clock.now(), check=_still_open(token))

    return _changed(token, again, "again")


def _changed(token: str, change: Callable[[Subject], None], done: str) -> Any:
    found, form = _found(token), LinkForm(meta={"csrf_context": token})
    if sentence := _refused(form):
        return _drawn(token, found, 400, notice=sentence)
    try:
        change(_subject(found))
    except Problem as problem:
        return _drawn(token, _found(token), 422, notice=say(problem))
    return _noted(token, done)


def _still_open(token: str) -> Check:
    """Return a check that raises the problems of `open_link`, and locks the link for the transaction."""
    return lambda: links.use_link(token, now=clock.now(), lock=True)


def _refused(form: LinkForm) -> str:
    if is_foreign():
        return foreign_sentence()
    return "" if form.validate() else form.first_error


def _found(token: str) -> AnswerPage:
    found = answer_page.read(token, now=clock.now())
    speak_to(found.invitee)
    return found


def _subject(found: AnswerPage) -> Subject:
    kind = SubjectKind.ORGANISATION if found.invitee.organisation else SubjectKind.PERSON
    return Subject(kind, found.invitee.id)


def _noted(token: str, done: str = "1") -> Any:
    target = url_for("answers.away_page", token=token, done=done, lang=asked_language())
    return redirect(target, 303)


def _drawn(
    token: str,
    found: AnswerPage,
    status: int = 200,
    *,
    form: OwnAbsenceForm | None = None,
    calendar_form: OwnCalendarForm | None = None,
    notice: str = "",
    wrong: str = "",
) -> Response:
    subject, now, zone = _subject(found), clock.now(), office_zone()
    today = now.astimezone(zone).date()
    entered = absence_pages.entered(subject, now=now)
    wrongs = _wrong_fields(form, calendar_form, wrong, notice)
    coming = own_clashes.accepted(found.activities, now)
    return draw_for(
        token,
        found,
        "away.html",
        status,
        form=form or OwnAbsenceForm(formdata=None, meta={"csrf_context": token}),
        calendar_form=calendar_form or OwnCalendarForm(formdata=None, meta={"csrf_context": token}),
        calendar_open=calendar_form is not None,
        entered=[(entry, when(entry.absent, today)) for entry in entered[:MOST_SHOWN]],
        more=max(0, len(entered) - MOST_SHOWN),
        calendars=absence_pages.calendars(subject, now=now),
        say=say,
        moment=lambda instant: formats.moment(instant, zone),
        title=_("When can you not come?"),
        clashes=[clash.accepted.activity for clash in own_clashes.with_absences(found.invitee, coming)],
        notice=_("This was not stored. Please correct:") if wrongs else notice,
        wrong=wrongs,
        faults=[(name, f"{_label(name)}: {sentence}") for name, sentence in wrongs.items()],
        thanks="" if notice else _thanks(request.args.get("done", "")),
    )


def _wrong_fields(
    form: OwnAbsenceForm | None, calendar_form: OwnCalendarForm | None, wrong: str, notice: str
) -> dict[str, str]:
    """Return what is wrong, by field, in the order of the page."""
    found = {wrong: notice} if wrong else {}
    for filled in (form, calendar_form):
        if filled is not None and not filled.forged:
            found |= {name: str(errors[0]) for name, errors in filled.errors.items() if name and errors}
    return found


def _label(name: str) -> str:
    field = getattr(OwnAbsenceForm if hasattr(OwnAbsenceForm, name) else OwnCalendarForm, name)
    return str(field.args[0])


def _thanks(done: str) -> str:
    sentences = {
        "removed": _("Thank you, it is removed."),
        "again": _("Thank you. The calendar will be read again in a minute or two."),
    }
    return sentences.get(done, _("Thank you, it is noted.")) if done else ""
