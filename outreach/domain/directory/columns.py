"""Guesses what each column of a sheet means: by its heading, and by what stands below it.

Pure functions. spreadsheet.py knows the headings and reads the rows; services/directory/import_shapes.py remembers what was
corrected.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from outreach.domain.directory import names, place_names, spreadsheet
from outreach.domain.directory.email_addresses import means_nothing
from outreach.domain.directory.spreadsheet import HEADER_WITHIN, Cell, Column, as_text, column_named, columns_of

SAMPLE = 200  # rows that are looked at
ENOUGH = 0.6  # the share of filled cells that must look like a column's content
TOO_LITTLE = 0.3  # below this share, the heading is ignored if another column fits
FIRST_ROWS = 5  # shown to the user


class Basis(StrEnum):
    """How a column's meaning is known."""

    HEADING = "heading"
    CONTENT = "content"
    REMEMBERED = "remembered"
    CHOSEN = "chosen"


@dataclass(frozen=True)
class KnownWords:
    """What the directory knows, for recognising content: names of places and organisations by their keys."""

    kelurahan: Callable[[str], bool] = lambda _text: False
    kecamatan: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Layout:
    """What a sheet's columns mean. header_number: the row of the headings from 1; 0 if there are none.

    columns: each column's index from 0. bases: how each of them is known. shape: equal for sheets like this one: the
    letters of their headings, or the number of columns and their content.
    """

    header_number: int
    headings: tuple[str, ...]
    columns: dict[Column, int] = field(default_factory=dict)
    bases: dict[Column, Basis] = field(default_factory=dict)
    first_rows: tuple[tuple[str, ...], ...] = ()
    shape: str = ""

    @property
    def has_names(self) -> bool:
        return Column.NAME in self.columns

    def column_at(self, at: int) -> Column | None:
        return next((column for column, place in self.columns.items() if place == at), None)

    def with_columns(self, chosen: Mapping[int, Column], basis: Basis) -> "Layout":
        """Return the layout with the chosen columns in place of all guessed ones."""
        columns = {column: index for index, column in sorted(chosen.items()) if index < len(self.headings)}
        bases = {c: self.bases[c] if self.columns.get(c) == index else basis for c, index in columns.items()}
        return replace(self, columns=columns, bases=bases)


def guess(sheet: Sequence[Sequence[Cell]], words: KnownWords = KnownWords()) -> Layout | None:
    """Return the layout of a sheet, or None if nothing in it looks like a list.

    sheet: its first rows; HEADER_WITHIN and SAMPLE rows suffice. If the layout has no names, the user has to choose
    their column.
    """
    rows = [[as_text(cell) for cell in row] for row in sheet[: HEADER_WITHIN + SAMPLE]]
    width = max((index + 1 for row in rows for index, text in enumerate(row) if text), default=0)
    if width < 2:
        return None
    rows = [(row + [""] * width)[:width] for row in rows]
    header_at = _header_by_words(rows)
    if header_at is None:
        header_at = _header_by_content(rows, words)
    if header_at is None:
        return None
    headings = tuple(rows[header_at]) if header_at >= 0 else ("",) * width
    below = [row for row in rows[header_at + 1 :] if any(row)][:SAMPLE]
    columns, bases = _guessed(headings, below, words)
    first = tuple(tuple(cell[:60] for cell in row) for row in below[:FIRST_ROWS])
    return Layout(header_at + 1, headings, columns, bases, first, _shape(headings, columns))


def is_list(layout: Layout | None) -> bool:
    """Return whether the layout is certainly one of people: names, and something else about them."""
    return layout is not None and layout.has_names and len(layout.columns) > 1


def _header_by_words(rows: Sequence[Sequence[str]]) -> int | None:
    for at, row in enumerate(rows[:HEADER_WITHIN]):
        columns = columns_of(row)
        if Column.NAME in columns and len(columns) > 1:
            return at
    return None


def _header_by_content(rows: Sequence[Sequence[str]], words: KnownWords) -> int | None:
    """Return the index of the row above the first row of data; -1 if there is no row above, None if there is no data."""
    tests = [(column, _tests(words)[column]) for column in _SURE]
    types = [
        next((test for _, test in tests if _share([row[index] for row in rows], test) >= ENOUGH), None)
        for index in range(len(rows[0]))
    ]
    for index, row in enumerate(rows):
        if any(test is not None and text and test(text) for test, text in zip(types, row, strict=True)):
            above = [text for text in rows[index - 1] if text] if index else []
            return index - 1 if len(above) > 1 else -1
    by_words = (index for index, row in enumerate(rows[:HEADER_WITHIN]) if len(columns_of(row)) > 1)
    filled = (index for index, row in enumerate(rows[:HEADER_WITHIN]) if sum(map(bool, row)) > 1)
    return next(by_words, next(filled, None))


def _guessed(
    headings: Sequence[str], below: Sequence[Sequence[str]], words: KnownWords
) -> tuple[dict[Column, int], dict[Column, Basis]]:
    tests = _tests(words)
    cells = [[row[index] for row in below] for index in range(len(headings))]
    free = {index for index in range(len(headings)) if any(cells[index]) and not _NEVER.search(headings[index])}
    columns = {c: index for c, index in columns_of(headings).items() if index in free or not below}
    by_content: set[Column] = set()
    _settle_twins(columns, headings, cells)
    for column in _SURE:  # a heading whose column holds something else, such as addresses below “Kontak”
        index = columns.get(column)
        if index is None or not any(cells[index]) or _share(cells[index], tests[column]) >= TOO_LITTLE:
            continue
        if column is Column.KELURAHAN and not _best(column, tests, cells, free - set(columns.values())):
            continue  # a list of another town is still a list of kelurahan
        if _fits(cells[index], tests, but=column) or _best(column, tests, cells, free - set(columns.values())):
            del columns[column]
    for column in (Column.ORGANISATION, Column.POST):  # “Organisasi” or “Jabatan” above PKK, PATBM
        index = columns.get(column)
        if index is not None and Column.KIND not in columns and _share(cells[index], tests[Column.KIND]) >= ENOUGH:
            del columns[column]
            columns[Column.KIND] = index
            by_content.add(Column.KIND)
    kinds_at = columns.get(Column.KIND)  # “Kader” may be the heading of the names
    if kinds_at is not None and Column.NAME not in columns and _share(cells[kinds_at], tests[Column.KIND]) < TOO_LITTLE:
        del columns[Column.KIND]
    bases = {column: Basis.CONTENT if column in by_content else Basis.HEADING for column in columns}
    for column in _BY_CONTENT:
        if column in columns:
            continue
        found = _best(column, tests, cells, free - set(columns.values()))
        if found is not None:
            columns[column], bases[column] = found, Basis.CONTENT
    return columns, bases


def _shape(headings: Sequence[str], columns: Mapping[Column, int]) -> str:
    if any(headings):
        return "|".join(spreadsheet.letters(heading) for heading in headings)
    return f"{len(headings)}:" + ",".join(sorted(f"{at}={column}" for column, at in columns.items()))


def _settle_twins(columns: dict[Column, int], headings: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """If several headings have the same meaning, keep the first whose column is filled at all."""
    for column, index in list(columns.items()):
        if not any(cells[index]):
            twins = (n for n, heading in enumerate(headings) if column_named(heading) is column and any(cells[n]))
            columns[column] = next(twins, index)


def _fits(cells: Sequence[str], tests: Mapping[Column, Callable[[str], bool]], but: Column) -> bool:
    return any(column is not but and _share(cells, tests[column]) >= ENOUGH for column in _SURE)


def _best(
    column: Column, tests: Mapping[Column, Callable[[str], bool]], cells: Sequence[Sequence[str]], free: set[int]
) -> int | None:
    shares = {index: _share(cells[index], tests[column]) for index in sorted(free)}
    if column is Column.NAME:  # a list's names differ from each other, and most have two words
        for index in shares:
            said = [text for text in cells[index] if text]
            words = sum(len(text.split()) > 1 for text in said) / len(said)
            shares[index] *= (len(set(said)) / len(said)) * (0.6 + 0.4 * words)
    best = max(shares, key=lambda index: shares[index], default=None)
    return best if best is not None and shares[best] >= ENOUGH - 0.15 * (column is Column.NAME) else None


def _share(cells: Sequence[str], test: Callable[[str], bool]) -> float:
    said = [text for text in cells if not means_nothing(text)]
    return sum(map(test, said)) / len(said) if said else 0.0


_SURE = (Column.EMAIL, Column.PHONE, Column.SEX, Column.KECAMATAN, Column.KELURAHAN, Column.KIND)
_BY_CONTENT = (*_SURE, Column.ORGANISATION, Column.POST, Column.NAME)
_NEVER = re.compile(
    r"\b(?:nik|k\.?t\.?p|no\.?\s*kk|npwp|rekening|rek|tgl|tanggal|ttl|lahir|rt|rw|no|no\.|nomor urut)\s*[.)]?\s*$"
    r"|\bnik\b|\blahir\b|\brekening\b|\bktp\b|\bajudan\b|\bsekretaris pribadi\b|\bsespri\b|\badjutant\b",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^\s@]+\s*(?:@|\(at\)|\[at\])\s*[^\s@]+", re.IGNORECASE)
_PHONE = re.compile(r"['`]?(?:\+|\(?0|62|8)[\d\s().+-]*")
_OFFICE = re.compile(
    r"\b(?:dinas|badan|kantor|polres|polsek|polda|kodim|koramil|kejaksaan|pengadilan|kementerian|kemenag|kua|puskesmas|rsud"
    r"|rumah sakit|universitas|politeknik|institut|s[dm][ap]?k?\s?(?:n|negeri)?\s?\d+|smpn?|sman?|smkn?|sdn|mts|madrasah|yayasan"
    r"|tim penggerak|aisyiyah|muslimat|fatayat|bhayangkari|persit|dharma wanita|lembaga|dprd|sekretariat)\b",
    re.IGNORECASE,
)
_OFFICER = re.compile(
    r"^(?:plt\.?\s+|plh\.?\s+|wakil\s+)?(?:kepala|ketua|sekretaris|bendahara|anggota|kabid|kasi|kasubag|kasubbag|kadis|staf|camat"
    r"|lurah|guru|kapolres|kapolsek|dandim|danramil|kajari|wali|walikota|koordinator|pengurus|penyuluh|bidan|dokter|kanit)\b",
    re.IGNORECASE,
)


def _tests(words: KnownWords) -> dict[Column, Callable[[str], bool]]:
    return {
        Column.EMAIL: lambda text: _EMAIL.fullmatch(text) is not None,
        Column.PHONE: _is_phone,
        Column.SEX: lambda text: spreadsheet.sex(text) is not None,
        Column.AGE_GROUP: lambda text: spreadsheet.age_group(text) is not None,
        Column.CONSENT: lambda text: spreadsheet.consent_day(text) is not None,
        Column.KELURAHAN: words.kelurahan,
        Column.KECAMATAN: lambda text: place_names.key(text) in words.kecamatan,
        Column.KIND: spreadsheet.is_kind,
        Column.ORGANISATION: lambda text: names.key(text) in words.organisations or _OFFICE.search(text) is not None,
        Column.POST: lambda text: _OFFICER.match(text) is not None,
        Column.NAME: _is_name,
    }


def _is_phone(text: str) -> bool:
    first = re.split(r"[/;,]", text)[0].strip()
    return _PHONE.fullmatch(first) is not None and 8 <= sum(map(str.isdecimal, first)) <= 15


def _is_name(text: str) -> bool:
    plain = text.partition(",")[0]
    return len(plain) > 2 and len(plain.split()) <= 7 and names.is_name(text) and not any(map(str.isdecimal, plain))
