"""The demo's signed letter is signed by the demo's own authority, whose name says so."""

from datetime import UTC, datetime

from outreach.cli.demo.letters import authority
from outreach.delivery.documents import returned_pdf
from outreach.domain.signatures import CertificateChain, SignatureCoverage
from tests.world.letters.papers import LETTER, paper

MOMENT = datetime(2027, 1, 4, 1, tzinfo=UTC)


def test_the_demos_authority_signs_so_that_its_root_is_trusted_and_named_as_a_demo():
    signs = authority.found("Nama Penanda Tangan, S.E., M.M.", "Kantor Demo", now=MOMENT)
    (signature,) = returned_pdf.read(signs.signed(paper(LETTER)), [signs.root], now=MOMENT).signatures
    assert (signature.intact, signature.coverage, signature.chain) == (
        True, SignatureCoverage.WHOLE, CertificateChain.TRUSTED,
    )  # fmt: skip
    assert "(demo)" in signature.signer
    assert "bukan sungguhan" in signature.issuer
