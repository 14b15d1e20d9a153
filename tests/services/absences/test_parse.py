"""Which events of an iCalendar file count as busy, and that reading any file ends in bounded time."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.services.absences import parse as busy_times
from outreach.services.absences import parse_process
from tests.world import JAKARTA, NOW, at

EVENT = ("UID:1", "DTSTART:20270105T010000Z", "DTEND:20270105T020000Z")


def event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"])


def calendar(*components: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *components, "END:VCALENDAR", ""]).encode()


def read(*components: str) -> list:
    return busy_times.read(calendar(*components), JAKARTA, now=NOW)


def test_only_events_that_make_busy_are_read():
    assert read(
        event(*EVENT, "SUMMARY:Rapat"),
        event("UID:2", "DTSTART:20270106T010000Z", "DURATION:PT2H", "TRANSP:TRANSPARENT"),
        event("UID:3", "DTSTART:20270106T010000Z", "DURATION:PT2H", "STATUS:CANCELLED"),
        event("UID:4", "DTSTART:20270106T010000Z", "DURATION:PT2H", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"),
        event("UID:5", "DTSTART:20270106T010000Z", "TRANSP:OPAQUE"),
        event("UID:6", "DTSTART:20270107T010000Z", "DURATION:PT2H", "STATUS:TENTATIVE"),
        "BEGIN:VTODO\r\nDTSTART:20270108T010000Z\r\nDUE:20270108T020000Z\r\nEND:VTODO",
    ) == [(at(5, 8), at(5, 9)), (at(7, 8), at(7, 10))]


def test_whole_days_use_the_calendars_zone_or_the_offices():
    day = event("UID:1", "DTSTART;VALUE=DATE:20270105", "DTEND;VALUE=DATE:20270107")
    assert read(day) == [(at(5, 0), at(7, 0))]
    assert read("X-WR-TIMEZONE:Asia/Jayapura", day) == [(at(4, 22), at(6, 22))]
    assert read(event("UID:1", "DTSTART:20270105T080000", "DURATION:PT1H")) == [(at(5, 8), at(5, 9))]


@pytest.mark.parametrize(
    "name", ["Asia/Makassar", "Singapore Standard Time", "/example.com/20240101_1/Asia/Makassar", '"Asia/Makassar"']
)
def test_zones_are_found_by_their_various_names(name):
    assert read(event("UID:1", f"DTSTART;TZID={name}:20270105T090000", "DURATION:PT1H")) == [(at(5, 8), at(5, 9))]


def test_a_calendar_may_define_its_own_zone():
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Kantor\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0900\r\n"
        "TZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE"
    )
    own = event("UID:1", "DTSTART;TZID=Kantor:20270105T100000", "DURATION:PT1H")
    assert read(own, zone) == read(zone, own) == [(at(5, 8), at(5, 9))]


def test_the_error_names_a_zone_that_does_not_exist():
    with pytest.raises(busy_times.ZoneUnknown) as caught:
        read(event("UID:1", "DTSTART;TZID=Mars/Utara:20270105T100000", "DURATION:PT1H"))
    assert caught.value.values == {"name": "Mars/Utara"}


def test_a_series_with_one_event_excluded_one_moved_and_one_cancelled():
    assert read(
        event("UID:a", "DTSTART;TZID=Asia/Jakarta:20270105T080000", "DURATION:PT2H", "RRULE:FREQ=DAILY;COUNT=5",
              "EXDATE;TZID=Asia/Jakarta:20270106T080000"),
        event("UID:a", "RECURRENCE-ID;TZID=Asia/Jakarta:20270107T080000", "DTSTART;TZID=Asia/Jakarta:20270107T130000",
              "DURATION:PT1H"),
        event("UID:a", "RECURRENCE-ID;TZID=Asia/Jakarta:20270108T080000", "DTSTART;TZID=Asia/Jakarta:20270108T080000",
              "DURATION:PT2H", "STATUS:CANCELLED"),
    ) == [(at(5, 8), at(5, 10)), (at(7, 13), at(7, 14)), (at(9, 8), at(9, 10))]  # fmt: skip


def test_a_series_keeps_its_local_hours_across_clock_changes():
    found = read(event("UID:a", "DTSTART;TZID=Europe/Berlin:20250106T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY"))
    assert {begins.hour for begins, _ in found} == {7, 8}
    assert found[0] == (at(4, 15), at(4, 16))
    assert len(found) == 58


def test_adjacent_busy_times_are_merged():
    assert read(
        event("UID:1", "DTSTART:20270105T010000Z", "DURATION:PT1H"),
        event("UID:2", "DTSTART:20270105T020000Z", "DURATION:PT1H"),
        event("UID:3", "DTSTART:20270105T013000Z", "DURATION:PT15M"),
    ) == [(at(5, 8), at(5, 10))]


def test_free_busy_components_are_read_without_events():
    assert read(
        "BEGIN:VFREEBUSY\r\nFREEBUSY;FBTYPE=BUSY:20270105T010000Z/PT1H,20270106T010000Z/20270106T030000Z\r\n"
        "FREEBUSY;FBTYPE=FREE:20270107T010000Z/PT1H\r\nEND:VFREEBUSY"
    ) == [(at(5, 8), at(5, 9)), (at(6, 8), at(6, 10))]


def test_a_calendar_without_events_is_valid():
    assert read() == []


def test_a_line_folded_a_million_times_is_skipped_quickly():
    """A picture attached to an event looks like this."""
    assert read(event(*EVENT, "ATTACH:" + "\r\n a" * 1_000_000)) == [(at(5, 8), at(5, 9))]


def test_broken_titles_folded_lines_and_other_encodings_are_harmless():
    text = calendar(event("UID:1", "SUMMARY:Rapat \xe9", "DTSTART:20270105T01\r\n 0000Z", "DURATION:PT1H", "NONSENSE"))
    assert busy_times.read(text.decode().encode("latin-1"), JAKARTA, now=NOW) == [(at(5, 8), at(5, 9))]
    assert busy_times.read(b"\xef\xbb\xbf" + text.replace(b"\r\n", b"\n"), JAKARTA, now=NOW) == [(at(5, 8), at(5, 9))]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", busy_times.CalendarEmpty),
        (b"\0\0\0", busy_times.CalendarEmpty),
        (b"<!DOCTYPE html><html>", busy_times.IsWebPage),
        (b"\n\n <HTML lang=id>", busy_times.IsWebPage),
        (b"<?xml version='1.0'?><feed/>", busy_times.NotACalendar),
        (b"name;date\nA;B\n", busy_times.NotACalendar),
        (b"%PDF-1.7\n\x93\x8c\x8b\x9e", busy_times.NotACalendar),
        (b"BEGIN:VCARD\r\nEND:VCARD\r\n", busy_times.NotACalendar),
        (b"\xff\xfeB\0E\0G\0I\0N\0", busy_times.CalendarBroken),
        (calendar(event(*EVENT))[:-20], busy_times.CalendarBroken),
        (calendar(event("DTSTART:tomorrow")), busy_times.CalendarBroken),
        (calendar(event(*EVENT, "RRULE:FREQ=SOMETIMES")), busy_times.CalendarBroken),
        (calendar(event(*EVENT, "RRULE:FREQ=SECONDLY")), busy_times.RepeatsTooOften),
        (calendar(event(*EVENT, "RRULE:COUNT=5;FREQ=minutely")), busy_times.RepeatsTooOften),
        (calendar("BEGIN:A\r\n" * 1000), busy_times.CalendarBroken),
        (b"BEGIN:VCALENDAR" + b" " * 5 * 1024 * 1024, busy_times.CalendarTooLarge),
        (calendar(*[event(f"UID:{n}", *EVENT[1:]) for n in range(10_001)]), busy_times.TooManyEvents),
        (
            calendar(
                event(*EVENT, "RRULE:FREQ=HOURLY"),
                event("UID:2", "DTSTART:20270105T013000Z", "DURATION:PT1M", "RRULE:FREQ=HOURLY"),
            ),
            busy_times.TooManyEvents,
        ),
    ],
)
def test_an_unreadable_file_is_refused_with_its_message(data, problem):
    with pytest.raises(problem):
        busy_times.read(data, JAKARTA, now=NOW)


def test_ten_thousand_events_are_read(monkeypatch):
    monkeypatch.setattr(busy_times, "READ_WITHIN_S", 300)  # a busy machine may need longer than users wait
    found = read(
        *[
            event(f"UID:{n}", f"DTSTART:2027{n % 12 + 1:02}{n % 28 + 1:02}T{n % 20:02}0000Z", "DURATION:PT30M")
            for n in range(10_000)
        ]
    )
    assert 100 < len(found) < 10_000


def test_an_endless_recurrence_rule_is_stopped(monkeypatch):
    monkeypatch.setattr(busy_times, "READ_WITHIN_S", 1)
    rule = "RRULE:FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"
    with pytest.raises(busy_times.TakesTooLong):
        read(*[event(f"UID:{n}", "DTSTART:00020101T010000Z", "DURATION:PT1H", rule) for n in range(100)])


def test_two_files_are_read_at_once_and_a_third_is_refused(monkeypatch):
    monkeypatch.setattr(busy_times, "READ_WITHIN_S", 0.2)
    with busy_times.AT_ONCE, busy_times.AT_ONCE, pytest.raises(busy_times.ReadersBusy):
        read(event(*EVENT))
    monkeypatch.setattr(busy_times, "READ_WITHIN_S", 15)
    assert len(read(event(*EVENT))) == 1


LINES = st.sampled_from(
    """BEGIN:VEVENT|END:VEVENT|BEGIN:VTIMEZONE|END:VTIMEZONE|BEGIN:STANDARD|END:STANDARD|TZID:A|TZOFFSETFROM:+0700
    TZOFFSETTO:+0700|DTSTART:20270105T010000Z|DTSTART:20270105T010000|DTSTART;VALUE=DATE:20270105|DTEND:20270105T020000Z
    DTEND;VALUE=DATE:20270105|DTSTART;TZID=A:20270105T010000|DURATION:PT1H|DURATION:-P9999999D|RRULE:FREQ=DAILY;UNTIL=20270110
    RRULE:FREQ=WEEKLY;COUNT=-1|EXDATE:20270105T010000Z|RDATE;VALUE=PERIOD:20270105T010000Z/PT1H|UID:1|SEQUENCE:x
    RECURRENCE-ID:20270105T010000Z|DTSTART:99991231T235959Z|DTSTART:00010101T000000|BEGIN:VFREEBUSY|END:VFREEBUSY
    FREEBUSY:20270105T010000Z/PT1H|FREEBUSY:x|X-WR-TIMEZONE:Mars|STATUS:CANCELLED""".replace("\n    ", "|").split("|")
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=25))
def test_any_content_gives_ordered_times_or_a_known_error_code(lines):
    """Calls the parser in this process, without the limits of the subprocess around it."""
    text = calendar(event(*lines) if len(lines) % 2 else "\r\n".join(lines)).decode()
    first, last = datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
    found = []
    with suppress(parse_process.Stop, *parse_process.BROKEN):
        found = parse_process.busy(text, "Asia/Jakarta", first, last)
    assert all(a < b for a, b in found)
    assert all(before[1] < after[0] for before, after in zip(found, found[1:], strict=False))
