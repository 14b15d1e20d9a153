"""What is stored now. Each function reads it again from the database."""

from typing import Any

import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.extensions import db
from outreach.models import Absence, Activity, Invitation, Organisation, Person


def invitation_of(activity: Activity, invitee: Person | Organisation) -> Invitation:
    """Return the one invitation of a person or an organisation to an activity."""
    db.session.rollback()
    whose = Invitation.person_id if isinstance(invitee, Person) else Invitation.organisation_id
    wanted = sa.select(Invitation).where(Invitation.activity_id == activity.id, whose == invitee.id)
    return db.session.scalars(wanted).one()


def token_of(invitee: Person | Organisation) -> str:
    """Return the token of an invitee's answer link, which everybody has who was ever invited."""
    return tokens.token(tokens.link_for(db.session(), invitee))


def fresh(record: Any) -> Any:
    """Return the record as it is stored now."""
    db.session.rollback()
    return db.session.get_one(type(record), record.id)


def count(model: type) -> int:
    """Return the number of rows."""
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def rows_of(model: type) -> list[Any]:
    """Return all records of a table, in the order of their keys."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(model).order_by(*sa.inspect(model).primary_key)))


def stored_absences() -> list[Absence]:
    """Return all absences, the earliest first."""
    db.session.rollback()
    return list(db.session.scalars(sa.select(Absence).order_by(Absence.starts_at)))


def all_rows() -> dict[str, list[tuple]]:
    """Return every row of every table, by the table's name."""
    db.session.rollback()
    return {
        table.name: [tuple(row) for row in db.session.execute(sa.select(table))] for table in db.metadata.sorted_tables
    }
