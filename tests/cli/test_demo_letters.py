"""The demo's signed letter is signed by the demo's own authority, whose name says so."""

from datetime import UTC, datetime

import sqlalchemy as sa

from outreach.cli.demo import guide
from outreach.cli.demo.letters import authority, write
from outreach.delivery.documents import returned_pdf
from outreach.domain.letters.signatures import CertificateChain, SignatureCoverage
from outreach.extensions import db
from outreach.models import ActingPerson, Letter
from tests.world.letters.papers import LETTER, paper

MOMENT = datetime(2027, 1, 4, 1, tzinfo=UTC)


def test_the_demos_authority_signs_so_that_its_root_is_trusted_and_named_as_a_demo():
    signs = authority.found("Nama Penanda Tangan, S.E., M.M.", "Kantor Demo", now=MOMENT)
    (signature,) = returned_pdf.read(signs.signed(paper(LETTER), at=MOMENT), [signs.root], now=MOMENT).signatures
    assert (signature.intact, signature.coverage, signature.chain) == (
        True, SignatureCoverage.WHOLE, CertificateChain.TRUSTED,
    )  # fmt: skip
    assert signature.signed_at == MOMENT  # not the time of the machine: the demo plays its days in the past
    assert "(demo)" in signature.signer
    assert "bukan sungguhan" in signature.issuer


def test_the_signed_letter_asks_somebody_else_than_who_signs_it(loaded_demo):
    signed = db.session.scalars(sa.select(Letter).where(Letter.number.contains("-A/"))).one()
    (asked,) = {one.invitee.display_name for one in signed.invitations}
    assert asked != write.SIGNATORY.post


def test_the_guide_leads_to_the_letters_the_ladder_and_who_comes_for_whom(loaded_demo, tmp_path, capsys):
    guide.keep(tmp_path, loaded_demo.prepared)
    guide.show(tmp_path, "http://localhost:8000")
    said = capsys.readouterr().out
    passed = db.session.scalars(sa.select(ActingPerson).where(ActingPerson.position == 2)).one()
    for address in ("/letters", "/ladders", f"/invitations/{passed.invitation_id}"):
        assert f"http://localhost:8000{address}\n" in said
