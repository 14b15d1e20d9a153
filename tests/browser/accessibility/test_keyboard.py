"""Tasks with the keyboard alone: Tab, Space, Enter and typing. The focus is always visible."""

import re

import pytest
import sqlalchemy as sa

from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Invitation
from tests.browser.pages import DESK, PHONE, states_of, wait_for
from tests.world import PASSWORD

pytestmark = pytest.mark.browser
FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one), label = one.closest("label, .form-check") || one;
  const named = one.getAttribute("aria-label") || (one.labels && one.labels[0] || one).innerText || one.value || "";
  const box = label.getBoundingClientRect();
  return {
    name: named.replace(/\\s+/g, " ").trim(), tag: one.tagName,
    shows: style.outlineStyle !== "none" || style.boxShadow !== "none",
    inSight: box.bottom > 0 && box.top < innerHeight,
  };
}"""
MOST_STOPS = 150


def tab_to(page, name: str) -> None:
    """Press Tab until something whose name matches has the focus. Check that the focus is visible on the way."""
    passed = []
    for _stop in range(MOST_STOPS):
        page.keyboard.press("Tab")
        now = page.evaluate(FOCUSED)
        if now["tag"] == "BODY":
            continue
        passed.append(now["name"])
        assert (now["shows"], now["inSight"]) == (True, True), now
        if re.search(name, now["name"]):
            return
    raise AssertionError(f"Never came to {name}, but to {passed[-40:]}")


def press_key(page, key: str) -> None:
    with page.expect_navigation():
        page.keyboard.press(key)


def test_a_cadre_answers_two_invitations(chromium, address, answer_paths, ani):
    page = chromium.new_context(viewport=PHONE, locale="id-ID").new_page()
    page.goto(address + answer_paths["cadre"])
    tab_to(page, "^Hadir di semua")
    tab_to(page, "^Hadir$")
    press_key(page, "Space")
    assert states_of(ani) == [InvitationState.COMING, InvitationState.INVITED]
    tab_to(page, "^Urungkan jawaban ini$")
    press_key(page, "Enter")
    assert states_of(ani) == [InvitationState.INVITED] * 2
    tab_to(page, "^Hadir$")
    tab_to(page, "^Orang lain hadir mewakili saya$")
    page.keyboard.press("Space")
    tab_to(page, "^Nama$")
    page.keyboard.type("Budi Santoso")
    tab_to(page, "^Kirim nama yang mewakili$")
    press_key(page, "Enter")
    assert states_of(ani)[0] is InvitationState.REPRESENTED


def test_an_organisation_names_somebody(chromium, address, answer_paths, police):
    page = chromium.new_context(viewport=PHONE, locale="id-ID").new_page()
    page.goto(address + answer_paths["organisation"])
    tab_to(page, "^Nama$")
    page.keyboard.type("Rina Kartika")
    tab_to(page, "^Mengirim peserta$")
    press_key(page, "Enter")
    assert "Rina Kartika" in page.locator("[role=status]").inner_text()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.usefixtures("default_rules")
def test_a_coordinator_invites_cadres(coordinator, activity, ani, budi, chromium, whole, size):
    context = chromium.new_context(viewport=size, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{whole}/login?next=/activities/{activity.id}")
    page.locator("#email:focus").wait_for()  # nothing to press before typing
    page.keyboard.type(coordinator.email)
    tab_to(page, "^Kata sandi$")
    page.keyboard.type(PASSWORD)
    press_key(page, "Enter")
    tab_to(page, "^Skip to content$")
    page.keyboard.press("Enter")
    tab_to(page, "^Show the list$")
    press_key(page, "Enter")
    page.keyboard.press("Tab")
    if size == PHONE:
        tab_to(page, "^More$")
        page.keyboard.press("Enter")
    tab_to(page, "Invite cadres|Cadres")
    press_key(page, "Enter")
    tab_to(page, "Imopuro")
    page.keyboard.press("Space")
    tab_to(page, "^Continue$")
    press_key(page, "Enter")
    tab_to(page, "^Invite")
    press_key(page, "Enter")
    asked = wait_for(lambda: db.session.scalars(sa.select(Invitation.person_id)).all())
    assert asked == [ani.id]
    context.close()
