"""Wrong phone numbers: whose number is marked as wrong, and allowing a number again.

A corrected number is another number, so it needs nothing here.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import Organisation, Person, User, WrongNumber
from outreach.services import audit
from outreach.transactions import writing


def is_wrong(number: Any) -> sa.ColumnElement[bool]:
    """Return the condition that a number (a column) is marked as wrong."""
    found: sa.ColumnElement[bool] = number.in_(sa.select(WrongNumber.number))
    return found


def wrong_among(numbers: Collection[str]) -> set[str]:
    """Return those of these numbers that are marked as wrong. Runs one statement, or none."""
    wanted = {number for number in numbers if number}
    if not wanted:
        return set()
    return set(db.session.scalars(sa.select(WrongNumber.number).where(WrongNumber.number.in_(wanted))))


def allow_again(number: str, *, by: User, now: datetime) -> None:
    """Let people be called at a number again, because it is right after all."""
    with writing() as session:
        marked = session.get(WrongNumber, number, with_for_update=True)
        if marked is None:
            return
        session.delete(marked)
        for invitee in (Person, Organisation):
            for owner in session.scalars(sa.select(invitee).where(invitee.phone == number)):
                audit.record(session, by, f"{invitee.__tablename__}.number_allowed", owner, now=now)
