"""A file that somebody else sent, as a download that no browser runs or shows as a page."""

from io import BytesIO

from babel.numbers import format_decimal
from flask import Response, send_file

from outreach.delivery.words import formats
from outreach.extensions import current_settings
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


def file_mb() -> int:
    """Return how many MB one file may have: a request has to hold it."""
    found = current_settings()
    return min(found.material_limit_mb, found.upload_limit_mb)


def size_in_words(size: int) -> str:
    """Return "240 KB" or "1,5 MB" in the current language. size: in bytes."""
    if size < 1024 * 1024:
        return f"{max(1, round(size / 1024))} KB"
    return f"{format_decimal(round(size / 1024 / 1024, 1), locale=formats.language())} MB"
