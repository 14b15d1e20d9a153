"""Locks, taken inside a writing() transaction, and their order. It matters on PostgreSQL: two transactions that lock in
other orders can wait for each other.

A transaction that needs several of these takes them in this order, and rows of one table by their ids:

1. the ticks, the address book, the plans (below)
2. searches of timetabling; date polls, and then their invitees
3. a programme, then its activities, then venues, then people (below); the device whose scans are stored; the numbers of
   certificates (below)
4. answer links (services/invitations/links.py), mails received
5. messages (delivery/outbox/leases.py: `lock`)
6. failed addresses, by address (delivery/outbox/address_failures.py); the row of a channel (delivery/outbox/channel.py)

Some rows have no lock of their own. Reminders and invitations are changed under the lock of their activity, lines and
attempts under that of their message. There are two exceptions. A worker that stores the results of its messages marks
prepared invitees as invited, after all its other changes. And the tick adds lines to mails that still take some, also about
activities that it has not locked.

Claiming, archiving and taking back skip messages that others have locked, so they wait for nobody.
"""

from collections.abc import Collection
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.problems import Problem
from outreach.models import Activity, Invitation, Person, Programme, Venue

# Ids of PostgreSQL's advisory locks: for additions to the address book, for new programmes, activities, polls and feeds, for the
# expansion of reminders, and for the numbers of certificates.
_ADDRESS_BOOK, _PLANS, _TICKS, _NUMBERS = 0x6F757473, 0x6F757474, 0x6F757475, 0x6F757476


PRESSED_TWICE = timedelta(minutes=1)  # the same form from the same account within it is a second press


class ActivityMissing(Problem):
    message = "This activity does not exist, or has been deleted."


class ProgrammeMissing(Problem):
    message = "This programme does not exist, or has been deleted."


class InvitationMissing(Problem):
    message = "This invitation does not exist, or has been deleted."


class Stale(Problem):
    message = "Somebody else saved this meanwhile. Look at the present state, then make your change again."


def activity_for_change(session: Session, activity_id: int, version: int | None = None) -> Activity:
    """Return the activity, locked for this transaction. Raise ActivityMissing, or Stale if its version differs.

    The lock is PostgreSQL's FOR NO KEY UPDATE: other transactions may still insert rows that refer to the activity.
    """
    [activity] = activities_for_change(session, [activity_id])
    if version is not None and activity.version != version:
        raise Stale
    return activity


def activities_for_change(session: Session, activity_ids: Collection[int]) -> list[Activity]:
    """Return these activities, locked at once as by `activity_for_change`. Raise ActivityMissing."""
    found = present_for_change(session, activity_ids)
    if len(found) < len(set(activity_ids)):
        raise ActivityMissing
    return list(found.values())


def present_for_change(session: Session, activity_ids: Collection[int]) -> dict[int, Activity]:
    """Return those of these activities that exist, by id, locked in that order and freshly read. Runs one statement."""
    if not activity_ids:
        return {}
    found = sa.select(Activity).where(Activity.id.in_(activity_ids)).order_by(Activity.id)
    locked = found.with_for_update(of=Activity, key_share=True).execution_options(populate_existing=True)
    return {activity.id: activity for activity in session.scalars(locked)}


def invitation_for_change(session: Session, invitation_id: int) -> Invitation:
    """Return the invitation, with its activity locked for this transaction. Raise InvitationMissing."""
    activity_id = session.scalar(sa.select(Invitation.activity_id).where(Invitation.id == invitation_id))
    if activity_id is None:
        raise InvitationMissing
    activity_for_change(session, activity_id)
    return session.get_one(Invitation, invitation_id)


def locked_programme(session: Session, programme_id: int, *, changes: bool = False) -> Programme:
    """Return the programme, locked before its activities. Its days stay unchanged until this transaction ends.

    changes: lock it for changing its days or deleting it. Raise ProgrammeMissing.
    """
    lock_programme(session, programme_id, changes=changes)
    programme = session.get(Programme, programme_id)
    if programme is None:
        raise ProgrammeMissing
    return programme


def lock_programme(session: Session, programme_id: int, *, changes: bool = False) -> None:
    """Lock a programme before its activities. changes: to change its days; otherwise only to keep them unchanged."""
    statement = sa.select(Programme.id).where(Programme.id == programme_id)
    session.execute(statement.with_for_update(read=not changes, key_share=changes))


def lock_venues(session: Session, venue_ids: Collection[int]) -> set[int]:
    """Lock venues for this transaction. Return those of the ids that exist."""
    if not venue_ids:
        return set()
    statement = sa.select(Venue.id).where(Venue.id.in_(venue_ids)).order_by(Venue.id)
    return set(session.scalars(statement.with_for_update(key_share=True)))


def lock_people(session: Session, person_ids: Collection[int]) -> None:
    """Lock people for this transaction; other bookings of them wait until it ends."""
    if person_ids:
        statement = sa.select(Person.id).where(Person.id.in_(person_ids)).order_by(Person.id)
        session.execute(statement.with_for_update(key_share=True))


def lock_address_book(session: Session) -> None:
    """Wait until nobody else adds people, organisations, venues or accounts: a form or list sent twice adds nothing twice.

    On SQLite, writing() lets only one write at a time.
    """
    _wait_for(session, _ADDRESS_BOOK)


def lock_plans(session: Session) -> None:
    """Wait until nobody else makes a programme, an activity, a date poll or a feed: a form that is sent twice makes one."""
    _wait_for(session, _PLANS)


def lock_ticks(session: Session) -> None:
    """Wait until no other tick writes messages: two of them would add lines to the same mails, each in its own order."""
    _wait_for(session, _TICKS)


def lock_numbers(session: Session) -> None:
    """Wait until nobody else numbers certificates: a year's numbers have no gap, and none is given twice."""
    _wait_for(session, _NUMBERS)


def _wait_for(session: Session, lock: int) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
