"""Venues: adding and correcting them. Their list is queries/directory.py, booking them services/locking.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory import names
from outreach.domain.kinds import VenueKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Region, User, Venue
from outreach.services import audit
from outreach.services.invitations import seats
from outreach.services.locking import present_for_change
from outreach.transactions import writing

MOST_SEATS = 100_000


class VenueMissing(Problem):
    message = "There is no such venue in the list."


class NameMissing(Problem):
    message = "Please write the venue's name, such as Aula Bappeda."
    field = "name"


class NameTaken(Problem):
    message = "“%(name)s” is in the list already."
    field = "name"


class CapacityOdd(Problem):
    message = "Please write how many people fit, as a number from 1 on; or leave it empty."
    field = "capacity"


class PositionOdd(Problem):
    message = "Please write the position as a map shows it, such as -5.1130, 105.3070; or leave it empty."
    field = "position"


@dataclass(frozen=True)
class VenueValues:
    name: str
    address: str = ""
    capacity: int | None = None  # people
    region_code: str | None = None
    note: str = ""
    kind: VenueKind = VenueKind.OTHER
    latitude: float | None = None  # degrees, WGS 84; both or none
    longitude: float | None = None


def get(venue_id: int) -> Venue:
    """Return a venue; raise VenueMissing."""
    found = db.session.get(Venue, venue_id)
    if found is None:
        raise VenueMissing
    return found


def add(values: VenueValues, *, by: User | None, now: datetime) -> Venue:
    """Store a new venue; raise NameTaken or another Problem of values."""
    values = _checked(values)
    with writing() as session:
        _check_name_free(session, values.name, None)
        venue = Venue()
        _fill(session, venue, values)
        session.add(venue)
        audit.record(session, by, "venue.added", venue, now=now)
    return venue


def edit(venue_id: int, values: VenueValues, *, by: User | None, now: datetime) -> Venue:
    """Correct a venue; raise VenueMissing, NameTaken or another Problem of values."""
    values = _checked(values)
    with writing() as session:
        venue = session.get(Venue, venue_id)
        if venue is None:
            raise VenueMissing
        _check_name_free(session, values.name, venue_id)
        activities: Mapping[int, Activity] = {}
        if values.capacity != venue.capacity:
            activities = present_for_change(session, _coming(session, venue_id, now))
        before = vars(values_of(venue)).copy()
        _fill(session, venue, values)
        changed = sorted(name for name, value in vars(values_of(venue)).items() if value != before[name])
        if "capacity" in changed:
            _offer_seats(session, venue, activities, now)
        if changed:
            audit.record(session, by, "venue.edited", venue, now=now, changed=changed)
    return venue


def values_of(venue: Venue) -> VenueValues:
    """Return what is stored about a venue, as the form shows it."""
    return VenueValues(**{one.name: getattr(venue, one.name) for one in fields(VenueValues)})


def _offer_seats(session: Session, venue: Venue, locked: Mapping[int, Activity], now: datetime) -> None:
    """Whoever waits for a seat in an activity there gets one, where more fit now. locked: those that were there before."""
    session.flush()
    coming = _coming(session, venue.id, now)
    activities = {**locked, **present_for_change(session, set(coming) - locked.keys())}
    for activity_id in coming:
        seats.offer_freed(session, activities[activity_id], now=now)


def _coming(session: Session, venue_id: int, now: datetime) -> Sequence[int]:
    coming = sa.select(Activity.id).where(
        Activity.venue_id == venue_id, Activity.state == ActivityState.PUBLISHED, Activity.starts_at > now
    )
    return session.scalars(coming.order_by(Activity.id)).all()


def _checked(values: VenueValues) -> VenueValues:
    name = names.tidy(values.name)
    if not name:
        raise NameMissing
    if values.capacity is not None and not 1 <= values.capacity <= MOST_SEATS:
        raise CapacityOdd
    if abs(values.latitude or 0) > 90 or abs(values.longitude or 0) > 180:
        raise PositionOdd
    return replace(values, name=name, address=names.tidy(values.address), note=names.tidy(values.note))


def _check_name_free(session: Session, name: str, but: int | None) -> None:
    wanted = sa.select(Venue.name).where(sa.func.lower(Venue.name) == name.lower(), Venue.id != (but or 0))
    if taken := session.scalar(wanted):
        raise NameTaken(name=taken)


def _fill(session: Session, venue: Venue, values: VenueValues) -> None:
    known = values.region_code and session.get(Region, values.region_code)
    for name, value in vars(replace(values, region_code=values.region_code if known else None)).items():
        setattr(venue, name, value)
