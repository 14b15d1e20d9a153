"""Regular reading of the calendars that say when people, organisations and venues are busy.

Only the busy times are stored, never titles or guests. Each successful reading replaces the earlier busy times in one
transaction. If reading fails, the earlier times stay, with the problem and the time of the next attempt.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.fetch.fetch import Fetcher
from outreach.domain.planning.absences import AbsentTime
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.problems import Problem
from outreach.extensions import current_settings, db
from outreach.models import Absence, AbsenceCalendar, CalendarFile
from outreach.services import office_defaults
from outreach.services.absences import parse as busy_times
from outreach.transactions import writing

AT_ONCE = 20  # calendars in one round; the next round follows in a minute
TAKEN_FOR = timedelta(minutes=10)  # a worker reserves a calendar for this time; reading one never takes longer
FIRST_DELAY = timedelta(minutes=15)
LONGEST_DELAY = timedelta(days=1)
WHOLE_EVERY_DAYS = 7  # then parsed even if unchanged, because the horizon has moved


def read_due(
    now: Callable[[], datetime], stop: Callable[[], bool], fetcher: Fetcher | None = None
) -> Mapping[str, int]:
    """Read the calendars that are due, the longest waiting first. Return how many were read and how many failed."""
    done = {"calendars": 0, "calendars_failed": 0}
    while sum(done.values()) < AT_ONCE and not stop() and (calendar_id := _taken(now())) is not None:
        problem = read(calendar_id, now=now(), fetcher=fetcher)
        done["calendars_failed" if problem else "calendars"] += 1
    return done


def read(calendar_id: int, *, now: datetime, fetcher: Fetcher | None = None) -> Problem | None:
    """Fetch a calendar, or read its waiting file, and replace its busy times. Return the problem, which is also stored, or None.

    Return None also if the calendar was removed meanwhile. No transaction is open during the download.
    """
    calendar = db.session.get(AbsenceCalendar, calendar_id)
    if calendar is None:
        return None
    if not calendar.url:
        return _read_file(calendar_id, now)
    url, digest, zone = calendar.url, calendar.digest, office_defaults.zone(db.session)
    whole = not digest or (now.date().toordinal() + calendar_id) % WHOLE_EVERY_DAYS == 0
    known = {} if whole else {"etag": calendar.etag, "last_modified": calendar.last_modified}
    db.session.rollback()
    try:
        answer = (fetcher or allowed_fetcher()).fetch(url, **known)
        new = None if answer.data is None else sha256(answer.data).hexdigest()
        reading = None
        if answer.data is not None and (whole or new != digest):
            reading = busy_times.read(answer.data, zone, now=now)
    except Problem as problem:
        _note_failure(calendar_id, problem, now)
        return problem
    with writing() as session:
        found = session.get(AbsenceCalendar, calendar_id, with_for_update=True)
        if found is None:
            return None
        if new is not None:
            found.etag, found.last_modified, found.digest = answer.etag, answer.last_modified, new
        if reading is not None:
            replace(session, found, reading.times, zone, now)
            note_left_out(found, reading.left_out)
        elif found.failures:
            note_left_out(found, None)
        found.tried_at = found.read_at = now
        found.next_read_at = now + timedelta(
            seconds=current_settings().calendar_read_s or LONGEST_DELAY.total_seconds()
        )
        found.failures = 0
    return None


def _read_file(calendar_id: int, now: datetime) -> Problem | None:
    """Read a waiting file once. The file is deleted, whether it could be read or not."""
    data = db.session.scalar(sa.select(CalendarFile.data).where(CalendarFile.calendar_id == calendar_id))
    zone = office_defaults.zone(db.session)
    db.session.rollback()
    reading: busy_times.CalendarReading | None = None
    problem: Problem | None = None
    if data is not None:
        try:
            reading = busy_times.read(data, zone, now=now)
        except busy_times.ReadersBusy as busy:
            return busy  # it is due again when the reservation ends
        except Problem as found_problem:
            problem = found_problem
    with writing() as session:
        found = session.get(
            AbsenceCalendar, calendar_id, with_for_update=True
        )  # before its file: who removes it does so, too
        if found is None:
            return None
        session.execute(sa.delete(CalendarFile).where(CalendarFile.calendar_id == calendar_id))
        found.tried_at, found.next_read_at = now, None
        if reading is not None:
            found.read_at = now
            replace(session, found, reading.times, zone, now)
            note_left_out(found, reading.left_out)
        elif problem is not None:
            found.failures += 1
            found.problem, found.problem_values = problem.message, dict(problem.values)
    return problem


def delay(failures: int) -> timedelta:
    """Return the delay after this many failures in a row: 15 minutes, doubled each time, at most a day."""
    return min(FIRST_DELAY * 2 ** min(failures - 1, 10), LONGEST_DELAY)


def _taken(now: datetime) -> int | None:
    """Return the id of a calendar that is due and reserve it, so that no other worker reads it. None if none is due."""
    by_address = () if current_settings().calendar_read_s else (AbsenceCalendar.url == "",)  # files are always read
    with writing() as session:
        due = (
            sa.select(AbsenceCalendar)
            .where(AbsenceCalendar.next_read_at <= now, *by_address)
            .order_by(AbsenceCalendar.next_read_at, AbsenceCalendar.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        found = session.scalar(due)
        if found is None:
            return None
        found.next_read_at = now + TAKEN_FOR
        return found.id


def allowed_fetcher() -> Fetcher:
    """Return a fetcher that reads only from hosts that the administrator allows."""
    settings = current_settings()
    own, listed = (
        frozenset(host.rstrip(".").encode("idna").decode() for host in hosts.lower().replace(",", " ").split())
        for hosts in (settings.calendar_own_hosts, settings.calendar_hosts)
    )
    return Fetcher(own, listed)


def _note_failure(calendar_id: int, problem: Problem, now: datetime) -> None:
    with writing() as session:
        found = session.get(AbsenceCalendar, calendar_id, with_for_update=True)
        if found is not None:
            found.tried_at = now
            found.failures += 1
            found.next_read_at = now + delay(found.failures)
            found.problem, found.problem_values = problem.message, dict(problem.values)


def note_left_out(calendar: AbsenceCalendar, left_out: Problem | None) -> None:
    """Keep what a successful reading had to leave out, in the place of the problem of a failed one."""
    calendar.problem, calendar.problem_values = (left_out.message, dict(left_out.values)) if left_out else ("", {})


def replace(
    session: Session, calendar: AbsenceCalendar, times: Sequence[AbsentTime], zone: ZoneInfo, now: datetime
) -> None:
    """Replace the calendar's absences by these times; unchanged absences keep their rows."""
    rows = session.execute(
        sa.select(Absence.id, Absence.starts_at, Absence.ends_at).where(Absence.calendar_id == calendar.id)
    )
    there = {(row.starts_at, row.ends_at): row.id for row in rows}
    wanted = set(times)
    gone = [id for span, id in there.items() if span not in wanted]
    for start in range(0, len(gone), 500):
        session.execute(sa.delete(Absence).where(Absence.id.in_(gone[start : start + 500])))
    owner = {kind: getattr(calendar, kind) for kind in ("person_id", "organisation_id", "venue_id")}
    new = [
        {
            "starts_at": begins,
            "ends_at": ends,
            "zone": zone.key,
            "whole_days": _are_days(begins, ends, zone),
            "source": AbsenceSource.CALENDAR,
            "calendar_id": calendar.id,
            "created_at": now,
            **owner,
        }
        for begins, ends in times
        if (begins, ends) not in there
    ]
    if new:
        session.execute(sa.insert(Absence), new)


def _are_days(begins: datetime, ends: datetime, zone: ZoneInfo) -> bool:
    return all(at.astimezone(zone).time() == time() for at in (begins, ends))
