"""The photos and the press text of an activity, for those who were there, behind their link."""

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from flask import Response, url_for
from markupsafe import Markup

from outreach import clock
from outreach.delivery.words import formats
from outreach.models import ActivityPhoto
from outreach.queries import documentation as pages
from outreach.queries.answers import page as answer_page
from outreach.queries.documentation import ShownDocumentation
from outreach.web.answer_pages import acting
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import draw, query, speak_to
from outreach.web.documentation.picture import KEPT_S, as_picture, page_of
from outreach.web.frame.request import asked_language

# Not in page.css, which every answer page carries within its 14 KB.
PHOTO_CSS = Markup(".p{display:block;width:100%;height:auto;border-radius:8px}")
_DIGEST = "sha256-" + b64encode(sha256(PHOTO_CSS.encode()).digest()).decode()


@bp.get("/<token>/photos/<int:activity_id>")
def photos(token: str, activity_id: int) -> Response:
    found, reader, contact = pages.by_link(token, activity_id, acting=acting.opens(token), now=clock.now())
    speak_to(reader)
    return drawn_photos(
        found,
        lambda photo, small: url_for(
            "answers.photo", token=token, activity_id=activity_id, photo_id=photo.id, small=small
        ),
        contact=contact,
        here=f"/j/{token}",
    )


@bp.get("/<token>/photos/<int:activity_id>/<int:small>/<int:photo_id>.jpg")
def photo(token: str, activity_id: int, small: int, photo_id: int) -> Response:
    pages.by_link(token, activity_id, acting=acting.opens(token), now=clock.now())
    return as_picture(pages.picture(activity_id, photo_id, large=not small), kept_s=KEPT_S)


def drawn_photos(found: ShownDocumentation, address: Callable[[ActivityPhoto, int], str], **values: Any) -> Response:
    """Return the page of photos and press text. address: takes a photo, and 1 if the small one is meant."""
    photos, number, count = page_of(found.photos)
    row, activity = found.row, found.activity
    response = draw(
        "photos.html",
        contact=values.pop("contact", None) or answer_page.office_contact(),
        title=(row.press_title if row else "") or activity.neutral_title,
        about=(activity.neutral_title, formats.day(activity.starts_at, activity.zone)),
        paragraphs=[part for part in (row.press_text if row else "").split("\n\n") if part.strip()],
        photos=[(one, address(one, 1), address(one, 0)) for one in photos],
        number=number,
        pages=range(1, count + 1),
        query=query(),
        asked=asked_language(),
        photo_css=PHOTO_CSS,
        **values,
    )
    policy = response.headers["Content-Security-Policy"]
    policy = policy.replace("img-src data:", "img-src 'self' data:").replace("style-src", f"style-src '{_DIGEST}'")
    response.headers["Content-Security-Policy"] = policy
    return response
