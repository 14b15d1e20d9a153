"""The base of all forms: a one-line field has one line, and WTForms' own errors are in the user's language."""

import re
from typing import Any

from flask_babel import gettext, ngettext
from flask_wtf import FlaskForm
from wtforms import Field, Form, PasswordField, StringField, TextAreaField
from wtforms.form import BaseForm
from wtforms.meta import DefaultMeta

_BREAKS = re.compile("[\r\n\t\v\f\u2028\u2029]+")


class _Words:
    """The sentences of WTForms that our forms can show. WTForms has no Indonesian translation."""

    def gettext(self, string: str) -> str:
        known = {
            "Not a valid choice.": gettext("Please choose one from the list."),
            "Not a valid choice": gettext("Please choose one from the list."),
            "Invalid Choice: could not coerce.": gettext("Please choose one from the list."),
            "Invalid choice(s): one or more data inputs could not be coerced.": gettext("Please choose from the list."),
            "This field is required.": gettext("Please fill this in."),
            "Number must be at least %(min)s.": gettext("Please write at least %(min)s."),
            "Number must be at most %(max)s.": gettext("Please write at most %(max)s."),
            "Number must be between %(min)s and %(max)s.": gettext("Please write a number from %(min)s to %(max)s."),
            "Not a valid integer value.": gettext("Please write a whole number, such as 40."),
            "Not a valid decimal value.": gettext("Please write a number."),
        }
        return known.get(string, string)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        known = {
            "Field cannot be longer than %(max)d character.": ngettext(
                "At most %(num)d character.", "At most %(num)d characters.", number
            ),
            "'%(value)s' is not a valid choice for this field.": gettext("Please choose from the list."),
        }
        return known.get(singular, singular if number == 1 else plural)


class _OneLine(DefaultMeta):
    def get_translations(self, form: BaseForm) -> Any:
        return _Words()

    def bind_field(self, form: BaseForm, unbound_field: Any, options: dict[str, Any]) -> Field:
        field = super().bind_field(form, unbound_field, options)
        if isinstance(field, StringField) and not isinstance(field, TextAreaField | PasswordField):
            field.filters = (*field.filters, _one_line)
        return field


class TidyForm(FlaskForm):
    """A form whose one-line fields turn line ends into blanks, so that no title breaks a mail's header."""

    class Meta(_OneLine, FlaskForm.Meta):
        pass


class ConfirmForm(TidyForm):
    """A form with only the CSRF token."""


class TidyRow(Form):
    """The same for rows within a form. They have no CSRF token of their own."""

    class Meta(_OneLine):
        pass


def _one_line(text: Any) -> Any:
    return _BREAKS.sub(" ", text) if isinstance(text, str) else text
