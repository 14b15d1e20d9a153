"""What a screen reader says of a cadre's and an office's answer page, held as Indonesian text."""

import pytest

from tests.browser import read_aloud
from tests.browser.pages import press

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(chromium):
    return chromium.new_context(viewport={"width": 360, "height": 560}, locale="id-ID").new_page()


def test_a_cadres_page_is_read_in_order(phone, address, answer_paths):
    phone.goto(address + answer_paths["cadre"])
    read_aloud.matches(phone, "cadre")
    second = phone.locator("section[aria-labelledby^=h]").nth(1)
    second.locator("summary").click()
    press(second.locator("button[value=represented]"))
    read_aloud.matches(phone, "cadre-errors")
    press(phone.locator("section[aria-labelledby^=h]").first.locator("button[value=coming]"))
    read_aloud.matches(phone, "cadre-thanks")


def test_an_offices_page_is_read_in_order(phone, address, answer_paths):
    phone.goto(address + answer_paths["organisation"])
    read_aloud.matches(phone, "office")
    first = phone.locator("section[aria-labelledby^=h]").first
    first.locator("input[name$='-0-name']").fill("Rina Kartika, S.Pd.")
    first.locator("input[name$='-0-email']").fill("rina@gmial.com")
    press(first.locator("button[value=coming]"))
    read_aloud.matches(phone, "office-errors")
    press(phone.locator("section[aria-labelledby^=h]").first.locator("button[value=coming]"))
    read_aloud.matches(phone, "office-thanks")
