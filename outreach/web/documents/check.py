"""Check pages: what anybody reads of a document at the address in its QR code. No login.

They look like the answer pages (web/answer_pages/draw.py). Wrong codes are limited in rate, so nobody finds one by trying.
letters/check.py and certificates/check.py say what stands there.
"""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, current_app, g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from outreach.domain.documents import read_code, shown_code
from outreach.extensions import current_settings, limiter
from outreach.queries.answers import page as answer_page
from outreach.web.answer_pages.draw import draw, speak
from outreach.web.frame import rate_limited
from outreach.web.frame.request import asked_language

WRONG_CODES = "10/minute;60/hour"  # of one address
MOST_TYPED = 40  # characters of a code that are read
# Takes a code, "" if none can be read, and what was typed, "" if nothing was.
Show = Callable[[str, str], Response]


def check_pages(name: str, import_name: str, url_prefix: str, show: Show) -> Blueprint:
    """Return a blueprint with a page that asks for a code and leads to `show`, which answers 404 for a wrong one."""
    bp = Blueprint(name, import_name, url_prefix=url_prefix)
    limiter.limit(lambda: current_settings().rate_public)(bp)
    limiter.limit(WRONG_CODES, deduct_when=lambda response: response.status_code == 404)(bp)
    bp.before_request(_know_nobody)
    bp.register_error_handler(HTTPException, _too_often)

    @bp.get("/", endpoint="ask")
    def ask() -> Any:
        """Ask for a code; ?code= leads to its document."""
        typed = request.args.get("code", "")[:MOST_TYPED].strip()
        code = read_code(typed)
        if not code:
            return show("", typed)
        return redirect(url_for(".show", code=shown_code(code), lang=asked_language()))

    @bp.get("/<code>", endpoint="show")
    def of_code(code: str) -> Any:
        typed = code[:MOST_TYPED]
        return show(read_code(typed), typed)

    return bp


def _know_nobody() -> None:
    """Ignore accounts: staff see what everybody sees."""
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    speak(None)


def _too_often(error: HTTPException) -> Response:
    status = error.code or 500
    if status == 429:
        wait_s = rate_limited.wait_s()
        title, sentence = _("One moment, please"), rate_limited.when_again(wait_s)
    else:
        title, sentence = _("This did not work"), _("Please open the address on the paper once more.")
    page = draw("problem.html", status, title=title, sentence=sentence, contact=answer_page.office_contact())
    if status == 429:
        page.headers["Retry-After"] = str(wait_s)
    return page
