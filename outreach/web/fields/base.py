"""What all forms have in common: a field of one line holds one line."""

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
    """A form in whose one-line fields line ends become blanks, so that no title breaks a mail's header."""

    class Meta(_OneLine, FlaskForm.Meta):
        pass


class ConfirmForm(TidyForm):
    """Nothing but the proof that the request comes from this page."""


class TidyRow(Form):
    """The same for rows within a form, which carry no token of their own."""

    class Meta(_OneLine):
        pass


def _one_line(text: Any) -> Any:
    return _BREAKS.sub(" ", text) if isinstance(text, str) else text
