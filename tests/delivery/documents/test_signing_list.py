"""The list of attendance for signing: what stands on which page."""

import io

import pypdfium2
import pytest

from outreach.delivery.documents.signing_list import SigningLine, SigningSheet, SigningTexts, pdf
from outreach.delivery.documents.typeset import press
from outreach.domain.documents import Letterhead
from tests.world import NOW


@pytest.mark.parametrize("phones", [False, True])
def test_the_place_for_the_signature_never_stands_alone_on_the_last_page(phones):
    with press() as on:
        for count in range(14, 40):  # a page more begins within these
            lines = tuple(SigningLine(f"Peserta Nomor{n}", "Kelurahan Imopuro", "P") for n in range(count))
            texts = SigningTexts(
                letterhead=Letterhead(lines=("PEMERINTAH KOTA METRO",), address=("Jalan Contoh 1",)),
                office="DP3AP2KB", activity="Rapat koordinasi", day="Senin, 18 Januari 2027", time="09.00", place="Aula",
                phones=phones, sheets=(SigningSheet("DAFTAR HADIR PESERTA", lines, 0),),
            )  # fmt: skip
            pages = pypdfium2.PdfDocument(io.BytesIO(pdf(texts, at=NOW, on=on)))
            said = [one.get_textpage().get_text_range() for one in pages]
            assert ["Panitia," in one for one in said] == [False] * (len(said) - 1) + [True]
            assert said[-1].count("Peserta Nomor") >= 2, count
            assert sum(one.count("Peserta Nomor") for one in said) == count
