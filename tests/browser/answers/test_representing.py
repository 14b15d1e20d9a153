"""Who comes for whom, in a real Chromium: a chief's representative passes it on, a forwarded link, an office's other name."""

import os

import pytest

from outreach.delivery import tokens
from outreach.domain.kinds import Role
from outreach.domain.states import InvitationState
from outreach.extensions import db
from tests.browser.pages import DESK, PHONE, holds, log_in, press, states_of
from tests.support.copied import copied
from tests.world import (
    at,
    draft_activity,
    invitation_of,
    invite,
    invite_organisation,
    mark_as_invited,
    publish,
    token_of,
)

pytestmark = pytest.mark.browser


@copied
def asked(default_rules, programme, hall, chief, police):
    """An activity to which the chief is invited as a speaker, and the police with two seats."""
    activity = draft_activity(programme, hall)
    invite(activity, chief, role=Role.SPEAKER)
    invite_organisation(activity, police)
    publish(activity, tick=False)
    mark_as_invited()
    return activity


def looked_at(page, width: int, name: str) -> None:
    if folder := os.environ.get("OUTREACH_SHOTS"):
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    holds(page, width)


def acting_page(activity, invitee) -> str:
    db.session.rollback()
    return f"/j/{tokens.acting_token(invitation_of(activity, invitee).acting.nonce)}"


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_chief_names_a_representative_who_passes_it_on(chromium, address, asked, chief, coordinator, size):
    width = size["width"]
    page = chromium.new_context(viewport=size, bypass_csp=True).new_page()
    card = page.locator("section[aria-labelledby^=h]")
    page.goto(f"{address}/j/{token_of(chief)}?pilih=wakil-{asked.id}")
    card.locator("input[name$='-name']").fill("Kompol Rina Dewi")
    card.locator("input[name$='-post']").fill("Wakapolres Metro")
    card.locator("input[name$='-email']").fill("rina@example.com")
    press(card.locator("button[value=represented]"))
    assert states_of(chief) == [InvitationState.REPRESENTED]

    rinas = address + acting_page(asked, chief)
    page.goto(rinas)
    looked_at(page, width, "acting")
    page.locator("summary", has_text="Orang lain hadir mewakili saya").first.click()
    page.fill("input[name$='-name']", "AKP Tono")
    page.fill("input[name$='-post']", "Kasat Reskrim")
    press(page.get_by_role("button", name="Teruskan"))
    looked_at(page, width, "passed-on")
    assert "Diteruskan kepada: AKP Tono, Kasat Reskrim" in page.locator("main").inner_text()
    page.goto(address + acting_page(asked, chief))
    press(page.get_by_role("button", name="Saya hadir"))
    looked_at(page, width, "confirmed")

    page.goto(f"{address}/j/{token_of(chief)}")
    page.locator("section[aria-labelledby^=h] summary").first.click()
    looked_at(page, width, "chief")
    said = page.locator("main").inner_text()
    assert "AKP Tono" in said
    assert "sudah menyatakan akan hadir" in said
    log_in(page, address, coordinator.email)
    page.goto(f"{address}/invitations/{invitation_of(asked, chief).id}")
    looked_at(page, width, "staff")
    press(page.get_by_role("button", name="Undo who comes"))
    assert "Kompol Rina Dewi" in page.locator("main").inner_text()
    assert invitation_of(asked, chief).representative_name == "Kompol Rina Dewi"


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_forwarded_link_is_answered_from_two_devices(chromium, address, monkeypatch, asked, chief, size):
    width, path = size["width"], f"{address}/j/{token_of(chief)}"
    chiefs, secretarys = (
        chromium.new_context(viewport=size, bypass_csp=True, own_clock=True).new_page() for _device in range(2)
    )
    secretarys.goto(path)
    chiefs.goto(path)
    press(chiefs.locator("button[value=coming]").first)
    press(secretarys.locator("button[value=not_coming]").first)
    looked_at(secretarys, width, "forwarded")
    assert "Orang lain telah menjawab dengan tautan ini" in secretarys.locator("main").inner_text()
    assert states_of(chief) == [InvitationState.COMING]
    tokens_seen = secretarys.locator("section[aria-labelledby^=h]").inner_text()
    assert "melalui perangkat lain" in tokens_seen


def test_an_office_replaces_a_nominee(chromium, address, asked, police, coordinator):
    page = chromium.new_context(viewport=PHONE, bypass_csp=True).new_page()
    page.goto(f"{address}/j/{token_of(police)}")
    page.locator("input[name$='rows-0-name']").fill("Aipda Rudi")
    page.locator("input[name$='rows-0-email']").fill("rudi@example.com")
    press(page.locator("button[value=coming]"))
    page.locator("summary", has_text="Aipda Rudi").click()
    page.locator("input[name$='rows-0-name']").fill("Bripka Sari")
    page.locator("input[name$='rows-0-email']").fill("sari@example.com")
    press(page.locator("button[value=coming]"))
    looked_at(page, PHONE["width"], "replaced")
    db.session.rollback()
    office = invitation_of(asked, police)
    named = {nominee.person.name: nominee.state for nominee in office.nominees}
    assert InvitationState.COMING in named.values()
    assert "Bripka Sari" in " ".join(named)
    assert at(5) <= office.answered_at
    log_in(page, address, coordinator.email)
    page.goto(f"{address}/invitations/{office.id}/names")
    looked_at(page, PHONE["width"], "names")
