"""The list at the door opens without a network: the device keeps it for the day, and forgets it. In a real Chromium."""

import re

import pytest
import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import Activity, Attendance, Invitation
from outreach.transactions import writing
from tests.browser.pages import PHONE, holds, log_in, press, wait_for
from tests.world import at

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]


@pytest.fixture
def phone(running_today, chromium, whole, coordinator):
    """A coordinator's phone. Its pages keep to their content security policy."""
    page = chromium.new_context(own_clock=True, viewport=PHONE, reduced_motion="reduce").new_page()
    log_in(page, whole, coordinator.email)
    return page


@pytest.fixture
def door(running_today, phone, whole):
    """The activity's list on that phone, with all that is kept of it."""
    phone.goto(f"{whole}/activities/{running_today.id}/attendance")
    phone.wait_for_selector("html[data-door]")
    return phone


@pytest.fixture
def asked(app, monkeypatch) -> list[str]:
    """The paths that the server was asked for, without static files."""
    paths: list[str] = []
    answer = app.wsgi_app

    def counting(environ, start):
        if not environ["PATH_INFO"].startswith("/static/"):
            paths.append(environ["PATH_INFO"])
        return answer(environ, start)

    monkeypatch.setattr(app, "wsgi_app", counting)
    return paths


def box(page, person):
    found = db.session.scalar(sa.select(Invitation.id).where(Invitation.person_id == person.id))
    return page.locator(f"#present-{found}")


def present() -> set[str]:
    db.session.rollback()
    return {
        record.invitation.person.name for record in db.session.scalars(sa.select(Attendance).where(Attendance.present))
    }


def copies(page) -> list[str]:
    return page.evaluate(
        """async () => (await Promise.all((await caches.keys()).map(async (name) =>
            (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname)))).flat()"""
    )


def test_the_list_opens_again_without_a_network_with_its_ticks(door, ani, budi):
    asked, said = [], []
    door.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    door.on("console", lambda message: said.append(message.text))
    box(door, ani).click()
    door.get_by_text("1 there, 2 expected").wait_for()
    door.wait_for_timeout(500)
    door.context.set_offline(True)
    door.reload()
    assert box(door, ani).is_checked()
    assert not box(door, budi).is_checked()
    door.get_by_text("1 there, 2 expected").wait_for()
    door.get_by_text(re.compile("This is the list as this device kept it at")).wait_for()
    assert asked == []

    box(door, budi).click()
    door.locator("#unsent").get_by_text("Not sent yet: 1 tick").wait_for()
    door.wait_for_timeout(500)
    door.reload()
    assert box(door, budi).is_checked()
    assert any("ERR_INTERNET_DISCONNECTED" in text for text in said)
    assert [text for text in said if "Content Security Policy" in text] == []
    door.context.set_offline(False)
    door.locator("#unsent").get_by_text("Everything is sent.").wait_for()
    assert present() == {"Ani Wijaya", "Budi Santoso"}
    press(door.get_by_role("link", name="Load the list again"))
    door.get_by_text("2 there, 2 expected").wait_for()
    assert door.locator("#kept-copy").is_hidden()


def test_a_filtered_list_that_is_loaded_again_without_a_network_shows_everybody(door, ani):
    press(door.get_by_role("link", name="Not here yet"))
    door.wait_for_selector("html[data-door]")
    door.context.set_offline(True)
    door.reload()
    box(door, ani).wait_for()
    assert door.url.endswith("/attendance")


def test_the_form_for_uninvited_people_opens_without_a_network(door):
    door.context.set_offline(True)
    press(door.get_by_role("link", name="Came uninvited"))
    door.locator("summary", has_text="Add somebody who is not in the list").click()
    door.fill("#new-name", "Wati Tamu")
    door.get_by_role("button", name="Add and tick as present").click()
    door.locator("#unsent").get_by_text("Not sent yet: Wati Tamu").wait_for()
    press(door.locator("#main").get_by_role("link", name="Attendance", exact=True))
    door.get_by_text(re.compile("This is the list as this device kept it at")).wait_for()
    door.context.set_offline(False)

    wait_for(lambda: present() == {"Wati Tamu"})


def test_only_the_pages_of_the_door_are_kept(door, running_today):
    path = f"/activities/{running_today.id}/attendance"
    assert {copy for copy in copies(door) if "/static/" not in copy} == {path, f"{path}/walk-in"}
    assert any(copy.endswith("/js/requests.js") for copy in copies(door))


def test_signing_out_deletes_the_kept_list(door, whole):
    assert copies(door) != []
    door.goto(whole)
    with door.expect_navigation(url=re.compile("/login")):
        door.locator("#sign-out").evaluate("form => form.requestSubmit()")
    assert copies(door) == []
    assert door.evaluate("navigator.serviceWorker.getRegistrations().then((found) => found.length)") == 0


def sign_out_in_another_tab(door, whole):
    other = door.context.new_page()
    other.goto(whole)
    with other.expect_navigation(url=re.compile("/login")):
        other.locator("#sign-out").evaluate("form => form.requestSubmit()")
    assert copies(other) == []
    return other


def look_at(door) -> None:
    door.bring_to_front()
    door.evaluate("window.dispatchEvent(new Event('focus'))")


def test_the_list_is_kept_again_after_signing_out_and_in_again_in_another_tab(door, ani, whole, coordinator):
    other = sign_out_in_another_tab(door, whole)
    look_at(door)
    door.wait_for_selector("html:not([data-safe])")
    assert copies(door) == []

    log_in(other, whole, coordinator.email)
    look_at(door)
    door.wait_for_selector("html[data-safe]")
    door.context.set_offline(True)
    door.reload()
    box(door, ani).wait_for()


def test_the_list_is_not_kept_again_for_another_account(administrator, asked, door, whole):
    other = sign_out_in_another_tab(door, whole)
    log_in(other, whole, administrator.email)
    asked.clear()
    look_at(door)
    wait_for(lambda: asked != [])
    door.wait_for_selector("html:not([data-safe])")
    assert copies(door) == []


def test_a_page_loaded_past_the_worker_keeps_the_list_too(door, ani):
    door.evaluate("async () => { for (const name of await caches.keys()) await caches.delete(name); }")
    door.context.new_cdp_session(door).send("Page.reload", {"ignoreCache": True})  # as Ctrl+Shift+R does
    door.wait_for_selector("html[data-safe]")
    assert door.evaluate("!navigator.serviceWorker.controller")
    door.context.set_offline(True)
    door.reload()
    box(door, ani).wait_for()


def test_opening_the_list_again_soon_fetches_only_what_is_shown(asked, door, running_today):
    path = f"/activities/{running_today.id}/attendance"
    assert sorted(one for one in asked if one.startswith(path)) == [path, path, f"{path}/walk-in"]
    asked.clear()
    door.reload()
    door.wait_for_selector("html[data-door]")
    assert "safe" in door.evaluate("({...document.documentElement.dataset})")
    assert asked == [path]


def test_somebody_who_was_just_added_stands_in_the_kept_list(door):
    press(door.get_by_role("link", name="Came uninvited"))
    door.locator("summary", has_text="Add somebody who is not in the list").click()
    door.fill("#new-name", "Wati Tamu")
    press(door.get_by_role("button", name="Add and tick as present"))
    door.wait_for_selector("html[data-door]")
    door.context.set_offline(True)
    door.reload()
    door.locator(".attendee", has_text="Wati Tamu").wait_for()


def test_a_kept_list_says_since_when_in_the_zone_of_its_activity(door):
    door.context.set_offline(True)
    door.reload()
    said = door.get_by_text(re.compile("This is the list as this device kept it at")).inner_text()
    assert re.search(r"at \d?\d:\d\d( [AP]M)? WIB\.", said)


def test_the_end_of_a_session_deletes_the_kept_list(door):
    door.context.clear_cookies()
    door.reload()
    assert "/login" in door.url
    door.wait_for_function("caches.keys().then((found) => !found.length)")


def test_an_expired_copy_is_not_shown(door, running_today, whole):
    door.evaluate(
        """async () => {
          const cache = await caches.open((await caches.keys())[0]);
          for (const one of await cache.keys()) {
            const old = await cache.match(one);
            const headers = new Headers(old.headers);
            headers.set("X-Kept-Until", Date.now() - 1000);
            await cache.put(one, new Response(await old.text(), { headers }));
          }
        }"""
    )
    door.context.set_offline(True)
    with pytest.raises(Exception, match="ERR_INTERNET_DISCONNECTED|ERR_FAILED"):
        door.goto(f"{whole}/activities/{running_today.id}/attendance")
    door.context.set_offline(False)
    door.goto(whole)
    assert copies(door) == []


def test_nothing_is_kept_on_another_day(running_today, phone, whole):
    with writing() as session:  # the server writes, too
        activity = session.get_one(Activity, running_today.id)
        activity.starts_at, activity.ends_at = at(3), at(3, 12)
    phone.goto(f"{whole}/activities/{running_today.id}/attendance")
    assert phone.locator("[data-kept]").count() == 2
    assert phone.locator("script[data-lasts]").count() == 0


def test_a_kept_list_fits_a_phone(running_today, chromium, whole, coordinator):
    page = chromium.new_context(own_clock=True, viewport=PHONE, reduced_motion="reduce", bypass_csp=True).new_page()
    log_in(page, whole, coordinator.email)
    page.goto(f"{whole}/activities/{running_today.id}/attendance")
    page.wait_for_selector("html[data-door]")
    page.context.set_offline(True)
    page.reload()
    page.locator("#kept-copy").wait_for()
    holds(page, PHONE["width"])
