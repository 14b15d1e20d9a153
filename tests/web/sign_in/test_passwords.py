"""Passwords on the pages: a first one that must be changed, ones that are refused, a new one by mail."""

import re
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import clock
from outreach.domain.kinds import AccountNews, StaffRole
from outreach.domain.sign_in.events import SecurityKind
from outreach.domain.sign_in.tries import OF_ACCOUNT
from outreach.extensions import db
from outreach.models import AccountMail, PasswordReset, SecurityEvent, User
from outreach.services.office import staff
from outreach.services.office.staff import UserValues
from outreach.services.sign_in import tries
from outreach.services.sign_in.tries import PasswordTry
from tests.support.copied import copied
from tests.support.long_form import LONG
from tests.web.browsers import BrowserClient
from tests.world import PASSWORD, StandingClock, log_in, stop_clock
from tests.world.sign_in import code_of, new_password_token, set_time_of_tries, with_app

pytestmark = pytest.mark.usefixtures("browsers")
NEW = "payung biru jalan sepatu"
SITI = UserValues("Siti Rahmawati", "siti@example.com", StaffRole.COORDINATOR, locale="en")


@pytest.fixture(autouse=True)
def standing(monkeypatch: pytest.MonkeyPatch) -> StandingClock:
    return stop_clock(monkeypatch)


@copied
def client(current_app_: Flask) -> BrowserClient:
    current_app_.config["WTF_CSRF_ENABLED"] = False
    return current_app_.test_client()


def sign_in(client, email: str, password: str = PASSWORD):
    return client.post("/login?lang=en", data={"email": email, "password": password})


def is_in(client) -> bool:
    return client.get("/people").status_code == 200


def change(client, old: str, new: str):
    return client.post("/password?lang=en", data={"password": old, "new_password": new, "new_password_confirm": new})


def test_a_first_password_must_be_changed_before_anything_else_and_cannot_stay(any_app, client, office):
    first = staff.add(SITI, by=None, now=clock.now()).password
    sign_in(client, SITI.email, first)
    for path in ("/", "/people", "/account", "/account/app", "/reset/nothing"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers.get("Location")) in ((302, "/password"), (404, None)), path
    assert "Choose your own password" in client.get("/password").text
    assert change(client, first, first).status_code == 200
    assert not is_in(client)
    assert change(client, first, NEW).status_code == 302
    assert is_in(client)
    assert db.session.query(User).filter_by(email=SITI.email).one().password_ends_at is None


def test_a_first_password_ends_after_a_week_and_says_so_only_to_who_knows_it(app, client, office, standing):
    first = staff.add(SITI, by=None, now=clock.now()).password
    standing.now += timedelta(days=7)
    assert "was not changed within a week" in sign_in(client, SITI.email, first).text
    assert "was not changed within a week" not in sign_in(client, SITI.email, "not-the-password").text
    assert not is_in(client)


def test_an_easy_password_is_refused_with_the_reason_in_the_readers_language(app, coordinator):
    client = log_in(app, coordinator)
    assert "made of their names" in change(client, PASSWORD, "coordinator2027").text
    refused = client.post(
        "/password?lang=id",
        data={"password": PASSWORD, "new_password": "indonesiamerdeka", "new_password_confirm": "indonesiamerdeka"},
    )
    assert "dipakai banyak orang" in refused.text
    assert change(client, PASSWORD, NEW).status_code == 302


def test_the_answer_to_who_asks_for_a_new_password_is_the_same_for_every_address(app, client, coordinator):
    def answered(address: str):
        other = app.test_client()
        answer = other.post("/reset?lang=en", data={"email": address})
        return answer.status_code, answer.headers["Location"], other.get("/login?lang=en").text

    known, unknown = answered(coordinator.email), answered("nobody@example.com")
    without_tokens = [re.sub(r'name="csrf_token"[^>]*>', "", page) for *_, page in (known, unknown)]
    assert without_tokens[0] == without_tokens[1]
    assert known[:2] == unknown[:2] == (302, "/login")
    assert "a mail with a link is on its way" in without_tokens[0]
    assert db.session.query(PasswordReset).count() == 2


def test_strangers_keep_nobody_out_who_chooses_a_new_password_by_mail(app, client, coordinator, monkeypatch):
    set_time_of_tries(monkeypatch)
    for number in range(OF_ACCOUNT.free + 1):
        tries.begin(PasswordTry(coordinator.email, f"203.0.113.{number}"))
    assert sign_in(client, coordinator.email).status_code == 429
    token = new_password_token(coordinator)
    client.post(f"/r/{token}", data={"password": NEW, "again": NEW})
    assert sign_in(app.test_client(), coordinator.email, NEW).status_code == 429
    assert sign_in(client, coordinator.email, NEW).status_code == 302
    assert is_in(client)
    assert db.session.query(SecurityEvent).filter_by(kind=SecurityKind.SIGNED_IN).count() == 1


def test_opening_the_link_changes_nothing_and_choosing_leads_to_the_second_factor(any_app, client, coordinator):
    with_app(coordinator)
    signed_in = log_in(any_app, coordinator)
    token = new_password_token(coordinator)
    page = client.get(f"/r/{token}?lang=en")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in page.text
    assert is_in(signed_in)
    assert "not the same" in client.post(f"/r/{token}?lang=en", data={"password": NEW, "again": "another"}).text
    assert (
        client.post(
            f"/r/{token}?lang=en", data={"password": "indonesiamerdeka", "again": "indonesiamerdeka"}
        ).status_code
        == 422
    )
    chosen = client.post(f"/r/{token}", data={"password": NEW, "again": NEW})
    assert chosen.headers["Location"] == "/login"
    assert (is_in(client), is_in(signed_in)) == (False, False)
    assert client.post(f"/r/{token}", data={"password": NEW, "again": NEW}).headers["Location"] == "/reset"
    assert sign_in(client, coordinator.email, NEW).headers["Location"].startswith("/login/code")
    assert not is_in(client)
    client.post("/login/code", data={"code": code_of(coordinator)})
    assert is_in(client)


def test_an_administrator_resets_somebodys_second_factor_on_the_accounts_page(app, administrator, coordinator):
    client = log_in(app, administrator)
    with_app(coordinator)
    signed_in = log_in(app, coordinator)
    assert client.get("/users?lang=en").text.count("set up") == 1
    assert client.post(f"/users/{coordinator.id}/factors").status_code == 302
    assert not is_in(signed_in)
    assert SecurityKind.FACTORS_RESET in set(db.session.scalars(sa.select(SecurityEvent.kind)))
    assert db.session.scalars(sa.select(AccountMail.news)).all() == [AccountNews.FACTORS_RESET]
    assert client.get("/users?lang=en").text.count("set up") == 0
    assert "has no second factor" in client.post(f"/users/{coordinator.id}/factors?lang=en", follow_redirects=True).text


def test_the_accounts_page_warns_of_an_administrator_whom_a_lost_phone_would_lock_out(app, administrator):
    client = log_in(app, administrator)
    warning = "outreach user reset-mfa administrator@example.com"
    assert warning not in client.get("/users?lang=en").text
    with_app(administrator)
    assert warning in client.get("/users?lang=en").text
    staff.add(UserValues("Dewi", "dewi@example.com", StaffRole.ADMINISTRATOR), by=None, now=clock.now())
    assert warning not in client.get("/users?lang=en").text


if LONG:  # it compares times

    def test_asking_takes_as_long_for_an_unknown_address_as_for_a_known_one(app, client, coordinator):
        """Two distributions in turn: whoever guesses from one time whether the address is known is right about half the time."""
        times: dict[str, list[float]] = {coordinator.email: [], "nobody@example.com": []}
        for _round in range(400):
            for address, taken in times.items():
                before = time.perf_counter()
                client.post("/reset", data={"email": address})
                taken.append(time.perf_counter() - before)
        known, unknown = times.values()
        longer = sum((a > b) + (a == b) / 2 for a in known for b in unknown) / (len(known) * len(unknown))
        assert 0.42 < longer < 0.58, longer


def test_a_wrong_password_on_the_page_to_change_it_is_recorded(app, client, coordinator):
    sign_in(client, coordinator.email)
    for old, new in (("not-the-password", NEW), (PASSWORD, PASSWORD), (PASSWORD, NEW)):
        change(client, old, new)
    kinds = db.session.scalars(sa.select(SecurityEvent.kind).order_by(SecurityEvent.id)).all()
    assert [kind for kind in kinds if kind is not SecurityKind.SIGNED_IN] == [
        SecurityKind.ASKED_ANEW_FAILED, SecurityKind.PASSWORD_CHANGED,
    ]  # fmt: skip
