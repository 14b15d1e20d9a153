"""Absences of people, organisations and venues: entering and removing them by hand, and reading all for the plan.

services/absences/calendars.py stores the absences that are read from calendars; queries/absences.py lists them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory import names
from outreach.domain.kinds import Repeat
from outreach.domain.planning import absences as rules
from outreach.domain.planning.absences import Absent
from outreach.domain.planning.parties import AbsenceSource, AbsenceSpan, Party
from outreach.domain.problems import Problem
from outreach.models import Absence, Organisation, Person, User, Venue
from outreach.services import audit
from outreach.transactions import writing

MOST = 100  # entered by hand, per person, organisation or venue
MOST_LETTERS = 160

# Raises a Problem if the change is no longer allowed. Called first in its transaction.
Check = Callable[[], object]


class SubjectMissing(Problem):
    message = "This person, organisation or venue is not in the list any more."


class AbsenceMissing(Problem):
    message = "This absence has been removed meanwhile."


class AlreadyOver(Problem):
    message = "This time is over already. Please choose one that lies ahead."
    field = "on"


class TooManyAbsences(Problem):
    message = "There are %(most)s absences already. Please remove some, or let a calendar be read."


class SubjectKind(StrEnum):
    """The kinds of subject that can have absences."""

    PERSON = "person"
    ORGANISATION = "organisation"
    VENUE = "venue"


_MODELS: dict[SubjectKind, Any] = {
    SubjectKind.PERSON: Person,
    SubjectKind.ORGANISATION: Organisation,
    SubjectKind.VENUE: Venue,
}


@dataclass(frozen=True)
class Subject:
    """The person, organisation or venue that is absent. id: its primary key in its own table."""

    kind: SubjectKind
    id: int

    @property
    def column(self) -> str:
        """Return the column of the absence and calendar tables with this subject's id."""
        return f"{self.kind.value}_id"

    def row(self, session: Session) -> Any:
        """Return the person, organisation or venue. Raise SubjectMissing, also if its data was erased."""
        found = session.get(_MODELS[self.kind], self.id)
        if found is None or getattr(found, "erased_at", None) is not None:
            raise SubjectMissing
        return found


def unchecked() -> None:
    """Check nothing: for changes by staff. Changes by link pass a check that locks the link."""


def add(
    subject: Subject,
    wanted: Absent,
    reason: str = "",
    *,
    source: AbsenceSource,
    by: User | None,
    now: datetime,
    check: Check = unchecked,
    staff: User | None = None,
) -> Absence:
    """Enter an absence; entering the same one twice stores it once. Raise SubjectMissing, AlreadyOver or TooManyAbsences.

    by: the coordinator; None when invitees enter their own absence. staff: the account that is signed in where the
    invitee's link was used, for the audit log. Raise also what `check` raises.
    """
    if is_over(wanted, now):
        raise AlreadyOver
    with writing() as session:
        check()
        row = subject.row(session)
        others = session.scalars(entered_by_hand(subject)).all()
        for other in others:
            if absent(other) == wanted:
                return other
        if sum(not is_over(absent(other), now) for other in others) >= MOST:
            raise TooManyAbsences(most=MOST)
        made = Absence(
            starts_at=wanted.starts_at,
            ends_at=wanted.ends_at,
            zone=wanted.zone.key,
            whole_days=wanted.whole_days,
            repeats=wanted.repeats,
            repeats_until_on=wanted.until_on,
            reason=names.tidy(reason)[:MOST_LETTERS],
            source=source,
            added_by_id=by.id if by else None,
            created_at=now,
            **{subject.column: subject.id},
        )
        session.add(made)
        _log(session, subject, row, "absence_added", made, by, now, staff)
    return made


def remove(
    subject: Subject,
    absence_id: int,
    *,
    by: User | None,
    now: datetime,
    check: Check = unchecked,
    staff: User | None = None,
) -> None:
    """Delete an absence that was entered by hand. Raise AbsenceMissing, also for another subject's absence."""
    with writing() as session:
        check()
        found = session.scalar(entered_by_hand(subject).where(Absence.id == absence_id))
        if found is None:
            raise AbsenceMissing
        _log(session, subject, subject.row(session), "absence_removed", found, by, now, staff)
        session.delete(found)


def entered_by_hand(subject: Subject) -> sa.Select[Any]:
    """Select the subject's absences that were entered by hand."""
    of_subject = getattr(Absence, subject.column) == subject.id
    return sa.select(Absence).where(of_subject, Absence.calendar_id.is_(None))


def is_over(one: Absent, now: datetime) -> bool:
    """Return whether an absence lies in the past with all its repetitions."""
    last = rules.last_moment(one)
    return last is not None and last <= now


def _log(
    session: Session, subject: Subject, row: Any, verb: str, about: Absence, by: User | None, now: datetime,
    staff: User | None,
) -> None:  # fmt: skip
    times = {"starts_at": about.starts_at.isoformat(), "ends_at": about.ends_at.isoformat()}
    log_change(session, subject, row, verb, by, staff, now=now, repeats=about.repeats.value, **times)


def log_change(
    session: Session, subject: Subject, row: Any, verb: str, by: User | None, staff: User | None, *, now: datetime,
    **detail: str,
) -> None:  # fmt: skip
    """Record a change to absences in the audit log, unless invitees make it themselves. staff: as for `add`."""
    if by is not None:
        audit.record(session, by, f"{subject.kind.value}.{verb}", row, now=now, **detail)
    elif staff is not None:
        audit.record(session, staff, f"{subject.kind.value}.{verb}_by_link", row, now=now, **detail)


def occurrences(session: Session, first: datetime, last: datetime) -> list[AbsenceSpan]:
    """Return every absence, of anybody or of a venue, that overlaps the span from `first` to `last`, sorted by start.

    Runs one statement, which leaves out absences that are long past.
    """
    rows = session.execute(
        sa.select(
            Absence.id,
            Absence.person_id,
            Absence.organisation_id,
            Absence.venue_id,
            Absence.starts_at,
            Absence.ends_at,
            Absence.zone,
            Absence.repeats,
            Absence.repeats_until_on,
            Absence.whole_days,
            Absence.reason,
            Absence.source,
            Absence.created_at,
            Person.name,
            Person.title_before,
            Person.title_after,
            Person.post,
            Organisation.name.label("organisation"),
        )
        .outerjoin(Person, Person.id == Absence.person_id)
        .outerjoin(Organisation, Organisation.id == Absence.organisation_id)
        .where(
            Absence.starts_at < last,
            sa.or_(
                Absence.ends_at > first,
                sa.and_(
                    Absence.repeats == Repeat.WEEKLY,
                    sa.or_(
                        Absence.repeats_until_on.is_(None),
                        Absence.repeats_until_on >= (first - rules.WEEK - rules.DAY).date(),
                    ),
                ),
            ),
        )
    )
    parties: dict[tuple[int | None, int | None], Party | None] = {}  # a party may have thousands of absences
    found = []
    for row in rows:
        owner = (row.person_id, row.organisation_id)
        if owner not in parties:
            parties[owner] = _party(row)
        party = parties[owner]
        found += [
            AbsenceSpan(begins, ends, party, row.venue_id, row.reason, row.source, row.id, row.created_at)
            for begins, ends in _times(row, first, last)
        ]
    return sorted(found, key=lambda absence: (absence.starts_at, absence.id))


def _times(row: Any, first: datetime, last: datetime) -> Iterable[rules.AbsentTime]:
    if row.repeats is Repeat.ONCE:  # the statement has checked the span; calendars have thousands of these
        return ((row.starts_at, row.ends_at),) if first < last else ()
    return rules.occurrences(absent(row), first, last)


def absent(row: Any) -> Absent:
    """Return a stored absence, or a row with the same columns, as the value that the domain rules use."""
    return Absent(row.starts_at, row.ends_at, ZoneInfo(row.zone), row.repeats, row.repeats_until_on, row.whole_days)


def _party(row: Any) -> Party | None:
    if row.person_id is not None:
        named = Person(
            name=row.name, title_before=row.title_before, title_after=row.title_after, post=row.post
        ).display_name
        return Party.person(row.person_id, named)
    return Party.organisation(row.organisation_id, row.organisation) if row.organisation_id is not None else None
