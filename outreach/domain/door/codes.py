"""What a code at the door holds, and why one does not count. The code's signature is checked by delivery/door_codes.py.

A code is 78 bytes: version, key id, activity, invitation, mark, signature (r and s of P-256). In text it is base64url, 104
characters, so that its whole address fits into a QR code that a cheap phone reads. The browser reads it by the same table
(static/js/door/codes.js).
"""

import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NoBase64
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

VERSION = 1
SIGNATURE = 64  # bytes
TEXT_LENGTH = 104  # characters
_FORM = struct.Struct(">BBII4s")
_MOST = 2**32 - 1
# As a camera reads it: the whole address, or the code alone.
_IN_TEXT = re.compile(rf"(?:^|/k/)([A-Za-z0-9_-]{{{TEXT_LENGTH}}})$")


class CodeFault(StrEnum):
    """Why a code at the door does not say that somebody is invited here."""

    FORGED = "forged"  # no code of this office, or changed
    OTHER_ACTIVITY = "other_activity"
    EXPIRED = "expired"  # after the activity's last day
    WITHDRAWN = "withdrawn"  # the invitation is withdrawn, or gone
    REPLACED = "replaced"  # somebody else acts now, or the invitee has a newer code


class DoorCode(NamedTuple):
    """What a code says. mark: four bytes that follow from the holder's link, so a code with an older mark was replaced."""

    activity_id: int
    invitation_id: int
    mark: bytes
    key_id: int

    def signed(self) -> bytes:
        """Return the bytes that the signature is made of. Raise ValueError for ids that do not fit."""
        if not (0 < self.activity_id <= _MOST and 0 < self.invitation_id <= _MOST):
            raise ValueError(f"A code holds no such ids: {self.activity_id}, {self.invitation_id}")
        return _FORM.pack(VERSION, self.key_id, self.activity_id, self.invitation_id, self.mark)


def text_of(code: DoorCode, signature: bytes) -> str:
    return urlsafe_b64encode(code.signed() + signature).decode()


def parse(read: str) -> tuple[DoorCode, bytes] | None:
    """Return a code and its signature from what a camera read, or None if that is no code of ours.

    read: the code's whole address, or the code alone.
    """
    found = _IN_TEXT.search(read.strip())
    if found is None:
        return None
    try:
        data = urlsafe_b64decode(found[1])
    except NoBase64:
        return None
    version, key_id, activity_id, invitation_id, mark = _FORM.unpack(data[: _FORM.size])
    if version != VERSION or not activity_id or not invitation_id:
        return None
    return DoorCode(activity_id, invitation_id, mark, key_id), data[_FORM.size :]


def valid_until(ends_at: datetime, zone: ZoneInfo) -> datetime:
    """Return the end of the activity's last day: until then its codes count, and devices at the door keep its list."""
    return datetime.combine(ends_at.astimezone(zone).date() + timedelta(days=1), time(), zone)
