"""Write the bookings: of venues on the activities, of speakers and moderators as SpeakerBooking rows. Refuses nothing.

An activity that overlaps a booking gets no booking itself, but may stay: the office only warns of it, or an invitee's
answer caused it. It is booked as soon as the other booking is gone. planning/book.py refuses.

Locks are taken in one order, which avoids deadlocks: programmes, activities, venues, people, each by their ids.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import ON_STAGE
from outreach.models import Activity, Invitation, SpeakerBooking
from outreach.models.planned import IS_BOOKED, IS_PLANNED
from outreach.services.locking import lock_people, lock_venues
from outreach.transactions import insert_into

_Bookings = dict[tuple[int, int], tuple[datetime, datetime]]  # {(activity id, person id): (start, end)}


def on_stage(session: Session, activity_ids: Collection[int]) -> set[int]:
    """Return the ids of people who speak or moderate in these activities, by invitation or by booking."""
    invited = sa.select(Invitation.person_id).where(
        Invitation.activity_id.in_(activity_ids),
        Invitation.person_id.is_not(None),
        Invitation.role.in_(sorted(ON_STAGE)),
    )
    held = sa.select(SpeakerBooking.person_id).where(SpeakerBooking.activity_id.in_(activity_ids))
    return {id for id in session.scalars(sa.union(invited, held)) if id is not None}


def rebook_people(session: Session, person_ids: Collection[int], *, locked: bool = False) -> None:
    """Update the bookings of these people: existing ones stay, and of new ones that overlap the earliest wins.

    Locks the people, unless they are `locked` already.
    Call after every change of a speaker's or moderator's invitations, and of the time and state of their activities.
    """
    people = set(person_ids)
    if not people:
        return
    if not locked:
        lock_people(session, people)
    wanted, held = _booked(session, people)
    kept: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    leaving = []
    for (activity_id, person_id), times in held.items():
        if wanted.get((activity_id, person_id)) == times:
            del wanted[activity_id, person_id]
            kept[person_id].append(times)
        else:
            leaving.append((activity_id, person_id))
    for activity_id, person_id in leaving:
        session.execute(
            sa.delete(SpeakerBooking).where(
                SpeakerBooking.activity_id == activity_id, SpeakerBooking.person_id == person_id
            )
        )
    new = []
    for (activity_id, person_id), (starts_at, ends_at) in sorted(wanted.items(), key=lambda one: (one[1][0], one[0])):
        if all(ends_at <= since or starts_at >= until for since, until in kept[person_id]):
            kept[person_id].append((starts_at, ends_at))
            new.append({"activity_id": activity_id, "person_id": person_id, "starts_at": starts_at, "ends_at": ends_at})
    if new:
        session.execute(insert_into(session, SpeakerBooking).values(new).on_conflict_do_nothing())


def rebook_venues(session: Session, venue_ids: Collection[int]) -> None:
    """Book these venues for activities that had no booking, if no booked activity overlaps them any more."""
    waiting = session.execute(
        sa.select(Activity.id, Activity.venue_id, Activity.starts_at, Activity.ends_at)
        .where(Activity.venue_id.in_(venue_ids), IS_PLANNED, ~Activity.holds_venue)
        .order_by(Activity.starts_at, Activity.id)
        .with_for_update(skip_locked=True, key_share=True)  # a transaction that changes one now books it itself
    ).all()
    lock_venues(session, {one.venue_id for one in waiting})
    for one in waiting:
        held = sa.exists().where(
            Activity.venue_id == one.venue_id,
            IS_PLANNED,
            Activity.holds_venue,
            Activity.starts_at < one.ends_at,
            Activity.ends_at > one.starts_at,
        )
        session.execute(
            sa.update(Activity)
            .where(Activity.id == one.id, ~sa.select(held.correlate(None)).scalar_subquery())
            .values(holds_venue=True)
            .execution_options(synchronize_session=False)
        )


def release(session: Session, activities: Iterable[Activity]) -> None:
    """Release the bookings of activities that are now cancelled, and book for those that overlapped them."""
    session.flush()
    gone = list(activities)
    rebook_venues(session, {one.venue_id for one in gone if one.venue_id is not None})
    rebook_people(session, on_stage(session, [one.id for one in gone]))


def rebook_all(session: Session) -> None:
    """Book everything that can be booked. Call it after the office changed what it blocks."""
    venues = sa.select(Activity.venue_id).where(IS_PLANNED, ~Activity.holds_venue, Activity.venue_id.is_not(None))
    rebook_venues(session, {id for id in session.scalars(venues) if id is not None})
    unbound = (
        sa.select(Invitation.person_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .outerjoin(
            SpeakerBooking,
            sa.and_(
                SpeakerBooking.activity_id == Invitation.activity_id, SpeakerBooking.person_id == Invitation.person_id
            ),
        )
        .where(IS_BOOKED, SpeakerBooking.activity_id.is_(None))
    )
    rebook_people(session, {id for id in session.scalars(unbound) if id is not None})


def _booked(session: Session, people: Collection[int]) -> tuple[_Bookings, _Bookings]:
    """Return the bookings that the people should have, and those that they have.

    One statement reads both at one moment. With two, a booking committed between them would look left over.
    """
    wanted = (
        sa.select(
            sa.literal(0).label("is_held"), Activity.id, Invitation.person_id, Activity.starts_at, Activity.ends_at
        )
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(IS_BOOKED, Invitation.person_id.in_(people))
    )
    held = sa.select(
        sa.literal(1), SpeakerBooking.activity_id, SpeakerBooking.person_id, SpeakerBooking.starts_at,
        SpeakerBooking.ends_at,
    ).where(SpeakerBooking.person_id.in_(people))  # fmt: skip
    to_be: _Bookings = {}
    is_now: _Bookings = {}
    row: Any
    for row in session.execute(sa.union_all(wanted, held)):
        (is_now if row.is_held else to_be)[row.id, row.person_id] = row.starts_at, row.ends_at
    return to_be, is_now
