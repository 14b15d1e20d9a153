"""What a screen reader says of answer pages, a date poll, the door's page and the sign-in, held as Indonesian text."""

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.delivery import tokens
from outreach.domain.kinds import Role
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Invitation
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links
from tests.browser.accessibility import read_aloud
from tests.browser.pages import log_in, press
from tests.browser.test_answer_pages import address, pages
from tests.conftest import NOW, at
from tests.services.polls.polls_help import a_poll

pytestmark = pytest.mark.browser
__all__ = ["address", "pages"]  # fixtures


@pytest.fixture
def phone(chromium):
    return chromium.new_context(viewport={"width": 360, "height": 560}, locale="id-ID").new_page()


def test_a_cadres_page_is_read_in_order(phone, address, pages):
    phone.goto(address + pages["cadre"])
    read_aloud.matches(phone, "cadre")
    second = phone.locator("section[aria-labelledby^=h]").nth(1)
    second.locator("summary").click()
    press(second.locator("button[value=represented]"))
    read_aloud.matches(phone, "cadre-errors")
    press(phone.locator("section[aria-labelledby^=h]").first.locator("button[value=coming]"))
    read_aloud.matches(phone, "cadre-thanks")


def test_an_offices_page_is_read_in_order(phone, address, pages):
    phone.goto(address + pages["organisation"])
    read_aloud.matches(phone, "office")
    first = phone.locator("section[aria-labelledby^=h]").first
    first.locator("input[name$='-0-name']").fill("Rina Kartika, S.Pd.")
    first.locator("input[name$='-0-email']").fill("rina@gmial.com")
    press(first.locator("button[value=coming]"))
    read_aloud.matches(phone, "office-errors")
    press(phone.locator("section[aria-labelledby^=h]").first.locator("button[value=coming]"))
    read_aloud.matches(phone, "office-thanks")


def invitations_are_out() -> None:
    db.session.execute(sa.update(Invitation).values(state=InvitationState.INVITED, invited_at=NOW))
    db.session.commit()


def test_the_page_of_one_invitation_is_read_in_order(phone, address, activity, ani):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    invitations_are_out()
    path = "/j/" + tokens.token(links.link_for(db.session, ani))
    phone.goto(address + path)
    read_aloud.matches(phone, "one")
    phone.goto(f"{address}{path}?pilih=hadir-{activity.id}")
    read_aloud.matches(phone, "one-from-mail")
    press(phone.locator("form.ok button"))
    read_aloud.matches(phone, "one-thanks")


def test_a_date_poll_is_read_in_order(phone, address, pages, ani):
    poll = a_poll(ani)
    phone.goto(f"{address}{pages['cadre']}/polls/{poll.id}")
    read_aloud.matches(phone, "poll")
    press(phone.locator("button.g"))
    read_aloud.matches(phone, "poll-errors")


def test_the_sign_in_and_the_doors_page_are_read_in_order(
    phone, address, activity, ani, budi, coordinator, monkeypatch
):
    coordinator.locale = "id"
    db.session.commit()
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    invitations_are_out()
    monkeypatch.setattr(clock, "now", lambda: at(18, 8))
    phone.goto(address + "/login")
    read_aloud.matches(phone, "sign-in")
    log_in(phone, address, coordinator.email)
    phone.goto(f"{address}/activities/{activity.id}/attendance")
    read_aloud.matches(phone, "door")
