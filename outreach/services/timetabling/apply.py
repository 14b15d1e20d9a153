"""Apply all or some changes of a proposal: preview their effects, then apply them in one transaction.

Drafts are only changed. Published activities move as by activities/move.py: the invitees are notified, with the reason.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.activities.values import Move
from outreach.domain.clashes import Clash
from outreach.domain.kinds import Role
from outreach.domain.planning.parties import Engagement, Party
from outreach.domain.planning.plan import Plan, PlannedActivity
from outreach.domain.planning.rules import Severity
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState, SearchState
from outreach.extensions import db
from outreach.models import Activity, Invitation, TimetablingSearch, User
from outreach.services import audit
from outreach.services.activities import move as activities_move
from outreach.services.activities import projected
from outreach.services.activities.publish import InThePast
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
from outreach.services.timetabling import request as timetabling_request
from outreach.services.timetabling import result as timetabling_result
from outreach.services.timetabling import searches, undo
from outreach.services.timetabling.request import Request
from outreach.services.timetabling.result import ProposalLine, SearchResult
from outreach.services.timetabling.undo import TakenLine
from outreach.transactions import writing

Titles = tuple[str, str]  # titles: of the activity that should come later, and of the one that should come before it


class NothingTicked(Problem):
    message = "Tick at least one of the activities that would change."


class StillSearching(Problem):
    message = "It is still being searched for. Stop the search first."


class ChangedMeanwhile(Problem):
    message = "Changed since the search began, so nothing was taken: %(titles)s. Search again, or take only the others."


@dataclass(frozen=True)
class ProposalPreview:
    """lines: the changes to apply. changed: those of them whose activity has changed since the search began.

    found: the new clashes, by the plan as it stands. forecasts: mails for the published activities that move.
    out_of_order: pairs whose requested order would break, the later one first. passing: invitations to posts that go to
    other people. rungs: of the published activities, if no answer comes.
    """

    lines: tuple[ProposalLine, ...]
    changed: tuple[ProposalLine, ...]
    found: tuple[Clash, ...]
    forecasts: tuple[tuple[ProposalLine, Forecast], ...]
    out_of_order: tuple[Titles, ...] = ()
    passing: Collection[Passing] = ()
    rungs: Sequence[RungForecast] = ()

    @property
    def blocking(self) -> list[Clash]:
        return [clash for clash in self.found if clash.severity is Severity.BLOCK]

    @property
    def needs_reason(self) -> bool:
        return any(
            line.state is ActivityState.PUBLISHED and (line.is_moved or line.changes_venue) for line in self.lines
        )

    @property
    def tells(self) -> bool:
        """Return whether anybody gets a mail."""
        return any(line.state is ActivityState.PUBLISHED for line in self.lines)

    @property
    def may(self) -> bool:
        return bool(self.lines) and not self.changed and not self.blocking


def preview(search: TimetablingSearch, activity_ids: Collection[int], *, now: datetime) -> ProposalPreview:
    """Return the effects of applying the changes of these activities; raise NothingTicked. Nothing is written."""
    lines = _chosen(timetabling_result.read(search.result), activity_ids)
    rows = {
        activity.id: activity
        for activity in db.session.scalars(sa.select(Activity).where(Activity.id.in_([line.id for line in lines])))
    }
    changed = tuple(line for line in lines if not _is_same(rows.get(line.id), line))
    if changed:
        return ProposalPreview(lines, changed, (), ())
    session = db.session()
    stored = plans.planned(session, [line.id for line in lines])
    after = [_planned(line, rows[line.id], planned, now) for line, planned in _matched(lines, stored)]
    plan = plans.load(now=now)
    clashes = tuple(clashing.brought(plan, after, stored))
    unordered = out_of_order(timetabling_request.from_json(search.request), plan, after)
    moved = [line for line in lines if line.state is ActivityState.PUBLISHED and (line.is_moved or line.changes_venue)]
    changes = {line.id: (rows[line.id], _move(rows[line.id], line, now)) for line in lines if line.is_moved}
    passing = activities_move.changing_hands(session, changes.values())
    forecasts = tuple(
        (line, activities_move.forecast(rows[line.id], _move(rows[line.id], line, now), _of(passing, line.id), now=now))
        for line in moved
    )
    rungs = _rungs([(rows[line.id], line) for line in lines], passing, now)
    return ProposalPreview(lines, (), clashes, forecasts, unordered, passing, rungs)


def _rungs(
    pairs: Collection[tuple[Activity, ProposalLine]], passing: Collection[Passing], now: datetime
) -> list[RungForecast]:
    """Return the rungs of the published activities that move or get other facilitators."""
    found: list[RungForecast] = []
    for activity, line in pairs:
        if line.state is ActivityState.PUBLISHED:
            added, let_go = ([id for id, _name in people] for people in (line.added, line.let_go))
            move = _move(activity, line, now)
            found += ladders_ahead.for_move(
                line.id, move, _of(passing, line.id), now=now, added=added, let_go=let_go
            )  # fmt: skip
    return ladders_ahead.in_order(found)


def _of(passing: Collection[Passing], activity_id: int) -> list[Passing]:
    return [one for one in passing if one.invitation.activity_id == activity_id]


def apply(
    search_id: int, activity_ids: Collection[int], *, reason: str = "", by: User | None, now: datetime
) -> SearchResult:
    """Apply the proposed changes of these activities. reason: in the mails; required if a published activity moves.

    All or nothing. Raise SearchMissing, StillSearching, NothingTicked, ChangedMeanwhile, ReasonMissing, InThePast, or
    what booking and the office's rules raise.
    """
    with writing() as session:
        search: Any = session.get(
            TimetablingSearch, search_id, with_for_update={"of": TimetablingSearch}, populate_existing=True
        )
        if search is None:
            raise searches.SearchMissing
        if searches.is_running(search, now):  # the search would overwrite `taken`
            raise StillSearching
        result = timetabling_result.read(search.result)
        lines = _chosen(result, activity_ids)
        ids = [line.id for line in lines]
        rows = present_for_change(session, ids)
        _check(lines, rows, now)
        before = plan_checks.before(session, ids)
        was = {
            line.id: activities_move.as_it_is(rows[line.id]) for line in lines if line.is_moved or line.changes_venue
        }
        moving = [(rows[line.id], line) for line in lines if line.is_moved or line.changes_venue]
        changes = [(activity, _move(activity, line, now)) for activity, line in moving]
        people = [id for line in lines for id, _name in (*line.added, *line.let_go)]
        people += activities_move.new_people(activities_move.changing_hands(session, changes)).values()
        booking.lock(session, list(rows.values()), [line.after.venue_id for line in lines], people)
        _let_go(session, lines, by, now)
        moved = activities_move.write(session, changes, reason, by=by, now=now) if changes else []
        _invite(session, [(rows[line.id], line) for line in lines], by, now)
        plan_checks.refuse_blocking(session, ids, before=before, now=now)
        for activity, old in moved:
            activities_move.tell_of_move(session, activity, old, by=by, now=now)
        _audit_drafts(session, lines, rows, by, now)
        taken = sorted({*result.taken, *ids})
        search.result = {**search.result, "taken": taken}
        if not {line.id for line in result.changes} - set(taken):
            search.state = SearchState.TAKEN
        audit.record(session, by, "placement.taken", search, now=now, activities=len(ids))
        undo.remember(
            session, search, [_taken(line, rows[line.id], was.get(line.id)) for line in lines], by=by, now=now
        )
        return timetabling_result.read(search.result)


def _taken(line: ProposalLine, activity: Activity, back: Move | None) -> TakenLine:
    """Return what is needed to undo this change. The row is flushed."""
    added, let_go = (tuple(id for id, _name in pairs) for pairs in (line.added, line.let_go))
    return TakenLine(line.id, line.title, activity.version, back, added, let_go)


def _chosen(result: SearchResult, activity_ids: Collection[int]) -> tuple[ProposalLine, ...]:
    lines = tuple(line for line in result.open if line.id in set(activity_ids))
    if not lines:
        raise NothingTicked
    return lines


def _is_same(activity: Activity | None, line: ProposalLine) -> bool:
    """Return whether the activity is still as it was when the search began."""
    return activity is not None and (activity.version, activity.state, activity.starts_at, activity.venue_id) == (
        line.version,
        line.state,
        line.before.starts_at,
        line.before.venue_id,
    )


def _matched(
    lines: Collection[ProposalLine], planned: Collection[PlannedActivity]
) -> list[tuple[ProposalLine, PlannedActivity]]:
    by_id = {activity.id: activity for activity in planned}
    return [(line, by_id[line.id]) for line in lines]


def _check(lines: Collection[ProposalLine], rows: dict[int, Activity], now: datetime) -> None:
    changed = [line.title for line in lines if not _is_same(rows.get(line.id), line)]
    if changed:
        raise ChangedMeanwhile(titles=", ".join(f"“{title}”" for title in changed))
    for line in lines:
        if line.after.starts_at <= now:
            raise InThePast(title=line.title)


def _move(activity: Activity, line: ProposalLine, now: datetime) -> Move:
    return activities_move.move_to(activity, line.after.starts_at, line.after.ends_at, line.after.venue_id, now=now)


def _planned(line: ProposalLine, activity: Activity, stored: PlannedActivity, now: datetime) -> PlannedActivity:
    """Return the activity with the change applied."""
    after = projected.as_moved(stored, _move(activity, line, now), now=now)
    gone = {Party.person(id) for id, _name in line.let_go}
    kept = tuple(engagement for engagement in after.engagements if engagement.party not in gone)
    added = (Engagement(Party.person(id, name), Role.SPEAKER, InvitationState.PREPARED) for id, name in line.added)
    return replace(after, engagements=(*kept, *added))


def _let_go(session: Session, lines: Collection[ProposalLine], by: User | None, now: datetime) -> None:
    """Withdraw the facilitators who are let go, before the times change, because they need not be free at the new times."""
    for line in lines:
        gone = session.scalars(
            sa.select(Invitation).where(
                Invitation.activity_id == line.id,
                Invitation.person_id.in_([id for id, _name in line.let_go]),
                Invitation.role == Role.SPEAKER,
                Invitation.state != InvitationState.WITHDRAWN,
            )
        ).all()
        for invitation in gone:
            withdrawing.take_back(session, invitation, by=by, now=now)


def _invite(session: Session, pairs: list[tuple[Activity, ProposalLine]], by: User | None, now: datetime) -> None:
    for activity, line in pairs:
        if line.added:
            people = [person_id for person_id, _name in line.added]
            added = new_invitations.add_people(session, [activity], people, Role.SPEAKER, now=now)
            new_invitations.audited(session, [activity], added, Role.SPEAKER, by, now)


def _audit_drafts(
    session: Session, lines: Collection[ProposalLine], rows: dict[int, Activity], by: User | None, now: datetime
) -> None:
    for line in lines:
        if line.state is ActivityState.DRAFT and (line.is_moved or line.changes_venue):
            changed = {
                name: [str(getattr(line.before, name)), str(getattr(line.after, name))]
                for name in ("starts_at", "ends_at", "venue_id")
                if getattr(line.before, name) != getattr(line.after, name)
            }
            audit.record(session, by, "activity.edited", rows[line.id], now=now, changed=changed)


def out_of_order(request: Request, plan: Plan, after: Iterable[PlannedActivity]) -> tuple[Titles, ...]:
    """Return the pairs whose order these changes would break. Pairs out of order already are left out."""
    now, then = plan.activities, plan.with_(*after).activities
    return tuple(
        (then[id].title, then[first].title)
        for id, first in request.orders
        if id in now and first in now and now[first].ends_at <= now[id].starts_at
        if then[first].ends_at > then[id].starts_at
    )
