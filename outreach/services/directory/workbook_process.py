"""A separate program that reads a workbook from standard input and writes its cells as JSON: a line for each sheet and row.

services/directory/workbook.py runs it with limits on memory and time. A crafted file of a few kilobytes may claim
billions of cells; here it can harm only this process. This file imports nothing of Outreach.
"""

import contextlib
import io
import json
import sys
from typing import Any

MEMORY = 1024 * 1024 * 1024  # bytes of address space
PROTECTED, UNREADABLE, TOO_LONG = 3, 4, 5  # exit codes
MOST_IN_A_CELL = 300  # characters; longer text is cut, because no name or address is that long
MOST_TEXT = 15_000_000  # characters in all cells; a small file may repeat one long text in many cells
encoded = json.JSONEncoder(separators=(",", ":")).encode


def main(most_rows: int, most_columns: int) -> int:
    _limit_memory()
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        text = rows = 0
        for meta in book.sheets_metadata:
            hidden = not str(meta.typ).endswith("WorkSheet") or not str(meta.visible).endswith(".Visible")
            _write({"name": meta.name, "hidden": hidden})
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
    except (CalamineError, OSError, ValueError, MemoryError):
        return UNREADABLE
    sys.stdout.flush()
    return 0


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
