"""Door mode in a real Chromium: codes from a camera, a network that is cut, and what the device keeps and forgets."""

import re

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.delivery import door_codes
from outreach.extensions import db
from outreach.models import Activity, Attendance, Device, Person, Scan
from outreach.services.door import codes
from outreach.services.sign_in import sessions
from outreach.transactions import writing
from tests.browser.door.film import film, flags
from tests.browser.pages import PHONE, holds, log_in, press, wait_for
from tests.world import PASSWORD, at, draft_activity, invitation_of, invite, publish

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]
SERVER, HERE, NOT_STORED = "Stored on the server", "Stored on this device", "Not stored"


@pytest.fixture
def door(running_today, chromium, whole, coordinator):
    """Door mode on a coordinator's phone. Its pages keep to their content security policy."""
    return opened(phone(chromium), running_today, whole, coordinator)


def phone(chromium, **options):
    return chromium.new_context(own_clock=True, viewport=PHONE, reduced_motion="reduce", **options)


def opened(context, activity, whole, account):
    page = context.new_page()
    log_in(page, whole, account.email)
    page.goto(f"{whole}/activities/{activity.id}/door")
    page.wait_for_selector("#main[data-kept]")
    return page


def present() -> set[str]:
    db.session.rollback()
    found = db.session.scalars(sa.select(Attendance).where(Attendance.present))
    return {one.invitation.person.name for one in found}


def stored() -> list[tuple[int, int, str]]:
    """Return device, number and outcome of each scan."""
    db.session.rollback()
    wanted = sa.select(Device.number, Scan.number, Scan.outcome).join(Device).order_by(Device.number, Scan.number)
    return [(device, number, outcome.value) for device, number, outcome in db.session.execute(wanted)]


def tick(page, letters, name):
    page.fill("#q", letters)
    page.get_by_role("button", name=f"{name} is here").click()


def shows(page, *texts):
    """Wait until the last outcome says all of this."""
    for text in texts:
        page.locator("#outcome").get_by_text(text).wait_for()


def add(page, name, *, sex="Female", age="25–44 years", kelurahan="Imopuro"):
    page.get_by_role("button", name="Uninvited").click()
    page.fill("#w-name", name)
    page.select_option("#w-region", label=kelurahan)
    page.get_by_label(sex, exact=True).check()
    page.get_by_label(age).check()
    holds(page, PHONE["width"])
    page.get_by_role("button", name="Is here", exact=True).click()


def kept(page) -> str:
    """Return all that can be read in the device's database."""
    return page.evaluate(
        """async () => {
          const made = (asked) => new Promise((done) => { asked.onsuccess = () => done(asked.result); });
          const db = await made(indexedDB.open("outreach.door"));
          const all = {};
          for (const name of ["lists", "keys", "queue"]) all[name] = await made(db.transaction(name).objectStore(name).getAll());
          db.close();
          const shown = (_k, v) => (v instanceof ArrayBuffer ? new TextDecoder("latin1").decode(v) : v);
          return JSON.stringify(all, shown);
        }"""
    )


def test_somebody_is_found_by_two_letters_and_ticked_and_it_can_be_undone(door, ani):
    holds(door, PHONE["width"])
    tick(door, "an", "Ani Wijaya")
    shows(door, "Ani Wijaya", "Present", SERVER)
    assert present() == {"Ani Wijaya"}
    assert door.locator("#count").inner_text() == "1 there, 2 expected"
    holds(door, PHONE["width"])
    door.get_by_role("button", name="Undo: Ani Wijaya").click()
    shows(door, "No longer ticked", SERVER)
    assert present() == set()
    outcome = door.locator("#outcome")
    assert (outcome.get_attribute("role"), outcome.get_attribute("aria-live")) == ("status", "assertive")


def test_a_gap_in_the_network_loses_nothing_and_nothing_is_called_stored_on_the_server(door, ani, budi):
    door.context.set_offline(True)
    tick(door, "AW", "A. W.")
    shows(door, "A. W.", "Present", HERE)
    add(door, "Wati Tamu")
    shows(door, "Wati Tamu", HERE)
    assert SERVER not in door.locator("#works").inner_text()
    door.get_by_text("2 recordings wait on this device").wait_for()
    assert present() == set()
    for hidden in ("Ani", "Wijaya", "A. W.", "Wati", "Imopuro", "+62"):
        assert hidden not in kept(door)

    door.reload()
    door.get_by_text("2 recordings wait on this device").wait_for()
    tick(door, "budi", "B. S.")  # a whole first name, by its fingerprint
    shows(door, "B. S.", "Present", HERE)
    tick(door, "AW", "A. W.")
    shows(door, "Was present already: this device, at")
    holds(door, PHONE["width"])

    door.context.set_offline(False)
    door.locator("#waiting").wait_for(state="hidden")
    assert present() == {"Ani Wijaya", "Budi Santoso", "Wati Tamu"}
    assert stored() == [(1, 1, "present"), (1, 2, "present"), (1, 3, "present"), (1, 4, "already")]
    wati = db.session.scalars(sa.select(Person).where(Person.name == "Wati Tamu")).one()
    assert (wati.region.name, wati.sex.value, wati.age_group.value) == ("Imopuro", "female", "from_25")


def test_a_lost_answer_stores_nothing_twice_and_is_not_called_stored_before(door, ani):
    def lose(route):
        route.fetch()
        route.abort()

    door.context.route("**/door/scans", lose)
    tick(door, "ani", "Ani Wijaya")
    shows(door, HERE)
    door.get_by_text("No connection.").wait_for()  # the answer was lost
    assert stored() == [(1, 1, "present")]
    assert SERVER not in door.locator("#log").inner_text()
    door.context.unroute("**/door/scans")
    door.get_by_role("button", name="Send now").click()
    shows(door, SERVER)
    assert stored() == [(1, 1, "present")]


def test_the_second_device_says_where_and_when_somebody_was_recorded(
    administrator, door, chromium, ani, running_today, whole
):
    tick(door, "ani", "Ani Wijaya")
    shows(door, SERVER)
    other = opened(phone(chromium), running_today, whole, administrator)
    tick(other, "ani", "Ani Wijaya")
    other.locator("#outcome").get_by_text(re.compile(r"Was present already: Device 1, at \d")).wait_for()
    shows(other, SERVER)
    assert stored() == [(1, 1, "present"), (2, 1, "already")]

    other.reload()  # its list now says so itself, without a network
    other.wait_for_selector("#main[data-ready]")
    other.context.set_offline(True)
    tick(other, "AW", "A. W.")
    shows(other, "Was present already: Device 1, at", HERE)
    other.context.set_offline(False)
    other.locator("#waiting").wait_for(state="hidden")


def test_after_the_session_has_ended_what_is_recorded_is_kept_for_the_same_account(
    administrator, door, ani, whole, coordinator
):
    door.context.clear_cookies()
    tick(door, "AW", "A. W.")
    shows(door, HERE)
    door.get_by_text("You are no longer signed in with this account.").wait_for()
    address = door.url
    log_in(door, whole, administrator.email)
    door.goto(address)
    door.wait_for_selector("#main[data-ready]")
    assert door.locator("#waiting").is_hidden()
    assert present() == set()
    door.context.clear_cookies()
    log_in(door, whole, coordinator.email)
    door.goto(address)
    wait_for(lambda: present() == {"Ani Wijaya"})


def test_a_session_that_was_ended_elsewhere_keeps_recordings_until_its_account_signs_in_in_another_tab(
    door, ani, budi, coordinator
):
    sessions.end_all(coordinator, by=coordinator, now=clock.now())
    tick(door, "AW", "A. W.")
    shows(door, HERE)
    door.get_by_text("Sign in again; what you record is kept on this device.").wait_for()
    door.get_by_text("1 recording waits on this device").wait_for()
    holds(door, PHONE["width"])
    assert present() == set()
    with door.context.expect_page() as another:
        door.get_by_role("link", name="Sign in again").click()
    another.value.fill("#email", coordinator.email)
    another.value.fill("#password", PASSWORD)
    another.value.get_by_role("button", name=re.compile("^(Sign in|Masuk)$")).click()
    another.value.wait_for_selector("#main[data-ready]")
    another.value.close()
    door.bring_to_front()
    tick(door, "BS", "B. S.")
    shows(door, "Budi Santoso", SERVER)
    assert present() == {"Ani Wijaya", "Budi Santoso"}


def test_a_browser_that_keeps_nothing_says_that_it_is_not_stored(running_today, chromium, whole, coordinator, ani):
    context = phone(chromium)
    context.add_init_script(
        "Object.defineProperty(window, 'indexedDB', { value: { open() { throw new Error('private'); } } })"
    )
    page = context.new_page()
    log_in(page, whole, coordinator.email)
    page.goto(f"{whole}/activities/{running_today.id}/door")
    page.wait_for_selector("#main[data-ready]")
    context.set_offline(True)
    page.get_by_role("button", name="Uninvited").click()
    page.fill("#w-name", "Wati Tamu")
    page.get_by_role("button", name="Is here", exact=True).click()
    shows(page, NOT_STORED, "Please write it on paper.")
    context.set_offline(False)
    page.locator("#network[data-state=online]").wait_for(state="attached")  # before, it finds initials only
    tick(page, "ani", "Ani Wijaya")
    shows(page, "Ani Wijaya", SERVER)
    assert present() == {"Ani Wijaya"}


def test_a_search_shows_initials_while_the_server_is_slow_and_names_once_it_answers(door):
    held = []
    door.context.route("**/door/people?*", lambda route: held.append(route))
    door.fill("#q", "ani")
    door.get_by_role("button", name="A. W. is here").wait_for()
    held[-1].continue_()
    door.get_by_role("button", name="Ani Wijaya is here").wait_for()
    assert door.locator("#found li").count() == 1


def test_signing_out_asks_about_unsent_scans_and_deletes_all(door, ani, whole):
    door.context.route("**/door/scans", lambda route: route.abort())
    tick(door, "ani", "Ani Wijaya")
    shows(door, HERE)
    door.goto(whole)
    door.locator("#sign-out").evaluate("form => form.requestSubmit()")
    door.get_by_text("recordings at the door: 1").wait_for()
    with door.expect_navigation(url=re.compile("/login")):
        door.get_by_role("button", name="Leave out, and sign out").click()
    assert kept(door) == '{"lists":[],"keys":[],"queue":[]}'
    assert door.evaluate("caches.keys()") == []
    assert door.evaluate("navigator.serviceWorker.getRegistrations().then((found) => found.length)") == 0


def test_staff_delete_the_list_from_the_device(door):
    assert kept(door) != '{"lists":[],"keys":[],"queue":[]}'
    door.locator("summary", has_text="This device").click()
    door.get_by_role("button", name="Delete from this device").click()
    holds(door, PHONE["width"])
    door.locator("#wipe-asks").get_by_role("button", name="Delete from this device").click()
    door.get_by_text("Deleted. Load the page again").wait_for()
    assert kept(door) == '{"lists":[],"keys":[],"queue":[]}'


def end_activity(activity):
    with writing() as session:  # the server writes, too
        over = session.get_one(Activity, activity.id)
        over.starts_at, over.ends_at = at(3, year=2026), at(3, 12, year=2026)


def test_after_the_activity_the_device_sends_what_waits_and_then_keeps_nothing(door, ani, whole, running_today):
    door.context.route("**/door/scans", lambda route: route.abort())
    tick(door, "ani", "Ani Wijaya")
    shows(door, HERE)
    end_activity(running_today)
    door.goto(f"{whole}/activities/{running_today.id}/door")
    door.locator("#over").get_by_text("The activity is over.").wait_for()
    door.get_by_text("1 recording waits on this device").wait_for()
    assert door.locator("#q").is_hidden()
    door.goto(whole)
    door.locator("#unsent-door").get_by_text("not sent yet").wait_for()
    holds(door, PHONE["width"])
    assert '"lists":[],' in kept(door)  # the key and the recording wait
    assert '"keys":[],' not in kept(door)

    door.context.unroute("**/door/scans")
    press(door.get_by_role("link", name="Send them now"))
    wait_for(lambda: kept(door) == '{"lists":[],"keys":[],"queue":[]}')
    assert [(device, number) for device, number, _outcome in stored()] == [(1, 1)]
    holds(door, PHONE["width"])
    assert door.evaluate("navigator.serviceWorker.getRegistrations().then((found) => found.length)") == 0


def test_any_page_forgets_the_list_and_the_key_of_an_activity_that_is_over(door, whole, running_today):
    end_activity(running_today)
    door.evaluate("fetch(document.getElementById('main').dataset.list)")
    door.evaluate(
        """async () => {
          const made = (asked) => new Promise((done) => { asked.onsuccess = () => done(asked.result); });
          const db = await made(indexedDB.open("outreach.door"));
          const lists = db.transaction("lists", "readwrite").objectStore("lists");
          const [key] = await made(lists.getAllKeys());
          await made(lists.put({ ...(await made(lists.get(key))), until: 1 }, key));
          db.close();
        }"""
    )
    door.goto(whole)
    wait_for(lambda: kept(door) == '{"lists":[],"keys":[],"queue":[]}')


def test_whoever_goes_early_has_left_and_may_come_back(door, ani):
    tick(door, "ani", "Ani Wijaya")
    shows(door, SERVER)
    door.fill("#q", "ani")
    door.get_by_role("button", name="Ani Wijaya has left").click()
    shows(door, "Ani Wijaya", "Has left", SERVER)
    door.context.set_offline(True)
    door.fill("#q", "AW")
    door.locator("#found").get_by_text("Has left").wait_for()
    holds(door, PHONE["width"])
    door.get_by_role("button", name="A. W. is here").click()
    shows(door, HERE)
    door.context.set_offline(False)
    door.locator("#waiting").wait_for(state="hidden")
    assert [outcome for _device, _number, outcome in stored()] == ["present", "out", "already"]
    assert present() == {"Ani Wijaya"}


def test_a_device_whose_numbers_were_used_up_goes_on_with_the_next_free_one(door, ani):
    door.evaluate(
        """async () => {
          const made = (asked) => new Promise((done) => { asked.onsuccess = () => done(asked.result); });
          const db = await made(indexedDB.open("outreach.door"));
          const own = db.transaction("device", "readwrite").objectStore("device");
          await made(own.put({ ...(await made(own.get("own"))), next: 2147483647 }, "own"));
          db.close();
        }"""
    )
    tick(door, "ani", "Ani Wijaya")
    shows(door, "Ani Wijaya", SERVER)
    assert stored() == [(1, 1, "present")]


def test_without_javascript_the_sheet_remains(running_today, chromium, whole, coordinator):
    page = chromium.new_context(viewport=PHONE, java_script_enabled=False).new_page()
    log_in(page, whole, coordinator.email)
    page.goto(f"{whole}/activities/{running_today.id}/door")
    page.get_by_text("This page needs JavaScript.").wait_for()
    page.locator("main .btn-primary").get_by_text("Attendance").click()
    assert page.url.endswith("/attendance")


@pytest.fixture
def filmed(with_flags, tmp_path, running_today, programme, hall, ani, budi, coordinator):
    """A Chromium whose camera sees Ani's code, a forged one, one of another activity, and a text that is none."""
    other = draft_activity(programme, hall, 19)
    invite(other, budi)
    publish(other, tick=False)
    genuine = codes.code_of(db.session(), invitation_of(running_today, ani))
    foreign = codes.code_of(db.session(), invitation_of(other, budi))
    forged = genuine[:-4] + ("AAAA" if genuine[-4:] != "AAAA" else "BBBB")
    shown = [*map(door_codes.address_of, (genuine, forged, foreign)), "https://example.com/"]
    path = film(tmp_path / "camera.y4m", shown)
    db.session.commit()
    return with_flags(*flags(path))


def test_the_camera_reads_codes_and_each_outcome_is_said_and_stored(filmed, running_today, whole, coordinator):
    context = filmed.new_context(viewport=PHONE, reduced_motion="reduce", permissions=["camera"])
    context.set_default_timeout(60_000)
    page = opened(context, running_today, whole, coordinator)
    page.get_by_role("button", name="Scan with the camera").click()
    for text in ("Ani Wijaya · Imopuro", "This is no code of this office.", "This code is for another activity."):
        page.locator("#log").get_by_text(text).first.wait_for()
    page.locator("#log").get_by_text("Was present already").first.wait_for()  # the film begins again
    page.get_by_role("button", name="Stop the camera").click()
    page.locator("#waiting").wait_for(state="hidden")
    outcomes = {outcome for _device, _number, outcome in stored()}
    assert outcomes == {"present", "already", "forged", "other_activity"}
    assert len([one for one in stored() if one[2] == "present"]) == 1
    assert present() == {"Ani Wijaya"}
    context.close()
