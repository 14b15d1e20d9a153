"""Merge somebody who was added at the door with the known person that they are, or keep them as a new person."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.problems import Problem
from outreach.domain.states import CertificateState
from outreach.models import (
    ArchivedLine,
    ArchivedMessage,
    Attendance,
    Certificate,
    GivenAnswer,
    Invitation,
    Message,
    MessageLine,
    Person,
    Reminder,
    Scan,
    SignedLine,
    User,
    WalkIn,
)
from outreach.services import audit
from outreach.services.door import attendance, log
from outreach.services.locking import activities_for_change, lock_address_book, lock_people
from outreach.transactions import writing

# What a walk-in may have, so that they can be merged: it moves to the known person, or goes with the walk-in.
_MOVES = (Message, ArchivedMessage, GivenAnswer)
_GOES = frozenset({"invitation", "link", "walk_in", "message", "archived_message", "speaker_booking", "given_answer"})


class WalkInMissing(Problem):
    message = "This person is merged already, or was kept as a new person."


class NotToMerge(Problem):
    message = "Choose a person in the list of people who is somebody else than this record."


class UsedElsewhere(Problem):
    message = (
        "%(name)s is used elsewhere by now, for example in a letter, a group, a poll or a certificate. "
        "Correct the record instead."
    )


def merge(person_id: int, into_id: int, *, by: User, now: datetime) -> Person:
    """Move what is known of somebody from the door to the known person, and delete the record from the door.

    What the known person's record lacks (kelurahan, sex, age group) is taken over. Raise WalkInMissing, NotToMerge or
    UsedElsewhere.
    """
    with writing() as session:
        lock_address_book(session)
        invited = sa.select(Invitation.activity_id).where(Invitation.person_id == person_id)
        activities = {one.id: one for one in activities_for_change(session, set(session.scalars(invited)))}
        lock_people(session, [person_id, into_id])
        walked_in, into = _walk_in(session, person_id), session.get(Person, into_id)
        if into is None or into.erased_at is not None or into_id == person_id:
            raise NotToMerge
        gone = walked_in.person
        _check_unused(session, gone)
        moved: list[int] = []
        for invitation in session.scalars(sa.select(Invitation).where(Invitation.person_id == person_id)).all():
            moved += _move(session, invitation, into, activities[invitation.activity_id], by, now)
        for table in _MOVES:
            session.execute(_changed(table, table.person_id == person_id, person_id=into_id))
        for name in ("region_code", "sex", "age_group"):
            setattr(into, name, getattr(into, name) or getattr(gone, name))
        audit.record(
            session, by, "person.merged", into, now=now, name_given=gone.name, scans=len(moved),
            first_scan=min(moved, default=0), last_scan=max(moved, default=0),
        )  # fmt: skip
        session.flush()
        session.expire_all()
        session.execute(sa.delete(Person).where(Person.id == person_id))
    return into


def keep(person_id: int, *, by: User, now: datetime) -> Person:
    """Say that somebody who was added at the door was in no list before. Raise WalkInMissing."""
    with writing() as session:
        walked_in = _walk_in(session, person_id)
        person = walked_in.person
        session.delete(walked_in)
        audit.record(session, by, "person.kept_as_new", person, now=now)
    return person


def _walk_in(session: Session, person_id: int) -> WalkIn:
    found = session.get(WalkIn, person_id, populate_existing=True)
    if found is None:
        raise WalkInMissing
    return found


def _check_unused(session: Session, person: Person) -> None:
    for table in Person.metadata.sorted_tables:
        if table.name in _GOES:
            continue
        for key in table.foreign_keys:
            if key.column.table.name != "person":
                continue
            if session.scalar(sa.select(sa.literal(1)).where(key.parent == person.id).limit(1)):
                raise UsedElsewhere(name=person.display_name)
    own = sa.select(Invitation.id).where(Invitation.person_id == person.id)
    for table in Person.metadata.sorted_tables:
        if table.name in {
            "scan",
            "attendance",
            "reminder",
            "message_line",
            "archived_line",
            "signed_line",
            "given_answer",
            "certificate",
        }:
            continue
        for key in table.foreign_keys:
            if key.column.table.name != "invitation":
                continue
            if session.scalar(sa.select(sa.literal(1)).where(key.parent.in_(own)).limit(1)):
                raise UsedElsewhere(name=person.display_name)


def _move(session: Session, invitation: Invitation, into: Person, activity: Any, by: User, now: datetime) -> list[int]:
    """Move an invitation with its scans to the known person. Return the ids of the scans."""
    scans = list(session.scalars(sa.select(Scan.id).where(Scan.invitation_id == invitation.id).order_by(Scan.id)))
    invited = sa.select(Invitation.id).where(Invitation.activity_id == activity.id, Invitation.person_id == into.id)
    if session.scalar(invited.limit(1)) is None:
        invitation.person_id = into.id
        session.flush()
        return scans
    own = attendance.uninvited(session, activity, into.id, by=by, now=now)
    stands = Certificate.state == CertificateState.STANDS
    both = sa.select(sa.func.count()).where(Certificate.invitation_id.in_([invitation.id, own.id]), stands)
    if (session.scalar(both) or 0) > 1:
        raise UsedElsewhere(name=invitation.invitee.display_name)
    for table, column in (
        (Scan, Scan.invitation_id),
        (Certificate, Certificate.invitation_id),
        (Reminder, Reminder.invitation_id),
        (MessageLine, MessageLine.invitation_id),
        (ArchivedLine, ArchivedLine.invitation_id),
    ):
        session.execute(_changed(table, column == invitation.id, invitation_id=own.id))
    if session.get(SignedLine, own.id) is None:
        session.execute(_changed(SignedLine, SignedLine.invitation_id == invitation.id, invitation_id=own.id))
    session.execute(sa.delete(Attendance).where(Attendance.invitation_id == invitation.id))
    session.execute(sa.delete(Invitation).where(Invitation.id == invitation.id))
    session.expire_all()
    log.project(session, [own.id])
    return scans


def _changed(table: Any, condition: sa.ColumnElement[bool], **values: object) -> Any:
    return sa.update(table).where(condition).values(values).execution_options(synchronize_session=False)
