"""Evidence of recorded answers and undoing them, on the pages of staff."""

import re
from io import BytesIO

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource
from outreach.extensions import db
from outreach.models import AnswerEvidence, Invitation, StoredFile
from outreach.services.answers import evidence
from outreach.services.answers import record as recording
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import (
    NOW,
    count,
    fresh,
    invitation_of,
    invite_and_publish,
    invite_organisation,
    mark_as_invited,
    publish,
)
from tests.world import uploads as made

pytestmark = pytest.mark.usefixtures("clock_stands")


@copied
def asked(app, activity, ani) -> Invitation:
    invite_and_publish(activity, ani)
    return invitation_of(activity, ani)


def send(client, invitation, data=made.PDF, name="C:\\Surat Ani.pdf"):
    sent = {"choice": "not_coming", "source": "letter", "note": "sakit", "file": (BytesIO(data), name)}
    return client.post(f"/invitations/{invitation.id}/answer", data=sent, content_type="multipart/form-data")


def evidence_id() -> int:
    db.session.rollback()
    return db.session.scalars(sa.select(AnswerEvidence.id)).one()


@copied
def recorded(asked) -> Invitation:
    shown_by = evidence.check(made.PDF, "C:\\Surat Ani.pdf")
    letter = AnswerSource.LETTER
    recording.record_answer(asked.id, Choice.NOT_COMING, letter, by=None, now=NOW, shown_by=shown_by)
    return asked


def test_without_login_there_is_no_evidence(current_app_, recorded):
    answer = current_app_.test_client().get(f"/invitations/{recorded.id}/evidence/{evidence_id()}")
    assert (answer.status_code, answer.location.startswith("/login")) == (302, True)


def test_a_viewer_downloads_evidence_and_undoes_nothing(viewer_client, recorded):
    asked = recorded
    address = f"/invitations/{asked.id}/evidence/{evidence_id()}"
    page = viewer_client.get(f"/invitations/{asked.id}?lang=en").text
    assert page.count(address) == 2
    assert "Undo the recorded answer" not in page
    file = viewer_client.get(address)
    assert (file.data, file.headers["Content-Disposition"]) == (made.PDF, 'attachment; filename="Surat Ani.pdf"')
    assert file.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert viewer_client.get(f"/invitations/{asked.id + 1}/evidence/{evidence_id()}").status_code == 404
    assert viewer_client.post(f"/invitations/{asked.id}/answer/undo").status_code == 403


def test_a_file_that_is_no_photo_or_pdf_is_refused_beside_its_field_and_nothing_is_recorded(coordinator_client, asked):
    refused = send(coordinator_client, asked, b"<script>", "surat.pdf")
    assert refused.status_code == 422
    assert "“surat.pdf” was not taken." in text_of(refused.text)
    assert 'value="sakit"' in refused.text
    assert (fresh(asked).answered_at, count(StoredFile)) == (None, 0)


def test_one_press_undoes_and_a_second_one_says_that_nothing_is_left(coordinator_client, asked):
    send(coordinator_client, asked)
    address = f"/invitations/{asked.id}/answer/undo"
    undone = coordinator_client.post(f"{address}?lang=en", follow_redirects=True)
    assert "The recorded answer was undone." in text_of(undone.text)
    assert "Undo the recorded answer" not in undone.text
    assert (fresh(asked).answered_at, count(StoredFile)) == (None, 0)
    again = coordinator_client.post(address, follow_redirects=True)
    assert "There is no recorded answer that can be undone any more." in text_of(again.text)


def test_an_answer_from_a_call_carries_evidence_too(coordinator_client, asked, ani):
    data = {"outcome": "coming", "about": asked.id, "source": "whatsapp", "file": (BytesIO(made.png()), "chat.png")}
    address = f"/to-call/person/{ani.id}"
    assert coordinator_client.post(address, data=data, content_type="multipart/form-data").status_code == 302
    assert db.session.scalars(sa.select(StoredFile.name)).all() == ["chat.png"]


def test_a_refused_file_of_a_call_records_nothing(coordinator_client, asked, ani):
    data = {"outcome": "coming", "about": asked.id, "source": "whatsapp", "file": (BytesIO(b"x"), "chat.png")}
    answer = coordinator_client.post(f"/to-call/person/{ani.id}", data=data, content_type="multipart/form-data")
    assert (answer.status_code, "was not taken" in answer.text) == (422, True)
    assert fresh(asked).answered_at is None


def test_a_chosen_file_is_asked_for_again_beside_its_field_when_another_field_is_refused(coordinator_client, asked):
    sent = {"choice": "represented", "source": "letter", "representative_name": ""}
    file = (BytesIO(made.PDF), "surat.pdf")
    address = f"/invitations/{asked.id}/answer?lang=en"
    refused = coordinator_client.post(address, data={**sent, "file": file}, content_type="multipart/form-data")
    assert refused.status_code == 422
    again = re.search(r'id="file-error".*?</div>', refused.text, re.DOTALL)
    assert "Please choose the file again" in again[0]
    without = coordinator_client.post(address, data=sent)
    assert (without.status_code, "file-error" in without.text) == (422, False)


def test_that_an_office_sends_nobody_is_recorded_with_evidence_from_the_page_of_its_names(
    coordinator_client, activity, police
):
    invite_organisation(activity, police)
    publish(activity)
    mark_as_invited()
    office = db.session.scalars(sa.select(Invitation).where(Invitation.organisation_id == police.id)).one()
    page = coordinator_client.get(f"/invitations/{office.id}/nominees").text
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert page.count('type="file"') == 2
    send(coordinator_client, office)
    assert (fresh(office).state.value, count(AnswerEvidence)) == ("not_coming", 1)
