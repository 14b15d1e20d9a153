"""Run a timetabling search in its own process: take the row, search, and store the best proposal so far.

Nothing is written to the plan; timetabling/apply.py applies the proposal.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from outreach.domain.problems import Problem
from outreach.domain.states import SearchState
from outreach.domain.timetabling import (
    Effort,
    Proposal,
    Search,
    SearchOutcome,
    SearchProgress,
    SearchStatus,
    Task,
    options_of,
    place_greedily,
    propose,
)
from outreach.domain.timetabling.search import OPTIONS_SHARE
from outreach.extensions import db
from outreach.models import TimetablingSearch
from outreach.services.timetabling import request as timetabling_request
from outreach.services.timetabling import result as timetabling_result
from outreach.services.timetabling import task as timetabling_task
from outreach.services.timetabling.request import Request
from outreach.transactions import writing

WRITES_S = 1.0
ASKS_S = 0.45
WORKERS = 2


class BrokenSearch(Problem):
    message = (
        "The search ended unexpectedly. Please begin again, and tell the person who runs Outreach if it happens again."
    )


class NonePlaced(Problem):
    message = "No place was found in the time given. Allow more days or more time."


class NotAllPlaced(Problem):
    message = "Not all could be placed in the time given. Allow more days or more time."


class SearchLost(Exception):
    """Another process runs this search, or it has ended or was deleted."""


def work(search_id: int, *, clock: Callable[[], datetime]) -> bool:
    """Search and store the result; return False if there is nothing to do. Needs an app context.

    A Problem of the task is stored for the page; any other error is raised after the search is marked as failed.
    """
    row = _Row(search_id, clock)
    stored = row.claim()
    if stored is None:
        return False
    try:
        request = timetabling_request.from_json(stored)
        task = timetabling_task.build(request, now=clock())
        versions = timetabling_task.versions(task.ids)
        db.session.rollback()  # nothing is read while searching
        _search(row, request, task, versions)
    except SearchLost:
        return False
    except Problem as problem:
        values = {name: str(value) for name, value in problem.values.items()}
        row.end(SearchState.FAILED, problem=problem.message, progress={"values": values})
    except BaseException:
        with suppress(SearchLost):
            row.end(SearchState.FAILED, problem=BrokenSearch.message)
        raise
    return True


def _search(row: "_Row", request: Request, task: Task, versions: dict[int, int]) -> None:
    if request.greedily:
        _place_one_after_the_other(row, request, task, versions)
        return
    search = Search(task, Effort(seconds=request.seconds, workers=WORKERS))
    for progress in _paced(search, row):
        row.keep(timetabling_result.written(task, versions, progress.proposal), _progress(progress))
    outcome = search.outcome
    result = timetabling_result.written(task, versions, outcome.proposal, outcome)
    bound = outcome.proposal.bound if outcome.proposal else None
    last = _progress(SearchProgress(outcome.seconds, outcome.proposal, bound))
    row.end(_ended(outcome), result=result, progress=last, problem=_why(outcome))


def _place_one_after_the_other(row: "_Row", request: Request, task: Task, versions: dict[int, int]) -> None:
    """Schedule without a search those activities for which the time suffices, or those before staff ask it to stop."""
    patience = _Patience(row, request.seconds)
    options = options_of(task, lambda: patience.is_over(OPTIONS_SHARE))
    placed = place_greedily(task, options, patience.is_over) if options else {}
    found = propose(task, options, placed) if placed else None
    state, problem = SearchState.DONE, ""
    if patience.is_stopped:
        state = SearchState.STOPPED
    elif found is None or found.unplaced:
        state, problem = SearchState.FAILED, _not_all(found)
    progress = _progress(SearchProgress(patience.seconds, found, None))
    row.end(state, result=timetabling_result.written(task, versions, found), progress=progress, problem=problem)


class _Patience:
    """Whether to end: the time is used up, or staff ask for it. Asked for often; the row is read and written now and then."""

    def __init__(self, row: "_Row", most_s: float) -> None:
        self.row, self.most_s, self.is_stopped = row, most_s, False
        self._began = self._asked_at = self._kept_at = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began

    def is_over(self, share: float = 1.0) -> bool:
        """Return whether to end. share: of the time that may be used."""
        moment = time.monotonic()
        if not self.is_stopped and moment - self._asked_at >= ASKS_S:
            self._asked_at, self.is_stopped = moment, self.row.is_to_stop()
        if moment - self._kept_at >= WRITES_S:
            self._kept_at = moment
            self.row.keep({}, _progress(SearchProgress(self.seconds, None, None)))
        return self.is_stopped or self.seconds >= share * self.most_s


def _paced(search: Search, row: "_Row") -> Iterator[SearchProgress]:
    """Yield the progress to store, at most once in WRITES_S; stop the search when staff ask for it."""
    kept_at = asked_at = time.monotonic() - WRITES_S
    try:
        for progress in search:
            moment = time.monotonic()
            if moment - asked_at >= ASKS_S and not search.is_stopped:
                asked_at = moment
                if row.is_to_stop():
                    search.stop()
            if moment - kept_at >= WRITES_S:
                kept_at = moment
                yield progress
    finally:
        search.stop()


def _ended(outcome: SearchOutcome) -> SearchState:
    if outcome.status is SearchStatus.IMPOSSIBLE:
        return SearchState.COLLIDES
    if outcome.is_stopped:
        return SearchState.STOPPED
    return SearchState.FAILED if outcome.status is SearchStatus.UNDECIDED else SearchState.DONE


def _why(outcome: SearchOutcome) -> str:
    return _not_all(outcome.proposal) if outcome.status is SearchStatus.UNDECIDED else ""


def _not_all(proposal: Proposal | None) -> str:
    return NonePlaced.message if proposal is None else NotAllPlaced.message


def _progress(progress: SearchProgress) -> dict[str, Any]:
    proposal = progress.proposal
    return {
        "seconds": round(progress.seconds, 1),
        "placed": len(proposal.proposed) if proposal else 0,
        "objective": proposal.objective if proposal else None,
        "bound": progress.bound,
    }


class _Row:
    """The search's row. This process writes it only while `worker` names it and the search is running."""

    def __init__(self, id: int, clock: Callable[[], datetime]) -> None:
        self.id, self.clock, self.name = id, clock, uuid4().hex

    def claim(self) -> dict[str, Any] | None:
        """Take the search and return its request as JSON; None if it runs elsewhere, has ended, or was deleted."""
        now = self.clock()
        with writing() as session:
            claimed: Any = session.execute(
                sa.update(TimetablingSearch)
                .where(TimetablingSearch.id == self.id, TimetablingSearch.state == SearchState.QUEUED)
                .values(state=SearchState.RUNNING, worker=self.name, started_at=now, beat_at=now)
            )
            if not claimed.rowcount:
                return None
            return session.scalar(sa.select(TimetablingSearch.request).where(TimetablingSearch.id == self.id))

    def keep(self, result: dict[str, Any], progress: dict[str, Any]) -> None:
        self._write(result=result, progress=progress, beat_at=self.clock())

    def end(self, state: SearchState, *, problem: str = "", **values: Any) -> None:
        self._write(state=state, problem=problem, ended_at=self.clock(), **values)

    def is_to_stop(self) -> bool:
        asked = db.session.scalar(
            sa.select(TimetablingSearch.stop_asked_at).where(
                TimetablingSearch.id == self.id, TimetablingSearch.worker == self.name
            )
        )
        db.session.rollback()
        return asked is not None

    def _write(self, **values: Any) -> None:
        with writing() as session:
            held = (
                TimetablingSearch.id == self.id,
                TimetablingSearch.worker == self.name,
                TimetablingSearch.state == SearchState.RUNNING,
            )
            written: Any = session.execute(sa.update(TimetablingSearch).where(*held).values(**values))
            if not written.rowcount:
                raise SearchLost
