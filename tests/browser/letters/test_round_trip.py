"""A letter's round trip: taken to be signed, signed, uploaded, accepted, checked by anybody; then its activity moves."""

from pathlib import Path

import pytest

from tests.browser.pages import DESK, PHONE, holds, log_in, press
from tests.world import at, invite, move, publish
from tests.world.letters import authority

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]


def test_a_letter_goes_out_to_be_signed_comes_back_and_is_corrected(
    activity, ani, coordinator, chromium, whole, tmp_path
):
    invite(activity, ani)
    publish(activity, tick=False)
    page = chromium.new_context(viewport=DESK, accept_downloads=True).new_page()
    log_in(page, whole, coordinator.email)
    page.goto(f"{whole}/letters/new?activity={activity.id}&tick=all")
    press(page.get_by_role("button", name="Make the letters"))
    address = page.url
    page.get_by_label("Letter number").fill("005/12/2027")
    page.get_by_label("Date of the letter").fill("2027-01-04")
    press(page.get_by_role("button", name="Save"))
    with page.expect_download() as download:
        page.get_by_role("button", name="PDF to be signed").click()
    signed = tmp_path / "signed.pdf"
    signed.write_bytes(authority.signed(Path(download.value.path()).read_bytes()))

    page.get_by_label("Signed letter (PDF)").set_input_files(signed)
    press(page.get_by_role("button", name="Upload"))
    assert page.get_by_text("Siti Contoh signed the whole file, and nothing has been changed since.").is_visible()
    assert page.get_by_text("It is this letter").is_visible()
    holds(page, DESK["width"])
    press(page.get_by_role("button", name="Accept as the signed letter"))
    assert page.get_by_text("This file goes out with the mails of its invitations").is_visible()

    code = page.locator(".state-line").inner_text().split()[-1]
    anybody = chromium.new_context(viewport=PHONE).new_page()
    anybody.goto(f"{whole}/l/")
    anybody.get_by_label("Kode pada surat").fill(code.lower())
    press(anybody.get_by_role("button", name="Periksa"))
    assert anybody.get_by_text("dan berlaku").is_visible()
    holds(anybody, PHONE["width"])

    move(activity, at(19), at(19, 12))
    anybody.reload()
    assert anybody.get_by_text("telah berubah sejak itu").is_visible()
    page.goto(f"{whole}/activities/{activity.id}")
    press(page.get_by_role("alert").or_(page.locator(".alert")).get_by_role("link").first)
    assert page.url != address
    assert page.get_by_text("It corrects or cancels an earlier letter:").is_visible()
