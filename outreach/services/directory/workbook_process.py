"""A separate program that reads a workbook from standard input and writes its cells as JSON: a line for each sheet and row.

services/directory/workbook.py runs it with limits on memory and time. A crafted file of a few kilobytes may claim
billions of cells; here it can harm only this process. This file imports nothing of Outreach.
"""

import contextlib
import io
import json
import re
import sys
import zipfile
import zlib
from typing import Any

MEMORY = 1024 * 1024 * 1024  # bytes of address space
PROTECTED, UNREADABLE, TOO_LONG = 3, 4, 5  # exit codes
MOST_IN_A_CELL = 300  # characters; longer text is cut, because no name or address is that long
MOST_TEXT = 15_000_000  # characters in all cells; a small file may repeat one long text in many cells
MOST_RANGE = 10_000_000  # cells from A1 to the last one that the library may reserve memory for
FAR = 10_000  # empty rows below which a cell belongs to no table any more
_ODS = "content.xml"
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_WIDE = re.compile(rb'<c r="([A-Z]{2,3})\d')
# The same in an .ods file, where empty rows and cells are written once with their number.
_ODS_TABLE = re.compile(rb"(<table:table\b[^>]*>)(.*?)(</table:table>)", re.DOTALL)
_ODS_ROW = re.compile(rb"<table:table-row\b([^>]*?)(?:/>|>(.*?)</table:table-row>)", re.DOTALL)
_ODS_CELL = re.compile(
    rb"<table:(?:covered-)?table-cell\b([^>]*?)(?:/>|>(.*?)</table:(?:covered-)?table-cell>)", re.DOTALL
)
_ODS_ROWS = re.compile(rb'table:number-rows-repeated="(\d{1,7})"')
_ODS_CELLS = re.compile(rb'table:number-columns-repeated="(\d{1,5})"')
_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*?(?:/>|>(.*?)</c>)', re.DOTALL)
encoded = json.JSONEncoder(separators=(",", ":")).encode


def main(most_rows: int, most_columns: int) -> int:
    _limit_memory()
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        data = sys.stdin.buffer.read()
        macros = has_macros(data)
        data, far = without_far_cells(data, most_columns)
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        text = rows = 0
        for meta in book.sheets_metadata:
            hidden = not str(meta.typ).endswith("WorkSheet") or not str(meta.visible).endswith(".Visible")
            _write({"name": meta.name, "hidden": hidden, "macros": macros, "far": far})
            far = ""  # said once
            if hidden:
                continue
            for row in book.get_sheet_by_name(meta.name).iter_rows():  # from A1 on
                rows += 1
                if rows > most_rows:
                    _write([])  # an extra row shows the reader that there are too many
                    break
                cells = [_plain(cell) for cell in row[:most_columns]]
                while cells and cells[-1] in ("", None):
                    cells.pop()
                text += sum(len(cell) for cell in cells if isinstance(cell, str))
                if text > MOST_TEXT:
                    return TOO_LONG
                _write(cells)
    except PasswordError:
        return PROTECTED
    except (CalamineError, zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError):
        return UNREADABLE
    except MemoryError:
        return TOO_LONG
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # the library's own, for a file that contradicts itself
            return UNREADABLE
        raise
    sys.stdout.flush()
    return 0


def has_macros(data: bytes) -> bool:
    """Return whether a workbook has macros. They are never run."""
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.lower().endswith("vbaproject.bin") for name in archive.namelist())
    return "_VBA_PROJECT".encode("utf-16-le") in data


def without_far_cells(data: bytes, most_columns: int) -> tuple[bytes, str]:
    """Return an .xlsx or .ods file without the cells that are far from its tables, and the name of the last one that had content.

    The library reserves memory for all cells from A1 to the last one, so one stray cell can make a small file too large.
    """
    if not data.startswith(b"PK"):
        return data, ""
    made, far = io.BytesIO(), ""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheets = {name: archive.read(name) for name in archive.namelist() if _SHEET.fullmatch(name) or name == _ODS}
        changed = {
            name for name, xml in sheets.items() if (_repeats_often(xml) if name == _ODS else _range(xml) > MOST_RANGE)
        }
        if not changed:
            return data, ""
        with zipfile.ZipFile(made, "w") as copy:
            for member in archive.infolist():
                content = archive.read(member)
                if member.filename in changed:
                    content, last = (_near_in_ods if member.filename == _ODS else _near)(content, most_columns)
                    far = far or last
                copy.writestr(member.filename, content)
    return made.getvalue(), far


def _range(xml: bytes) -> int:
    """Return about how many cells there are from A1 to the last one."""
    at = xml.rfind(b"<row ")
    last = re.compile(rb'\sr="(\d{1,7})"').search(xml, at) if at >= 0 else None
    width = max((_number(found[1]) for found in _WIDE.finditer(xml)), default=26)
    return (int(last[1]) if last else 1) * width


def _near(xml: bytes, most_columns: int) -> tuple[bytes, str]:
    rows = sorted({int(found[2]) for found in _CELL.finditer(xml) if _number(found[1]) <= most_columns and found[3]})
    end = 0
    for row in rows:
        if end and row - end > FAR:
            break
        end = row
    far = ""

    def kept(found: re.Match[bytes]) -> bytes:
        nonlocal far
        if _number(found[1]) <= most_columns and int(found[2]) <= max(end, 1):
            return found[0]
        if found[3] and (b"<v>" in found[3] or b"<is>" in found[3]):
            far = (found[1] + found[2]).decode()
        return b""

    return _CELL.sub(kept, xml), far


def _repeats_often(xml: bytes) -> bool:
    return any(int(found[1]) > FAR for found in _ODS_ROWS.finditer(xml)) or any(
        int(found[1]) > 50 for found in _ODS_CELLS.finditer(xml)
    )


def _near_in_ods(xml: bytes, most_columns: int) -> tuple[bytes, str]:
    far = ""

    def table(found: re.Match[bytes]) -> bytes:
        nonlocal far
        kept: list[bytes] = []
        row = 0  # the number of the last row, from 1
        is_far = False
        for part in _ODS_ROW.finditer(found[2]):
            times = _times(_ODS_ROWS, part[1])
            cells, last = _cells_in_ods(part[2] or b"", 0 if is_far else most_columns)
            row += times
            if last:
                far = f"{_letters(last)}{row}"
            if not is_far and times > FAR and b"<text:p" not in cells:
                is_far = True
            if not is_far:
                kept.append(b"<table:table-row" + part[1] + b">" + cells + b"</table:table-row>")
        return found[1] + b"".join(kept) + found[3]

    return _ODS_TABLE.sub(table, xml), far


def _cells_in_ods(xml: bytes, most_columns: int) -> tuple[bytes, int]:
    """Return a row's cells up to a column, and the number of the last cell with content beyond it, 0 if there is none."""
    kept: list[bytes] = []
    column = last = 0
    for found in _ODS_CELL.finditer(xml):
        times = _times(_ODS_CELLS, found[1])
        if column + times <= most_columns:
            kept.append(found[0])
        elif found[2] and b"<text:p" in found[2]:
            last = column + times
        column += times
    return b"".join(kept), last


def _times(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    found = pattern.search(attributes)
    return int(found[1]) if found else 1


def _letters(column: int) -> str:
    """Return a column's letters: 1 is A, 16384 is XFD."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _number(column: bytes) -> int:
    """Return a column's number from 1: A is 1, XFD is 16384."""
    number = 0
    for letter in column:
        number = number * 26 + letter - 64
    return number


def _write(line: Any) -> None:
    sys.stdout.write(encoded(line))
    sys.stdout.write("\n")


def _plain(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell[:MOST_IN_A_CELL]
    return cell if isinstance(cell, int | float | bool) else str(cell)


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
