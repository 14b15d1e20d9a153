"""Letters that come back, signed by an authority of the tests: each outcome has its own sentence."""

import errno
import io
import re
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask_babel import force_locale
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PageObject, copy_into_new_writer
from pyhanko.sign.validation.dss import DocumentSecurityStore

from outreach.delivery.documents import pdf_process, returned_pdf
from outreach.delivery.documents.returned_pdf import (
    IsArchive,
    IsPicture,
    IsWebPageNamedPdf,
    IsWordFile,
    NotAPdf,
    PdfDamaged,
    PdfMissing,
    PdfPackedOddly,
    PdfProtected,
    PdfRunsPrograms,
    PdfSwells,
    PdfTakesTooLong,
    PdfTooLarge,
    TooManyPages,
)
from outreach.delivery.words import signatures as words
from outreach.domain.letters.signatures import (
    CertificateChain,
    ExpectedFacts,
    SignatureCoverage,
    SigningClock,
    report_on,
)
from tests.world import at
from tests.world.letters import authority
from tests.world.letters.papers import LETTER, paper, scan

NOW = at(20, 9)
JAKARTA = ZoneInfo("Asia/Jakarta")
SIGNED_BY_OWN_CLOCK = re.compile(r"(?<=Ditandatangani pada ).*(?=, menurut jam penanda tangan sendiri)")
WHOLE = "Siti Contoh menandatangani seluruh berkas, dan sejak itu tidak ada yang diubah."
TRUSTED = "Sertifikatnya diterbitkan “Otoritas Uji”, yang dipercaya dinas ini."
OWN_CLOCK = "Ditandatangani pada …, menurut jam penanda tangan sendiri."
SENTENCES = {
    "B-B": [WHOLE, TRUSTED, OWN_CLOCK],
    "B-LT": [
        WHOLE,
        TRUSTED,
        "Ditandatangani pada Rabu, 6 Januari 2027 pukul 09.30 WIB, menurut jam otoritas “Jam Uji”.",
    ],
    "two signers": [
        "Siti Contoh menandatangani; setelah itu hanya ditambahkan tanda tangan lain atau isian formulir.",
        TRUSTED,
        OWN_CLOCK,
        WHOLE.replace("Siti", "Budi"),
        TRUSTED,
        OWN_CLOCK,
    ],
    "one byte changed": [
        "Yang ditandatangani Siti Contoh telah diubah: tanda tangannya tidak cocok dengan berkas.",
        TRUSTED,
        OWN_CLOCK,
    ],
    "a page appended": [
        "Setelah Siti Contoh menandatangani, jumlah halaman diubah: semula 1, sekarang 2.",
        TRUSTED,
        OWN_CLOCK,
    ],
    "an incremental edit": ["Setelah Siti Contoh menandatangani, isi berkas diubah.", TRUSTED, OWN_CLOCK],
    "foreign": [
        WHOLE.replace("Siti Contoh", "Orang Lain"),
        "Sertifikatnya diterbitkan “Akar Lain”, yang tidak bermuara pada sertifikat akar dinas ini.",
        OWN_CLOCK,
    ],
    "expired": [
        WHOLE.replace("Siti", "Rina"),
        "Sertifikat dari “Otoritas Uji” berakhir masa berlakunya pada 1 Januari 2022.",
        OWN_CLOCK,
    ],
    "revoked": [WHOLE.replace("Siti", "Dewi"), "Sertifikat dari “Otoritas Uji” telah dicabut.", OWN_CLOCK],
    "visible stamp only": [
        "Tampak keterangan tentang tanda tangan elektronik, tetapi di dalam berkas tidak ada tanda tangan elektronik. "
        "Mungkin hilang karena dicetak atau disimpan ulang; mohon minta berkas aslinya."
    ],
    "unsigned": ["Di dalam berkas tidak ada tanda tangan elektronik."],
    "scan": ["Ini hasil pindai: gambar tanpa tanda tangan elektronik. Berkas dikirim apa adanya."],
}
EXPECTED = ExpectedFacts(
    "K7QM4TXD", ("Senin, 18 Januari 2027",), ("pukul 08.00 WIB s.d. selesai",), ("Aula Kantor Contoh",)
)


@pytest.fixture(scope="module")
def letter() -> bytes:
    return paper(LETTER)


def read(data: bytes, *roots: bytes):
    return returned_pdf.read(data, roots or [authority.root()], now=NOW)


def said(data: bytes, app, *roots: bytes) -> list[str]:
    """Return the sentences about a file, in Indonesian, without the one about whose letter it is."""
    with app.test_request_context(), force_locale("id"):
        report = report_on(read(data, *roots), EXPECTED)
        return [sentence.text for sentence in words.of_report(report, JAKARTA)][1:]


def one(data: bytes, *roots: bytes):
    (signature,) = read(data, *roots).signatures
    return signature


def test_an_intact_signature_covers_the_whole_file(letter: bytes):
    signature = one(authority.signed(letter))
    assert (signature.intact, signature.coverage, signature.chain) == (
        True, SignatureCoverage.WHOLE, CertificateChain.TRUSTED,
    )  # fmt: skip
    assert (signature.signer, signature.organisation, signature.issuer) == (
        "Siti Contoh",
        "Lembaga Uji",
        "Otoritas Uji",
    )
    assert signature.clock is SigningClock.SIGNER
    assert re.fullmatch("[0-9a-f]{64}", signature.fingerprint)


def changed_page(data: bytes) -> bytes:
    """Return the PDF with another text on its page, as an editor saves it: the old bytes stay, new ones follow."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    page, _ = writer.find_page_for_modification(0)
    stream = generic.StreamObject(stream_data=b"BT /F1 10 Tf 50 780 Td (Nomor : 1/2/3) Tj ET")
    page.get_object()["/Contents"] = writer.add_object(stream)
    writer.update_container(page.get_object())
    return saved(writer)


def with_further_page(data: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    stream = writer.add_object(generic.StreamObject(stream_data=b"0 g"))
    box = generic.ArrayObject(map(generic.NumberObject, (0, 0, 595, 842)))
    writer.insert_page(PageObject(contents=stream, media_box=box))
    return saved(writer)


def with_revocation(data: bytes) -> bytes:
    """Return the PDF with the authority's list of revoked certificates, as B-LT has it."""
    (signature,) = PdfFileReader(io.BytesIO(data)).embedded_signatures
    out = io.BytesIO(data)
    DocumentSecurityStore.add_dss(out, signature.pkcs7_content, crls=authority.crls())
    return out.getvalue()


def saved(writer: IncrementalPdfFileWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_a_signature_with_proofs_and_an_authoritys_clock(letter: bytes):
    for signature in (one(authority.signed(letter, stamped=True)), one(authority.signed(letter, long_term=True))):
        assert (signature.intact, signature.coverage, signature.chain) == (
            True, SignatureCoverage.WHOLE, CertificateChain.TRUSTED,
        )  # fmt: skip
        assert (signature.signed_at, signature.clock, signature.clock_by) == (
            authority.SIGNED_AT, SigningClock.AUTHORITY, "Jam Uji",
        )  # fmt: skip


def test_the_first_of_two_signers_signed_what_the_second_signed_too(letter: bytes):
    first, second = read(authority.signed(authority.signed(letter), "deputy", field="Sig2")).signatures
    assert (first.signer, first.coverage) == ("Siti Contoh", SignatureCoverage.SIGNED_FURTHER)
    assert (second.signer, second.coverage) == ("Budi Contoh", SignatureCoverage.WHOLE)


def test_one_changed_byte_breaks_the_signature(letter: bytes):
    signed = authority.signed(letter)
    assert one(signed).intact
    assert not one(signed.replace(b"Senin, 18 Januari", b"Senin, 19 Januari", 1)).intact


def test_a_page_that_was_added_later_is_told_from_a_change_of_what_was_signed(letter: bytes):
    signed = authority.signed(letter)
    longer, other = one(with_further_page(signed)), one(changed_page(signed))
    assert (longer.intact, longer.coverage, longer.pages) == (True, SignatureCoverage.PAGES_CHANGED, 1)
    assert (other.intact, other.coverage) == (True, SignatureCoverage.CHANGED)


def test_a_change_before_the_second_signature_stays_a_change_for_the_first_signer(letter: bytes):
    first, second = read(authority.signed(changed_page(authority.signed(letter)), "deputy", field="Sig2")).signatures
    assert (first.coverage, second.coverage) == (SignatureCoverage.CHANGED, SignatureCoverage.WHOLE)


@pytest.mark.parametrize(
    ("who", "roots", "chain"),
    [
        ("head", ["root"], CertificateChain.TRUSTED),
        ("head", ["foreign_root", "root"], CertificateChain.TRUSTED),
        ("head", [], CertificateChain.UNKNOWN),
        ("stranger", ["root"], CertificateChain.FOREIGN),
        ("stranger", ["foreign_root"], CertificateChain.TRUSTED),
        ("expired", ["root"], CertificateChain.EXPIRED),
        ("expired", [], CertificateChain.EXPIRED),
    ],
)
def test_from_whom_the_certificate_comes(letter: bytes, who: str, roots: list[str], chain: CertificateChain):
    found = returned_pdf.read(authority.signed(letter, who), [getattr(authority, name)() for name in roots], now=NOW)
    assert [signature.chain for signature in found.signatures] == [chain]


def test_a_revoked_certificate_is_known_from_the_proofs_in_the_file(letter: bytes):
    assert one(with_revocation(authority.signed(letter, "revoked"))).chain is CertificateChain.REVOKED


def test_each_outcome_has_its_own_sentence(letter: bytes, app):
    signed = authority.signed(letter)
    stamped = (*LETTER, "Dokumen ini telah ditandatangani secara elektronik")
    outcomes = {
        "B-B": signed,
        "B-LT": authority.signed(letter, long_term=True),
        "two signers": authority.signed(signed, "deputy", field="Sig2"),
        "one byte changed": signed.replace(b"Senin, 18 Januari", b"Senin, 19 Januari", 1),
        "a page appended": with_further_page(signed),
        "an incremental edit": changed_page(signed),
        "foreign": authority.signed(letter, "stranger"),
        "expired": authority.signed(letter, "expired"),
        "revoked": with_revocation(authority.signed(letter, "revoked")),
        "visible stamp only": paper(stamped),
        "unsigned": letter,
        "scan": scan(),
    }
    told = {name: [SIGNED_BY_OWN_CLOCK.sub("…", text) for text in said(data, app)] for name, data in outcomes.items()}
    assert told == SENTENCES
    assert len({tuple(sentences) for sentences in told.values()}) == len(outcomes)


def test_without_a_root_of_the_office_the_chain_is_called_unknown(letter: bytes, app):
    with app.test_request_context(), force_locale("id"):
        report = report_on(returned_pdf.read(authority.signed(letter), [], now=NOW), EXPECTED)
        told = [sentence.text for sentence in words.of_report(report, JAKARTA)]
    assert told[2] == (
        "Rantai tidak diketahui: menurut sertifikat, penerbitnya “Otoritas Uji”; dinas ini belum memasang sertifikat akar "
        "untuk memeriksanya."
    )


def test_whose_letter_it_is_stands_first(letter: bytes, app):
    other = paper([line.replace("Senin, 18", "Selasa, 19") for line in LETTER])
    with app.test_request_context(), force_locale("id"):
        first = [words.of_report(report_on(read(data), EXPECTED), JAKARTA)[0].text for data in (letter, other, scan())]
    assert first == [
        "Ini memang surat tersebut: kode, hari, jam, dan tempatnya ada di dalam teks.",
        "Tidak ditemukan dalam teks berkas: hari. Mohon periksa apakah berkasnya benar.",
        "Berkas ini tidak memuat teks, sehingga hanya mata yang dapat memastikan bahwa ini surat tersebut. Mohon dilihat.",
    ]


# Hostile files: refused, each with a sentence of its own.

BOMB = io.BytesIO()
with zipfile.ZipFile(BOMB, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("surat.pdf", b"\0" * 50_000_000)
WORD = io.BytesIO()
with zipfile.ZipFile(WORD, "w") as archive:
    archive.writestr("word/document.xml", b"<w:document/>")
ACTIONS = {
    "script when opened": {"catalog": "/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"},
    "script by name": {"catalog": "/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (1) >>] >> >>"},
    "script after a page": {"catalog": "/OpenAction << /S /GoTo /D [0 /Fit] /Next << /S /Launch /F (cmd.exe) >> >>"},
    "program behind a link": {
        "page": "/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /Launch /F (cmd.exe) >> >>]"
    },
    "enclosed file": {"catalog": "/Names << /EmbeddedFiles << /Names [(a.exe) << /Type /Filespec /F (a.exe) >>] >> >>"},
    "enclosed on a page": {"page": "/Annots [<< /Type /Annot /Subtype /FileAttachment /Rect [0 0 9 9] >>]"},
    "action of a page": {"page": "/AA << /O << /S /JavaScript /JS (1) >> >>"},
    "script of a field": {
        "catalog": "/AcroForm << /Fields [<< /FT /Tx /T (a) /AA << /C << /S /JavaScript /JS (1) >> >> >>] >>"
    },
    "form with scripts": {"catalog": "/AcroForm << /Fields [] /XFA 3 0 R >>"},
    "script of a bookmark": {"catalog": "/Outlines << /First << /Title (a) /A << /S /JavaScript /JS (1) >> >> >>"},
    "file that belongs to the document": {"catalog": "/AF [<< /Type /Filespec /F (a.exe) /EF << /F 3 0 R >> >>]"},
    "a name written in signs": {"catalog": "/Outlines << /First << /A << /S /Java#53cript /JS (1) >> >> >>"},
}
LAUNCHING = ACTIONS["program behind a link"]["page"]


UNREADABLE = {  # pyHanko gives up, and PDFium shows the page all the same
    "a wrong place of the table": paper(LETTER, page=LAUNCHING).replace(b"startxref\n", b"startxref\n9"),
    "no number of pages": paper(LETTER, page=LAUNCHING).replace(b"/Count 1", b""),
    "too few pages counted": paper(LETTER, page=LAUNCHING).replace(b"/Count 1", b"/Count 0"),
    "names that are none": paper(LETTER, page=LAUNCHING, catalog="/Names 99"),
}


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (b"", PdfMissing),
        (b"\0" * 9000, PdfMissing),
        (b"<!DOCTYPE html><html><body>Surat</body></html>", IsWebPageNamedPdf),
        (b"\xef\xbb\xbf\n <script>alert(1)</script>", IsWebPageNamedPdf),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', IsPicture),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, IsPicture),
        (b"\xff\xd8\xff\xe0" + b"\0" * 40, IsPicture),
        (BOMB.getvalue(), IsArchive),
        (WORD.getvalue(), IsWordFile),
        (b"MZ\x90\0 a program", NotAPdf),
        (b"%PDF-1.7\nnothing follows", PdfDamaged),
        (paper(LETTER)[:300], PdfDamaged),
        (b"%PDF-1.7\n" + b"\0" * returned_pdf.MOST_BYTES, PdfTooLarge),
        (paper(*[LETTER] * 61), TooManyPages),
    ],
)  # fmt: skip
def test_what_is_no_letter_is_refused_with_its_own_sentence(data: bytes, refused: type):
    with pytest.raises(refused):
        read(data)


@pytest.mark.parametrize("where", ACTIONS)
def test_a_pdf_that_would_run_something_at_its_reader_is_refused(where: str):
    assert read(paper(LETTER)).pages == 1
    with pytest.raises(PdfRunsPrograms):
        read(paper(LETTER, **ACTIONS[where]))


@pytest.mark.parametrize("how", UNREADABLE)
def test_so_is_one_whose_structure_is_broken_on_purpose(how: str):
    with pytest.raises(PdfRunsPrograms):
        read(UNREADABLE[how])


def test_so_is_one_that_hides_it_in_compressed_objects():
    hidden = zlib.compress(b"9 0 << /S /Launch /F (cmd.exe) >>")
    head = b"8 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(hidden)
    with pytest.raises(PdfRunsPrograms):
        read(paper(LETTER).replace(b"\nxref", b"\n" + head + hidden + b"\nendstream\nendobj\nxref"))


def test_a_link_to_an_address_is_allowed():
    link = "/Annots [<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (https://example.com) >> >>]"
    assert read(paper(LETTER, page=link)).pages == 1


def test_a_pdf_with_a_password_is_refused(letter: bytes):
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(letter)))
    writer.encrypt("rahasia", "rahasia")
    out = io.BytesIO()
    writer.write(out)
    with pytest.raises(PdfProtected):
        read(out.getvalue())


def bomb() -> bytes:
    """Return a PDF of some kilobytes whose page unpacks to gigabytes."""
    hexed = zlib.compress(zlib.compress(b"\0" * 100_000_000, 9), 9).hex()
    filters = "/Filter [/ASCIIHexDecode /FlateDecode /FlateDecode]"
    stream = f"<< /Length {len(hexed)} {filters} >>\nstream\n{hexed}\nendstream"
    return paper((), objects=[stream], contents=f"[{'4 0 R ' * 40}]")


def loop() -> bytes:
    """Return a PDF whose tree of pages contains itself."""
    return paper(LETTER).replace(b"/Kids [4 0 R]", b"/Kids [2 0 R]")


@pytest.mark.parametrize(("made", "refused"), [(bomb, PdfSwells), (loop, PdfDamaged)])
def test_a_file_made_to_hang_its_reader_ends_with_a_sentence(made: Callable[[], bytes], refused: type):
    with pytest.raises(refused):
        read(made())


def test_a_reader_that_takes_too_long_is_ended(letter: bytes, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(returned_pdf, "READ_WITHIN_S", 0.01)
    with pytest.raises(PdfTakesTooLong):
        read(letter)


def test_the_process_that_reads_it_knows_nothing_of_the_servers_secrets(
    letter: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen = tmp_path / "seen.txt"
    program = tmp_path / "program.py"
    program.write_text(
        f"import os, pathlib, sys\npathlib.Path({str(seen)!r}).write_text(' '.join(os.environ))\nsys.exit(3)\n"
    )
    monkeypatch.setenv("OUTREACH_SECRET_KEY", "a secret of the tests")
    monkeypatch.setattr(returned_pdf.pdf_process, "__file__", str(program))
    with pytest.raises(PdfProtected):
        read(letter)
    assert not [name for name in seen.read_text().split() if name.startswith(("OUTREACH", "PATH", "HOME"))]


def packed_page(drawn: bytes, *, filters: str = "/FlateDecode", kind: str = "", times: int = 1) -> bytes:
    """Return a PDF whose page shows what was drawn, packed."""
    for _time in range(times):
        drawn = zlib.compress(drawn, 9)
    stream = (
        f"<< {kind} /Length {2 * len(drawn)} /Filter [/ASCIIHexDecode {filters}] >>\nstream\n{drawn.hex()}\nendstream"
    )
    return paper((), objects=[stream], contents="4 0 R")


OPERATORS = b"BT /F1 10 Tf 50 780 Td (Surat) Tj ET\n"
SWELLING = {
    "text": {},
    "packed twice": {"filters": "/FlateDecode /FlateDecode", "times": 2},
    "called a picture": {"kind": "/Subtype /Image /Width 9 /Height 9"},
}


@pytest.mark.parametrize("how", SWELLING)
def test_a_page_that_unpacks_to_more_than_a_letter_is_refused_before_it_is_read(how: str):
    assert "Surat" in read(packed_page(OPERATORS, **SWELLING[how])).text
    size = pdf_process.MOST_UNPACKED // len(OPERATORS) + 1
    with pytest.raises(PdfSwells, match="unpacks to more"):
        read(packed_page(OPERATORS * size, **SWELLING[how]))


def test_a_large_picture_is_no_reason_to_refuse():
    shown = zlib.compress(bytes(range(256)) * 120_000, 1).hex()
    head = "/Type /XObject /Subtype /Image /Width 4800 /Height 6400 /BitsPerComponent 8 /ColorSpace /DeviceGray"
    stream = f"<< {head} /Length {len(shown)} /Filter [/ASCIIHexDecode /FlateDecode] >>\nstream\n{shown}\nendstream"
    assert read(paper(LETTER, objects=[stream])).pages == 1


def test_what_is_packed_so_that_nobody_can_look_into_it_is_refused():
    with pytest.raises(PdfPackedOddly):
        read(packed_page(b"\x80\x0b\x60\x50\x22\x0c\x0c\x85\x01", filters="/LZWDecode", times=0))


def spelled(size: int, filters: str = "/ASCII85Decode", kind: str = "") -> bytes:
    """Return a PDF with a stream of so many letters of ASCII85."""
    stream = f"<< {kind} /Length {size} /Filter [{filters}] >>\nstream\n{'A' * size}~>\nendstream"
    return paper(LETTER, objects=[stream])


@pytest.mark.parametrize(
    "made",
    [
        lambda: spelled(pdf_process.MOST_SPELLED + 1),
        lambda: spelled(100, "/FlateDecode /ASCII85Decode"),
    ],
)
def test_letters_of_ascii85_are_unpacked_only_as_far_as_that_is_quick(made: Callable[[], bytes]):
    with pytest.raises(pdf_process.PdfUnread) as refused:
        pdf_process.look_into(made())
    assert refused.value.code == pdf_process.ODD


def test_of_a_picture_in_ascii85_only_the_beginning_is_unpacked():
    """The rest is broken here, and nobody looks at it."""
    begins = "A" * 3 * pdf_process.BEGINS
    stream = f"<< /Subtype /Image /Filter /ASCII85Decode >>\nstream\n{begins}{'y' * 50}~>\nendstream"
    pdf_process.look_into(paper(LETTER, objects=[stream]))


@pytest.mark.parametrize("before", ["/Note (" + "x" * 5000 + ") ", "/Note (endobj) /Subtype /Image "])
def test_no_dictionary_hides_what_is_in_compressed_objects(before: str):
    hidden = zlib.compress(b"9 0 << /S /Launch /F (cmd.exe) >>")
    head = f"8 0 obj\n<< /Type /ObjStm {before}/N 1 /First 4 /Filter /FlateDecode /Length {len(hidden)} >>\nstream\n".encode()
    with pytest.raises(PdfRunsPrograms):
        read(paper(LETTER).replace(b"\nxref", b"\n" + head + hidden + b"\nendstream\nendobj\nxref"))


def test_the_process_that_reads_it_can_open_nothing(tmp_path: Path):
    """Seen from inside: a program that does as pdf_process does before it reads the file."""
    program = (
        f"import sys; sys.path.insert(0, {str(Path(pdf_process.__file__).parent)!r}); import pdf_process as p, socket\n"
        "p._limit(); p._load(*p.LOADED); p._open_nothing_more()\n"
        "for tried in (lambda: open('/etc/passwd'), socket.socket):\n"
        "    try: tried(); print('opened')\n"
        "    except OSError as refused: print(refused.errno)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.split() == [str(errno.EMFILE)] * 2
