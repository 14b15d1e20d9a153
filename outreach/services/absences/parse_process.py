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
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

MEMORY = 1024 * 1024 * 1024  # bytes of address space
UNREADABLE, TOO_MANY, TOO_OFTEN, NO_CALENDAR = 4, 5, 6, 8  # exit codes
MOST_COMPONENTS = 10_000
MOST_TIMES = 10_000
WATCHED = timedelta(days=8)  # expanded first: too many times here end the program early
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

_KEPT = {
    "VEVENT": {
        "DTSTART", "DTEND", "DURATION", "RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "UID", "STATUS", "TRANSP",
        "X-MICROSOFT-CDO-BUSYSTATUS",
    },
    "VFREEBUSY": {"FREEBUSY"},
    "VTIMEZONE": {"TZID"},
    "STANDARD": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"},
    "DAYLIGHT": {"DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE"},
}  # fmt: skip
_PROPERTY = re.compile(
    r'(?P<name>[A-Za-z0-9-]+)(?P<parameters>(?:;[^":;]*(?:"[^"]*"[^":;]*)*)*):(?P<value>.*)', re.DOTALL
)
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=("[^"]*"|[^";:]*)')
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)")
_TIME = re.compile(r"(\d{8})T(\d\d)(\d\d)(\d\d)(Z?)")
_UNTIL = re.compile(r"(?<=UNTIL=)(\d{8})(T\d{6})?(Z?)(?=;|$)")
_TOO_OFTEN = re.compile(r"(^|;)FREQ=(SECONDLY|MINUTELY)", re.IGNORECASE)  # never real appointments, but endless work
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


class ExitWith(Exception):
    """Ends the program with this exit code."""

    def __init__(self, code: int) -> None:
        self.code = code


class Skip(Exception):
    """An event cannot be read."""


class UnknownZone(Skip):
    def __init__(self, name: str) -> None:
        self.name = name


@dataclass
class LeftOut:
    """What could not be read. times, zones: events with ill-formed times, an unknown zone. rules: repetitions, exceptions."""

    times: int = 0
    zones: int = 0
    zone: str = ""  # the first unknown zone
    rules: int = 0

    def note(self, skip: Skip) -> None:
        if isinstance(skip, UnknownZone):
            self.zones += 1
            self.zone = self.zone or skip.name[:60]
        else:
            self.times += 1


@dataclass(frozen=True)
class Property:
    name: str
    parameters: dict[str, str]
    value: str

    @property
    def is_date(self) -> bool:
        return (
            self.parameters.get("VALUE", "").upper() == "DATE" or _DATE.fullmatch(self.value.split(",")[0]) is not None
        )


def main(zone: str, first: int, last: int) -> int:
    """Print the busy times between two instants (seconds since 1970), and what was left out.

    zone: IANA name, for times without a zone.
    """
    _limit_memory()
    warnings.simplefilter("ignore")
    try:
        text = _decoded(sys.stdin.buffer.read())
        span = (datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC))
        times, left_out = busy(text, zone, *span)
        found = [[int(a.timestamp()), int(b.timestamp())] for a, b in times]
        said = json.dumps({"times": found, "left_out": asdict(left_out)})
    except ExitWith as stop:
        return stop.code
    except BROKEN:
        return UNREADABLE
    except MemoryError:
        return TOO_MANY
    sys.stdout.write(said)
    return 0


def busy(text: str, zone: str, first: datetime, last: datetime) -> tuple[list[Busy], LeftOut]:
    """Return the busy times, sorted by start, joined where they touch or overlap, and what could not be read."""
    from icalendar.timezone import tzp

    kept = ParsedLines(text)
    left_out = LeftOut()
    zones = Zones(kept.timezones)
    usual = tzp.timezone(zone) or UTC
    series: dict[str, list[Event]] = {}
    times: list[Busy] = []
    locals_ = [zones.local(name) or usual for name in kept.own_zones]
    for number, (properties, calendar) in enumerate(kept.events):
        if not any(field.name == "DTSTART" for field in properties):  # RFC 5545, 3.6.1: only iTIP events may lack it
            continue
        try:
            event = Event(properties, calendar, zones, locals_[calendar], left_out)
        except Skip as skip:
            if not _is_over(properties, first):
                left_out.note(skip)
            continue
        series.setdefault(event.uid or f"without-{number}", []).append(event)
    for line, calendar in kept.free_busy:
        times += _free_busy(line, locals_[calendar], left_out)
    groups = list(_groups(series, first, last))
    for begins, ends in ((first, min(first + WATCHED, last)), (min(first + WATCHED, last), last)):
        times += _expanded(groups, locals_, begins, ends, left_out)
        if len(times) > MOST_TIMES:
            raise ExitWith(TOO_MANY)
    return _joined((max(a, EARLIEST), min(b, LATEST)) for a, b in times if a < last and b > first), left_out


class ParsedLines:
    """The lines that are parsed, grouped by component. A file may hold several calendars.

    own_zones: each calendar's zone for times without one. events, free_busy: each with the index of its calendar.
    """

    def __init__(self, text: str) -> None:
        self.timezones: list[list[str]] = []
        self.own_zones: list[str] = []
        self.events: list[tuple[list[Property], int]] = []
        self.free_busy: list[tuple[Property, int]] = []
        self._open: list[str] = []
        for line in _unfolded(text):
            found = _PROPERTY.fullmatch(line)
            if found:
                parameters = {
                    name.upper(): value.strip('"').strip() for name, value in _PARAMETER.findall(found["parameters"])
                }
                self._take(Property(found["name"].upper(), parameters, found["value"].strip()), line.rstrip())
        if not self.own_zones:
            raise ExitWith(NO_CALENDAR)
        if self._open:  # the file was cut off
            raise ExitWith(UNREADABLE)

    def _take(self, one: Property, line: str) -> None:
        if one.name == "BEGIN":
            self._begin(one.value.upper())
        elif one.name == "END":
            if not self._open or self._open.pop() != one.value.upper():
                raise ExitWith(UNREADABLE)
            if self._in_zone and one.value.upper() in {"STANDARD", "DAYLIGHT"}:
                self.timezones[-1].append(line)
        elif self._open == ["VCALENDAR"] and one.name == "X-WR-TIMEZONE":
            self.own_zones[-1] = one.value
        elif self._open and one.name in _KEPT.get(self._open[-1], ()):
            self._keep(one, line)

    def _begin(self, component: str) -> None:
        self._open.append(component)
        if self._open == ["VCALENDAR"]:
            self.own_zones.append("")
        if len(self._open) > 8:
            raise ExitWith(UNREADABLE)
        if self._open == ["VCALENDAR", "VEVENT"]:
            self.events.append(([], len(self.own_zones) - 1))
        elif self._open == ["VCALENDAR", "VTIMEZONE"]:
            self.timezones.append([])
        elif self._in_zone and component in {"STANDARD", "DAYLIGHT"}:
            self.timezones[-1].append(f"BEGIN:{component}")
        if len(self.events) + len(self.timezones) > MOST_COMPONENTS:
            raise ExitWith(TOO_MANY)

    @property
    def _in_zone(self) -> bool:
        return self._open[:2] == ["VCALENDAR", "VTIMEZONE"]

    def _keep(self, one: Property, line: str) -> None:
        if one.name in ("RRULE", "EXRULE") and _TOO_OFTEN.search(one.value):
            raise ExitWith(TOO_OFTEN)
        if self._in_zone:
            self.timezones[-1].append(line)
        elif self._open == ["VCALENDAR", "VEVENT"]:
            self.events[-1][0].append(one)
        elif self._open == ["VCALENDAR", "VFREEBUSY"]:
            self.free_busy.append((one, len(self.own_zones) - 1))


class Zones:
    """Time zones by the names that a file uses: IANA's, the file's own VTIMEZONE, or Microsoft's."""

    def __init__(self, timezones: Iterable[list[str]]) -> None:
        self._own: dict[str, list[str]] = {}
        for lines in timezones:
            named = next(
                (found for line in lines if (found := _PROPERTY.fullmatch(line)) and found["name"].upper() == "TZID"),
                None,
            )
            if named is not None:
                self._own[_zone_key(named["value"])] = [line for line in lines if not line.upper().startswith("TZID")]
        self._found: dict[str, tzinfo | None] = {}

    def named(self, name: str) -> tzinfo:
        """Return the zone; raise UnknownZone."""
        if name not in self._found:
            self._found[name] = self._looked_up(name)
        if (found := self._found[name]) is None:
            raise UnknownZone(name)
        return found

    def local(self, name: str) -> tzinfo | None:
        """Return the zone of a calendar for times without one, or None if it names none or an unknown one."""
        with contextlib.suppress(UnknownZone):
            return self.named(name) if name else None
        return None

    def _looked_up(self, name: str) -> tzinfo | None:
        from icalendar import Timezone
        from icalendar.timezone import tzp

        with contextlib.suppress(*BROKEN, KeyError):
            return ZoneInfo(name)
        own = self._own.get(_zone_key(name))
        if own is not None:
            text = "\r\n".join(["BEGIN:VTIMEZONE", f"TZID:own-{len(self._found)}", *own, "END:VTIMEZONE", ""])
            with contextlib.suppress(*BROKEN):
                component: Any = Timezone.from_ical(text)
                found: tzinfo = component.to_tz(lookup_tzid=False)
                found.utcoffset(datetime(2027, 1, 1))  # noqa: DTZ001  a zone without rules fails here
                return found
        with contextlib.suppress(*BROKEN):
            return tzp.timezone(name)
        return None


class Event:
    """One VEVENT with times that are checked and have a zone. uid: "" if it has none.

    start, end: dates of whole days, or instants in the zone of the start. moves: the occurrence of its series that it replaces.
    """

    def __init__(
        self, properties: list[Property], calendar: int, zones: Zones, local: tzinfo, left_out: LeftOut
    ) -> None:
        self._calendar = calendar
        self._zones, self._local, self._left_out = zones, local, left_out
        last = {field.name: field for field in properties}
        self.uid = last["UID"].value if "UID" in last else ""
        self.start = self._time(last["DTSTART"])
        self.end = self._end(last)
        self.moves = self._time(last["RECURRENCE-ID"]) if "RECURRENCE-ID" in last else None
        self.moves_following = (
            "RECURRENCE-ID" in last and last["RECURRENCE-ID"].parameters.get("RANGE", "") == "THISANDFUTURE"
        )
        self.is_busy = _is_busy(last)
        self.rules = [rule for field in properties if field.name == "RRULE" and (rule := self._rule(field.value))]
        self.exceptions = [rule for field in properties if field.name == "EXRULE" and (rule := self._rule(field.value))]
        self.excluded = [at for field in properties if field.name == "EXDATE" for at in self._times(field)]
        self.added = [
            at
            for field in properties
            if field.name == "RDATE"
            for at in (self._periods(field) if "/" in field.value else map(self._like_start, self._times(field)))
        ]

    @property
    def zone(self) -> tzinfo:
        return self.start.tzinfo or self._local if isinstance(self.start, datetime) else self._local

    @property
    def repeats(self) -> bool:
        return bool(self.rules or self.added)

    def instant(self, at: date | datetime) -> datetime:
        return _instant(at, self._local)

    def _time(self, one: Property) -> date | datetime:
        """Return a property's only time."""
        return self._read(one, one.value)

    def _read(self, one: Property, value: str) -> date | datetime:
        value = value.strip()
        with contextlib.suppress(ValueError):
            if found := _DATE.fullmatch(value):
                return date(int(found[1]), int(found[2]), int(found[3]))
            if found := _TIME.fullmatch(value):
                day, hour, minute, second, utc = found.groups()
                at = datetime.strptime(f"{day}{hour}{minute}{min(int(second), 59):02}", "%Y%m%d%H%M%S")  # noqa: DTZ007
                name = one.parameters.get("TZID", "")
                return at.replace(tzinfo=UTC if utc else self._zones.named(name) if name else self._local)
        raise Skip

    def _end(self, last: dict[str, Property]) -> date | datetime:
        if "DTEND" in last:
            end = self._time(last["DTEND"])
            if isinstance(self.start, datetime):
                end = self.instant(end).astimezone(self.start.tzinfo)
        elif "DURATION" in last:
            from icalendar import vDuration

            try:
                length = vDuration.from_ical(last["DURATION"].value)
                end = self.start + length
            except BROKEN:
                raise Skip from None
        else:
            end = self.start if isinstance(self.start, datetime) else self.start + timedelta(days=1)
        if self.instant(end) < self.instant(self.start):
            raise Skip
        return end

    def _times(self, one: Property) -> list[date | datetime]:
        found = []
        for value in one.value.split(","):
            try:
                found.append(self._read(one, value))
            except Skip:
                self._left_out.rules += bool(value.strip())
        return found

    def _periods(self, one: Property) -> list[tuple[datetime, datetime]]:
        """Return additional occurrences that have lengths of their own."""
        from icalendar import vDuration

        found = []
        for value in one.value.split(","):
            begins, _, ends = value.partition("/")
            try:
                start = self.instant(self._read(one, begins)).astimezone(self.zone)
                length = vDuration.from_ical(ends) if ends.startswith("P") else None
                found.append(
                    (start, start + length if length else self.instant(self._read(one, ends)).astimezone(self.zone))
                )
            except (Skip, *BROKEN):
                self._left_out.rules += 1
        return found

    def _rule(self, value: str) -> str:
        """Return a rule whose end fits the start, or "" if it cannot be read."""
        from dateutil.rrule import rrulestr
        from icalendar import vRecur

        rule = _UNTIL.sub(self._until, value.upper().replace(" ", "").strip(";"))
        if not rule:
            return ""
        try:
            vRecur.from_ical(rule)
            rrulestr(re.sub(r";?(?:UNTIL|COUNT)=[^;]*", "", rule).strip(";"), dtstart=datetime(2027, 1, 1))  # noqa: DTZ001
        except BROKEN:
            self._left_out.rules += 1
            return ""
        return rule

    def _until(self, found: re.Match[str]) -> str:
        """Return when a rule ends, in the form that the start asks for (RFC 5545, 3.3.10); a day counts to its end."""
        day, time, utc = found.groups()
        if not isinstance(self.start, datetime):
            if time and utc:
                with contextlib.suppress(*BROKEN):
                    at = datetime.strptime(day + time, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
                    return f"{at.astimezone(self._local):%Y%m%d}"
            return day
        try:
            at = datetime.strptime(day + (time or "T235959"), "%Y%m%dT%H%M%S")  # noqa: DTZ007
            return f"{at.replace(tzinfo=UTC if utc and time else self.zone).astimezone(UTC):%Y%m%dT%H%M%SZ}"
        except BROKEN:
            return found[0]

    def component(self, uid: str, moved: Set[datetime], first: datetime, last: datetime) -> Any:
        """Return the event for the library. moved: instants of the occurrences that other events replace.

        Those are not excluded too, as some programs write it: the library would then drop the event in their place.
        """
        from icalendar import Event as Component
        from icalendar import vDDDLists, vDDDTypes, vRecur

        made = Component()
        made["UID"], made["X-BUSY"], made["X-CALENDAR"] = uid, str(int(self.is_busy)), str(self._calendar)
        made["DTSTART"], made["DTEND"] = vDDDTypes(self.start), vDDDTypes(self._like_start(self.end))
        if self.rules:
            made["RRULE"] = [vRecur.from_ical(rule) for rule in self.rules]
        days = {at.astimezone(self.zone).date() for at in moved} if moved else set()
        excluded = [
            at for at in self.excluded if not (self.instant(at) in moved if isinstance(at, datetime) else at in days)
        ]
        excluded += self._excluded_by_rules(first, last)
        if excluded:
            made["EXDATE"] = vDDDLists([self._like_start(at) for at in excluded])
        if self.added:
            made["RDATE"] = vDDDLists(self.added)
        if self.moves is not None:
            made["RECURRENCE-ID"] = vDDDTypes(self._like_start(self.moves))
            if self.moves_following:
                made["RECURRENCE-ID"].params["RANGE"] = "THISANDFUTURE"
        return made

    def _excluded_by_rules(self, first: datetime, last: datetime) -> list[date | datetime]:
        """Return the occurrences that EXRULE excludes (RFC 2445, 4.8.5.2)."""
        from dateutil.rrule import rrulestr

        found: list[date | datetime] = []
        for rule in self.exceptions:
            start = (
                self.start if isinstance(self.start, datetime) else datetime.combine(self.start, datetime.min.time())
            )
            zone = start.tzinfo
            plain = rule if zone else re.sub(r"(UNTIL=\d{8})\b", r"\1T235959", rule)
            margin = timedelta(days=2) + (self.instant(self.end) - self.instant(self.start))
            span = [at.astimezone(zone) if zone else at.replace(tzinfo=None) for at in (first - margin, last + margin)]
            try:
                times = rrulestr(plain, dtstart=start).between(span[0], span[1], inc=True)
            except BROKEN:
                self._left_out.rules += 1
                continue
            if len(times) > MOST_TIMES:
                raise ExitWith(TOO_MANY)
            found += times if zone else [at.date() for at in times]
        return found

    def _like_start(self, at: date | datetime) -> date | datetime:
        """Return a time in the zone of the start, so that all times of a series can be compared."""
        if isinstance(at, datetime):
            return at.astimezone(self.zone) if isinstance(self.start, datetime) else at.astimezone(self._local).date()
        return at


def _groups(series: Mapping[str, Sequence[Event]], first: datetime, last: datetime) -> Iterator[list[Any]]:
    """Yield each series with the events that replace its occurrences. Events that share a UID by mistake all count."""
    made = 0
    for uid, events in series.items():
        moved = [event for event in events if event.moves is not None]
        cores = [event for event in events if event.moves is None]
        repeats = sum(event.repeats for event in cores)
        made += len(cores) + len(moved) * max(1, repeats)
        if made > 2 * MOST_COMPONENTS:
            raise ExitWith(TOO_MANY)
        replaced = frozenset(event.instant(event.moves) for event in moved if event.moves is not None)
        for number, event in enumerate(cores):
            if event.repeats or event.instant(event.start) not in replaced:
                group = [event, *moved] if event.repeats else [event]
                yield [event.component(f"{uid}-{number}", replaced, first, last) for event in group]
        if not repeats:
            yield from ([one.component(f"{uid}-moved-{n}", frozenset(), first, last)] for n, one in enumerate(moved))


def _expanded(
    groups: list[list[Any]], locals_: Sequence[tzinfo], first: datetime, last: datetime, left_out: LeftOut
) -> Iterator[Busy]:
    """Yield the busy times of all groups. A group that the library cannot expand is removed and noted.

    locals_: for each calendar, the zone of its whole days.
    """
    import recurring_ical_events
    from icalendar import Calendar

    calendar: Any = Calendar()
    for group in groups:
        for component in group:
            calendar.add_component(component)
    try:
        found: list[Any] = [
            tuple(_instant(at, locals_[int(event["X-CALENDAR"])]) for at in (event.start, event.end))
            for event in recurring_ical_events.of(calendar, components=["VEVENT"]).between(first, last)
            if event["X-BUSY"] == "1"
        ]
    except BROKEN:
        if len(groups) == 1:
            groups.clear()
            left_out.times += 1
            return
        middle = len(groups) // 2
        halves = groups[:middle], groups[middle:]
        for half in halves:
            yield from _expanded(half, locals_, first, last, left_out)
        groups[:] = halves[0] + halves[1]
    else:
        yield from found


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


def _is_busy(last: Mapping[str, Property]) -> bool:
    said = {
        name: last[name].value.upper() for name in ("STATUS", "TRANSP", "X-MICROSOFT-CDO-BUSYSTATUS") if name in last
    }
    return (
        said.get("STATUS") != "CANCELLED"
        and said.get("TRANSP") != "TRANSPARENT"
        and said.get("X-MICROSOFT-CDO-BUSYSTATUS") != "FREE"
    )


def _is_over(properties: Iterable[Property], first: datetime) -> bool:
    """Return whether an event that cannot be read is long past anyway."""
    days = [field.value[:8] for field in properties if field.name in ("DTSTART", "DTEND")]
    repeated = any(field.name in ("RRULE", "RDATE", "DURATION") for field in properties)
    return not repeated and all(map(_DATE.fullmatch, days)) and max(days) < f"{first - timedelta(days=2):%Y%m%d}"


def _free_busy(line: Property, local: tzinfo, left_out: LeftOut) -> Iterator[Busy]:
    from icalendar import vPeriod

    if line.parameters.get("FBTYPE", "").upper() == "FREE":
        return
    for period in line.value.split(","):
        try:
            begins, ends = vPeriod.from_ical(period.strip())
            begins = _instant(begins, local)
            yield begins, (begins + ends if isinstance(ends, timedelta) else _instant(ends, local))
        except BROKEN:
            left_out.times += 1


def _zone_key(name: str) -> str:
    return " ".join(name.strip().strip('"').split()).casefold()


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
    raise ExitWith(UNREADABLE)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
