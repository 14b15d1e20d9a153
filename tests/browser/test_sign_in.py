"""Signing in with second factors in a real browser, whose virtual authenticator answers for a phone's fingerprint; and going on
after a session has ended.
"""

import os
import re

import pytest
import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import Activity, Passkey
from outreach.services.sign_in import factors
from tests.browser.pages import DESK, PHONE, holds, log_in, press
from tests.support.apps import with_settings
from tests.support.copied import copied
from tests.world import PASSWORD, at, stop_clock
from tests.world.sign_in import code_for

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("OUTREACH_TEST_PICTURES")  # a folder, to look at the pages
KEY = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
       "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip


@copied
def here(app, address) -> str:
    """The address with a name: passkeys belong to a name, not to a number."""
    return address.replace("127.0.0.1", "localhost")


def pages_of(chromium, viewport=DESK):
    context = chromium.new_context(viewport=viewport, bypass_csp=True, reduced_motion="reduce", locale="en")
    return context.new_page()


def with_authenticator(page) -> tuple[object, str]:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})["authenticatorId"]


def shown(page, name: str) -> None:
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/{name}-{size['width']}.png", full_page=True)
        holds(page, size["width"])


def button(page, *names: str):
    """Return the button that has one of these names: the pages are in English for who is signed in, else in Indonesian."""
    return page.get_by_role("button", name=re.compile(f"^({'|'.join(map(re.escape, names))})$"))


def test_a_coordinator_is_led_to_a_passkey_and_signs_in_with_it(app, here, chromium, coordinator, viewer):
    with_settings(app, second_factor_for="coordinator", base_url=here)
    page = pages_of(chromium)
    _session, _key = with_authenticator(page)
    page.goto(f"{here}/login?lang=en")
    shown(page, "login")
    log_in(page, here, coordinator.email)
    assert page.url == f"{here}/account"
    shown(page, "account-first")
    press(page.get_by_role("link", name="Add a passkey"))
    shown(page, "passkey-name")
    page.fill("#name", "HP Samsung")
    button(page, "Continue").click()
    page.wait_for_url(f"{here}/account")
    db.session.rollback()
    assert [key.name for key in factors.passkeys(coordinator)] == ["HP Samsung"]
    shown(page, "account")
    press(page.get_by_role("link", name="Make recovery codes"))
    press(button(page, "Make recovery codes"))
    shown(page, "recovery-codes")

    press(button(page, "Sign out"))
    log_in(page, here, coordinator.email)
    assert page.url.startswith(f"{here}/login/passkey")
    page.goto(f"{here}/people")
    assert page.url.startswith(f"{here}/login")
    log_in(page, here, coordinator.email)
    shown(page, "passkey")
    button(page, "Lanjutkan").click()
    page.wait_for_url(f"{here}/")
    page.goto(f"{here}/people")
    assert page.url == f"{here}/people"
    db.session.rollback()
    assert db.session.query(Passkey).one().sign_count > 0


def test_without_a_device_that_answers_the_page_says_so_and_offers_another_way(app, here, chromium, coordinator):
    with_settings(app, base_url=here)
    page = pages_of(chromium, PHONE)
    session, key = with_authenticator(page)
    log_in(page, here, coordinator.email)
    page.goto(f"{here}/account/passkey")
    page.fill("#name", "laptop")
    button(page, "Continue").click()
    page.wait_for_url(f"{here}/account")
    press(page.get_by_role("link", name=re.compile("^Set up$")))
    press(button(page, "Show the QR code"))
    shown(page, "app")
    code = code_for(page.locator("code.break").inner_text())
    page.fill("#code", code)
    press(button(page, "Finish"))
    session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": key})
    session.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    page.set_viewport_size(DESK)
    press(button(page, "Sign out"))
    log_in(page, here, coordinator.email)
    shown(page, "which-factor")
    press(button(page, "Kunci sandi (passkey)"))
    button(page, "Lanjutkan").click()
    page.locator("#passkey-problem").filter(has_text="tidak memberi jawaban").wait_for()
    shown(page, "passkey-refused")
    press(page.get_by_role("link", name="Pakai kode pemulihan"))
    shown(page, "recovery")


def test_a_passkey_of_somebody_else_opens_no_account_although_the_password_is_right(
    app, here, chromium, coordinator, viewer
):
    """The viewer's key was found, and a colleague's password is known: together they open neither account."""
    with_settings(app, base_url=here)
    page = pages_of(chromium)
    session, key = with_authenticator(page)
    log_in(page, here, viewer.email)
    page.goto(f"{here}/account/passkey")
    page.fill("#name", "kunci")
    button(page, "Continue").click()
    page.wait_for_url(f"{here}/account")
    [credential] = session.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    db.session.rollback()
    mine, theirs = coordinator, viewer
    stored = factors.passkeys(theirs)[0]
    # Somebody who changes the page's script offers the found key where the coordinator's is asked for.
    own = {
        "user_id": mine.id,
        "name": "milik sendiri",
        "credential_id": b"1" * 16,
        "usage": "secondary",
        "sign_count": 0,
    }
    seen = {"public_key": stored.public_key, "backup_state": False, "device_type": "single_device", "transports": []}
    db.session.add(Passkey(**own, **seen, lastuse_datetime=stored.lastuse_datetime))
    mine.fs_webauthn_user_handle = "ab" * 16
    db.session.commit()
    press(button(page, "Sign out"))
    log_in(page, here, mine.email)
    page.add_init_script(
        "const get = navigator.credentials.get.bind(navigator.credentials);"
        "navigator.credentials.get = (asked) => { asked.publicKey.allowCredentials = []; return get(asked); };"
    )
    page.goto(f"{here}/login/passkey")
    button(page, "Lanjutkan").click()
    page.get_by_text("Kunci sandi ini bukan milik akun Anda.").wait_for()
    page.goto(f"{here}/people")
    assert "/login" in page.url
    assert credential["isResidentCredential"] is True


def signed_in_again(page, email: str) -> None:
    """Sign in on the page to which the browser was led."""
    assert re.search(r"/login\?next=(/|%2F)go-on", page.url)
    page.fill("#email", email)
    page.fill("#password", PASSWORD)
    press(button(page, "Sign in", "Masuk"))
    assert "/go-on/" in page.url


def test_a_session_ended_on_another_device_leads_to_signing_in_and_then_to_the_form_as_typed(
    app, address, chromium, coordinator, hall
):
    laptop, phone = pages_of(chromium), pages_of(chromium, PHONE)
    log_in(phone, address, coordinator.email)
    log_in(laptop, address, coordinator.email)
    phone.goto(f"{address}/activities/new")
    typed = {
        "title": "Rapat “lintas” sektor & kader <baru>", "public_title": "Pertemuan warga", "on": "2027-02-18", "begins": "08:30",
        "ends": "11:45", "capacity": "35", "description": "Baris pertama\nBaris kedua, dengan  dua spasi\n\nBaris keempat",
        "things_to_bring": "Surat tugas; alat tulis",
    }  # fmt: skip
    for name, value in typed.items():
        phone.fill(f"#{name}", value)
    phone.select_option("#venue_id", str(hall.id))

    laptop.goto(f"{address}/account/sign-ins")
    shown(laptop, "sign-ins")
    press(button(laptop, "Sign out there"))
    laptop.get_by_text("That device is signed out.").wait_for()

    press(button(phone, "Save as draft"))
    shown(phone, "login-to-go-on")
    signed_in_again(phone, coordinator.email)
    shown(phone, "go-on")
    db.session.rollback()
    assert db.session.scalars(sa.select(Activity)).all() == []  # neither signing in nor opening the page sends it
    press(button(phone, "Send it now"))
    db.session.rollback()
    made = db.session.scalars(sa.select(Activity)).one()
    assert (made.title, made.public_title, made.capacity, made.things_to_bring, made.venue_id) == (
        typed["title"], typed["public_title"], 35, typed["things_to_bring"], hall.id,
    )  # fmt: skip
    assert made.description.replace("\r\n", "\n") == typed["description"]
    assert (made.starts_at, made.ends_at) == (at(18, 8, 30, month=2), at(18, 11, 45, month=2))


def test_a_form_with_a_file_goes_on_after_an_hour_without_use_and_names_the_file(
    app, address, chromium, coordinator, monkeypatch
):
    page = pages_of(chromium, PHONE)
    log_in(page, address, coordinator.email)
    page.goto(f"{address}/people/import")
    page.set_input_files("#file", {"name": "kader-baru.csv", "mimeType": "text/csv", "buffer": b"nama\nAni"})
    page.select_option("#kind", index=2)
    chosen = page.input_value("#kind")
    stop_clock(monkeypatch, at(5, 9, 1))
    press(button(page, "Read it"))
    signed_in_again(page, coordinator.email)
    page.get_by_text("Please choose this one once more afterwards: kader-baru.csv").wait_for()
    shown(page, "go-on-file")
    press(button(page, "Send it now"))
    assert (page.input_value("#kind"), page.url) == (chosen, f"{address}/people/import")


def test_a_page_says_which_requests_it_makes_by_itself(app, address, chromium, coordinator, activity, police):
    page = pages_of(chromium)
    log_in(page, address, coordinator.email)
    page.goto(f"{address}/activities/{activity.id}/invitees")
    with page.expect_request(lambda request: "hx-request" in request.headers) as news:
        pass  # it comes every four seconds
    assert news.value.headers["x-by-itself"] == "1"
    page.goto(f"{address}/activities/{activity.id}/invite/organisations")
    with page.expect_request(lambda request: "hx-request" in request.headers) as search:
        page.type("#q", "Polres")
    assert "x-by-itself" not in search.value.headers
