"""Signed letters that come back by mail are kept on their letter's page, if the sender is proven to be one of ours."""

from email.message import EmailMessage

import pytest
import sqlalchemy as sa

from outreach.domain.documents import shown_code
from outreach.domain.letters.values import LetterKind, LetterState
from outreach.domain.mail.incoming import IncomingReason
from outreach.extensions import db
from outreach.models import ReturnedFile, StoredFile
from outreach.queries.letters import returned as returned_pages
from outreach.services.letters import make
from tests.services.inbox.inbox_help import TO_READ, result, vouched_for
from tests.support.copied import copied
from tests.world import NOW, an_invitation, fresh
from tests.world.letters.papers import paper


@copied
def letter(activity, ani):
    return make.make(LetterKind.INVITATION, [an_invitation(activity, ani).id], by=None, now=NOW)


def mail(sender: str, *files: bytes, name: str = "surat.pdf", kind: str = "pdf") -> bytes:
    """Return a mail with these files, as a person writes it."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "undangan@example.com", "Surat sudah ditandatangani"
    made["Message-ID"] = "<satu@example.com>"
    made.set_content("Terlampir.")
    for data in files:
        made.add_attachment(data, maintype="application", subtype=kind, filename=name)
    return made.as_bytes()


def on_paper(letter) -> bytes:
    return paper([f"Kode: {shown_code(letter.code)}"])


def test_a_signed_letter_from_an_account_is_kept_to_be_accepted(arrives, letter, coordinator):
    data = on_paper(letter)
    row = arrives(vouched_for(mail(coordinator.email, data)))
    assert result(row) == (TO_READ, IncomingReason.LETTER_RETURNED)
    assert shown_code(letter.code) in row.text
    back = db.session.scalars(sa.select(ReturnedFile)).one()
    assert (back.letter_id, back.file.data, back.sender) == (letter.id, data, coordinator.email)
    assert (returned_pages.letter_in(row), returned_pages.mail_of(back)) == (back.letter, row.id)
    assert fresh(letter).state is LetterState.DRAFT  # nothing goes out before somebody accepts it


def test_a_sender_who_is_only_claimed_is_not_believed(arrives, letter, coordinator):
    row = arrives(mail(coordinator.email, on_paper(letter)))
    assert result(row) == (TO_READ, IncomingReason.LETTER_UNPROVEN)
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 0


def test_a_strangers_file_is_not_read(arrives, letter):
    row = arrives(vouched_for(mail("orang@example.org", on_paper(letter))))
    assert result(row) == (TO_READ, "")
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 0


@pytest.mark.parametrize("data", [b"<html>surat</html>", b"%PDF-1.7 broken", paper(["Surat yang lain"])])
def test_a_file_that_is_no_letter_of_ours_leaves_the_mail_to_be_read(arrives, letter, coordinator, data):
    assert result(arrives(vouched_for(mail(coordinator.email, data)))) == (TO_READ, "")
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 0


def test_a_mail_that_is_read_twice_keeps_the_file_once(arrives, letter, coordinator):
    data = vouched_for(mail(coordinator.email, on_paper(letter)))
    arrives(data)
    arrives(data)
    assert db.session.scalar(sa.select(sa.func.count(ReturnedFile.id))) == 1


def test_the_mail_and_the_letter_lead_to_each_other(arrives, letter, coordinator, coordinator_client):
    row = arrives(vouched_for(mail(coordinator.email, on_paper(letter))))
    mail_id, letter_id = row.id, letter.id
    assert f'href="/letters/{letter_id}"' in coordinator_client.get(f"/incoming/{mail_id}").text
    assert f'href="/incoming/{mail_id}"' in coordinator_client.get(f"/letters/{letter_id}").text


def test_a_mail_that_only_writes_a_code_leads_to_no_letter(arrives, letter, coordinator):
    claimed = mail(coordinator.email)
    row = arrives(vouched_for(claimed.replace(b"Terlampir.", f"Surat ({shown_code(letter.code)})".encode())))
    assert shown_code(letter.code) in row.text
    assert returned_pages.letter_in(row) is None
