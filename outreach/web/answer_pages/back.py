"""Addresses that only accept posts: if somebody opens one, it redirects to the page it belongs to.

This happens after an error was shown there: through the other language's link, or when a phone reloads a forgotten tab.
"""

from typing import Any

from flask import redirect, url_for

from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import seal
from outreach.web.frame.request import asked_language

PAGES = {
    "answers": "page",
    "all": "page",
    "undo": "page",
    "reminders": "page",
    "away/remove": "away_page",
    "away/calendar": "away_page",
    "away/again": "away_page",
    "calendar/stop": "calendar_page",
}


def _to_page(token: str, page: str) -> Any:
    return seal(redirect(url_for(f"answers.{page}", token=token, lang=asked_language())))  # type: ignore[arg-type]


@bp.get("/<token>/polls/<int:poll_id>/undo")
def back_to_poll(token: str, poll_id: int) -> Any:
    return seal(redirect(url_for("answers.poll", token=token, poll_id=poll_id, lang=asked_language())))  # type: ignore[arg-type]


for _path, _page in PAGES.items():
    _name = f"back_{_path.replace('/', '_')}"  # with one name for all, Werkzeug would redirect permanently between them
    bp.add_url_rule(f"/<token>/{_path}", _name, _to_page, methods=["GET"], defaults={"page": _page})
