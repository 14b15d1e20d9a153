"""The pages on which staff record absences of people, organisations and venues."""

import io
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import Role
from outreach.domain.planning import absences as rules
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AbsenceCalendar, Invitation
from outreach.queries import absences as absence_pages
from outreach.services.absences import edit as absences
from outreach.services.absences.edit import Subject, SubjectKind
from tests.servers.web import web_server
from tests.support.calendar_readers import CALENDAR
from tests.world import JAKARTA, NOW, a_person, at, draft_activity, stored_absences

pytestmark = pytest.mark.usefixtures("clock_stands")


def entered(subject: Subject, absent, reason="") -> None:
    absences.add(subject, absent, reason, source=AbsenceSource.COORDINATOR, by=None, now=NOW)


@pytest.mark.parametrize("kind", list(SubjectKind))
def test_a_day_is_entered_shown_on_both_pages_and_removed(coordinator_client, chief, police, hall, kind):
    subject_id = {"person": chief, "organisation": police, "venue": hall}[kind].id
    own = {
        "person": f"/people/{subject_id}",
        "organisation": f"/organisations/{subject_id}",
        "venue": f"/venues/{subject_id}/edit",
    }
    page = f"/absences/{kind}/{subject_id}"
    assert page in coordinator_client.get(own[kind]).text
    sent = coordinator_client.post(page, data={"on": "2027-01-19", "reason": "Apel besar"}, follow_redirects=True)
    assert "Noted: Tuesday, 19 January 2027." in sent.text
    for where in (page, own[kind]):
        shown = coordinator_client.get(where).text
        assert "Tuesday, 19 January 2027" in shown
        assert "Apel besar" in shown
    (row,) = stored_absences()
    assert (row.starts_at, row.ends_at, row.whole_days) == (at(19, 0), at(20, 0), True)
    assert coordinator_client.post(f"{page}/{row.id}/remove").status_code == 302
    assert stored_absences() == []


def test_weekly_hours_are_entered_with_a_last_day(coordinator_client, chief):
    page = f"/absences/person/{chief.id}"
    given = {"on": "2027-01-19", "begins": "13.00", "until": "15.00", "weekly": "y", "weekly_until_on": "2027-02-02"}
    sent = coordinator_client.post(page, data=given, follow_redirects=True)
    assert "Noted: Every Tuesday, 13:00–15:00 WIB, from 19 January 2027 until 2 February 2027." in sent.text


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Please choose the day."),
        ({"on": "tomorrow"}, "Please choose a day, such as 18/01/2027."),
        ({"on": "2027-01-19", "begins": "8"}, "Please write a time, such as 08:00."),
        ({"on": "2027-01-19", "begins": "08:00"}, "Please give both hours"),
        ({"on": "2027-01-19", "last_on": "2027-01-18"}, "The last day must not lie before the first."),
        ({"on": "2027-01-03"}, "This time is over already."),
        ({"on": "2027-01-19", "last_on": "2029-01-19"}, "At most 366 days"),
        ({"on": "2027-01-19", "reason": "x" * 161}, "Please shorten this to at most 160 letters."),
    ],
)
def test_invalid_input_is_reported_beside_its_field_and_kept_in_the_form(coordinator_client, chief, given, sentence):
    sent = coordinator_client.post(f"/absences/person/{chief.id}", data=given)
    assert sent.status_code == 422
    assert sentence in sent.text
    assert all(value in sent.text for value in given.values())
    assert stored_absences() == []


def test_a_viewer_sees_and_changes_nothing(viewer_client, chief):
    entered(Subject(SubjectKind.PERSON, chief.id), rules.days(date(2027, 1, 19), date(2027, 1, 20), JAKARTA))
    page = f"/absences/person/{chief.id}"
    shown = viewer_client.get(page)
    assert "19–20 January 2027" in shown.text
    assert '<form class="form"' not in shown.text
    for path in ("", "/1/remove", "/calendars", "/calendars/1/read", "/calendars/1/remove"):
        assert viewer_client.post(page + path, data={"on": "2027-01-21"}).status_code == 403
    assert len(stored_absences()) == 1


def test_an_unknown_person_has_no_page(coordinator_client, chief):
    for path in ("person/999", "nobody/1", "venue/1", "person/9999999999"):
        assert coordinator_client.get(f"/absences/{path}").status_code == 404
    assert coordinator_client.post(f"/absences/person/{chief.id}/7/remove").status_code == 404


def test_a_file_is_read_and_its_titles_are_not_shown(coordinator_client, hall):
    page = f"/absences/venue/{hall.id}"
    sent = coordinator_client.post(
        f"{page}/calendars", data={"file": (io.BytesIO(CALENDAR), "Aula.ics")}, follow_redirects=True
    )
    assert "The calendar is read." in sent.text
    assert "Aula.ics" in sent.text
    assert "1 busy time ahead" in sent.text
    assert "Rahasia" not in sent.text
    (calendar,) = absence_pages.calendars(Subject(SubjectKind.VENUE, hall.id), now=NOW)
    coordinator_client.post(f"{page}/calendars/{calendar.id}/remove")
    assert stored_absences() == []


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"file": (io.BytesIO(b"<html></html>"), "x.ics")}, "This is a web page, not a calendar."),
        ({"file": (io.BytesIO(b""), "x.ics")}, "There is nothing in it."),
        ({"address": "http://127.0.0.1:25/"}, "ports 80 and 443 only"),
        ({"address": "https://192.168.1.1/x.ics"}, "lies within a private network"),
        ({"address": "calendar"}, "This is not the address of a calendar."),
        ({}, "Please give its address, or choose a file."),
    ],
)
def test_an_invalid_calendar_is_refused_with_its_message(coordinator_client, hall, given, sentence):
    sent = coordinator_client.post(f"/absences/venue/{hall.id}/calendars", data=given)
    assert (sent.status_code, sentence in sent.text) == (422, True)
    assert db.session.scalar(sa.select(AbsenceCalendar)) is None


def test_fifty_megabytes_are_refused_with_a_page(coordinator_client, hall):
    big = io.BytesIO(bytes(50 * 1024 * 1024))
    sent = coordinator_client.post(f"/absences/venue/{hall.id}/calendars", data={"file": (big, "x.ics")})
    assert (sent.status_code, "too large" in sent.text) == (413, True)


def test_an_address_is_read_at_once_and_a_failure_is_shown_with_the_next_try(app, coordinator_client, hall):
    page = f"/absences/venue/{hall.id}"
    with web_server() as server:
        app.extensions["outreach"] = replace(app.extensions["outreach"], calendar_own_hosts=server.host)
        server.says("/c.ics?k3y-of-an-office=1", CALENDAR)
        sent = coordinator_client.post(
            f"{page}/calendars",
            data={"address": server.url("/c.ics?k3y-of-an-office=1"), "name": "Jadwal"},
            follow_redirects=True,
        )
        assert "The calendar is read." in sent.text
        assert "k3y-of-an-office" not in sent.text
        server.says("/c.ics?k3y-of-an-office=1", b"<html>")
        (calendar,) = absence_pages.calendars(Subject(SubjectKind.VENUE, hall.id), now=NOW)
        sent = coordinator_client.post(f"{page}/calendars/{calendar.id}/read", follow_redirects=True)
    assert "This is a web page, not a calendar." in sent.text
    assert "The next try is on Monday, 4 January 2027 at 08:15 WIB." in sent.text
    assert "What was read last still counts." in sent.text
    assert len(stored_absences()) == 1


def test_the_log_lists_the_actions(administrator_client, administrator, chief):
    day = rules.days(date(2027, 1, 19), date(2027, 1, 19), JAKARTA)
    subject = Subject(SubjectKind.PERSON, chief.id)
    absences.add(subject, day, source=AbsenceSource.COORDINATOR, by=administrator, now=NOW)
    shown = administrator_client.get("/audit").text
    assert "absence entered" in shown
    assert "How often: once" in shown


@pytest.mark.parametrize("kind", list(SubjectKind))
def test_an_absence_shows_its_own_clashes_and_no_others(coordinator_client, chief, police, hall, kind):
    subject_id = {"person": chief, "organisation": police, "venue": hall}[kind].id
    invited = {f"{kind}_id": subject_id} if kind != SubjectKind.VENUE else {"person_id": chief.id}
    hit, apart = draft_activity(None, hall, 19), draft_activity(None, hall, 20)
    hit.title, apart.title = "Rakor", "Sosialisasi"
    db.session.add_all(
        Invitation(activity_id=meeting.id, role=Role.SPEAKER, state=InvitationState.INVITED, **invited)
        for meeting in (hit, apart)
    )
    db.session.commit()
    apart_from_it = (
        Subject(SubjectKind.PERSON, chief.id) if kind == SubjectKind.VENUE else Subject(SubjectKind.VENUE, hall.id)
    )
    entered(apart_from_it, rules.days(date(2027, 1, 19), date(2027, 1, 19), JAKARTA))
    other = Subject(SubjectKind.PERSON, a_person("Siti").id)
    page, day = f"/absences/{kind}/{subject_id}", {"on": "2027-01-19"}
    assert "Rakor" not in coordinator_client.get(page).text
    shown = coordinator_client.post(page, data=day, follow_redirects=True).text
    assert f"/activities/{hit.id}" in shown
    assert f"/activities/{apart.id}" not in shown
    assert "Rakor" not in coordinator_client.get(f"/absences/person/{other.id}").text
