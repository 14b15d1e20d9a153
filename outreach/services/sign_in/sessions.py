"""Sessions of the staff, on the server: beginning one, finding the account of a request, ending one or all.

Reading must be cheap: every request of staff reads its session and account with one statement, and writes its last use at
most once a minute.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from outreach.domain.problems import Problem
from outreach.domain.sign_in.events import SecurityKind
from outreach.domain.sign_in.sessions import NOTED_EVERY, Lifetimes, is_over
from outreach.extensions import current_settings, db
from outreach.models import StaffSession, User
from outreach.services.sign_in.events import origin, security_event
from outreach.transactions import apart, recording, writing

KEPT_AFTER_END = timedelta(days=1)  # so long a form of theirs can still be kept for its account


class SessionMissing(Problem):
    message = "This sign-in has ended already."


@dataclass(frozen=True)
class OpenSession:
    """The session of a request. is_over: by its age; then its account is known, and nobody is signed in."""

    id: int
    user: User
    began_at: datetime
    used_at: datetime
    stays: bool
    is_over: bool


def lifetimes() -> Lifetimes:
    settings = current_settings()
    return Lifetimes(
        timedelta(hours=settings.session_hours),
        timedelta(minutes=settings.session_idle_minutes),
        timedelta(days=settings.stay_signed_in_days),
    )


def begin(user: User, *, stays: bool = False, now: datetime) -> tuple[int, str]:
    """Begin a session. Return its id, and its code: 256 random bits for the device's cookie."""
    code, where = secrets.token_urlsafe(32), origin()
    with recording() as session:
        made = StaffSession(
            user_id=user.id,
            code_hash=_hash(code),
            stamp=user.fs_uniquifier,
            began_at=now,
            used_at=now,
            stays=stays and current_settings().stay_signed_in_days > 0,
            network_address=where.network_address,
            browser=where.browser,
            system=where.system,
        )
        session.add(made)
        session.flush()
        return made.id, code


def find(code: str, *, now: datetime) -> OpenSession | None:
    """Return the session with this code, if it was not ended and its account may sign in."""
    row = db.session.execute(_of_code(), {"code_hash": _hash(code)}).unique().first()
    if row is None:
        return None
    user, id_, began_at, used_at, stays = row
    over = is_over(began_at=began_at, used_at=used_at, stays=stays, lasts=lifetimes(), now=now)
    return OpenSession(id_, user, began_at, used_at, stays, over)


def account_of(code: str, *, now: datetime) -> User | None:
    """Return the account that is signed in with this code."""
    found = find(code, now=now)
    return found.user if found and not found.is_over else None


def note_use(found: OpenSession, *, now: datetime) -> None:
    """Write when and from where the session was last used, if that is a minute old. A busy database does not hold up the page."""
    if now < found.used_at + NOTED_EVERY:
        return
    where = origin()
    use = sa.update(StaffSession).where(StaffSession.id == found.id, StaffSession.used_at < now)
    try:
        with apart(patience_s=0) as session:
            session.execute(use.values(used_at=now, network_address=where.network_address))
    except OperationalError:
        return  # the next request writes it


def renew(found: OpenSession) -> str:
    """Give a session a new code, as after the password was asked for once more. A copy of the old cookie stops working."""
    code = secrets.token_urlsafe(32)
    with recording() as session:
        session.execute(sa.update(StaffSession).where(StaffSession.id == found.id).values(code_hash=_hash(code)))
    return code


def sign_out(session_id: int) -> None:
    """End the session that signs out."""
    with recording() as session:
        session.execute(sa.delete(StaffSession).where(StaffSession.id == session_id))


def end(session_id: int, *, of: User, by: User, now: datetime) -> None:
    """End one session of an account from elsewhere. Raise SessionMissing if it has none such."""
    by_id = by.id
    with writing() as session:
        mine = sa.delete(StaffSession).where(StaffSession.id == session_id, StaffSession.user_id == of.id)
        if session.execute(mine).rowcount != 1:  # type: ignore[attr-defined]
            raise SessionMissing
        security_event(SecurityKind.SESSION_ENDED, of, now=now, by=by_id, sessions=1)


def end_all(of: User, *, by: User | None, but: int | None = None, now: datetime) -> int:
    """End all sessions of an account, except `but`. Return how many. by: None for the command line."""
    of_id, by_id = of.id, by.id if by else None
    with writing() as session:
        theirs = sa.delete(StaffSession).where(StaffSession.user_id == of_id, StaffSession.id != (but or 0))
        ended = int(session.execute(theirs).rowcount)  # type: ignore[attr-defined]
        if but is None:
            session.execute(sa.update(User).where(User.id == of_id).values(fs_uniquifier=uuid4().hex))
        security_event(SecurityKind.SESSION_ENDED, of, now=now, by=by_id, sessions=ended)
    return ended


def delete_old(now: datetime) -> int:
    """Delete sessions that ended by their age, a day later. Return how many."""
    lasts = lifetimes()
    staying = max(lasts.staying, lasts.longest)
    old = sa.or_(
        StaffSession.began_at < now - staying - KEPT_AFTER_END,
        sa.and_(~StaffSession.stays, StaffSession.used_at < now - lasts.idle - KEPT_AFTER_END),
    )
    with writing() as session:
        return int(session.execute(sa.delete(StaffSession).where(old)).rowcount)  # type: ignore[attr-defined]


def _hash(code: str) -> str:
    return sha256(code.encode()).hexdigest()


@cache
def _of_code() -> sa.Select[User, int, datetime, datetime, bool]:
    """Select a session with its account. Built once, because every request needs it."""
    return (
        sa.select(User, StaffSession.id, StaffSession.began_at, StaffSession.used_at, StaffSession.stays)
        .join(StaffSession, sa.and_(StaffSession.user_id == User.id, StaffSession.stamp == User.fs_uniquifier))
        .where(StaffSession.code_hash == sa.bindparam("code_hash"), User.active)
    )
