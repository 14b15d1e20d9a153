"""A document on a page: its pages as pictures for a frame, and its PDF as a download."""

from base64 import b64encode
from collections.abc import Sequence

from flask import Response, make_response, render_template
from werkzeug.utils import secure_filename

PREVIEWS = "120/minute"
# A preview has pictures and styles within itself. Nothing may run or load, and only our own pages may frame it.
PREVIEW_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; form-action 'none'; sandbox"
)


def preview_response(pages: Sequence[bytes], problem: str = "") -> Response:
    """Return pictures of pages as a page for a frame, or why there are none."""
    pictures = [b64encode(page).decode() for page in pages]
    response = make_response(
        render_template("documents/preview.html", pictures=pictures, problem=problem), 422 if problem else 200
    )
    response.headers["Content-Security-Policy"] = PREVIEW_POLICY
    return response


def pdf_response(data: bytes, name: str) -> Response:
    """Return a PDF as a download. name: without its ending."""
    response = make_response(data)
    filename = secure_filename(f"{name}.pdf".lower()) or "dokumen.pdf"
    response.headers.set("Content-Disposition", "attachment", filename=filename)
    response.content_type = "application/pdf"
    response.headers["Cache-Control"] = "private, no-store"
    return response
