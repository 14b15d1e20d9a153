"""Ticks and input in a real Chromium while the network or the session is gone: they are kept, and sent later."""

import re

import pytest
import sqlalchemy as sa

from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Attendance, Invitation, Person
from outreach.transactions import writing
from tests.browser.pages import DESK, PHONE, holds, log_in, press, wait_for
from tests.world import at

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]


@pytest.fixture
def page(running_today, chromium, whole, coordinator):
    """A phone on which the coordinator has the activity's attendance open. It keeps no copies of pages (see test_door.py)."""
    context = chromium.new_context(viewport=PHONE, bypass_csp=True, reduced_motion="reduce", service_workers="block")
    page = context.new_page()
    log_in(page, whole, coordinator.email)
    page.goto(f"{whole}/activities/{running_today.id}/attendance")
    page.wait_for_function("window.htmx")
    return page


def box(page, person):
    found = db.session.scalar(sa.select(Invitation.id).where(Invitation.person_id == person.id))
    return page.locator(f"#present-{found}")


def row(page, person):
    return page.locator(".attendee", has=box(page, person))


def present() -> set[str]:
    db.session.rollback()
    rows = db.session.scalars(sa.select(Attendance).where(Attendance.present))
    return {row.invitation.person.name for row in rows}


def said(page):
    return page.locator("#unsent")


def test_ticks_made_without_a_connection_are_kept_over_a_reload_and_sent_later(page, ani, budi):
    page.context.set_offline(True)
    box(page, ani).click()
    said(page).get_by_text("There is no connection.").wait_for()
    assert "Not sent yet: 1 tick" in said(page).inner_text()
    assert "not sent yet" in row(page, ani).inner_text()
    box(page, budi).click()
    said(page).get_by_text("Not sent yet: 2 ticks").wait_for()
    holds(page, PHONE["width"])
    assert present() == set()
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "Ani" not in kept
    assert "Budi" not in kept

    page.context.route("**/attendance/*", lambda route: route.abort())  # the page loads, its ticks do not get through
    page.context.set_offline(False)
    page.reload()
    said(page).get_by_text("Not sent yet: 2 ticks").wait_for()
    assert box(page, ani).is_checked()
    assert "not sent yet" in row(page, ani).inner_text()
    assert present() == set()

    page.context.unroute("**/attendance/*")
    said(page).get_by_role("button", name="Try now").click()
    page.get_by_text("2 there, 2 expected").wait_for()
    assert present() == {"Ani Wijaya", "Budi Santoso"}
    assert "not sent yet" not in row(page, ani).inner_text()
    assert page.evaluate("localStorage.length") == 0


def test_ticks_are_sent_by_themselves_when_the_connection_returns(page, ani):
    page.context.set_offline(True)
    box(page, ani).click()
    said(page).get_by_text("Not sent yet: 1 tick").wait_for()
    page.context.set_offline(False)
    page.get_by_text("1 there, 2 expected").wait_for()
    said(page).get_by_text("Everything is sent.").wait_for()
    assert present() == {"Ani Wijaya"}


def test_a_tick_set_and_removed_without_a_connection_stays_removed(page, ani):
    page.context.set_offline(True)
    box(page, ani).click()
    said(page).get_by_text("Not sent yet: 1 tick").wait_for()
    box(page, ani).click()
    page.wait_for_function("Object.values(localStorage).some((one) => one.startsWith('0'))")
    page.context.set_offline(False)
    said(page).get_by_text("Everything is sent.").wait_for()
    assert not box(page, ani).is_checked()
    assert present() == set()


def test_a_tick_made_without_a_connection_is_sent_from_another_page_too(page, ani, whole):
    page.context.set_offline(True)
    box(page, ani).click()
    said(page).get_by_text("Not sent yet: 1 tick").wait_for()
    page.context.set_offline(False)
    page.goto(whole)
    wait_for(lambda: present() == {"Ani Wijaya"})


def test_ticks_made_after_the_session_ended_are_kept_until_the_same_account_signs_in(page, ani, whole, coordinator):
    cookies = page.context.cookies()
    page.context.clear_cookies()
    box(page, ani).click()
    said(page).get_by_text("You are no longer signed in with this account.").wait_for()
    assert "your ticks are kept on this device (1)" in said(page).inner_text()
    assert "not sent yet" in row(page, ani).inner_text()
    holds(page, PHONE["width"])
    assert present() == set()
    with page.context.expect_page() as opened:
        said(page).get_by_role("link", name="Sign in again").click()
    other = opened.value
    other.fill("#email", coordinator.email)
    other.fill("#password", "bukan-rahasia-2027")
    with other.expect_navigation():
        other.get_by_role("button", name=re.compile("^(Sign in|Masuk)$")).click()
    assert "/attendance" in other.url
    wait_for(lambda: present() == {"Ani Wijaya"})
    assert cookies != page.context.cookies()

    other.close()  # the first page has the token of a session that has ended
    box(page, ani).click()
    said(page).get_by_text("Everything is sent.").wait_for()
    wait_for(lambda: present() == set())


def test_another_account_on_the_same_phone_does_not_send_the_kept_ticks(administrator, page, ani, whole):
    page.context.clear_cookies()
    box(page, ani).click()
    said(page).get_by_text("You are no longer signed in with this account.").wait_for()
    address = page.url
    log_in(page, whole, administrator.email)
    page.goto(address)
    page.wait_for_function("window.htmx")
    assert not box(page, ani).is_checked()
    assert present() == set()


def test_a_refused_tick_is_reset_and_the_reason_is_shown(page, ani, running_today):
    shown = box(page, ani)
    with writing() as session:  # the server writes, too
        session.delete(session.scalars(sa.select(Invitation).where(Invitation.person_id == ani.id)).one())
    shown.click()
    said(page).get_by_text("This was not saved.").wait_for()
    assert not shown.is_checked()
    assert page.evaluate("localStorage.length") == 0


def test_after_a_server_error_the_tick_is_kept_and_a_message_is_shown(page, ani):
    page.context.route("**/attendance/*", lambda route: route.fulfill(status=502, body="bad gateway"))
    box(page, ani).click()
    said(page).get_by_text("Outreach does not answer at present.").wait_for()
    assert "Not sent yet: 1 tick" in said(page).inner_text()
    page.context.unroute("**/attendance/*")
    said(page).get_by_role("button", name="Try now").click()
    page.get_by_text("1 there, 2 expected").wait_for()


@pytest.fixture
def desk(running_today, chromium, whole, coordinator):
    context = chromium.new_context(viewport=DESK, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    log_in(page, whole, coordinator.email)
    return page


def test_a_search_without_a_connection_shows_a_message_and_is_repeated_later(running_today, chief, desk, whole):
    desk.goto(f"{whole}/activities/{running_today.id}/invite/people")
    desk.context.set_offline(True)
    desk.fill("#q", "kapol")
    said(desk).get_by_text("There is no connection.").wait_for()
    assert "What you entered is still here" in said(desk).inner_text()
    desk.context.set_offline(False)
    desk.locator("#people").get_by_text("Kapolres Metro").wait_for()
    said(desk).wait_for(state="hidden")


def test_a_line_added_to_an_agenda_without_a_connection_comes_later_and_the_input_is_kept(desk, running_today, whole):
    desk.goto(f"{whole}/activities/{running_today.id}/agenda")
    before = desk.locator(".agenda-line").count()
    desk.locator(".agenda-topic input").first.fill("Sambutan Wali Kota")
    desk.context.set_offline(True)
    desk.get_by_role("button", name="One more line").click()
    said(desk).get_by_text("There is no connection.").wait_for()
    desk.context.set_offline(False)
    desk.wait_for_function(f"document.querySelectorAll('.agenda-line').length === {before + 1}")
    assert desk.locator(".agenda-topic input").first.input_value() == "Sambutan Wali Kota"


def test_a_line_added_after_the_session_ended_shows_a_message_and_the_input_is_kept(
    desk, running_today, whole, coordinator
):
    desk.goto(f"{whole}/activities/{running_today.id}/agenda")
    before = desk.locator(".agenda-line").count()
    desk.locator(".agenda-topic input").first.fill("Sambutan Wali Kota")
    desk.context.clear_cookies()
    desk.get_by_role("button", name="One more line").click()
    said(desk).get_by_text("You are no longer signed in with this account.").wait_for()
    assert desk.locator("#agenda-form").is_visible()
    other = desk.context.new_page()
    log_in(other, whole, coordinator.email)
    desk.bring_to_front()
    desk.evaluate("window.dispatchEvent(new Event('focus'))")
    desk.wait_for_function(f"document.querySelectorAll('.agenda-line').length === {before + 1}")
    assert desk.locator(".agenda-topic input").first.input_value() == "Sambutan Wali Kota"


def test_a_list_that_cannot_be_refreshed_says_that_it_may_be_out_of_date(desk, running_today, whole):
    desk.goto(f"{whole}/activities/{running_today.id}/invitees")
    desk.context.set_offline(True)
    said(desk).get_by_text("What you see may be out of date.").wait_for()
    desk.context.set_offline(False)
    said(desk).wait_for(state="hidden")


def test_a_tick_that_the_activitys_state_forbids_is_reset_and_the_reason_is_visible(page, budi, running_today):
    page.set_viewport_size({"width": 360, "height": 360})
    with writing() as session:  # the server writes, too
        session.get_one(Activity, running_today.id).state = ActivityState.CANCELLED
    box(page, budi).click()
    reason = page.get_by_text("Attendance can be ticked only for an activity that is published or held.")
    reason.wait_for()
    assert not box(page, budi).is_checked()
    top = reason.bounding_box()["y"]
    assert 0 <= top < 360
    assert page.evaluate("localStorage.length") == 0


@pytest.fixture
def walk_in(page, running_today, whole):
    page.goto(f"{whole}/activities/{running_today.id}/attendance/walk-in")
    page.locator("summary", has_text="Add somebody who is not in the list").click()
    page.fill("#new-name", "Wati Tamu")
    page.fill("#new-phone", "0812-3456-7890")
    return page


def add(page) -> None:
    page.get_by_role("button", name="Add and tick as present").click()


def test_an_uninvited_person_is_kept_without_a_connection_and_added_once_when_it_returns(walk_in):
    walk_in.context.set_offline(True)
    add(walk_in)
    said(walk_in).get_by_text("Not sent yet: Wati Tamu").wait_for()
    assert "kept on this device" in said(walk_in).inner_text()
    assert walk_in.input_value("#new-name") == ""
    holds(walk_in, PHONE["width"])
    assert present() == set()
    walk_in.context.set_offline(False)
    said(walk_in).get_by_text("Everything is sent.").wait_for()
    assert present() == {"Wati Tamu"}
    assert walk_in.evaluate("localStorage.length") == 0


def test_a_person_is_not_added_twice_if_the_response_was_lost(walk_in):
    def lose(route):
        route.fetch(max_redirects=0)
        route.abort()

    walk_in.context.route("**/walk-in", lose)
    add(walk_in)
    said(walk_in).get_by_text("Not sent yet: Wati Tamu").wait_for()
    assert present() == {"Wati Tamu"}
    walk_in.context.unroute("**/walk-in")
    said(walk_in).get_by_role("button", name="Try now").click()
    said(walk_in).get_by_text("Everything is sent.").wait_for()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Person).where(Person.name == "Wati Tamu")) == 1


@pytest.fixture
def unsent(walk_in):
    """The phone with Wati entered and not sent, though there is a connection again."""
    walk_in.context.route("**/walk-in", lambda route: route.abort())
    add(walk_in)
    said(walk_in).get_by_text("Not sent yet: Wati Tamu").wait_for()
    return walk_in


def sign_out(page) -> None:
    page.locator("#sign-out").evaluate("form => form.requestSubmit()")
    page.get_by_text("Not sent yet, and kept on this device only: Wati Tamu.").wait_for()


def test_signing_out_with_something_unsent_asks_first_and_the_user_may_stay(unsent):
    sign_out(unsent)
    holds(unsent, PHONE["width"])
    unsent.get_by_role("button", name="Stay signed in").click()
    assert unsent.get_by_role("button", name="Add and tick as present").is_visible()
    assert "Wati" in unsent.evaluate("JSON.stringify(localStorage)")


def test_signing_out_sends_what_is_unsent_if_the_user_says_so(unsent):
    sign_out(unsent)
    unsent.get_by_role("button", name="Send, and sign out").click()
    unsent.get_by_text("It could not be sent.").wait_for()
    unsent.context.unroute("**/walk-in")
    with unsent.expect_navigation(url=re.compile("/login")):
        unsent.get_by_role("button", name="Send, and sign out").click()
    assert present() == {"Wati Tamu"}
    assert unsent.evaluate("localStorage.length") == 0


def test_signing_out_leaves_nothing_about_a_person_on_the_device(unsent):
    sign_out(unsent)
    with unsent.expect_navigation(url=re.compile("/login")):
        unsent.get_by_role("button", name="Leave out, and sign out").click()
    assert present() == set()
    assert unsent.evaluate("localStorage.length") == 0
    assert unsent.locator("#unsent-here").is_hidden()


def test_an_unsent_tick_is_asked_about_too(page, ani):
    page.context.route("**/attendance/*", lambda route: route.abort())
    box(page, ani).click()
    said(page).get_by_text("Not sent yet: 1 tick").wait_for()
    page.locator("#sign-out").evaluate("form => form.requestSubmit()")
    page.get_by_text("Not sent yet, and kept on this device only: one tick.").wait_for()
    with page.expect_navigation(url=re.compile("/login")):
        page.get_by_role("button", name="Leave out, and sign out").click()
    assert page.evaluate("localStorage.length") == 0


def test_the_login_page_says_that_entries_of_an_ended_session_wait_on_this_device_for_two_weeks(unsent, whole):
    unsent.context.clear_cookies()
    unsent.goto(f"{whole}/login?lang=en")
    unsent.get_by_text("This device keeps entries at the door that are not sent yet.").wait_for()
    holds(unsent, PHONE["width"])
    unsent.context.clock.set_system_time(at(18))
    unsent.reload()
    unsent.wait_for_function("localStorage.length > 0")
    unsent.context.clock.set_system_time(at(19))
    unsent.reload()
    unsent.wait_for_function("localStorage.length === 0")
    assert unsent.locator("#unsent-here").is_hidden()


def test_with_a_connection_an_uninvited_person_is_added_and_the_list_is_updated(walk_in):
    with walk_in.expect_navigation(url=re.compile(r"/attendance$")):
        add(walk_in)
    walk_in.get_by_text("Wati Tamu is ticked as present.").wait_for()
    assert present() == {"Wati Tamu"}


def test_an_error_in_an_entry_sent_later_is_shown_and_can_be_corrected(walk_in):
    walk_in.fill("#new-phone", "12")
    walk_in.context.set_offline(True)
    add(walk_in)
    said(walk_in).get_by_text("Not sent yet: Wati Tamu").wait_for()
    walk_in.context.set_offline(False)
    said(walk_in).get_by_text("Wati Tamu is not recorded").wait_for()
    press(said(walk_in).get_by_role("link", name="Correct it"))
    assert walk_in.input_value("#new-name") == "Wati Tamu"
    walk_in.fill("#new-phone", "0812-3456-7890")
    with walk_in.expect_navigation(url=re.compile(r"/attendance$")):
        add(walk_in)
    assert present() == {"Wati Tamu"}
    assert walk_in.evaluate("localStorage.length") == 0


def test_without_a_connection_a_link_does_not_leave_the_list(page, ani):
    page.context.set_offline(True)
    address = page.url
    page.get_by_role("link", name="Came uninvited").click()
    said(page).get_by_text("The other page needs the network. You stay here").wait_for()
    page.get_by_role("link", name="Not here yet").click()
    assert page.url == address
    assert box(page, ani).is_visible()
    page.context.set_offline(False)
    said(page).get_by_text("The other page needs the network").wait_for(state="hidden")


def test_the_first_name_is_visible_on_a_phone(page, ani):
    page.locator(".attendee").first.wait_for()
    assert page.locator(".attendee").first.bounding_box()["y"] + 44 < PHONE["height"]
    first = page.locator("#main .btn").first
    assert "Door" in first.inner_text()


def test_choosing_represented_opens_the_fields_for_the_representative(desk, whole, ani, running_today):
    found = db.session.scalar(sa.select(Invitation.id).where(Invitation.person_id == ani.id))
    desk.goto(f"{whole}/invitations/{found}/answer")
    name = desk.get_by_role("textbox", name="Who comes in their place")
    assert name.count() == 0
    desk.locator('[value="represented"]').check()
    assert name.is_visible()
    assert "optional" not in desk.locator("label[for=representative_name]").inner_text()
