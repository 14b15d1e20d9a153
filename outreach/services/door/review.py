"""Staff say how it was, where scans do not agree."""

from datetime import datetime

from outreach.domain.door.scans import ScanHow
from outreach.domain.problems import Problem
from outreach.models import Invitation, User
from outreach.services import audit
from outreach.services.door import log
from outreach.services.door.attendance import check_open, thank_late
from outreach.services.locking import activity_for_change, invitation_for_change
from outreach.transactions import writing


class NewScans(Problem):
    message = "Something new about %(name)s has arrived. Look at it, then say how it was."


def settle(invitation_id: int, was_there: bool, seen: int, *, by: User, now: datetime) -> Invitation:
    """Record whether an invitee was there. This settles what their scans say otherwise.

    seen: the id of the newest scan that the page showed. Raise InvitationMissing, NotOpen, NotYet or NewScans.
    """
    with writing() as session:
        invitation = invitation_for_change(session, invitation_id)
        activity = activity_for_change(session, invitation.activity_id)
        check_open(activity, now)
        if any(scan.id > seen for scan in log.facts(session, [invitation_id]).get(invitation_id, [])):
            raise NewScans(name=invitation.invitee.display_name)
        newly = log.add(session, [log.on_sheet(invitation, was_there, ScanHow.REVIEW, by=by, made_at=now, now=now)])
        thank_late(session, activity, [invitation] if newly else [], now)
        audit.record(
            session, by, "activity.attendance_settled", activity, now=now, invitation=invitation_id,
            present=was_there,
        )  # fmt: skip
    return invitation
