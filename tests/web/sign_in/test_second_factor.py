"""Signing in with a second factor: setting it up, being asked for it, codes that count once, recovery codes."""

import json
import re
from base64 import b64decode, b64encode
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.domain.kinds import AccountNews
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import AccountMail, AuditEntry, Passkey, SecurityEvent, User
from outreach.services.sign_in import alarm, factors
from outreach.web.frame.accounts.second_factors import Codes, security
from tests.support.apps import with_settings
from tests.support.copied import copied
from tests.web.browsers import BrowserClient
from tests.world import PASSWORD, StandingClock, log_in, stop_clock
from tests.world.sign_in import code_for, code_of, recovery_codes_of, with_app

pytestmark = pytest.mark.usefixtures("browsers")


@pytest.fixture(autouse=True)
def standing(monkeypatch: pytest.MonkeyPatch) -> StandingClock:
    return stop_clock(monkeypatch)


@copied
def client(current_app_: Flask) -> BrowserClient:
    current_app_.config["WTF_CSRF_ENABLED"] = False
    return current_app_.test_client()


def give_password(client, user: User, **values: str):
    return client.post("/login?lang=en", data={"email": user.email, "password": PASSWORD, **values})


def is_in(client) -> bool:
    return client.get("/people").status_code == 200


def test_who_must_have_a_second_factor_reaches_nothing_else_until_it_is_set_up(any_app, client, coordinator):
    with_settings(any_app, second_factor_for="administrator,coordinator")
    assert give_password(client, coordinator).status_code == 302
    for path in ("/", "/people", "/password", "/people?file=xlsx", "/account/recovery-codes"):
        assert client.get(path).headers["Location"] == "/account"
    assert client.post("/people/new", data={"name": "Ani"}).headers["Location"] == "/account"
    assert client.get("/people", headers={"HX-Request": "true"}).status_code == 401
    assert "Set up a second factor" in client.get("/account").text
    page = client.post("/account/app", data={"setup": "authenticator"}).text
    assert "data:image/svg+xml" in page
    key = re.search(r"<code class=\"break\">([^<]+)</code>", page)[1]
    address = re.search(r'action="(/account/app/[^"]+)"', page)[1]
    for wrong in ("000000", ""):  # the app on the phone has this key already, so the same is shown again
        again = client.post(address, data={"code": wrong})
        assert (again.status_code, f">{key}<" in again.text, address in again.text) == (422, True, True)
    assert not factors.has_app(db.session.get_one(User, coordinator.id))
    assert client.post(address, data={"code": code_for(key)}).headers["Location"] == "/account"
    assert is_in(client)
    stored = db.session.get_one(User, coordinator.id)
    assert factors.has_app(stored)
    assert key.replace("-", "") not in stored.tf_totp_secret
    assert [mail.news for mail in db.session.query(AccountMail)] == [AccountNews.FACTOR_ADDED]


def test_roles_outside_the_setting_need_none_and_an_empty_one_asks_nobody(app, client, coordinator, viewer):
    with_settings(app, second_factor_for="administrator")
    give_password(client, coordinator)
    assert is_in(client)
    with_settings(app, second_factor_for="administrator,coordinator")
    assert not is_in(client)
    with_settings(app, second_factor_for="administrator,coordinator", demo=True)
    assert is_in(client)


def test_setting_it_up_signs_every_other_device_out(app, client, coordinator):
    other = log_in(app, coordinator)
    give_password(client, coordinator, remember="y")
    assert is_in(other)
    page = client.post("/account/app", data={"setup": "authenticator"}).text
    key = re.search(r"<code class=\"break\">([^<]+)</code>", page)[1]
    client.post(re.search(r'action="(/account/app/[^"]+)"', page)[1], data={"code": code_for(key)})
    assert (is_in(client), is_in(other)) == (True, False)


@pytest.mark.parametrize(("off_s", "taken"), [(0, True), (30, True), (-30, True), (90, False), (-90, False)])
def test_a_clock_that_is_off_by_half_a_minute_is_no_matter(app, client, coordinator, off_s: int, taken: bool):
    with_app(coordinator)
    answer = give_password(client, coordinator, next="/people")
    assert answer.headers["Location"].startswith("/login/code")
    assert not is_in(client)
    client.post("/login/code", data={"code": code_of(coordinator, clock.now() + timedelta(seconds=off_s))})
    assert is_in(client) == taken


def test_a_code_counts_once(any_app, client, coordinator, standing):
    with_app(coordinator)
    code = code_of(coordinator)
    give_password(client, coordinator)
    client.post("/login/code", data={"code": f"{code[:3]} {code[3:]}"})
    assert is_in(client)
    other = any_app.test_client()
    give_password(other, coordinator)
    refused = other.post("/login/code?lang=en", data={"code": code})
    assert "each counts once" in refused.text
    assert not is_in(other)
    standing.now += timedelta(seconds=30)
    other.post("/login/code", data={"code": code_of(coordinator)})
    assert is_in(other)
    signed_in = sa.select(SecurityEvent.detail).where(SecurityEvent.kind == SecurityKind.SIGNED_IN)
    assert [one["via"] for one in db.session.scalars(signed_in)] == [["password", "authenticator"]] * 2


@pytest.mark.parametrize("way", ["code", "recovery"])
def test_after_a_change_of_the_secret_key_an_apps_secret_is_encrypted_by_the_new_one_at_the_next_sign_in(
    any_app, client, coordinator, monkeypatch, way: str
):
    recovery_code, *_ = recovery_codes_of(with_app(coordinator))
    key = security.totp_factory.get_totp_b32_key(coordinator.tf_totp_secret)
    ((tag, secret),) = security.totp_factory._totp.wallet._secrets.items()
    keys = {"newer": "another secret", tag: secret.decode()}
    monkeypatch.setattr(security, "_totp_factory", Codes(keys, "Outreach"))
    give_password(client, coordinator)
    code = code_for(key) if way == "code" else recovery_code
    assert client.post(f"/login/{way}", data={"code": code}).status_code == 302
    assert is_in(client)
    assert db.session.scalar(sa.select(SecurityEvent.kind).where(SecurityEvent.kind == SecurityKind.SIGNED_IN))
    db.session.rollback()
    stored = db.session.get_one(User, coordinator.id).tf_totp_secret
    assert '"newer"' in stored
    assert Codes({"newer": "another secret"}, "Outreach").get_totp_b32_key(stored) == key


def test_a_secret_that_was_changed_in_the_database_opens_nothing(app, client, coordinator):
    with_app(coordinator)
    code, kept = code_of(coordinator), json.loads(coordinator.tf_totp_secret)
    sealed = bytearray(b64decode(kept["enckey"]["k"]))
    sealed[0] ^= 1
    kept["enckey"]["k"] = b64encode(sealed).decode()
    coordinator.tf_totp_secret = json.dumps(kept)
    db.session.commit()
    with pytest.raises(ValueError, match="changed"):
        security.totp_factory.get_totp_b32_key(coordinator.tf_totp_secret)
    give_password(client, coordinator)
    client.post("/login/code", data={"code": code})
    assert not is_in(client)
    plain = "JBSWY3DPEHPK3PXP"
    coordinator.tf_totp_secret = json.dumps({"key": plain, "type": "totp", "v": 1})
    db.session.commit()
    client.post("/login/code", data={"code": code_for(plain)})
    assert not is_in(client)


def test_a_recovery_code_opens_once_and_its_use_is_told(any_app, client, coordinator):
    code, *_ = recovery_codes_of(with_app(coordinator))
    give_password(client, coordinator)
    assert client.post("/login/recovery", data={"code": code}).status_code == 302
    assert is_in(client)
    other = any_app.test_client()
    give_password(other, coordinator)
    assert "Each counts once." in other.post("/login/recovery?lang=en", data={"code": code}).text
    assert not is_in(other)
    event = db.session.scalar(sa.select(SecurityEvent).where(SecurityEvent.kind == SecurityKind.SIGNED_IN))
    assert event.detail["via"] == ["password", "recovery_code"]
    assert [mail.news for mail in db.session.query(AccountMail).order_by(AccountMail.message_id)] == [
        AccountNews.RECOVERY_CODES_MADE, AccountNews.RECOVERY_CODE_USED,
    ]  # fmt: skip


def test_recovery_codes_are_shown_once_and_given_as_a_file(app, client, coordinator):
    with_app(coordinator)
    give_password(client, coordinator)
    client.post("/login/code", data={"code": code_of(coordinator)})
    page = client.post("/account/recovery-codes?lang=en").text
    codes = re.findall(r'name="code" value="([a-z0-9-]{29})"', page)
    assert len(codes) == 10
    assert not any(code in client.get("/account/recovery-codes?show_codes=1").text for code in codes)
    given = client.post("/account/recovery-codes/file", data={"code": codes})
    assert all(code in given.text for code in codes)
    assert "attachment" in given.headers["Content-Disposition"]
    assert client.post("/account/recovery-codes/file", data={"code": ["<script>"]}).status_code == 400


def test_the_password_alone_is_forgotten_after_ten_minutes_and_a_reset_in_between(
    app, client, coordinator, monkeypatch
):
    with_app(coordinator)
    give_password(client, coordinator)
    with client.session_transaction() as session:
        session["tf_since"] -= 601
    client.post("/login/code", data={"code": code_of(coordinator)})
    assert not is_in(client)


def test_a_sign_in_that_is_not_looked_at_gives_no_more_time(current_app_, app, client, coordinator):
    with_app(coordinator)
    give_password(client, coordinator)
    current_app_.config["WTF_CSRF_ENABLED"] = True
    assert client.post("/login", data={"email": "nobody@example.com", "password": "x"}).status_code == 400
    with client.session_transaction() as session:
        assert "tf_user_id" not in session


def test_an_app_that_was_begun_in_another_session_is_not_taken(app, client, coordinator, viewer):
    """Otherwise who finds an open page adds an app of their own, and then counts as asked anew."""
    with_settings(app, second_factor_for="")
    stranger = log_in(app, viewer)
    page = stranger.post("/account/app", data={"setup": "authenticator"}).text
    key = re.search(r"<code class=\"break\">([^<]+)</code>", page)[1]
    give_password(client, coordinator)
    client.post(re.search(r'action="(/account/app/[^"]+)"', page)[1], data={"code": code_for(key)})
    assert not factors.has_app(db.session.get_one(User, coordinator.id))


def test_who_stands_in_for_somebody_needs_what_their_role_needs(app, client, coordinator, viewer):
    with_settings(app, second_factor_for="coordinator")
    today = clock.now().date()
    viewer.stands_in_for, viewer.stands_in_from, viewer.stands_in_until = coordinator, today, today
    db.session.commit()
    give_password(client, viewer)
    assert client.get("/people").headers["Location"] == "/account"


def test_there_is_no_way_around_the_second_factor(app, client, coordinator):
    """Neither a cookie that keeps somebody signed in, nor a new password, nor another page of Flask-Security lets in."""
    with_app(coordinator)
    give_password(client, coordinator, remember="y")
    assert client.get_cookie("outreach-remember") is None
    for path in ("/account", "/password", "/account/app", "/verify", "/account/recovery-codes"):
        assert client.get(path).headers["Location"].startswith("/login")
    client.post(
        "/password",
        data={"password": PASSWORD, "new_password": "payung biru jalan", "new_password_confirm": "payung biru jalan"},
    )
    assert not is_in(client)
    client.set_cookie("tf_validity", app.extensions["security"].tf_validity_serializer.dumps(coordinator.fs_uniquifier))
    give_password(client, coordinator)
    assert not is_in(client)


LEFT_OUT = (
    "/register", "/confirm", "/us-signin", "/us-setup", "/us-verify", "/us-verify-link", "/us-signin/send-code",
    "/login/rescue", "/login/passkey", "/tf-setup", "/tf-validate", "/tf-rescue", "/tf-select", "/mf-recovery",
    "/mf-recovery-codes",
    "/change", "/change-email", "/change-username", "/recover-username", "/username-recovery", "/refresh-token",
)  # fmt: skip


def test_of_flask_securitys_pages_only_ours_exist(app, client):
    ours = {
        "login", "logout", "verify", "change_password", "two_factor_setup", "two_factor_setup_validate",
        "two_factor_token_validation", "two_factor_rescue", "mf_recovery", "mf_recovery_codes", "tf_select",
        "wan_register", "wan_register_response", "wan_signin", "wan_signin_response", "wan_delete", "wan_verify",
        "wan_verify_response",
    }  # fmt: skip
    found = {
        rule.endpoint.removeprefix("security.")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("security.")
    }
    assert found == ours
    assert {
        path: client.open(path, method=method).status_code for path in LEFT_OUT for method in ("GET", "POST")
    } == dict.fromkeys(LEFT_OUT, 404)


def test_pages_between_password_and_factor_sign_nobody_out(app, coordinator):
    client = log_in(app, coordinator)
    for path in ("/login/code", "/login/recovery", "/login/factor"):
        assert client.get(path).headers["Location"] == "/account"
    assert is_in(client)


def test_who_must_have_one_cannot_remove_it_and_for_others_its_codes_and_other_sessions_end(app, client, coordinator):
    recovery_codes_of(with_app(coordinator))
    with_settings(app, second_factor_for="coordinator")
    other = log_in(app, coordinator)
    give_password(client, coordinator)
    client.post("/login/code", data={"code": code_of(coordinator)})
    assert "Your role needs a second factor." in client.post("/account/app?lang=en", data={"setup": "disable"}).text
    with_settings(app, second_factor_for="")
    assert is_in(other)
    assert client.post("/account/app", data={"setup": "disable"}).status_code == 302
    assert (is_in(client), is_in(other)) == (True, False)
    stored = db.session.get_one(User, coordinator.id)
    assert (factors.has_app(stored), factors.recovery.remaining(stored.id)) == (False, 0)
    assert "user.factor_removed" in [entry.action for entry in db.session.query(AuditEntry)]


def test_removing_a_passkey_signs_every_other_device_out(any_app, client, coordinator):
    with_settings(any_app, second_factor_for="")
    db.session.add(
        Passkey(user=coordinator, name="Ponsel", credential_id=b"id", public_key=b"key", backup_state=False,
                device_type="single_device", usage="secondary", lastuse_datetime=clock.now())
    )  # fmt: skip
    db.session.commit()
    here, other = (log_in(any_app, coordinator) for _ in range(2))
    assert here.post("/account/passkey/remove", data={"name": "Ponsel"}).status_code == 302
    assert (is_in(here), is_in(other)) == (True, False)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Passkey)) == 0


def test_tries_of_a_second_factor_are_counted_for_the_account(app, client, coordinator):
    with_settings(app, rate_codes="3/hour")
    with_app(coordinator)
    give_password(client, coordinator)
    tries = [client.post("/login/code", data={"code": "000000"}).status_code for _ in range(3)]
    other = app.test_client()
    give_password(other, coordinator)
    assert [*tries, other.post("/login/recovery", data={"code": "x"}).status_code] == [200, 200, 200, 429]


def test_a_wrong_second_factor_is_recorded_and_counts_for_the_alarm(any_app, client, coordinator):
    recovery_codes_of(with_app(coordinator))
    code = code_of(coordinator)
    give_password(any_app.test_client(), coordinator)
    give_password(client, coordinator)
    client.post("/login/code", data={"code": " "})  # nothing is written
    client.post("/login/code", data={"code": "000000"})
    client.post("/login/recovery", data={"code": "aaaa-bbbb-cccc-dddd-eeee-ffff"})
    client.post("/login/code", data={"code": code})
    assert is_in(client)
    other = any_app.test_client()
    give_password(other, coordinator)
    other.post("/login/code", data={"code": code})  # used already
    failed = db.session.scalars(
        sa.select(SecurityEvent.user_id).where(SecurityEvent.kind == SecurityKind.FACTOR_FAILED)
    )
    assert failed.all() == [coordinator.id] * 3
    assert alarm.failures(now=clock.now()) == 3
