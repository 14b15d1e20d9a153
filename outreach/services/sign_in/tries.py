"""Tries of a password: counted where all processes see them (the storage of the rate limits), and made to wait.

A try is counted before the password is looked at, so that many at the same moment pass no more often than one after the
other. A right one takes its count back.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa
from email_validator import validate_email

from outreach.domain.sign_in.networks import network_of
from outreach.domain.sign_in.tries import OF_ACCOUNT, OF_ADDRESS, OF_DEVICE, OF_PAIR, Patience, wait_s
from outreach.extensions import db, limiter
from outreach.models import User


@dataclass(frozen=True)
class PasswordTry:
    """email: as it was typed; only its hash is stored. device: its random value, if the account has signed in on it before."""

    email: str
    network_address: str
    device: str = ""

    @property
    def counters(self) -> Mapping[str, Patience]:
        account = sha256(_normal(self.email).encode()).hexdigest()[:32]
        if self.device:
            return {f"tries device {self.device} {account}": OF_DEVICE}
        network = network_of(self.network_address)
        return {
            f"tries pair {network} {account}": OF_PAIR,
            f"tries address {network}": OF_ADDRESS,
            f"tries account {account}": OF_ACCOUNT,
        }


def account_id(email: str) -> int | None:
    """Return whose address this is."""
    return db.session.scalar(sa.select(User.id).where(sa.func.lower(User.email) == _normal(email)))


def _normal(email: str) -> str:
    """Return an address in the form in which Flask-Security looks for it: others that lead to the same account are not new."""
    try:
        return validate_email(email, check_deliverability=False).normalized.lower()
    except ValueError:
        return email.strip().lower()


def begin(tried: PasswordTry) -> int:
    """Count a try. Return 0 if its password may be looked at now, otherwise how many seconds to wait; then it is not counted."""
    storage, now = limiter.storage, time.time()
    left = [storage.get_expiry(f"{name} wait") - now for name in tried.counters if storage.get(f"{name} wait")]
    if left:
        return max(1, round(max(left)))
    for name, of in tried.counters.items():
        wait = wait_s(storage.incr(name, of.forgotten_s), of)
        if wait and storage.incr(f"{name} wait", wait) > 1:
            return wait  # another try came first at the same moment
    return 0


def succeeded(tried: PasswordTry) -> None:
    """Take back the count of a try whose password was right. Wrong ones of the same network address stay counted."""
    storage = limiter.storage
    for name, of in tried.counters.items():
        if of in (OF_PAIR, OF_DEVICE):
            storage.clear(name)
            storage.clear(f"{name} wait")
        elif storage.get(name) > 0:
            storage.incr(name, of.forgotten_s, -1)
