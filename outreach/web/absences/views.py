"""Absences of a person, organisation or venue: entered by staff, or read from a calendar that staff give."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user

from outreach import clock
from outreach.delivery.fetch.problems import PASSING, FetchProblem
from outreach.delivery.words.absences import when
from outreach.domain.kinds import ListName
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.problems import Problem
from outreach.extensions import limiter
from outreach.models import AbsenceCalendar
from outreach.queries import absences as absence_pages
from outreach.queries import clashes as clash_pages
from outreach.services.absences import calendars as absence_calendars
from outreach.services.absences import edit as absences
from outreach.services.absences.calendars import CalendarMissing
from outreach.services.absences.edit import AbsenceMissing, Subject, SubjectKind, SubjectMissing
from outreach.web.absences.forms import AbsenceForm, CalendarForm
from outreach.web.clashes.shown import shown
from outreach.web.exports import columns, file
from outreach.web.fields.problems import missing_page, showing_problems
from outreach.web.frame.access import coordinator_required, may_change, staff_required
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import say

PAGES = {
    SubjectKind.PERSON: ("people.index", "people.show", "person_id"),
    SubjectKind.ORGANISATION: ("organisations.index", "organisations.show", "organisation_id"),
    SubjectKind.VENUE: ("venues.index", "venues.edit", "venue_id"),
}
bp = Blueprint("absences", __name__, url_prefix="/absences/<kind>/<int:subject_id>")
missing_page(bp, SubjectMissing, AbsenceMissing, CalendarMissing)


@bp.app_context_processor
def _for_cards() -> dict[str, Any]:
    """Let the pages of people, organisations and venues show future absences in a card."""
    return {"absences_of": _told, "subject_kinds": SubjectKind}


@bp.get("")
@staff_required
def show(kind: str, subject_id: int) -> Any:
    subject = _subject(kind, subject_id)
    if file.asked():
        of, also = absence_pages.name_of(subject), {}
        if subject.kind is SubjectKind.PERSON:
            of, also = "", {"person": str(subject.id)}
        return file.send(
            ListName.ABSENCES, columns.absences(), absence_pages.entered(subject, now=clock.now()), of=of, also=also
        )
    return _page(subject, AbsenceForm(formdata=None), CalendarForm(formdata=None))


@bp.post("")
@coordinator_required
def add(kind: str, subject_id: int) -> Any:
    subject, form = _subject(kind, subject_id), AbsenceForm()
    if form.validate():
        with showing_problems(form, but=SubjectMissing, names={}):
            absent = form.stated().absent(office_zone())
            absences.add(
                subject, absent, form.reason.data, source=AbsenceSource.COORDINATOR, by=current_user, now=clock.now()
            )
            flash(_("Noted: %(when)s.", when=when(absent, _today())), "success")
            return _back(subject)
    return _page(subject, form, CalendarForm(formdata=None)), 422


@bp.post("/<int:absence_id>/remove")
@coordinator_required
def remove(kind: str, subject_id: int, absence_id: int) -> Any:
    subject = _subject(kind, subject_id)
    absences.remove(subject, absence_id, by=current_user, now=clock.now())
    flash(_("Removed. That time is free again."), "success")
    return _back(subject)


@bp.post("/calendars")
@coordinator_required
@limiter.limit("20/minute")
def add_calendar(kind: str, subject_id: int) -> Any:
    """Accept a file or an address. An address is read at once, so the user sees whether it works."""
    subject, form, now = _subject(kind, subject_id), CalendarForm(), clock.now()
    given = {"source": AbsenceSource.COORDINATOR, "by": current_user, "now": now}
    if form.validate():
        field = "file" if form.file.data else "address"
        with showing_problems(form, but=SubjectMissing, names={"source": field}):
            if chosen := form.bytes():
                absence_calendars.add_file(subject, chosen[0], form.name.data or chosen[1], **given)
                flash(_("The calendar is read."), "success")
            else:
                _read_first(subject, absence_calendars.add_address(subject, form.address.data, form.name.data, **given))
            return _back(subject)
    return _page(subject, AbsenceForm(formdata=None), form), 422


@bp.post("/calendars/<int:calendar_id>/read")
@coordinator_required
@limiter.limit("20/minute")
def read_calendar(kind: str, subject_id: int, calendar_id: int) -> Any:
    subject = _subject(kind, subject_id)
    _tell(absence_calendars.read_now(subject, calendar_id, now=clock.now()))
    return _back(subject)


@bp.post("/calendars/<int:calendar_id>/remove")
@coordinator_required
def remove_calendar(kind: str, subject_id: int, calendar_id: int) -> Any:
    subject = _subject(kind, subject_id)
    absence_calendars.remove(subject, calendar_id, by=current_user, now=clock.now())
    flash(_("The calendar and what was read from it are removed."), "success")
    return _back(subject)


def _read_first(subject: Subject, made: AbsenceCalendar) -> None:
    """Read a new calendar. If reading will not work later either, remove the calendar and raise the problem."""
    calendar_id, is_new, now = made.id, made.tried_at is None, clock.now()
    problem = absence_calendars.read_now(subject, calendar_id, now=now)
    if problem is not None and is_new and not isinstance(problem, PASSING):
        absence_calendars.remove(subject, calendar_id, by=current_user, now=now)
        raise problem
    _tell(problem)


def _tell(problem: Problem | None) -> None:
    if problem is None:
        flash(_("The calendar is read."), "success")
    else:
        kept = _("Nothing was changed; it is tried again by itself.")
        flash(f"{say(problem)} {kept}", "warning" if isinstance(problem, FetchProblem) else "danger")


def _subject(kind: str, subject_id: int) -> Subject:
    if kind not in set(SubjectKind):
        raise SubjectMissing
    return Subject(SubjectKind(kind), subject_id)


def _back(subject: Subject) -> Any:
    return redirect(url_for(".show", kind=subject.kind.value, subject_id=subject.id))


def _today() -> Any:
    return clock.now().astimezone(office_zone()).date()


def _told(kind: SubjectKind, subject_id: int) -> dict[str, Any]:
    """Return the future absences, in words for a page."""
    subject, now, today = Subject(SubjectKind(kind), subject_id), clock.now(), _today()
    return {
        "entered": [(absence, when(absence.absent, today)) for absence in absence_pages.entered(subject, now=now)],
        "calendars": absence_pages.calendars(subject, now=now),
        "page": url_for("absences.show", kind=subject.kind.value, subject_id=subject.id),
    }


def _page(subject: Subject, form: AbsenceForm, calendar_form: CalendarForm) -> str:
    name = absence_pages.name_of(subject)
    index, own, key = PAGES[subject.kind]
    own_id: dict[str, Any] = {key: subject.id}
    return render_template(
        "absences/show.html",
        name=name,
        form=form,
        calendar_form=calendar_form,
        index_page=url_for(index),
        own_page=url_for(own, **own_id),
        kind=subject.kind,
        nav_section=index.partition(".")[0],
        say=say,
        here=url_for(".show", kind=subject.kind.value, subject_id=subject.id),
        clashes=shown(clash_pages.of_absent(subject, now=clock.now())) if may_change() else [],
        **_told(subject.kind, subject.id),
    )
