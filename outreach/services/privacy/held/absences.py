"""A person's absences and absence calendars: export and erase them. Called by privacy/person.py."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.models import Absence, AbsenceCalendar, CalendarFile


def held(session: Session, person_id: int) -> dict[str, list[dict[str, Any]]]:
    """Return a person's absences and calendars, as JSON values."""
    absences = session.scalars(sa.select(Absence).where(Absence.person_id == person_id).order_by(Absence.starts_at))
    calendars = session.execute(
        sa.select(AbsenceCalendar, CalendarFile.data)
        .outerjoin(CalendarFile, CalendarFile.calendar_id == AbsenceCalendar.id)
        .where(AbsenceCalendar.person_id == person_id)
        .order_by(AbsenceCalendar.id)
    )
    return {
        "absences": [
            {
                "starts_at": absence.starts_at.isoformat(),
                "ends_at": absence.ends_at.isoformat(),
                "zone": absence.zone,
                "repeats": absence.repeats.value,
                "repeats_until_on": absence.repeats_until_on.isoformat() if absence.repeats_until_on else None,
                "reason": absence.reason,
                "source": absence.source.value,
            }
            for absence in absences
        ],
        "absence_calendars": [
            {
                "name": calendar.name,
                "address": calendar.url,
                "source": calendar.source.value,
                "read_at": calendar.read_at.isoformat() if calendar.read_at else None,
                "waiting_file": data.decode("utf-8", "replace") if data is not None else None,
            }
            for calendar, data in calendars
        ],
    }


def forget(session: Session, person_id: int) -> None:
    """Delete them all; an erased person is not planned with."""
    for model in (AbsenceCalendar, Absence):  # the calendars first, as reading one locks it before its absences
        session.execute(sa.delete(model).where(model.person_id == person_id))
