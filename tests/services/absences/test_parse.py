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
    return busy_times.read(calendar(*components), JAKARTA, now=NOW).times


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
    assert busy_times.read(text.decode().encode("latin-1"), JAKARTA, now=NOW).times == [(at(5, 8), at(5, 9))]
    assert busy_times.read(b"\xef\xbb\xbf" + text.replace(b"\r\n", b"\n"), JAKARTA, now=NOW).times == [
        (at(5, 8), at(5, 9))
    ]


OTHER = ("UID:9", "DTSTART:20270109T010000Z", "DTEND:20270109T020000Z")
READ = (at(9, 8), at(9, 9))
WEEKLY = ("UID:a", "DTSTART;TZID=Asia/Jakarta:20270105T080000", "DURATION:PT1H")  # a Tuesday
KANTOR = (
    "BEGIN:VTIMEZONE\r\nTZID:%s\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\nTZOFFSETFROM:+0900\r\n"
    "TZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE"
)


def read_with(*lines: str, before: str = "") -> tuple:
    """Return what one event gives beside another that is always read, and what was left out."""
    found = busy_times.read(calendar(*filter(None, [before]), event(*lines), event(*OTHER)), JAKARTA, now=NOW)
    assert READ in found.times
    return [time for time in found.times if time != READ], found.left_out


@pytest.mark.parametrize(
    ("lines", "problem", "values"),
    [
        (("UID:1", "DTSTART;TZID=Mars/U:20270105T100000"), busy_times.ZonesLeftOut, {"zones": 1, "zone": "Mars/U"}),
        (("UID:1", "DTSTART:tomorrow"), busy_times.TimesLeftOut, {"times": 1}),
        (("UID:1", "DTSTART:20270105T010000Z", "DTEND:later"), busy_times.TimesLeftOut, {"times": 1}),
        (("UID:1", "DTSTART:20270105T010000Z", "DTEND:20270105T000000Z"), busy_times.TimesLeftOut, {"times": 1}),
        (("UID:1", "DTSTART;VALUE=DATE:20270107", "DTEND;VALUE=DATE:20270105"), busy_times.TimesLeftOut, {"times": 1}),
        (("UID:1", "DTSTART:20270105T010000Z", "DURATION:-PT1H"), busy_times.TimesLeftOut, {"times": 1}),
        (("UID:1", "DTSTART:20270230T010000Z", "DURATION:PT1H"), busy_times.TimesLeftOut, {"times": 1}),
        (("UID:1", "RECURRENCE-ID:x", "DTSTART:20270105T010000Z", "DURATION:PT1H"), busy_times.TimesLeftOut, {"times": 1}),
        (("DTSTART;TZID=Mars:20200105T100000", "DTEND;TZID=Mars:20200105T110000"), None, {}),
    ],
)  # fmt: skip
def test_an_unreadable_event_is_left_out_and_reported_and_the_others_are_read(lines, problem, values):
    times, left_out = read_with(*lines)
    assert times == []
    assert (type(left_out) if left_out else None) is problem
    assert (left_out.values if left_out else {}) == values


@pytest.mark.parametrize(
    "line", ["RRULE:FREQ=SOMETIMES", "EXDATE:x", "RDATE:x", "RDATE;VALUE=PERIOD:20270106T010000Z/x", "EXRULE:x"]
)
def test_an_unreadable_repetition_leaves_the_first_event(line):
    times, left_out = read_with(*EVENT, line)
    assert times == [(at(5, 8), at(5, 9))]
    assert (type(left_out), left_out.values) == (busy_times.RulesLeftOut, {"rules": 1})


def test_all_left_out_parts_are_reported_together():
    data = calendar(
        event(*EVENT, "RRULE:x"), event("UID:2", "DTSTART:x"), event("UID:3", "DTSTART;TZID=Mars:20270105T100000"),
        "BEGIN:VFREEBUSY\r\nFREEBUSY:x,20270106T010000Z/PT1H\r\nEND:VFREEBUSY",
    )  # fmt: skip
    found = busy_times.read(data, JAKARTA, now=NOW)
    assert found.times == [(at(5, 8), at(5, 9)), (at(6, 8), at(6, 9))]
    assert (type(found.left_out), found.left_out.values) == (
        busy_times.PartsLeftOut, {"times": 2, "zones": 1, "rules": 1},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "lines"),
    [
        ("Kantor: Utara", 'DTSTART;TZID="Kantor: Utara":20270105T100000'),
        ("(UTC+09:00) Seoul", 'DTSTART;TZID="(UTC+09:00) Seoul":20270105T100000'),
        ("Kantor ", "DTSTART;TZID=Kantor:20270105T100000"),
        ("Kantor", "DTSTART;TZID=Kantor :20270105T100000 "),
    ],
)
def test_a_zone_of_the_files_own_is_used_under_any_name(zone, lines):
    assert read_with("UID:1", lines, "DURATION:PT1H", before=KANTOR % zone) == ([(at(5, 8), at(5, 9))], None)


@pytest.mark.parametrize(
    "line",
    ["DTSTART:20270105T010000Z ", "DTSTART;TZID=:20270105T080000", "DTSTART;TZID=Asia/Jakarta :20270105T080000\t"],
)
def test_blanks_and_an_empty_zone_are_harmless(line):
    assert read_with("UID:1 ", line, "DURATION:PT1H ") == ([(at(5, 8), at(5, 9))], None)


@pytest.mark.parametrize(
    ("start", "until"),
    [
        ("DTSTART;TZID=Asia/Jakarta:20270105T080000", "20270107"),  # a day counts to its end
        ("DTSTART;TZID=Asia/Jakarta:20270105T080000", "20270107T080000"),
        ("DTSTART:20270105T080000", "20270107T010000Z"),  # in UTC, though the start has no zone
        ("DTSTART:20270105T080000", "20270107"),
        ("DTSTART:20270105T010000Z", "20270107"),
        ("DTSTART:20270105T010000Z", "20270107T010000Z"),
    ],
)
def test_the_last_event_before_the_end_of_a_series_counts(start, until):
    times, left_out = read_with("UID:1", start, "DURATION:PT1H", f"RRULE:FREQ=DAILY;UNTIL={until}")
    assert (times, left_out) == ([(at(day, 8), at(day, 9)) for day in (5, 6, 7)], None)


def test_whole_days_end_with_the_local_day_of_an_end_in_utc():
    times, _ = read_with("UID:1", "DTSTART;VALUE=DATE:20270105", "RRULE:FREQ=DAILY;UNTIL=20270106T170000Z")
    assert times == [(at(5, 0), at(8, 0))]


def test_events_that_share_a_uid_by_mistake_all_count_also_in_several_calendars():
    first, second = (
        event("UID:1", *EVENT[1:]),
        event("UID:1", "SEQUENCE:3", "DTSTART:20270106T010000Z", "DURATION:PT1H"),
    )
    series = event("UID:1", "DTSTART:20270107T010000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2")
    wanted = [(at(day, 8), at(day, 9)) for day in (5, 6, 7, 8)]
    assert read(first, second, series) == wanted
    several = busy_times.read(calendar(first) + calendar(second) + calendar(series), JAKARTA, now=NOW)
    assert (several.times, several.left_out) == (wanted, None)


@pytest.mark.parametrize(
    "excluded", ["EXDATE:20270112T010000Z", "EXDATE;TZID=Asia/Makassar:20270112T090000", "EXDATE;VALUE=DATE:20270112"]
)
def test_an_exception_is_compared_by_its_instant(excluded):
    times, _ = read_with(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=3", excluded)
    assert times == [(at(5, 8), at(5, 9)), (at(19, 8), at(19, 9))]


@pytest.mark.parametrize("excluded", ["EXDATE:20270112T010000Z", "EXDATE;TZID=Asia/Jakarta:20270112T080000"])
def test_a_moved_event_stays_even_if_its_first_time_is_also_excluded(excluded):
    assert read(
        event(*WEEKLY, "RRULE:FREQ=WEEKLY;COUNT=3", excluded),
        event("UID:a", "RECURRENCE-ID:20270112T010000Z", "DTSTART:20270113T010000Z", "DURATION:PT1H"),
    ) == [(at(5, 8), at(5, 9)), (at(13, 8), at(13, 9)), (at(19, 8), at(19, 9))]


def test_a_moved_single_event_counts_only_at_its_new_time():
    assert read(
        event(*EVENT), event("UID:1", "RECURRENCE-ID:20270105T010000Z", "DTSTART:20270106T010000Z", "DURATION:PT1H")
    ) == [(at(6, 8), at(6, 9))]


@pytest.mark.parametrize("start", ["DTSTART;TZID=Asia/Jakarta:20270105T080000", "DTSTART:20270105T080000"])
def test_rules_that_exclude_are_followed(start):
    times, left_out = read_with(
        "UID:1", start, "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=4", "EXRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20270107"
    )
    assert (times, left_out) == ([(at(6, 8), at(6, 9)), (at(8, 8), at(8, 9))], None)


def test_rules_that_exclude_whole_days_are_followed():
    times, _ = read_with(
        "UID:1", "DTSTART;VALUE=DATE:20270105", "RRULE:FREQ=DAILY;COUNT=3", "EXRULE:FREQ=DAILY;INTERVAL=2;COUNT=2"
    )
    assert times == [(at(6, 0), at(7, 0))]


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
    with suppress(parse_process.ExitWith, *parse_process.BROKEN):
        found, _ = parse_process.busy(text, "Asia/Jakarta", first, last)
    assert all(a < b for a, b in found)
    assert all(before[1] < after[0] for before, after in zip(found, found[1:], strict=False))
