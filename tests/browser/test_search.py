"""The way to the search by keyboard, in a real Chromium on a phone and on a desktop."""

import pytest

from tests.browser.pages import DESK, PHONE, holds, log_in

pytestmark = pytest.mark.browser


def test_a_slash_leads_to_the_search_box_and_enter_to_the_results(chromium, address, coordinator, ani):
    page = chromium.new_context(viewport=DESK).new_page()
    log_in(page, address, coordinator.email)
    page.goto(address + "/people/new")
    page.locator("body").press("/")
    page.keyboard.type("wijaya")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url == f"{address}/search?q=wijaya"
    assert page.get_by_role("link", name="Ani Wijaya").is_visible()
    holds(page, 1280)
    page.locator("body").press("/")
    page.keyboard.type("budi")  # in the page's own box, in place of what stood there
    assert page.input_value("main [name=q]") == "budi"


def test_a_slash_typed_in_another_field_stays_there(chromium, address, coordinator):
    page = chromium.new_context(viewport=DESK).new_page()
    log_in(page, address, coordinator.email)
    page.goto(address + "/people/new")
    page.locator("#name").press_sequentially("Ani/Budi")
    assert (page.input_value("#name"), page.input_value(".find [name=q]")) == ("Ani/Budi", "")


def test_on_a_phone_a_link_and_a_slash_lead_to_the_search_page(chromium, address, coordinator, ani):
    page = chromium.new_context(viewport=PHONE).new_page()
    log_in(page, address, coordinator.email)
    link = page.locator("[data-search-page]")
    box = link.bounding_box()
    assert (box["width"] >= 44, box["height"] >= 44) == (True, True)
    with page.expect_navigation():
        page.locator("body").press("/")
    assert page.url == address + "/search"
    page.keyboard.type("wijaya")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.get_by_role("link", name="Ani Wijaya").is_visible()
    holds(page, 360)


def test_without_scripts_the_form_works(chromium, address, coordinator, ani):
    page = chromium.new_context(viewport=DESK, java_script_enabled=False).new_page()
    log_in(page, address, coordinator.email)
    page.fill(".find [name=q]", "wijaya")
    with page.expect_navigation():
        page.press(".find [name=q]", "Enter")
    assert page.get_by_role("link", name="Ani Wijaya").is_visible()
