"""The attendance sheet of an activity: who is expected, who is present, and the counts by kelurahan.

Reads only. services/door/attendance.py records attendance.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from outreach.domain.door.scans import ScanOutcome
from outreach.domain.kinds import AnswerSource, Sector
from outreach.domain.states import TAKES_A_SEAT, UNANSWERED, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Attendance, Invitation, Organisation, Person, Region, Scan
from outreach.queries.invitations.counting import CAME_UNINVITED
from outreach.queries.invitations.lists import activity_of
from outreach.queries.invitations.select import InviteeFilters, matching, row_options
from outreach.queries.paging import Page, paged

PER_PAGE = 100
EXPECTED = sa.and_(Invitation.state.in_(sorted(TAKES_A_SEAT)), ~CAME_UNINVITED)
# Whose scans do not agree, or who was recorded before the invitation was withdrawn (domain/door/scans.py: `standing`).
TO_LOOK_AT = sa.or_(
    Attendance.conflicts > 0,
    sa.and_(
        Attendance.present,
        Invitation.state == InvitationState.WITHDRAWN,
        ~sa.exists().where(Scan.invitation_id == Invitation.id, Scan.outcome == ScanOutcome.WITHDRAWN),
    ),
)


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
class AttendanceCount:
    """name: of a kelurahan; "" if it is not known. sector: of an organisation."""

    name: str
    invited: int
    coming: int
    present: int
    sector: Sector | None = None


@dataclass(frozen=True)
class AttendanceCounts:
    """Whoever came uninvited counts as present only. conflicts: of how many invitees the scans do not agree."""

    whole: AttendanceCount
    by_region: list[AttendanceCount]
    by_sector: list[AttendanceCount]
    conflicts: int


@dataclass(frozen=True)
class AttendanceSheet:
    activity: Activity
    page: Page
    rows: list[AttendanceRow]
    counts: AttendanceCounts


def sheet(
    activity_id: int, q: str = "", shown: ShownAttendance = ShownAttendance.ALL, number: int = 1
) -> AttendanceSheet:
    """Return one page of an activity's sheet: the expected first, then the waitlisted, unanswered and declined.

    An organisation is on it only until it has nominated somebody. Withdrawn invitees are left out unless present.
    """
    activity = activity_of(activity_id)
    page = paged(sheet_select(activity_id, q, shown).options(*row_options()), number, PER_PAGE)
    return AttendanceSheet(activity, page, [_row(i) for i in page.items], counts(activity_id))


def counts(activity_id: int) -> AttendanceCounts:
    """Return the sums. Three statements, whatever the number of invitees."""
    employer = aliased(Organisation)
    found = (
        _on_the_sheet(
            sa.select(
                (~CAME_UNINVITED).label("invited"),
                EXPECTED.label("coming"),
                sa.func.coalesce(Attendance.present, sa.false()).label("present"),
                sa.func.coalesce(TO_LOOK_AT, sa.false()).label("conflicts"),
                sa.func.coalesce(Person.region_code, employer.region_code).label("code"),
                employer.sector,
            )
            .outerjoin(Person, Person.id == Invitation.person_id)
            .outerjoin(employer, employer.id == sa.func.coalesce(Person.organisation_id, Invitation.organisation_id))
        )
        .where(Invitation.activity_id == activity_id)
        .subquery()
    )
    sums = [sa.func.count().filter(found.c[name]) for name in ("invited", "coming", "present")]
    whole = db.session.execute(sa.select(*sums, sa.func.count().filter(found.c.conflicts)).select_from(found)).one()
    regions = db.session.execute(
        sa.select(sa.func.coalesce(Region.name, ""), *sums)
        .select_from(found)
        .outerjoin(Region, Region.code == found.c.code)
        .group_by(Region.code, Region.name)
        .order_by(Region.name.is_(None), Region.name)
    )
    sectors = db.session.execute(sa.select(found.c.sector, *sums).select_from(found).group_by(found.c.sector))
    ordered = sorted(sectors, key=lambda row: (row[0] is None, list(Sector).index(row[0]) if row[0] else 0))
    return AttendanceCounts(
        whole=AttendanceCount("", whole[0], whole[1], whole[2]),
        by_region=[AttendanceCount(row[0], row[1], row[2], row[3]) for row in regions if any(row[1:])],
        by_sector=[AttendanceCount("", row[1], row[2], row[3], row[0]) for row in ordered if any(row[1:])],
        conflicts=whole[3],
    )


def whole_sheet(activity_id: int, q: str = "", shown: ShownAttendance = ShownAttendance.ALL) -> list[AttendanceRow]:
    """Return all rows of a sheet."""
    return [_row(i) for i in db.session.scalars(sheet_select(activity_id, q, shown).options(*row_options())).unique()]


def to_sign(activity_id: int) -> list[AttendanceRow]:
    """Return the lines of the list for signing: all who may still come, by name, and then those who came uninvited. An
    organisation that has named nobody has a line for each of its seats.
    """
    rows = [row for row in whole_sheet(activity_id) if row.standing is not AttendanceState.DECLINED]
    rows.sort(key=lambda row: (row.standing is AttendanceState.UNINVITED, _name_to_sign(row.invitation).casefold(),
                               row.invitation.id))  # fmt: skip
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
