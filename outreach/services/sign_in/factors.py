"""Second factors of accounts: who must have one, who has one, what is due before anything else, and resetting them.

Flask-Security sets them up and asks for them; web/frame/accounts/second_factors.py fits it to these rules.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import AccountNews, StaffRole
from outreach.domain.problems import Problem
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import current_settings, db
from outreach.models import Passkey, RecoveryCode, User
from outreach.models.staff import IS_LASTING_ADMINISTRATOR
from outreach.services import audit
from outreach.services.sign_in import mails, recovery
from outreach.services.sign_in.events import security_event
from outreach.transactions import begin_writing, writing

HAS_FACTOR = sa.or_(  # as `has_factor` in SQL
    sa.and_(User.tf_totp_secret.isnot(None), User.tf_primary_method.isnot(None)),
    sa.exists().where(Passkey.user_id == User.id),
)


class NoFactors(Problem):
    message = "%(name)s has no second factor and no recovery codes."


class Owed(StrEnum):
    """What an account has to do before it may do anything else."""

    OWN_PASSWORD = "own_password"  # noqa: S105
    SECOND_FACTOR = "second_factor"


def is_demanded(user: User) -> bool:
    """Return whether an account must have a second factor, by the setting and its role, or the role of whom it stands in for.

    It must have one before the first of those days, so that nobody has to set one up just then.
    """
    asked = current_settings().roles_with_second_factor
    if not asked:
        return False
    lent = user.stands_in_for.roles if user.stands_in_for else []
    return any(role.name in asked for role in (*user.roles, *lent))


def has_factor(user: User) -> bool:
    """Return whether an account has a second factor. Recovery codes are none: they only stand in for one."""
    return has_app(user) or bool(passkeys(user))


def passkeys(user: User) -> list[Passkey]:
    """Return an account's passkeys."""
    return list(db.session.scalars(sa.select(Passkey).where(Passkey.user_id == user.id).order_by(Passkey.id)))


def is_last(user: User, passkey: str = "") -> bool:
    """Return whether an account has no second factor beside this passkey, or without a name beside the app."""
    others = [one for one in passkeys(user) if one.name != passkey]
    return not others and not (passkey and has_app(user))


def has_app(user: User) -> bool:
    """Return whether an account has an app that makes codes."""
    return bool(user.tf_totp_secret and user.tf_primary_method)


def owed(user: User) -> Owed | None:
    """Return what an account has to do first, or None."""
    if user.password_ends_at is not None:
        return Owed.OWN_PASSWORD
    if is_demanded(user) and not has_factor(user):
        return Owed.SECOND_FACTOR
    return None


def take_counter(user_id: int, counter: int) -> bool:
    """Note in the caller's transaction that a code was used, by its place in time. Return False if it was used before."""
    begin_writing()
    newer = (
        sa.update(User)
        .where(User.id == user_id, sa.or_(User.tf_last_counter.is_(None), User.tf_last_counter < counter))
        .values(tf_last_counter=counter)
        .execution_options(synchronize_session=False)
    )
    return bool(db.session.execute(newer).rowcount == 1)  # type: ignore[attr-defined]


def note_added(user: User, name: str, *, now: datetime) -> None:
    """Do what follows when an account got a second factor, in the transaction that adds it. name: "" for an app."""
    begin_writing()
    session = db.session()
    security_event(SecurityKind.FACTOR_ADDED, user, now=now, factor=name or "app")
    audit.record(session, user, "user.factor_added", user, now=now, factor=name or "app")
    mails.tell(session, user.id, AccountNews.FACTOR_ADDED, now=now, name=name)


def note_removed(user: User, name: str, *, now: datetime) -> None:
    """Do what follows when an account removes a second factor, in the transaction that removes it. name: "" for an app."""
    begin_writing()
    session = db.session()
    if is_last(user, name):
        _forget_codes(session, user.id)
    security_event(SecurityKind.FACTOR_REMOVED, user, now=now, factor=name or "app")
    audit.record(session, user, "user.factor_removed", user, now=now, factor=name or "app")
    mails.tell(session, user.id, AccountNews.FACTOR_REMOVED, now=now, name=name)


def reset(user_id: int, *, by: User | None, now: datetime) -> User:
    """Take away an account's second factors and recovery codes, for who has lost them, and end its sessions.

    by: None for the command line. Raise NoFactors.
    """
    with writing() as session:
        user = session.get_one(User, user_id, with_for_update={"of": User})
        codes = session.scalar(sa.select(sa.func.count()).where(RecoveryCode.user_id == user_id))
        if not has_factor(user) and not codes:
            raise NoFactors(name=user.display_name)
        user.tf_primary_method = user.tf_totp_secret = None
        session.execute(sa.delete(Passkey).where(Passkey.user_id == user_id))
        _forget_codes(session, user_id)
        user.fs_uniquifier = uuid4().hex
        security_event(SecurityKind.FACTORS_RESET, user, now=now, by=by.id if by else None)
        audit.record(session, by, "user.factors_reset", user, now=now)
        mails.tell(session, user_id, AccountNews.FACTORS_RESET, now=now)
    return user


def _forget_codes(session: Session, user_id: int) -> None:
    session.execute(sa.delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


@dataclass(frozen=True)
class LoneAdministrator:
    """The only administrator, whom a lost phone would lock out: no codes are left, and nobody else can help."""

    name: str
    email: str


def lone_administrator() -> LoneAdministrator | None:
    """Return the only administrator whose access does not end, if they have a second factor and no recovery codes left."""
    lasting = (
        sa.select(User.id, User.name, User.email, HAS_FACTOR.label("has_factor"))
        .where(IS_LASTING_ADMINISTRATOR)
        .limit(2)
    )
    rows = db.session.execute(lasting).all()
    if len(rows) != 1 or not rows[0].has_factor or recovery.remaining(rows[0].id):
        return None
    return LoneAdministrator(rows[0].name or rows[0].email, rows[0].email)


def demanded_of(role: StaffRole) -> bool:
    """Return whether the setting asks accounts of this role for a second factor."""
    return role.value in current_settings().roles_with_second_factor
