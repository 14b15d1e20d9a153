"""The office, the list of staff accounts, and one account. services/office/ changes them."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from outreach.domain.kinds import StaffRole
from outreach.extensions import db
from outreach.models import AccountRole, Office, Region, User, user_area
from outreach.services import office_defaults
from outreach.services.office.staff import UserMissing, rank
from outreach.services.sign_in.factors import HAS_FACTOR


@dataclass(frozen=True)
class StaffRow:
    id: int
    name: str
    email: str
    role: StaffRole
    active: bool
    has_factor: bool = False
    waits: bool = False  # with a first password that was not changed yet
    areas: tuple[str, ...] = ()  # names; empty: the whole office
    access_until: date | None = None
    stands_in_for: str = ""
    stands_in_until: date | None = None


def accounts() -> list[StaffRow]:
    """Return all accounts, open ones first, by name. Runs two queries."""
    absent = aliased(User)
    rows = db.session.execute(
        sa.select(
            User.id,
            User.name,
            User.email,
            User.active,
            AccountRole.name.label("role"),
            HAS_FACTOR.label("has_factor"),
            User.password_ends_at,
            User.area_only,
            User.access_until,
            sa.func.coalesce(sa.func.nullif(absent.name, ""), absent.email).label("absent"),
            User.stands_in_until,
        )
        .outerjoin(User.roles)
        .outerjoin(absent, absent.id == User.stands_in_for_id)
        .order_by(User.active.desc(), sa.func.lower(User.name), User.id)
    )  # fmt: skip
    areas: dict[int, list[str]] = {}
    named = sa.select(user_area.c.user_id, Region.name).join(Region, Region.code == user_area.c.region_code)
    for user_id, name in db.session.execute(named.order_by(Region.code)):
        areas.setdefault(user_id, []).append(name)
    found: dict[int, StaffRow] = {}
    for row in rows:
        role = StaffRole(row.role) if row.role else StaffRole.VIEWER
        known = found.get(row.id)
        if known is None or rank(role) < rank(known.role):
            waits = row.password_ends_at is not None
            limited = tuple(areas.get(row.id, ())) if row.area_only else ()
            found[row.id] = StaffRow(
                row.id, row.name, row.email, role, row.active, bool(row.has_factor), waits, limited, row.access_until,
                row.absent or "", row.stands_in_until,
            )  # fmt: skip
    return list(found.values())


def account(user_id: int) -> User:
    """Return an account. Raise UserMissing."""
    user = db.session.get(User, user_id)
    if user is None:
        raise UserMissing
    return user


def office() -> Office | None:
    """Return the office, or None before set-up."""
    return office_defaults.office(db.session)
