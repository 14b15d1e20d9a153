"""For which purpose personal data is kept, and for how long: the defaults, and the bounds within which an office may choose.

Pure: what is erased then, and how, is services/privacy/retention/. A purpose without a period is kept by law or by its nature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from outreach.domain.problems import Problem

YEAR = 365


class Purpose(StrEnum):
    """Why data is kept. The order is that of the table that people read."""

    PEOPLE = "people"  # the address book: people who are invited
    ANSWERS = "answers"  # what was said with an answer, and who came in whose place
    ATTENDANCE = "attendance"  # the log at the door, and signed lists
    CALLS = "calls"  # what was noted after a call
    MESSAGES = "messages"  # the text of mails that were sent
    ARCHIVE = "archive"  # that a mail was sent, when, and to which address
    INCOMING = "incoming"  # mails received
    UPLOADS = "uploads"  # speakers' files
    ABSENCES = "absences"  # when people cannot come
    PROPOSALS = "proposals"  # proposals of timetabling
    FEEDS = "feeds"  # secret addresses of calendars
    AUDIT = "audit"  # what staff changed and downloaded
    SECURITY = "security"  # sign-ins, refusals and what else concerns security
    ACCOUNTS = "accounts"  # closed accounts of staff
    REQUESTS = "requests"  # what people asked about their data, and what was done
    BACKUPS = "backups"  # files that the administrator keeps
    SHORT = "short"  # what the program itself needs for hours or days
    DOCUMENTS = "documents"  # letters, minutes, certificates, photos: archives of the office


@dataclass(frozen=True)
class Bounds:
    """How long a purpose's data may be kept, in days. default: as long as the office has not chosen."""

    default: int
    least: int
    most: int


BOUNDS: Mapping[Purpose, Bounds] = {
    Purpose.PEOPLE: Bounds(5 * YEAR, YEAR, 10 * YEAR),
    Purpose.ANSWERS: Bounds(2 * YEAR, 90, 10 * YEAR),
    Purpose.ATTENDANCE: Bounds(5 * YEAR, YEAR, 10 * YEAR),
    Purpose.CALLS: Bounds(YEAR, 30, 5 * YEAR),
    Purpose.MESSAGES: Bounds(90, 14, 2 * YEAR),
    Purpose.ARCHIVE: Bounds(3 * YEAR, YEAR, 10 * YEAR),
    Purpose.INCOMING: Bounds(90, 14, 2 * YEAR),
    Purpose.UPLOADS: Bounds(2 * YEAR, 30, 10 * YEAR),
    Purpose.ABSENCES: Bounds(180, 30, 3 * YEAR),
    Purpose.PROPOSALS: Bounds(30, 1, YEAR),
    Purpose.FEEDS: Bounds(YEAR, 90, 5 * YEAR),
    Purpose.AUDIT: Bounds(5 * YEAR, YEAR, 10 * YEAR),
    Purpose.SECURITY: Bounds(YEAR, 90, 5 * YEAR),
    Purpose.ACCOUNTS: Bounds(YEAR, 30, 5 * YEAR),
    Purpose.REQUESTS: Bounds(5 * YEAR, YEAR, 10 * YEAR),
    Purpose.BACKUPS: Bounds(90, 7, 2 * YEAR),
}
CHANGEABLE = tuple(BOUNDS)
ONLY_TOLD = frozenset({Purpose.BACKUPS})  # Outreach cannot delete these; it says how old they are


class PeriodOutOfBounds(Problem):
    message = "Please write a number of days from %(least)s to %(most)s."


def checked(purpose: Purpose, days: int | None) -> int:
    """Return the days. Raise PeriodOutOfBounds."""
    bounds = BOUNDS[purpose]
    if days is None or not bounds.least <= days <= bounds.most:
        raise PeriodOutOfBounds(least=bounds.least, most=bounds.most, field=purpose.value)
    return days


def cutoff(now: datetime, days: int) -> datetime:
    """Return the instant before which data of this purpose is too old."""
    return now - timedelta(days=days)


@dataclass(frozen=True)
class Due:
    """How much of a purpose's data will be erased on a day. on: None for what is due now."""

    purpose: Purpose
    on: date | None
    number: int
