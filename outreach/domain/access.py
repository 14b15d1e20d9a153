"""Who may see and change what: roles with areas, access that ends, and standing in for somebody.

Pure. models/access.py says the same as SQL, and keeps to it in every statement; tests hold both equal. web/frame/areas.py asks
what may be changed. Why it is so: docs/decisions/access.md.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from outreach.domain.kinds import StaffRole
from outreach.domain.states import InvitationState

Codes = frozenset[str]  # regions by code, each with all that lies in it
NOTHING: Codes = frozenset()


class NotYours(Exception):
    """The account may see this record or not, but it must not change it. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an account's access reaches. sees, changes: region codes; None: the whole office.

    user_id: the account, for what belongs to itself: its feeds, its summaries.
    """

    sees: Codes | None
    changes: Codes | None
    user_id: int = 0

    @property
    def is_whole(self) -> bool:
        return self.sees is None and self.changes is None


@dataclass(frozen=True, slots=True)
class Grant:
    """A role, and where it holds. areas: None: in the whole office."""

    role: StaffRole
    areas: Codes | None = None


@dataclass(frozen=True, slots=True)
class StandIn:
    """The account has another one's reach, besides its own, on these days. Both are included."""

    of: Grant
    from_on: date
    until_on: date

    def holds_on(self, day: date) -> bool:
        return self.from_on <= day <= self.until_on


@dataclass(frozen=True, slots=True)
class ActivityFacts:
    region_code: str | None
    in_programme: bool = False


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """A person or an organisation. region_codes: where they belong. asked_to: activities and date polls that ask for them,
    without withdrawn invitations. of: of an organisation, the people who belong to it.
    """

    region_codes: Collection[str]
    asked_to: Collection[ActivityFacts] = ()
    of: Collection["PartyFacts"] = ()


@dataclass(frozen=True, slots=True)
class InvitationFacts:
    activity: ActivityFacts
    invitee: PartyFacts
    state: InvitationState


Facts = ActivityFacts | PartyFacts | InvitationFacts


def has_ended(until_on: date | None, today: date) -> bool:
    """Return whether access until this day, included, has ended. None: it does not end."""
    return until_on is not None and until_on < today


def effective(own: Grant, stand_in: StandIn | None, today: date, user_id: int = 0) -> tuple[StaffRole, Reach]:
    """Return the role and the reach that an account has today.

    Who stands in for an administrator plans for the whole office, and gets neither accounts nor settings.
    """
    grants = [own]
    if stand_in is not None and stand_in.holds_on(today):
        lent = stand_in.of
        role: StaffRole = StaffRole.COORDINATOR if lent.role is StaffRole.ADMINISTRATOR else lent.role
        grants.append(Grant(role, lent.areas))
    order = list(StaffRole)
    role = min((grant.role for grant in grants), key=order.index)
    changing = [grant for grant in grants if grant.role is not StaffRole.VIEWER]
    return role, Reach(_together(grants), _together(changing), user_id)


def _together(grants: Collection[Grant]) -> Codes | None:
    found = NOTHING
    for grant in grants:
        if grant.areas is None or grant.role is StaffRole.ADMINISTRATOR:
            return None
        found |= grant.areas
    return found


def covers(codes: Codes | None, region_code: str | None) -> bool:
    """Return whether a region is one of these or lies in one. A record without a region belongs to the office."""
    if codes is None:
        return True
    return region_code is not None and any(region_code == code or region_code.startswith(f"{code}.") for code in codes)


def may_see(reach: Reach, facts: Facts) -> bool:
    """Return whether the account sees this record: what lies in its area, and whoever its own activities ask for."""
    match facts:
        case ActivityFacts():
            return covers(reach.sees, facts.region_code)
        case PartyFacts():
            return _sees_party(reach.sees, facts) or any(_sees_party(reach.sees, person) for person in facts.of)
        case InvitationFacts():
            return may_see(reach, facts.activity) and (
                _is_home(reach.sees, facts.invitee)
                or (is_own(reach.sees, facts.activity) and facts.state is not InvitationState.WITHDRAWN)
            )


def may_change(reach: Reach, facts: Facts) -> bool:
    """Return whether the account may change this record: its people and organisations, and activities outside programmes."""
    match facts:
        case ActivityFacts():
            return is_own(reach.changes, facts)
        case PartyFacts():
            return _is_home(reach.changes, facts)
        case InvitationFacts():
            return may_see(reach, facts) and is_own(reach.changes, facts.activity)


def is_own(codes: Codes | None, activity: ActivityFacts) -> bool:
    """Return whether an activity, or a date poll, belongs to an area. Those of programmes belong to the office."""
    return codes is None or (not activity.in_programme and covers(codes, activity.region_code))


def _is_home(codes: Codes | None, party: PartyFacts) -> bool:
    return codes is None or any(covers(codes, code) for code in party.region_codes)


def _sees_party(codes: Codes | None, party: PartyFacts) -> bool:
    return _is_home(codes, party) or any(is_own(codes, activity) for activity in party.asked_to)
