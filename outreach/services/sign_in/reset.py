"""A new password by mail: asked for, its link written, and chosen.

Asking does the same for every address, so neither its answer nor its time says who has an account. The next tick looks.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import sqlalchemy as sa
from flask_security.utils import hash_password
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.domain.kinds import AccountNews, LinkPurpose
from outreach.domain.problems import Problem
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import PasswordReset, User
from outreach.services import audit
from outreach.services.sign_in import mails, passwords
from outreach.services.sign_in.events import security_event
from outreach.transactions import writing

VALID_FOR = timedelta(minutes=30)
KEPT_FOR = timedelta(days=1)
MOST_MAILS = 3  # to one account within COUNTED_FOR, while one of their links counts
COUNTED_FOR = timedelta(hours=1)
AT_ONCE = 200
LONGEST_ADDRESS = 254


class ResetLinkUnusable(Problem):
    message = "This link is no longer valid: it counts for 30 minutes and for one new password. Ask for a new one."


@dataclass(frozen=True)
class Done:
    mails: int = 0
    forgotten: int = 0


def ask(address: str, *, now: datetime) -> None:
    """Note that somebody asked for a new password for an address, whether it is an account's or not."""
    with writing() as session:
        session.add(
            PasswordReset(address=address.strip().lower()[:LONGEST_ADDRESS], asked_at=now, nonce=tokens.new_nonce())
        )


def tick(now: datetime) -> Done:
    """Write the mails that were asked for, and forget what no longer counts. Return how many."""
    waiting = db.session.scalar(sa.select(PasswordReset.id).limit(1))
    if waiting is None:
        return Done()
    with writing() as session:
        asked = session.scalars(
            sa.select(PasswordReset)
            .where(PasswordReset.ends_at.is_(None))
            .order_by(PasswordReset.id)
            .limit(AT_ONCE)
            .with_for_update(skip_locked=True)
        ).all()
        written = sum(_write_mail(session, one, now) for one in asked)
        old = sa.delete(PasswordReset).where(PasswordReset.ends_at < now - KEPT_FOR)
        return Done(written, session.execute(old).rowcount)  # type: ignore[attr-defined]


def _write_mail(session: Session, asked: PasswordReset, now: datetime) -> bool:
    user = session.scalars(
        sa.select(User).where(sa.func.lower(User.email) == asked.address, User.active)
    ).unique().one_or_none()  # fmt: skip
    if user is None or _had_enough(session, user.id, now):  # strangers may ask as often as they like: nothing is stored
        session.delete(asked)
        return False
    security_event(SecurityKind.RESET_ASKED, user, now=now)
    asked.user_id, asked.ends_at = user.id, now + VALID_FOR
    mails.tell(
        session, user.id, AccountNews.NEW_PASSWORD, now=now, useful_until=asked.ends_at, nonce=asked.nonce
    )  # fmt: skip
    return True


def _had_enough(session: Session, user_id: int, now: datetime) -> bool:
    """Return whether an account got so many of these mails lately that a stranger is probably asking, and has a link still."""
    session.flush()
    recent = sa.select(sa.func.count(), sa.func.count().filter(*_counts(now))).where(
        PasswordReset.user_id == user_id, PasswordReset.asked_at > now - COUNTED_FOR
    )
    mailed, count_still = session.execute(recent).one()
    return mailed >= MOST_MAILS and count_still > 0


def _counts(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return PasswordReset.used_at.is_(None), PasswordReset.ends_at > now


def opened(token: str, *, now: datetime) -> User:
    """Return the account whose link this is. Raise ResetLinkUnusable."""
    return _found(db.session(), token, now)[1]


def choose(token: str, password: str, *, now: datetime) -> User:
    """Give an account the password that its owner chose by the link, and end all its sessions. The link counts once.

    Second factors stay as they are, and nobody is signed in by it. Raise ResetLinkUnusable, or a Problem of passwords.py.
    """
    user = opened(token, now=now)
    passwords.check(db.session(), password, name=user.name, email=user.email)
    hashed = hash_password(passwords.normal(password))  # slow on purpose, so outside the transaction
    with writing() as session:
        found, user = _found(session, token, now)
        used = (
            sa.update(PasswordReset)
            .where(PasswordReset.id == found.id, PasswordReset.used_at.is_(None))
            .values(used_at=now)
        )
        if session.execute(used).rowcount != 1:  # type: ignore[attr-defined]
            raise ResetLinkUnusable
        user.password, user.fs_uniquifier = hashed, uuid4().hex
        changed(session, user, now=now)
        security_event(SecurityKind.RESET_DONE, user, now=now)
        audit.record(session, user, "user.password_chosen_by_mail", user, now=now)
    return user


def changed(session: Session, user: User, *, now: datetime) -> None:
    """Do what follows a change of a password by its owner, in the caller's transaction: open links end, a mail says it."""
    user.password_ends_at = None
    forget_links(session, user.id, now=now)
    mails.tell(session, user.id, AccountNews.PASSWORD_CHANGED, now=now)


def forget_links(session: Session, user_id: int, *, now: datetime) -> None:
    """Let an account's open links open nothing any more, in the caller's transaction: they went to an address of then."""
    theirs = (PasswordReset.user_id == user_id, PasswordReset.used_at.is_(None))
    session.execute(sa.update(PasswordReset).where(*theirs).values(used_at=now))


def _found(session: Session, token: str, now: datetime) -> tuple[PasswordReset, User]:
    nonce = tokens.nonce_of(token, LinkPurpose.NEW_PASSWORD)
    wanted = (
        sa.select(PasswordReset, User)
        .join(User, User.id == PasswordReset.user_id)
        .where(PasswordReset.nonce == nonce, *_counts(now), User.active)
    )
    row = session.execute(wanted).unique().one_or_none() if nonce else None
    if row is None:
        raise ResetLinkUnusable
    return row[0], row[1]
