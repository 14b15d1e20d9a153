"""The office, and what its settings give where nothing else is said: the zone, whom to call, the deadline for answers.

Reads and locks only: setting the office up and changing it is office/office.py.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.orm import Session, scoped_session

from outreach.delivery.mail.values import contact_of
from outreach.delivery.words.formats import phone
from outreach.domain import zones
from outreach.domain.answers import DEADLINE_DAYS, default_deadline
from outreach.models import Activity, Office, Programme, the_office

Reads = Session | scoped_session[Any] | Connection


def office(session: Reads) -> Office | None:
    """Return the office, or None before set-up."""
    return session.scalar(the_office())


def zone(session: Reads, otherwise: ZoneInfo = zones.DEFAULT) -> ZoneInfo:
    """Return the zone of the office's clocks: of whole days, and of times that name none; `otherwise` before set-up."""
    return session.scalar(the_office(Office.zone)) or otherwise


def contact(session: Reads, programme: Programme | None) -> str:
    """Return whom to call about a programme, or about what belongs to none, as a sentence says it: "Bidang PPA (0812-…)"."""
    name, number = contact_of(programme, office(session))
    return f"{name} ({phone(number)})" if number else name


def usual_deadline(session: Reads, starts_at: datetime, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the deadline for answers that the office's setting gives an activity."""
    days = session.scalar(the_office(Office.deadline_days))
    return default_deadline(starts_at, zone, now, DEADLINE_DAYS if days is None else days)


def lock(session: Session) -> None:
    """Let nobody else pass here before this transaction ends, where there is no row of its own to lock yet."""
    session.execute(the_office(Office.id).with_for_update(key_share=True))


def deadline_at_publishing(session: Session, activity: Activity, now: datetime) -> datetime:
    """Return the deadline for answers if the draft is published now: a deadline that has passed becomes the usual one."""
    if activity.respond_by_at > now:
        return activity.respond_by_at
    return usual_deadline(session, activity.starts_at, activity.zone, now)
