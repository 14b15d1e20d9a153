"""Codes at the door: signed with a P-256 key that is derived from the secret key, so there is no other secret to keep.

Whoever has the public key can check a code without a network (static/js/door/codes.js). Whether the code's invitation still
stands is decided by services/door/codes.py.
"""

import hmac
from base64 import urlsafe_b64encode
from functools import lru_cache
from hashlib import sha256, sha512
from io import BytesIO

import segno
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from outreach.domain.door.codes import SIGNATURE, DoorCode, parse, text_of
from outreach.extensions import current_settings

MARK = 4  # bytes
_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (FIPS 186-5)
_HALF = SIGNATURE // 2
_SIGNING = ec.ECDSA(SHA256(), deterministic_signing=True)  # RFC 6979: the same code each time


def code_for(activity_id: int, invitation_id: int, nonce: str) -> str:
    """Return the code of an invitation, always the same for the same holder and secret key.

    nonce: of the answer link of who comes: the invitee, or the person who acts for them.
    """
    secret = current_settings().secret_key
    code = DoorCode(activity_id, invitation_id, mark_of(nonce), _key_id(secret))
    return text_of(code, _signature(secret, code.signed()))


def read(text: str) -> DoorCode | None:
    """Return what a genuine code says, or None. text: as a camera read it, or the code alone."""
    parsed = parse(text)
    if parsed is None:
        return None
    code, signature = parsed
    der = encode_dss_signature(int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:]))
    for secret in _secrets():
        if _key_id(secret) == code.key_id:
            try:
                _key(secret).public_key().verify(der, code.signed(), _SIGNING)
            except InvalidSignature:
                continue
            return code
    return None


def said_by(activity_id: int, invitation_id: int, nonce: str) -> bytes:
    """Return what a holder's code says, without key and signature: the same whichever key signs it."""
    return DoorCode(activity_id, invitation_id, mark_of(nonce), 0).signed()


def mark_of(nonce: str) -> bytes:
    """Return the mark in a holder's codes. It tells nothing of the nonce, which alone opens no page either."""
    return sha256(b"outreach door mark " + nonce.encode()).digest()[:MARK]


def public_keys() -> dict[int, str]:
    """Return the public keys that verify codes, by key id: uncompressed points in base64url, as WebCrypto imports them."""
    return {_key_id(secret): urlsafe_b64encode(_public(secret)).decode() for secret in reversed(_secrets())}


def address_of(code: str) -> str:
    """Return the absolute address in the QR code."""
    return f"{current_settings().base_url.rstrip('/')}/k/{code}"


def picture(code: str, *, scale: int = 4) -> bytes:
    """Return the QR code of a code's address as PNG, in black and white. scale: pixels for a module."""
    made = BytesIO()
    _drawn(code).save(made, kind="png", border=4, scale=scale)
    return made.getvalue()


def drawing(code: str) -> str:
    """Return the QR code of a code's address as SVG, for a page: it has a size of its own only by its viewBox."""
    return _drawn(code).svg_inline(border=4, light="white", omitsize=True, lineclass=None, svgclass=None)


def _drawn(code: str) -> segno.QRCode:
    return segno.make(address_of(code), error="m", micro=False, boost_error=False)


def _secrets() -> list[str]:
    """Return the secret key and the previous ones, newest first."""
    settings = current_settings()
    return [settings.secret_key, *(key for key in settings.previous_secret_keys.split(",") if key)]


@lru_cache(maxsize=8)
def _key(secret: str) -> ec.EllipticCurvePrivateKey:
    """Return the private key. 512 bits modulo the order: no number is more likely by more than 2**-256 (FIPS 186-5, A.2.1)."""
    number = int.from_bytes(hmac.digest(secret.encode(), b"outreach door codes, P-256", sha512))
    return ec.derive_private_key(number % (_ORDER - 1) + 1, _CURVE)


@lru_cache(maxsize=8)
def _public(secret: str) -> bytes:
    return _key(secret).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _key_id(secret: str) -> int:
    return sha256(_public(secret)).digest()[0]


def _signature(secret: str, data: bytes) -> bytes:
    r, s = decode_dss_signature(_key(secret).sign(data, _SIGNING))
    return r.to_bytes(_HALF) + s.to_bytes(_HALF)
