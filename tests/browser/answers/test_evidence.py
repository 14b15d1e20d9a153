"""A letter with an answer comes: a coordinator records it with its photo, sees the photo, and undoes the mistake."""

import pytest

from outreach.domain.states import InvitationState
from tests.browser.pages import DESK, PHONE, holds, log_in, press, states_of
from tests.world import invitation_of, invite_and_publish
from tests.world import uploads as made

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_an_answer_is_recorded_with_a_photo_and_undone(activity, ani, coordinator, chromium, address, size):
    invite_and_publish(activity, ani, by=coordinator)
    invitation_id = invitation_of(activity, ani).id
    page = chromium.new_context(viewport=size, reduced_motion="reduce", bypass_csp=True).new_page()
    log_in(page, address, coordinator.email)
    page.goto(f"{address}/invitations/{invitation_id}/answer?lang=en")
    page.get_by_label("Not coming").check()
    page.get_by_label("by letter").check()
    page.set_input_files("#file", {"name": "Surat Ani.jpg", "mimeType": "image/jpeg", "buffer": made.jpeg()})
    holds(page, size["width"])
    press(page.get_by_role("button", name="Record the answer"))
    assert states_of(ani) == [InvitationState.NOT_COMING]
    page.goto(f"{address}/invitations/{invitation_id}?lang=en")
    holds(page, size["width"])
    with page.expect_download() as download:
        page.locator(".evidence").get_by_role("link", name="Surat Ani.jpg").click()
    assert download.value.suggested_filename == "Surat Ani.jpg"
    press(page.get_by_role("button", name="Undo the recorded answer"))
    assert "The recorded answer was undone." in page.inner_text("main")
    assert (states_of(ani), page.locator(".evidence").count()) == ([InvitationState.INVITED], 0)
