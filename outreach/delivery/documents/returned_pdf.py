"""Safe reading of a PDF that somebody sends: checks of kind and size, then text and signatures in a separate process.

delivery/documents/pdf_process.py reads the file there, with limits on memory and time and none of the server's settings.
The file itself is never changed.
"""

import json
import re
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from outreach import codec
from outreach.delivery.documents import pdf_process
from outreach.domain.letters.signatures import ReadPdf
from outreach.domain.problems import Problem

MOST_BYTES = 7 * 1024 * 1024  # encoded for a mail it stays under the 10 MB that most mail servers take
READ_WITHIN_S = 30
MOST_OF_OTHERS = 100_000_000  # bytes to which a PDF that is no letter may unpack, without its pictures
AT_ONCE = threading.BoundedSemaphore(2)  # in this process; each reading may use one core and some hundred MB
log = structlog.get_logger()
_PARTS_OF_WORD = (b"word/document.xml", b"application/vnd.oasis.opendocument.text")


class PdfRefused(Problem):
    """The file is not taken, and nothing of it is kept."""

    field = "file"


class PdfMissing(PdfRefused):
    message = "Please choose the signed letter’s PDF; the file is empty."


class PdfTooLarge(PdfRefused):
    message = "The file is larger than %(megabytes)s MB, which is too much for a mail. Please save it smaller."


class IsWebPageNamedPdf(PdfRefused):
    message = "This is a web page, not a PDF, whatever its name says. Please save the letter itself as PDF."


class IsPicture(PdfRefused):
    message = "This is a picture, not a PDF. Please save the letter, or the scan of it, as PDF."


class IsWordFile(PdfRefused):
    message = "This is a file for Word, not a PDF. Please save the letter as PDF."


class IsArchive(PdfRefused):
    message = "This is a ZIP archive, not a PDF. Please unpack it and choose the letter’s PDF."


class NotAPdf(PdfRefused):
    message = "This is not a PDF. Please choose the signed letter’s PDF."


class PdfDamaged(PdfRefused):
    message = "This PDF is damaged or cut off, so it cannot be read. Please save it once more."


class PdfProtected(PdfRefused):
    message = "This PDF is protected by a password. Please choose one that opens without it."


class TooManyPages(PdfRefused):
    message = "This PDF has more than %(most)s pages. Please choose the letter alone."


class PdfRunsPrograms(PdfRefused):
    message = (
        "This PDF holds a program, an enclosed file or a command for the reader’s computer. Such a file is not mailed to "
        "anybody. Please save the letter as a plain PDF."
    )


class PdfTakesTooLong(PdfRefused):
    message = "Reading this PDF takes too long or too much memory, so it is not taken. Please save it once more."


class PdfSwells(PdfRefused):
    message = "Without its pictures, this PDF unpacks to more than %(megabytes)s MB. No letter does. Please save it once more."


class PdfPackedOddly(PdfRefused):
    message = (
        "This PDF is packed in a way that cannot be looked into here. Please save it once more, before it is signed."
    )


class PdfReadersBusy(Problem):
    message = "Other letters are being read just now. Please try again in a minute."
    field = "file"


_REFUSALS: dict[int, type[PdfRefused]] = {
    pdf_process.PROTECTED: PdfProtected,
    pdf_process.DAMAGED: PdfDamaged,
    pdf_process.FAULT: PdfDamaged,
    pdf_process.TOO_MANY_PAGES: TooManyPages,
    pdf_process.ACTIVE: PdfRunsPrograms,
    pdf_process.SWELLS: PdfSwells,
    pdf_process.ODD: PdfPackedOddly,
}


def read(data: bytes, roots: Sequence[bytes], *, now: datetime, wait_s: float | None = None) -> ReadPdf:
    """Return a PDF's text and signatures. Nothing is fetched from the network.

    roots: the certificates that the office trusts, each as DER. wait_s: how long to wait while two other files are read;
    None: READ_WITHIN_S. Raise a PdfRefused that says why the file is not taken.
    """
    check_beginning(data)
    given = {"roots": [root.hex() for root in roots], "now": now.isoformat()}
    return codec.from_json(ReadPdf, _run(given, data, wait_s))


def pictures(data: bytes, most: int) -> list[bytes]:
    """Return each page of a PDF as PNG. most: pages. Raise a PdfRefused that says why the file is not taken."""
    return [b64decode(page) for page in _run({"pictures": most}, data, None)["pages"]]


def refuse_programs(data: bytes) -> None:
    """Raise PdfRunsPrograms, or another PdfRefused, if a PDF must not be handed on to others. Nothing of it is shown or read."""
    try:
        pdf_process.look_into(data, MOST_OF_OTHERS)
    except pdf_process.PdfUnread as refused:
        raise _REFUSALS[refused.code](megabytes=MOST_OF_OTHERS // 1_000_000) from None


def _run(given: Mapping[str, Any], data: bytes, wait_s: float | None) -> Any:
    if not AT_ONCE.acquire(timeout=READ_WITHIN_S if wait_s is None else wait_s):
        raise PdfReadersBusy
    command = [sys.executable, "-I", str(Path(pdf_process.__file__))]
    try:
        done = subprocess.run(  # noqa: S603  our own program
            command,
            input=json.dumps(given).encode() + b"\n" + data,
            capture_output=True,
            timeout=READ_WITHIN_S,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired:
        raise PdfTakesTooLong from None
    finally:
        AT_ONCE.release()
    if done.returncode == 0:
        return json.loads(done.stdout)
    if done.returncode == pdf_process.FAULT:
        log.error("pdf not readable", error=done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2][:300])
    raise _REFUSALS.get(done.returncode, PdfTakesTooLong)(
        most=given.get("pictures", pdf_process.MOST_PAGES), megabytes=pdf_process.MOST_UNPACKED // 1_000_000
    )


def check_beginning(data: bytes) -> None:
    """Raise a PdfRefused if this is too large, empty or plainly no PDF, without parsing it."""
    if len(data) > MOST_BYTES:
        raise PdfTooLarge(megabytes=MOST_BYTES // 1024 // 1024)
    if not data.strip(b"\0 \r\n\t"):
        raise PdfMissing
    if data.startswith(b"%PDF-"):
        return
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if head.startswith((b"\x89png", b"\xff\xd8\xff", b"gif8")) or (head.startswith(b"<") and b"<svg" in head):
        raise IsPicture
    if head.startswith(b"<") and re.search(rb"<(?:!doctype )?html|<script|<body", head):
        raise IsWebPageNamedPdf
    if head.startswith(b"pk\x03\x04"):
        raise IsWordFile if any(part in data for part in _PARTS_OF_WORD) else IsArchive
    if head.startswith((b"\xd0\xcf\x11\xe0", b"{\\rtf")):
        raise IsWordFile
    raise NotAPdf
