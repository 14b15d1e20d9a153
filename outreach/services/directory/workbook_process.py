"""A separate program that reads a workbook from standard input and writes its cells as JSON.

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
MOST_TEXT = 5_000_000  # characters in all cells; a small file may repeat one long text in many cells


def main(most_rows: int, most_columns: int) -> int:
    _limit_memory()
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read()))
        sheets = []
        text = 0
        for meta in book.sheets_metadata:
            if not str(meta.typ).endswith("WorkSheet") or not str(meta.visible).endswith(".Visible"):
                sheets.append({"name": meta.name, "hidden": True, "rows": []})
                continue
            rows = book.get_sheet_by_name(meta.name).to_python(skip_empty_area=False, nrows=most_rows + 1)
            cells = [[_plain(cell) for cell in row[:most_columns]] for row in rows]
            text += sum(len(cell) for row in cells for cell in row if isinstance(cell, str))
            if text > MOST_TEXT:
                return TOO_LONG
            sheets.append({"name": meta.name, "hidden": False, "rows": cells})
    except PasswordError:
        return PROTECTED
    except (CalamineError, OSError, ValueError, MemoryError):
        return UNREADABLE
    sys.stdout.write(json.dumps(sheets))
    return 0


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
