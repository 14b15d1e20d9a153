"""How far an account's access reaches today: its own role and areas, until when, and for whom it stands in."""

from datetime import date, datetime

from outreach.domain import access as rules
from outreach.domain.access import Grant, Reach, StandIn
from outreach.domain.kinds import StaffRole
from outreach.extensions import db
from outreach.models import User
from outreach.services import office_defaults
from outreach.services.office.staff import role_of


def access_of(user: User, *, now: datetime) -> tuple[StaffRole, Reach]:
    """Return the role and the reach that an account has at that moment."""
    today = _today(now)
    return rules.effective(grant_of(user), stand_in_of(user, today), today, user.id)


def reach_of(user: User, *, now: datetime) -> Reach | None:
    """Return an account's reach; None for the whole office."""
    if not is_special(user):
        return None
    found = access_of(user, now=now)[1]
    return None if found.is_whole else found


def is_special(user: User) -> bool:
    """Return whether an account's access is any other than its role in the whole office."""
    return user.area_only or user.stands_in_for_id is not None


def has_ended(user: User, *, now: datetime) -> bool:
    """Return whether the account was for a time that is over."""
    return user.access_until is not None and rules.has_ended(user.access_until, _today(now))


def grant_of(user: User) -> Grant:
    """Return an account's own role, and where it holds. An administrator's holds in the whole office."""
    role = role_of(user)
    limited = user.area_only and role is not StaffRole.ADMINISTRATOR
    return Grant(role, frozenset(area.code for area in user.areas) if limited else None)


def stand_in_of(user: User, today: date) -> StandIn | None:
    """Return whose reach an account has besides its own. An account that is closed or over lends nothing."""
    absent = user.stands_in_for
    if absent is None or user.stands_in_from is None or user.stands_in_until is None:
        return None
    if not absent.active or rules.has_ended(absent.access_until, today):
        return None
    return StandIn(grant_of(absent), user.stands_in_from, user.stands_in_until)


def _today(now: datetime) -> date:
    return now.astimezone(office_defaults.zone(db.session())).date()
