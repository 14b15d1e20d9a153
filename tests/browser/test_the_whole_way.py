"""The main task from end to end in a browser: login, publishing, mail, answer, and the list of answers."""

import re

import pytest
import sqlalchemy as sa

from outreach.domain.states import InvitationState, MessageState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Message
from tests.browser.pages import PHONE, holds, log_in, press, wait_for
from tests.world import working_day

pytestmark = [pytest.mark.browser, pytest.mark.any_day, pytest.mark.usefixtures("default_rules")]


def mail_to(page, address: str, recipient: str) -> str:
    """Read the newest mail to somebody in the demo's mailbox, as a person would; return the link in its text."""
    page.goto(f"{address}/mailbox?to={recipient}")
    with page.expect_navigation():
        page.locator("main a[href*='/mailbox/']").first.click()
    return re.search(r"http://127\.0\.0\.1:\d+/j/[\w-]{38}", page.content())[0]


def test_the_whole_way_from_login_and_publishing_to_the_mail_and_the_answer(
    coordinator, chief, ani, hall, staff_page, chromium, whole
):
    page, width = staff_page, staff_page.viewport_size["width"]
    day = working_day(20)

    log_in(page, whole, coordinator.email)
    holds(page, width)

    page.goto(whole + "/programmes/new")
    holds(page, width)
    page.fill("#title", "Empat hari penguatan perlindungan")
    page.fill("#public_title", "Rangkaian pertemuan")
    page.fill("#starts_on", day.isoformat())
    page.fill("#activities-0-title", "Rapat koordinasi pencegahan kekerasan")
    page.fill("#activities-0-on", day.isoformat())
    press(page.get_by_role("button", name="Save as draft"))
    holds(page, width)
    activity = wait_for(lambda: db.session.scalar(sa.select(Activity)))
    activity_id = activity.id

    page.goto(f"{whole}/activities/{activity_id}/edit")
    page.fill("#public_title", "Rapat koordinasi")
    press(page.get_by_role("button", name="Save").last)
    holds(page, width)

    page.goto(f"{whole}/activities/{activity_id}/invite/people?role=speaker")
    page.fill("#q", "Kapolres")
    press(page.get_by_role("button", name="Search"))
    page.get_by_role("checkbox", name=re.compile("Kapolres Metro")).check()
    holds(page, width)
    press(page.get_by_role("button", name="Continue"))
    holds(page, width)
    press(page.locator("main button[type=submit]").last)

    page.goto(f"{whole}/activities/{activity_id}/invite/cadres")
    page.get_by_role("checkbox", name=re.compile("Imopuro")).check()
    holds(page, width)
    press(page.get_by_role("button", name="Continue"))
    press(page.locator("main button[type=submit]").last)
    wait_for(lambda: db.session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 2)

    page.goto(f"{whole}/activities/{activity_id}/publish")
    assert "Who gets which mail" in page.content() or "2" in page.locator("main").inner_text()
    holds(page, width)
    press(page.get_by_role("button", name=re.compile("Publish")))
    wait_for(
        lambda: db.session.scalars(sa.select(Message.state)).all() == [MessageState.SENT] * 2,
    )

    phone = chromium.new_context(viewport=PHONE, java_script_enabled=False).new_page()
    phone.goto(mail_to(page, whole, "ani@example.com"))
    assert state_of(ani) is InvitationState.INVITED
    press(phone.get_by_role("button", name="Hadir", exact=True))
    assert wait_for(lambda: state_of(ani) is InvitationState.COMING)

    phone.goto(mail_to(page, whole, "kapolres@example.com"))
    phone.locator("summary:has-text('Orang lain hadir')").first.click()
    phone.locator("input[name*=name]:visible").first.fill("Rina Andriani")
    phone.locator("input[name*=post]:visible").first.fill("Wakapolres")
    press(phone.get_by_role("button", name="Kirim nama yang mewakili").first)
    assert wait_for(lambda: state_of(chief) is InvitationState.REPRESENTED)

    page.goto(f"{whole}/activities/{activity_id}/invitees")
    assert "Rina Andriani" in page.locator("main").inner_text()
    holds(page, width)


def state_of(person) -> InvitationState:
    db.session.rollback()
    return db.session.scalars(sa.select(Invitation.state).where(Invitation.person_id == person.id)).one()


LOOKED_AT = [
    "/", "/programmes", "/activities", "/activities/{activity}", "/activities/{activity}/edit",
    "/activities/{activity}/agenda", "/activities/{activity}/invitees", "/activities/{activity}/publish",
    "/activities/{activity}/invite/organisations", "/activities/community", "/activities/invite/cadres",
    "/activities/publish", "/people/groups", "/people/groups/new", "/people", "/people/new", "/people/{person}",
    "/people/import", "/organisations", "/venues", "/rules", "/texts", "/texts/invitation-cadre/id", "/messages",
    "/mailbox", "/audit", "/users", "/office",
]  # fmt: skip


def test_every_page_fits_and_no_engine_finds_anything(administrator, activity, ani, staff_page, whole):
    page, width = staff_page, staff_page.viewport_size["width"]
    places = {"activity": activity.id, "person": ani.id}
    log_in(page, whole, administrator.email)
    for path in LOOKED_AT:
        answered = page.goto(whole + path.format(**places))
        assert (path, answered.status) == (path, 200)
        holds(page, width)
