"""What a spreadsheet's columns mean: guessed from their headings and their content."""

import pytest

from outreach.domain.directory.columns import Basis, KnownWords, guess, is_list
from outreach.domain.directory.spreadsheet import Column

KELURAHAN = {"imopuro", "yosodadi", "metro", "ganjar agung"}
METRO = KnownWords(
    kelurahan=lambda text: text.lower().removeprefix("kel. ") in KELURAHAN,
    kecamatan=frozenset({"metropusat", "metrotimur"}),
    organisations=frozenset({"polresmetro"}),
)
ANI = ["1", "Ani Wijaya", "P", "Imopuro", "0812-3456-7890", "ani@example.com", "PATBM"]
BUDI = ["2", "BUDI SANTOSO", "L", "Kel. Yosodadi", 81234567891.0, "-", "PKK, Posyandu"]
SITI = ["3", "Hj. Siti Rahmawati, S.Pd.", "P", "Metro", "6281234567892", "siti@example,com", "PKK"]
PEOPLE = [ANI, BUDI, SITI]
ALL = {
    Column.NAME: 1, Column.SEX: 2, Column.KELURAHAN: 3, Column.PHONE: 4, Column.EMAIL: 5, Column.KIND: 6,
}  # fmt: skip


def bases(layout):
    return {column: basis for column, basis in layout.bases.items() if basis is not Basis.HEADING}


def test_a_kelurahan_below_the_heading_alamat_is_recognised_by_its_content():
    layout = guess([["NO", "NAMA", "JK", "ALAMAT", "NO HP", "EMAIL", "JENIS KADER"], *PEOPLE], METRO)
    assert layout.columns == ALL
    assert bases(layout) == {Column.KELURAHAN: Basis.CONTENT}


def test_a_list_whose_headings_say_nothing_is_read_by_its_content():
    layout = guess([["DAFTAR"], [], ["A", "B", "C", "D", "E", "F", "G"], *PEOPLE], METRO)
    assert (layout.header_number, layout.columns) == (3, ALL)
    assert set(layout.bases.values()) == {Basis.CONTENT}


def test_a_list_without_headings_begins_with_its_first_row():
    layout = guess(PEOPLE, METRO)
    assert (layout.header_number, layout.columns, layout.headings) == (0, ALL, ("",) * 7)


def test_headings_that_do_not_match_their_content_are_ignored():
    header = ["No", "Kader", "JK", "Kecamatan", "Kontak", "HP", "Unsur"]
    mail_and_phone = [[row[0], row[1], row[2], row[3], row[5], row[4], row[6]] for row in PEOPLE]
    layout = guess([header, *mail_and_phone], METRO)
    assert layout.columns == {
        Column.NAME: 1, Column.SEX: 2, Column.KELURAHAN: 3, Column.EMAIL: 4, Column.PHONE: 5, Column.KIND: 6,
    }  # fmt: skip


@pytest.mark.parametrize("heading", ["Organisasi", "Lembaga", "Jabatan"])
def test_kinds_of_cadres_below_a_wrong_heading_are_recognised_by_their_content(heading):
    layout = guess([["NO", "NAMA", "JK", "KELURAHAN", "NO HP", "EMAIL", heading], *PEOPLE], METRO)
    assert layout.columns == ALL
    assert bases(layout) == {Column.KIND: Basis.CONTENT}


def test_organisations_beside_a_column_of_kinds_stay_organisations():
    rows = [[*row, at] for row, at in zip(PEOPLE, ("PKK", "PKK", "Posyandu"), strict=True)]
    layout = guess([["NO", "NAMA", "JK", "KELURAHAN", "NO HP", "EMAIL", "JENIS KADER", "ORGANISASI"], *rows], METRO)
    assert layout.columns == {**ALL, Column.ORGANISATION: 7}


def test_a_list_from_another_town_keeps_its_column_with_the_heading_kelurahan():
    rows = [["Ani", "Kotabumi"], ["Budi", "Way Kanan"], ["Siti", "Natar"]]
    assert guess([["Nama", "Kelurahan"], *rows], METRO).columns == {Column.NAME: 0, Column.KELURAHAN: 1}


@pytest.mark.parametrize("heading", ["NIK", "No. KTP", "Tanggal Lahir", "No. Rekening", "Umur", "No", "RT"])
def test_other_numbers_are_not_mistaken_for_phone_numbers(heading):
    rows = [[name, "Metro", "08123456789"] for name in ("Ani Wijaya", "Budi Santoso", "Siti Aminah")]
    assert Column.PHONE not in guess([["Nama", "Kelurahan", heading], *rows], METRO).columns


def test_the_number_and_address_of_an_adjutant_are_not_taken_for_the_persons_own():
    header = ["No", "Nama", "Jabatan", "Nama Ajudan", "No. HP Ajudan", "E-mail Sekretaris Pribadi"]
    rows = [
        ["1", "Budi Santoso", "Kapolres", "Rina Astuti", "0812-3456-7890", "rina@example.com"],
        ["2", "Sari Wulandari", "Kepala Dinas", "Tono Wijaya", "0812-3456-7891", "tono@example.com"],
    ]
    assert guess([header, *rows], METRO).columns == {Column.NAME: 1, Column.POST: 2}


def test_if_two_columns_have_one_meaning_the_filled_one_counts():
    rows = [["Ani Wijaya", "", "08123456789"], ["Budi Santoso", "", "08123456788"]]
    assert guess([["Nama", "HP", "No. WA"], *rows], METRO).columns == {Column.NAME: 0, Column.PHONE: 2}


def test_offices_and_posts_are_recognised_by_their_words():
    rows = [
        ["AKBP Heri Sulistyo", "Kapolres", "Polres Metro"],
        ["Joko Susilo", "Kepala Bidang PPA", "Dinas P3AP2KB"],
        ["Rina Wati", "Guru BK", "SMPN 1 Metro"],
    ]
    assert guess([["a", "b", "c"], *rows], METRO).columns == {Column.NAME: 0, Column.POST: 1, Column.ORGANISATION: 2}


def test_columns_can_be_chosen_for_a_sheet_in_which_nothing_is_recognised():
    layout = guess([["x", "y"], ["1", "2"], ["3", "4"]], METRO)
    assert (layout.header_number, layout.columns, is_list(layout)) == (1, {}, False)
    chosen = layout.with_columns({1: Column.NAME}, Basis.CHOSEN)
    assert (chosen.columns, chosen.bases, chosen.column_at(1)) == (
        {Column.NAME: 1},
        {Column.NAME: Basis.CHOSEN},
        Column.NAME,
    )


def test_a_sheet_of_one_column_or_without_any_text_is_no_list():
    assert guess([["Rekap"], ["Jumlah"]], METRO) is None
    assert guess([[], [None, ""]], METRO) is None


def test_a_correction_does_not_change_how_the_other_columns_were_recognised():
    layout = guess([["Nama", "ALAMAT", "Y"], ["Ani Wijaya", "Imopuro", "x"], ["Budi S", "Metro", "y"]], METRO)
    chosen = layout.with_columns({0: Column.NAME, 1: Column.KELURAHAN, 2: Column.POST}, Basis.CHOSEN)
    assert chosen.bases == {
        Column.NAME: Basis.HEADING,
        Column.KELURAHAN: Basis.CONTENT,
        Column.POST: Basis.CHOSEN,
    }


def test_files_with_the_same_headings_have_one_shape_whatever_their_rows():
    header = ["No.", "NAMA", "Alamat "]
    first = guess([header, ["1", "Ani Wijaya", "Imopuro"]], METRO)
    second = guess([["Judul"], header, ["1", "Budi Santoso", "Jl. Mawar"]], METRO)
    assert first.shape == second.shape != guess([["No", "Nama", "Wilayah"], ["1", "Ani", "Metro"]], METRO).shape
