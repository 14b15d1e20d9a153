"""Secrets that must not leak: answer links to viewers, personal data to the log, a password to a cookie."""

import re
from base64 import urlsafe_b64decode
from zlib import decompress

import pytest
import sqlalchemy as sa
from flask import Flask
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import AuditEntry, Organisation, Person, User
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from tests.support.copied import copied
from tests.web.browsers import sign_in
from tests.world import NOW, a_person, log_in

pytestmark = pytest.mark.usefixtures("browsers")

LINK = re.compile(r"(?:/j/|%2Fj%2F)[\w-]{38}")


@copied
def everybody_has_a_link(activity, police: Organisation, chief: Person) -> None:
    siti = a_person("Siti Rahmawati", email="")  # she can only be reached by phone
    activity_id, people, offices = activity.id, [siti.id, chief.id], {police.id: 2}
    inviting.invite_people([activity_id], people, Role.PARTICIPANT, by=None, now=NOW)
    inviting.invite_organisations([activity_id], offices, by=None, now=NOW)
    publishing.publish([activity_id], by=None, now=NOW)


def pages(app: Flask) -> list[str]:
    """Return the address of every page of one record or a list, for the records of the fixtures."""
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.endpoint.startswith(("security.", "static", "answers.")):
            path = rule.rule
            numbers = ("1", "2", "3") if "<int:" in path else ("",)
            found += [re.sub(r"<[^>]+>", number, path) for number in numbers]
    return found


def shown(app: Flask, client) -> dict[str, int]:
    answers = {path: client.get(path).data.decode(errors="replace") for path in pages(app)}  # some are PDFs
    return {path: len(LINK.findall(text)) for path, text in answers.items() if LINK.search(text)}


def test_no_page_shows_an_answer_link_to_a_viewer(app: Flask, viewer_client, everybody_has_a_link):
    assert viewer_client.get("/people/1").status_code == 200
    assert shown(app, viewer_client) == {}


def test_a_coordinator_sees_the_answer_links(app: Flask, coordinator_client, everybody_has_a_link):
    assert {"/people/1", "/organisations/1", "/invitations/1", "/activities/1/invitees/to-call"} <= shown(
        app, coordinator_client
    ).keys()


def logged(app: Flask, client, path: str, caplog) -> tuple[TestResponse, str]:
    """Return the response, and everything logged during the request."""
    app.testing = False
    with capture_logs() as events:
        answer = client.get(path)
    return answer, f"{events} {caplog.text}"


def test_the_log_of_a_crash_has_the_place_and_no_personal_data(any_app: Flask, coordinator_client, ani: Person, caplog):
    twice = ani.id

    def crash() -> str:
        db.session.add(Person(id=twice, name="Ani Wijaya", email="ani@example.com", phone="+6281234567890"))
        db.session.flush()
        return ""

    any_app.add_url_rule("/crash", "crash", crash)
    answer, said = logged(any_app, coordinator_client, "/crash", caplog)
    assert answer.status_code == 500
    assert "IntegrityError" in said
    assert re.findall(r"Wijaya|ani@|812345|INSERT|Key \(", said) == []


def test_a_broken_database_gives_a_message_and_logs_no_password(app: Flask, coordinator: User, caplog):
    client = log_in(app, coordinator)
    db.session.execute(sa.text("DROP TABLE office"))
    db.session.commit()
    answer, said = logged(app, client, "/?lang=en", caplog)
    assert (answer.status_code, answer.mimetype) == (500, "text/plain")
    assert "Something went wrong here" in answer.text
    assert "OperationalError" in said
    assert re.findall(r"argon2|SELECT|coordinator@", said) == []


def cookie_text(client) -> str:
    """Return the contents of the session cookie, as anybody with a copy can read them."""
    value = client.get_cookie("outreach").value
    packed = value.startswith(".")
    part = value.lstrip(".").split(".")[0]
    raw = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return (decompress(raw) if packed else raw).decode()


def test_a_new_password_is_in_the_response_and_not_in_the_cookie(administrator_client, viewer: User):
    siti = {"name": "Siti Rahmawati", "email": "siti@example.com", "role": "coordinator", "locale": "id"}
    for answer in (
        administrator_client.post("/users/new", data=siti),
        administrator_client.post(f"/users/{viewer.id}/password"),
    ):
        password = re.search(r'class="secret">([^<]+)<', answer.text)
        assert password
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "private, no-store")
        assert password[1] not in cookie_text(administrator_client)


def test_a_token_alone_does_not_sign_in(app: Flask, coordinator: User):
    token = coordinator.get_auth_token()
    client = app.test_client()
    for answer in (
        client.get("/people", headers={"Authentication-Token": token}),
        client.get(f"/people?auth_token={token}"),
    ):
        assert (answer.status_code, answer.headers["Location"][:6]) == (302, "/login")


def test_signing_in_accepts_no_json(app: Flask, coordinator: User):
    app.config["WTF_CSRF_ENABLED"] = False
    login = {"email": coordinator.email, "password": "bukan-rahasia-2027"}
    answer = app.test_client().post("/login?include_auth_token", json=login, headers={"Accept": "application/json"})
    assert answer.mimetype == "text/html"
    assert "token" not in (answer.text if answer.status_code != 200 else "")


def test_a_password_changed_by_its_user_is_in_the_audit_log(app: Flask, coordinator: User):
    client, _ = sign_in(app, coordinator.email)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/password").text)
    form = {
        "csrf_token": token[1], "password": "bukan-rahasia-2027",
        "new_password": "empat-kata-yang-lain", "new_password_confirm": "empat-kata-yang-lain",
    }  # fmt: skip
    assert client.post("/password", data=form).status_code == 302
    entry = db.session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, entry.user_id, entry.subject_id) == ("user.password_changed", coordinator.id, coordinator.id)
    assert sign_in(app, coordinator.email, "empat-kata-yang-lain")[1].status_code == 302
