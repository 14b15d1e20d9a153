"""A photo as a response, and pages of photos."""

from collections.abc import Sequence
from io import BytesIO

from flask import Response, request, send_file

from outreach.models import ActivityPhoto, StoredFile

AT_ONCE = 20  # photos on one page that is opened without an account
KEPT_S = 3600  # on the phone of who has a link: pages of many photos cost data, and an hour is soon over
POLICY = "default-src 'none'; sandbox"


def as_picture(found: StoredFile, *, kept_s: int = 0) -> Response:
    """Return a photo to be shown in a page. kept_s: how long a browser may keep it; 0: not at all, so none stays after staff
    have signed out.
    """
    response = send_file(BytesIO(found.data), found.media_type, download_name=found.name, conditional=False, etag=False)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = f"private, max-age={kept_s}" if kept_s else "private, no-store"
    return response


def page_of(photos: Sequence[ActivityPhoto]) -> tuple[Sequence[ActivityPhoto], int, int]:
    """Return the photos of the asked page, its number and the number of pages."""
    pages = max(1, -(-len(photos) // AT_ONCE))
    number = min(max(request.args.get("page", 1, type=int), 1), pages)
    return photos[(number - 1) * AT_ONCE : number * AT_ONCE], number, pages
