"""Encrypt an answer until it is opened together with others, with a key that is derived from the secret key.

The database and its backups do not have that key. Every sealed answer has the same length, whatever was written.
"""

import hmac
import json
import secrets
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from outreach.domain.feedback import FeedbackAnswer
from outreach.extensions import current_settings

PADDED = 4096  # bytes: JSON needs at most six for a letter of a remark
_NONCE = 12  # bytes (NIST SP 800-38D, 5.2.1.1)


def seal(answer: FeedbackAnswer, activity_id: int) -> bytes:
    """Return a checked answer, encrypted for its activity."""
    plain = json.dumps([*answer.values, answer.remark], ensure_ascii=False).encode().ljust(PADDED)
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _cipher(current_settings().secret_key).encrypt(nonce, plain, _about(activity_id))


def unseal(sealed: bytes, activity_id: int) -> FeedbackAnswer | None:
    """Return the answer; None if no secret key that the settings know opens it."""
    settings = current_settings()
    for key in (settings.secret_key, *filter(None, settings.previous_secret_keys.split(","))):
        try:
            plain = _cipher(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _about(activity_id))
        except InvalidTag:
            continue
        *values, remark = json.loads(plain)
        return FeedbackAnswer(tuple(values), remark)
    return None


def _about(activity_id: int) -> bytes:
    return str(activity_id).encode()


@lru_cache(maxsize=8)
def _cipher(secret: str) -> AESGCM:
    return AESGCM(hmac.digest(secret.encode(), b"outreach feedback", sha256))
