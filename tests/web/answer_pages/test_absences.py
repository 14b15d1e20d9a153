"""Invitees record their absences through their own link."""

import gzip
import io
import re
import threading

import pytest
import sqlalchemy as sa
from flask import current_app

from outreach.delivery import tokens
from outreach.domain.answers import Choice
from outreach.domain.kinds import Role
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Absence, AbsenceCalendar, AuditEntry, CalendarFile, Invitation, Link
from outreach.services.absences import refresh as absence_refresh
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.invitations import invite as inviting
from outreach.web.answer_pages.forms import form_token
from tests.support.apps import with_settings
from tests.support.calendar_readers import CALENDAR
from tests.support.copied import copied
from tests.support.waiting import waits_for_another
from tests.web.reading import text_of
from tests.world import NOW, at, draft_activity, stored_absences

pytestmark = pytest.mark.usefixtures("clock_stands", "any_app")


@copied
def link(any_app, programme, hall, chief) -> str:
    """The link of the chief, who is invited to speak."""
    activity = draft_activity(programme, hall)
    publishing.publish([activity.id], by=None, now=NOW)
    inviting.invite_people([activity.id], [chief.id], Role.SPEAKER, by=None, now=NOW)
    return tokens.token(db.session.scalar(sa.select(Link).where(Link.person_id == chief.id)))


def sent(phone, link, path="", **data):
    return phone.post(f"/j/{link}/away{path}?lang=en", data={"csrf_token": form_token(link), **data})


def test_the_letter_links_to_the_page_and_opening_it_changes_nothing(phone, link):
    assert f'href="/j/{link}/away"' in phone.get(f"/j/{link}").text
    before = stored_absences()
    page = phone.get(f"/j/{link}/away")
    assert (page.status_code, stored_absences()) == (200, before)
    assert "no-store" in page.headers["Cache-Control"]
    assert "script" not in page.text
    assert 'lang="en"' in phone.get(f"/j/{link}/away?lang=en").text


def test_an_invitee_adds_sees_and_removes_an_absence_without_login_and_without_the_audit_log(phone, link, chief):
    answer = sent(phone, link, on="2027-01-19", begins="13:00", until="15:00", weekly="y", reason="Apel")
    assert answer.status_code == 303
    shown = phone.get(answer.headers["Location"]).text
    assert "Thank you, it is noted." in shown
    assert "Every Tuesday" in shown
    (row,) = stored_absences()
    assert (row.person_id, row.source, row.added_by_id) == (chief.id, AbsenceSource.SELF, None)
    assert (row.starts_at, row.ends_at, row.reason) == (at(19, 13), at(19, 15), "Apel")
    taken_back = sent(phone, link, "/remove", what=f"absence-{row.id}")
    assert taken_back.status_code == 303
    assert "Thank you, it is removed." in phone.get(taken_back.headers["Location"]).text
    assert stored_absences() == []
    assert not db.session.scalar(sa.select(AuditEntry.id).where(AuditEntry.action.contains("absence")))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "Please choose the day."),
        ({"on": "x"}, "Please choose a day"),
        ({"on": "2027-01-19", "until": "09:00"}, "Please give both hours"),
        ({"on": "2027-01-19", "weekly_until_on": "2027-02-19"}, "Please tick “Every week again”"),
        ({"on": "2027-01-03"}, "This time is over already."),
    ],
)
def test_invalid_input_is_reported_and_kept(phone, link, given, sentence):
    answer = sent(phone, link, reason="Rapat kantor", **given)
    assert (answer.status_code, sentence in answer.text, "Rapat kantor" in answer.text) == (422, True, True)
    assert stored_absences() == []


def read_files() -> None:
    """Read the waiting files, as an engine does, and no address."""
    with_settings(current_app, calendar_read_s=0)
    absence_refresh.read_due(lambda: NOW, lambda: False)


def test_a_file_that_an_engine_cannot_read_says_why_and_is_not_kept(phone, link):
    broken = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:2027"
    assert sent(phone, link, "/calendar", file=(io.BytesIO(broken), "dinas.ics")).status_code == 303
    read_files()
    calendar = db.session.scalars(sa.select(AbsenceCalendar)).one()
    assert (bool(calendar.problem), calendar.next_read_at, calendar.failures) == (True, None, 1)
    assert db.session.scalar(sa.select(CalendarFile.calendar_id)) is None
    shown = phone.get(f"/j/{link}/away?lang=en").text
    assert calendar.problem.partition("%")[0] in shown.replace("&#39;", "'")
    assert sent(phone, link, "/remove", what=f"calendar-{calendar.id}").status_code == 303


def test_a_calendar_file_is_not_read_while_its_page_waits(phone, link, monkeypatch):
    def read(*_arguments: object, **_more: object) -> None:
        raise AssertionError("read in the page")

    monkeypatch.setattr("outreach.services.absences.parse._read_apart", read)
    assert sent(phone, link, "/calendar", file=(io.BytesIO(CALENDAR), "dinas.ics")).status_code == 303


def test_a_calendar_file_and_an_address_wait_for_the_engine(phone, link):
    assert sent(phone, link, "/calendar", file=(io.BytesIO(CALENDAR), "dinas.ics")).status_code == 303
    assert sent(phone, link, "/calendar", address="webcal://example.com/k3y-of-an-office.ics").status_code == 303
    waiting = phone.get(f"/j/{link}/away?lang=en").text
    assert waiting.count("will be read in a minute or two") == 2
    assert "busy time" not in text_of(waiting).partition("will be read")[0]
    assert stored_absences() == []
    read_files()
    shown = phone.get(f"/j/{link}/away?lang=en").text
    assert "1 busy time ahead" in shown
    assert "0 busy times ahead" not in shown
    assert shown.count("will be read in a minute or two") == 1
    assert db.session.scalar(sa.select(CalendarFile.calendar_id)) is None
    assert "k3y-of-an-office" not in shown
    assert "Rahasia" not in shown
    for calendar in db.session.scalars(sa.select(AbsenceCalendar)).all():
        assert calendar.source is AbsenceSource.SELF
        assert sent(phone, link, "/remove", what=f"calendar-{calendar.id}").status_code == 303
    assert stored_absences() == []


@pytest.mark.parametrize(
    ("given", "status", "sentence"),
    [
        ({"file": b"<html>"}, 422, "This is a web page"),
        ({"address": "http://ani:pw@example.com/"}, 422, "user name or password"),
        ({"file": bytes(50 * 1024 * 1024)}, 413, "5 MB at most"),
    ],
)
def test_an_invalid_calendar_changes_nothing(phone, link, given, status, sentence):
    given = {name: (io.BytesIO(value), "x.ics") if name == "file" else value for name, value in given.items()}
    answer = sent(phone, link, "/calendar", **given)
    assert (answer.status_code, sentence in answer.text) == (status, True)
    assert not db.session.scalar(sa.select(AbsenceCalendar.id))


def test_requests_from_other_sites_and_scanners_change_nothing(phone, link, hall):
    foreign = Absence(
        venue_id=hall.id, starts_at=at(19), ends_at=at(20), zone="Asia/Jakarta", source=AbsenceSource.COORDINATOR
    )
    db.session.add(foreign)
    db.session.commit()
    number = foreign.id
    for path in ("", "/remove", "/calendar", "/again"):
        assert (
            phone.post(f"/j/{link}/away{path}", data={"on": "2027-01-19", "what": f"absence-{number}"}).status_code
            == 400
        )
    assert sent(phone, link, "/remove", what=f"absence-{number}").status_code == 422
    assert sent(phone, link, "/remove", what="absence-99999999999999").status_code == 303
    assert [absence.id for absence in stored_absences()] == [number]
    assert phone.get("/j/nobody/away").status_code == 404


def test_calendar_reads_are_limited_per_link(phone, link):
    answers = [sent(phone, link, "/calendar", file=(io.BytesIO(b"<x>"), "x.ics")).status_code for _ in range(7)]
    assert answers == [422] * 6 + [429]


def test_the_page_with_much_content_fits_in_14_kb(phone, link):
    for day in range(1, 29):
        sent(phone, link, on=f"2027-02-{day:02}", reason=f"Rapat koordinasi pimpinan ke-{day}")
    sent(phone, link, "/calendar", file=(io.BytesIO(CALENDAR), "dinas.ics"))
    page = phone.get(f"/j/{link}/away", headers={"Accept-Encoding": "gzip"})
    assert len(page.data) + len(str(page.headers)) < 14 * 1024
    text = gzip.decompress(page.data).decode()
    assert len(re.findall("absence-", text)) == 28


def test_an_empty_page_is_small_even_uncompressed(phone, link):
    assert len(phone.get(f"/j/{link}/away").data) < 14 * 1024


def test_an_error_is_shown_at_the_top_with_a_link_to_its_field(phone, link):
    sent(phone, link, on="2027-03-01", last_on="2027-03-02")
    too_long = sent(phone, link, on="2027-03-01", last_on="2027-03-20", weekly="y").text
    assert "fill in “Last time on” instead" in too_long
    assert '<a href="#last_on">Last day: ' in too_long
    assert re.search('<input id="last_on"[^>]* aria-describedby="elast_on hlast_on" aria-invalid="true"', too_long)
    assert "<title>Error: When can you not come?</title>" in too_long
    private = sent(phone, link, "/calendar", address="https://192.168.1.1/office.ics").text
    assert "lies within a private network" in private
    assert '<a href="#address">Its address: ' in private
    assert '<input id="address"' in private
    assert "novalidate" in private


def test_the_title_of_the_page_says_what_it_asks(phone, link):
    assert "<title>When can you not come?</title>" in phone.get(f"/j/{link}/away?lang=en").text
    assert "<title>In your own calendar</title>" in phone.get(f"/j/{link}/calendar?lang=en").text
    assert "<title>This link does not open anything</title>" in phone.get(f"/j/{link[:-4]}?lang=en").text


def test_the_thanks_for_an_absence_mention_an_accepted_activity_at_that_time(phone, link):
    activity_id = invited()
    before = phone.get(sent(phone, link, on="2027-01-18").headers["Location"]).text
    assert "You said that you come" not in before
    answering.answer(link, activity_id, Choice.COMING, now=at(5))
    for given in ({"on": "2027-01-18"}, {"on": "2027-01-11", "begins": "11:00", "until": "13:00", "weekly": "y"}):
        page = phone.get(sent(phone, link, **given).headers["Location"]).text
        assert "You said that you come to this activity" in page
        assert f'href="/j/{link}?lang=en#h{activity_id}"' in page
        for row in stored_absences():
            sent(phone, link, "/remove", what=f"absence-{row.id}")
    beside = phone.get(sent(phone, link, on="2027-01-18", begins="12:00", until="13:00").headers["Location"]).text
    assert "You said that you come" not in beside


def test_the_thanks_for_accepting_mention_an_absence_at_that_time(phone, link):
    activity_id = invited()
    sent(phone, link, on="2027-01-18")
    answer = {"csrf_token": form_token(link), f"{activity_id}-choice": "coming"}
    thanks = phone.post(f"/j/{link}/answers?lang=en", data=answer).headers["Location"]
    assert "you told us that you cannot come" in phone.get(thanks).text
    answer[f"{activity_id}-choice"] = "not_coming"
    thanks = phone.post(f"/j/{link}/answers?lang=en", data=answer).headers["Location"]
    assert "you told us that you cannot come" not in phone.get(thanks).text


def invited() -> int:
    """Mark the invitation as sent. Return its activity."""
    db.session.execute(sa.update(Invitation).values(state=InvitationState.INVITED, invited_at=NOW))
    db.session.commit()
    return db.session.scalars(sa.select(Invitation.activity_id)).one()


@pytest.mark.postgresql
@pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)  # on SQLite one writes at a time
@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("", {"on": "2027-01-26"}),
        ("/remove", {"what": "absence-{absence}"}),
        ("/remove", {"what": "calendar-{calendar}"}),
        ("/calendar", {"file": True}),
        ("/calendar", {"address": "https://example.com/other.ics"}),
        ("/again", {"what": "{calendar}"}),
    ],
    ids=["add", "remove", "remove-calendar", "file", "address", "again"],
)
def test_a_link_revoked_between_page_and_write_changes_nothing(any_app, link, chief, path, given):
    phone = any_app.test_client()
    sent(phone, link, on="2027-01-19")
    sent(phone, link, "/calendar", address="https://example.com/own.ics")
    calendar = db.session.scalars(sa.select(AbsenceCalendar)).one()
    calendar.next_read_at = at(20)
    db.session.commit()
    ids = {"absence": stored_absences()[0].id, "calendar": calendar.id}
    data = {name: value.format(**ids) if isinstance(value, str) else value for name, value in given.items()}
    if data.pop("file", False):
        data["file"] = (io.BytesIO(CALENDAR), "dinas.ics")
    chief_id, before, answers = chief.id, stored(), []
    db.session.remove()

    def press() -> None:
        with any_app.app_context():
            answers.append(sent(phone, link, path, **data))
            db.session.remove()

    pressing = threading.Thread(target=press)
    with db.engine.begin() as connection:
        connection.execute(sa.update(Link).where(Link.person_id == chief_id).values(revoked_at=NOW))
        pressing.start()
        waited = waits_for_another(20)
    pressing.join()
    assert waited
    assert (answers[0].status_code, "switched this link off" in answers[0].text) == (410, True)
    assert stored() == before


def stored() -> list[object]:
    """Return the absences, and the calendars with the instant when each is read next."""
    absences = [(absence.id, absence.starts_at) for absence in stored_absences()]
    calendars = sa.select(AbsenceCalendar.id, AbsenceCalendar.url, AbsenceCalendar.next_read_at)
    return [*absences, *(tuple(row) for row in db.session.execute(calendars.order_by(AbsenceCalendar.id)))]


def test_what_may_be_left_empty_is_marked_as_optional(phone, link):
    page = re.sub("<[^>]+>", "", phone.get(f"/j/{link}/away").text)
    for label in ("Hari terakhir", "Mulai pukul", "Sampai pukul", "Terakhir kali pada", "Keterangan"):
        assert f"{label} (opsional)" in page, label
