"""What an activity's scans leave for staff to look at: what does not agree, and what failed."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.door.scans import FAILED, ScanConflict, ScanFacts, standing
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Attendance, Device, Invitation, Scan, User
from outreach.queries.door.attendance import TO_LOOK_AT
from outreach.services.door import log

MOST_SHOWN = 50  # what does not agree, and what failed


@dataclass(frozen=True)
class Disagreement:
    """seen: the id of the newest scan. devices, accounts: names of places by their ids."""

    invitation: Invitation
    present: bool
    conflicts: tuple[ScanConflict, ...]
    seen: int
    devices: dict[int, Device]
    accounts: dict[int, User]

    def device_of(self, scan: ScanFacts) -> Device | None:
        return self.devices.get(scan.device) if scan.device is not None else None

    def account_of(self, scan: ScanFacts) -> User | None:
        return self.accounts.get(scan.by) if scan.by is not None else None


def disagreements(activity_id: int) -> list[Disagreement]:
    """Return the invitees whose scans do not agree, the newest first. A fixed number of statements."""
    wanted = (
        sa.select(Invitation)
        .join(Attendance, Attendance.invitation_id == Invitation.id)
        .where(Invitation.activity_id == activity_id, TO_LOOK_AT)
        .options(joinedload(Invitation.person), joinedload(Invitation.organisation))
        .order_by(Attendance.recorded_at.desc(), Invitation.id)
        .limit(MOST_SHOWN)
    )
    invitations = db.session.scalars(wanted).unique().all()
    facts = log.facts(db.session(), [invitation.id for invitation in invitations])
    told = [scan for scans in facts.values() for scan in scans]
    devices = _by_id(Device, {scan.device for scan in told})
    accounts = _by_id(User, {scan.by for scan in told})
    found = []
    for invitation in invitations:
        scans = facts.get(invitation.id, [])
        now_is = standing(scans, withdrawn=invitation.state is InvitationState.WITHDRAWN)
        newest = max((scan.id for scan in scans), default=0)
        found.append(Disagreement(invitation, now_is.present, now_is.conflicts, newest, devices, accounts))
    return found


def failed(activity_id: int) -> list[Scan]:
    """Return the scans that counted for nothing, the newest first."""
    wanted = (
        sa.select(Scan)
        .where(Scan.activity_id == activity_id, Scan.outcome.in_(sorted(FAILED)))
        .options(
            joinedload(Scan.device), joinedload(Scan.by), joinedload(Scan.invitation).joinedload(Invitation.person)
        )
        .order_by(Scan.at.desc(), Scan.id.desc())
        .limit(MOST_SHOWN)
    )
    return list(db.session.scalars(wanted).unique())


def every(activity_id: int) -> list[Scan]:
    """Return all that was recorded of an activity, in its order."""
    wanted = (
        sa.select(Scan)
        .where(Scan.activity_id == activity_id)
        .options(
            joinedload(Scan.activity), joinedload(Scan.device), joinedload(Scan.by), joinedload(Scan.acting),
            joinedload(Scan.invitation).joinedload(Invitation.person),
            joinedload(Scan.invitation).joinedload(Invitation.organisation),
        )
        .order_by(Scan.at, Scan.id)
    )  # fmt: skip
    return list(db.session.scalars(wanted).unique())


def _by_id(model: Any, ids: set[int | None]) -> dict[int, Any]:
    found = db.session.scalars(sa.select(model).where(model.id.in_({id for id in ids if id is not None})))
    return {one.id: one for one in found.unique()}
