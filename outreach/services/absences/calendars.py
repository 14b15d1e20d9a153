"""Calendars in which people, organisations and venues are busy, from an address or a file: add, remove, read now.

services/absences/refresh.py reads the addresses regularly.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.fetch.fetch import Fetcher
from outreach.domain.directory import names
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.problems import Problem
from outreach.extensions import current_settings, db
from outreach.models import AbsenceCalendar, CalendarFile, User
from outreach.services import office_defaults
from outreach.services.absences import parse as busy_times
from outreach.services.absences import refresh as absence_refresh
from outreach.services.absences.edit import Check, Subject, log_change, unchecked
from outreach.services.absences.refresh import allowed_fetcher, note_left_out, replace
from outreach.transactions import writing

MOST = 5  # per person, organisation or venue
FILE_WAITS_S = 1.0  # while two others are read; an uploaded file occupies a web thread meanwhile


class CalendarMissing(Problem):
    message = "This calendar has been removed meanwhile."


class TooManyCalendars(Problem):
    message = "At most %(most)s calendars can be read. Please remove one first."
    field = "source"


class NoneRead(Problem):
    message = "Calendars at an address are not read here, as the administrator has set. Please choose a file."
    field = "source"


def add_file(
    subject: Subject,
    data: bytes,
    name: str = "",
    *,
    source: AbsenceSource,
    by: User | None,
    now: datetime,
    check: Check = unchecked,
    staff: User | None = None,
) -> AbsenceCalendar:
    """Read a file once and store its busy times. Raise a Problem if it cannot be read; nothing is changed then."""
    reading = busy_times.read(data, office_defaults.zone(db.session), now=now, wait_s=FILE_WAITS_S)
    with writing() as session:
        check()
        values: dict[str, Any] = {"read_at": now, "tried_at": now, "digest": sha256(data).hexdigest()}
        calendar = _add(session, subject, name, source, by, now, staff, **values)
        note_left_out(calendar, reading.left_out)
        replace(session, calendar, reading.times, office_defaults.zone(session), now)
    return calendar


def leave_file(
    subject: Subject,
    data: bytes,
    name: str = "",
    *,
    source: AbsenceSource,
    by: User | None,
    now: datetime,
    check: Check = unchecked,
    staff: User | None = None,
) -> AbsenceCalendar:
    """Store a file, to be read by an engine within about a minute; so a stranger's file occupies no page.

    Raise a Problem if it is too large, empty or plainly no calendar; nothing is changed then.
    """
    busy_times.check_beginning(data)
    with writing() as session:
        check()
        digest = sha256(data).hexdigest()
        calendar = _add(session, subject, name, source, by, now, staff, next_read_at=now, digest=digest)
        session.add(CalendarFile(calendar_id=calendar.id, data=data))
    return calendar


def add_address(
    subject: Subject,
    address: str,
    name: str = "",
    *,
    source: AbsenceSource,
    by: User | None,
    now: datetime,
    check: Check = unchecked,
    staff: User | None = None,
) -> AbsenceCalendar:
    """Store an address, due to be read at once by an engine. Raise a Problem if it is not a valid calendar address."""
    if not current_settings().calendar_read_s:
        raise NoneRead
    url = allowed_fetcher().allowed(address)
    with writing() as session:
        check()
        of_subject = getattr(AbsenceCalendar, subject.column) == subject.id
        same = session.scalar(sa.select(AbsenceCalendar).where(of_subject, AbsenceCalendar.url == url.geturl()))
        if same is not None:
            same.next_read_at = now
            return same
        return _add(session, subject, name, source, by, now, staff, url=url.geturl(), next_read_at=now)


def remove(
    subject: Subject,
    calendar_id: int,
    *,
    by: User | None,
    now: datetime,
    check: Check = unchecked,
    staff: User | None = None,
) -> None:
    """Delete a calendar and the absences read from it. Raise CalendarMissing, also for another subject's calendar."""
    with writing() as session:
        check()
        calendar = _own(session, subject, calendar_id)
        _log(session, subject, subject.row(session), "calendar_removed", host_of(calendar.url), by, now, staff)
        session.delete(calendar)  # with its absences


def ask_again(subject: Subject, calendar_id: int, *, now: datetime, check: Check = unchecked) -> None:
    """Make an address due, so that an engine reads it in its next round. Raise CalendarMissing."""
    with writing() as session:
        check()
        calendar = _own(session, subject, calendar_id)
        if calendar.url:
            calendar.next_read_at = now


def read_now(subject: Subject, calendar_id: int, *, now: datetime, fetcher: Fetcher | None = None) -> Problem | None:
    """Read an address at once; return why it failed, or None. Takes up to half a minute. Raise CalendarMissing."""
    calendar = _own(db.session(), subject, calendar_id)
    return absence_refresh.read(calendar.id, now=now, fetcher=fetcher) if calendar.url else None


def _add(
    session: Session, subject: Subject, name: str, source: AbsenceSource, by: User | None, now: datetime,
    staff: User | None, **values: Any,
) -> AbsenceCalendar:  # fmt: skip
    """Add a calendar and log it. Raise TooManyCalendars. values: of its other columns."""
    row = subject.row(session)
    _check_room(session, subject)
    calendar = AbsenceCalendar(
        name=names.tidy(name)[:120],
        source=source,
        added_by_id=by.id if by else None,
        **{subject.column: subject.id},
        **values,
    )
    session.add(calendar)
    session.flush()
    _log(session, subject, row, "calendar_added", host_of(calendar.url or ""), by, now, staff)
    return calendar


def _own(session: Session, subject: Subject, calendar_id: int) -> AbsenceCalendar:
    found = session.get(AbsenceCalendar, calendar_id)
    if found is None or getattr(found, subject.column) != subject.id:
        raise CalendarMissing
    return found


def _check_room(session: Session, subject: Subject) -> None:
    of_subject = getattr(AbsenceCalendar, subject.column) == subject.id
    if (session.scalar(sa.select(sa.func.count()).select_from(AbsenceCalendar).where(of_subject)) or 0) >= MOST:
        raise TooManyCalendars(most=MOST)


def host_of(url: str) -> str:
    """Return the host of an address: the only part that is not secret."""
    return urlsplit(url).hostname or ""


def _log(
    session: Session, subject: Subject, row: Any, verb: str, host: str, by: User | None, now: datetime,
    staff: User | None,
) -> None:  # fmt: skip
    log_change(session, subject, row, verb, by, staff, now=now, address=host)
