"""The attendance sheet of an activity: who is expected, who is present, and the counts by kelurahan.

Reads only. services/door/attendance.py records attendance.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from outreach.domain.kinds import AnswerSource
from outreach.domain.states import TAKES_A_SEAT, UNANSWERED, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Attendance, Invitation, Organisation, Person, Region
from outreach.queries.invitations.counting import CAME_UNINVITED
from outreach.queries.invitations.lists import activity_of
from outreach.queries.invitations.select import InviteeFilters, matching, row_options
from outreach.queries.paging import Page, paged

PER_PAGE = 100
EXPECTED = sa.and_(Invitation.state.in_(sorted(TAKES_A_SEAT)), ~CAME_UNINVITED)


class AttendanceState(StrEnum):
    """The groups of the sheet, in its order."""

    EXPECTED = "expected"
    WAITING = "waiting"
    UNANSWERED = "unanswered"
    DECLINED = "declined"
    UNINVITED = "uninvited"  # came without an invitation


class ShownAttendance(StrEnum):
    ALL = "all"
    MISSING = "missing"  # expected, not present yet
    PRESENT = "present"


STANDINGS = {
    **dict.fromkeys(TAKES_A_SEAT, AttendanceState.EXPECTED),
    InvitationState.WAITLISTED: AttendanceState.WAITING,
    **dict.fromkeys(UNANSWERED | {InvitationState.PREPARED}, AttendanceState.UNANSWERED),
    InvitationState.NOT_COMING: AttendanceState.DECLINED,
}


@dataclass(frozen=True)
class AttendanceRow:
    invitation: Invitation
    standing: AttendanceState

    @property
    def present(self) -> bool:
        return bool(self.invitation.attendance and self.invitation.attendance.present)


@dataclass(frozen=True)
class RegionCount:
    name: str  # "" if the kelurahan is unknown
    expected: int
    present: int


@dataclass(frozen=True)
class AttendanceSheet:
    activity: Activity
    page: Page
    rows: list[AttendanceRow]
    expected: int
    present: int
    by_region: list[RegionCount]


def sheet(
    activity_id: int, q: str = "", shown: ShownAttendance = ShownAttendance.ALL, number: int = 1
) -> AttendanceSheet:
    """Return one page of an activity's sheet: the expected first, then the waitlisted, unanswered and declined.

    An organisation is on it only until it has nominated somebody. Withdrawn invitees are left out unless present.
    """
    activity = activity_of(activity_id)
    page = paged(sheet_select(activity_id, q, shown).options(*row_options()), number, PER_PAGE)
    expected, present = _totals(activity_id)
    return AttendanceSheet(
        activity=activity,
        page=page,
        rows=[_row(i) for i in page.items],
        expected=expected,
        present=present,
        by_region=_by_region(activity_id),
    )


def whole_sheet(activity_id: int, q: str = "", shown: ShownAttendance = ShownAttendance.ALL) -> list[AttendanceRow]:
    """Return all rows of a sheet."""
    return [_row(i) for i in db.session.scalars(sheet_select(activity_id, q, shown).options(*row_options())).unique()]


def to_sign(activity_id: int) -> list[AttendanceRow]:
    """Return the lines of the list for signing: all who may still come, by name. An organisation that has named nobody
    has a line for each of its seats.
    """
    rows = [row for row in whole_sheet(activity_id) if row.standing is not AttendanceState.DECLINED]
    rows.sort(key=lambda row: (_name_to_sign(row.invitation).casefold(), row.invitation.id))
    return [row for row in rows for _seat in range(1 if row.invitation.person else row.invitation.quota or 1)]


def _name_to_sign(invitation: Invitation) -> str:
    """Return the name that stands on the line, without titles: the representative's, if somebody else comes."""
    person = invitation.person
    return invitation.representative_name or (person.name or person.post if person else invitation.invitee.display_name)


def sheet_select(activity_id: int, q: str, shown: ShownAttendance) -> sa.Select[Any]:
    """Select the invitations on a sheet, in its order."""
    wanted = _on_the_sheet(matching(activity_id, InviteeFilters(q=q)))
    if shown is ShownAttendance.PRESENT:
        wanted = wanted.where(Attendance.present)
    elif shown is ShownAttendance.MISSING:
        wanted = wanted.where(EXPECTED, sa.func.coalesce(Attendance.present, sa.false()).is_(sa.false()))
    return wanted.order_by(*_order())


def sheet_row(activity_id: int, invitation_id: int) -> AttendanceRow | None:
    """Return one row of the sheet, or None if the activity has no such invitation."""
    invitation = db.session.scalar(
        matching(activity_id, InviteeFilters()).where(Invitation.id == invitation_id).options(*row_options())
    )
    return _row(invitation) if invitation else None


def _row(invitation: Invitation) -> AttendanceRow:
    if invitation.answer_source is AnswerSource.WALK_IN:
        return AttendanceRow(invitation, AttendanceState.UNINVITED)
    return AttendanceRow(invitation, STANDINGS.get(invitation.state, AttendanceState.DECLINED))


def totals(activity_id: int) -> tuple[int, int]:
    """Return how many are expected, and how many are present."""
    return _totals(activity_id)


def _on_the_sheet(wanted: sa.Select) -> sa.Select:
    nominee = aliased(Invitation)
    named = (
        sa.select(nominee.id)
        .where(nominee.nominated_under_id == Invitation.id, nominee.state != InvitationState.WITHDRAWN)
        .exists()
    )
    return wanted.outerjoin(Attendance, Attendance.invitation_id == Invitation.id).where(
        sa.or_(Invitation.state != InvitationState.WITHDRAWN, Attendance.present),
        sa.or_(Invitation.organisation_id.is_(None), ~named),
    )


def _order() -> tuple[Any, ...]:
    rank = sa.case(
        (CAME_UNINVITED, list(AttendanceState).index(AttendanceState.UNINVITED)),
        *((Invitation.state == state, list(AttendanceState).index(standing)) for state, standing in STANDINGS.items()),
        else_=len(AttendanceState),
    )
    name = sa.func.coalesce(sa.func.nullif(Person.name, ""), sa.func.nullif(Person.post, ""), _own_name())
    return rank, sa.func.lower(name), Invitation.id


def _own_name() -> sa.ScalarSelect[str]:
    organisation = aliased(Organisation)
    return sa.select(organisation.name).where(organisation.id == Invitation.organisation_id).scalar_subquery()


def _totals(activity_id: int) -> tuple[int, int]:
    inner = _on_the_sheet(sa.select(EXPECTED.label("expected"), Attendance.present)).where(
        Invitation.activity_id == activity_id
    )
    found = inner.subquery()
    row = db.session.execute(
        sa.select(sa.func.count().filter(found.c.expected), sa.func.count().filter(found.c.present)).select_from(found)
    ).one()
    return row[0], row[1]


def _by_region(activity_id: int) -> list[RegionCount]:
    employer = aliased(Organisation)
    code = sa.func.coalesce(Person.region_code, employer.region_code)
    inner = (
        _on_the_sheet(
            sa.select(code.label("code"), EXPECTED.label("expected"), Attendance.present)
            .outerjoin(Person, Person.id == Invitation.person_id)
            .outerjoin(employer, employer.id == sa.func.coalesce(Person.organisation_id, Invitation.organisation_id))
        )
        .where(Invitation.activity_id == activity_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(
            sa.func.coalesce(Region.name, ""),
            sa.func.count().filter(inner.c.expected),
            sa.func.count().filter(inner.c.present),
        )
        .select_from(inner)
        .outerjoin(Region, Region.code == inner.c.code)
        .group_by(Region.code, Region.name)
        .order_by(Region.name.is_(None), Region.name)
    )
    return [RegionCount(*row) for row in rows if row[1] or row[2]]
