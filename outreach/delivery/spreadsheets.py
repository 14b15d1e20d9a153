"""Lists as spreadsheet files: .xlsx for Excel, and CSV. Rows are written as they come, so a long list needs little memory.

A text never becomes a formula: in .xlsx every text is stored as text; in CSV a sign that begins a formula gets an apostrophe.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from typing import IO, Any

import xlsxwriter
from defusedcsv import csv

from outreach.domain.problems import Problem

MOST_ROWS = 200_000
Cell = str | int | float | date | datetime | None


class Filetype(StrEnum):
    XLSX = "xlsx"
    CSV = "csv"


class ListTooLong(Problem):
    message = "This list has more than %(rows)s rows. Please narrow it down first, then download it."


@dataclass(frozen=True)
class Column:
    """A heading, how wide the column is (in letters), and its cell for a row."""

    heading: str
    width: int
    cell: Callable[[Any], Cell]


def write_xlsx(file: IO[bytes], title: str, columns: Sequence[Column], rows: Iterable[Any]) -> int:
    """Write a workbook with one sheet; return its number of rows. Raise ListTooLong."""
    options = {
        "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "default_date_format": "dd/mm/yyyy hh:mm",
    }  # fmt: skip
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet = book.add_worksheet(_sheet_name(title))
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_footer("&L&A&R&P / &N")
        for at, column in enumerate(columns):
            sheet.set_column(at, at, column.width)
            sheet.write_string(0, at, column.heading, bold)
        cells = [column.cell for column in columns]
        write_string = sheet.write_string
        number = 0
        for number, row in enumerate(_limited(rows), start=1):
            for at, cell in enumerate(cells):
                value = cell(row)
                if type(value) is str:
                    if value:
                        write_string(number, at, value)
                elif isinstance(value, datetime):
                    sheet.write_datetime(number, at, value)
                elif isinstance(value, date):
                    sheet.write_datetime(number, at, value, day)
                elif isinstance(value, int | float):
                    sheet.write_number(number, at, value)
                elif value:
                    write_string(number, at, str(value))
        sheet.autofilter(0, 0, number, len(columns) - 1)
    return number


def write_csv(file: IO[bytes], columns: Sequence[Column], rows: Iterable[Any], delimiter: str) -> int:
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
    return "" if value is None else value


def _sheet_name(title: str) -> str:
    """Return a name that Excel accepts: at most 31 letters, none of them special, no apostrophe at an end."""
    name = "".join(" " if letter in "[]:*?/\\" else letter for letter in title)
    return " ".join(name.split())[:31].strip("' ") or "Outreach"
