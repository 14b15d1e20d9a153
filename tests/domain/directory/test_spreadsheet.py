"""Finding the people in spreadsheets that were designed for printing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.directory import columns, spreadsheet
from outreach.domain.directory.spreadsheet import HEADER_WITHIN, Column, rows_below
from outreach.domain.kinds import AgeGroup, CadreKind, Sex

HEADER = ["No", "Nama", "Kelurahan"]
ANI = [1.0, "Ani", "Metro"]


def rows_of(sheet):
    layout = columns.guess(sheet)
    return list(rows_below(sheet, layout.header_number, layout.columns)) if columns.is_list(layout) else None


def names_in(*sheet):
    rows = rows_of(sheet)
    return None if rows is None else [(row.number, row.text(Column.NAME)) for row in rows]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Nama Lengkap", Column.NAME), ("NAMA", Column.NAME), ("Nama Kader", Column.NAME), ("Full name", Column.NAME),
        ("L/P", Column.SEX), ("Jenis Kelamin", Column.SEX), ("Usia", Column.AGE_GROUP), ("Kelompok Umur", Column.AGE_GROUP),
        ("Sumber Daya Manusia", None), ("Kelurahan", Column.KELURAHAN), ("Kel/Desa", Column.KELURAHAN),
        ("Desa/Kelurahan", Column.KELURAHAN), ("Nama Kelurahan", Column.KELURAHAN), ("Kec.", Column.KECAMATAN),
        ("No. HP/WA", Column.PHONE), ("No. Telp", Column.PHONE), ("Nomor WhatsApp", Column.PHONE), ("HP", Column.PHONE),
        ("Handphone", Column.PHONE), ("E-mail", Column.EMAIL), ("Alamat Surel", Column.EMAIL), ("Pos-el", Column.EMAIL),
        ("Jenis Kader", Column.KIND), ("Unsur", Column.KIND), ("Kader", Column.KIND), ("Jabatan", Column.POST),
        ("Asal Instansi", Column.ORGANISATION), ("Nama Instansi", Column.ORGANISATION), ("Unit Kerja", Column.ORGANISATION),
        ("No", None), ("NIK", None), ("Alamat", None), ("Keterangan", None), ("", None), ("Tanggal Lahir", None),
    ],
)  # fmt: skip
def test_headings_are_recognised_in_their_spellings(header, column):
    assert spreadsheet.column_named(header) == column


def test_the_header_is_found_below_titles_and_rows_keep_the_spreadsheets_numbers():
    sheet = [["DAFTAR KADER KOTA METRO"], ["TAHUN 2026"], [], HEADER, ANI, ["", "", ""], [2.0, "Budi", "Imopuro"]]
    assert names_in(*sheet) == [(5, "Ani"), (7, "Budi")]


def test_the_header_is_searched_in_the_first_thirty_rows():
    assert names_in(*[[]] * (HEADER_WITHIN - 1), HEADER, ANI) == [(HEADER_WITHIN + 1, "Ani")]
    assert names_in(*[[]] * HEADER_WITHIN, HEADER, ANI) is None


def test_a_name_column_alone_is_no_table():
    assert names_in(["Nama"], ["Ani"]) is None
    assert names_in(["Nama", "Kelurahan"], ["Ani", "Metro"]) == [(2, "Ani")]


@pytest.mark.parametrize(
    "row",
    [
        ["", "JUMLAH", ""],
        ["Jumlah", 314.0, ""],
        ["TOTAL : 314", "", ""],
        ["(1)", "(2)", "(3)"],
        [1.0, 2.0, 3.0],
        HEADER,
        [315.0, "", ""],
        ["", None, ""],
        [],
    ],
)
def test_totals_column_numbers_repeated_headers_and_empty_rows_are_skipped(row):
    assert names_in(HEADER, ANI, row) == [(2, "Ani")]


@pytest.mark.parametrize("row", [[2.0, "", "Metro"], [2.0, "Jumlah Wati", "Metro"], [2.0, "Total", "Metro"]])
def test_a_row_with_some_data_of_a_person_is_a_row(row):
    assert len(names_in(HEADER, ANI, row)) == 2


def test_the_first_of_two_columns_with_one_meaning_counts():
    assert spreadsheet.columns_of(["Nama", "HP", "No. WA"]) == {Column.NAME: 0, Column.PHONE: 1}


@pytest.mark.parametrize(
    ("written", "sex"),
    [
        ("P", Sex.FEMALE),
        ("p", Sex.FEMALE),
        ("Perempuan", Sex.FEMALE),
        ("L", Sex.MALE),
        ("Laki-laki", Sex.MALE),
        ("?", None),
    ],
)
def test_the_sex_is_recognised_in_its_spellings(written, sex):
    assert spreadsheet.sex(written) == sex


@pytest.mark.parametrize(
    ("written", "group"),
    [
        ("17", AgeGroup.UNDER_18),
        ("18", AgeGroup.FROM_18),
        ("24 tahun", AgeGroup.FROM_18),
        ("25 th.", AgeGroup.FROM_25),
        ("44", AgeGroup.FROM_25),
        ("45 s/d 59", AgeGroup.FROM_45),
        ("60", AgeGroup.FROM_60),
        ("< 18", AgeGroup.UNDER_18),
        ("<= 17", AgeGroup.UNDER_18),
        ("di bawah 18 tahun", AgeGroup.UNDER_18),
        ("13–17 tahun", AgeGroup.UNDER_18),
        ("60 tahun ke atas", AgeGroup.FROM_60),
        (">= 60", AgeGroup.FROM_60),
        ("17-25", None),  # two groups
        ("<= 18", None),
        ("25 ke atas", None),
        ("200", None),
        ("24-18", None),
        ("Imopuro 12", None),
        ("12/05/1990", None),
        ("", None),
        *((spreadsheet.AGES[group], group) for group in AgeGroup),
    ],
)
def test_an_age_or_a_range_of_ages_is_counted_in_one_age_group_or_in_none(written, group):
    assert spreadsheet.age_group(written) == group


@pytest.mark.parametrize(
    ("written", "kinds"),
    [
        ("PATBM", (CadreKind.PATBM,)),
        ("kader pkk", (CadreKind.PKK,)),
        ("Satgas PPA", (CadreKind.SATGAS_PPA,)),
        ("PKK, Posyandu", (CadreKind.PKK, CadreKind.POSYANDU)),
        ("PKK dan Posyandu / PKK", (CadreKind.PKK, CadreKind.POSYANDU)),
        ("Lansia", (CadreKind.OTHER,)),
        ("", ()),
    ],
)
def test_a_cell_may_name_several_kinds_of_cadre(written, kinds):
    assert spreadsheet.kinds(written) == kinds


CELLS = st.one_of(st.none(), st.text(max_size=12), st.floats(), st.integers(), st.booleans(), st.sampled_from(HEADER))


@given(st.lists(st.lists(CELLS, max_size=6), max_size=40))
def test_any_sheet_is_a_list_or_none_and_its_rows_stand_below_its_headings(sheet):
    layout = columns.guess(sheet)
    if layout is not None:
        rows = list(rows_below(sheet, layout.header_number, layout.columns))
        assert all(layout.header_number < row.number <= len(sheet) for row in rows)
        assert all(any(row.text(column) for column in Column) for row in rows)
