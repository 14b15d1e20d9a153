"""Reading the calendars in which people, organisations and venues are busy, again and again.

Kept of them is only when somebody is busy, never with what. What is read replaces what was, in one transaction; where it
cannot be read, what was read last stays, with the sentence that says why and when it is tried again.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.fetch.fetch import Fetcher
from outreach.domain.planning.absences import Time
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.problems import Problem
from outreach.extensions import current_settings, db
from outreach.models import Absence, AbsenceCalendar
from outreach.services import office_defaults
from outreach.services.absences import parse as busy_times
from outreach.transactions import writing

AT_ONCE = 20  # read in one round; the next follows in a minute
TAKEN_FOR = timedelta(minutes=10)  # by one worker; longer than a reading can last
FIRST_DELAY = timedelta(minutes=15)
LONGEST_DELAY = timedelta(days=1)
WHOLE_EVERY_DAYS = 7  # then it is read even if it did not change, for the horizon has moved


def read_due(
    now: Callable[[], datetime], stop: Callable[[], bool], fetcher: Fetcher | None = None
) -> Mapping[str, int]:
    """Read the addresses that are due, the longest waiting first; return how many were read, and how many could not be."""
    done = {"calendars": 0, "calendars_failed": 0}
    while sum(done.values()) < AT_ONCE and not stop() and (calendar_id := _taken(now())) is not None:
        problem = read(calendar_id, now=now(), fetcher=fetcher)
        done["calendars_failed" if problem else "calendars"] += 1
    return done


def read(calendar_id: int, *, now: datetime, fetcher: Fetcher | None = None) -> Problem | None:
    """Fetch a calendar and store its busy times in place of the old ones; return what went wrong, which is noted too; None also
    for one that was removed meanwhile.

    No transaction is open while it is waited for.
    """
    calendar = db.session.get(AbsenceCalendar, calendar_id)
    if calendar is None:
        return None
    url, digest, zone = calendar.url, calendar.digest, office_defaults.zone(db.session)
    whole = not digest or (now.date().toordinal() + calendar_id) % WHOLE_EVERY_DAYS == 0
    known = {} if whole else {"etag": calendar.etag, "last_modified": calendar.last_modified}
    db.session.rollback()
    try:
        answer = (fetcher or Fetcher(own_hosts())).fetch(url, **known)
        new = None if answer.data is None else sha256(answer.data).hexdigest()
        times = None
        if answer.data is not None and (whole or new != digest):
            times = busy_times.read(answer.data, zone, now=now)
    except Problem as problem:
        _note_failure(calendar_id, problem, now)
        return problem
    with writing() as session:
        found = session.get(AbsenceCalendar, calendar_id, with_for_update=True)
        if found is None:
            return None
        if new is not None:
            found.etag, found.last_modified, found.digest = answer.etag, answer.last_modified, new
        if times is not None:
            replace(session, found, times, zone, now)
        found.tried_at = found.read_at = now
        found.next_read_at = now + timedelta(
            seconds=current_settings().calendar_read_s or LONGEST_DELAY.total_seconds()
        )
        found.failures, found.problem, found.problem_values = 0, "", {}
    return None


def delay(failures: int) -> timedelta:
    """Return how long to wait after so many failures in a row: a quarter of an hour, doubled each time, at most a day."""
    return min(FIRST_DELAY * 2 ** min(failures - 1, 10), LONGEST_DELAY)


def _taken(now: datetime) -> int | None:
    """Return a calendar that is due, which no other worker reads meanwhile; None where none is."""
    with writing() as session:
        due = (
            sa.select(AbsenceCalendar)
            .where(AbsenceCalendar.next_read_at <= now, AbsenceCalendar.url != "")
            .order_by(AbsenceCalendar.next_read_at, AbsenceCalendar.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        found = session.scalar(due)
        if found is None:
            return None
        found.next_read_at = now + TAKEN_FOR
        return found.id


def own_hosts() -> frozenset[str]:
    """Return which hosts the administrator lets calendars be read from though they are not public."""
    return frozenset(host for host in current_settings().calendar_own_hosts.replace(",", " ").split())


def _note_failure(calendar_id: int, problem: Problem, now: datetime) -> None:
    with writing() as session:
        found = session.get(AbsenceCalendar, calendar_id, with_for_update=True)
        if found is not None:
            found.tried_at = now
            found.failures += 1
            found.next_read_at = now + delay(found.failures)
            found.problem, found.problem_values = problem.message, dict(problem.values)


def replace(session: Session, calendar: AbsenceCalendar, times: Sequence[Time], zone: ZoneInfo, now: datetime) -> None:
    """Let the calendar's absences be these; those that are there already stay the rows they are."""
    rows = session.execute(
        sa.select(Absence.id, Absence.starts_at, Absence.ends_at).where(Absence.calendar_id == calendar.id)
    )
    there = {(row.starts_at, row.ends_at): row.id for row in rows}
    wanted = set(times)
    gone = [id for span, id in there.items() if span not in wanted]
    for at in range(0, len(gone), 500):
        session.execute(sa.delete(Absence).where(Absence.id.in_(gone[at : at + 500])))
    whose = {kind: getattr(calendar, kind) for kind in ("person_id", "organisation_id", "venue_id")}
    new = [
        {
            "starts_at": begins,
            "ends_at": ends,
            "zone": zone.key,
            "whole_days": _are_days(begins, ends, zone),
            "source": AbsenceSource.CALENDAR,
            "calendar_id": calendar.id,
            "created_at": now,
            **whose,
        }
        for begins, ends in times
        if (begins, ends) not in there
    ]
    if new:
        session.execute(sa.insert(Absence), new)


def _are_days(begins: datetime, ends: datetime, zone: ZoneInfo) -> bool:
    return all(at.astimezone(zone).time() == time() for at in (begins, ends))
