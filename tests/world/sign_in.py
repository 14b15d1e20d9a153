"""Signing in with second factors: accounts that have an app, and the codes that it shows."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from passlib.totp import TOTP

from outreach import clock, rate_store
from outreach.delivery.mail.kinds import account as account_mail
from outreach.extensions import db, limiter
from outreach.models import PasswordReset, User
from outreach.services.sign_in import recovery, reset, tries
from outreach.web.frame.accounts.second_factors import security


def with_app(user: User) -> User:
    """Give an account an app that makes codes."""
    user.tf_primary_method, user.tf_totp_secret = "authenticator", security.totp_factory.generate_totp_secret()
    db.session.commit()
    return user


def code_of(user: User, at: datetime | None = None) -> str:
    """Return the code that an account's app shows, at another moment if its clock is off."""
    key = security.totp_factory.get_totp_b32_key(user.tf_totp_secret)
    return code_for(key, at)


def code_for(key: str, at: datetime | None = None) -> str:
    """Return the code that an app shows into which this key was typed."""
    return TOTP(key=key.replace(" ", "").replace("-", ""), format="base32").generate(time=at or clock.now()).token


def recovery_codes_of(user: User) -> list[str]:
    """Make an account's recovery codes."""
    return recovery.make(user.id, now=clock.now())


def new_password_token(user: User) -> str:
    """Ask for a new password for an account, and return the token of the link that its mail has."""
    now = clock.now()
    reset.ask(user.email, now=now)
    reset.tick(now)
    nonce = db.session.scalars(sa.select(PasswordReset.nonce).order_by(PasswordReset.id.desc())).first()
    return account_mail.new_password_url(nonce or "").rpartition("/")[2]


class SetTime:
    """What `time` tells the counts of tries: it stands until the test sets `at`, in seconds."""

    at = 1_000_000.0

    def time(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


def set_time_of_tries(monkeypatch: pytest.MonkeyPatch) -> SetTime:
    wall = SetTime()
    monkeypatch.setattr(rate_store, "time", wall)
    monkeypatch.setattr(tries, "time", wall)
    limiter.reset()
    return wall
