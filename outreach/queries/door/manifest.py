"""What a device keeps of an activity's list, to work at the door without a network: as little as does.

Nobody's name, phone or address: initials, the kelurahan, and keyed fingerprints, by which a device knows a code that it reads
and a name that is typed in full. The key is another one for each activity. static/js/door/ says what the device does with it.
"""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from outreach.delivery import door_codes
from outreach.domain.door.codes import valid_until
from outreach.extensions import current_settings
from outreach.models import Invitation, Scan
from outreach.queries.door import attendance
from outreach.queries.door.attendance import AttendanceRow
from outreach.queries.door.codes import devices, nonces_of, who_comes
from outreach.queries.invitations.lists import activity_of

FINGERPRINT = 9  # bytes; 12 characters
MOST_FOUND = 12


def manifest(activity_id: int, *, now: datetime) -> dict[str, Any]:
    """Return the list as the device reads it. Instants are milliseconds since 1970. Raise ActivityMissing."""
    activity = activity_of(activity_id)
    key = list_key(activity_id)
    nonces, came_on = nonces_of(activity_id), devices(Scan.activity_id == activity_id)
    expected, present = attendance.totals(activity_id)
    return {
        "activity": activity_id,
        "until_ms": _ms(valid_until(activity.ends_at, activity.zone)),
        "made_ms": _ms(now),
        "key": urlsafe_b64encode(key).decode(),
        "verify": door_codes.public_keys(),
        "expected": expected,
        "present": present,
        "people": [_entry(row, key, nonces, came_on) for row in attendance.whole_sheet(activity_id)],
    }


def found(activity_id: int, q: str) -> Sequence[AttendanceRow]:
    """Return the first people on the sheet whom a few letters find, with their names: they are not kept on the device."""
    return attendance.whole_sheet(activity_id, q.strip())[:MOST_FOUND] if q.strip() else ()


def list_key(activity_id: int) -> bytes:
    return hmac.digest(current_settings().secret_key.encode(), f"outreach door list {activity_id}".encode(), sha256)


def fingerprint(key: bytes, what: bytes) -> str:
    return urlsafe_b64encode(hmac.digest(key, what, sha256)[:FINGERPRINT]).decode()


def initials(name: str) -> str:
    return " ".join(f"{word[0].upper()}." for word in words_of(name))


def words_of(name: str) -> list[str]:
    """Return the words of a name as the browser divides what is typed: letters and digits, in small letters."""
    return "".join(sign if sign.isalnum() else " " for sign in name.casefold().replace("'", "")).split()


def place_of(invitation: Invitation) -> str:
    """Return the kelurahan by which people with the same initials are told apart; an organisation's name is no secret."""
    person = invitation.person
    if person is None:
        return ""
    return person.region.name if person.region else ""


def _entry(row: AttendanceRow, key: bytes, nonces: dict[int, str], came_on: dict[int, int]) -> dict[str, Any]:
    invitation, person = row.invitation, row.invitation.person
    acting, since = invitation.acting, invitation.attendance.in_at if invitation.attendance else None
    name = (
        acting.name
        if acting is not None
        else person.name or person.post
        if person is not None
        else who_comes(invitation)
    )
    nonce = acting.nonce if acting is not None else nonces.get(invitation.person_id or 0, "")
    code = fingerprint(key, door_codes.said_by(invitation.activity_id, invitation.id, nonce)) if nonce else ""
    return {
        "id": invitation.id,
        "name": name if person is None else initials(name),
        "words": [fingerprint(key, word.encode()) for word in words_of(name)],
        "place": place_of(invitation),
        "code": code,
        "present": row.present,
        "at": _ms(since) if row.present and since else 0,
        "left": bool(row.present and invitation.attendance and invitation.attendance.out_at),
        "device": came_on.get(invitation.id, 0),
    }


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)
