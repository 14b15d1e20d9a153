"""Whose code was read at the door, and the codes themselves: of one invitation, and of all who may come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.delivery import door_codes
from outreach.domain.door.codes import CodeFault
from outreach.domain.kinds import LinkPurpose
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Attendance, Device, Invitation, Link, Scan
from outreach.queries.invitations.select import InviteeFilters, matching, row_options
from outreach.services.door import codes

MAY_COME = frozenset(InvitationState) - {InvitationState.NOT_COMING, InvitationState.WITHDRAWN}


@dataclass(frozen=True)
class ScannedCode:
    """What staff see of a code. invitation: None if it is nobody's. fault: why it does not count; None if it does."""

    invitation: Invitation | None
    fault: CodeFault | None
    device: int = 0  # on which they came in; 0 if they did not, or on the list

    @property
    def present_since(self) -> datetime | None:
        attendance = self.invitation.attendance if self.invitation is not None else None
        return (attendance.in_at or attendance.recorded_at) if attendance is not None and attendance.present else None


@dataclass(frozen=True)
class DoorCard:
    """An invitation's code on paper. invitation: who comes by it is `acting`, or else its person."""

    invitation: Invitation
    address: str


def scanned(text: str, *, now: datetime) -> ScannedCode:
    """Return whose code it is. text: the code, or its address."""
    judged = codes.judge(db.session(), text, now)
    came_on = devices(Scan.invitation_id == judged.invitation.id) if judged.invitation is not None else {}
    return ScannedCode(judged.invitation, judged.fault, next(iter(came_on.values()), 0))


def own_code(invitation_id: int) -> str:
    """Return the code of who comes by an invitation; "" if there is none."""
    invitation = db.session.get(Invitation, invitation_id)
    return codes.code_of(db.session(), invitation) if invitation is not None else ""


def cards(activity_id: int, invitation_id: int | None = None) -> Sequence[DoorCard]:
    """Return a card for each person who may come, by name. invitation_id: only this one's."""
    wanted = matching(activity_id, InviteeFilters()).where(
        Invitation.person_id.is_not(None), Invitation.state.in_(sorted(MAY_COME))
    )
    if invitation_id is not None:
        wanted = wanted.where(Invitation.id == invitation_id)
    found = db.session.scalars(wanted.options(*row_options())).unique().all()
    nonces = nonces_of(activity_id)
    made = []
    for invitation in sorted(found, key=lambda one: (who_comes(one).casefold(), one.id)):
        nonce = invitation.acting.nonce if invitation.acting is not None else nonces.get(invitation.person_id or 0)
        if nonce:
            code = door_codes.code_for(activity_id, invitation.id, nonce)
            made.append(DoorCard(invitation, door_codes.address_of(code)))
    return made


def devices(*conditions: sa.ColumnElement[bool]) -> dict[int, int]:
    """Return the number of the device on which each present invitee came in, by invitation. conditions: on the scans."""
    came = sa.select(Scan.invitation_id, Device.number).join(Device, Device.id == Scan.device_id)
    came = came.join(Attendance, sa.and_(Attendance.invitation_id == Scan.invitation_id, Attendance.in_at == Scan.at))
    rows = db.session.execute(came.where(Attendance.present, *conditions).order_by(Scan.id.desc()))
    return {row.invitation_id: row.number for row in rows}


def nonces_of(activity_id: int) -> dict[int, str]:
    """Return the nonces of the answer links of an activity's people, by person."""
    rows = db.session.execute(
        sa.select(Link.person_id, Link.nonce)
        .join(Invitation, Invitation.person_id == Link.person_id)
        .where(Invitation.activity_id == activity_id, Link.purpose == LinkPurpose.ANSWER)
    )
    return {row.person_id: row.nonce for row in rows}


def who_comes(invitation: Invitation) -> str:
    """Return the name of who comes by an invitation: the acting person's, or else the invitee's."""
    return invitation.representative_name or invitation.invitee.display_name
