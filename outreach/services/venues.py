"""Venues: adding and correcting them. queries/directory/lists.py lists them; services/planning/book.py books them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory import names
from outreach.domain.kinds import VenueKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, User, Venue
from outreach.services import records
from outreach.services.invitations import seats
from outreach.services.locking import lock_address_book, present_for_change
from outreach.transactions import writing

MOST_SEATS = 100_000


class VenueMissing(Problem):
    message = "There is no such venue in the list."


class VenueNameMissing(Problem):
    message = "Please write the venue's name, such as Aula Bappeda."
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
    """Return a venue. Raise VenueMissing."""
    found = db.session.get(Venue, venue_id)
    if found is None:
        raise VenueMissing
    return found


def add(values: VenueValues, *, by: User | None, now: datetime) -> Venue:
    """Store a new venue. Raise NameTaken or another Problem with the values."""
    values = _checked(values)
    with writing() as session:
        lock_address_book(session)
        records.check_name_free(session, Venue, values.name)
        return records.add(session, Venue(), values, by=by, now=now)


def edit(venue_id: int, values: VenueValues, *, by: User | None, now: datetime) -> Venue:
    """Correct a venue. Raise VenueMissing, NameTaken or another Problem with the values."""
    values = _checked(values)
    with writing() as session:
        lock_address_book(session)
        venue = get(venue_id)
        records.check_name_free(session, Venue, values.name, but=venue_id)
        activities: Mapping[int, Activity] = {}
        if values.capacity != venue.capacity:
            activities = present_for_change(session, _coming(session, venue_id, now))
        changed = records.correct(session, venue, values, values_of, by=by, now=now)
        if "capacity" in changed:
            _offer_seats(session, venue, activities, now)
    return venue


def values_of(venue: Venue) -> VenueValues:
    """Return a venue's stored data, as the form shows it."""
    return VenueValues(**records.stored(VenueValues, venue))


def _offer_seats(session: Session, venue: Venue, locked: Mapping[int, Activity], now: datetime) -> None:
    """Offer seats to the waiting lists of activities there. locked: activities that are locked already."""
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
        raise VenueNameMissing
    if values.capacity is not None and not 1 <= values.capacity <= MOST_SEATS:
        raise CapacityOdd
    if abs(values.latitude or 0) > 90 or abs(values.longitude or 0) > 180:
        raise PositionOdd
    return replace(values, name=name, address=names.tidy(values.address), note=names.tidy(values.note))
