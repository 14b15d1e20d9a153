"""Staff accounts: adding, changing and closing them. Flask-Security handles signing in."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from flask_security.utils import hash_password
from sqlalchemy.orm import Session

from outreach.domain.directory import email_addresses
from outreach.domain.kinds import LOCALES, StaffRole
from outreach.domain.problems import Problem
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import AccountRole, Region, User
from outreach.models.staff import IS_LASTING_ADMINISTRATOR
from outreach.services import audit, feeds
from outreach.services.locking import lock_address_book
from outreach.services.sign_in import passwords, reset
from outreach.services.sign_in.events import security_event
from outreach.services.sign_in.passwords import FIRST_PASSWORD
from outreach.transactions import writing

LARGEST_AREA = 3  # the level of a kecamatan
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without letters and digits that look alike


class UserMissing(Problem):
    message = "There is no such account."


class AddressMissing(Problem):
    message = "Please write the e-mail address that they will sign in with."
    field = "email"


class AddressTaken(Problem):
    message = "%(name)s already signs in with this address."
    field = "email"


class AccountNameMissing(Problem):
    message = "Please write their name."
    field = "name"


class RoleMissing(Problem):
    message = "Please choose what they may do."
    field = "role"


class LastAdministrator(Problem):
    message = "This is the last administrator. Make somebody else an administrator first."
    field = "role"


class AreaMissing(Problem):
    message = "Please choose at least one kecamatan or kelurahan, or the whole office."
    field = "areas"


class AdministratorWithArea(Problem):
    message = "An administrator works for the whole office. Choose another role for an area."
    field = "role"


class OwnAccessEnds(Problem):
    message = "You cannot let your own access end. Ask another administrator."
    field = "access_until"


class AbsenceOfThemselves(Problem):
    message = "Nobody stands in for themselves. Please choose somebody else."
    field = "stands_in_for_id"


class AbsenceWithoutDays(Problem):
    message = "Please choose the first and the last day on which they stand in, in this order."
    field = "stands_in_until"


class OwnAccount(Problem):
    message = "You cannot close your own account. Ask another administrator."
    field = "active"


@dataclass(frozen=True)
class UserValues:
    """areas: codes of kecamatan and kelurahan in which the role holds; None: in the whole office.

    access_until: the last day on which they may sign in. stands_in_*: whose reach they have besides their own, and when.
    """

    name: str
    email: str
    role: StaffRole | None
    locale: str = "id"
    active: bool = True
    areas: Collection[str] | None = None
    access_until: date | None = None
    stands_in_for_id: int | None = None
    stands_in_from: date | None = None
    stands_in_until: date | None = None


@dataclass(frozen=True)
class Added:
    """A new password of an account. password: plain text, to show once; only its hash is stored.

    ends_at: until when it has to be changed; None for a password that its owner chose.
    """

    user: User
    password: str
    ends_at: datetime | None = None


def role_of(user: User) -> StaffRole:
    """Return the highest of a user's roles; VIEWER without any."""
    return min((StaffRole(role.name) for role in user.roles), key=rank, default=StaffRole.VIEWER)


def add(values: UserValues, *, by: User | None, now: datetime, password: str = "", own: bool = False) -> Added:
    """Add an account. Without a password, one is generated. by: None for the command line.

    own: whether its owner chooses the password now. Otherwise it ends after a week, and has to be changed at the first
    sign-in. Raise AccountNameMissing, AddressMissing, AddressInvalid, AddressTaken, RoleMissing, or a Problem of
    services/sign_in/passwords.py.
    """
    name, email, role = _checked(values)
    if password:
        passwords.check(db.session(), password, name=name, email=email)
    password = password or new_password()
    ends_at = None if own else now + FIRST_PASSWORD
    hashed = hash_password(passwords.normal(password))  # slow on purpose, so outside the transaction
    with writing() as session:
        lock_address_book(session)
        _refuse_taken(session, email, None)
        user = User(
            name=name,
            email=email,
            locale=values.locale,
            active=values.active,
            password=hashed,
            password_ends_at=ends_at,
            fs_uniquifier=uuid4().hex,
            create_datetime=now,
            roles=[_role(session, role)],
        )
        session.add(user)
        _give_reach(session, user, values)
        more = {key: value for key, value in _reach_words(user).items() if value}
        audit.record(session, by, "user.added", user, now=now, role=role.value, **more)
        security_event(SecurityKind.ACCOUNT_ADDED, user, now=now, by=by.id if by else None, role=role.value)
    return Added(user, password, ends_at)


def edit(user_id: int, values: UserValues, *, by: User | None, now: datetime) -> User:
    """Change an account. A new role ends its sessions at once. Closing it also revokes the calendar feeds that it made.

    Raise what `add` raises except for passwords, UserMissing, OwnAccount, and LastAdministrator if none would be left.
    """
    name, email, role = _checked(values)
    with writing() as session:
        lock_address_book(session)
        user = session.get(User, user_id)
        if user is None:
            raise UserMissing
        _refuse_taken(session, email, user_id)
        if by is not None and by.id == user_id and not values.active:
            raise OwnAccount
        if by is not None and by.id == user_id and values.access_until is not None:
            raise OwnAccessEnds
        if not (values.active and role is StaffRole.ADMINISTRATOR and values.access_until is None):
            _keep_an_administrator(session, user_id)
        before: dict[str, Any] = {
            "full_name": user.name,
            "email": user.email,
            "role": role_of(user).value,
            "active": user.active,
            **_reach_words(user),
        }
        if user.active and not values.active:
            user.fs_uniquifier = uuid4().hex
            security_event(SecurityKind.ACCOUNT_CLOSED, user, now=now, by=by.id if by else None)
            feeds.revoke_made_by(session, user_id, by=by, now=now)
        if user.email != email:
            reset.forget_links(session, user_id, now=now)
            security_event(SecurityKind.ADDRESS_CHANGED, user, now=now, by=by.id if by else None)
        user.name, user.email, user.locale, user.active = name, email, values.locale, values.active
        if role_of(user) is not role:
            user.roles = [_role(session, role)]
            user.fs_uniquifier = uuid4().hex  # who is signed in begins again, with the new role only
        _give_reach(session, user, values)
        after: dict[str, Any] = {
            "full_name": name,
            "email": email,
            "role": role.value,
            "active": values.active,
            **_reach_words(user),
        }
        changed = {key: [before[key], value] for key, value in after.items() if before[key] != value}
        if changed:
            audit.record(session, by, "user.changed", user, now=now, name=name, **changed)
        if changed.keys() & {"role", *_reach_words(user)}:
            session.flush()
            whose, by_id = sorted(changed), by.id if by else None
            security_event(SecurityKind.ROLE_CHANGED, user, now=now, by=by_id, role=role.value, changed=whose)
    return user


def renew_password(user_id: int, *, by: User | None, now: datetime) -> Added:
    """Give an account a new generated password, which ends after a week, and end its sessions. Raise UserMissing."""
    password, ends_at = new_password(), now + FIRST_PASSWORD
    hashed = hash_password(password)
    with writing() as session:
        user = session.get(User, user_id)
        if user is None:
            raise UserMissing
        user.password, user.password_ends_at = hashed, ends_at
        user.fs_uniquifier = uuid4().hex
        reset.forget_links(session, user_id, now=now)
        security_event(SecurityKind.PASSWORD_RENEWED, user, now=now, by=by.id if by else None)
        audit.record(session, by, "user.password_renewed", user, now=now)
    return Added(user, password, ends_at)


def note_own_password(user: User, *, now: datetime) -> None:
    """Note that a user changed their own password, also in the audit log, in the transaction that changes it."""
    reset.changed(db.session(), user, now=now)
    security_event(SecurityKind.PASSWORD_CHANGED, user, now=now)
    audit.record(db.session(), user, "user.password_changed", user, now=now)


def choose_language(user_id: int, locale: str) -> None:
    """Set the language of a user's pages; an unknown one changes nothing."""
    if locale not in LOCALES:
        return
    with writing() as session:
        session.execute(sa.update(User).where(User.id == user_id).values(locale=locale))


def new_password() -> str:
    """Return a generated password of four groups that is easy to read out: 79 random bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def _give_reach(session: Session, user: User, values: UserValues) -> None:
    """Set where the role holds, until when, and for whom the account stands in. Raise what is wrong with it."""
    if values.areas is not None and values.role is StaffRole.ADMINISTRATOR:
        raise AdministratorWithArea
    wanted = sa.select(Region).where(Region.code.in_(values.areas or ()), Region.level >= LARGEST_AREA)
    areas = list(session.scalars(wanted.order_by(Region.code)))
    if values.areas is not None and not areas:
        raise AreaMissing
    if values.stands_in_for_id is not None:
        if values.stands_in_for_id == user.id:
            raise AbsenceOfThemselves
        first, last = values.stands_in_from, values.stands_in_until
        if first is None or last is None or last < first:
            raise AbsenceWithoutDays
        if session.get(User, values.stands_in_for_id) is None:
            raise UserMissing
    user.area_only, user.areas, user.access_until = values.areas is not None, areas, values.access_until
    stands_in = values.stands_in_for_id is not None
    user.stands_in_for_id = values.stands_in_for_id
    user.stands_in_from = values.stands_in_from if stands_in else None
    user.stands_in_until = values.stands_in_until if stands_in else None


def _reach_words(user: User) -> dict[str, str]:
    """Return the account's reach as the audit log has it: "" for the whole office, without end, for nobody."""
    days = f"{user.stands_in_from} – {user.stands_in_until}" if user.stands_in_for_id else ""
    absent = db.session.get(User, user.stands_in_for_id) if user.stands_in_for_id else None
    return {
        "areas": ", ".join(area.code for area in user.areas) if user.area_only else "",
        "access_until": str(user.access_until or ""),
        "stands_in_for": f"{absent.display_name}, {days}" if absent else "",
    }


def _checked(values: UserValues) -> tuple[str, str, StaffRole]:
    name = values.name.strip()
    if not name:
        raise AccountNameMissing
    email = email_addresses.address(values.email)
    if not email:
        raise AddressMissing
    if values.role is None:
        raise RoleMissing
    return name, email, values.role


def _refuse_taken(session: Session, email: str, own_id: int | None) -> None:
    other = session.scalar(sa.select(User).where(sa.func.lower(User.email) == email))
    if other is not None and other.id != own_id:
        raise AddressTaken(name=other.name or other.email)


def _keep_an_administrator(session: Session, leaving_id: int) -> None:
    """Raise LastAdministrator if no other open administrator exists. Locks the role, so that two cannot leave at once."""
    role = sa.select(AccountRole.id).where(AccountRole.name == StaffRole.ADMINISTRATOR.value)
    session.execute(role.with_for_update())
    open_ids = session.scalars(sa.select(User.id).where(IS_LASTING_ADMINISTRATOR)).all()
    if list(open_ids) == [leaving_id]:
        raise LastAdministrator


def _role(session: Session, role: StaffRole) -> AccountRole:
    found = session.scalar(sa.select(AccountRole).where(AccountRole.name == role.value))
    if found is None:
        found = AccountRole(name=role.value)
        session.add(found)
        session.flush()
    return found


def rank(role: StaffRole) -> int:
    """Return 0 for the role that may do most, then 1, 2 …"""
    return list(StaffRole).index(role)
