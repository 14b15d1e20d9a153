"""What everybody may see of an activity who has its address: the press text and the photos. No login, no script.

The page looks like the answer pages (web/answer_pages/draw.py). It shows the neutral title, and nothing of people.
"""

from flask import Blueprint, Response, current_app, g, url_for
from flask_babel import gettext as _

from outreach.domain.photos import PhotoMissing
from outreach.extensions import limiter
from outreach.queries import documentation as pages
from outreach.queries.answers import page as answer_page
from outreach.web.answer_pages.draw import draw, speak
from outreach.web.answer_pages.photos import drawn_photos
from outreach.web.documentation.picture import KEPT_S, as_picture
from outreach.web.frame.say import say

REQUESTS = "600/minute"  # of one address: a page has twenty small photos
bp = Blueprint("press", __name__, url_prefix="/p")


limiter.limit(REQUESTS)(bp)


@bp.before_request
def _know_nobody() -> None:
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    speak(None)


@bp.get("/<string:key>")
def show(key: str) -> Response:
    found = pages.public(key)
    drawn = drawn_photos(found, lambda photo, small: url_for("press.photo", key=key, photo_id=photo.id, small=small))
    drawn.headers["Cache-Control"] = "no-cache"
    return drawn


@bp.get("/<string:key>/<int:photo_id>.jpg", defaults={"small": 0})
@bp.get("/<string:key>/<int:small>/<int:photo_id>.jpg")
def photo(key: str, photo_id: int, small: int) -> Response:
    found = pages.public(key)
    return as_picture(pages.picture(found.activity.id, photo_id, large=not small), kept_s=KEPT_S)


@bp.errorhandler(PhotoMissing)
def missing(problem: PhotoMissing) -> Response:
    contact = answer_page.office_contact()
    return draw("problem.html", 404, title=_("There is nothing here"), sentence=say(problem), contact=contact)
