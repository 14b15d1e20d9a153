"""Add scans to the log, and store the attendance that follows from them, in the caller's transaction.

The caller has locked the activity, so nobody else adds scans of its invitations meanwhile.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.door.scans import (
    COUNTED,
    ScanFacts,
    ScanHow,
    ScanOutcome,
    Standing,
    standing,
)
from outreach.domain.kinds import AttendanceSource
from outreach.domain.states import InvitationState
from outreach.models import Attendance, Invitation, Scan, User

CHUNK = 500  # ids in one statement

HOW_OF = {AttendanceSource.QR: ScanHow.QR, AttendanceSource.HAND: ScanHow.NAME, AttendanceSource.PAPER: ScanHow.PAPER}


def on_sheet(
    invitation: Invitation, present: bool, how: ScanHow, *, by: User | None, made_at: datetime, now: datetime
) -> Scan:
    """Return a scan that staff make on a page. made_at: before `now` if the browser kept it for a while."""
    return Scan(
        activity_id=invitation.activity_id, invitation_id=invitation.id, how=how,
        acting_id=invitation.acting.id if invitation.acting is not None else None,
        outcome=came_in(invitation) if present else ScanOutcome.UNDONE,
        device_at=made_at, at=min(made_at, now), received_at=now, by_id=by.id if by else None,
    )  # fmt: skip


def came_in(invitation: Invitation) -> ScanOutcome:
    return ScanOutcome.WITHDRAWN if invitation.state is InvitationState.WITHDRAWN else ScanOutcome.PRESENT


def add(session: Session, scans: Collection[Scan]) -> set[int]:
    """Add scans, and store what follows. Return the ids of the invitations that are present now, and were not before."""
    session.add_all(scans)
    session.flush()
    return project(session, {scan.invitation_id for scan in scans if scan.invitation_id and scan.outcome in COUNTED})


def project(session: Session, invitation_ids: Collection[int]) -> set[int]:
    """Store the attendance of these invitations as it follows from the log. Return the ids of the newly present."""
    found = facts(session, invitation_ids)
    newly: set[int] = set()
    for ids in _chunks(invitation_ids):
        rows = session.scalars(sa.select(Attendance).where(Attendance.invitation_id.in_(ids)))
        known = {row.invitation_id: row for row in rows}
        for invitation_id in ids:
            now_is, row = standing(found.get(invitation_id, ())), known.get(invitation_id)
            if now_is.present and not (row is not None and row.present):
                newly.add(invitation_id)
            _store(session, invitation_id, now_is, row)
    session.flush()
    return newly


def facts(session: Session, invitation_ids: Collection[int]) -> dict[int, list[ScanFacts]]:
    """Return the counted scans of these invitations as values, by invitation."""
    found: dict[int, list[ScanFacts]] = defaultdict(list)
    for ids in _chunks(invitation_ids):
        wanted = sa.select(Scan).where(Scan.invitation_id.in_(ids), Scan.outcome.in_(sorted(COUNTED)))
        for scan in session.scalars(wanted.order_by(Scan.id)):
            found[scan.invitation_id or 0].append(facts_of(scan))
    return found


def facts_of(scan: Scan) -> ScanFacts:
    return ScanFacts(
        id=scan.id, at=scan.at, received_at=scan.received_at, device=scan.device_id, number=scan.number or scan.id,
        by=scan.by_id, how=scan.how, outcome=scan.outcome, code=scan.code, source=scan.source,
    )  # fmt: skip


def last_on_sheet(session: Session, invitation_ids: Collection[int], by: User | None) -> dict[int, datetime]:
    """Return when this account last recorded something about these invitations on the sheet."""
    found: dict[int, datetime] = {}
    for ids in _chunks(invitation_ids):
        wanted = (
            sa.select(Scan.invitation_id, sa.func.max(Scan.at).label("at"))
            .where(
                Scan.invitation_id.in_(ids),
                Scan.device_id.is_(None),
                Scan.by_id == by.id if by else Scan.by_id.is_(None),
            )
            .group_by(Scan.invitation_id)
        )
        found |= {row.invitation_id: row.at for row in session.execute(wanted)}
    return found


def total(session: Session, activity_id: int) -> int:
    """Return how many are present."""
    wanted = sa.select(sa.func.count()).select_from(Attendance).join(Attendance.invitation)
    return session.scalar(wanted.where(Invitation.activity_id == activity_id, Attendance.present)) or 0


def _store(session: Session, invitation_id: int, found: Standing, row: Attendance | None) -> None:
    if found.decided_by is None:
        if row is not None:
            session.delete(row)
        return
    if row is None:
        row = Attendance(invitation_id=invitation_id)
        session.add(row)
    decided = found.decided_by
    row.present, row.source = found.present, decided.known_by
    row.recorded_at, row.recorded_by_id = decided.at, decided.by
    row.in_at, row.out_at, row.conflicts = found.in_at, found.out_at, len(found.conflicts)


def _chunks(ids: Iterable[int]) -> Iterable[list[int]]:
    ordered = sorted(ids)
    return (ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK))
