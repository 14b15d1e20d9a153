"""A letter comes back signed: kept byte for byte, looked at, accepted; what waited for it goes out."""

from datetime import date

import pytest
import sqlalchemy as sa

from outreach.delivery.documents.returned_pdf import IsWebPageNamedPdf
from outreach.domain.documents import shown_code
from outreach.domain.kinds import MailKind
from outreach.domain.letters.signatures import CertificateChain, SignatureVerdict
from outreach.domain.letters.values import LetterKind, LetterState
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AuditEntry, Letter, ReturnedFile, StoredFile
from outreach.services.letters import make, returned, roots, waiting
from outreach.services.letters.returned import (
    LetterDateMissing,
    LetterEnded,
    LetterNumberMissing,
    LetterNumberTooLong,
    NotLookedAt,
    ReturnedFileMissing,
    report_of,
)
from outreach.services.letters.versions import LetterMissing, last_values
from outreach.services.locking import Stale
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import NOW, an_invitation, at, fresh, move, publish
from tests.world.letters import authority
from tests.world.letters.papers import paper, scan

DAY = date(2027, 1, 5)


@copied
def letter(office, activity, ani) -> Letter:
    """A letter to Ani, who is not invited by mail yet."""
    return make.make(
        LetterKind.INVITATION, [an_invitation(activity, ani, state=InvitationState.PREPARED).id], by=None, now=NOW
    )


def on_paper(letter: Letter, *more: str) -> bytes:
    """Return the letter as a PDF, with its number and date."""
    values = last_values(letter)
    facts = [f"{label} : {text}" for label, text in values.facts]
    return paper(["Nomor : 400.2/7/2027   Metro, 5 Januari 2027", *facts, f"Kode: {shown_code(letter.code)}", *more])


def come_back(letter: Letter, data: bytes = b"", name: str = "surat.pdf") -> ReturnedFile:
    return returned.receive(letter.id, data or authority.signed(on_paper(letter)), name, by=None, now=NOW)


def accepted(letter: Letter, row: ReturnedFile, number: str = "400.2/7/2027", day: date | None = DAY, **more) -> Letter:
    return returned.accept(letter.id, row.id, number, day, fresh(letter).version, by=None, now=NOW, **more)


def test_the_file_is_kept_byte_for_byte_with_what_was_found_in_it(letter):
    data = authority.signed(on_paper(letter))
    row = come_back(letter, data, "C:\\Surat\\undangan.pdf")
    assert (row.file.data, row.file.name, row.file.media_type) == (data, "undangan.pdf", "application/pdf")
    report = report_of(row)
    assert (report.is_ours, report.number, report.dated_on) == (True, "400.2/7/2027", DAY)
    assert (report.verdict, report.signatures[0].chain) == (SignatureVerdict.INTACT, CertificateChain.UNKNOWN)
    assert fresh(letter).state is LetterState.DRAFT


def test_accepting_it_sets_number_and_date_as_a_version(letter):
    found = accepted(letter, come_back(letter))
    assert (found.state, found.number, found.dated_on, found.signed_file.name) == (
        LetterState.SIGNED, "400.2/7/2027", DAY, "surat.pdf",
    )  # fmt: skip
    assert (last_values(found).number, found.versions[-1].changed) == ("400.2/7/2027", ["dated_on", "number"])
    actions = db.session.scalars(sa.select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions[-2:] == ["letter.returned", "letter.signed"]


@pytest.mark.parametrize(
    ("number", "day", "refused"),
    [("  ", DAY, LetterNumberMissing), ("1", None, LetterDateMissing), ("1" * 81, DAY, LetterNumberTooLong)],
)
def test_a_number_and_a_date_are_needed(letter, number, day, refused):
    row = come_back(letter)
    with pytest.raises(refused):
        accepted(letter, row, number, day)
    assert fresh(letter).state is LetterState.DRAFT


def test_a_broken_or_foreign_file_is_accepted_only_by_somebody_who_has_looked_at_it(letter):
    for data in (
        authority.signed(on_paper(letter)).replace(b"5 Januari", b"6 Januari", 1),
        paper(["Surat yang lain"]),
        on_paper(letter, "Ditandatangani secara elektronik"),
    ):
        row = come_back(letter, data)
        with pytest.raises(NotLookedAt):
            accepted(letter, row)
        assert accepted(letter, row, sure=True).signed_file_id == row.file_id


@pytest.mark.parametrize("data", [scan(), None])
def test_a_scan_or_an_unsigned_letter_is_accepted_as_it_is(letter, data):
    row = come_back(letter, data or on_paper(letter))
    assert accepted(letter, row).state is LetterState.SIGNED


def test_a_letter_that_was_signed_before_a_move_gets_the_draft_of_its_correction(letter, activity):
    row = come_back(letter)
    publish(activity)
    move(activity, at(19), at(19, 12))
    found = accepted(letter, row)
    assert [(draft.kind, draft.state) for draft in found.corrected_by] == [(LetterKind.CORRECTION, LetterState.DRAFT)]
    assert "menjadi Selasa, 19 Januari 2027" in dict(last_values(found.corrected_by[0]).facts)["hari/tanggal"]


def test_another_file_of_a_moved_letter_leaves_the_draft_of_its_correction(letter, activity):
    publish(activity)
    accepted(letter, come_back(letter))
    move(activity, at(19), at(19, 12))
    (draft,) = fresh(letter).corrected_by
    assert accepted(letter, come_back(letter, scan(), "pindai.pdf")).corrected_by == [draft]
    assert fresh(draft).state is LetterState.DRAFT


def test_a_letter_that_says_what_the_plan_says_needs_no_correction(letter):
    assert accepted(letter, come_back(letter)).corrected_by == []


def test_a_replaced_file_leaves_the_former_one_on_record(letter):
    first = come_back(letter)
    accepted(letter, first)
    second = come_back(letter, scan(), "pindai.pdf")
    assert fresh(letter).signed_file_id == first.file_id  # until it is accepted
    with pytest.raises(ReturnedFileMissing):
        accepted(letter, first)
    assert accepted(letter, second).signed_file_id == second.file_id
    assert db.session.scalars(sa.select(ReturnedFile.file_id).order_by(ReturnedFile.id)).all() == [
        first.file_id, second.file_id,
    ]  # fmt: skip


def test_the_same_file_again_is_kept_once(letter):
    data = authority.signed(on_paper(letter))
    assert come_back(letter, data).id == come_back(letter, data).id
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 1


def test_nothing_is_kept_of_a_refused_file(letter):
    with pytest.raises(IsWebPageNamedPdf):
        come_back(letter, b"<html><body>Surat</body></html>", "../../surat.pdf")
    assert db.session.scalar(sa.select(sa.func.count(StoredFile.id))) == 0
    assert db.session.scalar(sa.select(sa.func.count(ReturnedFile.id))) == 0


def test_a_letter_that_was_withdrawn_takes_no_file(letter):
    fresh(letter).state = LetterState.CANCELLED
    db.session.commit()
    with pytest.raises(LetterEnded):
        come_back(letter)
    with pytest.raises(LetterMissing):
        returned.receive(999, scan(), "surat.pdf", by=None, now=NOW)


def test_who_looked_at_an_older_state_of_the_letter_does_not_accept(letter):
    row = come_back(letter)
    with pytest.raises(Stale):
        returned.accept(letter.id, row.id, "1", DAY, 0, by=None, now=NOW)


def test_a_report_is_made_again_with_the_roots_of_today(letter):
    come_back(letter)
    roots.add(authority.root_pem(), by=None, now=NOW)
    row = returned.check_again(letter.id, by=None, now=NOW)
    assert report_of(row).signatures[0].chain is CertificateChain.TRUSTED


@pytest.mark.parametrize("kind", [LetterKind.CORRECTION, LetterKind.CANCELLATION])
def test_a_signed_correction_or_cancellation_ends_the_letter_before_it(letter, kind):
    accepted(letter, come_back(letter))
    later = make.follow(letter.id, kind, reason="Aula dipakai", by=None, now=NOW)
    assert fresh(letter).state is LetterState.SIGNED
    accepted(later, come_back(later), "400.2/8/2027")
    ended = {LetterKind.CORRECTION: LetterState.CORRECTED, LetterKind.CANCELLATION: LetterState.CANCELLED}
    assert fresh(letter).state is ended[kind]


def test_a_file_is_recognised_by_the_code_in_its_text(letter):
    other, ours = paper(["Kode: 2345-6789-ABCD"]), on_paper(letter)
    found = returned.recognise([("a.pdf", other), ("web.pdf", b"<html>"), ("b.pdf", ours)], now=NOW)
    assert (found.letter_id, found.filename, found.data) == (letter.id, "b.pdf", ours)
    assert returned.recognise([("a.pdf", other)], now=NOW) is None


# Mails that wait for the signed letter.


def state_of(invitation) -> InvitationState:
    return fresh(invitation).state


def test_an_invitation_waits_for_its_signed_letter_and_goes_out_with_it(letter, activity, budi):
    without = an_invitation(activity, budi, state=InvitationState.PREPARED)
    waiting.choose(activity.id, True, by=None, now=NOW)
    planned = forecasting.for_publishing([activity.id], now=NOW).rows[0]
    assert (planned.kind, planned.people, planned.awaiting) == (MailKind.INVITATION, 0, 2)
    publish(activity)
    reminding.tick(NOW)
    invitation = fresh(letter).invitations[0]
    assert [state_of(invitation), state_of(without)] == [InvitationState.PREPARED] * 2
    accepted(letter, come_back(letter))
    reminding.tick(NOW)
    assert [state_of(invitation), state_of(without)] == [InvitationState.INVITED, InvitationState.PREPARED]
    waiting.choose(activity.id, False, by=None, now=NOW)
    reminding.tick(NOW)
    assert state_of(without) is InvitationState.INVITED


def test_without_the_choice_no_mail_waits(letter, activity):
    publish(activity)
    reminding.tick(NOW)
    assert state_of(fresh(letter).invitations[0]) is InvitationState.INVITED


def test_a_letter_that_comes_back_before_publishing_lets_the_mail_go_with_it(letter, activity):
    waiting.choose(activity.id, True, by=None, now=NOW)
    accepted(letter, come_back(letter))
    publish(activity)
    reminding.tick(NOW)
    assert state_of(fresh(letter).invitations[0]) is InvitationState.INVITED
