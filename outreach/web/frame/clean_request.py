"""Clean every request before a view reads it: no control characters, no invisible text, and no number too large for a
column.

No page accepts JSON. Only forms are read.
"""

import re
from collections.abc import Callable
from typing import Any

from flask import Request
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.routing import IntegerConverter, UnicodeConverter, ValidationError

from outreach.web.frame import uploads
from outreach.web.frame.bodies import FormParser, takes_files

MOST = 2**31 - 1  # largest value of an id column
# All except tab and line ends; and the marks that turn the letters after them around (Unicode, UAX 9): a name with one
# would make the rest of a mail's line unreadable.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

_UNSEEN = re.compile(
    "[\\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]+"
)


class Parameters(ImmutableMultiDict[str, str]):
    """Query or form values. With `type=int`, a number too large for any column counts as missing."""

    def get(self, key: str, default: Any = None, type: Callable[[str], Any] | None = None) -> Any:  # type: ignore[override]
        return super().get(key, default, type=_number if type is int else type)  # type: ignore[arg-type]

    def getlist(self, key: str, type: Callable[[str], Any] | None = None) -> list[Any]:  # type: ignore[override]
        return super().getlist(key, type=_number if type is int else type)  # type: ignore[arg-type]


class CleanRequest(Request):
    """A request with clean text in query and form. PostgreSQL, for example, does not accept NUL."""

    parameter_storage_class = Parameters
    form_data_parser_class = FormParser
    is_json = False

    @property
    def args(self) -> Any:  # type: ignore[override]
        kept = self.__dict__.get("outreach_args")
        if kept is None:
            asked = super().args
            kept = self.__dict__["outreach_args"] = _cleaned(asked) if asked else asked
        return kept

    @property
    def values(self) -> Any:  # type: ignore[override]
        """Return the query's values and then the form's, as Werkzeug does."""
        kept = self.__dict__.get("outreach_values")
        if kept is None:
            parts = [self.args, self.form] if self.method in {"POST", "PUT", "PATCH"} else [self.args]
            kept = Parameters([pair for part in parts for pair in part.items(multi=True)])
            self.__dict__["outreach_values"] = kept
        return kept

    @property
    def files(self) -> Any:  # type: ignore[override]
        """Return the files of a form; none where its page takes none. The first look has them scanned.

        That may raise what uploads.scan and bodies.takes_files raise.
        """
        kept = self.__dict__.get("outreach_files")
        if kept is None:
            sent = self.unscanned_files
            kept = sent if takes_files(len([*sent.items(multi=True)])) else ImmutableMultiDict()
            uploads.scan(file for _name, file in kept.items(multi=True))
            self.__dict__["outreach_files"] = kept
        return kept

    @property
    def unscanned_files(self) -> Any:
        """Return the files of a form, for their names only."""
        self._load_form_data()
        return self.__dict__["files"]

    def _load_form_data(self) -> None:
        loaded = "form" in self.__dict__
        super()._load_form_data()
        if not loaded:
            self.__dict__["form"] = _cleaned(self.__dict__["form"])


class RowId(IntegerConverter):
    """The <int:…> in an address. A number too large for any column gives 404."""

    def __init__(self, map: Any, **given: Any) -> None:
        super().__init__(map, **{"max": MOST, **given})


class Word(UnicodeConverter):
    """Text in an address. Control characters give 404."""

    def to_python(self, value: str) -> str:
        if clean(value) != value:
            raise ValidationError
        return value


def clean(text: str) -> str:
    """Return the text without control characters, except tabs and line ends. A text with only invisible characters
    becomes "".
    """
    text = _CONTROL.sub("", text)
    return "" if _UNSEEN.fullmatch(text) and not text.isspace() else text


def _cleaned(values: MultiDict[str, str]) -> Parameters:
    return Parameters([(clean(key), clean(value)) for key, value in values.items(multi=True)])


def _number(text: str) -> int:
    number = int(text)
    if abs(number) > MOST:
        raise ValueError
    return number
