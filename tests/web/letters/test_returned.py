"""A signed letter on its page: uploaded, looked at, accepted, downloaded; and the office's root certificates."""

from hashlib import sha256
from io import BytesIO

import pytest
import sqlalchemy as sa

from outreach.domain.documents import shown_code
from outreach.domain.letters.values import LetterKind, LetterState
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Invitation, ReturnedFile, StoredFile, TrustedRoot
from outreach.services.letters import make
from outreach.services.letters.versions import last_values
from tests.support.copied import copied
from tests.web.reading import text_of
from tests.world import NOW, an_invitation, fresh
from tests.world.letters import authority
from tests.world.letters.papers import paper, scan

pytestmark = pytest.mark.usefixtures("clock_stands")


@copied
def letter(office, activity, ani):
    return make.make(LetterKind.INVITATION, [an_invitation(activity, ani).id], by=None, now=NOW)


def on_paper(letter) -> bytes:
    facts = [f"{label} : {text}" for label, text in last_values(letter).facts]
    return paper(["Nomor : 400.2/7/2027   Metro, 5 Januari 2027", *facts, shown_code(letter.code)])


def upload(client, letter, data, name="surat.pdf", **options):
    return client.post(
        f"/letters/{letter.id}/returned", data={"returned-file": (BytesIO(data), name)},
        content_type="multipart/form-data", **options,
    )  # fmt: skip


def test_the_page_shows_what_was_found_and_offers_number_and_date(coordinator_client, letter):
    data = authority.signed(on_paper(letter))
    assert upload(coordinator_client, letter, data).status_code == 302
    page = coordinator_client.get(f"/letters/{letter.id}")
    assert "Siti Contoh signed the whole file, and nothing has been changed since." in page.text
    assert "Chain unknown" in page.text
    assert "does not say whether a signature is legally valid" in page.text
    assert 'value="400.2/7/2027"' in page.text
    assert 'value="2027-01-05"' in page.text
    row = db.session.scalars(sa.select(ReturnedFile)).one()
    accepted = {
        "accept-returned": row.id, "accept-version": fresh(letter).version, "accept-number": "400.2/7/2027",
        "accept-dated_on": "2027-01-05",
    }  # fmt: skip
    assert coordinator_client.post(f"/letters/{letter.id}/signed", data=accepted).status_code == 302
    assert fresh(letter).state is LetterState.SIGNED
    kept = coordinator_client.get(f"/letters/{letter.id}/files/{row.id}")
    assert sha256(kept.data).hexdigest() == sha256(data).hexdigest()
    assert kept.headers["Content-Disposition"] == "attachment; filename=surat.pdf"
    assert kept.headers["X-Content-Type-Options"] == "nosniff"
    signed = coordinator_client.get(f"/letters/{letter.id}").text
    assert "This file goes out with the mails" in signed
    assert "Draft as PDF" not in signed
    assert signed.count(f'href="/letters/{letter.id}/files/{row.id}"') == 2  # above, and beside what was found


def test_what_is_missing_is_said_beside_the_form(coordinator_client, letter):
    upload(coordinator_client, letter, scan())
    row = db.session.scalars(sa.select(ReturnedFile)).one()
    answer = coordinator_client.post(
        f"/letters/{letter.id}/signed",
        data={"accept-returned": row.id, "accept-version": fresh(letter).version, "accept-number": ""},
    )
    assert answer.status_code == 422
    assert "Please write the letter’s number" in answer.text
    assert fresh(letter).state is LetterState.DRAFT


@pytest.mark.parametrize(
    ("data", "name", "sentence"),
    [
        (b"<!doctype html><html><script>alert(1)</script></html>", "surat.pdf", "This is a web page, not a PDF"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
            "surat.pdf",
            "This is a picture, not a PDF",
        ),
        (b"PK\x03\x04" + b"\0" * 60, "surat.zip", "This is a ZIP archive, not a PDF"),
        (b"", "", "Please choose the signed letter"),
    ],
)
def test_a_hostile_file_is_refused_with_a_sentence_and_not_kept(coordinator_client, letter, data, name, sentence):
    answer = upload(coordinator_client, letter, data, name)
    assert (answer.status_code, sentence in text_of(answer.text)) == (422, True)
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 0


def test_two_hundred_megabytes_are_refused_unread(coordinator_client, letter):
    answer = upload(coordinator_client, letter, b"%PDF-", environ_overrides={"CONTENT_LENGTH": str(200 * 1024**2)})
    assert answer.status_code == 413
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 0


def test_a_path_in_a_files_name_is_left_out(coordinator_client, letter):
    upload(coordinator_client, letter, scan(), "../../etc/surat.pdf")
    name = db.session.scalar(sa.select(StoredFile.name))
    assert name == "surat.pdf"


def test_a_file_belongs_to_its_letter(coordinator_client, letter, activity, budi):
    other = make.make(LetterKind.INVITATION, [an_invitation(activity, budi).id], by=None, now=NOW)
    upload(coordinator_client, letter, scan())
    row = db.session.scalars(sa.select(ReturnedFile)).one()
    assert coordinator_client.get(f"/letters/{other.id}/files/{row.id}").status_code == 404


def test_a_viewer_reads_and_does_not_upload(viewer_client, letter):
    assert upload(viewer_client, letter, scan()).status_code == 403
    assert 'name="returned-file"' not in viewer_client.get(f"/letters/{letter.id}").text


def test_a_root_makes_the_chain_trusted_after_a_new_check(administrator_client, letter):
    upload(administrator_client, letter, authority.signed(on_paper(letter)))
    answer = administrator_client.post(
        "/letters/roots", data={"certificate": (BytesIO(authority.root_pem()), "akar.pem")},
        content_type="multipart/form-data", follow_redirects=True,
    )  # fmt: skip
    assert "This office trusts: Akar Uji." in text_of(answer.text)
    administrator_client.post(f"/letters/{letter.id}/returned/check")
    assert "which this office trusts" in administrator_client.get(f"/letters/{letter.id}").text
    root = db.session.scalars(sa.select(TrustedRoot)).one()
    administrator_client.post(f"/letters/roots/{root.id}/remove")
    assert db.session.scalar(sa.select(sa.func.count(TrustedRoot.id))) == 0


def test_a_wrong_root_is_refused_beside_its_field(administrator_client):
    answer = administrator_client.post(
        "/letters/roots", data={"certificate": (BytesIO(b"nothing"), "akar.pem")}, content_type="multipart/form-data"
    )
    assert (answer.status_code, "This is not a certificate" in answer.text) == (422, True)


def test_mails_wait_for_letters_by_a_button(coordinator_client, letter, activity):
    page = f"/letters?activity={activity.id}"
    assert "do not wait for letters" in coordinator_client.get(page).text
    coordinator_client.post(f"/activities/{activity.id}/letter-first", data={"letter_first": "yes"})
    assert fresh(activity).letter_first
    assert "wait until their letters are signed" in coordinator_client.get(page).text


@copied
def late(letter, activity, budi) -> Invitation:
    """Who is on no letter, of a published activity whose mails wait for letters; that of the other is not signed."""
    letter.invitations[0].state = InvitationState.PREPARED
    activity.letter_first, activity.state = True, ActivityState.PUBLISHED
    return an_invitation(activity, budi, state=InvitationState.PREPARED)


def test_a_viewer_reads_who_waits_for_a_letter_and_has_no_press(viewer_client, late):
    page = viewer_client.get(f"/activities/{late.activity_id}").text
    assert "2 invitees have no invitation yet, because it waits for their signed letter." in text_of(page)
    assert ("Write their letters" in page, "/without-letter" in page) == (False, False)
