"""The pages of letters: made for ticked invitees, read as pictures, changed, taken to be signed, given up."""

import re
from datetime import date

import pypdfium2
import pytest
import sqlalchemy as sa

from outreach.domain.letters.values import LetterKind, LetterState
from outreach.extensions import db
from outreach.models import AuditEntry
from outreach.services import bundles
from outreach.services.letters import bundle, make
from outreach.services.letters.versions import last_values
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, a_person, an_invitation, an_organisation, at, fresh

pytestmark = pytest.mark.usefixtures("clock_stands")


@copied
def invitations(activity):
    chief = a_person("", post="Kapolres Metro", email="polres@example.com")
    return [an_invitation(activity, chief), an_invitation(activity, an_organisation("SMAN 1 Metro"), quota=2)]


@copied
def letter(invitations, coordinator):
    return make.make(LetterKind.INVITATION, [invitations[0].id], by=coordinator, now=NOW)


def written(letter, **changed):
    usual = {
        "version": letter.version, "number": "", "dated_on": "", "nature": "Segera", "attachments": "", "subject": "Undangan",
        "addressees": "Kapolres Metro\n\nIbu Contoh\nKepala UPTD", "opening": "Dengan hormat,", "closing": "Terima kasih.",
        "copies": "Wali Kota Metro\nArsip", "post": "Kepala Dinas", "name": "Nama Contoh", "rank": "", "number_label": "NIP",
        "id_number": "19700101",
    }  # fmt: skip
    return {**usual, **changed}


def text_of_pdf(data):
    with pypdfium2.PdfDocument(data) as document:
        return re.sub(r"\s+", " ", " ".join(page.get_textpage().get_text_range() for page in document))


def test_a_letter_is_changed_and_says_so(coordinator_client, letter):
    address = f"/letters/{letter.id}"
    saved = coordinator_client.post(address, data=written(letter, number="005/12/2027", dated_on="2027-01-04"))
    assert saved.headers["Location"] == address
    letter = fresh(letter)
    values = last_values(letter)
    assert (letter.state, letter.number, letter.dated_on) == (LetterState.COMPOSED, "005/12/2027", date(2027, 1, 4))
    assert [one.lines for one in values.addressees] == [("Kapolres Metro",), ("Ibu Contoh", "Kepala UPTD")]
    assert values.copies == ("Wali Kota Metro", "Arsip")
    assert (values.signatory.post, values.signatory.number) == ("Kepala Dinas", "19700101")
    assert "Version 2" in coordinator_client.get(address).text


def test_of_two_who_save_the_second_is_told(coordinator_client, letter):
    seen = written(letter)
    coordinator_client.post(f"/letters/{letter.id}", data=seen)
    refused = coordinator_client.post(f"/letters/{letter.id}", data={**seen, "closing": "Lain."})
    assert refused.status_code == 422
    assert "Somebody else saved this meanwhile." in refused.text


def test_the_preview_shows_what_is_being_written_and_saves_nothing(coordinator_client, letter):
    stored = coordinator_client.get(f"/letters/{letter.id}/preview")
    assert stored.text.count("data:image/png;base64,") == 1
    assert "img-src data:" in stored.headers["Content-Security-Policy"]
    other = coordinator_client.post(f"/letters/{letter.id}/preview", data=written(letter))
    assert other.status_code == 200
    assert re.findall('base64,[^"]+', other.text) != re.findall('base64,[^"]+', stored.text)
    assert len(fresh(letter).versions) == 1
    empty = coordinator_client.post(f"/letters/{letter.id}/preview", data=written(letter, subject=""))
    assert (empty.status_code, "what the letter is about" in empty.text) == (422, True)


def test_a_pdf_is_marked_until_it_is_taken_to_be_signed(coordinator_client, letter):
    draft = coordinator_client.get(f"/letters/{letter.id}/pdf")
    assert draft.content_type == "application/pdf"
    assert draft.headers["Content-Disposition"].startswith("attachment; filename=konsep-v1")
    assert "KONSEP" in text_of_pdf(draft.data)
    early = coordinator_client.post(f"/letters/{letter.id}/to-sign", data={"version": letter.version})
    assert early.status_code == 302
    coordinator_client.post(f"/letters/{letter.id}", data=written(letter, number="005/12/2027", dated_on="2027-01-04"))
    assert "KONSEP" in text_of_pdf(coordinator_client.get(f"/letters/{letter.id}/pdf").data)
    taken = coordinator_client.post(f"/letters/{letter.id}/to-sign", data={"version": fresh(letter).version})
    text = text_of_pdf(taken.data)
    assert "KONSEP" not in text
    assert "Nomor : 005/12/2027" in text
    actions = db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert [action for action in actions if action.startswith("letter.")] == [
        "letter.made", "letter.composed", "letter.taken_to_sign",
    ]  # fmt: skip


def test_an_earlier_version_can_still_be_read(coordinator_client, letter):
    coordinator_client.post(f"/letters/{letter.id}", data=written(letter, closing="Penutup baru."))
    first = text_of_pdf(coordinator_client.get(f"/letters/{letter.id}/pdf?version=1").data)
    assert "Penutup baru." not in first
    assert coordinator_client.get(f"/letters/{letter.id}/pdf?version=9").status_code == 404


def test_a_letter_is_given_up_after_a_question(coordinator_client, letter):
    assert "Give up this letter?" in coordinator_client.get(f"/letters/{letter.id}/withdraw").text
    coordinator_client.post(f"/letters/{letter.id}/withdraw")
    assert fresh(letter).state is LetterState.CANCELLED
    assert "letter-form" not in coordinator_client.get(f"/letters/{letter.id}").text


def test_a_viewer_reads_letters_and_changes_none(viewer_client, activity, letter):
    page = viewer_client.get(f"/letters/{letter.id}").text
    assert "letter-form" not in page
    assert "data:image/png" in viewer_client.get(f"/letters/{letter.id}/preview").text
    assert viewer_client.get(f"/letters/{letter.id}/pdf").status_code == 200
    assert viewer_client.get(f"/letters/new?activity={activity.id}").status_code == 403
    assert viewer_client.post(f"/letters/{letter.id}", data=written(letter)).status_code == 403


def test_letters_are_found_by_number_subject_and_code(any_app, coordinator_client, letter):
    coordinator_client.post(f"/letters/{letter.id}", data=written(letter, number="005/12/2027"))
    code = f"{letter.code[:4]}-{letter.code[4:8]}-{letter.code[8:]}".lower()
    for words in ("005/12", "undangan", code, f"undangan {letter.code}"):
        assert f'/letters/{letter.id}"' in coordinator_client.get("/letters", query_string={"q": words}).text
    assert f'/letters/{letter.id}"' not in coordinator_client.get("/letters?q=006").text
    for which, shown in (("open", True), ("signed", False), ("ended", False), ("nonsense", True)):
        assert (f'/letters/{letter.id}"' in coordinator_client.get(f"/letters?show={which}").text) is shown


def test_the_activity_counts_its_letters_and_leads_to_new_ones(any_app, coordinator_client, activity, letter):
    page = coordinator_client.get(f"/activities/{activity.id}").text
    assert f"/letters?activity={activity.id}" in page
    assert f"/letters/new?activity={activity.id}" in page
    assert f'/letters/{letter.id}"' in coordinator_client.get(f"/letters?activity={activity.id}").text


def test_the_list_of_many_letters_takes_few_queries(coordinator_client, activity, statements):
    def shown():
        return len(statements(lambda: coordinator_client.get("/letters")))

    many = [an_invitation(activity, a_person(f"Orang {number}")).id for number in range(12)]
    make.make_each(LetterKind.INVITATION, many[:2], by=None, now=NOW)
    shown()  # the first request also reads what later ones remember
    few = shown()
    make.make_each(LetterKind.INVITATION, many[2:], by=None, now=NOW)
    assert shown() == few


def test_the_list_becomes_one_file_with_progress_stop_and_download(coordinator_client, activity, letter, monkeypatch):
    monkeypatch.setattr(bundles, "_launch", lambda _key: None)  # the test runs the process itself
    page = coordinator_client.get("/letters?q=undangan").text
    assert 'action="/letters/bundle?q=undangan"' in page
    begun = coordinator_client.post("/letters/bundle?q=undangan", data={"form": "zip"})
    address = begun.headers["Location"]
    assert "0 of 1 documents" in coordinator_client.get(address).text
    assert coordinator_client.get(f"{address}/file").status_code == 404
    bundle.work(address.rpartition("/")[2])
    assert "Take the ZIP file" in coordinator_client.get(address).text
    taken = coordinator_client.get(f"{address}/file")
    assert (taken.content_type, taken.data[:2]) == ("application/zip", b"PK")
    assert (
        "none of these letters"
        in text_of(
            coordinator_client.post("/letters/bundle?q=nothing", data={"form": "pdf"}, follow_redirects=True).text
        ).lower()
    )
    assert coordinator_client.post("/letters/bundle", data={"form": "exe"}).status_code == 422


def test_the_page_offers_what_the_plan_says_now(coordinator_client, activity, letter):
    assert "The plan has changed" not in coordinator_client.get(f"/letters/{letter.id}").text
    activity.starts_at, activity.ends_at = at(19, 8), at(19, 12)
    db.session.commit()
    assert "The plan has changed since" in coordinator_client.get(f"/letters/{letter.id}").text
    coordinator_client.post(f"/letters/{letter.id}/take-over-plan", data={"version": letter.version})
    page = coordinator_client.get(f"/letters/{letter.id}").text
    assert "Selasa, 19 Januari 2027" in page
    assert "The plan has changed" not in page


def test_all_letters_of_a_list_get_number_and_date(coordinator_client, letter):
    numbered = {"number": "005/{urut}/2027", "dated_on": "2027-01-04"}
    answer = coordinator_client.post("/letters/number?q=undangan", data=numbered, follow_redirects=True)
    assert "1 letter has its number and date." in answer.text
    assert (fresh(letter).number, fresh(letter).dated_on) == ("005/001/2027", date(2027, 1, 4))
    empty = coordinator_client.post("/letters/number", data={"number": ""}, follow_redirects=True)
    assert "Please write number and date." in empty.text
