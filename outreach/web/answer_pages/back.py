"""The addresses that only take what is sent, where somebody merely opens them: each leads to the page it belongs to.

That happens after a mistake was shown there: by the other language's link, or when a phone fetches a forgotten tab again.
"""

from typing import Any

from flask import redirect, url_for

from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import seal
from outreach.web.frame.request import asked_language

PAGES = {
    "answers": "page",
    "all": "page",
    "reminders": "page",
    "away/remove": "away_page",
    "away/calendar": "away_page",
    "away/again": "away_page",
    "calendar/stop": "calendar_page",
}


def _to_page(token: str, page: str) -> Any:
    return seal(redirect(url_for(f"answers.{page}", token=token, lang=asked_language())))  # type: ignore[arg-type]


for _path, _page in PAGES.items():
    _name = f"back_{_path.replace('/', '_')}"  # one name for all would have Werkzeug redirect among them, for good
    bp.add_url_rule(f"/<token>/{_path}", _name, _to_page, methods=["GET"], defaults={"page": _page})
