"""Safe opening of an uploaded spreadsheet (.xlsx, .xls, .ods, .csv): checks of type and size, then its cells.

Formulas are never evaluated; a cell has the value that was stored last. domain/directory/spreadsheet.py interprets
the cells.
"""

import csv
import io
import json
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from outreach.domain.directory.spreadsheet import Cell
from outreach.domain.problems import Problem
from outreach.services.directory import workbook_process

MOST_BYTES = 10 * 1024 * 1024
MOST_UNPACKED = 100 * 1024 * 1024  # bytes of all members of a zipped workbook
MOST_MEMBERS = 2000
MOST_ROWS = 100_100  # of all sheets: a hundred thousand people, with titles and headings
MOST_COLUMNS = 60
READ_WITHIN_S = 20

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ODS_TYPE = b"opendocument.spreadsheet"
_ZIP_PARTS = (b"xl/", _ODS_TYPE)  # stand in a workbook also where it is damaged
_OLE_STREAMS = ("Workbook", "Book")


class NotASpreadsheet(Problem):
    message = "“%(filename)s” is not a spreadsheet. Please choose an .xlsx, .xls, .ods or .csv file."
    field = "file"


class FileEmpty(Problem):
    message = "“%(filename)s” is empty."
    field = "file"


class FileDamaged(Problem):
    message = "“%(filename)s” is damaged or was cut off. Please save it once more in your program, and choose it again."
    field = "file"


class FileTooLarge(Problem):
    message = (
        "“%(filename)s” is too large. At most %(megabytes)s MB can be read; remove pictures, or split it in parts."
    )
    field = "file"


class TooManyRows(Problem):
    message = "“%(filename)s” has more than %(rows)s rows. Please split it in parts."
    field = "file"


class FileProtected(Problem):
    message = "“%(filename)s” is protected by a password. Please remove the password and choose it again."
    field = "file"


@dataclass(frozen=True)
class WorkbookSheet:
    """A sheet's cells from A1 on. They are packed as lines of JSON, and read from them each time: that takes less memory.

    far: a cell of the file that was left out, because it is far from everything else; "" if there is none.
    """

    name: str
    lines: Sequence[bytes]
    hidden: bool = False
    macros: bool = False
    far: str = ""

    @property
    def rows(self) -> Iterator[list[Cell]]:
        return map(json.loads, self.lines)

    def first(self, number: int) -> list[list[Cell]]:
        return list(map(json.loads, self.lines[:number]))


@dataclass(frozen=True)
class Workbook:
    """A file that was read. packed: its sheets as lines of JSON, one for each sheet and each row, to keep it or send it."""

    filename: str
    packed: bytes

    @cached_property
    def sheets(self) -> list[WorkbookSheet]:
        lines = self.packed.splitlines()
        starts = [index for index, line in enumerate(lines) if line[:1] == b"{"]
        found = []
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            about = json.loads(lines[start])
            found.append(WorkbookSheet(**about, lines=lines[start + 1 : end]))
        return found


def usual_separator(text: str) -> str:
    """Return the sign that is most frequent at the beginning of a CSV file, of those that can separate its cells."""
    head = text[:20_000]
    return max(";\t,", key=lambda mark: (head.count(mark), mark == ","))


def open_workbook(data: bytes, filename: str, *, separator: Callable[[str], str] = usual_separator) -> Workbook:
    """Return a file's sheets with their cells. Raise a Problem that says why it cannot be read.

    separator: returns what separates the cells of a CSV file with this text.
    """
    if len(data) > MOST_BYTES:
        raise FileTooLarge(filename=filename, megabytes=MOST_BYTES // 1024 // 1024)
    if not data.strip(b" \r\n\t\x00"):
        raise FileEmpty(filename=filename)
    if data.startswith(_ZIP):
        _check_zip(data, filename)
        packed = _read_apart(data, filename)
    elif data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise FileProtected(filename=filename)
        if not any(name.encode("utf-16-le") in data for name in _OLE_STREAMS):  # such as an old Word document
            raise NotASpreadsheet(filename=filename)
        packed = _read_apart(data, filename)
    else:
        packed = _read_text(data, filename, separator)
    book = Workbook(filename, packed)
    if sum(len(sheet.lines) for sheet in book.sheets) > MOST_ROWS:
        raise TooManyRows(filename=filename, rows=MOST_ROWS)
    return book


def _check_zip(data: bytes, filename: str) -> None:
    """Refuse what is no workbook, what is encrypted, and a zip bomb by the sizes in its directory, before it is unpacked."""
    known = any(part in data for part in _ZIP_PARTS)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS or sum(m.file_size for m in members) > MOST_UNPACKED:
                raise FileTooLarge(filename=filename, megabytes=MOST_BYTES // 1024 // 1024)
            names = {member.filename for member in members}
            said = b"".join(archive.read(name) for name in ("mimetype", "META-INF/manifest.xml") if name in names)
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, OSError, RuntimeError):
        raise (FileDamaged if known else NotASpreadsheet)(filename=filename) from None
    if not known and _ODS_TYPE not in said:
        raise NotASpreadsheet(filename=filename)
    if b"encryption-data" in said or any(member.flag_bits & 1 for member in members):
        raise FileProtected(filename=filename)


def _read_apart(data: bytes, filename: str) -> bytes:
    command = [sys.executable, "-I", str(Path(workbook_process.__file__)), str(MOST_ROWS), str(MOST_COLUMNS)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=READ_WITHIN_S, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise FileTooLarge(filename=filename, megabytes=MOST_BYTES // 1024 // 1024) from None
    if done.returncode == workbook_process.PROTECTED:
        raise FileProtected(filename=filename)
    if done.returncode == workbook_process.UNREADABLE:
        raise FileDamaged(filename=filename)
    if done.returncode != 0:  # too much text, out of memory, or a crash
        raise FileTooLarge(filename=filename, megabytes=MOST_BYTES // 1024 // 1024)
    return done.stdout


def _read_text(data: bytes, filename: str, separator: Callable[[str], str]) -> bytes:
    text = _decoded(data, filename)
    if text.lstrip()[:1] in ("<", "{", "%"):  # HTML saved as .xls, JSON, PDF
        raise NotASpreadsheet(filename=filename)
    delimiter = separator(text)
    if delimiter not in text[:20_000]:
        raise NotASpreadsheet(filename=filename)
    packed = io.BytesIO()
    packed.write(b'{"name":"","hidden":false}\n')
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)):
            cells = [cell[: workbook_process.MOST_IN_A_CELL] for cell in row[:MOST_COLUMNS]]
            packed.write(workbook_process.encoded(cells).encode() + b"\n")
            if number >= MOST_ROWS:
                break
    except csv.Error:
        raise NotASpreadsheet(filename=filename) from None
    return packed.getvalue()


def _decoded(data: bytes, filename: str) -> str:
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(ord(letter) < 32 and letter not in "\t\r\n\f" for letter in text[:100_000]):
            return text
    raise NotASpreadsheet(filename=filename)
