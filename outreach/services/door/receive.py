"""Take what a device recorded at the door: each scan is stored once, also a failed one, and has an answer of its own.

A whole batch is one transaction. A device sends a batch again until it gets an answer, so what is known already is answered
as before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.domain.door import scans as rules
from outreach.domain.door.scans import (
    CAME_IN,
    COUNTED,
    ScanAction,
    ScanFacts,
    ScanHow,
    ScanOutcome,
)
from outreach.domain.kinds import AgeGroup, Sex
from outreach.domain.problems import Problem
from outreach.models import Activity, Attendance, Device, Invitation, Region, Scan, User, WalkIn
from outreach.services import audit
from outreach.services.directory import people
from outreach.services.directory.people import PersonValues
from outreach.services.door import attendance, codes, log
from outreach.services.door.attendance import NotOpen, NotYet
from outreach.services.door.batch import Batch, Numbered, SentPerson, SentScan
from outreach.services.locking import activity_for_change, lock_address_book
from outreach.transactions import writing

# Above the highest number that the server has of a device, the farthest that it takes: numbers in between may be of scans that
# were deleted on the device. So nobody uses up a device's numbers, and a device has an answer.
FARTHEST_JUMP = 10_000


class NumberFault(StrEnum):
    """Why a scan cannot be stored under its number. The device gives it another one."""

    TAKEN = "number_taken"  # another scan has it
    TOO_HIGH = "number_too_high"


@dataclass(frozen=True)
class ScanAnswer:
    """What came of one scan. scan: None if it is not stored, because of its number.

    earlier: the scan by which the invitee was present before this one, and the number of its device (None: on the sheet).
    """

    number: int
    scan: Scan | None
    earlier: ScanFacts | None = None
    earlier_device: int | None = None
    fault: NumberFault | None = None

    @property
    def counted(self) -> bool:
        return self.scan is not None and self.scan.outcome in COUNTED


@dataclass(frozen=True)
class ReceivedBatch:
    """device: the number that people can say. next_number: the first one that this device has not used."""

    device: int
    next_number: int
    answers: tuple[ScanAnswer, ...]


def receive(activity_id: int, batch: Batch, *, by: User, now: datetime) -> ReceivedBatch:
    """Store the scans of a batch that are not stored yet. Raise ActivityMissing."""
    with writing() as session:
        device = session.scalar(sa.select(Device).where(Device.key == batch.key))
        if device is None or any(one.scan and one.scan.person for one in batch.scans):
            lock_address_book(session)
        activity = activity_for_change(session, activity_id)
        device = _seen(session, batch, by, now)
        known = _known(session, device, batch.scans)
        highest = _next(session, device) + FARTHEST_JUMP - 1
        new = [one for one in batch.scans if one.number not in known and one.number <= highest]
        if new:
            made = _store(session, activity, device, new, batch.ahead_ms(now), by, now)
            known |= {scan.number or 0: scan for scan in made}
        return ReceivedBatch(device.number, _next(session, device), tuple(_answers(session, batch.scans, known)))


def _seen(session: Session, batch: Batch, by: User, now: datetime) -> Device:
    """Return the device, locked after the activity; a new one gets the next number."""
    found = session.scalar(
        sa.select(Device).where(Device.key == batch.key).with_for_update().execution_options(populate_existing=True)
    )
    if found is None:
        number = (session.scalar(sa.select(sa.func.max(Device.number))) or 0) + 1
        found = Device(key=batch.key, number=number, name="", made_at=now, seen_at=now, user_id=by.id)
        session.add(found)
    found.name, found.user_id, found.seen_at = batch.name or found.name, by.id, now
    session.flush()
    return found


def _known(session: Session, device: Device, sent: Sequence[Numbered]) -> dict[int, Scan]:
    wanted = sa.select(Scan).where(Scan.device_id == device.id, Scan.number.in_([one.number for one in sent]))
    return {scan.number or 0: scan for scan in session.scalars(wanted)}


def _next(session: Session, device: Device) -> int:
    return (session.scalar(sa.select(sa.func.max(Scan.number)).where(Scan.device_id == device.id)) or 0) + 1


def _store(
    session: Session,
    activity: Activity,
    device: Device,
    new: Sequence[Numbered],
    ahead_ms: int,
    by: User,
    now: datetime,
) -> list[Scan]:
    made = []
    present: set[int] = set()
    for one in new:
        scan = _scan_of(session, activity, one, ahead_ms, by, now)
        scan.device_id, scan.number, scan.digest = device.id, one.number, one.digest
        if scan.outcome is ScanOutcome.PRESENT and scan.invitation_id is not None:
            if scan.invitation_id in present or _is_present(session, scan.invitation_id):
                scan.outcome = ScanOutcome.ALREADY
            present.add(scan.invitation_id)
        elif scan.outcome is ScanOutcome.UNDONE:
            present.discard(scan.invitation_id or 0)
        made.append(scan)
    newly = log.add(session, made)
    came = session.scalars(sa.select(Invitation).where(Invitation.id.in_(newly)).order_by(Invitation.id)).all()
    attendance.thank_late(session, activity, came, now)
    audit.record(
        session, by, "activity.scanned", activity, now=now, device=device.number, scans=len(made),
        failed=sum(scan.outcome not in COUNTED for scan in made), present=log.total(session, activity.id),
    )  # fmt: skip
    return made


def _is_present(session: Session, invitation_id: int) -> bool:
    wanted = sa.select(Attendance.present).where(Attendance.invitation_id == invitation_id)
    return bool(session.scalar(wanted))


def _scan_of(session: Session, activity: Activity, one: Numbered, ahead_ms: int, by: User, now: datetime) -> Scan:
    sent = one.scan
    if sent is None:
        return Scan(
            activity_id=activity.id, how=ScanHow.NAME, outcome=ScanOutcome.UNREADABLE, at=now, received_at=now,
            clock_ms=ahead_ms, by_id=by.id,
        )  # fmt: skip
    at = rules.corrected(sent.at, timedelta(milliseconds=ahead_ms), now)
    scan = Scan(
        activity_id=activity.id, how=sent.how, device_at=sent.at, clock_ms=ahead_ms, at=at, received_at=now,
        by_id=by.id, code=sha256(sent.code.encode()).hexdigest()[:16] if sent.code else "",
    )  # fmt: skip
    invitation, scan.outcome = _judged(session, activity, sent, at, by, now)
    if invitation is not None:
        scan.invitation_id = invitation.id
        scan.acting_id = invitation.acting.id if invitation.acting is not None else None
    elif sent.person is not None:
        scan.name = sent.person.name.strip()
    return scan


def _judged(
    session: Session, activity: Activity, sent: SentScan, at: datetime, by: User, now: datetime
) -> tuple[Invitation | None, ScanOutcome]:
    """Return whose scan it is, and what comes of it."""
    invitation: Invitation | None = None
    if sent.code:
        invitation, fault = codes.judge(session, sent.code, at, at=activity)
        if fault is not None and not (fault is codes.CodeFault.WITHDRAWN and invitation is not None):
            return invitation, _FAULTS[fault]
    elif sent.invitation is not None:
        invitation = session.get(Invitation, sent.invitation)
        if invitation is None or invitation.activity_id != activity.id:
            return None, ScanOutcome.UNKNOWN
    try:
        attendance.check_open(activity, at)
    except NotOpen:
        return invitation, ScanOutcome.NOT_OPEN
    except NotYet:
        return invitation, ScanOutcome.NOT_YET
    if sent.person is not None:
        try:
            invitation = _walked_in(session, activity, sent.person, at, by, now)
        except Problem:
            return None, ScanOutcome.UNREADABLE
    assert invitation is not None
    if sent.action is ScanAction.OUT:
        return invitation, ScanOutcome.OUT
    if sent.action is ScanAction.UNDO:
        return invitation, ScanOutcome.UNDONE
    return invitation, log.came_in(invitation)


_FAULTS = {
    codes.CodeFault.FORGED: ScanOutcome.FORGED,
    codes.CodeFault.OTHER_ACTIVITY: ScanOutcome.OTHER_ACTIVITY,
    codes.CodeFault.EXPIRED: ScanOutcome.EXPIRED,
    codes.CodeFault.REPLACED: ScanOutcome.REPLACED,
    codes.CodeFault.WITHDRAWN: ScanOutcome.UNKNOWN,
}


def _walked_in(
    session: Session, activity: Activity, sent: SentPerson, at: datetime, by: User, now: datetime
) -> Invitation:
    """Add somebody as a person to be merged later: at the door nobody has time to look for namesakes.

    Raise a Problem with the name.
    """
    region = session.get(Region, sent.region) if sent.region else None
    values = PersonValues(
        name=sent.name, region_code=region.code if region is not None else None, namesake=True,
        sex=Sex(sent.sex) if sent.sex else None, age_group=AgeGroup(sent.age_group) if sent.age_group else None,
    )  # fmt: skip
    person = people.store(session, values, by=by, now=now)
    session.add(WalkIn(person_id=person.id, activity_id=activity.id, came_at=at))
    return attendance.uninvited(session, activity, person.id, by=by, now=now)


def _answers(session: Session, sent: Sequence[Numbered], known: dict[int, Scan]) -> list[ScanAnswer]:
    ids = {scan.invitation_id for scan in known.values() if scan.invitation_id}
    facts = log.facts(session, ids)
    # Loaded at once, because the page names each.
    session.scalars(
        sa.select(Invitation).where(Invitation.id.in_(ids)).options(joinedload(Invitation.person))
    ).unique().all()
    answers = []
    for one in sent:
        scan = known.get(one.number)
        if scan is None or scan.digest != one.digest:
            fault = NumberFault.TOO_HIGH if scan is None else NumberFault.TAKEN
            answers.append(ScanAnswer(one.number, None, fault=fault))
            continue
        earlier = _earlier(scan, facts.get(scan.invitation_id or 0, []))
        device = session.get(Device, earlier.device) if earlier is not None and earlier.device is not None else None
        answers.append(ScanAnswer(one.number, scan, earlier, device.number if device is not None else None))
    return answers


def _earlier(scan: Scan, facts: Sequence[ScanFacts]) -> ScanFacts | None:
    """Return by which scan the invitee was present when this one arrived; None for the first one."""
    if scan.outcome not in CAME_IN:
        return None
    before = rules.standing(one for one in facts if one.id < scan.id)
    return before.decided_by if before.present else None
