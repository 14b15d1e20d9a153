"""The page of how letters are written: a sample letter beside the texts, and errors beside what is wrong."""

import io
import re

import pytest

from outreach.delivery.documents.letters import shipped_form
from outreach.domain.letters.values import DEFAULT_BLOCKS, LetterKind, LetterSettings
from outreach.extensions import db
from outreach.services.letters import edit_settings, settings
from tests.world import NOW

pytestmark = pytest.mark.usefixtures("clock_stands")
PAGE = "/office/letters"


def written(**changed):
    texts = {
        f"{kind.value}_{part}": getattr(DEFAULT_BLOCKS[kind], part)
        for kind in LetterKind
        for part in ("subject", "opening", "closing")
    }
    usual = {
        "version": "0", "head": "", "address": "", "post": "Kepala Dinas", "name": "Nama Contoh", "rank": "",
        "number_label": "NRP", "id_number": "1234", "place": "", "nature": "Biasa",
        "destination": "di Tempat", "copies": "Arsip", "form": "",
        "shown": "invitation",
    }  # fmt: skip
    return {**usual, **texts, **changed}


def pictures(answer):
    return re.findall('base64,[^"]+', answer.text)


def test_what_is_saved_is_used_and_defaults_are_not_stored(administrator_client):
    assert administrator_client.get(PAGE).status_code == 200
    saved = administrator_client.post(PAGE, data=written(head="PEMERINTAH KOTA METRO\nDINAS CONTOH"))
    assert saved.headers["Location"] == PAGE
    values = settings.stored(db.session).values
    assert values.letterhead.lines == ("PEMERINTAH KOTA METRO", "DINAS CONTOH")
    assert (values.signatory.number_label, values.signatory.number) == ("NRP", "1234")
    assert (values.blocks, values.form, values.copies) == ({}, "", ("Arsip",))
    assert "DINAS CONTOH" in administrator_client.get(PAGE).text


def test_the_preview_follows_the_form_and_the_kind(administrator_client):
    stored = administrator_client.get(f"{PAGE}/preview")
    other = administrator_client.post(f"{PAGE}/preview", data=written(head="LAIN"))
    correction = administrator_client.post(f"{PAGE}/preview", data=written(head="LAIN", shown="correction"))
    assert len(pictures(stored)) == 2
    assert pictures(stored) != pictures(other) != pictures(correction)
    assert "img-src data:" in other.headers["Content-Security-Policy"]
    assert settings.stored(db.session).version == 0


def test_a_wrong_text_shows_its_error_beside_it_and_in_the_preview(administrator_client):
    wrong = written(invitation_opening="Satu\n{siapa}")
    refused = administrator_client.post(PAGE, data=wrong)
    assert refused.status_code == 422
    error = re.search(r'id="invitation_opening-error".*?</div>', refused.text, re.DOTALL)
    assert error
    assert "Line 2: “{siapa}” is not a placeholder of this text." in error[0]
    shown = administrator_client.post(f"{PAGE}/preview", data=wrong)
    assert (shown.status_code, pictures(shown)) == (422, [])
    assert "Letter of invitation, Opening: Line 2: “{siapa}”" in shown.text


def test_a_wrong_template_shows_its_line_and_the_last_good_one_stays(administrator_client):
    good = shipped_form().decode().replace("22mm", "24mm")
    assert administrator_client.post(PAGE, data=written(form=good)).status_code == 302
    refused = administrator_client.post(PAGE, data=written(form="Satu\n#dua", version="1"))
    assert refused.status_code == 422
    error = re.search(r'id="form-error".*?</div>', refused.text, re.DOTALL)
    assert error
    assert "Line 2 of the template is wrong: unknown variable: dua" in error[0]
    assert settings.stored(db.session).values.form == good.strip()


def test_the_shipped_template_can_be_taken_as_a_start_and_is_not_stored_as_it_is(administrator_client):
    page = administrator_client.post(f"{PAGE}/template", data=written())
    assert "#let parts = (" in page.text
    administrator_client.post(PAGE, data=written(form=shipped_form().decode().replace("\n", "\r\n")))
    assert settings.stored(db.session).values.form == ""


def test_an_emblem_is_uploaded_shown_and_removed(administrator_client):
    picture = edit_settings.preview(LetterSettings(), LetterKind.INVITATION, ppi=5, now=NOW)[0]
    before = administrator_client.post(f"{PAGE}/preview", data=written())
    tried = administrator_client.post(f"{PAGE}/preview", data=written(emblem=(io.BytesIO(picture), "lambang.png")))
    assert pictures(tried) != pictures(before)
    administrator_client.post(PAGE, data=written(emblem=(io.BytesIO(picture), "lambang.png")))
    assert settings.stored(db.session).values.letterhead.emblem
    assert pictures(administrator_client.get(f"{PAGE}/preview")) != pictures(before)
    administrator_client.post(PAGE, data=written(version="1"))
    assert settings.stored(db.session).values.letterhead.emblem  # kept where no other is chosen
    administrator_client.post(PAGE, data=written(version="1", without_emblem="y"))
    assert settings.stored(db.session).values.letterhead.emblem == ""


def test_a_file_that_is_no_picture_is_told_at_the_emblem(administrator_client):
    hostile = (io.BytesIO(b"<svg onload='alert(1)'/>"), "../../lambang.png")
    refused = administrator_client.post(PAGE, data=written(emblem=hostile))
    assert refused.status_code == 422
    assert "“lambang.png” is neither a PNG nor a JPEG picture." in refused.text


def test_only_administrators_change_how_letters_are_written(coordinator_client):
    assert coordinator_client.get(PAGE).status_code == 403
    assert coordinator_client.post(f"{PAGE}/preview", data=written()).status_code == 403
