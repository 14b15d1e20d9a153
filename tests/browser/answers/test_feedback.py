"""After an activity, on a phone: three questions without script; photos from staff to those who were there."""

import pytest

from outreach.domain.photos import PhotoAudience
from outreach.extensions import db
from outreach.models import FeedbackGiven
from tests.browser.accessibility import engines
from tests.browser.pages import DESK, PHONE, holds, log_in, press, served
from tests.world import count, token_of
from tests.world.feedback import DAY_AFTER, people, say, were_there
from tests.world.pictures import photo

pytestmark = pytest.mark.browser


def test_the_day_after_on_a_phone(app, activity, coordinator, chromium, clock_stands):
    came = people(6)
    were_there(activity, *came)
    clock_stands.now = DAY_AFTER
    for person in came[1:]:
        say(activity, person, remark="Baik sekali")
    activity_id, theirs = activity.id, f"/j/{token_of(came[0])}"
    db.session.commit()
    with served(app) as address:
        guest = chromium.new_context(viewport=PHONE, java_script_enabled=False).new_page()
        guest.goto(f"{address}{theirs}?lang=en")
        press(guest.get_by_role("link", name="How was it? Three questions"))
        assert guest.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        sound(chromium, guest.url)
        guest.check("#first5")
        guest.check("#second4")
        press(guest.get_by_role("button", name="Send without my name"))
        assert guest.is_checked("#first5")
        sound(chromium, guest.url)
        guest.check("#third3")
        press(guest.get_by_role("button", name="Send without my name"))
        assert "Your answer has been noted, without your name." in guest.inner_text("main")

        staff = chromium.new_context(viewport=PHONE).new_page()
        log_in(staff, address, coordinator.email)
        staff.goto(f"{address}/activities/{activity_id}/documentation")
        photos = [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": photo(width=900 + n)} for n in range(2)]
        staff.set_input_files("#photo-files", photos)
        press(staff.get_by_role("button", name="Upload"))
        assert "2 photos added." in staff.inner_text("main")
        staff.get_by_label("Caption of photo 1").fill("Sesi pertama")
        press(staff.get_by_role("button", name="Save the captions"))
        staff.check(f"input[name=audience][value={PhotoAudience.PRESENT}]")
        press(staff.get_by_role("button", name="Save", exact=True))
        for page in ("documentation", "feedback", "feedback/questions"):
            for size in (PHONE, DESK):
                staff.set_viewport_size(size)
                staff.goto(f"{address}/activities/{activity_id}/{page}")
                holds(staff, size["width"])

        guest.goto(f"{address}{theirs}?lang=en")
        press(guest.get_by_role("link", name="Photos"))
        guest.wait_for_function("document.images[0].naturalWidth === 480")
        assert guest.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        sound(chromium, guest.url)
    db.session.rollback()
    assert count(FeedbackGiven) == 6


def sound(chromium, address: str) -> None:
    """Check a page without script of its own as both engines see it."""
    page = chromium.new_context(viewport=PHONE, bypass_csp=True).new_page()
    page.goto(address)
    assert engines.violations(page) == {}
