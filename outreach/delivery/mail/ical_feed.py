"""A whole calendar for subscribers: many activities as one iCalendar object.

The form follows RFC 5545; RFC 7986 defines its name and refresh interval. Events are the same as in mails
(mail/ical_event.py), so that a program that has an activity from both shows it once. queries/feeds.py decides which activities
a feed has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from flask_babel import gettext
from icalendar import Calendar

from outreach.delivery import tokens
from outreach.delivery.mail.ical_event import PRODID, Method, event_of, organiser_of, timezone_of
from outreach.delivery.mail.placeholders import clean
from outreach.domain.kinds import LinkPurpose
from outreach.extensions import current_settings
from outreach.models import Activity, Feed

READ_EVERY = timedelta(hours=1)
_FORM = 2  # raise it when the same activities are written differently


class FeedStatus(StrEnum):
    """How certain an event is (RFC 5545, 3.8.1.11)."""

    CONFIRMED = "CONFIRMED"
    TENTATIVE = "TENTATIVE"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class FeedEntry:
    """revision: the invitation's share of the SEQUENCE, if the feed belongs to an invitee. page: for staff; "" for none.

    notes: the lines of its description, as in mails (ical_event.notes_of).
    """

    activity: Activity
    status: FeedStatus
    revision: int = 0
    page: str = ""
    notes: tuple[str, ...] = ()


def feed_url(feed: Feed) -> str:
    """Return the feed's absolute address. It is always the same for the same nonce and secret key."""
    token = tokens.tokens_by_nonce(LinkPurpose.FEED)(feed.nonce)
    return f"{current_settings().base_url.rstrip('/')}/feeds/{token}.ics"


def fingerprint(title: str, entries: Sequence[FeedEntry], *, organiser: str, takes_time: bool) -> str:
    """Return a value that stays the same as long as the calendar's content does, whenever it is requested."""
    said = [
        (
            entry.activity.uid, entry.activity.sequence + entry.revision, entry.activity.starts_at, entry.activity.ends_at,
            entry.activity.zone.key, entry.activity.neutral_title, entry.status, entry.page, entry.notes, _place(entry.activity),
        )
        for entry in entries
    ]  # fmt: skip
    whole = (_FORM, title, organiser_of(organiser).to_ical(), takes_time, gettext("to be announced"), said)
    return sha256(repr(whole).encode()).hexdigest()[:32]


def feed_ics(title: str, entries: Sequence[FeedEntry], *, organiser: str, takes_time: bool, now: datetime) -> bytes:
    """Return the calendar, UTF-8 with CRLF, lines folded.

    title: the calendar's name in the program. takes_time: whether its events make the subscriber busy, as in a feed of
    one's own.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("method", Method.PUBLISH.value)
    for name in ("name", "x-wr-calname"):
        calendar.add(name, clean(title))
    calendar.add("refresh-interval", READ_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for key in sorted({entry.activity.zone.key for entry in entries}):
        calendar.add_component(timezone_of(key))
    who = organiser_of(organiser)
    for entry in entries:
        said = "\n".join(entry.notes)
        event = event_of(entry.activity, now=now, status=entry.status.value, revision=entry.revision, description=said)
        event.add("organizer", who)
        event.add("transp", "OPAQUE" if takes_time and entry.status is not FeedStatus.CANCELLED else "TRANSPARENT")
        if entry.page:
            event.add("url", entry.page)
        calendar.add_component(event)
    return calendar.to_ical()


def _place(activity: Activity) -> tuple[object, ...]:
    venue = activity.venue
    return () if venue is None else (venue.name, venue.address, venue.latitude, venue.longitude)
