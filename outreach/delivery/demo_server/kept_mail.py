"""Read the parts of a caught mail for the demo's mailbox: text, HTML, attachments, calendar events, headers.

Mails may be broken or hostile. Parts that cannot be read are left out, and everything has a limit.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.message import Message as EmailPart
from itertools import islice
from typing import Any

from icalendar import Calendar

MOST_PARTS = 100
MOST_EVENTS = 20
LONGEST_CALENDAR = 200_000  # bytes
LONGEST_TEXT = 500_000  # characters
BASE = '<base target="_top">'
HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)
FOREIGN_BASE = re.compile(r"<base\b[^>]*>", re.IGNORECASE)
CID = re.compile(r"""(src\s*=\s*["'])cid:([^"']+)""", re.IGNORECASE)
UNSAFE_IN_NAMES = re.compile(r"[^\w.\- ]+")


@dataclass(frozen=True)
class Attached:
    number: int
    name: str
    kind: str  # media type
    size: int  # bytes
    data: bytes


@dataclass(frozen=True)
class CaughtEvent:
    """One event of a calendar part."""

    method: str  # "REQUEST", "CANCEL", ...
    title: str
    starts_at: datetime | None
    ends_at: datetime | None
    place: str
    sequence: int


def text_of(mail: EmailMessage) -> str:
    return _first(mail, "text/plain")


def html_of(mail: EmailMessage, file_url: Callable[[int], str] | None = None) -> str:
    """Return the mail's HTML, changed so that links open outside its frame; "" if there is none.

    file_url: returns the address of a part by its number, for pictures inside the mail.
    """
    page = _first(mail, "text/html")
    if not page:
        return ""
    page = FOREIGN_BASE.sub("", page)
    if file_url is not None:
        numbers = {_content_id(part): number for number, part in enumerate(_parts(mail)) if _content_id(part)}
        page = CID.sub(lambda m: m[1] + (file_url(numbers[m[2]]) if m[2] in numbers else ""), page)
    found = HEAD.search(page)
    return page[: found.end()] + BASE + page[found.end() :] if found else BASE + page


def attachments_of(mail: EmailMessage) -> list[Attached]:
    """Return what a mail program would offer to save: attachments and calendar parts."""
    return [
        found
        for number, part in enumerate(_parts(mail))
        if part.get_content_disposition() == "attachment" or part.get_content_type() == "text/calendar"
        for found in _attached(part, number)
    ]


def attachment_of(mail: EmailMessage, number: int) -> Attached | None:
    """Return any leaf part by its number, counted from 0 through the mail, or None."""
    parts = list(_parts(mail))
    return next(_attached(parts[number], number), None) if 0 <= number < len(parts) else None


def calendars_of(mail: EmailMessage) -> list[CaughtEvent]:
    found: list[CaughtEvent] = []
    for part in _parts(mail):
        if part.get_content_type() == "text/calendar":
            data = _payload(part)
            if len(data) <= LONGEST_CALENDAR:
                found += _entries(data)
    return found[:MOST_EVENTS]


def headers_of(mail: EmailMessage) -> list[tuple[str, str]]:
    """Return the headers as written in the mail, each on one line."""
    found = []
    for name, value in list(mail.raw_items())[:MOST_PARTS]:
        text = value.encode("utf-8", "replace").decode("utf-8", "replace")
        found.append((str(name), " ".join(text.split())[:1000]))
    return found


def _parts(mail: EmailMessage) -> Iterator[EmailPart]:
    for part in islice(mail.walk(), MOST_PARTS):
        if not part.is_multipart():
            yield part


def _first(mail: EmailMessage, kind: str) -> str:
    for part in _parts(mail):
        if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
            return _text(part)
    return ""


def _text(part: EmailPart) -> str:
    data = _payload(part)
    try:
        return data.decode(part.get_content_charset("utf-8"), "replace")[:LONGEST_TEXT]
    except (LookupError, ValueError):  # an unknown charset
        return data.decode("utf-8", "replace")[:LONGEST_TEXT]


def _payload(part: EmailPart) -> bytes:
    try:
        data: Any = part.get_payload(decode=True)
    except Exception:
        return b""
    return data if isinstance(data, bytes) else b""


def _attached(part: EmailPart, number: int) -> Iterator[Attached]:
    data = _payload(part)
    kind = part.get_content_type()
    try:
        name = part.get_filename() or ""
    except Exception:
        name = ""
    name = UNSAFE_IN_NAMES.sub("_", name).strip(" .")[:80] or (
        "invite.ics" if kind == "text/calendar" else f"part-{number}"
    )
    yield Attached(number, name, kind, len(data), data)


def _content_id(part: EmailPart) -> str:
    try:
        return str(part.get("Content-ID", "")).strip("<> ")
    except Exception:
        return ""


def _entries(data: bytes) -> list[CaughtEvent]:
    try:
        calendar = Calendar.from_ical(data)
        method = str(calendar.get("METHOD", ""))
        return [_entry(method, event) for event in calendar.walk("VEVENT")[:MOST_EVENTS]]
    except Exception:
        return []


def _entry(method: str, event: Any) -> CaughtEvent:
    return CaughtEvent(
        method=method,
        title=str(event.get("SUMMARY", ""))[:300],
        starts_at=_instant(event, "DTSTART"),
        ends_at=_instant(event, "DTEND"),
        place=str(event.get("LOCATION", ""))[:300],
        sequence=int(event.get("SEQUENCE", 0)),
    )


def _instant(event: Any, name: str) -> datetime | None:
    value = getattr(event.get(name), "dt", None)
    return value if isinstance(value, datetime) and value.tzinfo is not None else None
