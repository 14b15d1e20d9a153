"""Codes for the entrance on paper: cards to be cut, or one large code on a page. templates/door/cards.typ is their form."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from outreach.delivery.documents import parts
from outreach.delivery.documents.typeset import MAIN, Press, press
from outreach.settings import TEMPLATES

FORM = TEMPLATES / "door" / "cards.typ"


@dataclass(frozen=True)
class CardWords:
    """What all cards of an activity say."""

    office: str
    title: str
    day: str
    time: str
    place: str
    show_it: str


@dataclass(frozen=True)
class CardTexts:
    """One card. address: in its code."""

    name: str
    detail: str
    address: str


def pdf(words: CardWords, cards: Sequence[CardTexts], *, single: bool, at: datetime, on: Press | None = None) -> bytes:
    """Return the cards as PDF. single: each on a page of its own. on: a running process. Raise CharacterWithoutFont."""
    data = {
        **asdict(words),
        "single": single,
        "cards": [
            {"name": one.name, "detail": one.detail, "code": f"{number}.svg"} for number, one in enumerate(cards)
        ],
    }
    files = {
        MAIN: FORM.read_bytes(),
        "cards.json": parts.data(data),
        **{f"{number}.svg": parts.qr(one.address) for number, one in enumerate(cards)},
    }
    if on is not None:
        return on.pdf(files, at=at)
    with press() as own:
        return own.pdf(files, at=at)
