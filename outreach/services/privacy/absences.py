"""A person's absences and absence calendars: export and erase them. Called by privacy/person.py."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.models import Absence, AbsenceCalendar


def held(session: Session, person_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return a person's absences and calendars, as JSON values."""
    absences = session.scalars(sa.select(Absence).where(Absence.person_id == person_id).order_by(Absence.starts_at))
    calendars = session.scalars(sa.select(AbsenceCalendar).where(AbsenceCalendar.person_id == person_id))
    return {
        "absences": [
            {
                "starts_at": one.starts_at.isoformat(),
                "ends_at": one.ends_at.isoformat(),
                "zone": one.zone,
                "repeats": one.repeats.value,
                "repeats_until_on": one.repeats_until_on.isoformat() if one.repeats_until_on else None,
                "reason": one.reason,
                "source": one.source.value,
            }
            for one in absences
        ],
        "absence_calendars": [
            {
                "name": one.name,
                "address": one.url,
                "source": one.source.value,
                "read_at": one.read_at.isoformat() if one.read_at else None,
            }
            for one in calendars
        ],
    }


def forget(session: Session, person_id: int) -> None:
    """Delete them all; an erased person is not planned with."""
    for model in (Absence, AbsenceCalendar):
        session.execute(sa.delete(model).where(model.person_id == person_id))
