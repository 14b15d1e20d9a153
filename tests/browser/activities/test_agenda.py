"""The agenda's form shows the chosen speakers as soon as they are ticked."""

import pytest

from tests.browser.pages import DESK, log_in

pytestmark = [pytest.mark.browser, pytest.mark.any_day]


def test_a_ticked_speaker_stands_beside_the_line_before_saving(activity, chief, coordinator, chromium, whole):
    page = chromium.new_context(viewport=DESK).new_page()
    log_in(page, whole, coordinator.email)
    page.goto(f"{whole}/activities/{activity.id}/agenda")
    own = page.locator(".agenda-speakers").first
    chosen = own.locator(".chosen")
    assert chosen.inner_text() == "None, choose …"
    own.locator("summary").click()
    own.get_by_label("Kapolres Metro").check()
    assert "Kapolres Metro" in chosen.inner_text()
    assert "None" not in chosen.inner_text()
    own.get_by_label("Kapolres Metro").uncheck()
    assert chosen.inner_text() == "None, choose …"
