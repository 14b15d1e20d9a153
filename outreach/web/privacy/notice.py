"""The office's privacy page, for everybody and without login, with its older versions. texts.py changes its text."""

from typing import NamedTuple

from flask import Blueprint, Response
from flask_babel import gettext as _

from outreach.delivery.words import formats
from outreach.delivery.words import retention as words
from outreach.domain.privacy.requests import TextKind
from outreach.domain.privacy.retention import Purpose
from outreach.extensions import current_settings, limiter
from outreach.queries.answers.page import office_contact
from outreach.services.privacy import texts
from outreach.services.privacy.retention import periods
from outreach.services.privacy.texts import TextVersion, VersionUnknown
from outreach.web.answer_pages.draw import draw, speak
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import say

bp = Blueprint("notice", __name__, url_prefix="/privacy")  # for everybody
limiter.limit(lambda: current_settings().rate_public)(bp)

OF_STAFF = frozenset({Purpose.ACCOUNTS, Purpose.SECURITY, Purpose.PROPOSALS, Purpose.SHORT})  # not on the page


class Block(NamedTuple):
    """A heading, a paragraph, a list, or the table of periods."""

    kind: str
    lines: list[str]


@bp.before_request
def _speak() -> None:
    speak(None)


@bp.get("")
def index() -> Response:
    return _drawn(texts.current(TextKind.NOTICE))


@bp.get("/<int:number>")
def version(number: int) -> Response:
    return _drawn(texts.version(TextKind.NOTICE, number))


@bp.errorhandler(VersionUnknown)
def unknown(problem: VersionUnknown) -> Response:
    return draw("problem.html", 404, title=_("There is nothing here"), sentence=say(problem), contact=office_contact())


def blocks(text: str, values: dict[str, str]) -> list[Block]:
    """Return a text as headings ("# …"), lists ("- …") and paragraphs; a line {periods} is the table."""
    found = []
    for part in text.replace("\n# ", "\n\n# ").split("\n\n"):
        lines = [line for line in part.strip().splitlines() if line.strip()]
        if lines and lines[0].startswith("# "):
            found.append(Block("heading", [lines.pop(0)[2:]]))
        if not lines:
            continue
        if lines == ["{periods}"]:
            found.append(Block("periods", []))
        elif all(line.startswith("- ") for line in lines):
            found.append(Block("list", [_filled(line[2:], values) for line in lines]))
        else:
            found.append(Block("text", [_filled(" ".join(lines), values)]))
    return found


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _drawn(shown: TextVersion) -> Response:
    contact = office_contact()
    present, all_versions, chosen = texts.current(TextKind.NOTICE), texts.versions(TextKind.NOTICE), periods.read()
    return draw(
        "privacy/notice.html",
        blocks=blocks(shown.texts[formats.language()], {"office": contact.office, "contact": str(contact)}),
        rows=[
            (words.what(purpose), words.why(purpose), words.how_long(purpose, chosen.get(purpose)))
            for purpose in Purpose
            if purpose not in OF_STAFF
        ],
        versions=[(one.number, _named(one), one.number == shown.number) for one in all_versions[:10]],
        old=shown.number != present.number,
        said=_named(shown),
        contact=contact,
    )


def _named(one: TextVersion) -> str:
    if one.made_at is None:
        return _("Version %(number)s", number=1)
    day = formats.day(one.made_at, office_zone(), weekday=False)
    return _("Version %(number)s of %(day)s", number=one.number + 1, day=day)
