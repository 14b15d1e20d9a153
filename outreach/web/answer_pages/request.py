"""Language and origin of a request to an answer page, and who of the staff is signed in there."""

from typing import Any

from flask import g, redirect, session, url_for
from flask_babel import gettext as _
from flask_babel import refresh

from outreach.delivery.words.formats import LOCALES
from outreach.models import User
from outreach.services.office import staff
from outreach.web.answer_pages.draw import seal
from outreach.web.frame.request import asked_language


def speak(locale: str | None) -> None:
    """Set the page's language: from ?lang=, else the invitee's, else Indonesian."""
    g.locale = asked_language() or (locale if locale in LOCALES else "id")
    refresh()


def foreign_sentence() -> str:
    return _("This did not come from your own page. Nothing was changed; please press the button once more.")


def query() -> str:
    lang = asked_language()
    return f"?lang={lang}" if lang else ""


def staff_here() -> User | None:
    """Return the account that is signed in in the browser that answers, for the audit log. The pages show it nothing more."""
    session_id = session.get("_user_id")
    return staff.of_session(session_id) if session_id else None


def to_thanks(token: str, what: str = "answer") -> Any:
    values = {"for": what, "lang": asked_language()}
    return seal(redirect(url_for("answers.thanks", token=token, **values), 303))  # type: ignore[arg-type]
