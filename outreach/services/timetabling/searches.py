"""Timetabling searches: create, start, stop and delete them. timetabling/worker.py does the search.

A search runs in a process of its own, which keeps pages fast; only one runs at a time. It updates `beat_at` about every
second. A search that has not done so for LEASE is broken off and can be started again.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.problems import Problem
from outreach.domain.states import SearchState
from outreach.domain.timetabling import PlannerMissing
from outreach.extensions import current_settings, db
from outreach.models import TimetablingSearch, User
from outreach.services import audit, office_defaults
from outreach.services.timetabling import request as timetabling_request
from outreach.services.timetabling import task as timetabling_task
from outreach.services.timetabling.request import Request
from outreach.transactions import writing

LEASE = timedelta(seconds=30)  # longer than a busy machine takes to start the process
RUNNING = (SearchState.QUEUED, SearchState.RUNNING)
AT_ONCE = 100  # deleted in one transaction
TITLE_LENGTH = 200


class SearchMissing(Problem):
    message = "This placement does not exist, or has been deleted."


class AnotherRuns(Problem):
    message = "Another placement is being searched for: “%(title)s”. Wait until it has ended, or stop it."


class AlreadyStarted(Problem):
    message = "This search has begun already."


class CannotStart(Problem):
    message = (
        "The search could not be started. Please try again, and tell the person who runs Outreach if it fails again."
    )


def can_search() -> bool:
    """Return whether OR-Tools is installed. Without it, activities can only be scheduled one after the other."""
    return find_spec("ortools") is not None


def create(request: Request, *, title: str, by: User | None, now: datetime) -> TimetablingSearch:
    """Store the request. Raise what request.check or task.build raise; nothing is stored then."""
    timetabling_request.check(request)
    timetabling_task.build(request, now=now)
    with writing() as session:
        search = TimetablingSearch(
            title=title.strip()[:TITLE_LENGTH], created_by_id=by.id if by else None,
            request=timetabling_request.as_json(request), state=SearchState.PREPARED, created_at=now,
        )  # fmt: skip
        session.add(search)
        audit.record(session, by, "placement.created", search, now=now, activities=len(request.lines))
    return search


def start(search_id: int, *, launch: Callable[[int], object], by: User | None, now: datetime) -> TimetablingSearch:
    """Start the search in a process that `launch` starts.

    Raise PlannerMissing without OR-Tools, AnotherRuns, AlreadyStarted, or CannotStart if no process can be started.
    """
    with writing() as session:
        office_defaults.lock(session)  # only one start at a time
        search = _for_change(session, search_id)
        if is_running(search, now) or search.state not in (SearchState.PREPARED, *RUNNING):
            raise AlreadyStarted
        if not can_search() and not timetabling_request.from_json(search.request).greedily:
            raise PlannerMissing
        other = session.scalar(
            sa.select(TimetablingSearch)
            .where(
                TimetablingSearch.state.in_(RUNNING),
                TimetablingSearch.beat_at > now - LEASE,
                TimetablingSearch.id != search_id,
            )
            .limit(1)
        )
        if other is not None:
            raise AnotherRuns(title=other.title)
        search.state, search.worker = SearchState.QUEUED, ""
        search.beat_at, search.started_at, search.ended_at, search.stop_asked_at = now, None, None, None
        search.result, search.progress, search.problem = {}, {}, ""
        audit.record(session, by, "placement.started", search, now=now)
    try:
        launch(search_id)
    except OSError:
        with writing() as session:
            _for_change(session, search_id).state = SearchState.PREPARED
        raise CannotStart from None
    return search


def ask_to_stop(search_id: int, *, by: User | None, now: datetime) -> TimetablingSearch:
    """Ask the search to end with its best proposal so far; it stops within about a second. No effect if it has ended."""
    with writing() as session:
        search = _for_change(session, search_id)
        if search.state in RUNNING and search.stop_asked_at is None:
            search.stop_asked_at = now
            audit.record(session, by, "placement.stopped", search, now=now)
    return search


def is_running(search: TimetablingSearch, now: datetime) -> bool:
    return search.state in RUNNING and search.beat_at is not None and search.beat_at > now - LEASE


def delete(search_id: int, *, by: User | None, now: datetime) -> None:
    """Delete a search that is not running; applied changes stay. Raise AlreadyStarted while it runs."""
    with writing() as session:
        search = _for_change(session, search_id)
        if is_running(search, now):
            raise AlreadyStarted
        audit.record(session, by, "placement.deleted", search, now=now)
        session.delete(search)


# When something last happened to a search.
LAST_AT: sa.ColumnElement[datetime] = sa.func.coalesce(
    TimetablingSearch.ended_at, TimetablingSearch.beat_at, TimetablingSearch.created_at
)


def delete_old(
    now: datetime,
    *,
    days: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    note: Callable[[Session, int], None] | None = None,
) -> int:
    """Delete searches without activity for `days` (else `placement_days`) before `now`, fully applied ones after `archive_days`.

    Return how many. A running search stays, and applied changes stay. note: told the number of each batch, in its transaction.
    """
    settings = current_settings()
    days = days or settings.placement_days
    is_taken = TimetablingSearch.state == SearchState.TAKEN
    old = sa.or_(
        sa.and_(is_taken, now - timedelta(days=max(days, settings.archive_days)) > LAST_AT),
        sa.and_(~is_taken, now - timedelta(days=days) > LAST_AT),
    )
    deleted = 0
    while not stop() and (ids := db.session.scalars(sa.select(TimetablingSearch.id).where(old).limit(AT_ONCE)).all()):
        db.session.rollback()
        with writing() as session:
            done: Any = session.execute(sa.delete(TimetablingSearch).where(TimetablingSearch.id.in_(ids), old))
            if note is not None:
                note(session, done.rowcount)
        deleted += done.rowcount
    db.session.rollback()
    return deleted


def _for_change(session: Session, search_id: int) -> TimetablingSearch:
    search: Any = session.get(
        TimetablingSearch, search_id, with_for_update={"of": TimetablingSearch}, populate_existing=True
    )
    if search is None:
        raise SearchMissing
    found: TimetablingSearch = search
    return found
