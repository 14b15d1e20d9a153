"""Whose code it is at the door, and whether it still counts. Reads only."""

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery import door_codes
from outreach.domain.door.codes import CodeFault, valid_until
from outreach.domain.kinds import LinkPurpose
from outreach.domain.states import InvitationState
from outreach.models import Activity, Invitation, Link


class JudgedCode(NamedTuple):
    """invitation: whose code it is, also of a code that does not count. fault: None if it counts."""

    invitation: Invitation | None
    fault: CodeFault | None


def judge(session: Session, text: str, now: datetime, *, at: Activity | None = None) -> JudgedCode:
    """Return whose code it is and whether it counts now. text: as a camera read it. at: the activity at whose door it was read.

    Without `at`, the code's own activity is meant.
    """
    code = door_codes.read(text)
    if code is None:
        return JudgedCode(None, CodeFault.FORGED)
    invitation = session.get(Invitation, code.invitation_id)
    if invitation is not None and invitation.activity_id != code.activity_id:
        invitation = None
    if at is not None and at.id != code.activity_id:
        return JudgedCode(invitation, CodeFault.OTHER_ACTIVITY)
    if invitation is None:
        return JudgedCode(None, CodeFault.WITHDRAWN)
    if now >= valid_until(invitation.activity.ends_at, invitation.activity.zone):
        return JudgedCode(invitation, CodeFault.EXPIRED)
    holder = nonce_of(session, invitation)
    if not holder or door_codes.mark_of(holder) != code.mark:
        return JudgedCode(invitation, CodeFault.REPLACED)
    if invitation.state is InvitationState.WITHDRAWN:  # last: at the door, a code that is only withdrawn counts
        return JudgedCode(invitation, CodeFault.WITHDRAWN)
    return JudgedCode(invitation, None)


def code_of(session: Session, invitation: Invitation) -> str:
    """Return the code of who comes by an invitation: the invitee, or who acts for them. "" for an organisation's."""
    nonce = nonce_of(session, invitation)
    return door_codes.code_for(invitation.activity_id, invitation.id, nonce) if nonce else ""


def nonce_of(session: Session, invitation: Invitation) -> str:
    """Return the nonce of the link of who comes; "" if nobody does by this invitation, as with an organisation's."""
    if invitation.acting is not None:
        return invitation.acting.nonce
    if invitation.person_id is None:
        return ""
    wanted = sa.select(Link.nonce).where(Link.purpose == LinkPurpose.ANSWER, Link.person_id == invitation.person_id)
    return session.scalar(wanted) or ""
