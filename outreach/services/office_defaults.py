"""The office and its default settings: time zone, contact, and the deadline for answers.

Only reads and locks; office/office.py sets the office up and changes it.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.orm import Session, scoped_session

from outreach.delivery.mail.values import contact_of
from outreach.delivery.words.formats import phone
from outreach.domain import materials, polls, zones
from outreach.domain.answers import DEADLINE_DAYS, default_deadline
from outreach.domain.mail.hours import MailHours
from outreach.models import Activity, Office, Programme, the_office
from outreach.services import holidays

Reads = Session | scoped_session[Any] | Connection


def office(session: Reads) -> Office | None:
    """Return the office, or None before set-up."""
    return session.scalar(the_office())


def zone(session: Reads, otherwise: ZoneInfo = zones.DEFAULT) -> ZoneInfo:
    """Return the office's time zone, for whole days and times without a zone; `otherwise` before set-up."""
    return session.scalar(the_office(Office.zone)) or otherwise


def mail_hours(session: Reads) -> MailHours | None:
    """Return the hours in which mails go out that can wait; None before set-up: at any hour."""
    found = session.execute(the_office(Office.zone, Office.mails_from, Office.mails_until)).first()
    return MailHours(*found) if found else None


def confirms_answers(session: Reads) -> bool:
    """Return whether a mail confirms each answer given by link."""
    return bool(session.scalar(the_office(Office.confirms_answers)))


def contact(session: Reads, programme: Programme | None) -> str:
    """Return who to call about a programme, or about None, as text for a sentence: "Bidang PPA (0812-…)"."""
    name, number = contact_of(programme, office(session))
    return f"{name} ({phone(number)})" if number else name


def usual_deadline(session: Reads, starts_at: datetime, zone: ZoneInfo, now: datetime) -> datetime:
    """Return an activity's deadline for answers by the office's setting, on a working day."""
    days = session.scalar(the_office(Office.deadline_days))
    off = holidays.days_off({starts_at.year - 1, starts_at.year})
    return default_deadline(starts_at, zone, now, off, DEADLINE_DAYS if days is None else days)


def materials_days(session: Reads) -> int:
    """Return how many days before an activity its speakers' materials are wanted, by the office's setting."""
    days = session.scalar(the_office(Office.materials_days))
    return materials.DAYS if days is None else days


def materials_wanted_by(session: Reads, activity: Activity) -> datetime:
    """Return until when an activity wants its speakers' materials."""
    days = materials_days(session) if activity.materials_days is None else activity.materials_days
    return materials.wanted_by(activity.starts_at, activity.zone, days)


def usual_closing(zone: ZoneInfo, now: datetime) -> datetime:
    """Return the usual closing time of a date poll made now, on a working day."""
    return polls.usual_closing(now, zone, holidays.days_off({now.year, now.year + 1}))


def deadline(session: Reads, given: datetime | None, starts_at: datetime, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the deadline for answers: the given one, or the office's usual one."""
    return given or usual_deadline(session, starts_at, zone, now)


def lock(session: Session) -> None:
    """Lock the office's row until this transaction ends: a substitute for a row that does not exist yet."""
    session.execute(the_office(Office.id).with_for_update(key_share=True))


def deadline_at_publishing(session: Session, activity: Activity, now: datetime) -> datetime:
    """Return the deadline for answers if the draft is published now: its own, or the usual one if that has passed."""
    if activity.respond_by_at > now:
        return activity.respond_by_at
    return usual_deadline(session, activity.starts_at, activity.zone, now)
