"""From one press for all to the mail, the own page, the download and the check page; then a corrected name and a revocation."""

import re

import pypdfium2
import pytest

from outreach.services.reminders import tick as reminding
from tests.browser.accessibility import engines
from tests.browser.pages import DESK, PHONE, holds, log_in, press, served
from tests.world import NOW, drain, invitation_of
from tests.world.barcodes import read_from_pixels
from tests.world.composed import text_of
from tests.world.held import AFTER, held, were_present

pytestmark = pytest.mark.browser


def code_on(pdf: bytes) -> str:
    """Return what a phone's camera reads on the certificate."""
    with pypdfium2.PdfDocument(pdf) as document:
        return read_from_pixels(document[0].render(scale=3, grayscale=True))[0]


def downloaded(page, link) -> bytes:
    with page.expect_download() as waiting:
        link.click()
    return waiting.value.path().read_bytes()


def test_a_certificate_goes_from_one_press_to_its_holder_and_to_whoever_checks_it(
    app, server, published, ani, coordinator, clock_stands, chromium
):
    reminding.tick(NOW)
    were_present(invitation_of(published, ani))
    activity_id = held(published).id
    clock_stands.now = AFTER
    with served(app) as address:
        staff = chromium.new_context(viewport=DESK).new_page()
        log_in(staff, address, coordinator.email)
        staff.goto(f"{address}/activities/{activity_id}")
        press(staff.get_by_role("link", name="Certificates of this activity"))
        assert engines.violations(staff) == {}
        press(staff.get_by_role("button", name="Make all certificates"))
        assert "1 certificate is made." in staff.inner_text("main")
        reminding.tick(AFTER)
        drain(AFTER)
        mail = next(one.mail for one in server.taken if "Sertifikat Bapak/Ibu" in str(one.mail["Subject"]))
        link = re.search(r"/j/[\w-]+", text_of(mail))[0]

        phone = chromium.new_context(viewport=PHONE, bypass_csp=True, accept_downloads=True).new_page()
        phone.goto(f"{address}{link}?lang=en")
        press(phone.get_by_role("link", name="Your certificates"))
        holds(phone, PHONE["width"])
        first = downloaded(phone, phone.get_by_role("link", name="Download (PDF)"))
        checked = re.sub(r"^https?://[^/]+", address, code_on(first))
        phone.goto(f"{checked}?lang=en")
        assert "and it stands" in phone.inner_text("main")
        assert "A. W." in phone.inner_text("main")
        holds(phone, PHONE["width"])

        staff.set_viewport_size(PHONE)
        press(staff.get_by_role("link", name="Ani Wijaya"))
        assert engines.violations(staff) == {}
        press(staff.get_by_role("link", name="Correct the name"))
        staff.fill("#name", "Ani Widjaja, S.E.")
        press(staff.get_by_role("button", name="Make it"))
        assert "It replaces:" in staff.inner_text("main")
        phone.reload()
        assert "was replaced by certificate no. 002/SERT/DP3AP2KB Kota Metro/2027" in phone.inner_text("main")
        phone.goto(f"{address}{link}/certificates?lang=en")
        assert "Ani Widjaja, S.E." in phone.inner_text("main")
        second = downloaded(phone, phone.get_by_role("link", name="Download (PDF)"))

        press(staff.get_by_role("link", name="Revoke"))
        staff.fill("#reason", "Daftar hadir keliru")
        press(staff.get_by_role("button", name="Revoke"))
        phone.goto(re.sub(r"^https?://[^/]+", address, code_on(second)) + "?lang=en")
        assert "was revoked on 19 January 2027" in phone.inner_text("main")
        phone.goto(f"{address}{link}/certificates?lang=en")
        assert "There is no certificate here at present." in phone.inner_text("main")
