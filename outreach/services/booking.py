"""Checks that hold whenever an activity takes a place and a time: order of its instants, seats, and the venue being free.

Called inside a writing() transaction, so that what was checked is what is written.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity, Programme, User, Venue


class ActivityMissing(Problem):
    message = "This activity does not exist, or has been deleted."


class ProgrammeMissing(Problem):
    message = "This programme does not exist, or has been deleted."


class TitleMissing(Problem):
    message = "Please write a title, for example “Rapat koordinasi lintas sektor”."
    field = "title"


class EndBeforeStart(Problem):
    message = "The end must be later than the start."
    field = "ends_at"


class DeadlineAfterStart(Problem):
    message = "The answer deadline must not be later than the start."
    field = "respond_by_at"


class RegistrationAfterStart(Problem):
    message = "Registration must not open later than the start."
    field = "registration_at"


class OutsideProgramme(Problem):
    message = (
        "That date is outside the programme, which runs from %(first)s to %(last)s. "
        "Change the date, or the programme's days."
    )
    field = "starts_at"


class CapacityNotPositive(Problem):
    message = "The capacity must be at least 1 person."
    field = "capacity"


class VenueTaken(Problem):
    message = "%(venue)s is taken until %(until)s by “%(title)s” (%(by)s). Choose another time or another place."
    field = "venue_id"


class VenueMissing(Problem):
    message = "This venue does not exist any more. Choose another one."
    field = "venue_id"


class Stale(Problem):
    message = "Somebody else saved this meanwhile. Look at the present state, then make your change again."


def activity_for_change(session: Session, activity_id: int, version: int | None = None) -> Activity:
    """Return the activity, locked for this transaction; raise ActivityMissing, or Stale if its version is another."""
    activity = session.get(Activity, activity_id, with_for_update={"of": Activity}, populate_existing=True)
    if activity is None:
        raise ActivityMissing
    if version is not None and activity.version != version:
        raise Stale
    return activity


def check_times(activity: Activity) -> None:
    """Raise the Problem that an activity's instants and numbers have, if any."""
    if not activity.title.strip():
        raise TitleMissing
    if activity.ends_at <= activity.starts_at:
        raise EndBeforeStart
    if activity.respond_by_at > activity.starts_at:
        raise DeadlineAfterStart
    if activity.registration_at is not None and activity.registration_at > activity.starts_at:
        raise RegistrationAfterStart
    if activity.capacity is not None and activity.capacity < 1:
        raise CapacityNotPositive


def check_within(programme: Programme, starts_at: datetime, ends_at: datetime) -> None:
    """Raise OutsideProgramme where a four-day programme's activity lies on another day."""
    first, last = starts_at.astimezone(programme.zone).date(), ends_at.astimezone(programme.zone).date()
    if first < programme.starts_on or last > programme.ends_on:
        raise OutsideProgramme(first=programme.starts_on, last=programme.ends_on)


def check_venue(session: Session, activity: Activity) -> None:
    """Raise VenueTaken if another activity that is not cancelled has the venue at an overlapping time.

    The venue's row is locked first, so of two bookings at the same moment exactly one finds it free.
    """
    if activity.venue_id is None:
        return
    venue = session.get(Venue, activity.venue_id, with_for_update={"of": Venue})
    if venue is None:
        raise VenueMissing
    other = session.execute(
        sa.select(Activity.title, Activity.ends_at, Activity.zone, User.name)
        .outerjoin(User, User.id == Activity.coordinator_id)
        .where(
            Activity.venue_id == activity.venue_id,
            Activity.id != (activity.id or 0),
            Activity.state != ActivityState.CANCELLED,
            Activity.starts_at < activity.ends_at,
            Activity.ends_at > activity.starts_at,
        )
        .order_by(Activity.starts_at)
        .limit(1)
    ).first()
    if other is not None:
        raise VenueTaken(
            venue=venue.name, until=other.ends_at.astimezone(other.zone), title=other.title, by=other.name or "–"
        )
