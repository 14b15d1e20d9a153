"""A letter as PDF says what its values say: read back from the file."""

import contextlib
import re
from dataclasses import replace

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.delivery.documents import letters, typeset
from outreach.delivery.documents.typeset import CharacterWithoutFont
from outreach.domain.documents import Letterhead, Signatory
from outreach.domain.letters.values import NO_FEE, Addressee, AgendaLine
from tests.world import NOW
from tests.world.barcodes import read_from_pixels
from tests.world.letters.signed import SAMPLE as LETTER


@pytest.fixture(scope="module")
def press():
    with typeset.press() as running:
        yield running


def pdf_of(press, values=LETTER, **options):
    files = letters.files_of(values, **{"draft": True, "office": "DP3AP2KB", "zone": "WIB", **options})
    return press.pdf(files, at=NOW)


def pages_of(data):
    """Return the text of each page, with any run of blanks as one."""
    with pypdfium2.PdfDocument(data) as document:
        return [re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in document]


def test_a_letter_has_all_its_parts_in_order(press):
    first, agenda = pages_of(pdf_of(press))
    parts = [
        "PEMERINTAH KOTA METRO", "DINAS CONTOH", "Jl. Contoh 1, Kota Metro", "Metro, 4 Januari 2027",
        "Nomor : 005/12/2027", "Sifat : Segera", "Lampiran : satu berkas", "Hal : Undangan",
        "Yth. 1. Ibu Sri Wahyuni, S.H. Lurah Metro", "2. Kapolres Metro", "di Tempat",
        "Sehubungan dengan kegiatan Rapat koordinasi,", "hari/tanggal : Senin, 18 Januari 2027",
        "waktu : pukul 08.00 WIB s.d. selesai", "tempat : Aula", "Terima kasih.", "Kepala Dinas,", "Nama Contoh",
        "Pembina Utama Muda", "NIP 19700101 199001 1 001", "Tembusan: 1. Wali Kota Metro 2. Arsip",
        "Kode surat: K7QF-3MXD-92WA", "https://undangan.example.com/l/K7QF-3MXD-92WA", NO_FEE,
    ]  # fmt: skip
    places = [first.find(part) for part in parts]
    assert places == sorted(places), list(zip(parts, places, strict=True))
    assert -1 not in places, list(zip(parts, places, strict=True))
    assert "Lampiran surat Nomor 005/12/2027 Tanggal 4 Januari 2027 SUSUNAN ACARA" in agenda
    assert "Waktu (WIB) Acara Narasumber/Petugas 08.00 – 09.00 Pembukaan Ani 09.00 – 10.00 Rujukan Budi" in agenda


def test_each_page_says_konsep_and_the_code_until_it_is_signed(press):
    drafts = pages_of(pdf_of(press))
    assert len(drafts) == 2
    assert all("KONSEP" in page and "K7QF-3MXD-92WA" in page and NO_FEE in page for page in drafts)
    clean = pages_of(pdf_of(press, draft=False))
    assert all("KONSEP" not in page and "K7QF-3MXD-92WA" in page and NO_FEE in page for page in clean)


def test_the_file_is_pdf_a_2b_and_the_same_each_time(press):
    data = pdf_of(press)
    assert re.search(rb"<pdfaid:part>2</pdfaid:part>\s*<pdfaid:conformance>B</pdfaid:conformance>", data)
    assert data == pdf_of(press)
    assert b"Undangan 005/12/2027" in data  # its title, for lists of files


def test_five_addressees_stand_in_an_attached_list_that_repeats_the_number(press):
    five = tuple(Addressee((f"Lurah {name}", "Kecamatan Metro Pusat")) for name in "ABCDE")
    first, listed = pages_of(pdf_of(press, replace(LETTER, addressees=five, agenda=())))
    assert "Yth. (daftar terlampir)" in first
    assert "Lurah A" not in first
    assert "Nomor 005/12/2027 Tanggal 4 Januari 2027 DAFTAR YANG DITUJU" in listed
    assert "1. Lurah A Kecamatan Metro Pusat 2. Lurah B" in listed
    assert "5. Lurah E" in listed


def test_a_letter_without_number_date_and_signatory_leaves_room_for_them(press):
    bare = replace(LETTER, number="", dated_on=None, signatory=Signatory(), copies=(), agenda=(), attachments="")
    [page] = pages_of(pdf_of(press, bare))
    assert "Metro, …" in page
    assert "Nomor : …" in page
    assert "Lampiran : -" in page
    assert "NIP" not in page
    assert "Tembusan" not in page


def test_texts_with_markup_are_printed_as_they_are(press):
    hostile = '#read("/etc/passwd") *tebal* _miring_ $x$ \\ @preview/a `b` // c <d> [e] "f" ~ -- = g'
    values = replace(
        LETTER, opening=hostile, subject=hostile, facts=((hostile, hostile),), agenda=(AgendaLine(hostile, hostile),),
        addressees=(Addressee((hostile,)),), copies=(hostile,), letterhead=Letterhead((hostile,), (hostile,)),
    )  # fmt: skip
    text = " ".join(pages_of(pdf_of(press, values)))
    assert "root:" not in text
    assert text.replace(" ", "").count(hostile.replace(" ", "")) >= 5


def test_the_qr_code_of_each_page_leads_to_the_check_page(press):
    with pypdfium2.PdfDocument(pdf_of(press)) as document:
        for page in document:
            assert read_from_pixels(page.render(scale=3, grayscale=True)) == [LETTER.check_url]


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_printed_or_its_character_is_named(press, text):
    values = replace(
        LETTER, opening=text, subject=text, addressees=(Addressee((text, text)),), agenda=(AgendaLine(text, text),)
    )
    with contextlib.suppress(CharacterWithoutFont):
        assert len(pages_of(pdf_of(press, values))) >= 2  # many line ends need more


def test_a_character_that_no_font_has_is_named(press):
    with pytest.raises(CharacterWithoutFont) as refused:
        pdf_of(press, replace(LETTER, opening="Rapat 😀"))
    assert refused.value.values == {"character": "😀"}
    assert "Ḥasan Ñ → ≥ №" in pages_of(pdf_of(press, replace(LETTER, opening="Ḥasan Ñ → ≥ №")))[0]


def test_two_activities_are_two_blocks_of_facts(press):
    facts = (("hari/tanggal", "Senin"), ("acara", "Rapat"), ("hari/tanggal", "Selasa"), ("acara", "Sosialisasi"))
    first = pages_of(pdf_of(press, replace(LETTER, facts=facts)))[0]
    assert "hari/tanggal : Senin acara : Rapat hari/tanggal : Selasa acara : Sosialisasi" in first


def test_an_agenda_over_several_days_names_each_day(press):
    agenda = (
        AgendaLine("08.00", "Satu", day="Senin, 18 Januari 2027"),
        AgendaLine("08.00", "Dua", day="Selasa, 19 Januari 2027"),
    )
    page = pages_of(pdf_of(press, replace(LETTER, agenda=agenda)))[1]
    assert "Senin, 18 Januari 2027 08.00 Satu Selasa, 19 Januari 2027 08.00 Dua" in page


def test_a_long_agenda_goes_on_over_pages_and_each_has_the_code(press):
    agenda = tuple(AgendaLine("08.00 – 09.00", f"Materi nomor {number}") for number in range(90))
    pages = pages_of(pdf_of(press, replace(LETTER, agenda=agenda)))
    assert len(pages) > 3
    assert all("K7QF-3MXD-92WA" in page for page in pages)
    assert all("Waktu (WIB)" in page for page in pages[1:])


def test_the_emblem_stands_beside_the_letterhead(press):
    def pixels(**options):
        files = letters.files_of(LETTER, draft=False, office="", zone="WIB", **options)
        return press.pictures(files, ppi=30, at=NOW)[0]

    assert pixels() == pixels()
    assert pixels() != pixels(emblem=pixels())  # a PNG


def test_pictures_are_one_png_for_each_page(press):
    files = letters.files_of(LETTER, draft=True, office="", zone="WIB")
    assert [picture[:8] for picture in press.pictures(files, ppi=40, at=NOW)] == [b"\x89PNG\r\n\x1a\n"] * 2


def test_the_order_of_the_parts_is_one_list_in_the_template():
    form = letters.shipped_form().decode()
    order = form.partition("#let parts = (")[2].partition(")")[0]
    parts = re.findall(r"\w+", order)
    assert parts == [
        "head", "place_and_date", "about", "addressees", "opening", "facts", "closing", "signature", "copies",
        "attached_list", "attached_agenda",
    ]  # fmt: skip
    assert all(form.count(f"#let {part} =") == 1 for part in parts)


def test_an_office_can_move_a_part_in_a_template_of_its_own(press):
    own = letters.shipped_form().decode().replace("  head,\n  place_and_date,\n", "  place_and_date,\n  head,\n")
    page = pages_of(pdf_of(press, form=own))[0]
    assert page.find("Metro, 4 Januari 2027") < page.find("PEMERINTAH KOTA METRO")


def test_a_long_line_of_the_letterhead_is_broken_into_parts_of_about_the_same_width(press):
    office = "DINAS PEMBERDAYAAN PEREMPUAN, PERLINDUNGAN ANAK, PENGENDALIAN PENDUDUK DAN KELUARGA BERENCANA KOTA METRO"
    with pypdfium2.PdfDocument(pdf_of(press, replace(LETTER, letterhead=Letterhead((office,))))) as document:
        lines = document[0].get_textpage().get_text_range().splitlines()
    head = [line.strip() for line in lines if line.strip() and line.strip() in office]
    assert " ".join(head) == office
    assert min(map(len, head)) > max(map(len, head)) / 2


HOSTILE = [
    '#read("/etc/passwd")',
    "Ani\r\nBcc: x@example.com",
    "\u202efdp.exe",
    "{{ 7*7 }}",
    "</w:t>",
    "${nip_pengirim}",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_only_text(press, name):
    first = pages_of(pdf_of(press, replace(LETTER, addressees=(Addressee((name, "Lurah Metro")),))))[0]
    seen = re.sub(r"\s+", " ", name.replace("\u202e", ""))
    assert f"Yth. {seen} Lurah Metro" in re.sub(r"[\u202a-\u202e\u2066-\u2069]", "", first)
    assert "root:" not in first
