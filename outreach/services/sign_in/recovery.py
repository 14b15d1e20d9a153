"""Recovery codes: for who has lost their second factor. Each opens once; only hashes are stored.

A code has 118 random bits, so a quick hash keyed by the secret key is enough: nobody tries them all (ASVS 5.0, 6.5.2).
"""

import hmac
import secrets
from datetime import datetime
from hashlib import sha256

import sqlalchemy as sa

from outreach.domain.kinds import AccountNews
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import current_settings, db
from outreach.models import RecoveryCode, User
from outreach.services import audit
from outreach.services.sign_in import mails
from outreach.services.sign_in.events import security_event
from outreach.transactions import writing

COUNT = 10
GROUPS = 6  # of four letters, in a code
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters and digits that look alike


def readable() -> str:
    """Return six groups of random letters and digits that are easy to read out: 118 random bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(GROUPS))


def is_code(text: str) -> bool:
    """Return whether a text has the form of a code."""
    groups = text.split("-")
    return len(groups) == GROUPS and all(len(group) == 4 and set(group) <= set(LETTERS) for group in groups)


def make(user_id: int, *, now: datetime) -> list[str]:
    """Give an account new codes in place of its earlier ones. Return them to be shown once."""
    codes = [readable() for _ in range(COUNT)]
    with writing() as session:
        user = session.get_one(User, user_id, with_for_update={"of": User})
        session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        session.add_all(RecoveryCode(user_id=user_id, code_hash=_hashes(code)[0]) for code in codes)
        security_event(SecurityKind.RECOVERY_CODES_MADE, user, now=now)
        audit.record(session, user, "user.recovery_codes_made", user, now=now)
        mails.tell(session, user_id, AccountNews.RECOVERY_CODES_MADE, now=now)
    return codes


def take(user_id: int, code: str, *, now: datetime) -> bool:
    """Use up a code of an account. Return whether it was one that had not been used."""
    wanted = (
        RecoveryCode.user_id == user_id,
        RecoveryCode.code_hash.in_(_hashes(code)),
        RecoveryCode.used_at.is_(None),
    )
    if db.session.scalar(sa.select(RecoveryCode.id).where(*wanted)) is None:
        return False
    with writing() as session:
        if session.execute(sa.update(RecoveryCode).where(*wanted).values(used_at=now)).rowcount != 1:  # type: ignore[attr-defined]
            return False
        user = session.get_one(User, user_id)
        left = remaining(user_id)
        security_event(SecurityKind.RECOVERY_CODE_USED, user, now=now, left=left)
        audit.record(session, user, "user.recovery_code_used", user, now=now, left=left)
        mails.tell(session, user_id, AccountNews.RECOVERY_CODE_USED, now=now, left=left)
    return True


def remaining(user_id: int) -> int:
    """Return how many codes of an account are not used yet."""
    unused = sa.select(sa.func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(unused) or 0


def _hashes(code: str) -> list[str]:
    """Return a code's hash by the secret key, then by the earlier ones. Letter case, spaces and lines do not matter."""
    plain = "".join(letter for letter in code.lower() if letter in LETTERS)
    settings = current_settings()
    keys = [settings.secret_key, *(key for key in settings.previous_secret_keys.split(",") if key)]
    return [hmac.digest(f"recovery code {key}".encode(), plain.encode(), sha256).hex() for key in keys]
