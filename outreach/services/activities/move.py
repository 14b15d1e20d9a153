"""Giving an activity another time or place from the calendar: seeing what comes of it, saving it, and what takes it back.

A draft just changes; a published activity moves with its mails, by publishing.move. What the office lets block is refused.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.extensions import db, writing
from outreach.models import Activity, User
from outreach.services import audit
from outreach.services.activities import projected
from outreach.services.activities import publish as publishing
from outreach.services.activities.checks import CannotEdit, check_times
from outreach.services.activities.edit import differs
from outreach.services.activities.publish import InThePast, Move, NothingMoved, ReasonMissing, apply_move
from outreach.services.locking import ActivityMissing, Stale, activity_for_change
from outreach.services.planning import checks as plan_checks
from outreach.services.planning import clashes as clashing
from outreach.services.planning.book import claim
from outreach.services.planning.clashes import FoundClashes
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders.forecast_counts import Forecast

KEPT = ("starts_at", "ends_at", "zone", "venue_id", "registration_at", "respond_by_at")


class Blocked(Problem):
    message = "“%(title)s” cannot be placed so, because something stands in the way. Choose another time or place."


@dataclass(frozen=True)
class MovePreview:
    """What would come of a move. found: what it would newly bring. forecast: None where nobody has been told."""

    activity: Activity
    before: Move
    after: Move
    found: FoundClashes
    forecast: Forecast | None

    @property
    def blocked(self) -> bool:
        return bool(self.found.blocking)

    @property
    def needs_reason(self) -> bool:
        return self.activity.state is ActivityState.PUBLISHED


@dataclass(frozen=True)
class Shifted:
    """A move that was made. back: what takes it back, as long as the activity has this version."""

    activity: Activity
    back: Move
    version: int


def as_it_is(activity: Activity) -> Move:
    """Return an activity's present time and place."""
    return Move(**{name: getattr(activity, name) for name in KEPT})


def wanted(activity: Activity, starts_at: datetime, ends_at: datetime, venue_id: int | None, *, now: datetime) -> Move:
    """Return the move to this time and place: registration as long before the start, and the deadline as many days before.

    A deadline that would have passed becomes the office's usual one.
    """
    shift = starts_at - activity.starts_at
    days = starts_at.astimezone(activity.zone).date() - activity.starts_at.astimezone(activity.zone).date()
    deadline = (activity.respond_by_at.astimezone(activity.zone) + days).astimezone(UTC)
    return Move(
        starts_at=starts_at,
        ends_at=ends_at,
        zone=activity.zone,
        venue_id=venue_id,
        registration_at=activity.registration_at and activity.registration_at + shift,
        respond_by_at=deadline if not days or now < deadline else None,
    )


def preview(activity: Activity, move: Move, version: int, *, now: datetime) -> MovePreview:
    """Return what would come of the move; raise what saving it would raise, but for what blocks it, which is told instead."""
    after = _checked(activity, move, version, now)
    forecast = None
    if activity.state is ActivityState.PUBLISHED:
        forecast = forecasting.for_move(activity.id, after, now=now)
    return MovePreview(activity, as_it_is(activity), after, _found(activity, after, now), forecast)


def shift(activity_id: int, move: Move, version: int, *, reason: str = "", by: User | None, now: datetime) -> Shifted:
    """Save the move. reason: told to everybody; wanted of a published activity.

    Raise ActivityMissing, CannotEdit, Stale, InThePast, NothingMoved, ReasonMissing, Blocked, or what the booking or the
    office's rules refuse, having changed nothing.
    """
    activity = db.session.get(Activity, activity_id, populate_existing=True)
    if activity is None:
        raise ActivityMissing
    back, after = as_it_is(activity), _checked(activity, move, version, now)
    if activity.state is ActivityState.DRAFT:
        moved = _shift_draft(activity_id, after, version, by, now)
    else:
        if not reason.strip():
            raise ReasonMissing
        if _found(activity, after, now).blocking:
            raise Blocked(title=activity.title)
        moved = publishing.move(activity_id, after, reason, version, by=by, now=now)
    return Shifted(moved, back, moved.version)


def _shift_draft(activity_id: int, move: Move, version: int, by: User | None, now: datetime) -> Activity:
    with writing() as session:
        activity = activity_for_change(session, activity_id, version)
        if activity.state is not ActivityState.DRAFT:
            raise Stale
        was, planned = as_it_is(activity), plan_checks.before(session, [activity_id])
        other_time = differs(activity, move, "starts_at", "ends_at")
        with session.no_autoflush:
            apply_move(session, activity, move, now)
            check_times(activity)
            claim(session, [activity], speakers=other_time)
        plan_checks.refuse_blocking(session, [activity_id], before=planned, now=now)
        changed = {
            name: [str(getattr(was, name)), str(getattr(move, name))]
            for name in KEPT
            if getattr(was, name) != getattr(move, name)
        }
        audit.record(session, by, "activity.edited", activity, now=now, changed=changed)
    return activity


def _checked(activity: Activity, move: Move, version: int, now: datetime) -> Move:
    """Return the move with what it leaves open filled in; raise what is wrong with it by itself."""
    if activity.state not in (ActivityState.DRAFT, ActivityState.PUBLISHED):
        raise CannotEdit
    if activity.version != version:
        raise Stale
    if not differs(activity, move):
        raise NothingMoved
    if activity.state is ActivityState.PUBLISHED and move.starts_at <= now:
        raise InThePast(title=activity.title)
    copy = Activity(title=activity.title, capacity=activity.capacity, **{n: getattr(activity, n) for n in KEPT})
    apply_move(db.session(), copy, move, now)
    check_times(copy)
    return as_it_is(copy)


def _found(activity: Activity, after: Move, now: datetime) -> FoundClashes:
    planned = projected.moved(activity.id, after, now=now)
    if planned is None:
        raise ActivityMissing
    return clashing.if_saved(planned, now=now)
