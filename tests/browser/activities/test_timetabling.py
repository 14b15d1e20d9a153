"""Timetabling a whole plan in a real Chromium, with the search in its own process: request, watch, stop, apply."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, time
from itertools import pairwise

import pytest
import sqlalchemy as sa
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.states import SearchState
from outreach.extensions import db
from outreach.models import Activity, Invitation, TimetablingSearch, Venue
from tests.browser.pages import holds, log_in, press, served
from tests.world import JAKARTA, draft_activity, working_day
from tests.world.timetabling import KELURAHAN, facilitators

pytestmark = [pytest.mark.browser, pytest.mark.any_day]
ENDS_WITHIN_MS = 300_000


@pytest.fixture
def drafts(office) -> list[Activity]:
    """A meeting, and six simultaneous community activities of three kelurahan, three weeks from now."""
    day = working_day(21)

    def at(hour: int) -> datetime:
        return datetime.combine(day, time(hour), JAKARTA)

    made = [
        draft_activity(
            None, Venue(name=f"Balai {number}", region_code=code), kind=ActivityKind.OUTREACH, title=f"Sosialisasi {number}",
            region_code=code, starts_at=at(9), ends_at=at(11), registration_at=None, respond_by_at=at(8),
        )
        for number, code in enumerate(KELURAHAN * 2, start=1)
    ]  # fmt: skip
    hall = Venue(name="Aula", region_code=KELURAHAN[0])
    return [*made, draft_activity(None, hall, title="Rapat", starts_at=at(8), ends_at=at(12), respond_by_at=at(7),
                                  registration_at=None)]  # fmt: skip


@pytest.fixture
def address_with_drafts(app, drafts, coordinator) -> Iterator[str]:
    facilitators()
    with served(app) as address:
        yield address


def test_drafts_are_timetabled_with_one_button_and_applied(chromium, address_with_drafts, drafts):
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True, reduced_motion="reduce")
    page = context.new_page()
    log_in(page, address_with_drafts, "coordinator@example.com")
    page.goto(f"{address_with_drafts}/placements")
    press(page.get_by_role("link", name="Place activities").first)
    for name in ("Citra", "Dian", "Eko"):
        page.get_by_role("checkbox", name=f"{name} Fasilitator").check()
    page.get_by_text("Venues, order and wishes").click()
    page.get_by_label("Comes before all others").select_option(label="Rapat")
    page.get_by_label("This activity").first.select_option(label="Sosialisasi 1")
    page.get_by_label("comes after this one").first.select_option(label="Sosialisasi 6")
    page.get_by_label("Search for how many seconds").fill("5")
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        holds(page, width)
    page.get_by_role("button", name="Look for a plan").click()
    page.wait_for_selector(".placed", timeout=ENDS_WITHIN_MS)  # automatically, without a key press
    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        holds(page, width)
    press(page.get_by_role("button", name="Next"))
    assert page.get_by_text("Nobody: these are drafts.").is_visible()
    holds(page, 1280)
    press(page.get_by_role("button", name="Plan it so"))
    assert page.get_by_text("activities are planned so now.").is_visible()
    context.close()
    db.session.rollback()
    assert db.session.scalars(sa.select(TimetablingSearch.state)).all() == [SearchState.TAKEN]
    meeting = db.session.get(Activity, drafts[-1].id)
    others = [db.session.get(Activity, draft.id) for draft in drafts[:-1]]
    assert all(activity.starts_at >= meeting.ends_at for activity in others)
    assert others[0].starts_at >= others[5].ends_at
    starts = {activity: activity.starts_at.astimezone(JAKARTA) for activity in others}
    halves = [(activity.region_code[:8], start.date(), start.hour >= 12) for activity, start in starts.items()]
    assert len(set(halves)) == len(halves)
    speakers = db.session.scalars(sa.select(Invitation.activity_id).where(Invitation.role == Role.SPEAKER)).all()
    assert sorted(speakers) == sorted(activity.id for activity in others)


def test_a_search_is_watched_and_stopped_without_javascript(chromium, address_with_drafts, drafts):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    page = context.new_page()
    log_in(page, address_with_drafts, "coordinator@example.com")
    page.goto(f"{address_with_drafts}/placements/new")
    page.get_by_role("checkbox", name="Citra Fasilitator").check()
    page.get_by_text("Venues, order and wishes").click()
    for place, (then, first) in enumerate((("1", "2"), ("2", "3"), ("3", "4"))):
        page.get_by_label("This activity").nth(place).select_option(label=f"Sosialisasi {then}")
        page.get_by_label("comes after this one").nth(place).select_option(label=f"Sosialisasi {first}")
        press(page.get_by_role("button", name="Another pair"))
        assert (
            page.get_by_label("This activity").nth(place).locator("option:checked").inner_text()
            == f"Sosialisasi {then}"
        )
    page.get_by_label("Search for how many seconds").fill("300")
    page.get_by_role("button", name="Look for a plan").click()
    # The page reloads automatically. On a quick machine the search may prove the best plan before it is stopped.
    best, found = page.get_by_text("How good it is"), page.locator(".placed")
    best.or_(found).first.wait_for(timeout=ENDS_WITHIN_MS)
    pressed = False
    with suppress(PlaywrightTimeoutError):
        page.get_by_role("button", name="Stop, and keep the best so far").click(timeout=60_000)
        pressed = True
    page.wait_for_selector(".placed", timeout=ENDS_WITHIN_MS)
    to_the_end = page.get_by_text("Searched to the end.").is_visible()
    assert to_the_end or (pressed and page.get_by_text("Stopped after").is_visible())
    context.close()
    db.session.rollback()
    ids = [draft.id for draft in drafts[:4]]
    assert db.session.scalar(sa.select(TimetablingSearch.request))["order"] == [[*two] for two in pairwise(ids)]
