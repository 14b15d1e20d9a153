"""The envelope sender of each message: a separate address per message, so a delivery report shows which message it is about.

This is a "variable envelope return path" (VERP): the address contains the message's id and a MAC of it. A report that
comes to such an address is therefore about a mail that we sent. services/inbox/receive.py applies the report.
"""

import hmac
import re
from email.utils import parseaddr
from functools import lru_cache
from hashlib import sha256

from outreach.domain.directory import email_addresses
from outreach.settings import Settings

PLACE = "{id}"
MAC_LENGTH = 8  # hex digits, so 32 bits; each guess costs one mail
MOST = 2**31 - 1  # largest value of an id column


def return_path(message_id: int, settings: Settings) -> str:
    """Return a message's envelope sender: "bounces+17-0a1b2c3d@example.com", or mail_sender's address without a pattern."""
    pattern = settings.mail_return_path
    if not pattern:
        return _address_in(settings.mail_sender)
    before, after, key = _made_of(pattern, settings.secret_key)
    return f"{before}{message_id}-{hmac.digest(key, b'%d' % message_id, 'sha256').hex()[:MAC_LENGTH]}{after}"


def message_of(address: str, settings: Settings) -> int | None:
    """Return the message id of a genuine return path (current or previous secret key), else None."""
    if not settings.mail_return_path:
        return None
    found = _shape(email_addresses.key(settings.mail_return_path)).fullmatch(email_addresses.key(address.strip()))
    if found is None or (number := int(found["id"])) > MOST:
        return None
    mac = found["mac"].lower()
    keys = [settings.secret_key, *(k for k in settings.previous_secret_keys.split(",") if k)]
    made = (hmac.digest(_key(key), b"%d" % number, "sha256").hex()[:MAC_LENGTH] for key in keys)
    return number if any(hmac.compare_digest(mac, candidate) for candidate in made) else None


@lru_cache
def _made_of(pattern: str, secret: str) -> tuple[str, str, bytes]:
    return *_parts(pattern), _key(secret)


@lru_cache
def _key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"outreach return path", sha256)


@lru_cache
def _address_in(sender: str) -> str:
    return parseaddr(sender)[1]


@lru_cache
def _parts(pattern: str) -> tuple[str, str]:
    before, _place, after = pattern.partition(PLACE)
    return before, after


@lru_cache
def _shape(pattern: str) -> re.Pattern[str]:
    before, after = _parts(pattern)
    own = rf"(?P<id>[0-9]{{1,10}})-(?P<mac>[0-9a-f]{{{MAC_LENGTH}}})"
    return re.compile(f"{re.escape(before)}{own}{re.escape(after)}", re.IGNORECASE | re.ASCII)
