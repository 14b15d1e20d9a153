"""Where accounts are signed in, when they last were, and the security events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach.domain.sign_in.events import FAILURES, SecurityKind
from outreach.domain.sign_in.sessions import is_over
from outreach.domain.zones import midnight
from outreach.extensions import db
from outreach.models import SecurityEvent, StaffSession, User
from outreach.queries.paging import Page, paged
from outreach.services.sign_in.sessions import lifetimes


@dataclass(frozen=True)
class EventFilter:
    """Empty values filter nothing."""

    kind: SecurityKind | None = None
    failures: bool = False
    user_id: int | None = None
    network_address: str = ""
    first_on: date | None = None
    last_on: date | None = None


def open_sessions(user_id: int, *, now: datetime) -> list[Any]:
    """Return the sessions of an account that have not ended, the latest used first."""
    rows = db.session.execute(
        sa.select(
            StaffSession.id, StaffSession.began_at, StaffSession.used_at, StaffSession.stays, StaffSession.network_address,
            StaffSession.browser, StaffSession.system,
        )
        .join(User, sa.and_(User.id == StaffSession.user_id, User.fs_uniquifier == StaffSession.stamp))
        .where(StaffSession.user_id == user_id)
        .order_by(StaffSession.used_at.desc(), StaffSession.id.desc())
    )  # fmt: skip
    lasts = lifetimes()
    return [
        row
        for row in rows
        if not is_over(began_at=row.began_at, used_at=row.used_at, stays=row.stays, lasts=lasts, now=now)
    ]


def last_sign_in(user_id: int, *, before: datetime) -> Any:
    """Return when and where the account signed in before this moment (at, network_address, browser, system); None if never."""
    return db.session.execute(
        sa.select(SecurityEvent.at, SecurityEvent.network_address, SecurityEvent.browser, SecurityEvent.system)
        .where(
            SecurityEvent.user_id == user_id, SecurityEvent.kind == SecurityKind.SIGNED_IN, SecurityEvent.at < before
        )
        .order_by(SecurityEvent.at.desc(), SecurityEvent.id.desc())
        .limit(1)
    ).first()


def wrong_since(user_id: int, since: datetime) -> int:
    """Return how many wrong passwords were given for the account since then, as far as they are stored."""
    wrong = (SecurityEvent.user_id == user_id, SecurityEvent.kind == SecurityKind.SIGN_IN_FAILED)
    return db.session.scalar(sa.select(sa.func.count()).where(*wrong, SecurityEvent.at >= since)) or 0


def events(wanted: EventFilter, number: int = 1, *, zone: ZoneInfo, per_page: int = 50) -> Page:
    """Return one page of events, the latest first: at, kind, user, network_address, browser, system, detail."""
    return paged(events_select(wanted, zone=zone), number, per_page)


def events_select(wanted: EventFilter, *, zone: ZoneInfo) -> sa.Select[Any]:
    select: sa.Select[Any] = (
        sa.select(
            SecurityEvent.id, SecurityEvent.at, SecurityEvent.kind, SecurityEvent.user_id,
            sa.func.coalesce(sa.func.nullif(User.name, ""), User.email, "").label("user"),
            SecurityEvent.network_address, SecurityEvent.browser, SecurityEvent.system, SecurityEvent.detail,
        )
        .outerjoin(User, User.id == SecurityEvent.user_id)
        .order_by(SecurityEvent.at.desc(), SecurityEvent.id.desc())
    )  # fmt: skip
    if wanted.kind:
        select = select.where(SecurityEvent.kind == wanted.kind)
    if wanted.failures:
        select = select.where(SecurityEvent.kind.in_(sorted(FAILURES)))
    if wanted.user_id is not None:
        select = select.where(SecurityEvent.user_id == wanted.user_id)
    if wanted.network_address:
        select = select.where(SecurityEvent.network_address == wanted.network_address)
    if wanted.first_on:
        select = select.where(SecurityEvent.at >= midnight(wanted.first_on, zone))
    if wanted.last_on:
        select = select.where(SecurityEvent.at < midnight(wanted.last_on + timedelta(days=1), zone))
    return select


def accounts_named(ids: Sequence[int]) -> dict[int, str]:
    """Return the names of these accounts, for events that name who did it."""
    name = sa.func.coalesce(sa.func.nullif(User.name, ""), User.email)
    return {row[0]: row[1] for row in db.session.execute(sa.select(User.id, name).where(User.id.in_(ids)))}
