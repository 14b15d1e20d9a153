"""A file that somebody else sent, as a download that no browser runs or shows as a page."""

from io import BytesIO

from babel.numbers import format_decimal
from flask import Response, send_file

from outreach.delivery.words import formats
from outreach.models import StoredFile

POLICY = "sandbox; default-src 'none'"


def as_attachment(found: StoredFile) -> Response:
    response = send_file(
        BytesIO(found.data),
        found.media_type,
        as_attachment=True,
        download_name=found.name,
        conditional=False,
        etag=False,
    )  # it writes names that are not in Latin letters so that a header can have them
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def size_in_words(size: int) -> str:
    """Return "240 KB" or "1,5 MB" in the current language. size: in bytes."""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    return f"{format_decimal(round(size / 1024 / 1024, 1), locale=formats.language())} MB"
