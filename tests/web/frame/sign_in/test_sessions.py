"""Signing in and out: what is in the cookie, and that a copy of it is worth nothing afterwards."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import SecurityEvent, StaffSession, User
from outreach.services.sign_in import sessions
from tests.web.browsers import sign_in, token_of
from tests.world import NOW, PASSWORD, log_in, stop_clock

MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.usefixtures("browsers")


def kinds() -> list[SecurityKind]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(SecurityEvent.kind).order_by(SecurityEvent.id)))


def copied(client: FlaskClient) -> FlaskClient:
    """Return a browser with a copy of the other's cookies, as a thief has."""
    thief = client.application.test_client()
    for cookie in client._cookies.values():
        thief.set_cookie(cookie.key, cookie.value)
    return thief


def test_the_cookie_names_no_account_and_who_is_not_signed_in_has_no_row(app: Flask, coordinator: User):
    app.test_client().get("/login")
    assert db.session.scalar(sa.select(sa.func.count(StaffSession.id))) == 0
    client, _ = sign_in(app, coordinator.email)
    with client.session_transaction() as held:
        code = held["_user_id"]
    assert (len(code), code == coordinator.fs_uniquifier) == (43, False)
    assert client.get("/").status_code == 200


def test_signing_in_while_staying_outlives_the_browser_and_otherwise_not(app: Flask, coordinator: User):
    for remember, lasting in (({}, False), ({"remember": "y"}, True)):
        _, answer = sign_in(app, coordinator.email, **remember)
        cookies = answer.headers.getlist("Set-Cookie")
        assert [("Expires=" in cookie) for cookie in cookies if cookie.startswith("outreach=")] == [lasting]
        assert [cookie for cookie in cookies if "remember" in cookie] == []
    assert list(db.session.scalars(sa.select(StaffSession.stays).order_by(StaffSession.id))) == [False, True]


def test_a_stolen_cookie_is_dead_after_signing_out_and_other_devices_stay(app: Flask, coordinator: User):
    client, _ = sign_in(app, coordinator.email, remember="y")
    phone, _ = sign_in(app, coordinator.email)
    thief = copied(client)
    assert thief.get("/").status_code == 200
    app.config["WTF_CSRF_ENABLED"] = False
    client.post("/logout")
    assert [browser.get("/").status_code for browser in (client, thief, phone)] == [302, 302, 200]
    assert [kind for kind in kinds() if kind is not SecurityKind.NEW_DEVICE] == [
        SecurityKind.SIGNED_IN, SecurityKind.SIGNED_IN, SecurityKind.SIGNED_OUT,
    ]  # fmt: skip


def test_only_what_somebody_does_begins_the_idle_time_again(app: Flask, coordinator: User, clock_stands):
    client, _ = sign_in(app, coordinator.email)
    clock_stands.now += 50 * MINUTE
    assert client.get("/venues", headers={"HX-Request": "true", "X-By-Itself": "1"}).status_code == 200
    for method, address in (
        ("GET", "/nothing-here"),
        ("GET", "/healthz"),
        ("POST", "/venues/new"),
        ("DELETE", "/venues"),
        ("GET", "/login"),
    ):
        client.open(address, method=method)
    clock_stands.now += 9 * MINUTE
    assert client.get("/venues").status_code == 200  # 59 minutes after signing in
    clock_stands.now += 59 * MINUTE
    assert client.get("/venues", headers={"HX-Request": "true", "X-By-Itself": "1"}).status_code == 200
    clock_stands.now += MINUTE
    assert client.get("/venues").status_code == 302


def test_a_changed_password_ends_all_other_sessions_and_copies_of_this_one(app: Flask, coordinator: User):
    client, phone = log_in(app, coordinator), log_in(app, coordinator)
    thief, new = copied(client), "empat-kata-yang-lain"
    form = {"password": PASSWORD, "new_password": new, "new_password_confirm": new}
    assert client.post("/password", data=form).status_code == 302
    assert [browser.get("/").status_code for browser in (client, thief, phone)] == [200, 302, 302]
    assert SecurityKind.PASSWORD_CHANGED in kinds()


def test_giving_the_password_once_more_makes_a_copy_of_the_cookie_worthless(app: Flask, coordinator: User):
    client = log_in(app, coordinator)
    thief = copied(client)
    assert client.post("/verify", data={"password": "salah"}).status_code == 200
    assert thief.get("/").status_code == 200
    assert client.post("/verify", data={"password": PASSWORD}).status_code == 302
    assert [browser.get("/").status_code for browser in (client, thief)] == [200, 302]
    assert kinds() == [SecurityKind.ASKED_ANEW_FAILED, SecurityKind.ASKED_ANEW]


def test_a_session_ends_by_the_servers_clock_though_its_cookie_was_written_later(
    app: Flask, coordinator: User, monkeypatch: pytest.MonkeyPatch
):
    clock = stop_clock(monkeypatch)
    client = log_in(app, coordinator, lasting=False)
    began = clock.now
    for number in range(1, 13):
        clock.now = began + timedelta(minutes=59 * number)
        client.post("/language", data={"locale": "en"})
        assert client.get("/").status_code == 200  # each use is within an hour of the one before
        with client.session_transaction() as held:
            held["written"] = number
    clock.now = began + timedelta(hours=12, seconds=-1)
    assert client.get("/").status_code == 200
    clock.now = began + timedelta(hours=12)
    assert client.get("/").status_code == 302
    assert client.get("/people", headers={"HX-Request": "true"}).status_code == 401


def test_signing_in_renews_the_forms_token_and_forms_stay_open_for_their_own_account_alone(
    app: Flask, coordinator: User, viewer: User
):
    client = app.test_client()
    before = token_of(client.get("/login"))  # whoever used this browser before may know it

    def signed_in(user: User) -> str:
        page = client.get("/login")
        form = {"email": user.email, "password": PASSWORD, "csrf_token": token_of(page)}
        assert client.post("/login", data=form).status_code == 302
        client.get("/")
        with client.session_transaction() as held:
            return held["csrf_token"]

    mine = signed_in(coordinator)
    assert client.post("/language", data={"locale": "en", "csrf_token": before}).status_code == 400
    sessions.end_all(coordinator, by=None, now=NOW)
    assert signed_in(coordinator) == mine
    sessions.end_all(coordinator, by=None, now=NOW)
    assert signed_in(viewer) != mine


def test_wrong_passwords_are_recorded_with_the_account_if_there_is_one(app: Flask, coordinator: User):
    sign_in(app, coordinator.email, "bukan-ini")
    sign_in(app, "siapa@example.com", "bukan-ini")
    db.session.rollback()
    found = db.session.execute(sa.select(SecurityEvent.kind, SecurityEvent.user_id, SecurityEvent.detail))
    assert [tuple(row) for row in found] == [
        (SecurityKind.SIGN_IN_FAILED, coordinator.id, {}),
        (SecurityKind.SIGN_IN_FAILED, None, {}),
    ]
