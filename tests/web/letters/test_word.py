"""The pages for Word and Srikandi: what is taken, what is typed there, and the office's own template."""

import io
import re

import pytest

from outreach.delivery.documents.word.letters import MEDIA_TYPE
from outreach.domain.letters.values import LetterKind, SrikandiTexts
from outreach.extensions import db
from outreach.services.letters import compose, make, settings, word
from outreach.services.letters.compose import text_of
from outreach.services.letters.versions import last_values
from tests.support.copied import copied
from tests.support.word_forms import a_form, own_form, with_files
from tests.support.word_forms import text_of as text_of_word
from tests.web.reading import text_of as text_of_page
from tests.world import NOW, a_person, an_invitation, fresh

pytestmark = pytest.mark.usefixtures("clock_stands")
PAGE = "/office/letters/word"


@copied
def draft(activity, coordinator):
    invitation = an_invitation(activity, a_person("", email="polres@example.com", post="Kapolres Metro"))
    return make.make(LetterKind.INVITATION, [invitation.id], by=coordinator, now=NOW)


@copied
def letter(draft, coordinator):
    compose.compose(draft.id, text_of(last_values(draft)), draft.version, by=coordinator, now=NOW)
    return fresh(draft)


def written(**changed):
    types = {kind.value: "" for kind in LetterKind}
    return {"version": "0", "nature": "Biasa", "urgency": "Biasa", "classification": "", **types, **changed}


def test_a_letter_is_downloaded_for_word_and_for_srikandi(coordinator_client, letter):
    page = coordinator_client.get(f"/letters/{letter.id}")
    assert f'action="/letters/{letter.id}/word"' in page.text
    assert f'href="/letters/{letter.id}/srikandi"' in page.text
    made = coordinator_client.post(f"/letters/{letter.id}/word")
    assert (made.status_code, made.content_type) == (200, MEDIA_TYPE)
    assert made.headers["Content-Disposition"] == f"attachment; filename=surat_{letter.code.lower()}.docx"
    assert "Yth.Kapolres Metro" in text_of_word(made.data)
    konsep = coordinator_client.post(f"/letters/{letter.id}/srikandi")
    assert "${nomor_naskah}" in text_of_word(konsep.data)


def test_what_is_typed_into_srikandi_stands_beside_the_konsep_each_with_a_button(coordinator_client, letter):
    word.save(None, SrikandiTexts("Biasa", "Segera", "400.2.4"), 0, by=None, now=NOW)
    page = coordinator_client.get(f"/letters/{letter.id}/srikandi").text
    rows = dict(re.findall(r"<dt>(.*?)</dt><dd>\s*<span[^>]*>(.*?)</span>", page, re.DOTALL))
    assert rows == {
        "Jenis naskah": "Surat Undangan",
        "Sifat": "Biasa",
        "Urgensi": "Segera",
        "Klasifikasi": "400.2.4",
        "Hal": "Undangan",
        "Isi ringkas": "Undangan: Rapat koordinasi pencegahan kekerasan, Senin, 18 Januari 2027, pukul 08.00 WIB s.d. selesai, "
        "Aula Bappeda, Jl. Jenderal Sudirman, Metro",
        "Tujuan": "Kapolres Metro",
        "Tembusan": "none",
    }
    copied = re.findall(r'data-copies="(copied-\d)"', page)
    assert len(copied) == 7
    assert all(f'id="{name}"' in page for name in copied)


def test_a_draft_is_to_be_read_first(coordinator_client, draft):
    assert "/word" not in coordinator_client.get(f"/letters/{draft.id}").text
    assert "Please read the letter and save it first." in coordinator_client.get(f"/letters/{draft.id}/srikandi").text
    refused = coordinator_client.post(f"/letters/{draft.id}/word", follow_redirects=True)
    assert "Please read the letter and save it first." in text_of_page(refused.text)


def test_an_administrator_uploads_a_template_and_goes_back_to_the_shipped_one(administrator_client, letter):
    assert "The shipped template is in use." in administrator_client.get(PAGE).text
    own = own_form("Hal</w:t>", "Perihal</w:t>")
    saved = administrator_client.post(PAGE, data=written(form=(io.BytesIO(own), "kami.docx"), urgency="Segera"))
    assert saved.headers["Location"] == PAGE
    page = administrator_client.get(PAGE).text
    assert "A template of your own is in use." in page
    assert '<option selected value="Segera">' in page
    assert administrator_client.get(f"{PAGE}/template").data == own
    assert "Perihal\n:\nUndangan" in text_of_word(administrator_client.post(f"/letters/{letter.id}/word").data)
    administrator_client.post(PAGE, data=written(version="1", shipped="y"))
    assert "The shipped template is in use." in administrator_client.get(PAGE).text


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"%PDF-1.7", "This is no Word document (.docx) that can be read."),
        (with_files(a_form(), {"word/vbaProject.bin": b"x"}), "contains macros or embedded files"),
        (a_form("{{ hal.__class__ }}"), "is unsafe"),
        (a_form("Hal {{ perihal }}"), "The template is wrong near “Hal {{ perihal }}”: 'perihal' is undefined"),
        (a_form("Hal"), "The template must show “{{ kode }}”"),
    ],
)
def test_a_wrong_template_is_told_beside_its_field_and_not_kept(administrator_client, office, data, said):
    refused = administrator_client.post(PAGE, data=written(form=(io.BytesIO(data), "lain.docx"), urgency="Segera"))
    assert refused.status_code == 422
    assert said in text_of_page(refused.text)
    assert '<option selected value="Segera">' in refused.text
    assert settings.stored(db.session).version == 0


def test_two_hundred_megabytes_are_refused_unread(administrator_client, office):
    huge = {"CONTENT_LENGTH": str(200 * 1024 * 1024)}
    refused = administrator_client.post(
        PAGE, data=b"x", content_type="multipart/form-data; boundary=x", environ_overrides=huge
    )
    assert refused.status_code == 413


def test_saving_letterhead_and_texts_keeps_what_is_set_for_word(administrator_client, office):
    word.save(word.OwnForm(own_form(), "kami.docx"), SrikandiTexts("Biasa", "Segera", "400.2.4"), 0, by=None, now=NOW)
    before = settings.stored(db.session).values
    page = administrator_client.get("/office/letters").text
    data = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page))
    texts = dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>\r?\n?(.*?)</textarea>', page, re.DOTALL))
    data = {**data, **texts, "version": "1", "shown": "invitation", "place": "Metro"}
    saved = administrator_client.post("/office/letters", data=data)
    assert saved.status_code == 302, text_of_page(saved.text)
    after = settings.stored(db.session).values
    assert after.place == "Metro"
    assert (after.word_form, after.srikandi) == (before.word_form, before.srikandi)


def test_viewers_see_what_is_typed_and_take_nothing(viewer_client, letter):
    page = viewer_client.get(f"/letters/{letter.id}/srikandi")
    assert page.status_code == 200
    assert "konsep" not in "".join(re.findall(r"<form.*?</form>", page.text, re.DOTALL))
    for path in ("word", "srikandi"):
        assert viewer_client.post(f"/letters/{letter.id}/{path}").status_code == 403
    assert viewer_client.get(PAGE).status_code == 403
