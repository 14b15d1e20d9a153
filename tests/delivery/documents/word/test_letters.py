"""A letter as .docx says what its values say, and Srikandi's variables stay as they are."""

import io
import re
import shutil
import subprocess
from dataclasses import replace

import pypdfium2
import pytest
from docx import Document

from outreach.delivery.documents import letters as typeset_letters
from outreach.delivery.documents.typeset import press
from outreach.delivery.documents.word import form, letters
from outreach.delivery.documents.word.letters import VARIABLES, LetterCodeMissing, VariableNotOnce
from outreach.delivery.documents.word.render import WordFormWrong
from outreach.domain.documents import Letterhead, Signatory
from outreach.domain.letters.values import NO_FEE, Addressee, AgendaLine
from tests.support.word_forms import a_form, changed, entries, own_form, packed, text_of
from tests.world import NOW
from tests.world.letters.signed import FIVE
from tests.world.letters.signed import SAMPLE as LETTER

SPELLED = [
    "${nomor_naskah}", "${tanggal_naskah}", "${sifat}", "${hal}", "${jabatan_pengirim}", "${ttd_pengirim}",
    "${nama_pengirim}", "${nip_pengirim}",
]  # fmt: skip
DOCUMENT = "word/document.xml"
BARE = replace(
    LETTER, number="", dated_on=None, signatory=Signatory(), copies=(), agenda=(), attachments="", facts=(),
    letterhead=Letterhead(), addressees=LETTER.addressees[:1],
)  # fmt: skip


def word_of(values=LETTER, **options):
    return letters.word(values, **{"office": "DP3AP2KB", "zone": "WIB", "at": NOW, **options})


def konsep_of(values=LETTER, **options):
    return letters.konsep(values, **{"office": "DP3AP2KB", "zone": "WIB", "at": NOW, **options})


@pytest.fixture(scope="module")
def konsep():
    return konsep_of(replace(LETTER, addressees=FIVE))


def test_each_variable_stands_once_and_unbroken_in_one_run(konsep):
    xml = entries(konsep.data)[DOCUMENT].decode()
    assert list(VARIABLES.values()) == SPELLED
    for variable in SPELLED:
        assert xml.count(variable) == 1
        assert len(re.findall(rf"<w:t(?: [^>]*)?>[^<]*{re.escape(variable)}[^<]*</w:t>", xml)) == 1
    assert sorted(re.findall(r"\$\{\w+\}", xml)) == sorted(SPELLED)
    others = {name: data for name, data in entries(konsep.data).items() if name != DOCUMENT}
    assert not [name for name, data in others.items() if b"${" in data]


def test_srikandis_values_stand_in_the_konsep_at_their_places(konsep):
    text = text_of(konsep.data)
    for part in (
        "Metro, ${tanggal_naskah}", "Nomor\n:\n${nomor_naskah}", "Sifat\n:\n${sifat}", "Hal\n:\n${hal}",
        "${jabatan_pengirim},\n${ttd_pengirim}\n${nama_pengirim}\nPembina Utama Muda\nNIP ${nip_pengirim}",
    ):  # fmt: skip
        assert part in text
    assert "005/12/2027" not in text
    assert "Nama Contoh" not in text


def test_a_text_that_looks_like_a_variable_is_none_in_the_konsep():
    made = konsep_of(replace(LETTER, opening="Kegiatan ${hal} dan ${apa_saja}", copies=("${nomor_naskah}",)))
    assert "".join(made.runs).count("${") == len(SPELLED)
    text = "".join(made.runs).replace("\u2060", "")
    assert "Kegiatan ${hal} dan ${apa_saja}" in text


def test_the_parts_stand_in_the_order_of_the_pdf():
    typst = typeset_letters.shipped_form().decode().partition("#let parts = (")[2].partition(")")[0]
    assert [part.__name__ for part in form.PARTS] == re.findall(r"\w+", typst)


def test_a_letter_has_all_its_parts_in_order():
    made = word_of()
    text, foot = text_of(made.data), " ".join(made.beside)
    parts = [
        "PEMERINTAH KOTA METRO", "DINAS CONTOH", "Jl. Contoh 1, Kota Metro", "Metro, 4 Januari 2027",
        "Nomor\n:\n005/12/2027", "Sifat\n:\nSegera", "Lampiran\n:\nsatu berkas", "Hal\n:\nUndangan",
        "Yth.1.Ibu Sri Wahyuni, S.H.Lurah Metro", "2.Kapolres Metro", "di Tempat", "Sehubungan dengan kegiatan",
        "hari/tanggal\n:\nSenin, 18 Januari 2027", "waktu\n:\npukul 08.00 WIB s.d. selesai", "tempat\n:\nAula",
        "Demikian undangan ini.\nTerima kasih.", "Kepala Dinas,", "Nama Contoh", "Pembina Utama Muda",
        "NIP 19700101 199001 1 001", "Tembusan:\n1.Wali Kota Metro\n2.Arsip",
        "Lampiran surat\nNomor 005/12/2027\nTanggal 4 Januari 2027",
        "SUSUNAN ACARA\nWaktu (WIB)\nAcara\nNarasumber/Petugas\n08.00 – 09.00\nPembukaan\nAni\n09.00 – 10.00\nRujukan\nBudi",
    ]  # fmt: skip
    places = [text.find(part) for part in parts]
    assert -1 not in places, list(zip(parts, places, strict=True))
    assert places == sorted(places)
    assert foot == f"Kode surat: K7QF-3MXD-92WA Periksa surat ini di {LETTER.check_url} {NO_FEE}"


def test_what_a_letter_does_not_have_yet_leaves_room():
    text = text_of(word_of(BARE).data)
    assert "Metro, …" in text
    assert "Nomor\n:\n…" in text
    assert "Lampiran\n:\n-" in text
    assert not [word for word in ("NIP", "Tembusan", "Lampiran surat", "{{", "{%") if word in text]


def test_a_long_line_of_the_letterhead_is_broken_where_the_pdf_breaks_it():
    office = "DINAS PEMBERDAYAAN PEREMPUAN, PERLINDUNGAN ANAK, PENGENDALIAN PENDUDUK DAN KELUARGA BERENCANA KOTA METRO"
    long = replace(LETTER, letterhead=Letterhead(("PEMERINTAH KOTA METRO", office)))
    with press() as own:
        pdf = own.pdf(typeset_letters.files_of(long, draft=False, office="", zone="WIB"), at=NOW)
    with pypdfium2.PdfDocument(pdf) as document:
        lines = document[0].get_textpage().get_text_range().splitlines()
    printed = [line.strip() for line in lines if line.strip() and line.strip() in office]
    in_word = Document(io.BytesIO(word_of(long).data)).paragraphs
    (shown,) = [one.text for one in in_word if one.text.split() == office.split()]
    assert len(printed) > 1
    assert shown.split("\n") == printed


def test_one_addressee_has_no_number_and_five_stand_in_a_list():
    assert "Yth.Kapolres Metro\ndi Tempat" in text_of(word_of(replace(LETTER, addressees=LETTER.addressees[1:])).data)
    text = text_of(word_of(replace(LETTER, addressees=FIVE, agenda=())).data)
    assert "Yth. (daftar terlampir)\ndi Tempat" in text
    assert "DAFTAR YANG DITUJU\n1.Lurah AKecamatan Metro Pusat\n2.Lurah B" in text


def test_two_activities_are_two_tables_and_each_day_of_an_agenda_has_its_line():
    facts = (("hari/tanggal", "Senin"), ("acara", "Rapat"), ("hari/tanggal", "Selasa"), ("acara", "Sosialisasi"))
    agenda = (
        AgendaLine("08.00", "Satu", day="Senin"),
        AgendaLine("09.00", "Dua", day="Senin"),
        AgendaLine("08.00", "Tiga", day="Selasa"),
    )
    data = word_of(replace(LETTER, facts=facts, agenda=agenda)).data
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in Document(io.BytesIO(data)).tables]
    assert [["hari/tanggal", ":", "Senin"], ["acara", ":", "Rapat"]] in tables
    assert [["hari/tanggal", ":", "Selasa"], ["acara", ":", "Sosialisasi"]] in tables
    assert [row[:2] for row in tables[-1][1:]] == [
        ["Senin"] * 2,
        ["08.00", "Satu"],
        ["09.00", "Dua"],
        ["Selasa"] * 2,
        ["08.00", "Tiga"],
    ]


def test_title_and_author_are_ours_and_nothing_of_the_templates_maker_is_left():
    own = form.shipped()
    own = changed(own, "docProps/core.xml", "python-docx", "Pembuat Templat")
    document = Document(io.BytesIO(word_of(replace(LETTER, subject="Rapat & <koordinasi>"), form=own).data))
    has = document.core_properties
    assert (has.title, has.author, has.last_modified_by) == ("Rapat & <koordinasi> 005/12/2027", "DP3AP2KB", "DP3AP2KB")
    assert (has.subject, has.comments, has.keywords) == ("", "", "")
    assert (has.created, has.modified) == (NOW.replace(microsecond=0), NOW.replace(microsecond=0))


def test_texts_with_markup_are_printed_as_they_are():
    hostile = "<w:br/></w:t> & \"x\" 'y' {{ nomor }} {% for %} ]]> &lt; <!-- \u202e\x0b\x07\x00"
    shown = "<w:br/></w:t> & \"x\" 'y' {{ nomor }} {% for %} ]]> &lt; <!-- "
    values = replace(
        LETTER, opening=hostile, subject=hostile, facts=((hostile, hostile),), agenda=(AgendaLine(hostile, hostile, hostile),),
        addressees=(Addressee((hostile,)),), copies=(hostile,), letterhead=Letterhead((hostile,), (hostile,)), place=hostile,
        signatory=Signatory(hostile, hostile, hostile, hostile, hostile), number=hostile, closing=hostile,
    )  # fmt: skip
    made = word_of(values, office=hostile)
    assert "".join(made.runs).count(shown) >= 15
    assert Document(io.BytesIO(made.data)).core_properties.author == shown


def test_the_qr_code_and_the_emblem_are_in_the_file():
    emblem = letters.qr("lambang")
    media = [data for name, data in entries(word_of(emblem=emblem).data).items() if name.startswith("word/media/")]
    assert emblem in media
    assert letters.qr(LETTER.check_url) in media
    assert "<w:drawing" not in entries(word_of().data)[DOCUMENT].decode()


def test_the_shipped_template_is_one_that_an_office_could_upload():
    letters.check_form(form.shipped(), full=LETTER, bare=BARE, at=NOW)


def test_an_office_can_change_the_template_in_word():
    own = own_form("Tembusan:", "Tembusan disampaikan kepada Yth.:")
    letters.check_form(own, full=LETTER, bare=BARE, at=NOW)
    assert "Tembusan disampaikan kepada Yth.:\n1.Wali Kota Metro" in text_of(word_of(form=own).data)


def test_a_placeholder_that_word_split_over_runs_still_stands_in_one_run():
    own = own_form(
        "{{ nip }}", '{{ </w:t></w:r><w:proofErr w:type="spellStart"/><w:r><w:t>n</w:t></w:r><w:r><w:t>ip }}'
    )
    assert "NIP ${nip_pengirim}" in konsep_of(form=own).runs


@pytest.mark.parametrize(("old", "new", "count"), [("{{ ttd }}", "Tanda tangan", 0), ("{{ di }}", "{{ nomor }}", 2)])
def test_a_template_in_which_a_variable_would_stand_twice_or_nowhere_is_refused(old, new, count):
    with pytest.raises(VariableNotOnce) as refused:
        letters.check_form(own_form(old, new), full=LETTER, bare=BARE, at=NOW)
    assert refused.value.values == {"name": "nomor" if count else "ttd", "count": count}


def test_a_template_that_only_holds_for_some_letters_is_refused():
    with pytest.raises(WordFormWrong) as refused:
        letters.check_form(own_form("{{ di }}", "{{ susunan_acara[0].waktu }}"), full=LETTER, bare=BARE, at=NOW)
    assert "has no element 0" in refused.value.values["said"]


def test_a_jpeg_that_python_docx_cannot_read_is_drawn_as_png():
    jpeg = entries(a_form())["docProps/thumbnail.jpeg"]
    assert jpeg[:4] + jpeg[6:10] == b"\xff\xd8\xff\xe0JFIF"
    after = 4 + int.from_bytes(jpeg[4:6])
    browsers = b"\xff\xd8" + jpeg[after:]
    for picture, ending in ((jpeg, "jpg"), (browsers, "png")):
        names = [name for name in entries(word_of(emblem=picture).data) if name.startswith("word/media/")]
        assert any(name.endswith(ending) for name in names), names


def test_no_picture_of_the_template_stands_for_the_letter():
    assert "docProps/thumbnail.jpeg" in entries(form.shipped())
    assert "docProps/thumbnail.jpeg" not in entries(word_of().data)


@pytest.mark.parametrize(
    ("name", "missing"), [("kode", ("{{ kode }}", "{{ alamat_periksa }}")), ("tanpa_biaya", ("{{ tanpa_biaya }}",))]
)
def test_a_template_without_the_code_or_the_sentence_about_fees_is_refused(name, missing):
    own = form.shipped()
    for one in missing:
        own = changed(own, "word/footer1.xml", one, "-")
    with pytest.raises(LetterCodeMissing) as refused:
        letters.check_form(own, full=LETTER, bare=BARE, at=NOW)
    assert refused.value.values == {"name": name}


# --- As LibreOffice reads it ---


@pytest.fixture(scope="module")
def pages(tmp_path_factory, konsep):
    """Return the text of each page of each document, as LibreOffice prints it."""
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed (Debian: apt-get install libreoffice-writer-nogui)")
    folder = tmp_path_factory.mktemp("office")
    back = entries(konsep.data)
    back[DOCUMENT] = (
        back[DOCUMENT].replace(b"${nomor_naskah}", b"800/77/2027").replace(b"${tanggal_naskah}", b"7 Januari 2027")
    )
    for name, data in {"word": word_of().data, "srikandi": packed(back)}.items():
        (folder / f"{name}.docx").write_bytes(data)
    subprocess.run(
        [program, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "pdf", "--outdir",
         str(folder), *map(str, folder.glob("*.docx"))],
        check=True, capture_output=True,
    )  # fmt: skip
    return {file.stem: texts(file) for file in folder.glob("*.pdf")}


def texts(file):
    with pypdfium2.PdfDocument(file) as document:
        return [re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in document]


def test_libreoffice_shows_a_reader_all_of_the_letter(pages):
    first, agenda = pages["word"]
    parts = [
        "PEMERINTAH KOTA METRO DINAS CONTOH Jl. Contoh 1, Kota Metro", "Metro, 4 Januari 2027", "Nomor : 005/12/2027",
        "Sifat : Segera", "Lampiran : satu berkas", "Hal : Undangan", "Yth. 1. Ibu Sri Wahyuni, S.H. Lurah Metro",
        "2. Kapolres Metro", "di Tempat", "Sehubungan dengan kegiatan Rapat koordinasi,", "hari/tanggal : Senin, 18 Januari 2027",
        "waktu : pukul 08.00 WIB s.d. selesai", "tempat : Aula", "Terima kasih.", "Kepala Dinas,", "Nama Contoh",
        "Pembina Utama Muda", "NIP 19700101 199001 1 001", "Tembusan: 1. Wali Kota Metro 2. Arsip",
    ]  # fmt: skip
    # With another font, a narrow gap before a colon is no space.
    said = first.replace(" : ", ": ")
    places = [said.find(part.replace(" : ", ": ")) for part in parts]
    assert -1 not in places, [first, list(zip(parts, places, strict=True))]
    assert places == sorted(places)
    assert "Lampiran surat Nomor 005/12/2027 Tanggal 4 Januari 2027 SUSUNAN ACARA Waktu (WIB) Acara" in agenda
    foot = f"Kode surat: K7QF-3MXD-92WA Periksa surat ini di {LETTER.check_url} {NO_FEE}"
    assert [foot in page for page in pages["word"]] == [True, True]


def test_what_srikandi_fills_in_once_stands_on_the_attached_pages_too(pages):
    first, listed, agenda = pages["srikandi"]
    assert "Metro, 7 Januari 2027" in first
    assert "Nomor : 800/77/2027" in first
    assert "${jabatan_pengirim}, ${ttd_pengirim} ${nama_pengirim} Pembina Utama Muda NIP ${nip_pengirim}" in first
    assert "Lampiran surat Nomor 800/77/2027 Tanggal 7 Januari 2027 DAFTAR YANG DITUJU 1. Lurah A" in listed
    assert "Lampiran surat Nomor 800/77/2027 Tanggal 7 Januari 2027 SUSUNAN ACARA" in agenda
