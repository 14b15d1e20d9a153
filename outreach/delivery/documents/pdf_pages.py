"""Several PDFs as one, for the printer. The result is a print copy: PDF/A and signatures hold for the single files only."""

import io
from collections.abc import Sequence

import pypdfium2


def joined(documents: Sequence[bytes]) -> bytes:
    """Return one PDF with all pages of these, in order."""
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
