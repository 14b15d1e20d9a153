"""Asking once more who it is, before accounts, secret links, lists of people, erasing and one's own factors."""

import re
import time
from html import unescape

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach.extensions import db
from outreach.models import User
from outreach.web.sign_in import anew
from tests.support.copied import copied
from tests.web.browsers import sign_in, token_of
from tests.web.reading import fields
from tests.world import PASSWORD, log_in

pytestmark = pytest.mark.usefixtures("browsers")


def aged(client, minutes: float) -> None:
    """Let the password have been given so long ago."""
    with client.session_transaction() as session:
        session["fs_paa"] = time.time() - minutes * 60


@copied
def client(app: Flask, administrator, ani):
    return log_in(app, administrator)


def asks(answer) -> bool:
    return answer.status_code == 302 and answer.headers["Location"].startswith("/verify?next=")


def test_after_a_quarter_of_an_hour_the_password_is_asked_for_again_and_leads_on(client, administrator):
    aged(client, 14)
    assert client.get("/users/new").status_code == 200
    aged(client, 16)
    answer = client.get("/users/new?lang=en")
    assert answer.headers["Location"] == "/verify?next=/users/new?lang%3Den"
    assert client.get("/people").status_code == 200
    assert client.post(answer.headers["Location"], data={"password": "not-the-password"}).status_code == 200
    assert asks(client.get("/users/new"))
    passed = client.post(answer.headers["Location"], data={"password": PASSWORD})
    assert passed.headers["Location"] == "/users/new?lang=en"
    assert client.get("/users/new").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users/{user}/edit"), ("POST", "/users/{user}/password"), ("POST", "/users/{user}/factors"),
        ("GET", "/feeds/new"), ("GET", "/feeds"), ("GET", "/security-events?file=csv"),
        ("GET", "/data-requests/?file=xlsx"), ("GET", "/certificates?file=xlsx"), ("GET", "/walk-ins?file=csv"),
        ("GET", "/people/{person}/erase"), ("POST", "/people/{person}/export"),
        ("POST", "/people/{person}/link"), ("GET", "/people?file=xlsx"), ("GET", "/users?file=csv"), ("GET", "/audit?file=csv"),
        ("GET", "/account/app"), ("GET", "/account/passkey"), ("GET", "/account/recovery-codes"),
        ("POST", "/account/recovery-codes"), ("POST", "/account/sign-ins/1/end"), ("POST", "/account/sign-ins/end-others"),
        ("POST", "/users/{user}/sign-ins/1/end"), ("POST", "/users/{user}/sign-ins/end-all"),
    ],
)  # fmt: skip
def test_what_would_do_most_harm_is_asked_anew(client, administrator, ani, method: str, path: str):
    address = path.format(user=administrator.id, person=ani.id)
    aged(client, 16 if method == "GET" else 16 + anew.TO_SEND_S / 60)
    assert asks(client.open(address, method=method))


def test_a_form_that_was_shown_in_time_may_still_be_sent_half_an_hour_later(client, administrator):
    form = {"name": "Siti", "email": "siti@example.com", "role": "viewer", "locale": "id"}
    aged(client, 44)
    assert "siti@example.com" in client.post("/users/new", data=form).text
    aged(client, 46)
    assert asks(client.post("/users/new", data={**form, "email": "budi@example.com"}))


def test_what_was_typed_into_a_form_that_is_asked_about_anew_is_kept_and_sent_after_the_password(
    app: Flask, administrator: User
):
    """The form of a new account was open for an hour; the periods of retention have no page of their own that asks."""
    client, _ = sign_in(app, administrator.email)
    token = token_of(client.get("/users/new"))
    typed = {"name": "Siti “Rahma” & Wati", "email": "siti@example.com", "role": "viewer", "locale": "id"}
    for path, form in (("/users/new", typed), ("/retention/", {"audit": "4000"})):
        aged(client, 60)
        asked = client.post(path, data={**form, "csrf_token": token})
        assert re.fullmatch(r"/verify\?next=/go-on/[\w-]{43}", asked.location)
        stored = db.session.scalar(sa.select(User.id).where(User.email == "siti@example.com"))
        assert (stored is None) == (path == "/users/new")
        shown = client.get(asked.location)
        passed = client.post(asked.location, data={"password": PASSWORD, "csrf_token": token_of(shown)})
        page = client.get(passed.location)
        kept = fields(page.text)
        assert {name: kept[name] for name in form} == {name: [value] for name, value in form.items()}
        sent = client.post(path, data=kept)
        assert form.get("name", "4000") in unescape(sent.text)


def test_a_button_without_anything_typed_is_pressed_once_more_after_the_password(app: Flask, administrator: User):
    client, _ = sign_in(app, administrator.email)
    token = token_of(client.get(f"/users/{administrator.id}/edit"))
    aged(client, 60)
    pressed = client.post(f"/users/{administrator.id}/factors", data={"csrf_token": token})
    assert pressed.location == "/verify?next=/"


def test_every_page_that_is_named_exists(app):
    known = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert known >= anew.FORMS | anew.BUTTONS
    assert {name.partition(".")[0] for name in known} >= anew.WITHOUT_PEOPLE
