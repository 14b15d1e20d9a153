"""Community activities: the same activity for several kelurahan, each at its own Balai Kelurahan."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.activity import ActivityValues
from outreach.domain.planning.rules import ClashKind
from outreach.domain.problems import Problem
from outreach.models import Activity, Region, User, Venue
from outreach.services.activities import edit as planning
from outreach.services.locking import locked_programme
from outreach.transactions import insert_into, writing


class NoKelurahan(Problem):
    message = "Choose at least one kelurahan."
    field = "region_codes"


def create(
    values: ActivityValues,
    region_codes: Sequence[str],
    *,
    programme_id: int | None = None,
    by: User | None,
    now: datetime,
) -> list[Activity]:
    """Create one activity for each kelurahan at its Balai Kelurahan (created if unknown), all at the given time."""
    if not region_codes:
        raise NoKelurahan
    with writing() as session:
        programme = locked_programme(session, programme_id) if programme_id else None
        chosen = sa.select(Region).where(Region.code.in_(region_codes), Region.level == 4).order_by(Region.code)
        regions = session.scalars(chosen).all()
        if not regions:
            raise NoKelurahan
        described = [
            replace(
                values,
                title=f"{values.title} {region.name}",
                public_title=f"{values.public_title} {region.name}" if values.public_title else "",
                region_code=region.code,
                venue_id=values.venue_id or _village_hall(session, region).id,
            )
            for region in regions
        ]
        # All are created at the same time; the coordinator then gives each its own day.
        but = [ClashKind.SAME_KECAMATAN]
        return planning.add_activities(session, described, programme, by, now, but=but)


def village_hall_name(kelurahan: str) -> str:
    """Return the name of a kelurahan's hall. The hall is found by this name."""
    return f"Balai Kelurahan {kelurahan}"


def _village_hall(session: Session, region: Region) -> Venue:
    name = village_hall_name(region.name)
    made = insert_into(session, Venue).values(name=name, region_code=region.code)
    session.execute(made.on_conflict_do_nothing())  # it exists, or another coordinator creates it now
    return session.scalars(sa.select(Venue).where(Venue.name == name)).one()
