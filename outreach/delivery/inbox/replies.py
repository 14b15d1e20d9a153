"""Replies from calendar programs (RFC 5546, 3.2.3 and 3.2.7; RFC 6047): who answers, what, and to which event.

Only the lines that matter are parsed, one by one. No event is built, and no time zone or recurrence is computed,
because a stranger could make either endless.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import islice

from icalendar.parser import Contentline
from icalendar.timezone import tzp

from outreach.delivery.inbox.decoding import clean, mailbox_of
from outreach.delivery.inbox.parts import MailPart, parameter
from outreach.domain.mail.incoming import Participation

MOST_BYTES = 256 * 1024
MOST_CALENDARS = 3  # parts of a mail that are read; the usual programs send the same one at most twice
MOST_LINES = 5000
MOST_COMPONENTS = 60  # a reply has one event and its time zones
MOST_LINE = 4000  # characters of an unfolded line
MOST_ATTENDEES = 20
TYPES = ("text/calendar", "application/ics", "text/x-vcalendar")
WANTED = frozenset({"METHOD", "UID", "ATTENDEE", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "COMMENT"})
_FOLD = re.compile(r"\n[ \t]")
_INSTANT = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})(Z?)")


class ReplyTooLarge(Exception):
    """The calendar has more lines or components than any genuine reply to us."""


@dataclass(frozen=True)
class ReplyAttendee:
    """An attendee with their answer. delegated_to, delegated_from: addresses, where it is passed on (RFC 5546, 3.2.2.3).

    Addresses are in the form of email_addresses.key; "" for none.
    """

    address: str
    name: str
    participation: Participation
    delegated_to: str = ""
    delegated_from: str = ""


@dataclass(frozen=True)
class CalendarReply:
    """A calendar reply. counter: it proposes another time, starts_at to ends_at, naive if the zone is unknown."""

    uid: str
    attendees: tuple[ReplyAttendee, ...]
    sequence: int
    stamped_at: datetime | None
    comment: str = ""
    counter: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True)
class _ContentLine:
    name: str
    params: dict[str, str]
    value: str


def reply_in(mail: MailPart) -> CalendarReply | None:
    """Return the calendar reply in a mail, or None. Raise CalendarTooLarge.

    A calendar inside an enclosed mail is ignored, because the sender did not write it.
    """
    own = (part for part in mail.walk() if not part.enclosed and not part.children)
    calendars = (part for part in own if part.type in TYPES or part.filename.lower().endswith(".ics"))
    left = 2 * MOST_BYTES  # encoded size, for all parts together
    for part in islice(calendars, MOST_CALENDARS):
        left -= len(part.body)
        if left < 0:
            raise ReplyTooLarge
        found = reply_of(part.text(2 * MOST_BYTES), parameter(part.headers, "method"))
        if found is not None:
            return found
    return None


def reply_of(text: str, method: str = "") -> CalendarReply | None:
    """Return the content of an iCalendar object with method REPLY or COUNTER, else None. Raise CalendarTooLarge.

    method: from the part's content type, used if the object itself has none.
    """
    if len(text) > MOST_BYTES or text.count("\n") > MOST_LINES or text.upper().count("BEGIN:") > MOST_COMPONENTS:
        raise ReplyTooLarge
    named = ""
    event: list[_ContentLine] = []
    for component, line in _lines(text):
        if component == "VCALENDAR" and line.name == "METHOD":
            named = line.value
        elif component == "VEVENT":
            event.append(line)
    method = (named or method).strip().upper()
    uid = _first(event, "UID")
    if method not in ("REPLY", "COUNTER") or not uid:
        return None
    stamped = _instant(event, "DTSTAMP")
    return CalendarReply(
        uid=uid[:250],
        attendees=tuple(_attendee(line) for line in event if line.name == "ATTENDEE"),
        sequence=_number(_first(event, "SEQUENCE")),
        stamped_at=stamped if stamped is None or stamped.tzinfo else stamped.replace(tzinfo=UTC),
        comment=_first(event, "COMMENT").strip()[:1000],
        counter=method == "COUNTER",
        starts_at=_instant(event, "DTSTART"),
        ends_at=_instant(event, "DTEND"),
    )


def _lines(text: str) -> Iterator[tuple[str, _ContentLine]]:
    """Yield the wanted lines of the calendar itself and of its first event, each with its component's name."""
    within: list[str] = []
    entries = attendees = 0
    for line in _FOLD.sub("", text).split("\n"):
        head = line[:40].strip().upper()
        if head.startswith("BEGIN:"):
            within.append(head[6:].strip())
            entries += within == ["VCALENDAR", "VEVENT"]
        elif head.startswith("END:"):
            if within:
                within.pop()
        elif within == ["VCALENDAR"] or (within == ["VCALENDAR", "VEVENT"] and entries == 1):
            name = re.split("[;:]", head, maxsplit=1)[0]
            attendees += name == "ATTENDEE"
            if name == "ATTENDEE" and attendees > MOST_ATTENDEES:
                continue
            if name in WANTED and (parsed := _parsed(line[:MOST_LINE])):
                yield within[-1], parsed


def _parsed(line: str) -> _ContentLine | None:
    try:
        name, params, value = Contentline(line.strip()).parts()
    except ValueError:
        return None
    plain = {
        str(key).upper(): value if isinstance(value, str) else str(next(iter(value), ""))
        for key, value in params.items()
    }
    return _ContentLine(str(name).upper(), plain, clean(str(value)))


def _without_scheme(address: str) -> str:
    address = address.strip().strip('"')
    return address[7:] if address.lower().startswith("mailto:") else address


def _attendee(line: _ContentLine) -> ReplyAttendee:
    address = _without_scheme(line.value)
    if "@" not in address:  # Exchange may name an X.500 address, with the mailbox in a parameter
        address = line.params.get("EMAIL", "")
    try:
        participation = Participation(line.params.get("PARTSTAT", "").strip().upper())
    except ValueError:
        participation = Participation.UNCLEAR
    to, by = (mailbox_of(_without_scheme(line.params.get(f"DELEGATED-{end}", "")))[1] for end in ("TO", "FROM"))
    name = " ".join(line.params.get("CN", "").split())[:160]
    return ReplyAttendee(mailbox_of(address)[1], name, participation, to, by)


def _first(lines: list[_ContentLine], name: str) -> str:
    return next((line.value for line in lines if line.name == name), "")


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else 0


def _instant(lines: list[_ContentLine], name: str) -> datetime | None:
    line = next((line for line in lines if line.name == name), None)
    found = _INSTANT.fullmatch(line.value.strip()) if line else None
    if line is None or found is None:
        return None
    year, month, day, hour, minute, second = (int(number) for number in found.groups()[:6])
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC if found[7] else None)
        zone = None if found[7] else _zone(line.params.get("TZID", ""))
        return moment.replace(tzinfo=zone) if zone else moment
    except (ValueError, OverflowError):
        return None


def _zone(name: str) -> tzinfo | None:
    """Return a zone by its IANA or Windows name, or None if the name is unknown."""
    if not 0 < len(name) <= 60:
        return None
    try:
        return tzp.timezone(name)
    except (ValueError, OSError, LookupError):
        return None
