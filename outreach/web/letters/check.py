"""The check page of a letter, at the address in its QR code. No login. It says what stands on the letter, and whether it stands.

It looks like the answer pages (web/answer_pages/draw.py). Wrong codes are limited in rate, so nobody finds one by trying.
"""

from typing import Any

from flask import Blueprint, Response, current_app, g, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException

from outreach.delivery.words import formats
from outreach.delivery.words.labels import label
from outreach.domain.letters import read_code, shown_code
from outreach.extensions import current_settings, limiter
from outreach.queries.answers import page as answer_page
from outreach.queries.letters import returned as letter_pages
from outreach.queries.letters.returned import CheckedLetter, LetterStanding
from outreach.web.answer_pages.draw import draw, speak
from outreach.web.frame import rate_limited
from outreach.web.frame.request import asked_language

WRONG_CODES = "10/minute;60/hour"  # of one address
MOST_TYPED = 40  # characters of a code that are read
bp = Blueprint("lettercheck", __name__, url_prefix="/l")
limiter.limit(lambda: current_settings().rate_public)(bp)
limiter.limit(WRONG_CODES, deduct_when=lambda response: response.status_code == 404)(bp)


@bp.before_request
def _know_nobody() -> None:
    """Ignore accounts: staff see what everybody sees."""
    g._login_user = current_app.login_manager.anonymous_user()  # type: ignore[attr-defined]
    speak(None)


@bp.get("/")
def ask() -> Any:
    """Ask for a code; ?code= leads to its letter."""
    typed = request.args.get("code", "")[:MOST_TYPED].strip()
    if not typed:
        return _page(None, "")
    code = read_code(typed)
    if not code:
        return _page(None, typed, 404)
    return redirect(url_for(".show", code=shown_code(code), lang=asked_language()))


@bp.get("/<code>")
def show(code: str) -> Any:
    typed = code[:MOST_TYPED]
    found = letter_pages.checked(read_code(typed))
    return _page(found, typed, 200 if found else 404)


@bp.errorhandler(HTTPException)
def _too_often(error: HTTPException) -> Response:
    status = error.code or 500
    if status == 429:
        wait_s = rate_limited.wait_s()
        title, sentence = _("One moment, please"), rate_limited.when_again(wait_s)
    else:
        title, sentence = _("This did not work"), _("Please open the address on the letter once more.")
    page = draw("problem.html", status, title=title, sentence=sentence, contact=answer_page.office_contact())
    if status == 429:
        page.headers["Retry-After"] = str(wait_s)
    return page


def _page(found: CheckedLetter | None, typed: str, status: int = 200) -> Response:
    contact = answer_page.office_contact()
    said = _sentence(found, contact.office) if found else ""
    return draw(
        "letters/checked.html", status, found=found, typed=typed, said=said, contact=contact,
        kind=label(found.kind) if found else "",
        dated=formats.day(found.dated_on, weekday=False) if found and found.dated_on else "",
        good=found is not None and found.standing is LetterStanding.STANDS,
    )  # fmt: skip


def _sentence(found: CheckedLetter, office: str) -> str:
    """Return whether the letter stands."""
    later = {
        "number": found.by_number,
        "day": formats.day(found.by_date, weekday=False) if found.by_date else "",
    }
    match found.standing:
        case LetterStanding.STANDS:
            return _("This letter is from %(office)s, and it stands.", office=office)
        case LetterStanding.MOVED:
            return _(
                "This letter is from %(office)s. Day or hour of its activity have changed since; please ask the office.",
                office=office,
            )
        case LetterStanding.CORRECTED:
            return _("This letter was corrected by letter no. %(number)s of %(day)s.", **later)
    if found.by_number:
        return _("This letter was cancelled by letter no. %(number)s of %(day)s.", **later)
    return _("What this letter invites to was cancelled.")
