"""Safe reading of an iCalendar file (RFC 5545) into busy times: checks of type and size, and a limit on time.

services/absences/parse_process.py parses the file and expands recurrences in a separate process with a time limit.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from outreach.domain.planning.absences import AbsentTime
from outreach.domain.problems import Problem
from outreach.services.absences import parse_process

MOST_BYTES = 5 * 1024 * 1024
READ_WITHIN_S = 15
AT_ONCE = threading.BoundedSemaphore(2)  # in this process; each reading may use one core and some hundred MB
HORIZON = timedelta(days=400)  # how far ahead busy times are read
BEFORE = timedelta(days=1)


class IsWebPage(Problem):
    message = (
        "This is a web page, not a calendar. In your calendar program, look for the address in iCal or ICS format; it often "
        "ends in .ics."
    )
    field = "source"


class NotACalendar(Problem):
    message = "This is not a calendar. Please choose a file in iCal or ICS format; its name mostly ends in .ics."
    field = "source"


class CalendarEmpty(Problem):
    message = "There is nothing in it. Please choose a file in iCal or ICS format."
    field = "source"


class CalendarBroken(Problem):
    message = "This calendar is damaged or cut off, so it cannot be read. Please export it once more."
    field = "source"


class CalendarTooLarge(Problem):
    message = "This calendar is larger than %(megabytes)s MB. Please share one that holds fewer events."
    field = "source"


class TooManyEvents(Problem):
    message = (
        "This calendar has more than %(most)s events. Please share one that holds fewer, such as those from now on."
    )
    field = "source"


class RepeatsTooOften(Problem):
    message = "An event in this calendar repeats every minute or second. Please correct or remove that event."
    field = "source"


class TakesTooLong(Problem):
    message = (
        "Reading this calendar takes too long; mostly an event in it repeats without end. Please correct that event."
    )
    field = "source"


class ReadersBusy(Problem):
    message = "Other calendars are being read just now. Please try again in a minute."
    field = "source"


class LeftOut(Problem):
    """What could not be read of a calendar, although the rest was."""


class TimesLeftOut(LeftOut):
    message = "Entries left out, because their times cannot be read: %(times)s. Everything else is read."


class ZonesLeftOut(LeftOut):
    message = "Entries left out, because the time zone “%(zone)s” is not known: %(zones)s. Everything else is read."


class RulesLeftOut(LeftOut):
    message = "Repetitions or exceptions that cannot be read: %(rules)s. Please check the entries that repeat."


class PartsLeftOut(LeftOut):
    message = (
        "Entries left out, because their times cannot be read: %(times)s; because their time zone is not known: %(zones)s. "
        "Repetitions or exceptions that cannot be read: %(rules)s. Everything else is read."
    )


@dataclass(frozen=True)
class CalendarReading:
    """The busy times from yesterday to 400 days ahead, sorted by start, joined where they touch or overlap.

    left_out: what could not be read, as a sentence; None if everything was.
    """

    times: list[AbsentTime]
    left_out: LeftOut | None = None


def read(data: bytes, zone: ZoneInfo, *, now: datetime, wait_s: float | None = None) -> CalendarReading:
    """Return a calendar's busy times, and what in it could not be read.

    zone: for times without a zone, if the calendar has no default zone. wait_s: how long to wait while two other
    calendars are read; None: READ_WITHIN_S. Raise a Problem that says why the calendar cannot be read.
    """
    check_beginning(data)
    return _read_apart(data, zone, now, READ_WITHIN_S if wait_s is None else wait_s)


def check_beginning(data: bytes) -> None:
    """Raise a Problem if this is too large, empty or plainly no calendar, without parsing it."""
    if len(data) > MOST_BYTES:
        raise CalendarTooLarge(megabytes=MOST_BYTES // 1024 // 1024)
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head.strip(b"\0"):
        raise CalendarEmpty
    if head.startswith(b"<"):
        raise IsWebPage if b"<html" in head.lower() or b"<!doctype html" in head.lower() else NotACalendar


def _read_apart(data: bytes, zone: ZoneInfo, now: datetime, wait_s: float) -> CalendarReading:
    span = [str(int(at.timestamp())) for at in (now - BEFORE, now + HORIZON)]
    if not AT_ONCE.acquire(timeout=wait_s):
        raise ReadersBusy
    command = [sys.executable, "-I", str(Path(parse_process.__file__)), zone.key, *span]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=READ_WITHIN_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise TakesTooLong from None
    finally:
        AT_ONCE.release()
    match done.returncode:
        case 0:
            said = json.loads(done.stdout)
            times = [(datetime.fromtimestamp(a, UTC), datetime.fromtimestamp(b, UTC)) for a, b in said["times"]]
            return CalendarReading(times, _left_out(said))
        case parse_process.TOO_MANY:
            raise TooManyEvents(most=parse_process.MOST_TIMES)
        case parse_process.TOO_OFTEN:
            raise RepeatsTooOften
        case parse_process.NO_CALENDAR:
            raise NotACalendar
        case _:
            raise CalendarBroken


def _left_out(said: Mapping[str, Any]) -> LeftOut | None:
    parts = {kind: said["left_out"][kind] for kind in ("times", "zones", "rules")}
    match [kind for kind, number in parts.items() if number]:
        case []:
            return None
        case ["times"]:
            return TimesLeftOut(times=parts["times"])
        case ["zones"]:
            return ZonesLeftOut(zones=parts["zones"], zone=said["left_out"]["zone"])
        case ["rules"]:
            return RulesLeftOut(rules=parts["rules"])
    return PartsLeftOut(**parts)
