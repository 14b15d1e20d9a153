"""One PDF of many, for the printer: it grows on the disk, and has each page in order."""

import io

import pypdfium2
import pytest

from outreach.delivery.documents import pdf_pages
from outreach.delivery.documents.pdf_pages import JoinedPdf


def a_pdf(*widths: int) -> bytes:
    """Return a PDF whose pages have these widths."""
    document, file = pypdfium2.PdfDocument.new(), io.BytesIO()
    for width in widths:
        document.new_page(width, 842)
    document.save(file)
    document.close()
    return file.getvalue()


@pytest.mark.parametrize("at_once", [1, 2, 3, 50])
def test_all_pages_stand_in_order_however_many_are_added_at_once(tmp_path, monkeypatch, at_once):
    monkeypatch.setattr(pdf_pages, "AT_ONCE", at_once)
    whole = JoinedPdf(tmp_path / "whole.pdf")
    for widths in ((100,), (200, 201), (300,), (400, 401, 402), (500,)):
        whole.add(a_pdf(*widths))
    whole.finish()
    with pypdfium2.PdfDocument(tmp_path / "whole.pdf") as document:
        assert [round(page.get_width()) for page in document] == [100, 200, 201, 300, 400, 401, 402, 500]


def test_only_a_few_documents_are_held_before_they_are_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(pdf_pages, "AT_ONCE_BYTES", 3000)
    path, whole, sizes = tmp_path / "whole.pdf", JoinedPdf(tmp_path / "whole.pdf"), []
    for width in range(100, 120):
        whole.add(a_pdf(width))
        sizes.append(path.stat().st_size if path.exists() else 0)
    assert len(set(sizes)) > 3
    assert sizes == sorted(sizes)
