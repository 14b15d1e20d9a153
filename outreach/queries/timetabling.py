"""What the pages of timetabling show: searches, the activities to choose from, and names. services/timetabling/ does the work."""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.extensions import db
from outreach.models import Activity, Programme, Region, TimetablingSearch, Venue
from outreach.models.planned import IS_PLANNED
from outreach.services.timetabling.searches import RUNNING, SearchMissing, is_running

SHOWN = 50


def candidates(*, now: datetime) -> list[Activity]:
    """Return the activities that can be scheduled: drafts and published ones not yet begun, by programme and start."""
    return list(
        db.session.scalars(
            sa.select(Activity)
            .outerjoin(Programme, Programme.id == Activity.programme_id)
            .where(IS_PLANNED, Activity.starts_at > now)
            .options(joinedload(Activity.venue), joinedload(Activity.programme))
            .order_by(Programme.starts_on.is_(None), Programme.starts_on, Programme.id, Activity.starts_at, Activity.id)
        )
    )


def is_broken_off(search: TimetablingSearch, now: datetime) -> bool:
    """Return whether the search stopped unexpectedly, because its process or the machine died."""
    return search.state in RUNNING and not is_running(search, now)


def get(search_id: int) -> TimetablingSearch:
    search = db.session.get(TimetablingSearch, search_id, populate_existing=True)
    if search is None:
        raise SearchMissing
    return search


def recent() -> list[TimetablingSearch]:
    """Return up to SHOWN searches, the newest first."""
    wanted = (
        sa.select(TimetablingSearch)
        .options(joinedload(TimetablingSearch.created_by))
        .order_by(TimetablingSearch.id.desc())
        .limit(SHOWN)
    )
    return list(db.session.scalars(wanted).unique())  # an account is joined with its roles


def venue_names(ids: Collection[int]) -> Mapping[int, str]:
    rows = db.session.execute(sa.select(Venue.id, Venue.name).where(Venue.id.in_(ids)))
    return {row.id: row.name for row in rows}


def region_names(codes: Collection[str]) -> Mapping[str, str]:
    rows = db.session.execute(sa.select(Region.code, Region.name).where(Region.code.in_(codes)))
    return {row.code: row.name for row in rows}
