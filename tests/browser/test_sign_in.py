"""Signing in with second factors in a real browser, whose virtual authenticator answers for a phone's fingerprint."""

import os
import re

import pytest

from outreach.extensions import db
from outreach.models import Passkey
from outreach.services.sign_in import factors
from tests.browser.pages import DESK, PHONE, holds, log_in, press
from tests.support.apps import with_settings
from tests.world.sign_in import code_for

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("OUTREACH_TEST_PICTURES")  # a folder, to look at the pages
KEY = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
       "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip


@pytest.fixture
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
