"""The calls to a person: export and erase them. Called by privacy/person.py."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.models import Call, CallClaim, CallQuestion, Person, WrongNumber


def held(session: Session, person: Person) -> dict[str, Any]:
    """Return the calls to a person, and whether their number is marked as wrong, as JSON values."""
    calls = session.scalars(sa.select(Call).where(Call.person_id == person.id).order_by(Call.id))
    marked = session.get(WrongNumber, person.phone) if person.phone else None
    return {
        "calls": [
            {
                "at": call.ended_at.isoformat(),
                "outcome": call.outcome.value,
                "again_at": call.again_at.isoformat() if call.again_at else None,
                "note": call.note,
            }
            for call in calls
        ],
        "number_marked_as_wrong": marked.found_at.isoformat() if marked else None,
    }


def forget(session: Session, person: Person) -> None:
    """Blank what was noted, and delete questions, claims and the mark on the number. Call it while they have the number.

    The calls stay, because they are counted.
    """
    own = sa.select(Call.id).where(Call.person_id == person.id)
    session.execute(sa.delete(CallQuestion).where(CallQuestion.call_id.in_(own)))
    session.execute(sa.update(Call).where(Call.person_id == person.id).values(note=""))
    session.execute(sa.delete(CallClaim).where(CallClaim.person_id == person.id))
    if person.phone:
        shared = sa.select(sa.func.count()).where(Person.phone == person.phone, Person.id != person.id)
        if not session.scalar(shared):
            session.execute(sa.delete(WrongNumber).where(WrongNumber.number == person.phone))
