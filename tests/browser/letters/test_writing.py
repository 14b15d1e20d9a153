"""A letter from the plan to the PDF that is to be signed: made, followed in the preview while it is written, saved, taken."""

import pytest

from outreach.domain.kinds import Role
from outreach.services.invitations import invite as inviting
from tests.browser.pages import DESK, PHONE, holds, log_in, press, wait_for
from tests.support.copied import copied
from tests.world import NOW

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]


@copied
def invited(activity, ani, budi):
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    return activity


def picture(page):
    """Return the first page as the preview shows it now; "" while it is loading."""
    drawn = page.frame(name="preview").locator("img")
    return drawn.first.get_attribute("src") if drawn.count() else ""


def test_a_letter_is_made_read_changed_and_taken_to_be_signed(invited, coordinator, chromium, whole):
    page = chromium.new_context(viewport=DESK, accept_downloads=True).new_page()
    log_in(page, whole, coordinator.email)
    page.goto(f"{whole}/activities/{invited.id}")
    press(page.get_by_role("link", name="Write letters"))
    holds(page, DESK["width"])
    press(page.get_by_role("link", name="Show only who has no letter yet"))
    press(page.get_by_role("button", name="Letters for all 2 who match"))
    holds(page, DESK["width"])
    before = wait_for(lambda: picture(page))
    page.get_by_label("Closing").fill("Penutup yang baru.")
    wait_for(lambda: picture(page) not in ("", before))  # nothing was pressed
    page.get_by_label("Letter number").fill("005/12/2027")
    page.get_by_label("Date of the letter").fill("2027-01-04")
    press(page.get_by_role("button", name="Save"))
    assert page.get_by_label("Closing").input_value() == "Penutup yang baru."
    with page.expect_download() as download:
        page.get_by_role("button", name="PDF to be signed").click()
    assert download.value.suggested_filename == "surat_005_12_2027.pdf"


def test_letters_on_a_phone(invited, coordinator, administrator, chromium, whole):
    page = chromium.new_context(viewport=PHONE).new_page()
    log_in(page, whole, administrator.email)
    page.goto(f"{whole}/letters/new?activity={invited.id}&lacks=letter")
    holds(page, PHONE["width"])
    press(page.get_by_role("button", name="Letters for all 2 who match"))
    for path in (page.url, f"{whole}/letters", f"{whole}/office/letters"):
        page.goto(path)
        holds(page, PHONE["width"])
