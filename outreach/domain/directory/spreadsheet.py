"""Finds the table of people in a sheet made for human readers: titles above, varied headers, totals below.

Pure functions. services/directory/workbook.py opens a file, services/directory/import_people.py imports the rows.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from outreach.domain.directory.names import tidy
from outreach.domain.kinds import CadreKind, Sex

Cell = str | float | int | bool | None
HEADER_WITHIN = 30  # rows
LONGEST_HEADER = 80  # characters


class Column(StrEnum):
    NAME = "name"
    SEX = "sex"
    KELURAHAN = "kelurahan"
    KECAMATAN = "kecamatan"
    PHONE = "phone"
    EMAIL = "email"
    KIND = "kind"
    POST = "post"
    ORGANISATION = "organisation"


# Header words by their letters only: "No. HP/WA" is "nohpwa". First, words that are the whole header.
_WHOLE = {
    "lp": Column.SEX, "pl": Column.SEX, "jk": Column.SEX, "sex": Column.SEX, "gender": Column.SEX, "lpr": Column.SEX,
    "kel": Column.KELURAHAN, "keldesa": Column.KELURAHAN, "desakel": Column.KELURAHAN, "village": Column.KELURAHAN,
    "kec": Column.KECAMATAN, "district": Column.KECAMATAN, "wa": Column.PHONE, "nowa": Column.PHONE, "telp": Column.PHONE,
    "nomorwa": Column.PHONE, "phone": Column.PHONE, "kontak": Column.PHONE, "hp": Column.PHONE, "tlp": Column.PHONE,
    "jenis": Column.KIND, "unsur": Column.KIND, "kind": Column.KIND, "kader": Column.KIND, "kategori": Column.KIND,
    "kelompok": Column.KIND, "kindofcadre": Column.KIND, "nama": Column.NAME, "name": Column.NAME, "fullname": Column.NAME,
    "namakader": Column.NAME, "namaanggotakader": Column.NAME, "post": Column.POST, "position": Column.POST,
    "mail": Column.EMAIL,
}  # fmt: skip
# Second, parts that a header contains; the first match counts.
_WITHIN = (
    ("email", Column.EMAIL), ("surel", Column.EMAIL), ("posel", Column.EMAIL), ("mailaddress", Column.EMAIL),
    ("kelamin", Column.SEX), ("kelurahan", Column.KELURAHAN), ("desa", Column.KELURAHAN),
    ("kecamatan", Column.KECAMATAN), ("handphone", Column.PHONE), ("whatsapp", Column.PHONE), ("telepon", Column.PHONE),
    ("telp", Column.PHONE), ("ponsel", Column.PHONE), ("nohp", Column.PHONE), ("nomorhp", Column.PHONE),
    ("phone", Column.PHONE), ("instansi", Column.ORGANISATION), ("lembaga", Column.ORGANISATION),
    ("organisa", Column.ORGANISATION), ("organiza", Column.ORGANISATION), ("unitkerja", Column.ORGANISATION),
    ("jabatan", Column.POST), ("jeniskader", Column.KIND), ("unsurkader", Column.KIND), ("kategorikader", Column.KIND),
)  # fmt: skip
_TOTAL = re.compile(r"^\s*(?:grand\s+|sub\s*)?(?:jumlah|total|rekap)\b", re.IGNORECASE)

_SEXES = {
    "p": Sex.FEMALE, "pr": Sex.FEMALE, "perempuan": Sex.FEMALE, "wanita": Sex.FEMALE, "female": Sex.FEMALE, "f": Sex.FEMALE,
    "l": Sex.MALE, "lk": Sex.MALE, "lakilaki": Sex.MALE, "pria": Sex.MALE, "male": Sex.MALE, "m": Sex.MALE,
}  # fmt: skip
_KINDS = {
    "patbm": CadreKind.PATBM, "kaderpatbm": CadreKind.PATBM, "pkk": CadreKind.PKK, "kaderpkk": CadreKind.PKK,
    "tppkk": CadreKind.PKK, "posyandu": CadreKind.POSYANDU, "kaderposyandu": CadreKind.POSYANDU,
    "forumanak": CadreKind.FORUM_ANAK, "fa": CadreKind.FORUM_ANAK, "satgasppa": CadreKind.SATGAS_PPA,
    "satgas": CadreKind.SATGAS_PPA, "lainnya": CadreKind.OTHER, "lain": CadreKind.OTHER, "other": CadreKind.OTHER,
}  # fmt: skip


@dataclass(frozen=True)
class SheetRow:
    """One person's row. number: the row number that the spreadsheet program shows, from 1."""

    number: int
    cells: dict[Column, Cell]

    def text(self, column: Column) -> str:
        """Return the cell of that column as tidy text; "" if the sheet has no such column."""
        return as_text(self.cells.get(column))


@dataclass(frozen=True)
class SheetTable:
    header_number: int
    columns: dict[Column, int]  # from 0
    rows: tuple[SheetRow, ...]


def find_table(sheet: Sequence[Sequence[Cell]]) -> SheetTable | None:
    """Return the table of people in a sheet, or None. A header has the name column and at least one other known column."""
    for at, cells in enumerate(sheet[:HEADER_WITHIN]):
        columns = columns_of(cells)
        if _is_header(columns):
            return SheetTable(at + 1, columns, tuple(_rows(sheet, at, columns)))
    return None


def columns_of(header: Sequence[Cell]) -> dict[Column, int]:
    """Return the index of each known column. If two headers mean the same, the first counts."""
    found: dict[Column, int] = {}
    for at, cell in enumerate(header):
        column = column_named(as_text(cell))
        if column is not None:
            found.setdefault(column, at)
    return found


def column_named(header: str) -> Column | None:
    """Return the column a header means, or None: "No. HP/WA" is PHONE, "Nama Instansi" is ORGANISATION."""
    if len(header) > LONGEST_HEADER:
        return None
    key = _letters(header)
    if key in _WHOLE:
        return _WHOLE[key]
    for part, column in _WITHIN:
        if part in key:
            return column
    return Column.NAME if key.startswith("nama") and len(key) <= 30 else None


def sex(written: str) -> Sex | None:
    """Return the sex for "P", "Perempuan", "L", "Laki-laki"; None for anything else."""
    return _SEXES.get(_letters(written))


def kinds(written: str) -> tuple[CadreKind, ...]:
    """Return the kinds of cadre in a cell: "PKK, Posyandu" are two. An unknown kind counts as OTHER."""
    parts = [_letters(part) for part in re.split(r"[,/;+&]|\bdan\b", written, flags=re.IGNORECASE)]
    return tuple(dict.fromkeys(_KINDS.get(part, CadreKind.OTHER) for part in parts if part))


def names_other(written: str) -> bool:
    """Return whether a cell explicitly says "other"."""
    return _KINDS.get(_letters(written)) is CadreKind.OTHER


def as_text(cell: Cell) -> str:
    """Return a cell as tidy text. A whole number loses the ".0" that spreadsheets add."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e16:
        return f"{cell:.0f}"
    return tidy(str(cell))


def _is_header(columns: dict[Column, int]) -> bool:
    return Column.NAME in columns and len(columns) > 1


def _rows(sheet: Sequence[Sequence[Cell]], header_at: int, columns: dict[Column, int]) -> Iterator[SheetRow]:
    last = max(columns.values()) + 1  # columns to the right of the known ones are ignored
    for at in range(header_at + 1, len(sheet)):
        cells = sheet[at][:last]
        texts = [as_text(cell) for cell in cells]
        known = [texts[place] for place in columns.values() if place < len(cells)]
        if not any(known):
            continue
        if _is_total(texts) or _is_column_numbers(texts) or _is_header(columns_of(known)):
            continue
        yield SheetRow(at + 1, {column: cells[place] for column, place in columns.items() if place < len(cells)})


def _is_total(texts: Sequence[str]) -> bool:
    words = [text for text in texts if text and not _is_number(text)]
    return len(words) == 1 and _TOTAL.match(words[0]) is not None


def _is_column_numbers(texts: Sequence[str]) -> bool:
    """Return whether the row only numbers the columns: (1) (2) (3), as below the header of official tables."""
    written = [text.strip("()") for text in texts if text]
    if len(written) < 2 or not all(text.isdecimal() and len(text) < 3 for text in written):
        return False
    numbers = [int(text) for text in written]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _is_number(text: str) -> bool:
    return text.replace(".", "").replace(",", "").isdecimal()


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalpha())
