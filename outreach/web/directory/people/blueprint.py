"""The blueprint of people, and its error page for people who do not exist (any more)."""

from typing import Any

from flask import Blueprint

from outreach.services.directory.people import PersonErased, PersonMissing
from outreach.web.fields.problems import missing_page
from outreach.web.frame.access import error_page
from outreach.web.frame.say import say

bp = Blueprint("people", __name__, url_prefix="/people")
missing_page(bp, PersonMissing)


@bp.errorhandler(PersonErased)
def _erased(problem: PersonErased) -> Any:
    return error_page(410, text=say(problem))
