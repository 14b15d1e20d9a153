"""The common part of people, organisations and venues: adding and correcting a record from form values.

Values are a frozen dataclass of what staff fill in. The audit log entries are "<table>.added" and "<table>.edited".
"""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.problems import Problem
from outreach.models import Organisation, Person, Region, User, Venue
from outreach.services import audit

R = TypeVar("R", Person, Organisation, Venue)
Fill = Callable[[Session, Any, Any], None]


class NameTaken(Problem):
    message = "“%(name)s” is in the list already."
    field = "name"


def stored(values: type, record: Organisation | Venue) -> dict[str, Any]:
    """Return a record's stored data, by the field names of `values`."""
    return {field.name: getattr(record, field.name) for field in fields(values)}


def check_name_free(session: Session, table: type[Organisation] | type[Venue], name: str, *, but: int = 0) -> None:
    """Raise NameTaken if a record other than `but` has the name."""
    taken = session.scalar(sa.select(table.name).where(sa.func.lower(table.name) == name.lower(), table.id != but))
    if taken:
        raise NameTaken(name=taken)


def fill(session: Session, record: Organisation | Venue, values: Any) -> None:
    """Write values into a record. A region code that is not stored becomes None."""
    known = values.region_code and session.get(Region, values.region_code)
    for name, value in vars(replace(values, region_code=values.region_code if known else None)).items():
        setattr(record, name, value)


def add(session: Session, record: R, values: Any, fill: Fill = fill, *, by: User | None, now: datetime) -> R:
    """Store a new record in the caller's transaction."""
    fill(session, record, values)
    session.add(record)
    audit.record(session, by, f"{record.__tablename__}.added", record, now=now)
    return record


def correct(
    session: Session,
    record: R,
    values: Any,
    values_of: Callable[[R], object],
    fill: Fill = fill,
    *,
    by: User | None,
    now: datetime,
) -> list[str]:
    """Write values into a stored record in the caller's transaction. Return the names of changed values.

    values_of: returns the stored values; called before and after.
    """
    before = vars(values_of(record)).copy()
    fill(session, record, values)
    session.flush()
    changed = sorted(name for name, value in vars(values_of(record)).items() if value != before[name])
    if changed:
        audit.record(session, by, f"{record.__tablename__}.edited", record, now=now, changed=changed)
    return changed
