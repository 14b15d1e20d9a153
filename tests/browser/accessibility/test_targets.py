"""On a phone, everything to press is at least 44 px high, on pages that a coordinator uses in the hall."""

import pytest

from outreach.domain.kinds import Role
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from tests.browser.pages import PHONE, log_in
from tests.world import NOW

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]
TOO_LOW = """() => [...document.querySelectorAll(
  'main .btn, main .tabs a, main .pager li > *, main summary, main label.form-check, main .form-control, main .form-select, ' +
  'main h2 > a, main h3 > a, main .section-title > a, main .card-head > a, main .card-header a')]
  .filter(one => { const { width, height } = one.getBoundingClientRect(); return width > 1 && height > 1 && height < 43.5 })
  .map(one => `${one.innerText.trim()}: ${one.getBoundingClientRect().height} px`)"""


def test_everything_to_press_on_a_phone_is_high_enough(coordinator, activity, ani, budi, chromium, whole):
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    page = chromium.new_context(viewport=PHONE).new_page()
    log_in(page, whole, coordinator.email)
    its = f"/activities/{activity.id}"
    low = {}
    for path in (
        "/",
        "/activities",
        its,
        f"{its}/invitees",
        f"{its}/invitees/remind",
        f"{its}/attendance",
        "/people",
        "/messages",
        f"/programmes/{activity.programme_id}",
        f"{its}/agenda",
        "/findings",
        "/search?q=ani",
        "/people/new",
        "/activities/invite/cadres",
        "/letters",
        f"/letters/new?activity={activity.id}",
        f"/letters?activity={activity.id}",
    ):
        page.goto(whole + path)
        if found := page.evaluate(TOO_LOW):
            low[path] = found
    assert low == {}


def test_the_list_of_activities_begins_on_the_first_screen_of_a_phone(coordinator, activity, chromium, whole):
    page = chromium.new_context(viewport=PHONE).new_page()
    log_in(page, whole, coordinator.email)
    page.goto(f"{whole}/activities")
    assert page.locator(".page-actions").bounding_box()["height"] < 50
    further = page.locator("#more-actions a")
    assert (further.count(), further.first.is_visible()) == (3, False)
    page.locator(".more-actions-button").click()
    assert further.first.is_visible()
    page.keyboard.press("Escape")
    assert not further.first.is_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    assert (further.first.is_visible(), page.locator(".more-actions-button").is_visible()) == (True, False)
