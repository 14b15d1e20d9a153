"""Lists as spreadsheet files: .xlsx for Excel, and CSV. Rows are written as they come, so a long list needs little memory.

A text never becomes a formula: in .xlsx every text is stored as text; in CSV a sign that may begin a formula gets an
apostrophe, also after a character that another program may take as the separator or as the end of a line.
"""

import io
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from typing import IO, Any
from xml.sax.saxutils import escape

import xlsxwriter
from defusedcsv import csv
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell_fast
from xlsxwriter.worksheet import Worksheet

from outreach.domain.problems import Problem

MOST_ROWS = 200_000
KEPT_LETTERS = 64  # longer texts, such as notes, are not kept in memory
# Excel writes a character that XML does not allow as _x0007_. If a text itself looks like that, its underscore becomes _x005F_.
_CONTROL, _LOOKS_LIKE = re.compile(r"[\x00-\x08\x0b-\x1f\ufffe\uffff]"), re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
# Where a cell may begin: at the start, and after each separator that a program may expect. Blanks before a formula are ignored.
# Signs: https://owasp.org/www-community/attacks/CSV_Injection, and those of DDE.
_FORMULA = re.compile(r"((?:^|[;,\t\r\n])\s*)(?=[=+\-@|%\uff1d\uff0b\uff0d\uff20])")
_PLAIN_NUMBER = re.compile(r"-?[0-9]+(?:[.,][0-9]+)*")
Cell = str | int | float | date | datetime | time | None


class Filetype(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"


class ListTooLong(Problem):
    message = "This list has more than %(rows)s rows. Please narrow it down first, then download it."


@dataclass(frozen=True)
class ListColumn:
    """A heading, how wide the column is (in letters), and its cell for a row. wraps: whether a long text gets several lines."""

    heading: str
    width: int
    cell: Callable[[Any], Cell]
    wraps: bool = False


@dataclass(frozen=True)
class _Look:
    bold: Format
    day: Format
    hour: Format
    wrapped: Format


class _Sheet(Worksheet):
    """A worksheet that writes a plain text in one step, because texts take most of the time of a long list.

    XlsxWriter itself writes a text from <r> to </r> unchanged, as XML, so somebody's note could break the file.
    """

    def _write_cell(self, row: int, col: int, cell: Any) -> None:
        if type(cell).__name__ == "String":
            style = f' s="{cell.format._get_xf_index()}"' if cell.format else ""
            self.fh.write(f'<c r="{xl_rowcol_to_cell_fast(row, col)}"{style}{_inline(cell.string)}')
        else:
            super()._write_cell(row, col, cell)


def _inline(text: str) -> str:
    """Return the rest of a cell's XML element, with this text in it."""
    return _short(text) if len(text) <= KEPT_LETTERS else _escaped(text)


def _escaped(text: str) -> str:
    text = _CONTROL.sub(lambda sign: f"_x{ord(sign[0]):04X}_", _LOOKS_LIKE.sub("_x005F_", text))
    return f' t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


_short = lru_cache(maxsize=16_384)(_escaped)  # posts, organisations and kelurahan occur many times


def write_xlsx(file: IO[bytes], title: str, columns: Sequence[ListColumn], rows: Iterable[Any]) -> int:
    """Write a workbook with one sheet; return its number of rows. Raise ListTooLong."""
    return write_sheets(file, [(title, columns, rows)])


def write_sheets(file: IO[bytes], sheets: Iterable[tuple[str, Sequence[ListColumn], Iterable[Any]]]) -> int:
    """Write a workbook with these sheets: (title, columns, rows). Return their number of rows. Raise ListTooLong."""
    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "default_date_format": "dd/mm/yyyy hh:mm",
    }  # fmt: skip
    with xlsxwriter.Workbook(file, options) as book:
        look = _Look(
            bold=book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
            day=book.add_format({"num_format": "dd/mm/yyyy"}),
            hour=book.add_format({"num_format": "hh:mm"}),
            wrapped=book.add_format({"text_wrap": True, "valign": "top"}),
        )
        taken: set[str] = set()
        total = 0
        for title, columns, rows in sheets:
            name = _sheet_name(title)
            while name.casefold() in taken:
                name = f"{name[:28]} {len(taken) + 1}"
            taken.add(name.casefold())
            total += _fill(book.add_worksheet(name, worksheet_class=_Sheet), look, columns, rows)
    return total


def _fill(sheet: Worksheet, look: "_Look", columns: Sequence[ListColumn], rows: Iterable[Any]) -> int:
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&L&A&R&P / &N")
    for index, column in enumerate(columns):
        sheet.set_column(index, index, column.width)
        sheet.write_string(0, index, column.heading, look.bold)
    cells = [(column.cell, look.wrapped if column.wraps else None) for column in columns]
    write_string = sheet.write_string
    number = 0
    for number, row in enumerate(_limited(rows), start=1):
        for index, (cell, format) in enumerate(cells):
            value = cell(row)
            if type(value) is str:
                if value:
                    write_string(number, index, value, format)
            elif isinstance(value, datetime):
                sheet.write_datetime(number, index, value)
            elif isinstance(value, date):
                sheet.write_datetime(number, index, value, look.day)
            elif isinstance(value, time):
                sheet.write_datetime(number, index, value, look.hour)
            elif isinstance(value, int | float):
                sheet.write_number(number, index, value)
            elif value:
                write_string(number, index, str(value), format)
    sheet.autofilter(0, 0, number, len(columns) - 1)
    return number


def write_csv(file: IO[bytes], columns: Sequence[ListColumn], rows: Iterable[Any], delimiter: str) -> int:
    """Write a CSV file that Excel opens as UTF-8; return its number of rows. Raise ListTooLong."""
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=False)
    text.write("\ufeff")
    writer = csv.writer(text, delimiter=delimiter)
    writer.writerow([column.heading for column in columns])
    cells = [column.cell for column in columns]
    number = 0
    for row in _limited(rows):
        writer.writerow([_plain(cell(row)) for cell in cells])
        number += 1
    text.detach()
    return number


def _limited(rows: Iterable[Any]) -> Iterable[Any]:
    for number, row in enumerate(islice(rows, MOST_ROWS + 1)):
        if number == MOST_ROWS:
            raise ListTooLong(rows=f"{MOST_ROWS:,}".replace(",", "."))
        yield row


def _plain(value: Cell) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, str):
        return harmless(value)
    return "" if value is None else value


def harmless(text: str) -> str:
    """Return a text of a CSV file in which no part is read as a formula, whatever separates the cells."""
    if not text or _PLAIN_NUMBER.fullmatch(text):
        return text
    safe = _FORMULA.sub(r"\1'", text)
    return f"'{safe}" if safe[0] in "\t\r\n" else safe


def _sheet_name(title: str) -> str:
    """Return a name that Excel accepts: at most 31 letters, none of them special, no apostrophe at an end."""
    name = "".join(" " if letter in "[]:*?/\\" or not letter.isprintable() else letter for letter in title)
    return " ".join(name.split())[:31].strip("' ") or "Outreach"
