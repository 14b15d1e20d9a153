"""The check page of a letter: what stands on it, and whether it stands. web/documents/check.py has what all such pages share."""

from flask import Response
from flask_babel import gettext as _

from outreach.delivery.words import formats
from outreach.delivery.words.labels import label
from outreach.queries.answers import page as answer_page
from outreach.queries.letters import returned as letter_pages
from outreach.queries.letters.returned import CheckedLetter, LetterStanding
from outreach.web.answer_pages.draw import draw
from outreach.web.documents.check import check_pages


def _page(code: str, typed: str) -> Response:
    found = letter_pages.checked(code)
    contact = answer_page.office_contact()
    said = _sentence(found, contact.office) if found else ""
    return draw(
        "letters/checked.html", 404 if typed and not found else 200, found=found, typed=typed, said=said, contact=contact,
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


bp = check_pages("lettercheck", __name__, "/l", _page)
