"""A speaker sends slides from a phone without script, a coordinator shows them, and an attendee downloads them."""

import pytest

from outreach.domain.answers import Choice
from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import StoredFile
from outreach.services.reminders import tick as reminding
from tests.browser.accessibility import engines
from tests.browser.pages import DESK, PHONE, holds, log_in, press, served
from tests.support.copied import copied
from tests.world import NOW, answer, invitation_of, invite, token_of
from tests.world import uploads as made

pytestmark = pytest.mark.browser


@copied
def speaking(published, chief, ani):
    """The published activity; the chief is coming to speak, Ani is coming."""
    invite(published, chief, role=Role.SPEAKER)
    reminding.tick(NOW)
    answer(published, chief, Choice.COMING)
    answer(published, ani, Choice.COMING)
    return published


def sound(chromium, address: str, size) -> None:
    """Check a page without script of its own as both engines see it."""
    page = chromium.new_context(viewport=size, bypass_csp=True).new_page()
    page.goto(address)
    assert engines.violations(page) == {}


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_slides_go_from_the_speaker_through_the_coordinator_to_an_attendee(
    app, speaking, chief, ani, coordinator, chromium, size
):
    activity_id, theirs, hers = speaking.id, f"/j/{token_of(chief)}", f"/j/{token_of(ani)}"
    db.session.commit()
    with served(app) as address:
        speaker = chromium.new_context(viewport=size, java_script_enabled=False).new_page()
        speaker.goto(f"{address}{theirs}?lang=en")
        press(speaker.get_by_role("link", name="Your materials"))
        assert speaker.evaluate("document.documentElement.scrollWidth") <= size["width"]
        sound(chromium, speaker.url, size)
        logo = {"name": "logo.pdf", "mimeType": "application/pdf", "buffer": b"<svg><script>alert(1)</script></svg>"}
        speaker.set_input_files("#file", logo)
        press(speaker.get_by_role("button", name="Send this file"))
        assert "“logo.pdf” was not taken." in speaker.inner_text("main")
        speaker.set_input_files("#file", {"name": "Paparan.pdf", "mimeType": "application/pdf", "buffer": made.PDF})
        press(speaker.get_by_role("button", name="Send this file"))
        assert "Thank you, your file has arrived." in speaker.inner_text("main")
        speaker.fill("#topic", "Lapor ke mana?")
        press(speaker.get_by_role("button", name="Propose this topic"))
        speaker.fill("#biography", "Kepala Unit PPA.")
        speaker.set_input_files("#photo", {"name": "saya.png", "mimeType": "image/png", "buffer": made.png()})
        press(speaker.get_by_role("button", name="Save", exact=True))
        assert "Your present photo" in speaker.inner_text("main")

        staff = chromium.new_context(viewport=size).new_page()
        log_in(staff, address, coordinator.email)
        staff.goto(f"{address}/activities/{activity_id}")
        assert "Lapor ke mana?" in staff.inner_text("#materials")
        holds(staff, size["width"])
        press(staff.get_by_role("button", name="Show them to attendees"))
        assert "Attendees see them" in staff.inner_text("#materials")

        attendee = chromium.new_context(viewport=size, java_script_enabled=False).new_page()
        attendee.goto(f"{address}{hers}?lang=en")
        press(attendee.get_by_role("link", name="Speakers' materials"))
        with attendee.expect_download() as download:
            attendee.get_by_role("link", name="Paparan.pdf").click()
        assert download.value.path().read_bytes() == made.PDF
    db.session.rollback()
    assert sorted(file.name for file in db.session.query(StoredFile)) == ["Paparan.pdf", "saya.png"]


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_speaker_who_declines_wishes_another_day_and_one_press_searches_it(
    app, speaking, chief, coordinator, chromium, size
):
    theirs, invitation_id = f"/j/{token_of(chief)}", invitation_of(speaking, chief).id
    db.session.commit()
    with served(app) as address:
        speaker = chromium.new_context(viewport=size, java_script_enabled=False).new_page()
        speaker.goto(f"{address}{theirs}?lang=en")
        speaker.locator("summary", has_text="Your answer").click()
        press(speaker.get_by_role("button", name="Not coming"))
        press(speaker.get_by_role("link", name="Say why, or propose another day").first)
        sound(chromium, speaker.url, size)
        speaker.fill("#reason", "Ada apel")
        speaker.fill("#wished_on", "2027-01-19")
        assert speaker.evaluate("document.documentElement.scrollWidth") <= size["width"]
        press(speaker.get_by_role("button", name="Send", exact=True))
        assert "The office reads what you wrote" in speaker.inner_text("main")

        staff = chromium.new_context(viewport=size).new_page()
        log_in(staff, address, coordinator.email)
        staff.goto(f"{address}/invitations/{invitation_id}")
        assert "Ada apel" in staff.inner_text("main")
        holds(staff, size["width"])
        press(staff.get_by_role("link", name="Look for a time on that day"))
        assert staff.input_value("#first") == "2027-01-19"
        holds(staff, size["width"])
