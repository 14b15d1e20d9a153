"""Certificates as PDF: what a reader finds on the one page, the QR code, and texts that want to be more than text."""

import contextlib
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.delivery.documents import certificates, typeset
from outreach.delivery.documents.typeset import CharacterWithoutFont
from outreach.domain.certificates import DEFAULT_BLOCKS, CertificateValues
from outreach.domain.documents import Letterhead, Signatory
from outreach.domain.kinds import CertificateKind
from tests.world.barcodes import read_from_pixels

AT = datetime(2027, 1, 19, 2, tzinfo=UTC)
TEXTS = DEFAULT_BLOCKS[CertificateKind.SPEAKER]
CERTIFICATE = CertificateValues(
    kind=CertificateKind.SPEAKER,
    number="014/SERT/DP3AP2KB/2027",
    code="K7QF3MXD92WA",
    check_url="https://undangan.example.com/s/K7QF-3MXD-92WA",
    name="Dr. Hj. Siti Rahmawati, S.H., M.H.",
    heading=TEXTS.heading,
    lead=TEXTS.lead,
    opening=TEXTS.opening,
    activity="Sosialisasi pencegahan kekerasan",
    closing="yang diselenggarakan oleh DP3AP2KB pada Senin, 18 Januari 2027, pukul 08.00 s.d. 12.00 WIB, di Aula.",
    dated_on=date(2027, 1, 19),
    topics=("Mengenali tanda kekerasan",),
    place="Metro",
    signatory=Signatory("Kepala Dinas", "Nama Contoh, S.E.", "Pembina Utama Muda", "NIP", "19700101 199501 1 001"),
    letterhead=Letterhead(("PEMERINTAH KOTA METRO", "DINAS CONTOH"), ("Jl. Contoh 1, Kota Metro",)),
)
LONG = replace(
    CERTIFICATE,
    name="Prof. Dr. Hj. Raden Ajeng Siti Nurhaliza Kusumawardhani Wijayakusuma Binti Abdurrahman, S.Psi., S.H., M.H., M.Si.",
    activity="Penguatan kapasitas kader perlindungan anak terpadu berbasis masyarakat dan satuan tugas perlindungan "
    "perempuan dan anak tingkat kelurahan se-Kota Metro tahun anggaran 2027",
    topics=tuple(
        f"Materi ke-{number}: alur rujukan antara kelurahan, puskesmas, dan kepolisian" for number in (1, 2, 3)
    ),
    replaces="009/SERT/DP3AP2KB/2027",
)


@pytest.fixture(scope="module")
def press():
    with typeset.press() as running:
        yield running


def pdf_of(press, values=CERTIFICATE, **options):
    return press.pdf(certificates.files_of(values, office="DP3AP2KB", **options), at=AT)


def text_of(data):
    with pypdfium2.PdfDocument(data) as document:
        [page] = document
        return re.sub(r"\s+", " ", page.get_textpage().get_text_range())


def test_all_that_a_certificate_says_is_on_one_page_of_text(press):
    text = text_of(pdf_of(press))
    for said in (
        "PEMERINTAH KOTA METRO", "S E R T I F I K A T", "Nomor 014/SERT/DP3AP2KB/2027", "Diberikan kepada",
        CERTIFICATE.name, "sebagai narasumber pada kegiatan", CERTIFICATE.activity, "“Mengenali tanda kekerasan”",
        "Senin, 18 Januari 2027", "Metro, 19 Januari 2027", "Kepala Dinas,", "Nama Contoh, S.E.",
        "NIP 19700101 199501 1 001", "K7QF-3MXD-92WA",
    ):  # fmt: skip
        assert said.replace(" ", "") in text.replace(" ", ""), said


def test_long_names_titles_and_three_topics_still_fit_on_one_page(press):
    text = text_of(pdf_of(press, LONG)).replace(" ", "")
    for said in (LONG.name, LONG.activity, *LONG.topics, "Menggantikan sertifikat nomor 009/SERT/DP3AP2KB/2027"):
        assert said.replace(" ", "") in text


def test_the_file_is_pdf_a_2b_and_the_same_each_time(press):
    data = pdf_of(press)
    assert re.search(rb"<pdfaid:part>2</pdfaid:part>\s*<pdfaid:conformance>B</pdfaid:conformance>", data)
    assert data == pdf_of(press)


@pytest.mark.parametrize("values", [CERTIFICATE, LONG])
def test_the_qr_code_leads_to_the_check_page(press, values):
    with pypdfium2.PdfDocument(pdf_of(press, values)) as document:
        assert read_from_pixels(document[0].render(scale=3, grayscale=True)) == [values.check_url]


def test_without_signatory_letterhead_and_topics_it_leaves_room(press):
    bare = replace(CERTIFICATE, signatory=Signatory(), letterhead=Letterhead(), topics=())
    text = text_of(pdf_of(press, bare))
    assert ("NIP" in text, "materi" in text, "…" in text) == (False, False, True)


def test_texts_with_markup_and_marks_that_turn_letters_are_printed_as_text(press):
    hostile = '#read("/etc/passwd") *tebal* $x$ \\ @a `b` // c <d> [e] "f" ~ -- = g'
    values = replace(CERTIFICATE, name=hostile, activity=hostile, topics=(hostile,), closing=hostile)
    text = text_of(pdf_of(press, values))
    assert "root:" not in text
    assert text.replace(" ", "").count(hostile.replace(" ", "")) == 4
    assert "Siti Rahmawati" in text_of(pdf_of(press, replace(CERTIFICATE, name="Siti \u202eRahmawati\u200f")))


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_name_is_printed_on_one_page_or_its_character_is_named(press, text):
    with (
        contextlib.suppress(CharacterWithoutFont),
        pypdfium2.PdfDocument(
            pdf_of(press, replace(CERTIFICATE, name=text, activity=text, topics=(text,)))
        ) as document,
    ):
        assert len(document) == 1
