"""Creating and editing activities. agenda.py holds the agenda; publish.py and move.py send mail."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime

from sqlalchemy.orm import Session

from outreach.domain.activity import ActivityValues, differs
from outreach.domain.planning.rules import ClashKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity, Programme, User
from outreach.services import audit, locking
from outreach.services.activities.checks import CannotEdit, check_times
from outreach.services.invitations import seats
from outreach.services.locking import activity_for_change, locked_programme
from outreach.services.office_defaults import usual_deadline
from outreach.services.planning import checks as plan_checks
from outreach.services.planning.book import book
from outreach.transactions import writing


class NeedsMove(Problem):
    message = (
        "This activity is published: changing its time or place tells everyone invited. Use “Move” and give the reason."
    )


def create_activity(
    values: ActivityValues, *, programme_id: int | None = None, by: User | None, now: datetime
) -> Activity:
    """Create one draft, in a programme or alone. Raise a Problem; nothing is created then."""
    with writing() as session:
        programme = locked_programme(session, programme_id) if programme_id else None
        return add_activity(session, values, programme, by, now)


def edit_activity(
    activity_id: int, values: ActivityValues, version: int, *, by: User | None, now: datetime
) -> Activity:
    """Change an activity. Raise NeedsMove for another time or place of a published one, Stale if the version is old."""
    with writing() as session:
        activity = activity_for_change(session, activity_id, version)
        if activity.state not in (ActivityState.DRAFT, ActivityState.PUBLISHED):
            raise CannotEdit
        if activity.state is ActivityState.PUBLISHED and differs(activity, values):
            raise NeedsMove
        before, planned = _facts(activity), plan_checks.before(session, [activity_id])
        other_time = differs(activity, values, "starts_at", "ends_at")
        taking = other_time or values.venue_id != activity.venue_id
        with session.no_autoflush:
            _fill(session, activity, values, now)
            check_times(activity)
            if taking:
                book(session, [activity], speakers=other_time)
        plan_checks.refuse_blocking(session, [activity_id], before=planned, now=now)
        seats.offer_freed(session, activity, now=now)
        audit.record(session, by, "activity.edited", activity, now=now, changed=audit.changes(before, _facts(activity)))
    return activity


def add_activity(
    session: Session, values: ActivityValues, programme: Programme | None, by: User | None, now: datetime
) -> Activity:
    """Create a draft in the caller's transaction. Raise a Problem."""
    if programme is not None:
        locking.lock_programme(session, programme.id)
    return add_activities(session, [values], programme, by, now)[0]


def add_activities(
    session: Session,
    described: Sequence[ActivityValues],
    programme: Programme | None,
    by: User | None,
    now: datetime,
    *,
    but: Collection[ClashKind] = (),
) -> list[Activity]:
    """Create drafts together in the caller's transaction, which has locked the programme. Raise a Problem.

    but: kinds of clash that do not block the save.
    """
    activities = [_new(session, values, programme, by, now) for values in described]
    with session.no_autoflush:
        session.add_all(activities)
        book(session, activities)
    plan_checks.refuse_blocking(session, [activity.id for activity in activities], but=but, now=now)
    for activity in activities:
        audit.record(session, by, "activity.created", activity, now=now)
    return activities


def _new(
    session: Session, values: ActivityValues, programme: Programme | None, by: User | None, now: datetime
) -> Activity:
    activity = Activity(programme_id=programme.id if programme else None, coordinator_id=by.id if by else None)
    _fill(session, activity, values, now)
    check_times(activity)
    return activity


def _fill(session: Session, activity: Activity, values: ActivityValues, now: datetime) -> None:
    activity.kind = values.kind
    activity.title = values.title.strip()
    activity.public_title = values.public_title.strip()
    activity.description = values.description.strip()
    activity.things_to_bring = values.things_to_bring.strip()
    activity.names_helpline = values.names_helpline
    activity.zone = values.zone
    activity.starts_at = values.starts_at
    activity.ends_at = values.ends_at
    activity.registration_at = values.registration_at
    activity.respond_by_at = values.respond_by_at or usual_deadline(session, values.starts_at, values.zone, now)
    activity.venue_id = values.venue_id
    activity.region_code = values.region_code
    activity.capacity = values.capacity


def _facts(activity: Activity) -> dict[str, object]:
    return {field.name: getattr(activity, field.name) for field in fields(ActivityValues)}
