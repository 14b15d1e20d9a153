"""After the last call a coordinator looks for a substitute, sees what a swap sends, and swaps: on a desktop and on a phone."""

from datetime import time

import pytest

from outreach.domain.kinds import Role, Sector
from outreach.domain.ladder.rungs import LadderName, RungKind, RungRule, RungTiming
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Person
from outreach.services.activities import agenda
from outreach.services.activities.agenda import AgendaValues
from outreach.services.ladder import climb, edit
from tests.browser.pages import DESK, PHONE, holds, log_in, press, served, states_of
from tests.support.copied import copied
from tests.world import (
    NOW,
    a_person,
    an_organisation,
    at,
    draft_activity,
    invitation_of,
    invite,
    mark_as_invited,
    publish,
    run,
    send,
    stop_clock,
)

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]


@copied
def silent(activity, chief, police, budi, coordinator):
    """The police chief speaks, and has not answered, not to the last call either; two could come instead, one only perhaps."""
    rungs = [
        RungRule(RungKind.LAST_CALL, RungTiming.AFTER_INVITATION, 1, time(9)),
        RungRule(RungKind.SUBSTITUTES, RungTiming.AFTER_INVITATION, 1, time(14)),
    ]
    edit.save(LadderName.SPEAKERS, rungs, by=coordinator, now=NOW)
    items = [AgendaValues(at(18, 9), at(18, 10), "Perlindungan saksi dan korban", (chief.id,))]
    agenda.set_agenda(activity.id, items, moderator_id=budi.id, by=coordinator, now=NOW)
    publish(activity)
    mark_as_invited()
    send(NOW)
    climb.tick(at(4, 9))  # the ladder starts; Tuesday is a day off
    for hour in (9, 14):
        climb.tick(at(6, hour))
        run(at(6, hour))
    elsewhere = an_organisation("Polres Pringsewu", sector=Sector.POLICE, email="pringsewu@example.com")
    a_person("", post="Kapolres Pringsewu", organisation=elsewhere, email="kapolres.pringsewu@example.com")
    officer = a_person("Rudi Hartono", post="Kanit PPA", organisation=police)
    invite(draft_activity(None, None, title="Apel pagi"), officer, role=Role.SPEAKER)
    return activity


@pytest.fixture
def address(app, monkeypatch):
    """The app as it is served on Thursday 7 January, the day after the last call."""
    stop_clock(monkeypatch, at(7))
    with served(app) as address:
        yield address


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_a_coordinator_swaps_a_silent_speaker_after_the_last_call(
    silent, chief, coordinator, chromium, address, screen
):
    page = chromium.new_context(viewport=screen, bypass_csp=True, reduced_motion="reduce").new_page()
    log_in(page, address, coordinator.email)
    page.goto(f"{address}/invitations/{invitation_of(silent, chief).id}")
    holds(page, screen["width"])
    ladder = page.locator("section, .card").filter(has=page.get_by_role("heading", name="Ladder")).last.inner_text()
    assert "Last call by mail: done Wed, 6 Jan 2027, 09:00 WIB" in ladder
    assert "Substitutes are proposed: done Wed, 6 Jan 2027, 14:00 WIB" in ladder
    page.get_by_text("Their ladder has come to its end without an answer.").wait_for()
    press(page.get_by_role("link", name="Look for a substitute"))
    assert page.locator(".substitutes h2").all_inner_texts() == ["Kapolres Pringsewu", "Rudi Hartono"]
    page.get_by_text("the same post at Polres Pringsewu").wait_for()
    holds(page, screen["width"])
    small = page.locator(".substitutes a").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().height).filter((height) => height < 44)"
    )
    assert screen is DESK or small == []
    press(page.get_by_role("link", name="Choose Kapolres Pringsewu"))
    page.get_by_text("Budi Santoso get a mail that somebody else speaks or moderates.").wait_for()
    holds(page, screen["width"])
    press(page.get_by_role("button", name="Swap"))
    page.get_by_text("Kapolres Pringsewu is asked in place of Kapolres Metro.").wait_for()
    assert states_of(chief) == [InvitationState.WITHDRAWN]
    substitute = db.session.query(Person).filter_by(post="Kapolres Pringsewu").one()
    assert states_of(substitute) == [InvitationState.PREPARED]
    holds(page, screen["width"])
