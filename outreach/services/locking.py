"""What must be true of an activity whenever it is saved: order of its instants, seats, its programme's days.

Called inside a writing() transaction, so that what was checked is what is written. Venue and speakers are planning/book.py.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.planning.plan import days_between
from outreach.domain.problems import Problem
from outreach.models import Activity, Invitation, Programme
from outreach.services.planning import bookings

LONGEST_DAYS = 31  # what lasts longer is a slip of the year, and each of its days would be looked at


class ActivityMissing(Problem):
    message = "This activity does not exist, or has been deleted."


class ProgrammeMissing(Problem):
    message = "This programme does not exist, or has been deleted."


class InvitationMissing(Problem):
    message = "This invitation does not exist, or has been deleted."


class TitleMissing(Problem):
    message = "Please write a title, for example “Rapat koordinasi lintas sektor”."
    field = "title"


class EndBeforeStart(Problem):
    message = "The end must be later than the start."
    field = "ends_at"


class LastsTooLong(Problem):
    message = "An activity lasts at most %(days)s days. Please look at its last day again."
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


class SpeakerTaken(Problem):
    message = (
        "%(person)s is already to be at “%(title)s” until %(until)s (%(by)s). Choose another time, or somebody else."
    )


class VenueMissing(Problem):
    message = "This venue does not exist any more. Choose another one."
    field = "venue_id"


class Stale(Problem):
    message = "Somebody else saved this meanwhile. Look at the present state, then make your change again."


def activity_for_change(session: Session, activity_id: int, version: int | None = None) -> Activity:
    """Return the activity, locked for this transaction; raise ActivityMissing, or Stale if its version is another.

    Others may still refer to it meanwhile: PostgreSQL's FOR NO KEY UPDATE.
    """
    lock = {"of": Activity, "key_share": True}
    activity = session.get(Activity, activity_id, with_for_update=lock, populate_existing=True)
    if activity is None:
        raise ActivityMissing
    if version is not None and activity.version != version:
        raise Stale
    return activity


def invitation_for_change(session: Session, invitation_id: int) -> Invitation:
    """Return the invitation with its activity locked for this transaction; raise InvitationMissing."""
    activity_id = session.scalar(sa.select(Invitation.activity_id).where(Invitation.id == invitation_id))
    if activity_id is None:
        raise InvitationMissing
    activity_for_change(session, activity_id)
    return session.get_one(Invitation, invitation_id)


def locked_programme(session: Session, programme_id: int, *, changes: bool = False) -> Programme:
    """Return the programme, locked before its activities: its days stay as they are until what is put into it is stored.

    changes: to change its days, or delete it. Raise ProgrammeMissing.
    """
    bookings.lock_programme(session, programme_id, changes=changes)
    programme = session.get(Programme, programme_id)
    if programme is None:
        raise ProgrammeMissing
    return programme


def check_times(activity: Activity) -> None:
    """Raise the Problem that an activity's instants and numbers have, if any."""
    if not activity.title.strip():
        raise TitleMissing
    if activity.ends_at <= activity.starts_at:
        raise EndBeforeStart
    check_length(activity.starts_at, activity.ends_at)
    if activity.registration_at is not None and activity.registration_at > activity.starts_at:
        raise RegistrationAfterStart
    if activity.capacity is not None and activity.capacity < 1:
        raise CapacityNotPositive


def check_length(starts_at: datetime, ends_at: datetime) -> None:
    """Raise LastsTooLong for what nobody means."""
    if ends_at - starts_at > timedelta(days=LONGEST_DAYS):
        raise LastsTooLong(days=LONGEST_DAYS)


def check_within(programme: Programme, starts_at: datetime, ends_at: datetime) -> None:
    """Raise OutsideProgramme where a four-day programme's activity lies on another day."""
    days = days_between(starts_at, ends_at, programme.zone)
    if days[0] < programme.starts_on or days[-1] > programme.ends_on:
        raise OutsideProgramme(first=programme.starts_on, last=programme.ends_on)
