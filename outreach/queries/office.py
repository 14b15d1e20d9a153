"""The office, the list of staff accounts, and one account. services/office/ changes them."""

from dataclasses import dataclass

import sqlalchemy as sa

from outreach.domain.kinds import StaffRole
from outreach.extensions import db
from outreach.models import AccountRole, Office, User
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


def accounts() -> list[StaffRow]:
    """Return all accounts, open ones first, by name. Runs one query."""
    rows = db.session.execute(
        sa.select(
            User.id,
            User.name,
            User.email,
            User.active,
            AccountRole.name.label("role"),
            HAS_FACTOR.label("has_factor"),
            User.password_ends_at,
        )
        .outerjoin(User.roles)
        .order_by(User.active.desc(), sa.func.lower(User.name), User.id)
    )
    found: dict[int, StaffRow] = {}
    for row in rows:
        role = StaffRole(row.role) if row.role else StaffRole.VIEWER
        known = found.get(row.id)
        if known is None or rank(role) < rank(known.role):
            waits = row.password_ends_at is not None
            found[row.id] = StaffRow(row.id, row.name, row.email, role, row.active, bool(row.has_factor), waits)
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
