"""Two callers work on one list at the same time, one of them with a thumb on a phone, one without JavaScript."""

import pytest
import sqlalchemy as sa

from outreach.domain.calls import CallOutcome
from outreach.domain.kinds import CadreKind
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Call, Invitation
from tests.browser.pages import DESK, PHONE, holds, log_in, press
from tests.support.copied import copied
from tests.world import a_cadre, invite_and_publish

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]


@copied
def asked(activity, ani, budi, coordinator):
    """Ani, Budi and Citra have not answered."""
    return invite_and_publish(
        activity, ani, budi, a_cadre("Citra Dewi", CadreKind.PKK, "18.72.01.1001"), by=coordinator
    )


def outcomes() -> list[tuple[str, CallOutcome]]:
    db.session.rollback()
    return [(call.caller.name, call.outcome) for call in db.session.scalars(sa.select(Call).order_by(Call.id))]


def test_two_callers_on_one_list_call_each_person_once(asked, coordinator, administrator, chromium, address):
    phone = chromium.new_context(viewport=PHONE, reduced_motion="reduce", bypass_csp=True).new_page()
    desk = chromium.new_context(viewport=DESK, java_script_enabled=False).new_page()
    log_in(phone, address, coordinator.email)
    log_in(desk, address, administrator.email)
    for page in (phone, desk):
        page.goto(f"{address}/activities/{asked.id}/invitees/to-call")
        press(page.get_by_role("button", name="Start calling"))
    assert [page.locator("h1").inner_text() for page in (phone, desk)] == ["Ani Wijaya", "Budi Santoso"]
    holds(phone, PHONE["width"])
    assert phone.get_by_role("link", name="0812-3456-7890").get_attribute("href") == "tel:+6281234567890"
    small = phone.locator(
        ".call button:visible:not(.visually-hidden), .call a.btn:visible, .call summary:visible"
    ).evaluate_all("all => all.map((one) => one.getBoundingClientRect().height).filter((height) => height < 44)")
    assert small == []

    press(phone.get_by_role("button", name="Coming", exact=True))
    assert phone.locator("h1").inner_text() == "Citra Dewi"
    desk.locator("summary", has_text="Question for the coordinator").click()
    desk.fill("[name=question]", "May I bring my child?")
    press(desk.get_by_role("button", name="Pass the question on"))
    desk.get_by_text("Nobody is left to call on this list.").wait_for()
    desk.get_by_text("Coordinator calls them until").wait_for()
    press(phone.get_by_role("button", name="Did not pick up"))
    phone.get_by_text("Nobody is left to call for now.").wait_for()
    phone.get_by_text("2 of 3 reached").wait_for()
    holds(phone, PHONE["width"])
    assert outcomes() == [
        ("Coordinator", CallOutcome.COMING),
        ("Administrator", CallOutcome.QUESTION),
        ("Coordinator", CallOutcome.NO_ANSWER),
    ]
    states = db.session.scalars(sa.select(Invitation.state).order_by(Invitation.id)).all()
    assert states == [InvitationState.COMING, InvitationState.INVITED, InvitationState.INVITED]
    for path in ("to-call/questions", "to-call/figures"):
        phone.goto(f"{address}/{path}")
        holds(phone, PHONE["width"])


def test_opening_whatsapp_goes_on_to_it_in_a_tab_of_its_own(asked, coordinator, chromium, address):
    context = chromium.new_context(viewport=PHONE)
    asked_for = []
    context.route("https://wa.me/**", lambda route: (asked_for.append(route.request), route.fulfill(body="WhatsApp")))
    page = context.new_page()
    log_in(page, address, coordinator.email)
    page.goto(f"{address}/activities/{asked.id}/invitees/to-call")
    press(page.get_by_role("button", name="Start calling"))
    with context.expect_page() as opened:
        page.get_by_role("button", name="WhatsApp").click()
    opened.value.wait_for_url("https://wa.me/**")
    assert [request.headers.get("referer") for request in asked_for] == [None]
    assert outcomes() == [("Coordinator", CallOutcome.WHATSAPP_OPENED)]
    assert page.locator("h1").inner_text() == "Ani Wijaya"
