"""The frame of all pages: who has access, which headers every response has, and what a refused user reads."""

import re
import sqlite3

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_security.utils import verify_password

from outreach import create_app
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import SecurityEvent, User
from outreach.web.frame import areas
from outreach.web.frame.access import TAKEN
from outreach.web.frame.accounts.connect import Accounts
from outreach.web.frame.request import PUBLIC
from tests.support.apps import settings_for
from tests.web.browsers import BrowserClient, sign_in
from tests.world import PASSWORD, log_in

pytestmark = pytest.mark.usefixtures("browsers")

CONVERTED = {"int": "1", "default": "x", "string": "x", "path": "x"}


def addresses(app: Flask) -> list[tuple[str, str, set[str]]]:
    """Return every address that needs a login, as (endpoint, path, methods)."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.partition(".")[0] not in PUBLIC:
            path = re.sub(r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>", lambda m: CONVERTED[m[1] or "default"], rule.rule)
            found.append((rule.endpoint, path, rule.methods or set()))
    return found


def test_there_are_pages_to_protect(app: Flask):
    assert {"overview.index", "users.index", "office.edit", "audit.index"} <= {name for name, _, _ in addresses(app)}


def test_an_anonymous_user_is_sent_to_the_login_from_every_page(app: Flask):
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    let_in = []
    for endpoint, path, methods in addresses(app):
        for method in methods - {"OPTIONS", "HEAD"}:
            answer = client.open(path, method=method)
            if answer.status_code != 302 or not answer.headers["Location"].startswith("/login"):
                let_in.append((endpoint, method, answer.status_code))
    assert let_in == []


def test_a_viewer_can_change_nothing(current_app_: Flask, viewer_client):
    allowed = []
    for endpoint, path, methods in addresses(current_app_):
        theirs = areas.is_own_affair(endpoint) or endpoint in TAKEN
        if "POST" in methods and not theirs and viewer_client.post(path).status_code != 403:
            allowed.append(endpoint)
    assert allowed == []


def test_a_viewer_reads_the_overview_but_not_the_accounts(viewer_client):
    assert viewer_client.get("/").status_code == 200
    refused = viewer_client.get("/users")
    assert refused.status_code == 403
    assert "Ask an administrator of your office." in refused.text


def test_a_coordinator_does_not_see_accounts_office_or_audit_log(coordinator_client):
    assert [coordinator_client.get(path).status_code for path in ("/users", "/users/new", "/office", "/audit")] == [
        403
    ] * 4
    assert "/users" not in coordinator_client.get("/").text


def test_a_form_without_its_token_is_refused_with_a_link_to_continue(app: Flask, coordinator: User):
    client, answer = sign_in(app, coordinator.email)
    assert answer.status_code == 302
    refused = client.post("/language", data={"locale": "id"})  # type: ignore[attr-defined]
    assert refused.status_code == 400
    assert "load the page again" in refused.text
    assert db.session.get(User, coordinator.id).locale == "en"
    [event] = db.session.scalars(sa.select(SecurityEvent).where(SecurityEvent.kind == SecurityKind.FORGED))
    assert (event.user_id, event.detail) == (coordinator.id, {"page": "users.language"})


def test_every_form_without_its_token_is_refused(app: Flask, administrator: User):
    client, _ = sign_in(app, administrator.email)
    taken = [
        (endpoint, answer.status_code)
        for endpoint, path, methods in addresses(app)
        if "POST" in methods and (answer := client.post(path)).status_code != 400  # type: ignore[attr-defined]
    ]
    assert taken == []


def test_a_pages_script_is_told_that_the_sign_in_ended_and_gets_no_login_page(app: Flask, coordinator: User):
    asked = {"HX-Request": "true"}
    client = app.test_client()
    assert client.post("/activities/1/attendance/1", headers=asked).status_code == 401
    assert client.get("/people", headers=asked).status_code == 401
    assert client.get("/people").status_code == 302


def test_a_pages_script_gets_a_new_token_for_an_expired_form_and_others_do_not(app: Flask, coordinator: User):
    client, _ = sign_in(app, coordinator.email)
    refused = client.post("/language", data={"locale": "id"}, headers={"HX-Request": "true"})  # type: ignore[attr-defined]
    assert refused.status_code == 400
    token = refused.headers["X-CSRF-Token"]
    sent = client.post("/language", data={"locale": "id", "csrf_token": token})  # type: ignore[attr-defined]
    assert sent.status_code == 302
    assert "X-CSRF-Token" not in client.post("/language", data={"locale": "id"}).headers  # type: ignore[attr-defined]


def test_a_script_request_from_a_page_of_another_account_is_refused(coordinator_client, coordinator: User):
    def status(account: object) -> int:
        headers = {"HX-Request": "true", "X-Account": str(account)}
        return coordinator_client.get("/people", headers=headers).status_code

    assert (status(coordinator.id), status(coordinator.id + 1)) == (200, 401)


def test_signing_in_leads_to_the_requested_page(app: Flask, coordinator: User):
    asked = app.test_client().get("/audit?q=kader")
    assert asked.headers["Location"] == "/login?next=/audit?q%3Dkader"
    _, answer = sign_in(app, coordinator.email, next="/audit")
    assert answer.headers["Location"] == "/audit"


@pytest.mark.parametrize("target", ["https://example.com/", "//example.com", "/\\example.com"])
def test_signing_in_never_redirects_to_another_site(app: Flask, coordinator: User, target: str):
    _, answer = sign_in(app, coordinator.email, next=target)
    assert re.match(r"/(?![/\\])", answer.headers.get("Location", "/"))


def test_a_wrong_password_and_an_unknown_address_give_the_same_message(app: Flask, coordinator: User):
    _, wrong = sign_in(app, coordinator.email, "not-the-password")
    _, unknown = sign_in(app, "nobody@example.com")
    for answer in (wrong, unknown):
        assert "The e-mail address or the password is not right." in answer.text
    assert "Location" not in wrong.headers


def test_a_closed_account_cannot_sign_in_and_is_signed_out_at_once(app: Flask, coordinator: User):
    client = log_in(app, coordinator)
    assert client.get("/").status_code == 200
    coordinator.active = False
    db.session.commit()
    assert client.get("/").status_code == 302


def test_passwords_are_stored_as_argon2(coordinator: User):
    assert coordinator.password.startswith("$argon2id$")


def test_a_password_is_changed_while_an_engine_writes(app: Flask, coordinator: User, monkeypatch):
    client = log_in(app, coordinator)
    set_uniquifier, engine = (
        Accounts.set_uniquifier,
        sqlite3.connect(app.extensions["outreach"].instance / "outreach.db"),
    )

    def meanwhile(self: Accounts, user: User, **values: str | None) -> None:
        with engine:
            engine.execute("INSERT INTO heartbeat (name, at, version) VALUES ('a:1', '2027-01-04 01:00:00', '')")
        set_uniquifier(self, user, **values)

    monkeypatch.setattr(Accounts, "set_uniquifier", meanwhile)
    new = "empat-kata-yang-lain"
    form = {"password": PASSWORD, "new_password": new, "new_password_confirm": new}
    assert client.post("/password", data=form).status_code == 302
    db.session.expire_all()
    assert verify_password(new, coordinator.password)
    assert engine.execute("SELECT name FROM heartbeat").fetchall() == [("a:1",)]
    engine.close()


@pytest.mark.parametrize("path", ["/", "/login", "/nothing-here", "/static/css/outreach.css"])
def test_every_response_has_the_headers(coordinator_client, path: str):
    headers = coordinator_client.get(path).headers
    if path.startswith("/static"):
        assert headers["X-Content-Type-Options"] == "nosniff"
        return
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'self'", "img-src": "'self' data:", "object-src": "'none'", "base-uri": "'none'",
        "form-action": "'self'", "frame-ancestors": "'none'",
    }  # fmt: skip
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Robots-Tag"] == "noindex, nofollow"
    assert {name for name, _value in headers if name.startswith("Access-Control")} == set()  # no other site may read it
    assert "Strict-Transport-Security" not in headers
    assert coordinator_client.open(path, method="TRACE").status_code == 405 or path == "/nothing-here"


def test_no_page_of_the_shell_has_inline_script_or_style(administrator_client):
    for path in ("/", "/users", "/users/new", "/office", "/audit", "/password", "/nothing-here"):
        page = administrator_client.get(path).text
        assert re.findall(r"\sstyle=|\son[a-z]+=|<style|<script(?! src=)", page) == []


def test_the_session_cookie_is_protected(app: Flask, coordinator: User):
    _, answer = sign_in(app, coordinator.email)
    cookies = {cookie.partition("=")[0]: cookie for cookie in answer.headers.getlist("Set-Cookie")}
    assert set(cookies) == {"outreach", "outreach-device"}
    for cookie in cookies.values():
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}


def test_under_https_the_cookie_is_bound_to_the_host_and_hsts_is_sent(tmp_path, app: Flask, coordinator: User):
    (tmp_path / "https").mkdir()
    safe = create_app(settings_for(tmp_path / "https", base_url="https://undangan.example.com",
                                   database_url=str(db.engine.url)))  # fmt: skip
    client = BrowserClient(safe, safe.response_class)
    base = "https://undangan.example.com"
    page = client.get("/login", base_url=base)
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-outreach=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie


def test_the_sixth_wrong_password_has_to_wait_but_not_on_a_device_that_the_account_knows(app: Flask, coordinator: User):
    phone, _ = sign_in(app, coordinator.email)
    app.config["WTF_CSRF_ENABLED"] = False
    phone.post("/logout")  # type: ignore[attr-defined]
    stranger = app.test_client()
    typed = {"email": coordinator.email, "password": "not-for-a-page"}
    tries = [stranger.post("/login?lang=en", data=typed) for _ in range(6)]
    assert [answer.status_code for answer in tries] == [200] * 5 + [429]
    assert (tries[5].headers["Retry-After"], "Wait a minute, then try again." in tries[5].text) == ("2", True)
    assert "ask for a new password by mail" in tries[5].text
    assert 'href="/reset' in tries[5].text
    assert ("not-for-a-page" in tries[5].text, "<form" in tries[5].text) == (False, False)
    right = {"email": coordinator.email, "password": PASSWORD}
    assert phone.post("/login", data=right).status_code == 302  # type: ignore[attr-defined]
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    assert app.test_client().post("/login", data=right, environ_overrides=elsewhere).status_code == 302
    kinds = list(db.session.scalars(sa.select(SecurityEvent.kind).order_by(SecurityEvent.id)))
    assert kinds.count(SecurityKind.TOO_MANY_TRIES) == 1
    assert kinds.count(SecurityKind.NEW_DEVICE) == 1


def test_requests_to_the_login_page_are_limited(tmp_path, app: Flask, office):
    (tmp_path / "strict").mkdir()
    strict = create_app(settings_for(tmp_path / "strict", rate_public="2/minute", database_url=str(db.engine.url)))
    client = BrowserClient(strict, strict.response_class)
    assert [client.get("/login").status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/healthz").status_code == 200


def test_the_demos_login_page_shows_its_logins(tmp_path, app: Flask, office):
    (tmp_path / "guide.json").write_text('{"logins": [["viewer", "pengamat@example.com", "kata-sandi-demo"]]}', "utf-8")
    for demo, shown in ((True, 1), (False, 0)):
        shell = create_app(settings_for(tmp_path, demo=demo))
        page = BrowserClient(shell, shell.response_class).get("/login?lang=en").text
        assert page.count("<code>pengamat@example.com</code><code>kata-sandi-demo</code>") == shown


def test_a_style_sheet_may_be_cached_for_ever_because_its_address_changes_with_it(app: Flask):
    address = app.extensions["outreach_static_url"]("css/outreach.css")
    assert re.fullmatch(r"/static/[0-9a-f]{12}/css/outreach\.css", address)
    client = app.test_client()
    assert "immutable" in client.get(address).headers["Cache-Control"]
    assert "immutable" not in client.get("/static/css/outreach.css").headers["Cache-Control"]


def test_a_crash_shows_a_message_and_names_nobody(app: Flask, coordinator: User):
    @app.get("/crash")
    def crash() -> str:
        raise ZeroDivisionError("Ani Wijaya")

    client = log_in(app, coordinator)
    app.testing = False
    answer = client.get("/crash")
    assert answer.status_code == 500
    assert "Try again in a moment." in answer.text
    assert "Ani Wijaya" not in answer.text


def test_everybody_chooses_their_own_language(viewer_client, viewer: User):
    answer = viewer_client.post("/language", data={"locale": "id", "back": "/audit?q=x"})
    assert answer.headers["Location"] == "/audit?q=x"
    assert db.session.get(User, viewer.id).locale == "id"
    assert '<html lang="id">' in viewer_client.get("/").text


@pytest.mark.parametrize("back", ["https://example.com", "//example.com/x", "/\\example.com", ""])
def test_choosing_a_language_never_redirects_to_another_site(viewer_client, back: str):
    answer = viewer_client.post("/language", data={"locale": "en", "back": back})
    assert re.match(r"/(?![/\\])", answer.headers["Location"])


@pytest.mark.parametrize("password", ["9" * 4097, "\ufdfa" * 400], ids=["long", "long once normalised"])
def test_a_password_too_long_to_be_hashed_is_refused_as_wrong(app: Flask, coordinator: User, password: str):
    _client, refused = sign_in(app, coordinator.email, password)
    assert (refused.status_code, "The e-mail address or the password is not right." in refused.text) == (200, True)
    client = log_in(app, coordinator)
    assert client.post("/verify?lang=en", data={"password": password}).status_code == 200
    change = {"password": password, "new_password": "x" * 20, "new_password_confirm": "x" * 20}
    assert client.post("/password", data=change).status_code == 200
    change = {"password": PASSWORD, "new_password": password, "new_password_confirm": password}
    assert "A password may have at most 128 characters." in client.post("/password?lang=en", data=change).text


def test_only_the_doors_service_worker_may_have_a_scope_above_its_folder(app: Flask, coordinator_client):
    static_url = app.extensions["outreach_static_url"]
    allowed = {name: coordinator_client.get(static_url(f"js/{name}")).headers.get("Service-Worker-Allowed")
               for name in ("door/worker.js", "door/page.js", "forget.js")}  # fmt: skip
    assert allowed == {"door/worker.js": "/activities/", "door/page.js": None, "forget.js": None}
