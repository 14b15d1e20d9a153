"""The start page for reading: what is planned, what was held, and the year's figures. It asks its readers to do
nothing.

queries/overview/page.py has the coordinator's start page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Attendance, Invitation, Programme, Venue
from outreach.queries.activities import lists
from outreach.queries.activities.lists import ActivityRow, ProgrammeRow

SHOWN = 8
AGREED = (ActivityState.PUBLISHED, ActivityState.HELD)


@dataclass(frozen=True)
class YearFigures:
    """Figures of one year so far. came: people, each counted once. visits: each person counted once for each activity.

    kelurahan: those in which something was held.
    """

    year: int
    held: int
    came: int
    visits: int
    kelurahan: int


@dataclass(frozen=True)
class OverviewReading:
    """next: published activities ahead, the next first. upcoming: how many there are. held: the latest first."""

    next: Sequence[ActivityRow]
    upcoming: int
    held: Sequence[ActivityRow]
    postponed: Sequence[ActivityRow]  # without a new date yet
    programmes: Sequence[ProgrammeRow]
    years: Sequence[YearFigures]  # this year and the last


def read(*, now: datetime, zone: ZoneInfo) -> OverviewReading:
    """Return the page's content in a fixed number of statements. zone: the office's, for its day and year."""
    today = now.astimezone(zone).date()
    ahead = (Activity.state == ActivityState.PUBLISHED, Activity.ends_at >= now)
    over = (Activity.state.in_(AGREED), Activity.ends_at < now)
    programmes = db.session.scalars(
        sa.select(Programme).where(Programme.ends_on >= today).order_by(Programme.starts_on, Programme.id).limit(SHOWN)
    ).all()
    return OverviewReading(
        next=_activities(*ahead, order=Activity.starts_at),
        upcoming=db.session.scalar(sa.select(sa.func.count()).select_from(Activity).where(*ahead)) or 0,
        postponed=_activities(Activity.state == ActivityState.POSTPONED, order=Activity.starts_at),
        held=_activities(*over, order=Activity.starts_at.desc()),
        programmes=lists.programme_rows(programmes),
        years=[_figures(today.year - ago, now, zone) for ago in (0, 1)],
    )


def _activities(*conditions: sa.ColumnElement[bool], order: Any) -> list[ActivityRow]:
    some = db.session.scalars(
        sa.select(Activity)
        .where(*conditions)
        .options(joinedload(Activity.venue), joinedload(Activity.programme))
        .order_by(order, Activity.id)
        .limit(SHOWN)
    ).all()
    return lists.activity_rows(some)


def _figures(year: int, now: datetime, zone: ZoneInfo) -> YearFigures:
    began, ended = (datetime.combine(date(of, 1, 1), time(), tzinfo=zone) for of in (year, year + 1))
    region = sa.func.coalesce(Activity.region_code, Venue.region_code)
    this_year = (
        Activity.state.in_(AGREED), Activity.ends_at < now, Activity.starts_at >= began, Activity.starts_at < ended,
    )  # fmt: skip
    held, kelurahan = db.session.execute(
        sa.select(sa.func.count(), sa.func.count(sa.distinct(region)))
        .select_from(Activity)
        .outerjoin(Venue, Venue.id == Activity.venue_id)
        .where(*this_year)
    ).one()
    came, visits = db.session.execute(
        sa.select(
            sa.func.count(sa.distinct(Invitation.person_id)),
            sa.func.count(),
        )
        .select_from(Attendance)
        .join(Invitation, Invitation.id == Attendance.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(Attendance.present, *this_year)
    ).one()
    return YearFigures(year, held, came, visits, kelurahan)
