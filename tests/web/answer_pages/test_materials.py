"""A speaker's page for materials, and what attendees see of it."""

import io
import re

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import Role
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import db
from outreach.models import ActingProfile, Material, ProposedTopic, SecurityEvent, SpeakerProfile, StoredFile
from outreach.services.answers import acting
from outreach.services.answers import answer as answering
from outreach.services.materials import publish as showing
from outreach.services.reminders import tick as reminding
from outreach.web.answer_pages.forms import form_token
from tests.servers import clamd
from tests.support.apps import with_settings
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, answer, count, invitation_of, invite, token_of
from tests.world import uploads as made

pytestmark = pytest.mark.usefixtures("clock_stands", "any_app")


@copied
def link(any_app, published, chief) -> str:
    """The link of the chief, who speaks at the published activity."""
    invite(published, chief, role=Role.SPEAKER)
    reminding.tick(NOW)
    return token_of(chief)


@copied
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
        (
            made.PDF.replace(b"<<>>", b"<< /S /Java#53cript /JS (1) >>"),
            "x.pdf",
            "choose “Print”, and there “Save as PDF”",
        ),
        (made.PDF.replace(b"startxref", b"/Encrypt 9 0 R startxref"), "x.pdf", "This PDF cannot be looked into"),
        (made.office("ppt/vbaProject.bin"), "../../x.pptx", "“x.pptx” was not taken: it contains a program"),
    ],
)
def test_a_hostile_file_is_refused_in_a_sentence_at_its_field(phone, page, data, name, sentence):
    refused = send(phone, page, data, name)
    assert refused.status_code == 422
    assert sentence in text_of(refused.text)
    assert 'aria-invalid="true"' in refused.text
    assert count(StoredFile) == 0


def test_a_file_with_a_virus_and_any_file_while_the_scanner_is_away_is_refused_and_nothing_is_stored(
    any_app, virus_scanner, phone, page
):
    with_settings(any_app, scanner=virus_scanner.socket)
    assert send(phone, page).status_code == 303
    db.session.execute(sa.delete(Material))
    db.session.execute(sa.delete(StoredFile))
    db.session.commit()
    refused = send(phone, page, made.PDF + clamd.BAD, "../Paparan.pdf")
    assert refused.status_code == 422
    assert "The virus scanner found something harmful in “Paparan.pdf”. Nothing was stored." in text_of(refused.text)
    db.session.rollback()  # the tests' session reads as it was before the refusal
    found = db.session.execute(sa.select(SecurityEvent.kind, SecurityEvent.detail)).all()
    assert found == [(SecurityKind.FILE_INFECTED, {"page": "answers.material_send", "found": clamd.NAME})]
    with_settings(any_app, scanner="/nowhere/clamd.ctl")
    refused = send(phone, page)
    assert refused.status_code == 503
    assert "The virus scanner does not answer, so nothing was stored." in text_of(refused.text)
    assert (count(Material), count(StoredFile), count(SecurityEvent)) == (0, 0, 1)


def test_more_files_than_any_page_asks_for_are_neither_scanned_nor_stored(any_app, phone, page):
    with_settings(any_app, scanner="/nowhere/clamd.ctl")
    refused = post(phone, page, file=[(io.BytesIO(made.PDF), f"{number}.pdf") for number in range(11)])
    assert refused.status_code == 413
    assert "Nothing was changed. This is far more than the page asks for." in text_of(refused.text)
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


@copied
def rinas(link, published, chief) -> str:
    """The page for materials of Rina, who speaks for the chief."""
    rina = Representative("Kompol Rina Dewi", "Wakapolres", email="rina@example.com")
    answering.answer(link, published.id, Choice.REPRESENTED, rina, now=NOW)
    token = tokens.acting_token(invitation_of(published, chief).acting.nonce)
    return f"/j/{token}/materials/{published.id}"


def test_whoever_acts_for_a_speaker_sends_by_their_own_page_and_the_speaker_sees_who_sent_what(phone, page, rinas):
    send(phone, page, name="Kapolres.pdf")
    assert f'href="{rinas}"' in phone.get(rinas.split("/materials/")[0]).text
    assert send(phone, rinas).status_code == 303
    assert post(phone, rinas, "/topic", topic="Lapor ke mana?").status_code == 303
    about = post(phone, rinas, "/about", biography="Wakapolres.", photo=(io.BytesIO(made.jpeg()), "saya.jpg"))
    assert about.status_code == 303
    shown = phone.get(f"{rinas}?lang=en")
    assert "in place of Kapolres" in text_of(shown.text)
    assert "Wakapolres.</textarea>" in shown.text
    assert re.findall(r'name="what" value="(\d+)"', shown.text) == ["2"]  # only their own file
    assert len(shown.data) <= 14_000
    (photo,) = re.findall(rf'href="({rinas}/photo/acting/\d+)"', shown.text)
    file = phone.get(f"{rinas}/2")
    assert (phone.get(photo).mimetype, file.data) == ("image/jpeg", made.PDF)
    assert file.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert file.headers["Content-Disposition"] == "attachment; filename=Paparan.pdf"
    seen = phone.get(f"{page}?lang=en").text
    assert "sent by Kompol Rina Dewi" in text_of(seen)
    assert re.findall(r'name="what" value="(\d+)"', seen) == ["1", "2"]
    assert "Wakapolres.</textarea>" not in seen
    assert "Wakapolres." in text_of(seen)
    assert phone.get(photo.replace(rinas, page)).mimetype == "image/jpeg"


def test_whoever_acts_sees_what_attendees_see_and_attendees_read_who_speaks(
    phone, page, rinas, published, ani, coordinator
):
    post(phone, page, "/about", biography="Kapolres sejak 2024.")
    send(phone, rinas)
    post(phone, rinas, "/about", biography="Wakapolres.", photo=(io.BytesIO(made.jpeg()), "saya.jpg"))
    answer(published, ani, Choice.COMING)
    seen = f"/j/{token_of(ani)}/materials/{published.id}"
    photo = f"{seen}/photo/acting/{db.session.scalar(sa.select(ActingProfile.acting_id))}"
    assert phone.get(photo).status_code == 404
    tono = Representative("AKP Tono", email="tono@example.com")
    answering.answer(token_of(ani), published.id, Choice.REPRESENTED, tono, now=NOW)
    tonos_link = f"/j/{tokens.acting_token(invitation_of(published, ani).acting.nonce)}"
    tonos = f"{tonos_link}/materials/{published.id}"
    assert [phone.get(tonos).status_code, "/materials/" in phone.get(tonos_link).text] == [404, False]
    showing.show(published.id, by=coordinator, now=NOW)
    assert f'href="{tonos}"' in phone.get(tonos_link).text
    for address in (seen, tonos):
        said = text_of(phone.get(f"{address}?lang=en").text)
        assert "Kompol Rina Dewi, in place of Kapolres Metro" in said
        assert "Wakapolres." in said
        assert "Kapolres sejak 2024." not in said
    assert phone.get(photo).mimetype == "image/jpeg"
    assert phone.get(f"{tonos}/1").data == made.PDF
    assert "Only speakers send materials." in text_of(send(phone, f"{tonos}").text)
    assert count(Material) == 1


def test_after_an_undo_the_former_acting_persons_link_neither_shows_nor_sends(phone, page, link, rinas, published):
    send(phone, rinas)
    acting.take_back(link, published.id, now=NOW)
    assert [phone.get(rinas).status_code, phone.get(f"{rinas}/1").status_code] == [404, 404]
    refused = send(phone, rinas)
    assert (refused.status_code, count(StoredFile)) == (404, 1)
    assert "sent by Kompol Rina Dewi" in text_of(phone.get(f"{page}?lang=en").text)
