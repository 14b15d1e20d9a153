"""A speaker's page for materials, and what attendees see of it."""

import io
import re

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice
from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import Material, ProposedTopic, SpeakerProfile, StoredFile
from outreach.services.materials import publish as showing
from outreach.services.reminders import tick as reminding
from outreach.web.answer_pages.forms import form_token
from tests.web.reading import text_of
from tests.world import NOW, answer, count, invite, token_of
from tests.world import uploads as made

pytestmark = pytest.mark.usefixtures("clock_stands", "any_app")


@pytest.fixture
def link(any_app, published, chief) -> str:
    """The link of the chief, who speaks at the published activity."""
    invite(published, chief, role=Role.SPEAKER)
    reminding.tick(NOW)
    return token_of(chief)


@pytest.fixture
def page(link, published) -> str:
    return f"/j/{link}/materials/{published.id}"


def post(phone, page, path="", **data):
    link = page.split("/")[2]
    return phone.post(f"{page}{path}?lang=en", data={"csrf_token": form_token(link), **data})


def send(phone, page, data=made.PDF, name="Paparan.pdf"):
    return post(phone, page, file=(io.BytesIO(data), name))


def test_the_speakers_card_leads_to_the_page_and_opening_it_changes_nothing(phone, link, page, published):
    assert f'href="{page}"' in phone.get(f"/j/{link}").text
    shown = phone.get(f"{page}?lang=en")
    assert shown.status_code == 200
    assert "Wanted by Friday, 15 January 2027 at 16:00 WIB." in text_of(shown.text)
    assert "no-store" in shown.headers["Cache-Control"]
    assert "script" not in shown.text
    assert len(shown.data) <= 14_000
    assert (count(Material), count(SpeakerProfile), count(ProposedTopic)) == (0, 0, 0)


def test_a_speaker_sends_downloads_and_removes_a_file(phone, page):
    answered = send(phone, page)
    assert answered.status_code == 303
    shown = phone.get(answered.headers["Location"])
    assert "Thank you, your file has arrived." in text_of(shown.text)
    (address,) = re.findall(rf'href="({page}/\d+)"', shown.text)
    file = phone.get(address)
    assert (file.data, file.mimetype) == (made.PDF, "application/pdf")
    assert file.headers["Content-Disposition"] == "attachment; filename=Paparan.pdf"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in file.headers["Cache-Control"]
    removed = post(phone, page, "/remove", what=address.rpartition("/")[2])
    assert "Thank you, it is removed." in text_of(phone.get(removed.headers["Location"]).text)
    assert (count(StoredFile), phone.get(address).status_code) == (0, 404)


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"<svg><script>alert(1)</script></svg>", "logo.svg", "“logo.svg” was not taken. Please send a PDF"),
        (b"<!doctype html><p>", "paparan.pdf", "“paparan.pdf” was not taken. Please send a PDF"),
        (b"", "leer.pdf", "“leer.pdf” was not taken"),
        (made.office("ppt/vbaProject.bin"), "../../x.pptx", "“x.pptx” was not taken: it contains a program"),
    ],
)
def test_a_hostile_file_is_refused_in_a_sentence_at_its_field(phone, page, data, name, sentence):
    refused = send(phone, page, data, name)
    assert refused.status_code == 422
    assert sentence in text_of(refused.text)
    assert 'aria-invalid="true"' in refused.text
    assert count(StoredFile) == 0


def test_a_file_whose_name_is_not_in_latin_letters_comes_back_by_that_name(phone, page):
    send(phone, page, name="Материал 文件.pdf")
    (address,) = re.findall(rf'href="({page}/\d+)"', phone.get(page).text)
    named = phone.get(address).headers["Content-Disposition"]
    named.encode("latin-1")  # as a web server writes it
    assert "filename*=UTF-8''%D0%9C%D0%B0%D1%82%D0%B5%D1%80%D0%B8%D0%B0%D0%BB%20%E6%96%87%E4%BB%B6.pdf" in named


def test_a_press_without_a_file_is_told_to_choose_one(phone, page):
    refused = post(phone, page)
    assert (refused.status_code, "Please choose a file first." in text_of(refused.text)) == (422, True)


def test_a_file_that_is_too_large_is_refused_in_a_sentence(phone, page):
    refused = send(phone, page, made.PDF + bytes(11 * 1024 * 1024))
    assert (refused.status_code, "A file may have 10 MB at most" in text_of(refused.text)) == (413, True)
    assert count(StoredFile) == 0


def test_a_forged_post_and_a_forged_link_change_nothing(phone, page, published):
    assert phone.post(page, data={"csrf_token": "0" * 32, "file": (io.BytesIO(made.PDF), "a.pdf")}).status_code == 400
    forged = f"/j/{'x' * 32}/materials/{published.id}"
    assert [phone.get(forged).status_code, send(phone, forged).status_code] == [404, 404]
    assert count(StoredFile) == 0


def test_a_speaker_writes_a_biography_and_a_topic_and_gives_a_photo(phone, page):
    answered = post(phone, page, "/about", biography="Kepala Unit PPA.", photo=(io.BytesIO(made.jpeg()), "saya.jpg"))
    assert answered.status_code == 303
    proposed = post(phone, page, "/topic", topic="Lapor ke mana?")
    assert "We write to the agenda what we take over" in text_of(phone.get(proposed.headers["Location"]).text)
    shown = phone.get(f"{page}?lang=en").text
    assert "Kepala Unit PPA.</textarea>" in shown
    assert 'value="Lapor ke mana?"' in shown
    (photo,) = re.findall(rf'href="({page}/photo/\d+)"', shown)
    assert phone.get(photo).mimetype == "image/jpeg"
    refused = post(phone, page, "/about", biography="Baru", photo=(io.BytesIO(made.PDF), "a.jpg"))
    assert (refused.status_code, "Baru</textarea>" in refused.text) == (422, True)


def test_attendees_see_nothing_before_it_is_shown_to_them_and_all_of_it_after(phone, page, published, ani, coordinator):
    send(phone, page)
    post(phone, page, "/about", biography="Kepala Unit PPA.", photo=(io.BytesIO(made.jpeg()), "saya.jpg"))
    answer(published, ani, Choice.COMING)
    own = f"/j/{token_of(ani)}"
    seen = f"{own}/materials/{published.id}"
    file = f"{seen}/{db.session.scalar(sa.select(Material.id))}"
    photo = f"{seen}/photo/{db.session.scalar(sa.select(SpeakerProfile.person_id))}"
    assert "/materials/" not in phone.get(own).text
    assert [phone.get(address).status_code for address in (seen, file, photo)] == [404, 404, 404]
    showing.show(published.id, by=coordinator, now=NOW)
    assert f'href="{seen}"' in phone.get(own).text
    shown = phone.get(f"{seen}?lang=en")
    assert "Kapolres Metro" in text_of(shown.text)
    assert "Kepala Unit PPA." in text_of(shown.text)
    assert "<input" not in shown.text
    assert (phone.get(file).data, phone.get(photo).mimetype) == (made.PDF, "image/jpeg")
    answer(published, ani, Choice.NOT_COMING)
    assert [phone.get(address).status_code for address in (seen, file, photo)] == [404, 404, 404]
    answer(published, ani, Choice.COMING)
    showing.hide(published.id, by=coordinator, now=NOW)
    assert [phone.get(address).status_code for address in (seen, file, photo)] == [404, 404, 404]


def test_attendees_cannot_send(phone, page, published, ani):
    refused = send(phone, f"/j/{token_of(ani)}/materials/{published.id}")
    assert (refused.status_code, count(StoredFile)) == (404, 0)


def test_addresses_that_only_accept_posts_lead_back_to_the_page(phone, page):
    for path in ("about", "topic", "remove"):
        assert phone.get(f"{page}/{path}").headers["Location"] == page
