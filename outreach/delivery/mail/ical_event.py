"""An activity as an iCalendar object: requested (REQUEST), cancelled (CANCEL), or only shown (PUBLISH).

The form follows RFC 5545, the methods RFC 5546; each object has one activity. It contains only the neutral public
title, the place, registration, what to bring, the contact, the link, and for a speaker the time of their turn. It never
contains the topic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parseaddr
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

from flask_babel import gettext
from icalendar import Calendar, Event, Timezone, vCalAddress, vGeo

from outreach.delivery.mail import values
from outreach.delivery.mail.placeholders import clean
from outreach.delivery.rows.batch import LineRow
from outreach.delivery.words import formats
from outreach.domain.kinds import MailKind
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import current_settings, db
from outreach.models import Activity, Office, the_office

PRODID = "-//Outreach//Outreach//ID"
_ZONE_FROM, _ZONE_TO = date(2020, 1, 1), date(2050, 1, 1)


class Method(StrEnum):
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


_METHODS = {
    MailKind.INVITATION: Method.REQUEST,
    MailKind.CHANGE: Method.REQUEST,
    MailKind.SEAT: Method.REQUEST,
    MailKind.APPOINTMENT: Method.PUBLISH,
    MailKind.CANCELLATION: Method.CANCEL,
    MailKind.POSTPONEMENT: Method.CANCEL,  # no entry without a date; the new one follows with a higher SEQUENCE
    MailKind.WITHDRAWAL: Method.CANCEL,
}
UNANSWERED = "NEEDS-ACTION"
_ANSWERS = {
    InvitationState.COMING: "ACCEPTED",
    InvitationState.NOT_COMING: "DECLINED",
    InvitationState.REPRESENTED: "DECLINED",  # somebody else comes
}


@dataclass(frozen=True)
class Attendee:
    """The recipient as attendee."""

    name: str
    address: str
    partstat: str = UNANSWERED


def method_of(kind: MailKind, *, may_answer: bool) -> Method | None:
    """Return the method of the calendar object in a mail of `kind`; None if it has no object.

    Calendar programs show a REQUEST with buttons for yes and no, whatever its RSVP says. So only a recipient whose reply
    somebody reads gets one: a mailbox is read, and they may answer. may_answer: False for a representative.
    """
    method = _METHODS.get(kind)
    if method is Method.REQUEST and not (may_answer and current_settings().imap_server):
        return Method.PUBLISH
    return method


def publish_ics(activity: Activity, *, url: str, now: datetime, person_id: int | None = None) -> bytes:
    """Return the calendar file that an answer page offers. Its description has the page's address.

    person_id: the page's owner; a speaker's file also has the time of their turn. A cancelled or postponed activity is marked
    as cancelled.
    """
    notes = notes_of(activity, db.session.scalar(the_office()), person_id)
    return ics_for(activity, Method.PUBLISH, url=url, now=now, notes=notes)


def notes_of(activity: Activity, office: Office | None, person_id: int | None) -> list[str]:
    """Return the lines of an event's description: the recipient's turn, registration, what to bring, the contact."""
    turns = values.turns(activity, person_id)
    registration = formats.clock(activity.registration_at, activity.zone) if activity.registration_at else ""
    contact = values.contact_line(*values.contact_of(activity.programme, office))
    lines = (
        (turns, gettext("Your turn: %(when)s", when=turns)),
        (registration, gettext("Registration: %(when)s", when=registration)),
        (activity.things_to_bring, gettext("Please bring: %(things)s", things=activity.things_to_bring)),
        (contact, gettext("Questions: %(contact)s", contact=contact)),
    )
    return [clean(line) for value, line in lines if value]


def ics_for(
    activity: Activity,
    method: Method,
    *,
    url: str,
    now: datetime,
    attendee: Attendee | None = None,
    organiser: str = "",
    revision: int = 0,
    notes: Sequence[str] = (),
) -> bytes:
    """Return one activity's iCalendar object, UTF-8 with CRLF, lines folded.

    url: the recipient's page for the description; "" for none. notes: lines before it (notes_of).
    attendee: recipient of a REQUEST or CANCEL; a PUBLISH has none (RFC 5546, 3.2.1). organiser: the office's name.
    revision: the invitation's share of the SEQUENCE. It rises when the invitation is withdrawn and when it is made again,
    so that each object outranks the earlier ones (RFC 5546, 3.2.5).
    """
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", method.value)
    calendar.add_component(timezone_of(activity.zone.key))
    off = method is Method.CANCEL or activity.state in (ActivityState.CANCELLED, ActivityState.POSTPONED)
    description = "\n".join([*notes, url]).strip()
    status = "CANCELLED" if off else "CONFIRMED"
    event = event_of(activity, now=now, revision=revision, status=status, description=description)
    event.add("organizer", organiser_of(organiser))
    if attendee is not None and method is not Method.PUBLISH:
        event.add("attendee", _attendee(attendee, method), encode=False)
    calendar.add_component(event)
    return calendar.to_ical()


def event_of(activity: Activity, *, now: datetime, status: str, revision: int = 0, description: str = "") -> Event:
    """Return the activity as a calendar event. UID, SEQUENCE, neutral title, time and place are the same everywhere.

    status: CONFIRMED, TENTATIVE or CANCELLED. description: "" for none.
    """
    event = Event()
    event.add("uid", activity.uid)
    event.add("sequence", activity.sequence + revision)
    event.add("dtstamp", now)
    event.add("dtstart", activity.starts_at.astimezone(activity.zone))
    event.add("dtend", activity.ends_at.astimezone(activity.zone))
    event.add("summary", clean(activity.neutral_title))
    if activity.venue is None:
        event.add("location", gettext("to be announced"))
    else:
        event.add("location", clean(f"{activity.venue.name}, {activity.venue.address}".removesuffix(", ")))
        if activity.venue.latitude is not None and activity.venue.longitude is not None:
            event.add("geo", vGeo((activity.venue.latitude, activity.venue.longitude)))
    if description:
        event.add("description", description)
    event.add("status", status)
    return event


def answer_of(line: LineRow, activity: Activity) -> str:
    """Return the PARTSTAT of an invitee. An answer from before a move must be given again."""
    if answered_before_the_move(line, activity):
        return UNANSWERED
    return _ANSWERS.get(line.state, UNANSWERED)


def answered_before_the_move(line: LineRow, activity: Activity) -> bool:
    if line.answered_sequence is None or activity.state is not ActivityState.PUBLISHED:
        return False
    return line.answered_sequence < activity.sequence


def mailbox() -> str:
    """Return the address for answers: the mailbox that is read, or the sender."""
    settings = current_settings()
    return settings.imap_address or parseaddr(settings.mail_sender)[1]


def organiser_of(name: str) -> vCalAddress:
    """Return the organiser: the office's name, with the address for answers."""
    address = mailbox()
    organiser = vCalAddress(f"mailto:{address}")
    organiser.params["CN"] = clean(name or parseaddr(current_settings().mail_sender)[0] or address)
    return organiser


def _attendee(attendee: Attendee, method: Method) -> vCalAddress:
    """Return the ATTENDEE. It asks for a reply if none was given yet."""
    found = vCalAddress(f"mailto:{clean(attendee.address)}")
    found.params["CN"] = clean(attendee.name) or attendee.address
    found.params["ROLE"] = "REQ-PARTICIPANT"
    found.params["PARTSTAT"] = attendee.partstat
    if method is not Method.CANCEL:
        found.params["RSVP"] = "TRUE" if attendee.partstat == UNANSWERED else "FALSE"
    return found


@cache
def timezone_of(key: str) -> Timezone:
    """Return the VTIMEZONE of an IANA zone."""
    timezone = Timezone.from_tzinfo(ZoneInfo(key), first_date=_ZONE_FROM, last_date=_ZONE_TO)
    timezone.pop("COMMENT", None)
    return timezone
