"""Undo what was taken of a proposal: preview, then move back in one transaction all that nobody has changed since.

What somebody has changed, answered, or what no longer fits is left alone and named. Published activities move back as
by activities/move.py: a notice that a recipient has not received yet is withdrawn or merged with the new one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import codec
from outreach.domain.activities.values import Move
from outreach.domain.kinds import Role
from outreach.domain.planning.parties import Engagement, Party
from outreach.domain.planning.plan import PLANNED, PlannedActivity
from outreach.domain.planning.rules import Severity
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState, SearchState
from outreach.extensions import db
from outreach.models import Activity, Invitation, TakenProposal, TimetablingSearch, User
from outreach.services import audit
from outreach.services.activities import move as activities_move
from outreach.services.activities import projected
from outreach.services.activities.publish import ReasonMissing
from outreach.services.invitations import add as new_invitations
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.ladder import forecast as ladders_ahead
from outreach.services.ladder.forecast import RungForecast
from outreach.services.locking import present_for_change
from outreach.services.planning import book as booking
from outreach.services.planning import checks as plan_checks
from outreach.services.planning import clashes as clashing
from outreach.services.planning import load as plans
from outreach.services.reminders.forecast import Forecast, Passing
from outreach.services.timetabling import result as timetabling_result
from outreach.services.timetabling import searches
from outreach.transactions import writing

ANSWERED = frozenset({InvitationState.COMING, InvitationState.NOT_COMING, InvitationState.REPRESENTED})


class NothingToUndo(Problem):
    message = "There is nothing left to undo: all of it was changed since, or no longer fits where it was."


class LeftBecause(StrEnum):
    """Why an undo leaves an activity where it is."""

    CHANGED = "changed"  # changed by somebody since the proposal was applied
    ANSWERED = "answered"  # by a facilitator who was added
    PASSED = "passed"  # its former time
    BLOCKED = "blocked"  # something else is planned at its former time and place now


@dataclass(frozen=True)
class TakenLine:
    """What was done to one activity. version: afterwards. back: its former time and place; None if it was not moved.

    added, let_go: ids of facilitators.
    """

    id: int
    title: str
    version: int
    back: Move | None = None
    added: tuple[int, ...] = ()
    let_go: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Lines:
    lines: tuple[TakenLine, ...] = ()


@dataclass(frozen=True)
class Undoing:
    """back: the activities that would move back, and their present rows. left: those left alone, and why.

    forecasts: mails for the published activities that move. passing: invitations to posts that go to other people.
    rungs: of the published activities, if no answer comes.
    """

    taken: TakenProposal
    back: tuple[tuple[Activity, TakenLine], ...]
    left: tuple[tuple[str, LeftBecause], ...]
    forecasts: tuple[tuple[str, Forecast], ...] = ()
    passing: Collection[Passing] = ()
    rungs: Sequence[RungForecast] = ()

    @property
    def needs_reason(self) -> bool:
        return any(activity.state is ActivityState.PUBLISHED and line.back for activity, line in self.back)


def remember(
    session: Session, search: TimetablingSearch, lines: Sequence[TakenLine], *, by: User | None, now: datetime
) -> None:
    """Store what was taken, in the transaction that takes it."""
    stored = codec.to_json(_Lines(tuple(lines)))["lines"]
    session.add(TakenProposal(search_id=search.id, by_id=by.id if by else None, lines=stored, created_at=now))


def latest(search_id: int) -> TakenProposal | None:
    """Return what was taken last of this search and is not undone yet."""
    return db.session.scalars(_latest(search_id)).first()


def preview(search_id: int, *, now: datetime) -> Undoing:
    """Return the effects of undoing what was taken last. Raise NothingToUndo. Nothing is written."""
    taken = latest(search_id)
    if taken is None:
        raise NothingToUndo
    session = db.session()
    lines = _read(taken)
    rows = {
        activity.id: activity
        for activity in session.scalars(sa.select(Activity).where(Activity.id.in_([x.id for x in lines])))
    }
    undoing = _judged(session, taken, lines, rows, now)
    passing = activities_move.changing_hands(
        session, [(activity, line.back) for activity, line in undoing.back if line.back]
    )
    forecasts = []
    rungs: list[RungForecast] = []
    for activity, line in undoing.back:
        if line.back and activity.state is ActivityState.PUBLISHED:
            own = [one for one in passing if one.invitation.activity_id == activity.id]
            forecasts.append((activity.title, activities_move.forecast(activity, line.back, own, now=now)))
            rungs += ladders_ahead.for_move(
                activity.id, line.back, own, now=now, added=line.let_go, let_go=line.added
            )  # fmt: skip
    return replace(undoing, forecasts=tuple(forecasts), passing=passing, rungs=ladders_ahead.in_order(rungs))


def undo(search_id: int, *, reason: str = "", by: User | None, now: datetime) -> Undoing:
    """Undo what was taken last, as far as nobody has changed it since. reason: as in `apply.apply`.

    Raise SearchMissing, NothingToUndo, ReasonMissing, or what booking and the office's rules raise.
    """
    with writing() as session:
        search: Any = session.get(TimetablingSearch, search_id, with_for_update=True, populate_existing=True)
        if search is None:
            raise searches.SearchMissing
        taken = session.scalars(_latest(search_id)).first()
        if taken is None:
            raise NothingToUndo
        lines = _read(taken)
        undoing = _judged(session, taken, lines, present_for_change(session, [line.id for line in lines]), now)
        if not undoing.back:
            raise NothingToUndo
        if undoing.needs_reason and not reason.strip():
            raise ReasonMissing
        ids = [line.id for _activity, line in undoing.back]
        before = plan_checks.before(session, ids)
        _lock(session, undoing.back)
        _let_go(session, undoing.back, by, now)
        told = _move_all(session, undoing.back, reason, by, now)
        for activity, line in undoing.back:
            if line.let_go:
                added = new_invitations.add_people(session, [activity], line.let_go, Role.SPEAKER, now=now)
                new_invitations.audited(session, [activity], added, Role.SPEAKER, by, now)
        plan_checks.refuse_blocking(session, ids, before=before, now=now)
        for activity, old in told:
            activities_move.tell_of_move(session, activity, old, by=by, now=now)
        taken.undone_at, taken.undone_by_id = now, by.id if by else None
        session.flush()
        _open_again(search, undoing.back)
        audit.record(
            session,
            by,
            "placement.undone",
            search,
            now=now,
            activities=len(ids),
            left=[untouched for untouched, _why in undoing.left],
        )
    return undoing


def _latest(search_id: int) -> sa.Select[Any]:
    return (
        sa.select(TakenProposal)
        .where(TakenProposal.search_id == search_id, TakenProposal.undone_at.is_(None))
        .order_by(TakenProposal.id.desc())
        .limit(1)
    )


def _read(taken: TakenProposal) -> tuple[TakenLine, ...]:
    return codec.from_json(_Lines, {"lines": taken.lines}).lines


def _judged(
    session: Session, taken: TakenProposal, lines: Collection[TakenLine], rows: dict[int, Activity], now: datetime
) -> Undoing:
    answered = _answered(session, lines)
    left: dict[int, LeftBecause] = {}
    for line in lines:
        activity = rows.get(line.id)
        if activity is None or activity.version != line.version or activity.state not in PLANNED:
            left[line.id] = LeftBecause.CHANGED
        elif line.id in answered:
            left[line.id] = LeftBecause.ANSWERED
        elif line.back and line.back.starts_at <= now:
            left[line.id] = LeftBecause.PASSED
    going = {line.id: line for line in lines if line.id not in left}
    for id in _blocked(session, going, now):
        left[id] = LeftBecause.BLOCKED
    titles = {line.id: rows[line.id].title if line.id in rows else line.title for line in lines}
    return Undoing(
        taken,
        tuple((rows[id], _timely(line, now)) for id, line in going.items() if id not in left),
        tuple((titles[id], why) for id, why in left.items()),
    )


def _timely(line: TakenLine, now: datetime) -> TakenLine:
    """Return the line, without its deadline if that has passed: the office's usual one is used then."""
    if line.back and line.back.respond_by_at and line.back.respond_by_at <= now:
        return replace(line, back=replace(line.back, respond_by_at=None))
    return line


def _answered(session: Session, lines: Collection[TakenLine]) -> set[int]:
    """Return the ids of activities in which a facilitator who was added has answered."""
    added = {(line.id, person_id) for line in lines for person_id in line.added}
    rows = session.execute(
        sa.select(Invitation.activity_id, Invitation.person_id).where(
            Invitation.activity_id.in_({id for id, _person_id in added}),
            Invitation.role == Role.SPEAKER,
            Invitation.state.in_(sorted(ANSWERED)),
        )
    )
    return {row.activity_id for row in rows if (row.activity_id, row.person_id) in added}


def _blocked(session: Session, lines: dict[int, TakenLine], now: datetime) -> set[int]:
    """Return which of these activities cannot go back, because that would add a clash that the office blocks."""
    blocked: set[int] = set()
    plan = plans.load(now=now) if lines else None
    while plan is not None and (going := [line for id, line in lines.items() if id not in blocked]):
        stored = plans.planned(session, [line.id for line in going])
        by_id = {line.id: line for line in going}
        after = [_planned(by_id[activity.id], activity, now) for activity in stored]
        blocking = [clash for clash in clashing.brought(plan, after, stored) if clash.severity is Severity.BLOCK]
        if not blocking:
            return blocked
        blocked |= {id for clash in blocking for id in clash.ids} & by_id.keys()
    return blocked


def _planned(line: TakenLine, stored: PlannedActivity, now: datetime) -> PlannedActivity:
    """Return the activity as it would be after the undo."""
    after = projected.as_moved(stored, line.back, now=now) if line.back else stored
    gone = {Party.person(id) for id in line.added}
    kept = tuple(engagement for engagement in after.engagements if engagement.party not in gone)
    again = (Engagement(Party.person(id), Role.SPEAKER, InvitationState.PREPARED) for id in line.let_go)
    return replace(after, engagements=(*kept, *again))


def _lock(session: Session, back: Collection[tuple[Activity, TakenLine]]) -> None:
    venues = [line.back.venue_id for _activity, line in back if line.back]
    people = [id for _activity, line in back for id in (*line.added, *line.let_go)]
    booking.lock(session, [activity for activity, _line in back], venues, people)


def _let_go(session: Session, back: Collection[tuple[Activity, TakenLine]], by: User | None, now: datetime) -> None:
    for activity, line in back:
        gone = session.scalars(
            sa.select(Invitation).where(
                Invitation.activity_id == activity.id,
                Invitation.person_id.in_(line.added),
                Invitation.role == Role.SPEAKER,
                Invitation.state != InvitationState.WITHDRAWN,
            )
        ).all()
        for invitation in gone:
            withdrawing.take_back(session, invitation, by=by, now=now)


def _move_all(
    session: Session, back: Collection[tuple[Activity, TakenLine]], reason: str, by: User | None, now: datetime
) -> list[tuple[Activity, dict[str, str]]]:
    """Set all former times and places at once; return the published activities that move, with their present values."""
    moving = [(activity, line.back) for activity, line in back if line.back]
    if not moving:
        return []
    present = {activity.id: activities_move.as_it_is(activity) for activity, _to in moving}
    told = activities_move.write(session, moving, reason, by=by, now=now)
    for activity, _to in moving:
        if activity.state is ActivityState.DRAFT:
            changed = audit.changes(vars(present[activity.id]), vars(activities_move.as_it_is(activity)))
            audit.record(session, by, "activity.edited", activity, now=now, changed=changed)
    return told


def _open_again(search: TimetablingSearch, back: Collection[tuple[Activity, TakenLine]]) -> None:
    """Allow the proposal to be applied again for these activities: they are as they were before it."""
    versions = {line.id: activity.version for activity, line in back}
    result = timetabling_result.read(search.result)
    search.result = {
        **search.result,
        "lines": [{**line, "version": versions.get(line["id"], line["version"])} for line in search.result["lines"]],
        "taken": sorted(result.taken - versions.keys()),
    }
    if search.state is SearchState.TAKEN:
        search.state = SearchState.DONE
