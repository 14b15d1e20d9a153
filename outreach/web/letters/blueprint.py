"""The blueprint of letters, and the words that all its pages use."""

from typing import Any

from flask import Blueprint, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from outreach.domain.documents import shown_code
from outreach.services.letters.versions import LetterMissing
from outreach.web.fields.problems import missing_page
from outreach.web.office.audit_words import verb

bp = Blueprint("letters", __name__)
missing_page(bp, LetterMissing)

# What can differ between two versions of a letter.
PARTS: dict[str, Any] = {
    "addressees": _l("addressees"),
    "agenda": _l("agenda"),
    "attachments": _l("attachments"),
    "closing": _l("closing"),
    "copies": _l("copies"),
    "dated_on": _l("date"),
    "destination": _l("where the addressee is"),
    "earlier": _l("earlier letter"),
    "facts": _l("day, time and place"),
    "letterhead": _l("letterhead"),
    "nature": _l("urgency"),
    "number": _l("number"),
    "opening": _l("opening"),
    "place": _l("place of writing"),
    "signatory": _l("who signs"),
    "subject": _l("subject"),
}


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"letter_crumbs": letter_crumbs, "shown_code": shown_code, "PARTS": PARTS, "audit_verb": verb}


def letter_crumbs(here: str) -> list[tuple[str, str]]:
    """Return the breadcrumbs to a page below the list of letters."""
    return [(_("Letters"), url_for("letters.index")), (here, "")]
