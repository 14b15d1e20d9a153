"""A held activity and who was there: one invitee, or many people of given sex, age and kelurahan, as a report counts them."""

from datetime import timedelta
from itertools import count

from outreach.domain.kinds import AttendanceSource, Role
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import ActingPerson, Activity, Attendance, Invitation, Organisation, Person
from tests.world.days import at
from tests.world.records import a_person, an_invitation

_numbers = count(1)
AFTER = at(19, 9)  # the morning after the activity of the fixtures


def held(activity: Activity) -> Activity:
    activity.state = ActivityState.HELD
    db.session.commit()
    return activity


def came(
    activity: Activity, invitee: Person | Organisation, role: Role = Role.PARTICIPANT, acting: str = "", **values
) -> Invitation:
    """The invitee, or the acting person, was there. values: of the invitation, which was answered with yes."""
    state = InvitationState.REPRESENTED if acting else InvitationState.COMING
    invitation = an_invitation(activity, invitee, role, **{"state": state, **values})
    if acting:
        db.session.add(ActingPerson(invitation_id=invitation.id, name=acting))
    db.session.add(
        Attendance(
            invitation_id=invitation.id, present=True, source=AttendanceSource.HAND,
            recorded_at=activity.starts_at + timedelta(hours=1),
        )
    )  # fmt: skip
    db.session.commit()
    return invitation


def many_came(activity: Activity, number: int, **person) -> None:
    """So many new people of this kelurahan, sex and age group were there."""
    for _ in range(number):
        came(activity, a_person(f"Orang {next(_numbers)}", **person))


def were_present(*invitations: Invitation, present: bool = True) -> None:
    """Store that these invitees were there, or that it was undone."""
    for one in invitations:
        row = one.attendance or Attendance(invitation=one)
        row.present, row.source, row.recorded_at = present, AttendanceSource.HAND, at(18, 9)
        db.session.add(row)
    db.session.commit()
