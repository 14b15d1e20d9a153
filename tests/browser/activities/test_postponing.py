"""Postponing an activity without a new date, and setting it later, on a desk and on a phone: pages, mails, answer page."""

import re
from datetime import datetime, time

import pytest

from outreach import clock
from outreach.delivery import tokens
from outreach.domain.kinds import Role
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Message
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links
from tests.browser.pages import DESK, PHONE, holds, log_in, press, wait_for
from tests.support.copied import copied
from tests.world import JAKARTA, draft_activity, working_day

pytestmark = [pytest.mark.browser, pytest.mark.any_day, pytest.mark.usefixtures("default_rules")]


def state() -> ActivityState:
    db.session.rollback()
    return db.session.query(Activity).one().state


def subjects() -> list[str]:
    db.session.rollback()
    return [message.subject.partition(":")[0] for message in db.session.query(Message).order_by(Message.id)]


@copied
def told(hall, ani, coordinator) -> tuple[int, str]:
    """A published activity in three weeks; return its id and the token of Ani, who is invited."""
    starts_at, ends_at = (datetime.combine(working_day(20), time(hour), tzinfo=JAKARTA) for hour in (9, 11))
    activity = draft_activity(
        None, hall, starts_at=starts_at, ends_at=ends_at, registration_at=None, respond_by_at=starts_at
    )
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=coordinator, now=clock.now())
    publishing.publish([activity.id], by=coordinator, now=clock.now())
    return activity.id, tokens.token(links.link_for(db.session(), ani))


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_postponed_and_given_a_new_date(coordinator, told, chromium, whole, size):
    id_, token = told
    wait_for(lambda: subjects() == ["Undangan"])
    context = chromium.new_context(viewport=size, bypass_csp=True, reduced_motion="reduce")
    page, width = context.new_page(), size["width"]
    log_in(page, whole, coordinator.email)

    page.goto(f"{whole}/activities/{id_}")
    press(page.get_by_role("link", name="Postpone"))
    holds(page, width)
    page.fill("#reason", "Ditunda karena banjir")
    press(page.get_by_role("button", name="Next: who is told"))
    holds(page, width)
    assert "Who gets which mail when" in page.locator("main").inner_text()
    press(page.get_by_role("button", name="Postpone it and tell them"))
    holds(page, width)
    assert state() is ActivityState.POSTPONED
    assert "Waits for a new date" in page.locator("main").inner_text()
    wait_for(lambda: subjects() == ["Undangan", "DITUNDA"])

    cadre = chromium.new_context(viewport=size, bypass_csp=True, reduced_motion="reduce").new_page()
    cadre.goto(f"{whole}/j/{token}")
    holds(cadre, width)
    said = cadre.locator("main").inner_text()
    assert "Kegiatan ini ditunda, waktu baru menyusul." in said
    assert cadre.locator("main button[name$=choice]").count() == 0

    for path in ("/", "/activities", "/calendar"):
        page.goto(whole + path)
        holds(page, width)
        assert "waits for a new date" in page.locator("main").inner_text().lower()
    page.goto(whole)
    press(page.get_by_role("link", name=re.compile("postponed activity waits for a new date")))
    holds(page, width)
    page.fill("#on", working_day(40).isoformat())
    press(page.get_by_role("button", name="Next: who is told"))
    holds(page, width)
    press(page.get_by_role("button", name="Set it and tell them"))
    assert state() is ActivityState.PUBLISHED
    wait_for(lambda: subjects() == ["Undangan", "DITUNDA", "WAKTU BARU"])
    cadre.goto(f"{whole}/j/{token}")
    holds(cadre, width)
    press(cadre.get_by_role("button", name="Hadir", exact=True))
    assert "Terima kasih" in cadre.locator("main").inner_text()
    context.close()
