"""A post changes hands after its invitation went out: the new holder gets the mail, and the old link says where it went."""

import os
import re
from datetime import date

import pytest

from outreach.domain.answers import Choice
from outreach.domain.kinds import HolderKind
from outreach.models import Post
from outreach.services import posts
from outreach.services.answers import answer as answering
from outreach.services.posts import HolderValues, PostValues
from outreach.services.reminders import tick as reminding
from tests.browser.pages import DESK, PHONE, holds, log_in, press
from tests.support.copied import copied
from tests.world import NOW, a_person, at, draft_activity, drain, publish, token_of

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("default_rules")]


@pytest.fixture
def people():
    """Budi holds the post, and Sari is in the address book."""
    return a_person("Budi Santoso", email="budi@example.com"), a_person("Sari Wulandari", email="sari@example.com")


@copied
def post(people) -> Post:
    made = posts.add(PostValues("Kapolres Metro"), by=None, now=NOW)
    term = HolderValues(people[0].id, HolderKind.DEFINITIVE, date(2026, 1, 1))
    posts.add_holder(made.id, term, by=None, now=NOW)
    return made


def work(now) -> None:
    reminding.tick(now)
    drain(now)


def looked_at(page, width: int, name: str) -> None:
    if folder := os.environ.get("OUTREACH_SHOTS"):
        page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
    holds(page, width)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_post_changes_hands_after_it_was_invited(
    chromium, server, address, programme, hall, people, post, coordinator, size
):
    budi, sari = people
    activity = draft_activity(programme, hall)
    width = size["width"]
    page = chromium.new_context(viewport=size, bypass_csp=True, reduced_motion="reduce").new_page()
    log_in(page, address, coordinator.email)
    page.goto(f"{address}/activities/{activity.id}/invite/people")
    page.locator("input[name=role][value=speaker]").check()
    page.fill("#q", "kapolres")
    page.locator("input[name=post_ids]").check()
    looked_at(page, width, "post-invite")
    press(page.get_by_role("button", name="Continue"))
    assert "Kapolres Metro: Budi Santoso" in page.locator("main").inner_text()
    looked_at(page, width, "post-check")
    press(page.get_by_role("button", name=re.compile("^Invite")))
    publish(activity, now=at(5))
    work(at(5))
    assert [taken.recipient for taken in server.taken] == ["budi@example.com"]
    old_link = f"{address}/j/{token_of(budi)}"
    answering.answer(token_of(budi), activity.id, Choice.COMING, now=at(5))

    page.goto(f"{address}/people/posts")
    looked_at(page, width, "post-list")
    press(page.get_by_role("link", name="Kapolres Metro"))
    press(page.get_by_role("link", name="Hand over"))
    page.fill("#q", "sari")
    page.locator("label", has_text="Sari Wulandari").click()
    page.fill("#from_on", "2027-01-10")
    looked_at(page, width, "post-hand-over")
    press(page.get_by_role("button", name="Next: who is told"))
    looked_at(page, width, "post-hand-over-preview")
    press(page.get_by_role("button", name="Save"))
    page.get_by_text("1 invitation goes to the new holder now.").wait_for()
    looked_at(page, width, "post-page")
    server.taken.clear()
    work(at(5, 9))
    told = {taken.recipient: taken.mail for taken in server.taken}
    assert set(told) == {"budi@example.com", "sari@example.com"}
    assert token_of(sari) in told["sari@example.com"].get_body(("plain",)).get_content()

    page.goto(old_link)
    looked_at(page, width, "post-old-link")
    said = page.locator("main").inner_text()
    assert "kini ditujukan kepada pemegang jabatan “Kapolres Metro” pada hari itu" in said
    assert page.locator("button[value=coming]").count() == 0
    page.goto(f"{address}/j/{token_of(sari)}")
    assert page.locator("button[value=coming]").count() > 0
    assert page.locator("h1").inner_text() == "Yth. Kapolres Metro"
    looked_at(page, width, "post-answer")
    wednesday = date(2027, 1, 20)
    posts.add_holder(
        post.id, HolderValues(budi.id, HolderKind.DAILY_ACTING, wednesday, wednesday), by=None, now=at(5, 10)
    )
    page.goto(
        f"{address}/calendar/{activity.id}/move?on=2027-01-20&begins=08:00&ends=12:00&venue_id={hall.id}&version=2"
    )
    page.get_by_text("The invitation goes from Sari Wulandari to Budi Santoso as Kapolres Metro.").wait_for()
    looked_at(page, width, "post-move")
    page.goto(f"{address}/people/{sari.id}")
    looked_at(page, width, "post-person")
    press(page.get_by_role("link", name=activity.title).first)
    assert "Before that: Budi Santoso" in page.locator("main").inner_text()
    looked_at(page, width, "post-invitation")
