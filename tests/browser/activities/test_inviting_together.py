"""Inviting cadres to several community activities at once and publishing these, on a desk and on a phone."""

import re
from datetime import datetime, time

import pytest

from outreach import clock
from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import ActivityKind
from outreach.extensions import db
from outreach.models import Activity, Invitation
from outreach.services.activities import community
from tests.browser.pages import DESK, PHONE, holds, log_in, press, wait_for
from tests.world import JAKARTA, working_day

pytestmark = [pytest.mark.browser, pytest.mark.any_day, pytest.mark.usefixtures("default_rules")]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_two_kelurahan_get_their_own_cadres(coordinator, ani, budi, chromium, whole, size):
    day = working_day(20)
    starts_at, ends_at = (datetime.combine(day, time(hour), tzinfo=JAKARTA) for hour in (9, 11))
    values = ActivityValues(ActivityKind.OUTREACH, "Sosialisasi Kelurahan", starts_at, ends_at, JAKARTA)
    made = community.create(values, ["18.72.01.1003", "18.72.04.1001"], by=coordinator, now=clock.now())
    ids, people = [activity.id for activity in made], [ani.id, budi.id]
    context = chromium.new_context(viewport=size, bypass_csp=True, reduced_motion="reduce")
    page, width = context.new_page(), size["width"]
    log_in(page, whole, coordinator.email)

    page.goto(whole + "/activities")
    if size is PHONE:
        page.get_by_role("button", name="In bulk").click()
    press(page.get_by_role("link", name="Invite cadres together"))
    holds(page, width)
    press(page.get_by_role("button", name=re.compile("All Sosialisasi Kelurahan")))
    page.fill("#number", "1")
    page.keyboard.press("Enter")
    page.wait_for_selector(".together-own")
    holds(page, width)
    assert page.get_by_role("checkbox", checked=True).count() == 2
    own = page.locator(".together-own").first
    first = own.get_by_role("checkbox").first
    first.uncheck()
    assert "0 of 1 chosen" in own.inner_text()
    first.check()
    assert "1 of 1 chosen" in own.inner_text()
    press(page.get_by_role("button", name="Invite", exact=True))
    asked = wait_for(lambda: db.session.query(Invitation).order_by(Invitation.activity_id).all())
    assert [(invitation.activity_id, invitation.person_id) for invitation in asked] == list(
        zip(ids, people, strict=True)
    )

    page.goto(whole + "/activities/publish")
    holds(page, width)
    press(page.get_by_role("button", name=re.compile("All Sosialisasi Kelurahan")))
    press(page.get_by_role("button", name="Continue").last)
    holds(page, width)
    press(page.get_by_role("button", name=re.compile("Publish and send")))
    db.session.rollback()
    assert [activity.state.value for activity in db.session.query(Activity)] == ["published", "published"]
    context.close()
