from datetime import date

import pytest

from outreach.domain.kinds import LetterKind
from outreach.domain.letters.signatures import (
    ExpectedFacts,
    LetterFact,
    PdfSignature,
    ReadPdf,
    SignatureCoverage,
    SignatureVerdict,
    codes_in,
    date_in,
    expected_of,
    missing_in,
    number_in,
    report_on,
    verdict_of,
)
from outreach.domain.letters.values import DAY, TIME, LetterValues

TEXT = """PEMERINTAH KOTA CONTOH
Nomor : 400.2/123/DPPPA/2027 Metro, 5 Januari 2027
Sifat : Biasa
hari/tanggal : Senin, 18 Januari 2027
waktu : pukul 08.00 WIB s.d.
selesai
tempat : Aula Kantor Con-
toh, Jalan Melati 1
Kode surat: K7QM-4TXD-92WA
"""
EXPECTED = ExpectedFacts(
    "K7QM4TXD92WA",
    ("Senin, 18 Januari 2027",),
    ("pukul 08.00 WIB s.d. selesai",),
    ("Aula Kantor Contoh, Jalan Melati 1",),
)
WHOLE = PdfSignature(True, SignatureCoverage.WHOLE, signer="Siti Contoh")


def test_a_letters_facts_are_found_across_line_breaks_hyphens_and_case():
    assert missing_in(TEXT.upper(), EXPECTED) == ()


def test_what_the_text_does_not_have_is_named():
    moved = TEXT.replace("Senin, 18", "Selasa, 19").replace("08.00", "09.00")
    assert missing_in(moved, EXPECTED) == (LetterFact.DAY, LetterFact.HOUR)
    assert missing_in("", EXPECTED) == tuple(LetterFact)
    assert missing_in("K7QM-4TXD-92WA", ExpectedFacts("K7QM4TXD92WA")) == ()


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("Nomor : 400.2/123/DPPPA/2027", "400.2/123/DPPPA/2027"),
        ("Nomor: 400.2 / 123 / DPPPA / 2027   Metro, 5 Januari 2027", "400.2/123/DPPPA/2027"),
        ("  No. : B-12/KOTA.1/2027,", "B-12/KOTA.1/2027"),
        ("Nomor :", ""),
        ("Nomor : ${nomor_naskah}", ""),
        ("Nomor : ............", ""),
        ("Nomor : ____/____", ""),
        ("Telepon nomor: tidak ada", ""),
        (f"Nomor : 1{'0' * 200}", ""),
    ],
)
def test_the_number_is_read_from_the_text(line: str, number: str):
    assert number_in(f"PEMERINTAH KOTA CONTOH\n{line}\nSifat : Biasa") == number


@pytest.mark.parametrize(
    ("text", "day"),
    [
        (TEXT, date(2027, 1, 5)),
        ("hari/tanggal : Senin, 18 Januari 2027\nMetro, 5 Februari 2027", date(2027, 2, 5)),
        ("Tanggal : 7 Maret 2027", date(2027, 3, 7)),
        ("Hari : Jumat, 18 Januari 2027", None),
        ("Metro, 31 Februari 2027", None),
        ("Metro,          2027", None),
    ],
)
def test_the_date_is_read_from_the_text_and_is_not_the_activitys_day(text: str, day: date | None):
    assert date_in(text) == day


@pytest.mark.parametrize(
    ("read", "verdict"),
    [
        (ReadPdf(1, TEXT, (WHOLE,)), SignatureVerdict.INTACT),
        (ReadPdf(1, "", (WHOLE,)), SignatureVerdict.INTACT),
        (ReadPdf(1, TEXT, (WHOLE, PdfSignature(True, SignatureCoverage.CHANGED))), SignatureVerdict.CHANGED),
        (ReadPdf(1, TEXT, (PdfSignature(True, SignatureCoverage.UNCLEAR),)), SignatureVerdict.CHANGED),
        (ReadPdf(1, TEXT, (PdfSignature(False, SignatureCoverage.CHANGED), WHOLE)), SignatureVerdict.BROKEN),
        (ReadPdf(1, " \n \f"), SignatureVerdict.SCAN),
        (ReadPdf(1, f"{TEXT} Dokumen ini telah ditandatangani secara elektronik"), SignatureVerdict.STAMP_ONLY),
        (ReadPdf(1, TEXT), SignatureVerdict.UNSIGNED),
    ],
)
def test_the_worst_signature_is_said_first(read: ReadPdf, verdict: SignatureVerdict):
    assert verdict_of(read) is verdict


def test_a_letter_about_several_activities_has_all_their_days():
    values = LetterValues(
        kind=LetterKind.INVITATION, subject="Undangan", addressees=(), opening="", closing="", code="K7QM4TXD92WA",
        check_url="",
        facts=((DAY, "Senin, 18 Januari 2027"), (TIME, "pukul 08.00 WIB s.d. selesai"),
               (DAY, "Rabu, 20 Januari 2027")),
    )  # fmt: skip
    expected = expected_of(values)
    assert expected.days == ("Senin, 18 Januari 2027", "Rabu, 20 Januari 2027")
    assert missing_in(TEXT, expected) == (LetterFact.DAY,)
    assert missing_in(f"{TEXT} Rabu, 20 Januari 2027", expected) == ()


def test_a_letters_code_is_found_in_a_text_only_as_letters_show_it():
    assert codes_in(TEXT) == ["K7QM4TXD92WA"]
    assert codes_in("K7QM4TXD92WA K7QM-4TXD K7QM-4TXD-92WAX 0000-1111-2222 AK7QM-4TXD-92WA") == []
    assert codes_in("K7QM–4TXD–92WA, K7QM-4TXD-92WA; 2345-6789-ABCD") == ["K7QM4TXD92WA", "23456789ABCD"]


def test_the_report_offers_number_and_date():
    report = report_on(ReadPdf(2, TEXT, (WHOLE,)), EXPECTED)
    assert (report.is_ours, report.number, report.dated_on) == (True, "400.2/123/DPPPA/2027", date(2027, 1, 5))


def test_a_text_made_to_hang_its_reader_is_read_in_a_moment():
    """Each of these took time quadratic in its length: a PDF may have four hundred thousand letters."""
    for text in ("a" * 400_000, "\n" * 400_000, f"Nomor: 1{' ' * 400_000}x", "a " * 200_000):
        assert (number_in(text) in ("", "1"), date_in(text)) == (True, None)
