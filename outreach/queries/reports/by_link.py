"""The links for reading, and what only they show: programmes that have a report, and the days of what people were told of."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.zones import midnight
from outreach.extensions import db
from outreach.models import Activity, Programme, ReadingLink
from outreach.queries.reports.figures import AGREED
from outreach.services.locking import ProgrammeMissing
from outreach.services.office import reading_links

MOST = 100


@dataclass(frozen=True)
class ReadingLinkRow:
    link: ReadingLink
    counts: bool


@dataclass(frozen=True)
class ReadableProgramme:
    id: int
    title: str
    first: date
    last: date


def all_links(*, now: datetime) -> list[ReadingLinkRow]:
    """Return the links: those that open first, then the newest first."""
    found = db.session.scalars(
        sa.select(ReadingLink).options(joinedload(ReadingLink.made_by)).order_by(ReadingLink.id.desc())
    ).unique()
    rows = [ReadingLinkRow(link, reading_links.counts(link, now=now)) for link in found]
    return sorted(rows, key=lambda row: not row.counts)


def programmes() -> list[ReadableProgramme]:
    """Return the newest programmes of which people were told."""
    wanted = (
        sa.select(Programme.id, Programme.title, Programme.starts_on, Programme.ends_on)
        .where(_told())
        .order_by(Programme.starts_on.desc(), Programme.id.desc())
        .limit(MOST)
    )
    return [ReadableProgramme(*row) for row in db.session.execute(wanted)]


def require_told(programme_id: int) -> None:
    """Raise ProgrammeMissing for a programme of which nobody was told yet."""
    if db.session.scalar(sa.select(Programme.id).where(Programme.id == programme_id, _told())) is None:
        raise ProgrammeMissing


def activities(first: date, last: date, *, zone: ZoneInfo) -> Mapping[date, Sequence[Activity]]:
    """Return the activities of which people were told, by the day in the zone on which they begin. One query."""
    found: dict[date, list[Activity]] = defaultdict(list)
    for activity in db.session.scalars(
        sa.select(Activity)
        .options(joinedload(Activity.venue), joinedload(Activity.region))
        .where(
            Activity.state.in_(AGREED),
            Activity.starts_at >= midnight(first, zone),
            Activity.starts_at < midnight(last + timedelta(days=1), zone),
        )
        .order_by(Activity.starts_at, Activity.id)
    ):
        found[activity.starts_at.astimezone(zone).date()].append(activity)
    return found


def _told() -> sa.ColumnElement[bool]:
    return sa.exists().where(Activity.programme_id == Programme.id, Activity.state.in_(AGREED))
