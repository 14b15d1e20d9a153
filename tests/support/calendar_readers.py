"""Three libraries that read an iCalendar file, each with its own parser: what each reads in the entries.

GNOME, KDE and Evolution use libical, CalDAV servers and bridges of phones use vobject, khal and others use icalendar.
"""

import ctypes
import ctypes.util
from collections.abc import Callable
from datetime import UTC, datetime

import icalendar
import pytest
import vobject

Seen = dict[str, tuple[datetime, datetime, str, str, int, str]]  # UID: start, end, title, status, sequence, place
CALENDAR = (  # with one busy time ahead
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Rahasia\r\nDTSTART:20270105T010000Z\r\n"
    b"DURATION:PT1H\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
READERS = ("icalendar", "vobject", "libical")


def reader(name: str) -> Callable[[bytes], Seen]:
    """Return a function that reads a file with one of READERS; skip the test where its library is not installed."""
    return {"icalendar": _by_icalendar, "vobject": _by_vobject, "libical": _by_libical}[name]


def _by_icalendar(data: bytes) -> Seen:
    calendar = icalendar.Calendar.from_ical(data)
    assert not calendar.errors
    found: Seen = {}
    for event in calendar.walk("VEVENT"):
        assert not event.errors
        found[str(event["UID"])] = (
            event.decoded("DTSTART").astimezone(UTC), event.decoded("DTEND").astimezone(UTC), str(event["SUMMARY"]),
            str(event["STATUS"]), int(event["SEQUENCE"]), str(event["LOCATION"]),
        )  # fmt: skip
    return found


def _by_vobject(data: bytes) -> Seen:
    calendar = vobject.readOne(data.decode())
    calendar.validate(raiseException=True)
    return {
        event.uid.value: (
            event.dtstart.value.astimezone(UTC), event.dtend.value.astimezone(UTC), event.summary.value,
            event.status.value, int(event.sequence.value), event.location.value,
        )
        for event in calendar.contents.get("vevent", ())
    }  # fmt: skip


class _Time(ctypes.Structure):
    _fields_ = [
        *(
            (name, ctypes.c_int)
            for name in ("year", "month", "day", "hour", "minute", "second", "is_date", "is_daylight")
        ),
        ("zone", ctypes.c_void_p),
    ]


VEVENT, XLICERROR = 4, 39  # of libical's enum icalcomponent_kind, version 3


def _by_libical(data: bytes) -> Seen:
    name = ctypes.util.find_library("ical")
    if name is None:
        pytest.skip("libical is not on this machine (Debian: apt-get install libical3t64)")
    lib = ctypes.CDLL(name)
    for function in ("summary", "uid", "location"):
        getattr(lib, f"icalcomponent_get_{function}").restype = ctypes.c_char_p
        getattr(lib, f"icalcomponent_get_{function}").argtypes = [ctypes.c_void_p]
    for function in ("dtstart", "dtend"):
        getattr(lib, f"icalcomponent_get_{function}").restype = _Time
        getattr(lib, f"icalcomponent_get_{function}").argtypes = [ctypes.c_void_p]
    for function in (
        "icalparser_parse_string",
        "icalcomponent_get_first_component",
        "icalcomponent_get_next_component",
    ):
        getattr(lib, function).restype = ctypes.c_void_p
    lib.icalparser_parse_string.argtypes = [ctypes.c_char_p]
    lib.icalcomponent_get_first_component.argtypes = [ctypes.c_void_p, ctypes.c_int]
    lib.icalcomponent_get_next_component.argtypes = [ctypes.c_void_p, ctypes.c_int]
    for function in ("icalcomponent_count_errors", "icalrestriction_check", "icalcomponent_get_status",
                     "icalcomponent_get_sequence"):  # fmt: skip
        getattr(lib, function).argtypes = [ctypes.c_void_p]
    lib.icalproperty_status_to_string.restype = ctypes.c_char_p
    lib.icaltime_as_timet_with_zone.restype = ctypes.c_long
    lib.icaltime_as_timet_with_zone.argtypes = [_Time, ctypes.c_void_p]
    lib.icalcomponent_free.argtypes = [ctypes.c_void_p]

    calendar = lib.icalparser_parse_string(data)
    assert calendar
    assert lib.icalrestriction_check(calendar) == 1  # RFC 5546's rules for the calendar's METHOD
    assert lib.icalcomponent_count_errors(calendar) == 0
    found: Seen = {}
    event = lib.icalcomponent_get_first_component(calendar, VEVENT)
    while event:
        times = [
            datetime.fromtimestamp(lib.icaltime_as_timet_with_zone(at, at.zone), UTC)
            for at in (lib.icalcomponent_get_dtstart(event), lib.icalcomponent_get_dtend(event))
        ]
        status = lib.icalproperty_status_to_string(lib.icalcomponent_get_status(event)).decode()
        found[lib.icalcomponent_get_uid(event).decode()] = (
            times[0], times[1], lib.icalcomponent_get_summary(event).decode(), status,
            lib.icalcomponent_get_sequence(event), lib.icalcomponent_get_location(event).decode(),
        )  # fmt: skip
        event = lib.icalcomponent_get_next_component(calendar, VEVENT)
    lib.icalcomponent_free(calendar)
    return found
