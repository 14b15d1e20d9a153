"""What happened at the door, and who was present by it.

A scan is one line of a log that is only added to. `standing` derives from the scans of one invitation when its invitee came
in and went out, and what staff should look at because two scans do not agree. Pure: services/door/log.py stores.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from outreach.domain.kinds import AttendanceSource


class ScanHow(StrEnum):
    """How somebody was known at the door."""

    QR = "qr"
    NAME = "name"  # found in the list, and ticked
    PAPER = "paper"  # by the list that was signed
    WALK_IN = "walk_in"  # came without an invitation
    REVIEW = "review"  # staff looked at what did not agree, and said how it was
    MIGRATED = "migrated"  # recorded before there was a log


class ScanAction(StrEnum):
    """What a device says that it did."""

    IN = "in"
    OUT = "out"
    UNDO = "undo"


class ScanOutcome(StrEnum):
    """What came of a scan."""

    PRESENT = "present"
    ALREADY = "already"  # was present before
    WITHDRAWN = "withdrawn"  # present, although the invitation is withdrawn
    OUT = "out"
    UNDONE = "undone"
    # failed: stored, and counted for nothing
    FORGED = "forged"
    EXPIRED = "expired"
    OTHER_ACTIVITY = "other_activity"
    REPLACED = "replaced"  # a code of somebody for whom another person comes now
    UNKNOWN = "unknown"  # no such invitation
    NOT_OPEN = "not_open"  # the activity is not published, or cancelled
    NOT_YET = "not_yet"  # before the activity's day
    UNREADABLE = "unreadable"  # the device sent what no page of ours sends


CAME_IN = frozenset({ScanOutcome.PRESENT, ScanOutcome.ALREADY, ScanOutcome.WITHDRAWN})
COUNTED = CAME_IN | {ScanOutcome.OUT, ScanOutcome.UNDONE}
FAILED = frozenset(ScanOutcome) - COUNTED
_SETTLING = frozenset({ScanHow.PAPER, ScanHow.REVIEW})  # said by staff who look at what others recorded
_QUIET = _SETTLING | {ScanHow.MIGRATED}  # no contradiction of what came later
_SOURCES = {ScanHow.QR: AttendanceSource.QR, ScanHow.PAPER: AttendanceSource.PAPER}


@dataclass(frozen=True)
class ScanFacts:
    """What `standing` needs of a scan.

    at: the device's time, corrected. device: None for the sheet. number: the running number on the device; for the sheet the
    scan's id. code: the fingerprint of the code, "" if none was scanned. source: of a migrated scan.
    """

    id: int
    at: datetime
    received_at: datetime
    device: int | None
    number: int
    by: int | None
    how: ScanHow
    outcome: ScanOutcome
    code: str = ""
    source: AttendanceSource | None = None

    @property
    def place(self) -> tuple[int | None, int | None]:
        """Return where this was recorded: on a device, or on the sheet by one account."""
        return (self.device, None) if self.device is not None else (None, self.by)

    @property
    def known_by(self) -> AttendanceSource:
        return self.source or _SOURCES.get(self.how, AttendanceSource.HAND)


class ScanConflictKind(StrEnum):
    SAME_CODE = "same_code"  # one code on two devices: perhaps photographed
    TWICE = "twice"  # present in two places, known in other ways
    UNDONE_ELSEWHERE = "undone_elsewhere"  # present in one place, undone in another
    WITHDRAWN = "withdrawn"  # present, although withdrawn


@dataclass(frozen=True)
class ScanConflict:
    """Two scans that do not agree, in the order of their times. `second` is `first` if one scan is enough."""

    kind: ScanConflictKind
    first: ScanFacts
    second: ScanFacts


@dataclass(frozen=True)
class Standing:
    """Whether an invitee was present. decided_by: the scan that made it so, None if no scan counts.

    in_at, out_at: the first time in and the last time out, None for those not present. conflicts: not settled yet.
    """

    present: bool
    in_at: datetime | None
    out_at: datetime | None
    decided_by: ScanFacts | None
    conflicts: tuple[ScanConflict, ...]


def corrected(made_at: datetime, clock: timedelta, received_at: datetime) -> datetime:
    """Return when a scan was made. clock: by how much the device's clock is ahead. It is never after it was received."""
    return min(made_at - clock, received_at)


def in_order(scans: Iterable[ScanFacts]) -> list[ScanFacts]:
    """Return the scans by time; of one moment those of devices first, because the sheet shows what had arrived."""
    return sorted(scans, key=lambda one: (one.at, one.device is None, one.device or 0, one.number))


def standing(scans: Iterable[ScanFacts], *, withdrawn: bool = False) -> Standing:
    """Return what the scans of one invitation say, whatever the order in which they arrived.

    withdrawn: whether the invitation is withdrawn now. Whoever was recorded before that is named as well.
    """
    counted = [scan for scan in in_order(scans) if scan.outcome in COUNTED]
    ins: list[ScanFacts] = []  # since it was last undone
    first_ever: ScanFacts | None = None
    decided_by: ScanFacts | None = None
    out_at: datetime | None = None
    found: list[ScanConflict] = []
    for scan in counted:
        if scan.outcome is ScanOutcome.UNDONE:
            found += _undone_elsewhere(ins, scan)
            ins, decided_by, out_at = [], scan, None
        elif scan.outcome is ScanOutcome.OUT:
            out_at = scan.at if ins else None
        else:
            if not ins:
                decided_by = scan
                # Whoever was there after all came when they were seen first.
                ins = [first_ever, scan] if scan.how is ScanHow.REVIEW and first_ever else [scan]
            else:
                found += _twice(ins, scan)
                ins.append(scan)
            if scan.outcome is ScanOutcome.WITHDRAWN:
                found.append(ScanConflict(ScanConflictKind.WITHDRAWN, scan, scan))
            first_ever, out_at = first_ever or scan, None
    conflicts = _open(found, counted)
    if withdrawn and ins and all(scan.outcome is not ScanOutcome.WITHDRAWN for scan in counted):
        conflicts.append(ScanConflict(ScanConflictKind.WITHDRAWN, ins[0], ins[0]))  # nobody has looked at it since
    return Standing(
        present=bool(ins),
        in_at=ins[0].at if ins else None,
        out_at=out_at,
        decided_by=decided_by,
        conflicts=tuple(conflicts),
    )


def _undone_elsewhere(ins: list[ScanFacts], undone: ScanFacts) -> list[ScanConflict]:
    """On the sheet, staff may undo what they recorded themselves on a device."""
    if undone.how in _SETTLING:
        return []
    own = undone.by if undone.device is None else None
    elsewhere = [
        scan
        for scan in ins
        if scan.place != undone.place and scan.how not in _QUIET and (own is None or scan.by != own)
    ]
    return [ScanConflict(ScanConflictKind.UNDONE_ELSEWHERE, scan, undone) for scan in elsewhere[:1]]


def _twice(ins: list[ScanFacts], second: ScanFacts) -> list[ScanConflict]:
    """Compare with the first scan of each other place; a place that is known already tells nothing new."""
    if second.how in _SETTLING or any(scan.place == second.place for scan in ins):
        return []
    first = next((scan for scan in ins if scan.how not in _QUIET), None)
    if first is None:
        return []
    same = bool(second.code) and any(scan.code == second.code for scan in ins)
    if same:
        first = next(scan for scan in ins if scan.code == second.code)
    return [ScanConflict(ScanConflictKind.SAME_CODE if same else ScanConflictKind.TWICE, first, second)]


def _open(found: list[ScanConflict], counted: list[ScanFacts]) -> list[ScanConflict]:
    """Leave out what staff settled: they could look only at scans that had arrived."""
    looked_at = max((scan.received_at for scan in counted if scan.how in _SETTLING), default=None)
    if looked_at is None:
        return found
    return [one for one in found if max(one.first.received_at, one.second.received_at) > looked_at]
