"""Problems as sentences in the user's language; and search words, page number and days in the addresses of lists."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext

from outreach.delivery.words import clashes as clash_words
from outreach.delivery.words.formats import day, language, moment
from outreach.delivery.words.labels import label
from outreach.domain.problems import Problem
from outreach.services.planning.checks import PlanBlocked
from outreach.web.frame.looks import office_zone


def say(problem: Problem) -> str:
    """Return a problem's sentence in the user's language, with its values formatted.

    An instant among the values is shown in the problem's "zone" value, else in its own zone, else in the office's.
    """
    if isinstance(problem, PlanBlocked):
        return clash_words.refusal(problem.clash, problem.about)
    zone = problem.values.get("zone")
    return gettext(problem.message, **{name: _said(value, zone) for name, value in problem.values.items()})


def _said(value: Any, zone: object) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        zones = (zone, value.tzinfo)
        return moment(value, next((z for z in zones if isinstance(z, ZoneInfo)), None) or office_zone())
    if isinstance(value, date) and not isinstance(value, datetime):
        return day(value)
    if isinstance(value, time):
        return f"{value:%H.%M}" if language() == "id" else f"{value:%H:%M}"
    return label(value) if isinstance(value, StrEnum) else value


def search_words() -> str:
    """Return the words in ?q=, at most 100 letters of them."""
    return request.args.get("q", "").strip()[:100]


def page_number() -> int:
    """Return the page number in ?page=; 1 if it is missing or no number."""
    return max(1, request.args.get("page", 1, type=int))


def written_day(text: str) -> date:
    """Return a day in an address, for `request.args.get(type=…)`. Raise ValueError if it is invalid or outside 1970 to 2199."""
    found = date.fromisoformat(text)
    if not 1970 <= found.year < 2200:
        raise ValueError
    return found
