"""What is typed into Srikandi is copied by a press, on a phone too; without JavaScript it is selected by a press."""

import pytest

from outreach.domain.letters.values import LetterKind
from outreach.services.letters import compose, make
from outreach.services.letters.compose import text_of
from outreach.services.letters.versions import last_values
from tests.browser.pages import DESK, PHONE, holds, log_in, served
from tests.support.copied import copied
from tests.world import NOW, a_person, an_invitation

pytestmark = [pytest.mark.browser, pytest.mark.any_day]
SUMMARY = (
    "Undangan: Rapat koordinasi pencegahan kekerasan, Senin, 18 Januari 2027, pukul 08.00 WIB s.d. selesai, Aula Bappeda, "
    "Jl. Jenderal Sudirman, Metro"
)


@copied
def letter(activity, coordinator):
    invitation = an_invitation(activity, a_person("", email="polres@example.com", post="Kapolres Metro"))
    made = make.make(LetterKind.INVITATION, [invitation.id], by=coordinator, now=NOW)
    return compose.compose(made.id, text_of(last_values(made)), made.version, by=coordinator, now=NOW)


@pytest.fixture
def address(app, letter):
    with served(app) as at:
        yield at


def opened(chromium, address, letter, user, **options):
    context = chromium.new_context(**{"viewport": PHONE, "bypass_csp": True, "reduced_motion": "reduce"} | options)
    page = context.new_page()
    log_in(page, address, user.email)
    page.goto(f"{address}/letters/{letter.id}/srikandi")
    return page


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_press_copies_a_text(chromium, address, letter, coordinator, size):
    page = opened(
        chromium, address, letter, coordinator, viewport=size, permissions=["clipboard-read", "clipboard-write"]
    )
    holds(page, size["width"])
    button = page.get_by_role("button", name="Isi ringkas")
    assert button.bounding_box()["height"] >= 44
    button.click()
    page.wait_for_function("document.getElementById('copy-status').textContent !== ''")
    assert page.evaluate("navigator.clipboard.readText()") == SUMMARY


def test_without_https_the_text_is_copied_as_by_hand(chromium, address, letter, coordinator):
    page = opened(chromium, address, letter, coordinator)
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.reload()
    page.evaluate("document.addEventListener('copy', () => { window.taken = getSelection().toString(); })")
    page.get_by_role("button", name="Isi ringkas").click()
    page.wait_for_function("document.getElementById('copy-status').textContent !== ''")
    assert page.evaluate("window.taken") == SUMMARY


def test_without_javascript_a_press_selects_all_of_a_text(chromium, address, letter, coordinator):
    page = opened(chromium, address, letter, coordinator, java_script_enabled=False)
    assert page.get_by_role("button", name="Isi ringkas").count() == 0
    text = page.get_by_text(SUMMARY)
    assert text.is_visible()
    assert text.evaluate("element => getComputedStyle(element).userSelect") == "all"
