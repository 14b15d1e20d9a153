"""The base of all forms: a one-line field has one line."""

import re
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, Form, PasswordField, StringField, TextAreaField
from wtforms.form import BaseForm
from wtforms.meta import DefaultMeta

_BREAKS = re.compile("[\r\n\t\v\f\u2028\u2029]+")


class _OneLine(DefaultMeta):
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
