"""The answer pages in a real Chromium, on a phone and on a desktop, without script, checked by two engines."""

import re

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import Role, Sector
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AgendaItem, Invitation
from tests.browser.accessibility import engines
from tests.browser.pages import press, states_of
from tests.support.copied import copied
from tests.world import (
    a_person,
    an_organisation,
    at,
    draft_activity,
    invite,
    invite_organisation,
    mark_as_invited,
    publish,
    token_of,
)
from tests.world.polls import a_poll

pytestmark = pytest.mark.browser


@copied
def long_days(programme, hall, ani, chief, police) -> dict[str, list[str]]:
    """Paths by role: of invitees to one, and to two, activities with a long title, an address and things to bring."""
    hall.name = "Gedung Sessat Agung Bumi Sai Wawai"
    hall.address = "Jl. A.H. Nasution No. 1, Imopuro, Metro Pusat, Kota Metro"
    first, second = days = [
        draft_activity(
            programme, hall, day, description="",
            public_title="Pertemuan organisasi perempuan dan tokoh masyarakat Kota Metro",
            things_to_bring="Surat tugas, alat tulis, dan data jumlah anggota",
        )
        for day in (18, 19)
    ]  # fmt: skip
    topic = "Pencegahan kekerasan"
    db.session.add(
        AgendaItem(activity_id=first.id, starts_at=at(18, 9), ends_at=at(18, 10), topic=topic, speakers=[chief])
    )
    db.session.commit()
    cadres, speakers = (ani, a_person("Dewi")), (chief, a_person("Sri Wahyuni"))
    offices = (police, an_organisation("Kodim 0411", sector=Sector.MILITARY))
    for activities, cadre, speaker, office in zip(([first], days), cadres, speakers, offices, strict=True):
        invite(activities, cadre)
        invite(activities, speaker, role=Role.SPEAKER)
        invite_organisation(activities, office, seats=3)
    publish(*days, tick=False)
    mark_as_invited()
    invitees = {"cadre": cadres, "speaker": speakers, "office": offices}
    return {role: [f"/j/{token_of(invitee)}" for invitee in both] for role, both in invitees.items()}


@pytest.mark.parametrize("role", ["cadre", "speaker", "office"])
@pytest.mark.parametrize("language", ["id", "en"])
def test_a_choice_is_on_the_first_screen_of_a_small_phone(chromium, address, long_days, role, language):
    """Of one invitation and of two, with a title of three lines, an address, things to bring, and a speaker's topic."""
    page = chromium.new_context(viewport={"width": 360, "height": 560}, java_script_enabled=False).new_page()
    for path in long_days[role]:
        page.goto(f"{address}{path}?lang={language}")
        foot = [
            box["y"] + box["height"] for box in boxes(page.locator("button[value=coming], button[value=not_coming]"))
        ]
        assert sorted(foot)[1] <= 560, path  # both choices


def boxes(found) -> list[dict[str, float]]:
    return [box for element in found.all() if (box := element.bounding_box())]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_engine_finds_anything_and_nothing_overflows(chromium, address, answer_paths, width, scheme):
    found = {}
    context = chromium.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    more = {
        "represented": answer_paths["cadre"] + "?pilih=wakil",
        "stop": answer_paths["cadre"] + "/stop",
        "forged": "/j/forged",
    }
    for name, path in {**answer_paths, **more}.items():
        page.goto(address + path)
        for details in page.locator("summary").all():
            details.click()
        found[name] = engines.violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(address + answer_paths["cadre"])
    page.locator("section[aria-labelledby^=h] summary").first.click()
    for name, choice in (("errors", "represented"), ("thanks", "coming")):
        press(page.locator(f"section[aria-labelledby^=h] button[value={choice}]").first)
        found[name] = engines.violations(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert found == {name: {} for name in found}


def test_a_cadre_answers_on_a_phone_without_script_and_cookies(chromium, address, answer_paths, ani):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address + answer_paths["cadre"])
    first, second = page.locator("section[aria-labelledby^=h]").all()
    name = first.locator("input[name$='-name']")
    assert not name.is_visible()
    first.locator("summary").click()
    assert name.is_visible()
    name.fill("Budi Santoso")
    assert context.cookies() == []
    press(first.locator("button[value=represented]"))
    [device] = context.cookies()  # only an answer sets it: another device's answer can then be told apart
    assert (device["name"], device["httpOnly"], device["path"]) == ("device", True, "/")
    context.clear_cookies()
    assert page.locator("[role=status]").is_visible()
    assert page.locator(".n.represented").count() == 1
    press(second.locator("button[value=coming]"))
    assert page.locator(".n.coming").count() == 1
    first, second = page.locator("section[aria-labelledby^=h]").all()
    assert not second.locator("button[value=coming]").is_visible()
    second.locator("summary").first.click()
    assert second.locator("button[value=coming]").is_visible()
    assert not second.locator("input[name$='-name']").is_visible()
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    db.session.rollback()
    states = db.session.scalars(
        sa.select(Invitation.state).where(Invitation.person_id == ani.id).order_by(Invitation.activity_id)
    ).all()
    assert states == [InvitationState.REPRESENTED, InvitationState.COMING]


def test_an_unfinished_address_does_not_block_another_answer(chromium, address, answer_paths, ani):
    page = chromium.new_context(viewport={"width": 360, "height": 640}, java_script_enabled=False).new_page()
    page.goto(address + answer_paths["cadre"])
    first = page.locator("section[aria-labelledby^=h]").first
    first.locator("summary").click()
    first.locator("input[name$='-email']").fill("budi@contoh,com")
    press(first.locator("button[value=not_coming]"))
    page.locator("[role=status]").wait_for()
    assert page.locator(".n.not_coming").count() == 1


def test_the_readers_own_text_size_applies_and_twice_as_large_text_still_fits_a_phone(chromium, address, answer_paths):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, bypass_csp=True)
    page = context.new_page()
    widths = {}
    for name, path in {**answer_paths, "forged": "/j/forged"}.items():
        page.goto(address + path)
        before = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
        page.add_style_tag(content="html{font-size:200%}")
        for details in page.locator("summary").all():
            details.click()
        after = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
        widths[name] = (after / before, page.evaluate("document.documentElement.scrollWidth"))
        facts = page.eval_on_selector_all("dd", "all => all.map(e => e.getBoundingClientRect().width)")
        assert [width for width in facts if width < 150] == []  # beside its label it would be one letter wide
    assert widths == dict.fromkeys(widths, (2.0, 360))


def test_the_police_name_their_people_and_edit_the_list_on_a_phone(chromium, address, answer_paths, police):
    page = chromium.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False).new_page()
    page.goto(address + answer_paths["organisation"])
    first = page.locator("section[aria-labelledby^=h]").first
    first.locator("input[name$='-0-name']").fill("Rina Kartika")
    first.locator("input[name=same]").check()
    press(first.locator("button[value=coming]"))
    assert page.locator("[role=status]").is_visible()
    assert page.locator("summary:has-text('Rina Kartika')").count() == 2
    page.locator("summary:has-text('Rina Kartika')").first.click()
    page.locator("input[name$='-0-name']").first.fill("")
    page.locator("input[name$='-1-name']").first.fill("Dedi Kurniawan")
    press(page.locator("section[aria-labelledby^=h]").first.locator("button[value=coming]"))
    assert [page.locator(f"summary:has-text('{name}')").count() for name in ("Rina Kartika", "Dedi Kurniawan")] == [
        1,
        1,
    ]


def test_buttons_and_choices_are_large_enough_for_a_thumb(chromium, address, answer_paths):
    page = chromium.new_context(viewport={"width": 360, "height": 740}).new_page()
    page.goto(address + answer_paths["cadre"])
    heights = page.eval_on_selector_all(
        "button:not(.h), .a, .b, summary, .k, header a",
        "all => all.filter(e => e.checkVisibility()).map(e => e.getBoundingClientRect().height)",
    )
    assert [height for height in heights if height < 44] == []
    assert re.match(r"Undangan|Invitation", page.title())


def test_going_back_after_a_too_large_file_finds_the_input_kept(chromium, address, answer_paths, tmp_path):
    (tmp_path / "big.ics").write_bytes(bytes(11 * 1024 * 1024))
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}{answer_paths['speaker']}/away?lang=en")
    page.fill("[name=reason]", "Rapat pimpinan di Bandar Lampung")
    page.locator("details:has([name=file]) > summary").click()
    page.set_input_files("[name=file]", tmp_path / "big.ics")
    page.fill("[name=name]", "Kalender dinas")
    press(page.locator("form:has([name=file]) button"))
    assert page.locator("h1").inner_text() == "This file is too large"
    page.go_back()
    assert page.input_value("[name=reason]") == "Rapat pimpinan di Bandar Lampung"
    assert page.input_value("[name=name]") == "Kalender dinas"


def test_a_choice_is_sent_at_once_and_can_be_undone_on_a_phone_without_script(chromium, address, answer_paths, ani):
    page = chromium.new_context(viewport={"width": 360, "height": 560}, java_script_enabled=False).new_page()
    page.goto(address + answer_paths["cadre"])
    press(page.locator("section[aria-labelledby^=h]").first.locator("button[value=not_coming]"))
    assert states_of(ani) == [InvitationState.NOT_COMING, InvitationState.INVITED]
    undo = page.locator("[role=status] button")
    assert undo.bounding_box()["y"] + undo.bounding_box()["height"] <= 560  # on the first screen
    press(undo)
    assert states_of(ani) == [InvitationState.INVITED] * 2


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("part", ["section[aria-labelledby=all]", "section[aria-labelledby^=h]"])
def test_the_enter_key_in_a_name_sends_nothing_before_the_rest_is_typed(
    chromium, address, answer_paths, ani, part, script
):
    page = chromium.new_context(viewport={"width": 360, "height": 560}, java_script_enabled=script).new_page()
    page.goto(address + answer_paths["cadre"])
    place = page.locator(part).first
    place.locator("summary").first.click()
    name = place.locator("input[name$=name]")
    name.fill("Budi Santoso")
    name.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("Ketua RT")
    assert place.locator("input[name$=post]").input_value() == "Ketua RT"
    assert states_of(ani) == [InvitationState.INVITED] * 2
    with page.expect_navigation():
        place.locator("button[value=represented]").press("Enter")
    assert states_of(ani)[0] is InvitationState.REPRESENTED


def test_the_list_of_errors_has_the_focus_and_links_to_the_fields(chromium, address, answer_paths):
    page = chromium.new_context(viewport={"width": 360, "height": 560}, java_script_enabled=False).new_page()
    page.goto(address + answer_paths["cadre"])
    second = page.locator("section[aria-labelledby^=h]").nth(1)
    second.locator("summary").click()
    press(second.locator("button[value=represented]"))
    assert page.title().startswith("Galat: ")
    assert page.locator("#e:focus").count() == 1
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    field = page.locator("input[name$='-name']:focus")
    assert page.locator("#e a").first.get_attribute("href") == "#" + field.get_attribute("name")


def test_a_link_from_an_error_shows_the_field_with_its_heading_or_label(chromium, address, answer_paths, ani):
    poll = a_poll(ani)
    page = chromium.new_context(viewport={"width": 360, "height": 560}, java_script_enabled=False).new_page()
    page.goto(f"{address}{answer_paths['cadre']}/polls/{poll.id}")
    press(page.locator("button.g"))
    for number, date in enumerate(("18", "19", "20")):
        page.locator("#e a").nth(number).click()
        shown = page.locator(f"h2:has-text('{date} Januari')").bounding_box()
        assert 0 <= shown["y"] < 560
    page.goto(address + answer_paths["cadre"])
    second = page.locator("section[aria-labelledby^=h]").nth(1)
    second.locator("summary").click()
    press(second.locator("button[value=represented]"))
    page.locator("#e a").click()
    label = page.locator("label:has(input[aria-invalid])").bounding_box()
    assert 0 <= label["y"] < 560


def test_the_chosen_option_is_recognisable_in_forced_colours_too(chromium, address, answer_paths):
    context = chromium.new_context(viewport={"width": 360, "height": 560}, forced_colors="active")
    page = context.new_page()
    page.goto(address + answer_paths["cadre"])
    press(page.locator("section[aria-labelledby^=h]").first.locator("button[value=coming]"))
    assert page.locator(".n.coming").inner_text() == "✓ Menyatakan hadir"
    page.locator("summary.y").first.click()
    chosen = page.locator("section[aria-labelledby^=h]").first.locator("button[value=coming]")
    assert chosen.inner_text() == "✓ Hadir"


def test_chosen_options_and_buttons_are_recognisable_without_css_variables(chromium, address, answer_paths):
    page = chromium.new_context(viewport={"width": 360, "height": 560}).new_page()
    page.goto(address + answer_paths["cadre"])
    press(page.locator("section[aria-labelledby^=h]").first.locator("button[value=coming]"))
    page.locator("summary.y").first.click()
    page.evaluate("[...document.styleSheets[0].cssRules].forEach(r => r.style && [...r.style]"
                  ".filter(n => n.startsWith('--')).forEach(n => r.style.removeProperty(n)))")  # fmt: skip
    assert page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--go')") == ""
    button = page.locator("section[aria-labelledby^=h] button[value=coming]").first
    assert button.inner_text() == "✓ Hadir"
    border = button.evaluate("e => [getComputedStyle(e).borderTopColor, getComputedStyle(e).borderTopWidth]")
    assert (contrast(border[0], "rgb(255, 255, 255)") >= 3, border[1]) == (True, "2px")
    assert page.locator(".n.coming").inner_text() == "✓ Menyatakan hadir"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_borders_of_buttons_and_fields_have_a_contrast_of_three_to_one(chromium, address, answer_paths, scheme):
    page = chromium.new_context(viewport={"width": 360, "height": 560}, color_scheme=scheme).new_page()
    page.goto(address + answer_paths["cadre"])
    page.locator("section[aria-labelledby^=h] summary").first.click()
    found = page.eval_on_selector_all(
        "button:not(.h):not(.g), .b, .r input",
        "all => all.filter(e => e.checkVisibility()).map(e => [getComputedStyle(e).borderTopColor,"
        " getComputedStyle(e.closest('section, aside')).backgroundColor])",
    )
    assert len(found) > 8
    assert [pair for pair in found if contrast(*pair) < 3] == []


def contrast(first: str, second: str) -> float:
    """Return the contrast of two "rgb(…)" colours by WCAG 2.2."""
    shades = sorted(_luminance([int(part) for part in re.findall(r"\d+", colour)[:3]]) for colour in (first, second))
    return (shades[1] + 0.05) / (shades[0] + 0.05)


def _luminance(colour: list[int]) -> float:
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
