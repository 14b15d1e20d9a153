"""A date poll from end to end: asked by mail, answered on a phone without script, and turned into an activity."""

import re
from datetime import date, datetime, time, timedelta

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.domain.kinds import AnswerSource, PollChoice, Role, Sector
from outreach.domain.polls import Proposed
from outreach.domain.states import MessageState, PollState
from outreach.extensions import db
from outreach.models import Activity, DatePoll, Invitation, Message, Organisation
from outreach.services.polls import answer as poll_answering
from outreach.services.polls import ask as poll_asking
from outreach.services.polls import edit as polls
from tests.browser.pages import PHONE, holds, log_in, press, wait_for
from tests.support.copied import copied
from tests.world import JAKARTA, a_person, today, working_day
from tests.world.polls import asked, dates, values

pytestmark = [pytest.mark.browser, pytest.mark.any_day, pytest.mark.usefixtures("default_rules")]


def hour_of(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), JAKARTA)


def closing() -> datetime:
    return hour_of(today() + timedelta(days=6), 16)


def mornings() -> list[date]:
    """Return three consecutive working days."""
    first = working_day(20, count=3)
    return [first + timedelta(days=n) for n in range(3)]


@copied
def poll(office, chief, police, hall) -> int:
    """A draft that asks the police chief, the police office, and a person that mail does not reach."""
    slots = [Proposed(hour_of(day, 9), hour_of(day, 11), hall.id if n else None) for n, day in enumerate(mornings())]
    made = polls.create(values(slots=slots, closes_at=closing()), by=None, now=clock.now())
    silent = a_person("Citra Lestari", email="", phone="+6281277770000")
    poll_asking.add_people(made.id, [chief.id, silent.id], Role.SPEAKER, needed=True, by=None, now=clock.now())
    poll_asking.add_organisations(made.id, {police.id: 2}, needed=False, by=None, now=clock.now())
    db.session.commit()
    return made.id


def link_in_mail(page, address: str, recipient: str) -> str:
    page.goto(f"{address}/mailbox?to={recipient}")
    with page.expect_navigation():
        page.locator("main a[href*='/mailbox/']").first.click()
    return re.search(r"http://127\.0\.0\.1:\d+/j/[\w-]{38}/polls/\d+", page.content())[0]


def test_a_poll_is_asked_by_mail_answered_on_a_phone_and_turned_into_an_activity(
    poll, coordinator, staff_page, chromium, whole
):
    page, width = staff_page, staff_page.viewport_size["width"]
    log_in(page, whole, coordinator.email)
    for path in ("/polls/new", "/polls?show=drafts", f"/polls/{poll}", f"/polls/{poll}/edit", f"/polls/{poll}/asked"):
        page.goto(whole + path)
        holds(page, width)
    page.goto(f"{whole}/polls/{poll}/open")
    holds(page, width)
    press(page.get_by_role("button", name="Open the poll and ask"))
    wait_for(lambda: db.session.scalars(sa.select(Message.state)).all() == [MessageState.SENT] * 2)

    phone = chromium.new_context(viewport=PHONE, java_script_enabled=False)
    theirs = phone.new_page()
    theirs.goto(link_in_mail(page, whole, "kapolres@example.com"))
    assert theirs.evaluate("document.documentElement.scrollWidth") <= 360
    choices = ("n", "y", "i")
    for section, choice in zip(theirs.locator("section[aria-labelledby^=h]").all(), choices, strict=True):
        section.locator(f"input[id^={choice}]").check()
    press(theirs.locator("button.g"))
    assert theirs.locator("[role=status]").is_visible()
    assert theirs.locator("input:checked").count() == 3
    assert phone.cookies() == []

    theirs.goto(link_in_mail(page, whole, "polres@example.com"))
    theirs.locator("input[id^=y]").first.check()
    press(theirs.locator("button.g"))
    assert theirs.locator("[role=alert]").is_visible()
    for yes in theirs.locator("input[id^=y]").all():
        yes.check()
    theirs.fill("input[name=who]", "Staf Bagops")
    press(theirs.locator("button.g"))
    assert theirs.locator("[role=status]").is_visible()
    page.goto(theirs.url)
    holds(page, width)

    page.goto(f"{whole}/polls/{poll}")
    holds(page, width)
    best = page.locator(".poll-time.best")
    assert best.count() == 1
    press(best.get_by_role("link", name=re.compile("Choose this time")))
    holds(page, width)
    press(page.get_by_role("button", name="Make, publish and invite"))
    assert "/activities/" in page.url
    made = wait_for(lambda: db.session.scalar(sa.select(Activity)))
    assert made.starts_at == hour_of(mornings()[1], 9)
    wait_for(lambda: db.session.scalar(sa.select(sa.func.count()).select_from(Invitation)) == 3)
    db.session.rollback()
    assert db.session.get_one(DatePoll, poll).state is PollState.DECIDED
    page.goto(f"{whole}/polls/{poll}")
    holds(page, width)
    theirs.reload()
    assert theirs.locator("input[type=radio]").count() == 0
    phone.close()


@copied
def large(office, hall) -> int:
    """A poll of twelve slots with thirty invited offices, all but one of which have answered."""
    days = [today() + timedelta(days=20 + n) for n in range(12)]
    slots = [Proposed(hour_of(day, 9), hour_of(day, 11), hall.id if n % 2 else None) for n, day in enumerate(days)]
    made = polls.create(values(slots=slots, closes_at=closing()), by=None, now=clock.now())
    offices = [
        Organisation(name=f"Forum Perlindungan Anak Terpadu Kelurahan {n}", sector=Sector.OTHER, email="")
        for n in range(30)
    ]
    db.session.add_all(offices)
    db.session.commit()
    poll_asking.add_organisations(made.id, {office.id: 2 for office in offices}, needed=False, by=None, now=clock.now())
    poll_asking.open_poll(made.id, by=None, now=clock.now())
    for number, one in enumerate(offices[1:]):
        said = [list(PollChoice)[(number * slot) % 3] for slot in range(12)]
        poll_answering.record(
            made.id, asked(made, one).id, dates(made, *said), AnswerSource.PHONE, by=None, now=clock.now()
        )
    db.session.commit()
    return made.id


def test_a_large_poll_is_readable_without_sideways_scrolling_of_the_page(large, coordinator, staff_page, whole):
    page, width = staff_page, staff_page.viewport_size["width"]
    log_in(page, whole, coordinator.email)
    page.goto(f"{whole}/polls/{large}")
    holds(page, width)
    assert page.locator(".poll-time").count() == 12
    assert "Best" in page.locator(".poll-time").first.inner_text()
    table = page.get_by_role("region", name="Who can make which time")
    if width == PHONE["width"]:
        assert not table.is_visible()
        page.get_by_text("Who said what").first.click()
        names = page.locator(".poll-time").first.locator("dd")
        assert sum(name.inner_text().count("Kelurahan") for name in names.all()) == 30
        holds(page, width)
        return
    box = table.bounding_box()
    table.evaluate("el => el.scrollTo(el.scrollWidth, el.scrollHeight)")
    assert table.evaluate("el => [el.scrollLeft > 200, el.scrollTop > 200]") == [True, True]
    last = table.get_by_role("rowheader").last.bounding_box()  # the names and the times stay visible
    times = table.get_by_role("columnheader").last.bounding_box()
    assert (last["x"], times["y"]) == pytest.approx((box["x"], box["y"]), abs=2)
