"""An activity as an iCalendar object: asked for (REQUEST), taken back (CANCEL), or merely shown (PUBLISH).

RFC 5545 for the form, RFC 5546 for the methods, one activity in each object. The entry says no more than the neutral
public title, the place and the link.
"""

from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parseaddr
from enum import StrEnum
from functools import cache
from zoneinfo import ZoneInfo

from flask_babel import gettext
from icalendar import Calendar, Event, Timezone, vCalAddress, vGeo

from outreach.delivery.placeholders import clean
from outreach.domain.kinds import MailKind
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import current_settings
from outreach.models import Activity, Invitation

PRODID = "-//Outreach//Outreach//ID"
_ZONE_FROM, _ZONE_TO = date(2020, 1, 1), date(2050, 1, 1)


class Method(StrEnum):
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


METHODS = {
    MailKind.INVITATION: Method.REQUEST,
    MailKind.CHANGE: Method.REQUEST,
    MailKind.SEAT: Method.REQUEST,
    MailKind.CANCELLATION: Method.CANCEL,
    MailKind.WITHDRAWAL: Method.CANCEL,
}
_ANSWERS = {
    InvitationState.COMING: "ACCEPTED",
    InvitationState.NOT_COMING: "DECLINED",
    InvitationState.REPRESENTED: "DECLINED",  # somebody else comes
}


@dataclass(frozen=True)
class Attendee:
    name: str
    address: str
    partstat: str = "NEEDS-ACTION"


def publish_ics(activity: Activity, *, url: str, now: datetime) -> bytes:
    """Return the calendar file that an answer page offers, with the page's own address as its description.

    Of a cancelled activity it says that it is cancelled.
    """
    return ics_for(activity, Method.PUBLISH, url=url, now=now)


def ics_for(
    activity: Activity,
    method: Method,
    *,
    url: str,
    now: datetime,
    attendee: Attendee | None = None,
    organiser: str = "",
    withdrawn: bool = False,
) -> bytes:
    """Return one activity's iCalendar object, UTF-8 with CRLF, lines folded.

    url: the reader's page, which is all the description says; "" for none. attendee: whom a REQUEST or CANCEL is for.
    organiser: the office's name. withdrawn: the activity stands, but is taken from this reader's calendar; that must
    outrank the request it takes back (RFC 5546, 3.2.5).
    """
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", method.value)
    calendar.add_component(_timezone(activity.zone.key))
    event = Event()
    event.add("uid", activity.uid)
    event.add("sequence", activity.sequence + withdrawn)
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
    if url:
        event.add("description", url)
    off = method is Method.CANCEL or activity.state is ActivityState.CANCELLED
    event.add("status", "CANCELLED" if off else "CONFIRMED")
    event.add("organizer", _organiser(organiser))
    if attendee is not None:
        event.add("attendee", _attendee(attendee, method), encode=False)
    calendar.add_component(event)
    return calendar.to_ical()


def answer_of(invitation: Invitation, *, representative: bool = False) -> str:
    """Return the PARTSTAT of an invitee or their representative; an answer from before a move must be given again."""
    if invitation.answered_before_the_move:
        return "NEEDS-ACTION"
    if representative:
        return "ACCEPTED"
    return _ANSWERS.get(invitation.state, "NEEDS-ACTION")


def _organiser(name: str) -> vCalAddress:
    sender_name, address = parseaddr(current_settings().mail_sender)
    organiser = vCalAddress(f"mailto:{address}")
    organiser.params["CN"] = clean(name or sender_name or address)
    return organiser


def _attendee(attendee: Attendee, method: Method) -> vCalAddress:
    """No reply is asked for: nobody reads what a calendar program sends back; the link in the mail is the way to answer."""
    found = vCalAddress(f"mailto:{clean(attendee.address)}")
    found.params["CN"] = clean(attendee.name) or attendee.address
    found.params["ROLE"] = "REQ-PARTICIPANT"
    found.params["PARTSTAT"] = attendee.partstat
    if method is not Method.CANCEL:
        found.params["RSVP"] = "FALSE"
    return found


@cache
def _timezone(key: str) -> Timezone:
    timezone = Timezone.from_tzinfo(ZoneInfo(key), first_date=_ZONE_FROM, last_date=_ZONE_TO)
    timezone.pop("COMMENT", None)
    return timezone
