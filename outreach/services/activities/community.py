"""Community activities: the same activity for several kelurahan, each at its own Balai Kelurahan."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.activities.values import ActivityValues
from outreach.domain.planning.rules import ClashKind
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import Activity, Region, User, Venue
from outreach.services.activities import edit as planning
from outreach.services.locking import lock_plans, locked_programme
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
    """Create one activity for each kelurahan at its Balai Kelurahan (created if unknown), all at the given time.

    If the same account has just sent the same form, return the drafts that were made of it.
    """
    if not region_codes:
        raise NoKelurahan
    with writing() as session:
        lock_plans(session)
        programme = locked_programme(session, programme_id) if programme_id else None
        regions = _chosen(session, region_codes)
        if not regions:
            raise NoKelurahan
        halls = {region.code: values.venue_id or _village_hall(session, region).id for region in regions}
        described = _described(values, regions, halls)
        if made := planning.just_made(session, described, programme_id, by, now):
            return made
        # All are created at the same time; the coordinator then gives each its own day.
        but = [ClashKind.SAME_KECAMATAN]
        return planning.add_activities(session, described, programme, by, now, but=but)


def of_first_press(
    values: ActivityValues, region_codes: Sequence[str], *, programme_id: int | None, by: User | None, now: datetime
) -> list[Activity]:
    """Return the drafts that the same account has just made of the same form; none if there are none."""
    session: Session = db.session()
    regions = _chosen(session, region_codes)
    named = sa.select(Venue.name, Venue.id).where(Venue.name.in_([village_hall_name(one.name) for one in regions]))
    known = dict(session.execute(named).all())
    halls = {region.code: values.venue_id or known.get(village_hall_name(region.name)) for region in regions}
    return planning.just_made(session, _described(values, regions, halls), programme_id, by, now)


def _chosen(session: Session, region_codes: Sequence[str]) -> Sequence[Region]:
    chosen = sa.select(Region).where(Region.code.in_(region_codes), Region.level == 4).order_by(Region.code)
    return session.scalars(chosen).all()


def _described(
    values: ActivityValues, regions: Sequence[Region], venues: Mapping[str, int | None]
) -> list[ActivityValues]:
    """Return the values of each kelurahan's activity. venues: their ids, by the region's code."""
    return [
        replace(
            values,
            title=f"{values.title} {region.name}",
            public_title=f"{values.public_title} {region.name}" if values.public_title else "",
            region_code=region.code,
            venue_id=venues[region.code],
        )
        for region in regions
    ]


def village_hall_name(kelurahan: str) -> str:
    """Return the name of a kelurahan's hall. The hall is found by this name."""
    return f"Balai Kelurahan {kelurahan}"


def _village_hall(session: Session, region: Region) -> Venue:
    name = village_hall_name(region.name)
    made = insert_into(session, Venue).values(name=name, region_code=region.code)
    session.execute(made.on_conflict_do_nothing())  # it exists, or another coordinator creates it now
    return session.scalars(sa.select(Venue).where(Venue.name == name)).one()
