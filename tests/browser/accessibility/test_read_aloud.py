"""What a screen reader says of answer pages, a date poll, the door's page and the sign-in, held as Indonesian text."""

import pytest

from outreach.extensions import db
from tests.browser.accessibility import read_aloud
from tests.browser.pages import log_in, press
from tests.world import at, invite, mark_as_invited, publish, stop_clock, token_of
from tests.world.polls import a_poll

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(chromium):
    return chromium.new_context(viewport={"width": 360, "height": 560}, locale="id-ID").new_page()


def test_a_cadres_page_is_read_in_order(phone, address, answer_paths):
    phone.goto(address + answer_paths["cadre"])
    read_aloud.matches(phone, "cadre")
    second = phone.locator("section[aria-labelledby^=h]").nth(1)
    second.locator("summary").click()
    press(second.locator("button[value=represented]"))
    read_aloud.matches(phone, "cadre-errors")
    press(phone.locator("section[aria-labelledby^=h]").first.locator("button[value=coming]"))
    read_aloud.matches(phone, "cadre-thanks")


def test_an_offices_page_is_read_in_order(phone, address, answer_paths):
    phone.goto(address + answer_paths["organisation"])
    read_aloud.matches(phone, "office")
    first = phone.locator("section[aria-labelledby^=h]").first
    first.locator("input[name$='-0-name']").fill("Rina Kartika, S.Pd.")
    first.locator("input[name$='-0-email']").fill("rina@gmial.com")
    press(first.locator("button[value=coming]"))
    read_aloud.matches(phone, "office-errors")
    press(phone.locator("section[aria-labelledby^=h]").first.locator("button[value=coming]"))
    read_aloud.matches(phone, "office-thanks")


def test_the_page_of_one_invitation_is_read_in_order(phone, address, activity, ani):
    invite(activity, ani)
    publish(activity, tick=False)
    mark_as_invited()
    path = f"/j/{token_of(ani)}"
    phone.goto(address + path)
    read_aloud.matches(phone, "one")
    phone.goto(f"{address}{path}?pilih=hadir-{activity.id}")
    read_aloud.matches(phone, "one-from-mail")
    press(phone.locator("form.ok button"))
    read_aloud.matches(phone, "one-thanks")


def test_a_date_poll_is_read_in_order(phone, address, answer_paths, ani):
    poll = a_poll(ani)
    phone.goto(f"{address}{answer_paths['cadre']}/polls/{poll.id}")
    read_aloud.matches(phone, "poll")
    press(phone.locator("button.g"))
    read_aloud.matches(phone, "poll-errors")


def test_the_sign_in_and_the_doors_page_are_read_in_order(
    phone, address, activity, ani, budi, coordinator, monkeypatch
):
    coordinator.locale = "id"
    db.session.commit()
    invite(activity, ani, budi)
    publish(activity, tick=False)
    mark_as_invited()
    stop_clock(monkeypatch, at(18, 8))
    phone.goto(address + "/login")
    read_aloud.matches(phone, "sign-in")
    log_in(phone, address, coordinator.email)
    phone.goto(f"{address}/activities/{activity.id}/attendance")
    read_aloud.matches(phone, "door")
