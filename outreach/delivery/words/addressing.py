"""How sentences address whoever reads them in Indonesian: as Bapak/Ibu, and a child as Ananda.

The catalogue, the texts of mails and those of letters say "Bapak/Ibu" to their reader, and to nobody else
(docs/decisions/words.md). For a child this word is replaced before values are filled in, so what is said of other people stays.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from babel.support import NullTranslations
from flask_babel import Domain, get_babel, get_domain

CHILD = "Ananda"
_ADULT = re.compile(r"\bBapak ?/ ?Ibu\b", re.IGNORECASE)  # also as an office may have typed it


class _Translations:
    """The sentences of a catalogue as a child reads them: what Flask-Babel asks of translations."""

    def __init__(self, usual: NullTranslations) -> None:
        self._usual = usual

    def ugettext(self, message: str) -> str:
        return to(self._usual.ugettext(message), child=True)

    def ungettext(self, singular: str, plural: str, number: int) -> str:
        return to(self._usual.ungettext(singular, plural, number), child=True)

    def upgettext(self, context: str, message: str) -> str:
        return to(self._usual.upgettext(context, message), child=True)

    def unpgettext(self, context: str, singular: str, plural: str, number: int) -> str:
        return to(self._usual.unpgettext(context, singular, plural, number), child=True)


class _ToChild(Domain):
    def get_translations(self) -> _Translations:
        return _Translations(get_babel().instance.domain_instance.get_translations())


_TO_CHILD = _ToChild()


def to(text: str, *, child: bool) -> str:
    """Return a text, still without values, as this reader is addressed."""
    return _ADULT.sub(CHILD, text) if child else text


def reads_child() -> bool:
    """Return whether sentences address a child at present."""
    return get_domain() is _TO_CHILD


def address(*, child: bool) -> None:
    """Let all sentences address a child, or an adult, from now on."""
    (_TO_CHILD if child else get_babel().instance.domain_instance).as_default()


@contextmanager
def addressing(*, child: bool) -> Iterator[None]:
    """Let all sentences within it address a child, or an adult."""
    before = get_domain()
    address(child=child)
    try:
        yield
    finally:
        before.as_default()
