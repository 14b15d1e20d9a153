"""The chair reads the minutes on a phone without script and agrees; staff see it, and give a new link where one has ended."""

from datetime import timedelta

import pytest

from outreach.extensions import db
from outreach.services.minutes import approval
from tests.browser.accessibility import engines
from tests.browser.pages import DESK, PHONE, holds, log_in, press, served
from tests.world import at, fresh, written_minutes

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]


def test_the_chair_agrees_on_a_phone(
    app, activity, chief, ani, budi, coordinator, administrator, chromium, clock_stands
):
    held = written_minutes.hold(activity, chief, ani, budi, by=administrator)
    minutes = written_minutes.write(held, chief, by=coordinator)
    asked_at = at(18, 15)
    approval.ask(held.id, minutes.version, by=coordinator, now=asked_at)
    activity_id, former = held.id, written_minutes.chairs_token(minutes)
    db.session.commit()
    with served(app) as address:
        clock_stands.now = asked_at + timedelta(days=30)
        staff = chromium.new_context(viewport=PHONE, bypass_csp=True).new_page()
        log_in(staff, address, coordinator.email)
        staff.goto(f"{address}/activities/{activity_id}/minutes")
        staff.get_by_text("The chair's link ended on").wait_for()
        holds(staff, PHONE["width"])
        press(staff.get_by_role("button", name="Make a new link and send it"))
        staff.get_by_text("The chair gets a mail with a new link.").wait_for()
        holds(staff, PHONE["width"])

        db.session.rollback()
        chair = chromium.new_context(viewport=PHONE, java_script_enabled=False).new_page()
        chair.goto(f"{address}/j/{former}/minutes?lang=en")
        assert "This link does not open anything" in chair.inner_text("main")
        theirs = f"{address}/j/{written_minutes.chairs_token(minutes)}/minutes?lang=en"
        chair.goto(theirs)
        sound(chromium, theirs)
        assert len(chair.content().encode()) < 14 * 1024
        press(chair.get_by_role("button", name="Ask for changes"))
        assert "Please write what should be changed." in chair.inner_text("main")
        press(chair.get_by_role("button", name="I agree"))
        assert "Thank you. It is noted." in chair.inner_text("main")
        assert chair.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        sound(chromium, theirs)

        staff.set_viewport_size(DESK)
        staff.reload()
        staff.get_by_role("heading", name="To those who took part").wait_for()
        holds(staff, DESK["width"])
    assert [one.agrees for one in fresh(minutes).replies] == [True]


def sound(chromium, address: str) -> None:
    """Check a page without script of its own as both engines see it."""
    page = chromium.new_context(viewport=PHONE, bypass_csp=True).new_page()
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert engines.violations(page) == {}
