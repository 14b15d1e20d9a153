"""Write the bookings: of venues on the activities, of speakers and moderators as SpeakerBooking rows. Refuses nothing.

A speaker with turns on the agenda is booked for these only. An activity or turn that overlaps a booking gets no booking
itself, but may stay: the office only warns of it, it is marked as intended, or an invitee's answer caused it. It is booked
as soon as the other booking is gone. planning/book.py refuses.

Locks are taken in one order, which avoids deadlocks: programmes, activities, venues, people, each by their ids.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import ON_STAGE, Role
from outreach.domain.planning.parties import merged
from outreach.domain.planning.plan import Span, within
from outreach.models import Activity, AgendaItem, Invitation, SpeakerBooking, agenda_speaker
from outreach.models.planned import IS_BOOKED, IS_PLANNED
from outreach.services.locking import lock_people, lock_venues
from outreach.transactions import insert_into

_Bookings = set[tuple[int, int, datetime, datetime]]  # activity id, person id, start, end


def on_stage(session: Session, activity_ids: Collection[int]) -> set[int]:
    """Return the ids of people who speak or moderate in these activities, by invitation or by booking."""
    invited = sa.select(Invitation.person_id).where(
        Invitation.activity_id.in_(activity_ids),
        Invitation.person_id.is_not(None),
        Invitation.role.in_(sorted(ON_STAGE)),
    )
    booked = sa.select(SpeakerBooking.person_id).where(SpeakerBooking.activity_id.in_(activity_ids))
    return {id for id in session.scalars(sa.union(invited, booked)) if id is not None}


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
    wanted, booked = _booked(session, people)
    kept: dict[int, list[Span]] = defaultdict(list)
    for _activity_id, person_id, starts_at, ends_at in wanted & booked:
        kept[person_id].append((starts_at, ends_at))
    for activity_id, person_id, starts_at, _ends_at in booked - wanted:
        session.execute(
            sa.delete(SpeakerBooking).where(
                SpeakerBooking.activity_id == activity_id,
                SpeakerBooking.person_id == person_id,
                SpeakerBooking.starts_at == starts_at,
            )
        )
    new = []
    for activity_id, person_id, starts_at, ends_at in sorted(
        wanted - booked, key=lambda booking: (booking[2], booking[:2])
    ):
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
    lock_venues(session, {activity.venue_id for activity in waiting})
    for activity in waiting:
        is_booked = sa.exists().where(
            Activity.venue_id == activity.venue_id,
            IS_PLANNED,
            Activity.holds_venue,
            Activity.starts_at < activity.ends_at,
            Activity.ends_at > activity.starts_at,
        )
        session.execute(
            sa.update(Activity)
            .where(Activity.id == activity.id, ~sa.select(is_booked.correlate(None)).scalar_subquery())
            .values(holds_venue=True)
            .execution_options(synchronize_session=False)
        )


def release(session: Session, activities: Iterable[Activity]) -> None:
    """Release the bookings of activities that are now cancelled, and book for those that overlapped them."""
    session.flush()
    gone = list(activities)
    rebook_venues(session, {activity.venue_id for activity in gone if activity.venue_id is not None})
    rebook_people(session, on_stage(session, [activity.id for activity in gone]))


def rebook_all(session: Session) -> None:
    """Book everything that can be booked. Call it after the office changed what it blocks."""
    venues = sa.select(Activity.venue_id).where(IS_PLANNED, ~Activity.holds_venue, Activity.venue_id.is_not(None))
    rebook_venues(session, {id for id in session.scalars(venues) if id is not None})
    missing = _missing(session, sa.true())
    rebook_people(session, {person_id for _activity_id, person_id in missing})


def without_booking(
    session: Session, activity_ids: Collection[int], person_ids: Collection[int]
) -> set[tuple[int, int]]:
    """Return (activity id, person id) of people who are on stage in these activities but are not booked for all of
    their time there.
    """
    return _missing(session, sa.and_(Activity.id.in_(activity_ids), Invitation.person_id.in_(person_ids)))


def _missing(session: Session, condition: sa.ColumnElement[bool]) -> set[tuple[int, int]]:
    needed = spans_on_stage(session, condition)
    booked = {
        (row.activity_id, row.person_id, row.starts_at, row.ends_at)
        for row in session.execute(
            sa.select(
                SpeakerBooking.activity_id, SpeakerBooking.person_id, SpeakerBooking.starts_at, SpeakerBooking.ends_at
            ).where(SpeakerBooking.person_id.in_({person_id for _id, person_id in needed}))
        )
    }
    return {
        (id, person_id)
        for (id, person_id), spans in needed.items()
        if any((id, person_id, *span) not in booked for span in spans)
    }


def spans_on_stage(session: Session, condition: sa.ColumnElement[bool]) -> dict[tuple[int, int], tuple[Span, ...]]:
    """Return when people are needed on stage, by (activity id, person id), in the activities that fulfil the condition."""
    return _spans(session.execute(sa.union_all(*_on_stage(condition))))


def _on_stage(condition: sa.ColumnElement[bool]) -> tuple[Any, Any]:
    """Select who is to be on stage in which activity, and their lines on its agenda: kind, ids, role and times."""
    people = (
        sa.select(
            sa.literal(_STANDING).label("kind"), Activity.id, Invitation.person_id, Invitation.role,
            Activity.starts_at, Activity.ends_at,
        )
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(IS_BOOKED, condition)
    )  # fmt: skip
    lines = (
        sa.select(
            sa.literal(_LINE), Activity.id, Invitation.person_id, Invitation.role, AgendaItem.starts_at,
            AgendaItem.ends_at,
        )
        .join(Activity, Activity.id == Invitation.activity_id)
        .join(AgendaItem, AgendaItem.activity_id == Activity.id)
        .join(
            agenda_speaker,
            sa.and_(
                agenda_speaker.c.agenda_item_id == AgendaItem.id, agenda_speaker.c.person_id == Invitation.person_id
            ),
        )
        .where(IS_BOOKED, Invitation.role == Role.SPEAKER, condition)
    )  # fmt: skip
    return people, lines


_STANDING, _LINE, _HELD = range(3)


def _spans(rows: Iterable[Any]) -> dict[tuple[int, int], tuple[Span, ...]]:
    whole: dict[tuple[int, int], Span] = {}
    moderating = set()
    lines: dict[tuple[int, int], list[Span]] = defaultdict(list)
    for row in rows:
        key = row.id, row.person_id
        if row.kind == _LINE:
            lines[key].append((row.starts_at, row.ends_at))
            continue
        whole[key] = row.starts_at, row.ends_at
        if row.role is Role.MODERATOR:
            moderating.add(key)
    return {
        key: within((), *span) if key in moderating else within(_after(span[0], lines[key]), *span)
        for key, span in whole.items()
    }


def _after(starts_at: datetime, lines: Iterable[Span]) -> Iterable[tuple[timedelta, timedelta]]:
    return merged((since - starts_at, until - starts_at) for since, until in lines)


def _booked(session: Session, people: Collection[int]) -> tuple[_Bookings, _Bookings]:
    """Return the bookings that the people should have, and those that they have.

    One statement reads both at one moment. With two, a booking committed between them would look left over.
    """
    booked = sa.select(
        sa.literal(_HELD), SpeakerBooking.activity_id, SpeakerBooking.person_id,
        sa.literal(Role.SPEAKER, Invitation.role.type), SpeakerBooking.starts_at, SpeakerBooking.ends_at,
    ).where(SpeakerBooking.person_id.in_(people))  # fmt: skip
    rows: Sequence[Any] = session.execute(sa.union_all(*_on_stage(Invitation.person_id.in_(people)), booked)).all()
    needed = _spans(row for row in rows if row.kind != _HELD)
    to_be = {(id, person_id, *span) for (id, person_id), spans in needed.items() for span in spans}
    return to_be, {(row.id, row.person_id, row.starts_at, row.ends_at) for row in rows if row.kind == _HELD}
