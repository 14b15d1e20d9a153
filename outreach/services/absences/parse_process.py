"""A separate program that reads an iCalendar file from standard input and writes its busy times as JSON.

services/absences/parse.py runs it with limits on memory and time. A file of a few lines may describe an endless
recurrence; here it can harm only this process. This file imports nothing of Outreach.

Only the lines that say when somebody is busy are parsed. Titles, places, guests and notes are dropped before parsing
and never leave this process.
"""

import contextlib
import json
import re
import sys
import warnings
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

MEMORY = 1024 * 1024 * 1024  # bytes of address space
UNREADABLE, TOO_MANY, TOO_OFTEN, UNKNOWN_ZONE, NO_CALENDAR = 4, 5, 6, 7, 8  # exit codes
MOST_COMPONENTS = 10_000
MOST_TIMES = 10_000
WATCHED = timedelta(days=8)  # expanded first: too many times here end the program early
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

_KEPT = {
    "VEVENT": {
        "DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "UID", "SEQUENCE", "STATUS", "TRANSP",
        "X-MICROSOFT-CDO-BUSYSTATUS",
    },
    "VFREEBUSY": {"FREEBUSY"},
    "VTIMEZONE": {"TZID"},
    "STANDARD": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"},
    "DAYLIGHT": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"},
}  # fmt: skip
_NAME = re.compile(r"([A-Za-z0-9-]+)[;:]")
_ZONE = re.compile(r';TZID=("[^"]*"|[^;:,]*)', re.IGNORECASE)
_TOO_OFTEN = re.compile(r"[:;]FREQ=(SECONDLY|MINUTELY)", re.IGNORECASE)  # never real appointments, but endless work
_LONGEST_LINE = 100_000  # characters, after folded lines are joined
BROKEN = (
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    LookupError,
    RecursionError,
)  # exceptions that invalid content of a file may cause
Busy = tuple[datetime, datetime]


class Stop(Exception):
    """Ends the program with this exit code. said: text for standard output."""

    def __init__(self, code: int, said: str = "") -> None:
        self.code, self.said = code, said


def main(zone: str, first: int, last: int) -> int:
    """Print the busy times between two instants (seconds since 1970). zone: IANA name, for times without a zone."""
    _limit_memory()
    warnings.simplefilter("ignore")
    try:
        text = _decoded(sys.stdin.buffer.read())
        span = (datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC))
        said = json.dumps([[int(a.timestamp()), int(b.timestamp())] for a, b in busy(text, zone, *span)])
    except Stop as stop:
        sys.stdout.write(stop.said)
        return stop.code
    except BROKEN:
        return UNREADABLE
    except MemoryError:
        return TOO_MANY
    sys.stdout.write(said)
    return 0


def busy(text: str, zone: str, first: datetime, last: datetime) -> list[Busy]:
    """Return the busy times, sorted by start, joined where they touch or overlap."""
    import recurring_ical_events
    from icalendar import Calendar
    from icalendar.timezone import tzp

    kept = Kept(text)
    calendar: Any = Calendar.from_ical(kept.as_calendar())
    for name in kept.zones:
        if tzp.timezone(name) is None:
            raise Stop(UNKNOWN_ZONE, name[:60])
    local = (kept.own_zone and tzp.timezone(kept.own_zone)) or tzp.timezone(zone) or UTC
    events = recurring_ical_events.of(calendar, components=["VEVENT"])
    times = list(_free_busy(kept.free_busy, local))
    for begins, ends in ((first, min(first + WATCHED, last)), (min(first + WATCHED, last), last)):
        for event in events.between(begins, ends):
            if _is_busy(event):
                times.append((_instant(event.start, local), _instant(event.end, local)))
        if len(times) > MOST_TIMES:
            raise Stop(TOO_MANY)
    return _joined((max(a, EARLIEST), min(b, LATEST)) for a, b in times if a < last and b > first)


class Kept:
    """The lines that are parsed, grouped by component. zones: names of all time zones that the events use."""

    def __init__(self, text: str) -> None:
        self.events: list[list[str]] = []
        self.timezones: list[list[str]] = []
        self.free_busy: list[str] = []
        self.zones: set[str] = set()
        self.own_zone = ""
        self._open: list[str] = []
        self._seen = False
        for line in _unfolded(text):
            found = _NAME.match(line)
            if found:
                self._take(found[1].upper(), line)
        if not self._seen:
            raise Stop(NO_CALENDAR)
        if self._open:  # the file was cut off
            raise Stop(UNREADABLE)

    def _take(self, name: str, line: str) -> None:
        if name == "BEGIN":
            self._begin(line[6:].strip().upper())
        elif name == "END":
            if not self._open or self._open.pop() != line[4:].strip().upper():
                raise Stop(UNREADABLE)
            if self._in_zone and line[4:].strip().upper() in {"STANDARD", "DAYLIGHT"}:
                self.timezones[-1].append(line)
        elif self._open == ["VCALENDAR"] and name == "X-WR-TIMEZONE":
            self.own_zone = line.partition(":")[2].strip()
        elif self._open and name in _KEPT.get(self._open[-1], ()):
            self._keep(name, line)

    def _begin(self, component: str) -> None:
        self._open.append(component)
        self._seen = self._seen or component == "VCALENDAR"
        if len(self._open) > 8:
            raise Stop(UNREADABLE)
        if self._open == ["VCALENDAR", "VEVENT"]:
            self.events.append([f"X-NUMBER:{len(self.events)}"])
        elif self._open == ["VCALENDAR", "VTIMEZONE"]:
            self.timezones.append([])
        elif self._in_zone and component in {"STANDARD", "DAYLIGHT"}:
            self.timezones[-1].append(f"BEGIN:{component}")
        if len(self.events) + len(self.timezones) > MOST_COMPONENTS:
            raise Stop(TOO_MANY)

    @property
    def _in_zone(self) -> bool:
        return self._open[:2] == ["VCALENDAR", "VTIMEZONE"]

    def _keep(self, name: str, line: str) -> None:
        if name == "RRULE" and _TOO_OFTEN.search(line):
            raise Stop(TOO_OFTEN)
        if self._in_zone:
            self.timezones[-1].append(line)
        elif self._open == ["VCALENDAR", "VEVENT"]:
            self.events[-1].append(line)
            self.zones.update(zone.strip('"') for zone in _ZONE.findall(line.partition(":")[0] + ":"))
        elif self._open == ["VCALENDAR", "VFREEBUSY"]:
            self.free_busy.append(line)

    def as_calendar(self) -> str:
        """Return a calendar of only these lines. Zones come first; an event without a UID gets one."""
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Outreach//EN"]
        for zone in self.timezones:
            if any(line.upper().startswith("TZID") for line in zone):
                lines += ["BEGIN:VTIMEZONE", *zone, "END:VTIMEZONE"]
        for event in self.events:
            names = {found[1].upper() for line in event if (found := _NAME.match(line))}
            if "DTSTART" not in names:  # RFC 5545, 3.6.1: only iTIP events may lack it
                continue
            number, *rest = event
            uid = [] if "UID" in names else [f"UID:without-{number.partition(':')[2]}"]
            lines += ["BEGIN:VEVENT", *uid, *rest, "END:VEVENT"]
        return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _unfolded(text: str) -> Iterator[str]:
    """Yield content lines, unfolded (RFC 5545, 3.1)."""
    joined: list[str] = []
    length = 0
    for line in re.split(r"\r\n|\n|\r", text):
        if line[:1] in (" ", "\t") and joined:
            if length < _LONGEST_LINE:
                joined.append(line[1:])
                length += len(line) - 1
            continue
        if joined:
            yield "".join(joined)
        joined, length = [line], len(line)
    yield "".join(joined)


def _is_busy(event: Any) -> bool:
    return (
        str(event.get("STATUS", "")).upper() != "CANCELLED"
        and str(event.get("TRANSP", "")).upper() != "TRANSPARENT"
        and str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() != "FREE"
    )


def _free_busy(lines: Iterable[str], local: tzinfo) -> Iterator[Busy]:
    from icalendar import vPeriod

    for line in lines:
        head, _, periods = line.partition(":")
        if "FBTYPE=FREE" in head.upper():
            continue
        for period in periods.split(","):
            begins, ends = vPeriod.from_ical(period.strip())
            begins = _instant(begins, local)
            yield begins, (begins + ends if isinstance(ends, timedelta) else _instant(ends, local))


def _instant(at: date | datetime, local: tzinfo) -> datetime:
    """Return the instant in UTC of a time, or of the start of a day. Values without a zone are in `local`."""
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day)  # noqa: DTZ001  the zone is added below
    if not 1990 < at.year < 2300:  # zone conversion fails near the limits of datetime
        at = at.replace(year=1990 if at.year < 2000 else 2300, day=min(at.day, 28))
    return (at if at.tzinfo else at.replace(tzinfo=local)).astimezone(UTC)


def _joined(times: Iterable[Busy]) -> list[Busy]:
    found: list[Busy] = []
    for begins, ends in sorted(times):
        if ends <= begins:
            continue
        if found and begins <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((begins, ends))
    return found


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "cp1252", "latin-1"):
        with contextlib.suppress(UnicodeDecodeError):
            text = data.decode(encoding)
            if "\0" in text:
                break
            return text
    raise Stop(UNREADABLE)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
