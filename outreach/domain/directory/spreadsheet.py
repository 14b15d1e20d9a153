"""Reads the rows of people from a sheet made for human readers: titles above, varied headings, totals below.

Pure functions. columns.py guesses what the columns mean, services/directory/workbook.py opens a file,
services/directory/import_people.py imports the rows.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache

from outreach.domain.directory.names import tidy
from outreach.domain.kinds import AgeGroup, CadreKind, Sex

Cell = str | float | int | bool | None
HEADER_WITHIN = 30  # rows
LONGEST_HEADER = 80  # characters


class Column(StrEnum):
    NAME = "name"
    SEX = "sex"
    AGE_GROUP = "age_group"
    KELURAHAN = "kelurahan"
    KECAMATAN = "kecamatan"
    PHONE = "phone"
    EMAIL = "email"
    KIND = "kind"
    POST = "post"
    ORGANISATION = "organisation"
    CONSENT = "consent"  # the day on which a parent consented


# Header words by their letters only: "No. HP/WA" is "nohpwa". First, words that are the whole header.
_WHOLE = {
    "lp": Column.SEX, "pl": Column.SEX, "jk": Column.SEX, "sex": Column.SEX, "gender": Column.SEX, "lpr": Column.SEX,
    "kel": Column.KELURAHAN, "keldesa": Column.KELURAHAN, "desakel": Column.KELURAHAN, "village": Column.KELURAHAN,
    "kec": Column.KECAMATAN, "district": Column.KECAMATAN, "wa": Column.PHONE, "nowa": Column.PHONE, "telp": Column.PHONE,
    "nomorwa": Column.PHONE, "phone": Column.PHONE, "kontak": Column.PHONE, "hp": Column.PHONE, "tlp": Column.PHONE,
    "jenis": Column.KIND, "unsur": Column.KIND, "kind": Column.KIND, "kader": Column.KIND, "kategori": Column.KIND,
    "kelompok": Column.KIND, "kindofcadre": Column.KIND, "nama": Column.NAME, "name": Column.NAME, "fullname": Column.NAME,
    "namakader": Column.NAME, "namaanggotakader": Column.NAME, "post": Column.POST, "position": Column.POST,
    "mail": Column.EMAIL, "umur": Column.AGE_GROUP, "usia": Column.AGE_GROUP, "umurth": Column.AGE_GROUP,
    "usiath": Column.AGE_GROUP, "umurtahun": Column.AGE_GROUP, "usiatahun": Column.AGE_GROUP, "age": Column.AGE_GROUP,
}  # fmt: skip
# Second, parts that a header contains; the first match counts.
_WITHIN = (
    ("email", Column.EMAIL), ("surel", Column.EMAIL), ("posel", Column.EMAIL), ("mailaddress", Column.EMAIL),
    ("persetujuan", Column.CONSENT), ("izinorangtua", Column.CONSENT), ("izinortu", Column.CONSENT),
    ("consent", Column.CONSENT),
    ("kelompokumur", Column.AGE_GROUP), ("kelompokusia", Column.AGE_GROUP), ("rentangumur", Column.AGE_GROUP),
    ("rentangusia", Column.AGE_GROUP), ("agegroup", Column.AGE_GROUP), ("kelamin", Column.SEX),
    ("kelurahan", Column.KELURAHAN), ("desa", Column.KELURAHAN),
    ("kecamatan", Column.KECAMATAN), ("handphone", Column.PHONE), ("whatsapp", Column.PHONE), ("telepon", Column.PHONE),
    ("telp", Column.PHONE), ("ponsel", Column.PHONE), ("nohp", Column.PHONE), ("nomorhp", Column.PHONE),
    ("phone", Column.PHONE), ("instansi", Column.ORGANISATION), ("lembaga", Column.ORGANISATION),
    ("organisa", Column.ORGANISATION), ("organiza", Column.ORGANISATION), ("unitkerja", Column.ORGANISATION),
    ("jabatan", Column.POST), ("jeniskader", Column.KIND), ("unsurkader", Column.KIND), ("kategorikader", Column.KIND),
)  # fmt: skip
_OF_ASSISTANTS = ("ajudan", "sekretarispribadi", "sespri", "adjutant")  # not about the person of the row
_HEADINGS_OF_NAMES = {"nama", "name", "full"}  # how a heading above the names begins
_TOTAL = re.compile(r"^\s*(?:grand\s+|sub\s*)?(?:jumlah|total|rekap)\b", re.IGNORECASE)

_KIND_PARTS = re.compile(r"[,/;+&]|\bdan\b", re.IGNORECASE)

_SEXES = {
    "p": Sex.FEMALE, "pr": Sex.FEMALE, "perempuan": Sex.FEMALE, "wanita": Sex.FEMALE, "female": Sex.FEMALE, "f": Sex.FEMALE,
    "l": Sex.MALE, "lk": Sex.MALE, "lakilaki": Sex.MALE, "pria": Sex.MALE, "male": Sex.MALE, "m": Sex.MALE,
}  # fmt: skip
_FROM = {
    AgeGroup.UNDER_18: 0, AgeGroup.FROM_18: 18, AgeGroup.FROM_25: 25, AgeGroup.FROM_45: 45, AgeGroup.FROM_60: 60,
}  # years  # fmt: skip
AGES = {
    AgeGroup.UNDER_18: "<18", AgeGroup.FROM_18: "18-24", AgeGroup.FROM_25: "25-44", AgeGroup.FROM_45: "45-59",
    AgeGroup.FROM_60: "60+",
}  # how a group is written in a sheet  # fmt: skip
_OLDEST = 120  # years
_AGE_WORDS = frozenset({
    "th", "thn", "tahun", "umur", "usia", "year", "years", "s", "d", "sd", "sampai", "to", "di", "dibawah", "bawah", "kurang",
    "dari", "under", "ke", "keatas", "atas", "over",
})  # fmt: skip
_BELOW, _UP_TO = re.compile(r"<(?!=)|bawah|kurang|under"), re.compile(r"<|≤|bawah|kurang|under")
_ABOVE = re.compile(r"[+>≥]|atas|over")
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


def rows_below(
    sheet: Iterable[Sequence[Cell]], header_number: int, columns: Mapping[Column, int]
) -> Iterator[SheetRow]:
    """Yield the rows of people below the headings: without empty rows, totals, and headings that are repeated.

    header_number: the row of the headings from 1; 0 if there are none. columns: each column's index from 0.
    """
    last = max(columns.values(), default=-1) + 1  # columns to the right of the known ones are ignored
    places = tuple(columns.items())
    for number, row in enumerate(sheet, start=1):
        if number <= header_number:
            continue
        cells = {column: row[place] for column, place in places if place < len(row)}
        if not any(map(_says_something, cells.values())):
            continue
        if _may_be_no_person(cells) and _is_no_person(row[:last], columns):
            continue
        yield SheetRow(number, cells)


def _may_be_no_person(cells: Mapping[Column, Cell]) -> bool:
    """Return whether the row needs the slow check: few rows do."""
    name = cells.get(Column.NAME)
    if name in (None, "") or not isinstance(name, str):
        return True
    return not name[:1].isalpha() or name[:4].casefold() in _HEADINGS_OF_NAMES or _TOTAL.match(name) is not None


def _says_something(cell: Cell) -> bool:
    if isinstance(cell, str):
        return cell[:1].isalnum() or bool(cell and as_text(cell))
    return cell is not None


def _is_no_person(row: Sequence[Cell], columns: Mapping[Column, int]) -> bool:
    texts = [as_text(cell) for cell in row]
    known = [texts[place] for place in columns.values() if place < len(texts)]
    return _is_total(texts) or _is_column_numbers(texts) or _is_header(columns_of(known))


def columns_of(header: Sequence[Cell]) -> dict[Column, int]:
    """Return the index of each known column. If two headers mean the same, the first counts."""
    found: dict[Column, int] = {}
    for index, cell in enumerate(header):
        column = column_named(as_text(cell))
        if column is not None:
            found.setdefault(column, index)
    return found


def column_named(header: str) -> Column | None:
    """Return the column a header means, or None: "No. HP/WA" is PHONE, "Nama Instansi" is ORGANISATION."""
    if len(header) > LONGEST_HEADER:
        return None
    key = letters(header)
    if any(word in key for word in _OF_ASSISTANTS):
        return None
    if key in _WHOLE:
        return _WHOLE[key]
    for part, column in _WITHIN:
        if part in key:
            return column
    return Column.NAME if key.startswith("nama") and len(key) <= 30 else None


@lru_cache(maxsize=1024)
def sex(written: str) -> Sex | None:
    """Return the sex for "P", "Perempuan", "L", "Laki-laki"; None for anything else."""
    return _SEXES.get(letters(written))


@lru_cache(maxsize=1024)
def age_group(written: str) -> AgeGroup | None:
    """Return the age group for "34", "18-24 tahun", "< 18", "60 tahun ke atas"; None if the ages are in several groups."""
    said = written.casefold()
    ages = [int(age) for age in re.findall(r"[0-9]+", said)]
    if not set(re.findall(r"[^\W\d_]+", said)) <= _AGE_WORDS or len(ages) not in (1, 2):
        return None
    first, last = ages[0], ages[-1]
    if _UP_TO.search(said):
        first, last = 0, last - bool(_BELOW.search(said))
    elif _ABOVE.search(said):
        last = _OLDEST
    return _group_of(first) if 0 <= first <= last <= _OLDEST and _group_of(first) is _group_of(last) else None


def _group_of(age: int) -> AgeGroup:
    return max((group for group in AgeGroup if _FROM[group] <= age), key=_FROM.__getitem__)


@lru_cache(maxsize=1024)
def kinds(written: str) -> tuple[CadreKind, ...]:
    """Return the kinds of cadre in a cell: "PKK, Posyandu" are two. An unknown kind counts as OTHER."""
    parts = [letters(part) for part in _KIND_PARTS.split(written)]
    return tuple(dict.fromkeys(_KINDS.get(part, CadreKind.OTHER) for part in parts if part))


def is_kind(written: str) -> bool:
    """Return whether every part of a cell is a kind of cadre that is known here."""
    parts = [letters(part) for part in _KIND_PARTS.split(written)]
    return any(parts) and all(part in _KINDS for part in parts if part)


def names_other(written: str) -> bool:
    """Return whether a cell explicitly says "other"."""
    return _KINDS.get(letters(written)) is CadreKind.OTHER


@lru_cache(maxsize=1024)
def consent_day(written: str) -> date | None:
    """Return the day of "2027-01-04", "4/1/2027" or "04-01-2027", day before month; None for anything else."""
    parts = re.fullmatch(
        r"(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}))(?:[ T]00:00(?::00)?)?", written
    )
    if parts is None:
        return None
    year, month, day = parts.group(1, 2, 3) if parts[1] else parts.group(6, 5, 4)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def as_text(cell: Cell) -> str:
    """Return a cell as tidy text. A whole number loses the ".0" that spreadsheets add."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e16:
        return f"{cell:.0f}"
    return tidy(str(cell))


def _is_header(columns: dict[Column, int]) -> bool:
    return Column.NAME in columns and len(columns) > 1


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


def letters(text: str) -> str:
    """Return only the letters, in lower case."""
    return "".join(letter for letter in text.casefold() if letter.isalpha())
