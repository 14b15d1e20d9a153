"""A form that was sent after its session had ended: kept until its account has signed in again, to go on where it stood.

It is encrypted with a key that only the address has to which signing in leads: neither the database nor a backup shows what
was typed.
"""

import base64
import json
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

import sqlalchemy as sa
from cryptography.fernet import Fernet
from sqlalchemy.orm import Session

from outreach.extensions import db
from outreach.models import KeptForm, User
from outreach.transactions import recording, writing

KEPT_FOR = timedelta(hours=2)
MOST_OF_ACCOUNT = 10  # the newest ones
MOST_WITH_ENDED = 5  # once there are so many, a session that was ended from elsewhere adds none


@dataclass(frozen=True)
class FormValues:
    """address: where it is sent. files: names of files that were chosen with it; files are not kept."""

    address: str
    values: list[tuple[str, str]]
    files: list[str]


def keep(form: FormValues, *, of: int, now: datetime, replaces: bool) -> str | None:
    """Keep the form of an account. Return the key that opens it; None if it has too many already.

    replaces: the oldest one goes then. Not for a session that was ended from elsewhere: its device may have been stolen, and
    must not push out what the account's owner typed.
    """
    key = secrets.token_urlsafe(32)
    plain = json.dumps([form.address, form.values, form.files]).encode()
    with recording() as session:
        session.execute(sa.select(User.id).where(User.id == of).with_for_update())  # one after the other
        if not replaces and _kept(session, of, now) >= MOST_WITH_ENDED:
            return None
        session.add(
            KeptForm(key_hash=_hash(key), user_id=of, kept_at=now, sealed=_lock(key).encrypt(zlib.compress(plain)))
        )
        session.flush()
        newest = (
            sa.select(KeptForm.key_hash)
            .where(KeptForm.user_id == of)
            .order_by(KeptForm.kept_at.desc(), KeptForm.key_hash)
            .limit(MOST_OF_ACCOUNT)
        )
        session.execute(sa.delete(KeptForm).where(KeptForm.user_id == of, KeptForm.key_hash.not_in(newest)))
    return key


def opened(key: str, *, of: int, now: datetime) -> FormValues | None:
    """Return the form; None if it is another account's, or too old. Opening it changes nothing."""
    found = db.session.get(KeptForm, _hash(key))
    if found is None or found.user_id != of or now >= found.kept_at + KEPT_FOR:
        return None
    address, values, files = json.loads(zlib.decompress(_lock(key).decrypt(found.sealed)))
    return FormValues(address, [(name, value) for name, value in values], files)


def forget(of: int) -> None:
    """Forget the forms of an account that signs out."""
    with recording() as session:
        session.execute(sa.delete(KeptForm).where(KeptForm.user_id == of))


def delete_old(now: datetime) -> int:
    with writing() as session:
        old = sa.delete(KeptForm).where(KeptForm.kept_at <= now - KEPT_FOR)
        return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def _kept(session: Session, of: int, now: datetime) -> int:
    forms = sa.select(sa.func.count()).where(KeptForm.user_id == of, KeptForm.kept_at > now - KEPT_FOR)
    return session.scalar(forms) or 0


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()


def _lock(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(sha256(f"kept form {key}".encode()).digest()))
