"""The pages of administrators: accounts, the office, the audit log; and the overview as a page."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.domain.kinds import Audience, MailKind, StaffRole
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Activity, AuditEntry, Message, Office, Person, Reminder, User
from tests.servers.smtp import Server
from tests.world import NOW, account, draft_activity, log_in, send_through

pytestmark = pytest.mark.usefixtures("browsers")

SITI = {"name": "Siti Rahmawati", "email": "siti@example.com", "role": "coordinator", "locale": "id"}


def test_adding_siti_shows_her_password_once(administrator_client):
    first = administrator_client.post("/users/new", data=SITI)
    later = administrator_client.get("/users").text
    assert 'class="secret"' in first.text
    assert "Siti Rahmawati" in later
    assert 'class="secret"' not in later


def test_a_used_address_is_reported_beside_its_field_and_the_input_stays(administrator_client):
    refused = administrator_client.post("/users/new", data={**SITI, "email": "administrator@example.com"})
    assert refused.status_code == 422
    assert "Administrator already signs in with this address." in refused.text
    assert 'value="Siti Rahmawati"' in refused.text


def test_the_last_administrator_cannot_be_made_a_viewer(administrator_client, administrator: User):
    form = {"name": "Administrator", "email": administrator.email, "role": "viewer", "locale": "en", "active": "y"}
    refused = administrator_client.post(f"/users/{administrator.id}/edit", data=form)
    assert refused.status_code == 422
    assert "This is the last administrator." in refused.text


def test_an_unknown_account_gives_a_not_found_page(administrator_client):
    assert administrator_client.get("/users/999/edit").status_code == 404


def test_a_new_installation_leads_its_administrator_to_the_set_up(app: Flask):
    client = log_in(app, account(StaffRole.ADMINISTRATOR, "Dewi"))
    assert client.get("/").headers["Location"] == "/office"
    assert "Set up your office" in client.get("/office").text
    searched = client.post(
        "/office", data={"name": "Dinas PPPA", "city": "metro", "look_up": "1", "zone": "Asia/Jakarta"}
    )
    assert 'value="18.72"' in searched.text
    assert 'value="Dinas PPPA"' in searched.text
    assert db.session.query(Office).count() == 0
    form = {"name": "Dinas PPPA", "short_name": "DP3A Metro", "region_code": "18.72", "zone": "Asia/Jakarta",
            "locale": "id", "deadline_days": "3"}  # fmt: skip
    assert client.post("/office", data=form).headers["Location"] == "/"
    assert db.session.scalars(sa.select(Office.deadline_days)).all() == [3]


def test_an_office_without_a_city_is_asked_to_choose_one(app: Flask):
    client = log_in(app, account(StaffRole.ADMINISTRATOR, "Dewi"))
    form = {
        "name": "Dinas PPPA",
        "short_name": "DP3A Metro",
        "zone": "Asia/Jakarta",
        "locale": "id",
        "deadline_days": "2",
    }
    refused = client.post("/office", data=form)
    assert refused.status_code == 422
    assert "Please choose your kabupaten or kota." in refused.text


def test_cities_are_found_while_typing(administrator_client):
    found = administrator_client.get("/office/cities?city=metro").text
    assert "Kota Metro" in found
    assert "<html" not in found
    assert "Try fewer letters." in administrator_client.get("/office/cities?city=zzzz").text or "Kota Metro" in found


def entries(count: int, **values: object) -> None:
    for number in range(count):
        db.session.add(
            AuditEntry(
                **{
                    "at": NOW, "action": "activity.moved", "subject_type": "activity", "subject_id": number,
                    "subject_name": f"Rapat {number}", "detail": {"reason": "banjir", "state": ["invited", "coming"]}, **values,
                }
            )
        )  # fmt: skip
    db.session.commit()


def test_the_audit_log_shows_who_changed_what_from_what_to_what(administrator_client, administrator: User):
    entries(1, user_id=administrator.id)
    page = administrator_client.get("/audit").text
    for words in ("Rapat 0", "moved", "Reason: banjir", "State: Invited → Coming", "Mon, 4 Jan 2027", "08:00 WIB"):
        assert words in page


def test_the_audit_log_describes_changes_in_words(administrator_client):
    entries(1, detail={"changed": {"title": ["Rapat", "Rapat koordinasi"], "venue_id": ["None", "3"], "zone": ["Asia/Jakarta",
            "Asia/Makassar"], "starts_at": ["2027-01-18 01:00:00+00:00", "None"]}})  # fmt: skip
    entries(1, action="person.edited", subject_type="person", detail={"changed": ["full_name", "phone"]})
    entries(1, action="message.resent", subject_type="message", detail={"message": 469})
    entries(1, action="rule.changed", subject_type="reminder_rule", subject_name="three-days-before, Empat hari",
            detail={"days": [3, 10], "at": ["08:00", "09:30"], "enabled": [True, False]})  # fmt: skip
    page = administrator_client.get("/audit?lang=en").text
    shown = re.findall(r"<div>([^<>]*(?::|no\.)[^<>]*)</div>", page)
    assert shown == [
        "Days: 3 → 10", "Time of day: 08:00 → 09:30", "Switched on: yes → no", "Message no. 469",
        "Changed: name, phone",
        "Title: Rapat → Rapat koordinasi", "Venue: changed", "Time zone: WIB → WITA",
        "Start: Mon, 18 Jan 2027 08:00 WIB → –",
    ]  # fmt: skip
    assert ">3 days before, at 08:00, to those without an answer, Empat hari<" in page
    assert "three-days-before" not in page


def test_an_import_has_no_link_to_one_person(administrator_client):
    detail = {"new": 304, "completed": 0, "refused": 10}
    entries(
        1, action="person.imported", subject_type="person", subject_id=None, subject_name="kader.xlsx", detail=detail
    )
    page = administrator_client.get("/audit?lang=en").text
    assert '<span class="name">kader.xlsx</span>' in page
    assert re.findall(r"<div>(\w+: \d+)</div>", page) == ["New: 304", "Completed: 0", "Refused: 10"]


@pytest.mark.parametrize(
    ("query", "unknown"),
    [
        ("from=0001-01-01&to=9999-12-31", ["0001-01-01", "9999-12-31"]),
        ("from=x", ["x"]),
        ("user=99999999999", ["99999999999"]),
        ("user=4711", ["4711"]),
        ("user=nobody&about=user", ["nobody"]),
        ("about=horse", ["horse"]),
    ],
)
def test_the_audit_log_says_which_filters_it_does_not_know(administrator_client, query: str, unknown: list[str]):
    entries(3)
    for file in ("", "&file=csv"):  # no file of all entries, either
        answer = administrator_client.get(f"/audit?lang=en&{query}{file}")
        said = re.findall("“([^”]*)” is not known here, and is left out.", answer.text)
        assert (answer.status_code, said, answer.mimetype) == (200, unknown, "text/html")
        assert answer.text.count("Rapat ") == (0 if "about=user" in query else 3)


def test_a_page_beyond_the_last_of_the_audit_log_shows_entries(administrator_client):
    entries(3)
    answer = administrator_client.get("/audit?page=99999999999")
    assert (answer.status_code, answer.text.count("Rapat ")) == (200, 3)


def test_days_without_an_entry_are_not_said_to_be_the_whole_log(administrator_client):
    entries(3)
    page = administrator_client.get("/audit?lang=en&from=2027-01-05").text
    assert "Nothing matches" in page
    assert "Nothing has been changed yet" not in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=rapat+1", 1),
        ("about=activity", 3),
        ("about=user", 0),
        ("user=0", 3),
        ("from=2027-01-04&to=2027-01-04", 3),
        ("from=2027-01-05", 0),
        ("to=2027-01-03", 0),
    ],
)
def test_the_audit_log_is_searched(administrator_client, query: str, found: int):
    entries(3)
    assert administrator_client.get(f"/audit?{query}").text.count("Rapat ") == found


def test_the_audit_log_takes_as_many_queries_for_three_as_for_three_hundred(administrator_client, queries: Callable):
    entries(3)
    few = queries(lambda: administrator_client.get("/audit"))
    entries(297)
    assert queries(lambda: administrator_client.get("/audit")) == few
    assert "1–50 of 300" in administrator_client.get("/audit").text


def test_the_list_of_accounts_takes_as_many_queries_for_three_as_for_thirty(administrator_client, queries: Callable):
    few = queries(lambda: administrator_client.get("/users"))
    for number in range(30):
        db.session.add(
            User(email=f"u{number}@example.com", name=f"U {number}", password="x", fs_uniquifier=f"u{number}")
        )
    db.session.commit()
    assert queries(lambda: administrator_client.get("/users")) == few


def test_the_overview_shows_the_next_activities_and_unpublished_drafts(coordinator_client, activity):
    draft_activity(None, None, 25, title="Sosialisasi di Imopuro")
    page = coordinator_client.get("/").text
    assert "Rapat koordinasi pencegahan kekerasan" in page
    assert "Sosialisasi di Imopuro" in page
    assert "2 drafts: nobody has heard of them yet" in page
    assert "the first: Rapat koordinasi pencegahan kekerasan" in page
    assert "in 2 activities" not in page


def test_an_empty_overview_says_what_to_do_first(coordinator_client):
    page = coordinator_client.get("/").text
    assert "Plan your first programme" in page
    assert 'href="/programmes/new"' in page


def test_a_viewers_overview_offers_no_changes(viewer_client, activity):
    assert "/programmes/new" not in viewer_client.get("/").text


def health(app: Flask) -> tuple[int, dict[str, str]]:
    answer = app.test_client().get("/healthz")
    return answer.status_code, answer.json


def test_health_is_shown_without_a_login(app: Flask):
    assert health(app) == (200, {"state": "ok"})


@pytest.mark.parametrize(
    ("minutes", "told"), [(14, (200, {"state": "ok"})), (16, (503, {"state": "reminders overdue"}))]
)
def test_health_reports_that_no_engine_runs(app: Flask, activity: Activity, minutes: int, told: tuple):
    due_at = clock.now() - timedelta(minutes=minutes)
    db.session.add(
        Reminder(activity=activity, key="x", kind=MailKind.REMINDER, audience=Audience.COMING, due_at=due_at)
    )
    db.session.commit()
    assert health(app) == told


def test_health_reports_that_a_message_waits_too_long(app: Flask, ani: Person):
    waits = {"kind": MailKind.REMINDER, "local_day": NOW.date(), "expires_at": clock.now() + timedelta(days=1)}
    db.session.add(Message(person=ani, due_at=clock.now() - timedelta(minutes=16), state=MessageState.RETRY, **waits))
    db.session.commit()
    assert health(app) == (503, {"state": "messages overdue"})


def test_health_reports_that_the_database_does_not_respond(app: Flask):
    db.session.execute(sa.text("DROP TABLE reminder"))
    db.session.commit()
    assert health(app) == (503, {"state": "no database"})


@pytest.mark.usefixtures("clock_stands")
def test_an_administrator_sends_herself_a_test_mail_and_reads_the_servers_answer(
    app, administrator_client, administrator
):
    with Server() as server:
        send_through(app, server)
        page = administrator_client.post("/office/test-mail", follow_redirects=True).text
        assert f"{administrator.email} and said: 250" in page
        (taken,) = server.taken
        server.at["RCPT"] = "550 5.7.1 relaying denied"
        refused = administrator_client.post("/office/test-mail", follow_redirects=True).text
        assert "relaying denied" in refused
    assert (taken.recipient, taken.mail["To"], taken.mail["Auto-Submitted"]) == (
        administrator.email, administrator.email, "auto-generated",
    )  # fmt: skip
    assert db.session.query(Message).count() == 0


def test_only_an_administrator_sends_the_test_mail(coordinator_client):
    assert coordinator_client.post("/office/test-mail").status_code == 403
