"""The drawn calendar in a browser: dragged by mouse, used by keyboard, without script, on a phone and on paper."""

import re
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.domain.kinds import Role
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Message, Programme, Venue
from outreach.queries import feeds as feed_pages
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.office import planning_rules as office_planning_rules
from outreach.services.planning import rules as planning_rules
from outreach.services.reminders import rules
from tests.browser.pages import holds, log_in, press, wait_for
from tests.support.copied import copied
from tests.world import JAKARTA, NOW, draft_activity, working_day

pytestmark = [pytest.mark.browser, pytest.mark.any_day]
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


@pytest.fixture
def tuesday() -> datetime:
    """Eight o'clock on a Tuesday two to three weeks from now; it and the next two days are working days."""
    return datetime.combine(working_day(15, weekday=1, count=3), time(8), tzinfo=JAKARTA)


@copied
def draft(programme: Programme, hall: Venue, tuesday: datetime) -> Activity:
    rules.install_defaults(now=NOW)
    without_noon = {**planning_rules.values().severities, ClashKind.NOON_BREAK: Severity.IGNORE}  # so that noon is free
    office_planning_rules.save(replace(planning_rules.values(), severities=without_noon), by=None, now=NOW)
    programme.starts_on, programme.ends_on = (tuesday + timedelta(days=n) for n in (-1, 2))
    hours = timedelta(hours=4)
    return draft_activity(
        programme, hall, starts_at=tuesday, ends_at=tuesday + hours, registration_at=None,
        respond_by_at=tuesday - timedelta(days=2),
    )  # fmt: skip


@copied
def wisma(office) -> Venue:
    venue = Venue(name="Wisma Haji", capacity=200)
    db.session.add(venue)
    db.session.commit()
    return venue


@copied
def training(programme: Programme, hall: Venue, tuesday: datetime, draft: Activity) -> Activity:
    """An activity in the same hall on the next day."""
    starts_at = tuesday + timedelta(days=1)
    return draft_activity(
        programme, hall, title="Pelatihan", starts_at=starts_at, ends_at=starts_at + timedelta(hours=4),
        registration_at=None, respond_by_at=tuesday - timedelta(days=3),
    )  # fmt: skip


@copied
def announced(draft: Activity, ani, coordinator) -> Activity:
    inviting.invite_people([draft.id], [ani.id], Role.CADRE, by=coordinator, now=clock.now())
    publishing.publish([draft.id], by=coordinator, now=clock.now())
    return draft


@copied
def varied(draft: Activity, chief, tuesday: datetime) -> Activity:
    """An activity with a speaker, and one with the state HELD."""
    db.session.add(Invitation(activity_id=draft.id, person_id=chief.id, role=Role.SPEAKER))
    draft_activity(
        None, None, title="Terlaksana", state=ActivityState.HELD, starts_at=tuesday + timedelta(hours=6),
        ends_at=tuesday + timedelta(hours=8), registration_at=None, respond_by_at=tuesday,
    )  # fmt: skip
    return draft


@pytest.fixture
def page_of(coordinator, chromium, whole):
    """Return a function that opens a signed-in page; without=... of a script, and checked against our CSP."""
    contexts = []

    def open_page(viewport=DESK, **options):
        context = chromium.new_context(viewport=viewport, reduced_motion="reduce", **options)
        contexts.append(context)
        page = context.new_page()
        page.refused = []
        page.on("console", lambda said: page.refused.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: page.refused.append(str(error)))
        log_in(page, whole, coordinator.email)
        page.wait_for_load_state()
        return page

    yield open_page
    for context in contexts:
        context.close()


def open_calendar(page, whole: str, day: datetime, view: str = "week", **query: object) -> None:
    more = "".join(f"&{name}={value}" for name, value in query.items())
    page.goto(f"{whole}/calendar?view={view}&on={day.date()}{more}")


def drawn(page):
    """Return the drawn element of the one activity, once it is drawn."""
    page.wait_for_selector("#calendar[data-ready] .ec-event")
    return page.locator("#calendar .ec-event:not(.ec-preview):not(.ec-ghost)").first


def drag(page, of, dx: float, dy: float, at: float = 0.5) -> None:
    """Drag an element by pixels, held at a share of its height; slowly, as a hand does."""
    box = of.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] * at
    page.mouse.move(x, y)
    page.mouse.down()
    for part in range(1, 11):
        page.mouse.move(x + dx * part / 10, y + dy * part / 10)
    page.mouse.up()


def times(activity: Activity) -> tuple[datetime, datetime]:
    db.session.rollback()
    db.session.refresh(activity)
    return activity.starts_at, activity.ends_at


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "America/New_York"])
def test_a_draft_is_dragged_to_another_day_and_hour_and_moved_back(draft, tuesday, page_of, whole, zone):
    page = page_of(timezone_id=zone)  # it is drawn in the office's time zone, wherever the reader is
    open_calendar(page, whole, tuesday)
    event = drawn(page)
    box = event.bounding_box()
    day_width = page.locator("#calendar .ec-body .ec-day").nth(1).bounding_box()["width"]
    drag(page, event, day_width, box["height"] / 4)  # one day, one hour of its four
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Nothing clashes at this time.").wait_for()
    assert times(draft)[0] == tuesday  # nothing is saved yet
    press(dialog.get_by_role("button", name="Move", exact=True))
    moved = tuesday + timedelta(days=1, hours=1)
    assert times(draft) == (moved, moved + timedelta(hours=4))
    page.get_by_text("It is a draft, so nobody is told.").wait_for()

    press(page.get_by_role("button", name="Take it back"))
    assert times(draft) == (tuesday, tuesday + timedelta(hours=4))
    assert page.refused == []


def test_the_button_to_undo_a_move_disappears_from_an_open_page_after_its_time(draft, tuesday, page_of, whole):
    page = page_of()
    open_calendar(page, whole, tuesday)
    drag(page, drawn(page), 0, drawn(page).bounding_box()["height"] / 4)
    press(page.get_by_role("dialog").get_by_role("button", name="Move", exact=True))
    offer = page.get_by_role("button", name="Take it back")
    offer.wait_for()
    page.clock.fast_forward("29:00")
    assert offer.is_visible()
    page.clock.fast_forward("01:30")
    offer.wait_for(state="hidden")


def test_dragging_its_lower_edge_makes_it_longer_and_escape_cancels(draft, tuesday, page_of, whole):
    page = page_of()
    open_calendar(page, whole, tuesday)
    event = drawn(page)
    before = event.bounding_box()
    event.hover()
    drag(page, event, 0, before["height"] / 4, at=0.995)
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(re.compile("08:00–13:00 WIB")).wait_for()
    page.keyboard.press("Escape")
    page.wait_for_function("!document.querySelector('dialog').open")
    assert drawn(page).bounding_box() == pytest.approx(before, abs=1)
    assert times(draft) == (tuesday, tuesday + timedelta(hours=4))


def test_moving_a_published_activity_shows_who_is_notified_and_then_notifies_them(announced, tuesday, page_of, whole):
    wait_for(lambda: db.session.scalar(sa.select(Message.sent_at)))
    page = page_of()
    open_calendar(page, whole, tuesday, "month")
    event = drawn(page)
    drag(page, event, event.bounding_box()["width"], 0)
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Who gets which mail when").wait_for()
    dialog.get_by_label("Reason").fill("Aula dipakai rapat paripurna")
    press(dialog.get_by_role("button", name="Move and tell them"))
    assert times(announced)[0] == tuesday + timedelta(days=1)
    wait_for(lambda: len(db.session.scalars(sa.select(Message.sent_at).where(Message.sent_at.is_not(None))).all()) == 2)
    page.get_by_role("link", name="Take it back …").click()
    dialog.get_by_text("Who gets which mail when").wait_for()
    assert dialog.get_by_label("Reason").input_value()
    assert page.refused == []


def test_a_clash_is_shown_before_saving_and_cannot_be_saved(draft, training, programme, tuesday, page_of, whole):
    page = page_of()
    open_calendar(page, whole, tuesday, "rows", programme=programme.id)
    event = drawn(page)
    day_width = page.locator("#calendar .ec-body .ec-day").first.bounding_box()["width"]
    drag(page, event, day_width, 0)
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("It cannot be placed so.").wait_for()
    assert "Pelatihan" in dialog.get_by_role("alert").inner_text()
    assert dialog.get_by_role("button", name="Move").count() == 0
    dialog.get_by_role("link", name="Leave it as it was").click()
    page.wait_for_function("!document.querySelector('dialog').open")
    assert times(draft)[0] == tuesday
    drag(page, drawn(page), day_width, 0)
    dialog.get_by_role("link", name=re.compile("^Move it to")).first.click()  # a resolution, which opens in the dialog
    dialog.get_by_text("Nothing clashes at this time.").wait_for()
    press(dialog.get_by_role("button", name="Move", exact=True))
    assert times(draft)[0] != tuesday


def test_dragging_to_a_venues_row_sets_that_venue(draft, wisma, programme, tuesday, page_of, whole):
    page = page_of()
    open_calendar(page, whole, tuesday, "rows", programme=programme.id, all=1)
    event = drawn(page)
    rows = [head.bounding_box() for head in page.locator("#calendar .ec-row-head").all()]
    drag(page, event, 0, rows[1]["y"] - rows[0]["y"])
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("cell", name="Wisma Haji").wait_for()
    press(dialog.get_by_role("button", name="Move", exact=True))
    assert times(draft)[0] == tuesday
    assert draft.venue_id == wisma.id


def test_everything_can_be_done_by_keyboard(draft, tuesday, page_of, whole):
    page = page_of()
    open_calendar(page, whole, tuesday)
    drawn(page)
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('ec-event')"):
            break
    assert "Rapat koordinasi" in page.evaluate("document.activeElement.getAttribute('aria-label')")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Date").wait_for()
    page.wait_for_function("document.activeElement.id === 'on'")  # the browser moves it when it shows the dialog
    dialog.get_by_label("Starts at").fill("13:00")
    dialog.get_by_label("Ends at").fill("15:30")
    page.keyboard.press("Enter")
    dialog.get_by_text(re.compile("13:00–15:30 WIB")).wait_for()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Move":
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert times(draft) == (tuesday.replace(hour=13), tuesday.replace(hour=15, minute=30))


def test_the_tables_and_forms_work_without_script(draft, tuesday, page_of, whole):
    page = page_of(java_script_enabled=False)
    open_calendar(page, whole, tuesday)
    assert page.locator("#calendar").is_hidden()
    page.get_by_role("link", name="Move “Rapat koordinasi pencegahan kekerasan”").click()
    page.get_by_label("Starts at").fill("09:00")
    page.get_by_label("Ends at").fill("11:00")
    page.get_by_role("button", name="Next: what comes of it").click()
    page.get_by_role("button", name="Move", exact=True).click()
    page.get_by_text("It is a draft, so nobody is told.").wait_for()
    assert times(draft) == (tuesday.replace(hour=9), tuesday.replace(hour=11))
    press(page.get_by_role("button", name="Take it back"))
    assert times(draft)[0] == tuesday


def test_a_viewer_can_open_an_activity_but_not_move_it(draft, viewer, tuesday, whole, chromium):
    context = chromium.new_context(viewport=DESK)
    page = context.new_page()
    log_in(page, whole, viewer.email)
    page.wait_for_load_state()
    open_calendar(page, whole, tuesday)
    event = drawn(page)
    assert "ec-draggable" not in event.get_attribute("class")
    with page.expect_navigation():
        event.click()
    assert page.url.endswith(f"/activities/{draft.id}")
    context.close()


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_every_view_fits_and_is_accessible(varied, tuesday, page_of, whole, viewport):
    page = page_of(viewport, bypass_csp=True)
    for query in ("view=month", "view=week", "view=day", "view=rows", "view=rows&rows=speakers"):
        page.goto(f"{whole}/calendar?{query}&on={tuesday.date()}")
        if viewport is DESK or query == "view=day":
            drawn(page)
        holds(page, viewport["width"])
    page.get_by_text("Show only …").click()
    holds(page, viewport["width"])
    page.goto(f"{whole}/calendar?view=week&on={tuesday.date()}")
    if viewport is DESK:
        drawn(page).click()
    else:
        page.get_by_role("link", name=re.compile("^Move “Rapat")).click()
    page.get_by_role("dialog").get_by_label("Date").wait_for()
    holds(page, viewport["width"])
    assert page.refused == []


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_feeds_are_created_and_copied(viewport, office, page_of, whole):
    page = page_of(viewport, bypass_csp=True, permissions=["clipboard-read", "clipboard-write"])
    page.goto(f"{whole}/feeds")
    holds(page, viewport["width"])
    page.get_by_role("link", name="Make an address").first.click()
    page.get_by_label("Whose calendar it is for").fill("HP Kepala Bidang")
    assert page.get_by_label("Venue").is_hidden()
    holds(page, viewport["width"])
    press(page.get_by_role("button", name="Make the address"))
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    db.session.rollback()
    assert copied == feed_pages.all_feeds()[0].url
    holds(page, viewport["width"])


def test_only_the_month_is_printed(draft, tuesday, page_of, whole):
    page = page_of()
    open_calendar(page, whole, tuesday, "month")
    drawn(page)
    page.emulate_media(media="print")
    assert page.locator(".cal-month").is_visible()
    assert page.locator(".cal-month .cal-item").count() == 1
    for hidden in ("#calendar", ".side", ".cal-bar", ".cal-filters", ".page-actions"):
        assert page.locator(hidden).first.is_hidden(), hidden
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) == 1
