"""Creating and editing activities. agenda.py holds the agenda; publish.py and move.py send mail.

A draft's new time and place are written by move.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.activities.values import ActivityValues, Move, differs
from outreach.domain.planning.rules import ClashKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Programme, User
from outreach.services import audit
from outreach.services.activities import move as moves
from outreach.services.activities.checks import CannotEdit, check_not_postponed, check_times
from outreach.services.invitations import seats
from outreach.services.locking import PRESSED_TWICE, activity_for_change, lock_plans, locked_programme
from outreach.services.office_defaults import deadline
from outreach.services.planning import checks as plan_checks
from outreach.services.planning.book import book
from outreach.services.reminders.schedule import hasten_invitations, reschedule
from outreach.transactions import writing


class NeedsMove(Problem):
    message = (
        "This activity is published: changing its time or place tells everyone invited. Use “Move” and give the reason."
    )


def create_activity(
    values: ActivityValues, *, programme_id: int | None = None, by: User | None, now: datetime
) -> Activity:
    """Create one draft, in a programme or alone. Raise a Problem; nothing is created then.

    If the same account has just sent the same form, return the draft that was made of it.
    """
    with writing() as session:
        lock_plans(session)
        if made := just_made(session, [values], programme_id, by, now):
            return made[0]
        programme = locked_programme(session, programme_id) if programme_id else None
        return add_activities(session, [values], programme, by, now)[0]


def just_made(
    session: Session, described: Sequence[ActivityValues], programme_id: int | None, by: User | None, now: datetime
) -> list[Activity]:
    """Return the drafts that a second press on a form's button would make again; none if it would make others."""
    if by is None:
        return []
    since = sa.select(Activity).where(
        Activity.programme_id == programme_id,
        Activity.coordinator_id == by.id,
        Activity.state == ActivityState.DRAFT,
        Activity.title.in_([values.title.strip() for values in described]),
        Activity.created_at > now - PRESSED_TWICE,
        Activity.created_at <= now,
    )
    made = session.scalars(since.order_by(Activity.id)).all()
    found = [next((one for one in made if _is_made_of(one, values)), None) for values in described]
    return [one for one in found if one] if all(found) else []


def _is_made_of(made: Activity, values: ActivityValues) -> bool:
    wanted = {name: value.strip() if isinstance(value, str) else value for name, value in vars(values).items()}
    if values.respond_by_at is None:  # the office's usual deadline
        wanted["respond_by_at"] = made.respond_by_at
    return wanted == _facts(made)


def of_first_press(
    values: ActivityValues, *, programme_id: int | None, by: User | None, now: datetime
) -> Activity | None:
    """Return the draft that the same account has just made of the same form; None if there is none."""
    return next(iter(just_made(db.session(), [values], programme_id, by, now)), None)


def edit_activity(
    activity_id: int, values: ActivityValues, version: int, *, by: User | None, now: datetime
) -> Activity:
    """Change an activity. Raise NeedsMove for another time or place of a published one, Stale if the version is old."""
    with writing() as session:
        activity = activity_for_change(session, activity_id, version)
        check_not_postponed(activity)
        if activity.state not in (ActivityState.DRAFT, ActivityState.PUBLISHED):
            raise CannotEdit
        if activity.state is ActivityState.PUBLISHED and differs(activity, values):
            raise NeedsMove
        before, planned = _facts(activity), plan_checks.before(session, [activity_id])
        with session.no_autoflush:
            _describe(activity, values)
            if differs(activity, values):
                moves.write(session, [(activity, _place(session, values, now))], "", by=by, now=now)
            else:
                given = values.respond_by_at
                activity.respond_by_at = deadline(session, given, values.starts_at, values.zone, now)
                check_times(activity)
        told_at = activity.told_at
        hasten_invitations(session, activity, now=now)
        if (activity.respond_by_at, activity.told_at) != (before["respond_by_at"], told_at):
            reschedule(session, activity, now=now, passed_reason="deadline_changed")
        plan_checks.refuse_blocking(session, [activity_id], before=planned, now=now)
        seats.offer_freed(session, activity, now=now)
        audit.record(session, by, "activity.edited", activity, now=now, changed=audit.changes(before, _facts(activity)))
    return activity


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
    activity = Activity(
        programme_id=programme.id if programme else None, coordinator_id=by.id if by else None, created_at=now
    )
    _describe(activity, values)
    for name, value in vars(_place(session, values, now)).items():
        setattr(activity, name, value)
    check_times(activity)
    return activity


def _describe(activity: Activity, values: ActivityValues) -> None:
    """Set all that is not time, place or deadline."""
    activity.kind = values.kind
    activity.title = values.title.strip()
    activity.public_title = values.public_title.strip()
    activity.description = values.description.strip()
    activity.things_to_bring = values.things_to_bring.strip()
    activity.names_helpline = values.names_helpline
    activity.registration_at = values.registration_at
    activity.region_code = values.region_code
    activity.capacity = values.capacity
    activity.indicators = values.indicators


def _place(session: Session, values: ActivityValues, now: datetime) -> Move:
    """Return the time and place of the form, with the office's usual deadline if it names none."""
    return Move(
        starts_at=values.starts_at,
        ends_at=values.ends_at,
        zone=values.zone,
        venue_id=values.venue_id,
        registration_at=values.registration_at,
        respond_by_at=deadline(session, values.respond_by_at, values.starts_at, values.zone, now),
    )


def _facts(activity: Activity) -> dict[str, object]:
    return {field.name: getattr(activity, field.name) for field in fields(ActivityValues)}
