"""Calendars of speakers and venues, read from an address or a file: only busy times are stored."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery.fetch import problems
from outreach.domain.planning.parties import AbsenceSource, Party
from outreach.extensions import db
from outreach.models import Absence, AbsenceCalendar, AuditEntry, Person
from outreach.queries import absences as absence_pages
from outreach.services.absences import calendars as absence_calendars
from outreach.services.absences import edit as absences
from outreach.services.absences import parse as busy_times
from outreach.services.absences import refresh as absence_refresh
from outreach.services.absences.edit import Subject, SubjectKind
from outreach.services.privacy import person as privacy
from tests.servers.web import web_server
from tests.support.copied import copied
from tests.world import NOW, at

HOUR = timedelta(hours=1)


def calendar(*starts: str) -> bytes:
    events = [
        f"BEGIN:VEVENT\r\nUID:{at}\r\nSUMMARY:Rahasia\r\nDTSTART:{at}\r\nDURATION:PT1H\r\nEND:VEVENT" for at in starts
    ]
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""]).encode()


TWO = calendar("20270105T010000Z", "20270106T010000Z")
SELF = {"source": AbsenceSource.SELF, "by": None}


@pytest.fixture
def calendar_site(any_app):
    with web_server() as calendar_site:
        any_app.extensions["outreach"] = replace(any_app.extensions["outreach"], calendar_own_hosts=calendar_site.host)
        yield calendar_site


@copied
def mine(chief) -> Subject:
    return Subject(SubjectKind.PERSON, chief.id)


def busy() -> list:
    db.session.rollback()
    return [
        (occurrence.starts_at, occurrence.party) for occurrence in absences.occurrences(db.session(), at(1), at(31))
    ]


def due(now=NOW) -> dict:
    return dict(absence_refresh.read_due(lambda: now, lambda: False))


def shown(mine, now=NOW):
    (found,) = absence_pages.calendars(mine, now=now)
    return found


def test_the_engine_reads_an_address_and_reads_it_again_when_due(any_app, calendar_site, mine):
    calendar_site.says("/c.ics", TWO, 'ETag: "1"')
    absence_calendars.add_address(mine, calendar_site.url("/c.ics"), "Dinas", now=NOW, **SELF)
    assert busy() == []
    assert due() == {"calendars": 1, "calendars_failed": 0}
    chief = Party.person(mine.id)
    assert busy() == [(at(5, 8), chief), (at(6, 8), chief)]
    kept = {occurrence.starts_at: occurrence.id for occurrence in absences.occurrences(db.session(), at(1), at(31))}
    assert due(NOW + 5 * HOUR) == {"calendars": 0, "calendars_failed": 0}
    calendar_site.says("/c.ics", calendar("20270106T010000Z", "20270107T010000Z"))
    assert due(NOW + 6 * HOUR) == {"calendars": 1, "calendars_failed": 0}
    assert busy() == [(at(6, 8), chief), (at(7, 8), chief)]
    again = {occurrence.starts_at: occurrence.id for occurrence in absences.occurrences(db.session(), at(1), at(31))}
    assert again[at(6, 8)] == kept[at(6, 8)]
    found = shown(mine)
    assert (found.name, found.host, found.ahead, found.next_at) == ("Dinas", "localhost", 2, at(6, 8))
    assert found.next_read_at == NOW + 12 * HOUR


def test_an_address_at_a_server_that_is_not_listed_is_refused_before_anything_is_stored(any_app, mine):
    any_app.extensions["outreach"] = replace(
        any_app.extensions["outreach"], calendar_hosts="calendar.example.com., bücher.example"
    )
    with pytest.raises(problems.HostNotListed):
        absence_calendars.add_address(mine, "https://other.example.com/c.ics", now=NOW, **SELF)
    assert absence_pages.calendars(mine, now=NOW) == []
    absence_calendars.add_address(mine, "webcal://calendar.example.com/c.ics", now=NOW, **SELF)
    assert shown(mine).host == "calendar.example.com"
    absence_calendars.add_address(mine, "https://bücher.example/c.ics", now=NOW, **SELF)


def test_no_event_title_is_stored(any_app, calendar_site, mine):
    calendar_site.says("/c.ics", TWO)
    absence_calendars.add_address(mine, calendar_site.url("/c.ics"), now=NOW, **SELF)
    due()
    rows = [str(vars(row)) for model in (Absence, AbsenceCalendar) for row in db.session.scalars(sa.select(model))]
    assert len(rows) == 3
    assert "Rahasia" not in "".join(rows)


def test_a_failed_fetch_keeps_the_last_times_and_waits_longer_each_time(any_app, calendar_site, mine):
    calendar_site.says("/c.ics", TWO)
    absence_calendars.add_address(mine, calendar_site.url("/c.ics"), now=NOW, **SELF)
    due()
    before = busy()
    calendar_site.says("/c.ics", b"<!doctype html><html>Sign in</html>")
    now = NOW + 6 * HOUR
    for wait in (0.25, 0.5, 1, 2, 4, 8, 16, 24, 24):
        assert due(now)["calendars_failed"] == 1
        found = shown(mine, now)
        assert (found.problem.message, found.tried_at) == (busy_times.IsWebPage.message, now)
        assert (found.read_at, found.next_read_at) == (NOW, now + wait * HOUR)
        now = found.next_read_at
    assert busy() == before
    calendar_site.says("/c.ics", TWO)
    assert due(now)["calendars"] == 1
    assert (shown(mine, now).problem, shown(mine, now).next_read_at) == (None, now + 6 * HOUR)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n", problems.FetchTooLarge),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n", problems.PrivateHost),
        (b"HTTP/1.1 200 OK\r\n\r\n" + TWO[:-20], busy_times.CalendarBroken),
        (b"HTTP/1.1 404 No\r\n\r\n", problems.NotThere),
    ],
)
def test_each_failure_has_its_own_message(any_app, calendar_site, mine, answer, problem):
    calendar_site.sends("/c.ics", answer)
    made = absence_calendars.add_address(mine, calendar_site.url("/c.ics"), now=NOW, **SELF)
    told = absence_calendars.read_now(mine, made.id, now=NOW)
    assert type(told) is problem
    assert (shown(mine).problem.message, shown(mine).problem.values) == (told.message, told.values)
    assert len(told.message) <= 300


def test_left_out_parts_of_a_calendar_are_shown_and_are_no_failure(any_app, calendar_site, mine):
    strange = TWO.replace(
        b"BEGIN:VEVENT", b"BEGIN:VEVENT\r\nDTSTART;TZID=Mars:20270125T080000\r\nEND:VEVENT\r\nBEGIN:VEVENT", 1
    )
    calendar_site.says("/c.ics", strange)
    made = absence_calendars.add_address(mine, calendar_site.url("/c.ics"), now=NOW, **SELF)
    assert absence_calendars.read_now(mine, made.id, now=NOW) is None
    found = shown(mine)
    assert (found.problem, found.left_out.message, found.left_out.values) == (
        None, busy_times.ZonesLeftOut.message, {"zones": 1, "zone": "Mars"},
    )  # fmt: skip
    assert (found.read_at, found.ahead) == (NOW, 2)
    calendar_site.sends("/c.ics", b"HTTP/1.1 404 No\r\n\r\n")
    absence_calendars.read_now(mine, made.id, now=NOW + HOUR)
    assert (shown(mine).problem.message, shown(mine).left_out) == (problems.NotThere.message, None)
    calendar_site.says("/c.ics", TWO)
    absence_calendars.read_now(mine, made.id, now=NOW + 2 * HOUR)
    assert (shown(mine).problem, shown(mine).left_out) == (None, None)
    by_file = absence_calendars.add_file(mine, strange, now=NOW, **SELF)
    assert absence_pages.calendars(mine, now=NOW)[1].left_out.values == {"zones": 1, "zone": "Mars"}
    assert by_file.failures == 0


def test_an_unchanged_calendar_is_fetched_in_full_only_once_a_week(any_app, calendar_site, mine):
    calendar_site.says("/c.ics", calendar("20270125T010000Z"), 'ETag: "1"')
    made = absence_calendars.add_address(mine, calendar_site.url("/c.ics"), now=NOW, **SELF)
    due()
    for day in range(1, 8):
        absence_calendars.read_now(mine, made.id, now=NOW + timedelta(days=day))
    assert sum("If-None-Match" in request for request in calendar_site.asked) == 6
    calendar_site.says("/c.ics", b"", status="304 Not Modified")
    days = [NOW + timedelta(days=day) for day in range(8, 15)]
    told = [absence_calendars.read_now(mine, made.id, now=day) for day in days]
    assert [type(outcome) for outcome in told].count(problems.FetchRefused) == 1
    assert len(busy()) == 1


def test_a_calendar_claimed_by_one_worker_is_skipped_by_another(any_app, calendar_site, mine):
    absence_calendars.add_address(mine, calendar_site.url("/c.ics"), now=NOW, **SELF)
    assert absence_refresh._taken(NOW) is not None
    assert absence_refresh._taken(NOW) is None
    assert absence_refresh._taken(NOW + timedelta(minutes=10)) is not None


def test_a_stopping_engine_reads_no_more_calendars(any_app, calendar_site, mine):
    absence_calendars.add_address(mine, calendar_site.url("/c.ics"), now=NOW, **SELF)
    assert dict(absence_refresh.read_due(lambda: NOW, lambda: True)) == {"calendars": 0, "calendars_failed": 0}


def test_a_file_is_read_once_and_a_bad_file_changes_nothing(any_app, coordinator, hall):
    halls = Subject(SubjectKind.VENUE, hall.id)
    with pytest.raises(busy_times.NotACalendar):
        absence_calendars.add_file(halls, b"a;b", source=AbsenceSource.COORDINATOR, by=coordinator, now=NOW)
    assert absence_pages.calendars(halls, now=NOW) == []
    made = absence_calendars.add_file(halls, TWO, source=AbsenceSource.COORDINATOR, by=coordinator, now=NOW)
    assert (shown(halls).host, shown(halls).ahead, shown(halls).next_read_at) == ("", 2, None)
    assert due(NOW + timedelta(days=30)) == {"calendars": 0, "calendars_failed": 0}
    absence_calendars.remove(halls, made.id, by=coordinator, now=NOW)
    assert (absence_pages.calendars(halls, now=NOW), busy()) == ([], [])
    actions = [entry.action for entry in db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))]
    assert actions == ["venue.calendar_added", "venue.calendar_removed"]


def test_a_file_does_not_block_its_page_for_long_while_others_are_read(any_app, mine):
    """Otherwise two requests could keep all page threads waiting."""
    with busy_times.AT_ONCE, busy_times.AT_ONCE, pytest.raises(busy_times.ReadersBusy):
        absence_calendars.add_file(mine, TWO, now=NOW, **SELF)
    assert absence_pages.calendars(mine, now=NOW) == []


def test_an_address_is_stored_once_and_at_most_five_are_accepted(any_app, mine, hall):
    for number in (1, 1, 2, 3, 4, 5):
        absence_calendars.add_address(mine, f"webcal://example.com/{number}.ics", now=NOW, **SELF)
    assert len(absence_pages.calendars(mine, now=NOW)) == 5
    with pytest.raises(absence_calendars.TooManyCalendars):
        absence_calendars.add_address(mine, "https://example.com/6.ics", now=NOW, **SELF)
    with pytest.raises(problems.AddressUnreadable):
        absence_calendars.add_address(mine, "example.com", now=NOW, **SELF)
    first = absence_pages.calendars(mine, now=NOW)[0].id
    for meddle in (absence_calendars.remove, absence_calendars.read_now):
        with pytest.raises(absence_calendars.CalendarMissing):
            meddle(
                Subject(SubjectKind.VENUE, hall.id),
                first,
                now=NOW,
                **({"by": None} if meddle is absence_calendars.remove else {}),
            )


def test_an_address_is_refused_where_calendars_are_not_read(any_app, mine):
    any_app.extensions["outreach"] = replace(any_app.extensions["outreach"], calendar_read_s=0)
    with pytest.raises(absence_calendars.NoneRead):
        absence_calendars.add_address(mine, "https://example.com/1.ics", now=NOW, **SELF)


def test_erasing_a_person_erases_their_absences_too(any_app, coordinator, mine):
    absence_calendars.add_address(mine, "https://example.com/secret.ics", "Dinas", now=NOW, **SELF)
    absence_calendars.add_file(mine, TWO, now=NOW, **SELF)
    found = privacy.export(mine.id, by=coordinator, now=NOW)
    assert [absence["starts_at"] for absence in found["absences"]] == [
        "2027-01-05T01:00:00+00:00",
        "2027-01-06T01:00:00+00:00",
    ]
    assert found["absence_calendars"][0]["address"] == "https://example.com/secret.ics"
    privacy.erase(mine.id, by=coordinator, now=NOW)
    assert db.session.get(Person, mine.id).erased_at == NOW
    assert not db.session.scalars(sa.select(Absence)).all() + db.session.scalars(sa.select(AbsenceCalendar)).all()
