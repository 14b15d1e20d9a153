"""What a device sends from the door, read into values. The form is in docs/decisions/door.md."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from outreach import codec
from outreach.domain.door.scans import ScanAction, ScanHow
from outreach.domain.kinds import AgeGroup, Sex
from outreach.domain.problems import Problem

MOST_SCANS = 200
MOST_BYTES = 256 * 1024
LONGEST_CODE, LONGEST_NAME, LONGEST_REGION, LONGEST_KEY, LONGEST_DEVICE = 500, 160, 13, 40, 60  # characters
_SHORTEST_KEY = 16
_MOST_NUMBER = 2**31 - 1
_FIRST_MS, _LAST_MS = 0, 4_102_444_800_000  # 1970 to 2100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BY_DEVICES = frozenset({ScanHow.QR, ScanHow.NAME, ScanHow.WALK_IN})


class BatchUnreadable(Problem):
    message = "The device sent something that cannot be read. Load the page again."


@dataclass(frozen=True)
class SentPerson:
    """Somebody who came without an invitation. region: the code of a kelurahan, or ""."""

    name: str
    region: str = ""
    sex: str = ""
    age_group: str = ""


@dataclass(frozen=True)
class SentScan:
    number: int
    at_ms: int  # since 1970, by the device's clock
    how: ScanHow
    action: ScanAction
    code: str = ""
    invitation: int | None = None
    person: SentPerson | None = None

    @property
    def at(self) -> datetime:
        return _EPOCH + timedelta(milliseconds=self.at_ms)


@dataclass(frozen=True)
class Numbered:
    """A scan under its number. digest: of what was sent. scan: None if that cannot be read."""

    number: int
    digest: str
    scan: SentScan | None


@dataclass(frozen=True)
class Batch:
    """key: of the device. clock_ms: what its clock shows. name: what it is called; "" to leave that."""

    key: str
    clock_ms: int
    scans: tuple[Numbered, ...]
    name: str = ""

    def ahead_ms(self, now: datetime) -> int:
        """Return by how much the device's clock is ahead of the server's."""
        return self.clock_ms - round((now - _EPOCH) / timedelta(milliseconds=1))


def read(sent: Any) -> Batch:
    """Return a batch. A scan that cannot be read keeps its place. Raise BatchUnreadable if the rest cannot be read."""
    match sent:
        case {"device": str(key), "clock_ms": int(clock_ms), "scans": list(scans)}:
            name = sent.get("name", "")
        case _:
            raise BatchUnreadable
    numbered = [_numbered(one) for one in scans]
    numbers = [one.number for one in numbered if one is not None]
    good = (
        _SHORTEST_KEY <= len(key) <= LONGEST_KEY
        and key.isascii()
        and key.replace("-", "").replace("_", "").isalnum()
        and type(clock_ms) is int
        and _FIRST_MS <= clock_ms <= _LAST_MS
        and isinstance(name, str)
        and len(scans) <= MOST_SCANS
        and len(numbers) == len(scans) == len(set(numbers))
    )
    if not good:
        raise BatchUnreadable
    in_turn = sorted((one for one in numbered if one is not None), key=lambda one: one.number)
    return Batch(key, clock_ms, tuple(in_turn), name.strip()[:LONGEST_DEVICE])


def _numbered(sent: Any) -> Numbered | None:
    match sent:
        case {"number": int(number)} if type(number) is int and 0 < number <= _MOST_NUMBER:
            digest = sha256(json.dumps(sent, sort_keys=True).encode()).hexdigest()[:32]
            return Numbered(number, digest, _scan(sent))
    return None


def _scan(sent: dict[str, Any]) -> SentScan | None:
    try:
        scan = codec.from_json(SentScan, sent)
    except codec.Unreadable:
        return None
    person = scan.person
    given = [bool(scan.code), scan.invitation is not None, person is not None]
    good = (
        _FIRST_MS <= scan.at_ms <= _LAST_MS
        and scan.how in _BY_DEVICES
        and sum(given) == 1
        and len(scan.code) <= LONGEST_CODE
        and (scan.invitation is None or 0 < scan.invitation <= _MOST_NUMBER)
        and (person is None) == (scan.how is not ScanHow.WALK_IN)
        and (person is None or _is_person(person, scan))
    )
    return scan if good else None


def _is_person(person: SentPerson, scan: SentScan) -> bool:
    return (
        0 < len(person.name.strip()) <= LONGEST_NAME
        and len(person.region) <= LONGEST_REGION
        and person.sex in {"", *Sex}
        and person.age_group in {"", *AgeGroup}
        and scan.action is ScanAction.IN
    )
