"""A photo as a response, and pages of photos."""

from collections.abc import Sequence
from io import BytesIO

from flask import Response, request, send_file

from outreach.models import ActivityPhoto, StoredFile

AT_ONCE = 20  # photos on one page that is opened without an account
KEPT_S = 24 * 3600
POLICY = "default-src 'none'; sandbox"


def as_picture(found: StoredFile) -> Response:
    """Return a photo to be shown in a page. It never changes under its address."""
    response = send_file(BytesIO(found.data), found.media_type, download_name=found.name, conditional=False, etag=False)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = f"private, max-age={KEPT_S}"
    return response


def page_of(photos: Sequence[ActivityPhoto]) -> tuple[Sequence[ActivityPhoto], int, int]:
    """Return the photos of the asked page, its number and the number of pages."""
    pages = max(1, -(-len(photos) // AT_ONCE))
    number = min(max(request.args.get("page", 1, type=int), 1), pages)
    return photos[(number - 1) * AT_ONCE : number * AT_ONCE], number, pages
