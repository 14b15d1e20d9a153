"""Fields and validators that the forms of programmes and activities share."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, time
from typing import Any, TypeVar

from flask_babel import gettext, lazy_gettext
from wtforms import (
    DateField,
    Field,
    FieldList,
    Form,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TimeField,
    ValidationError,
)
from wtforms.utils import unset_value
from wtforms.validators import Length, StopValidation

from outreach.domain.directory import email_addresses, phones
from outreach.domain.directory.email_addresses import AddressInDoubt
from outreach.domain.problems import Problem
from outreach.web.frame.clean_request import MOST
from outreach.web.frame.say import say

T = TypeVar("T")
MOST_NAME = 200  # characters of a field's name
_ROW = re.compile(r"-([0-9]{1,6})(?=-|$)")
_SPLIT = "outreach_rows"
MOST_ADDRESS = 254  # characters of an e-mail address, RFC 5321


class Sentence:
    """Require a value, and say in one sentence what is missing (instead of a browser's bubble)."""

    def __init__(self, sentence: Any) -> None:
        self.sentence = sentence
        self.field_flags = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        if field.errors:
            raise StopValidation()
        if field.data is None or (isinstance(field.data, str) and not field.data.strip()):
            raise StopValidation(str(self.sentence))


class Between:
    """Require a whole number from `low` to `high`."""

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high
        self.field_flags = {"min": low, "max": high}

    def __call__(self, form: Form, field: Field) -> None:
        if field.data is not None and not self.low <= field.data <= self.high:
            raise StopValidation(
                gettext("Please write a number from %(low)d to %(high)d.", low=self.low, high=self.high)
            )


class PhoneNumber:
    """Convert a phone number to E.164. An invalid one gets an error."""

    def __call__(self, form: Form, field: Field) -> None:
        try:
            field.data = phones.number(field.data)
        except Problem as problem:
            raise StopValidation(say(problem)) from None


class Rows(FieldList):
    """A list of rows. The names of a form are split once, however many such lists the page has.

    WTForms itself goes through all names for each list, also for lists within rows.
    """

    def _extract_indices(self, prefix: str, formdata: Any) -> Iterator[int]:
        split = formdata.__dict__.get(_SPLIT)
        if split is None:
            split = formdata.__dict__[_SPLIT] = _split_names(formdata)
        yield from split.get(prefix, ())


def _split_names(names: Iterable[str]) -> dict[str, list[int]]:
    """Return, for each name of a list, the numbers of its rows: {"people": [0, 1]} for "people-0-name", "people-1-name"."""
    found: dict[str, dict[int, None]] = {}
    for name in names:
        if len(name) <= MOST_NAME:
            for row in _ROW.finditer(name):
                found.setdefault(name[: row.start()], {})[int(row[1])] = None
    return {name: list(numbers) for name, numbers in found.items()}


class AddressField(StringField):
    """An e-mail address. An ill-formed one gets an error; one that looks mistyped is asked about once.

    suggestion: the address that was probably meant; its button sends it as `<name>-use`. may_stay: whether it is accepted as
    typed when it is sent again. asked: the address that is not asked about, because it is stored or was asked about before;
    a hidden field sends it as `<name>-asked`.
    """

    data: str | None

    def __init__(self, label: Any = None, validators: Any = (), **kwargs: Any) -> None:
        too_long = Length(max=MOST_ADDRESS, message=lazy_gettext("Please shorten this to at most %(max)d letters."))
        super().__init__(label, [too_long, *validators], filters=[_in_one_line], **kwargs)
        self.suggestion = self.asked = ""
        self.may_stay = False

    def process(self, formdata: Any, data: Any = unset_value, extra_filters: Any = None) -> None:
        super().process(formdata, data, extra_filters)
        if formdata and self.name in formdata:
            use = _in_one_line(formdata.get(f"{self.name}-use"))
            self.data = use or self.data
            self.asked = use or formdata.get(f"{self.name}-asked", "")
        else:
            self.asked = self.data or ""

    def pre_validate(self, form: Form) -> None:
        try:
            self.data = email_addresses.certain_address(self.data or "", {self.asked.lower()})
        except Problem as problem:
            self.suggestion = str(problem.values.get("suggestion", ""))
            self.may_stay = isinstance(problem, AddressInDoubt)
            if self.may_stay:
                self.asked = str(problem.values["address"])
            raise ValidationError(say(problem)) from None


class Typed(Field):
    """A field that keeps the typed text, even if it is unreadable."""

    @property
    def raw_text(self) -> str:
        return str((self.raw_data or [""])[0])


class DayField(Typed, DateField):
    """A native date input. An unreadable day gets an error with an example. Empty is None."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = _read(self, valuelist, _day, lazy_gettext("Please choose a day, such as 18/01/2027."))


class Clock(Typed, TimeField):
    """A native time input. It also reads 08.00, the notation in Indonesia. Empty is None."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = _read(self, valuelist, _time, lazy_gettext("Please write a time, such as 08:00."))


class Number(Typed, IntegerField):
    """A whole number. Empty is None."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = _read(self, valuelist, _whole_number, lazy_gettext("Please write a whole number, such as 40."))


class ChoiceField(SelectField):
    """A select whose error is a sentence."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.type = "SelectField"

    def pre_validate(self, form: Form) -> None:
        try:
            super().pre_validate(form)
        except ValueError:
            raise StopValidation(gettext("Please choose one from the list.")) from None


def optional_int(value: Any) -> int | None:
    return _whole_number(value) if value not in (None, "", "None") else None


def optional_text(value: Any) -> str | None:
    return str(value) if value not in (None, "", "None") else None


def strip(value: str | None) -> str:
    """Return the text without surrounding whitespace; "" for None."""
    return (value or "").strip()


def whole(value: str | None) -> int:
    """Return the whole number in a hidden field or an address, such as a row's id; 0 if somebody changed it."""
    return int(value) if value and value.isdecimal() and len(value) < 10 else 0


def row_ids(values: Iterable[str]) -> list[int]:
    """Return the ids among these values. Other texts, and numbers too large for any column, are left out."""
    return [number for number in map(whole, values) if number]


class Ids(SelectMultipleField):
    """The ids of ticked rows. The use case decides which of them exist."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, coerce=int, validate_choice=False, **kwargs)

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = row_ids(valuelist)


def is_known(day: date) -> bool:
    """Return whether pages accept the day. Others are typing errors, and very early or late instants have no time zone."""
    return 2000 <= day.year < 2200


def add_error(field: Field, sentence: str) -> None:
    """Add an error to a field after validation."""
    field.errors = [*field.errors, sentence]


def _in_one_line(value: str | None) -> str:
    return " ".join((value or "").split())


def _whole_number(text: Any) -> int:
    number = int(text)
    if abs(number) > MOST:
        raise ValueError
    return number


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if not is_known(day):
        raise ValueError
    return day


def _time(text: str) -> time:
    found = time.fromisoformat(text.strip().replace(".", ":"))
    if found.tzinfo:  # the zone comes from elsewhere
        raise ValueError
    return found


def _read(field: Any, valuelist: list[str], parse: Callable[[str], T], sentence: Any) -> T | None:
    text = " ".join(valuelist).strip() if valuelist else ""
    field.raw_data = [text]
    field.data = None
    if not text:
        return None
    try:
        return parse(text)
    except ValueError:
        raise ValueError(str(sentence)) from None
