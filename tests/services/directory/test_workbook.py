"""Spreadsheets as other programs and other hands leave them: each reason not to read one has its own true sentence."""

import io
import zipfile

import pytest
import xlsxwriter

from outreach.services.directory import import_people as importing
from outreach.services.directory import workbook
from outreach.services.directory.import_people import FarCellLeftOut, MacrosNotRun

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000)
LAST_ROW, LAST_COLUMN = 1_048_575, 16_383


def a_workbook(*cells: tuple[int, int, str], rows: int = 1, styled: tuple[int, int] | None = None) -> bytes:
    """Return a list of people, with more cells: row and column from 0, and text."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet("Kader")
    sheet.write_row(0, 0, ["Nama", "Kelurahan"])
    for row in range(1, rows + 1):
        sheet.write_row(row, 0, [f"Ani {'ABCDEFGHIJ'[row % 10]}", "Imopuro"])
    for row, column, text in cells:
        sheet.write(row, column, text)
    if styled:
        sheet.write_blank(*styled, None, book.add_format({"bold": True}))
    book.close()
    return stream.getvalue()


def a_zip(**members: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return stream.getvalue()


def with_member(data: bytes, name: str) -> bytes:
    stream = io.BytesIO(data)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(name, b"\0")
    return stream.getvalue()


WHOLE = a_workbook()
ENCRYPTED_ODS = a_zip(
    mimetype="application/vnd.oasis.opendocument.spreadsheet",
    **{"META-INF__manifest.xml": "<manifest><manifest:encryption-data/></manifest>", "content.xml": "x"},
)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (OLE + "EncryptedPackage".encode("utf-16-le"), workbook.FileProtected),
        (ENCRYPTED_ODS, workbook.FileProtected),
        (WHOLE[:-200], workbook.FileDamaged),
        (WHOLE[: len(WHOLE) // 2], workbook.FileDamaged),
        (WHOLE[:400] + b"\xff" * 300 + WHOLE[700:], workbook.FileDamaged),
        (a_zip(**{"xl__workbook.xml": "<workbook>"}), workbook.FileDamaged),
        (OLE + "Workbook".encode("utf-16-le"), workbook.FileDamaged),
        (OLE + "WordDocument".encode("utf-16-le"), workbook.NotASpreadsheet),
        (a_zip(**{"word__document.xml": "<w/>"}), workbook.NotASpreadsheet),
        (a_zip(mimetype="application/vnd.oasis.opendocument.text", **{"content.xml": "x"}), workbook.NotASpreadsheet),
        (b"PK\x03\x04" + bytes(100), workbook.NotASpreadsheet),
        (b"\0\0", workbook.FileEmpty),
        (b"%PDF-1.7;x", workbook.NotASpreadsheet),
    ],
)
def test_each_reason_has_its_own_sentence(data, problem):
    with pytest.raises(workbook.Problem) as caught:
        workbook.open_workbook(data, "kader.xlsx")
    assert type(caught.value) is problem
    assert "kader.xlsx" in str(caught.value)


@pytest.mark.parametrize(
    ("row", "column", "cell"),
    [(LAST_ROW, LAST_COLUMN, "XFD1048576"), (LAST_ROW, 0, "A1048576"), (0, LAST_COLUMN, "XFD1")],
)
def test_a_cell_far_away_is_left_out_and_said(metro, row, column, cell):
    data = a_workbook((row, column, "x"))
    reading = importing.read(data, "kader.xlsx")
    assert [row.name.name for row in reading.accepted] == ["Ani B"]
    if cell == "XFD1":  # a wide table needs little memory; columns beyond the sixtieth are never read
        assert reading.notes == ()
        return
    assert [(type(note), note.values) for note in reading.notes] == [(FarCellLeftOut, {"cell": cell})]
    again = importing.read(
        workbook.Workbook("kader.xlsx", workbook.open_workbook(data, "kader.xlsx").packed), "kader.xlsx"
    )
    assert [note.values for note in again.notes] == [{"cell": cell}]  # also when the kept file is read again


def test_a_cell_far_away_that_only_has_a_look_is_not_worth_a_word(metro):
    reading = importing.read(a_workbook(styled=(LAST_ROW, LAST_COLUMN)), "kader.xlsx")
    assert ([row.name.name for row in reading.accepted], reading.notes) == (["Ani B"], ())


def test_a_long_list_stays_whole_beside_a_cell_far_to_the_right(metro):
    found = workbook.open_workbook(a_workbook((5, LAST_COLUMN, "x"), rows=3000), "kader.xlsx")
    (sheet,) = found.sheets
    assert (len(sheet.lines), sheet.far) == (3001, "XFD6")


def test_macros_are_not_run_and_this_is_said(metro):
    data = with_member(WHOLE, "xl/vbaProject.bin")
    reading = importing.read(data, "kader.xlsm")
    assert ([row.name.name for row in reading.accepted], [type(note) for note in reading.notes]) == (
        ["Ani B"],
        [MacrosNotRun],
    )


NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


def an_ods(*rows: str) -> bytes:
    body = f'<table:table table:name="Kader">{"".join(rows)}</table:table>'
    return a_zip(
        mimetype="application/vnd.oasis.opendocument.spreadsheet",
        **{
            "META-INF__manifest.xml": "<manifest/>",
            "content.xml": f"<office:document-content {NAMESPACES}><office:body><office:spreadsheet>{body}"
            "</office:spreadsheet></office:body></office:document-content>",
        },
    )


def ods_row(*texts: str, before: int = 0, repeated: int = 1) -> str:
    empty = f'<table:table-cell table:number-columns-repeated="{before}"/>' if before else ""
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in texts
    )
    return f'<table:table-row table:number-rows-repeated="{repeated}">{empty}{cells}</table:table-row>'


@pytest.mark.parametrize(
    ("rest", "notes"),
    [
        ([], []),
        ([ods_row(before=16_384, repeated=1_048_574)], []),  # as LibreOffice writes a sheet whose end has a look
        ([ods_row(before=16_384, repeated=1_048_573), ods_row("x", before=16_383)], [{"cell": "XFD1048576"}]),
        ([ods_row("x", before=100)], [{"cell": "CW3"}]),
    ],
)
def test_an_open_document_is_read_like_that_too(metro, rest, notes):
    data = an_ods(ods_row("Nama", "Kelurahan"), ods_row("Ani", "Imopuro"), *rest)
    reading = importing.read(data, "kader.ods")
    assert [row.name.name for row in reading.accepted] == ["Ani"]
    assert [note.values for note in reading.notes] == notes
