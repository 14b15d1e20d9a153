"""Several PDFs as one, for the printer. The result is a print copy: PDF/A and signatures hold for the single files only.

It grows on the disk: a few documents at a time are in memory, and are added to the file as an incremental update
(ISO 32000-1, 7.5.6).
"""

import gc
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pypdfium2
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader

AT_ONCE_BYTES = 4 * 1024**2  # of documents that are in memory before they are added
AT_ONCE = 50
_PARENT = pdf_name("/Parent")


class JoinedPdf:
    """A PDF file that gets the pages of other PDFs, in order. `finish` writes the rest of them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._begun = False

    def add(self, document: bytes) -> None:
        self._waiting.append(document)
        self._bytes += len(document)
        if self._bytes >= AT_ONCE_BYTES or len(self._waiting) >= AT_ONCE:
            self.finish()

    def finish(self) -> None:
        if self._waiting:
            pages = _joined(self._waiting)
            self._waiting, self._bytes = [], 0
            if self._begun:
                _append(self._path, pages)
            else:
                self._path.write_bytes(pages)
            self._begun = True


def _joined(documents: Sequence[bytes]) -> bytes:
    """Return one PDF with all pages of these, in order. It is as pdfium writes it: a flat list of pages, nothing else."""
    whole = pypdfium2.PdfDocument.new()
    try:
        for data in documents:
            with pypdfium2.PdfDocument(data) as one:
                whole.import_pages(one)
        made = io.BytesIO()
        whole.save(made)
        return made.getvalue()
    finally:
        whole.close()


def _append(path: Path, added: bytes) -> None:
    """Add the pages of a PDF that pdfium wrote to another such file."""
    new = PdfFileReader(io.BytesIO(added)).root["/Pages"]["/Kids"]
    for page in new:
        del page.get_object()[_PARENT]  # else all that is above the page would be copied with it
    with path.open("r+b") as file:
        writer = IncrementalPdfFileWriter(file)
        root = writer.root.raw_get("/Pages")
        tree = root.get_object()
        copied: Any = writer.import_object(new)  # at once: what the pages share is copied once
        for page in copied:
            page.get_object()[_PARENT] = root
            tree["/Kids"].append(page)
        tree[pdf_name("/Count")] = generic.NumberObject(len(tree["/Kids"]))
        writer.update_container(tree["/Kids"])
        writer.update_container(tree)
        writer.write_in_place()
    del writer, new, root, tree
    gc.collect()
