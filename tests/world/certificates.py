"""Activities that are over, with who was there: what certificates are made of."""

from outreach.domain.kinds import AttendanceSource
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Attendance, Invitation
from tests.world.days import at

AFTER = at(19, 9)  # the morning after the activity


def were_present(*invitations: Invitation, present: bool = True) -> None:
    """Store that these invitees were there, as the door does; or that it was undone."""
    for one in invitations:
        row = one.attendance or Attendance(invitation=one)
        row.present, row.source, row.recorded_at = present, AttendanceSource.HAND, at(18, 9)
        db.session.add(row)
    db.session.commit()


def is_over(activity: Activity) -> Activity:
    activity.state = ActivityState.HELD
    db.session.commit()
    return activity
