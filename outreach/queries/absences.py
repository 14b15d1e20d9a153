"""What pages show of absences: those entered by hand, and the calendars that are read. services/absences/ changes them."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain.planning.absences import Absent
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import Absence, AbsenceCalendar
from outreach.services.absences.calendars import host_of
from outreach.services.absences.edit import Subject, absent, entered_by_hand, is_over


@dataclass(frozen=True)
class ListedAbsence:
    """An absence as pages list it."""

    id: int
    absent: Absent
    reason: str
    source: AbsenceSource


def name_of(subject: Subject) -> str:
    """Return the name that pages show. Raise SubjectMissing."""
    found = subject.row(db.session())
    return str(getattr(found, "display_name", "") or found.name)


def entered(subject: Subject, *, now: datetime) -> list[ListedAbsence]:
    """Return the absences entered by hand that are not over, by start. Runs one statement."""
    rows = db.session.scalars(entered_by_hand(subject).order_by(Absence.starts_at, Absence.id))
    listed = (ListedAbsence(row.id, absent(row), row.reason, row.source) for row in rows)
    return [absence for absence in listed if not is_over(absence.absent, now)]


@dataclass(frozen=True)
class ListedCalendar:
    """A calendar as pages list it. host: "" for a file. ahead: count of future busy times; next_at: start of the next.

    problem: why the last reading failed. left_out: what the last reading could not read, although it did not fail.
    """

    id: int
    name: str
    host: str
    source: AbsenceSource
    tried_at: datetime | None
    read_at: datetime | None
    next_read_at: datetime | None
    problem: Problem | None
    ahead: int
    next_at: datetime | None
    left_out: Problem | None = None


def calendars(subject: Subject, *, now: datetime) -> list[ListedCalendar]:
    """Return the subject's calendars in the order they were added. Runs two statements."""
    of_subject = getattr(AbsenceCalendar, subject.column) == subject.id
    rows = db.session.scalars(sa.select(AbsenceCalendar).where(of_subject).order_by(AbsenceCalendar.id)).all()
    counts = {
        row.calendar_id: (row.count, row.first)
        for row in db.session.execute(
            sa.select(
                Absence.calendar_id, sa.func.count().label("count"), sa.func.min(Absence.starts_at).label("first")
            )
            .where(Absence.calendar_id.in_([calendar.id for calendar in rows]), Absence.ends_at > now)
            .group_by(Absence.calendar_id)
        )
    }
    return [_listed(calendar, *counts.get(calendar.id, (0, None))) for calendar in rows]


def _listed(one: AbsenceCalendar, ahead: int, next_at: datetime | None) -> ListedCalendar:
    said = Problem(one.problem, **one.problem_values) if one.problem else None
    problem, left_out = (said, None) if one.failures else (None, said)
    host = host_of(one.url)
    return ListedCalendar(
        one.id,
        one.name,
        host,
        one.source,
        one.tried_at,
        one.read_at,
        one.next_read_at,
        problem,
        ahead,
        next_at,
        left_out,
    )
