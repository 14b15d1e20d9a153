"""What invitees send from an answer page, and why such a post can be trusted without a cookie.

Opening a link is the authority here: who knows the address may answer, who does not cannot name it. Cheap phones open
links inside other apps, which often refuse or forget cookies, so a token kept in a session would turn honest people away.
Therefore the hidden token of these forms is derived, with the secret key, from the link itself: a foreign page that does
not know the link can make neither the address nor the token, a token of one link is worthless for another, and it works
without cookies, in a tab that stayed open for a week, and after "back". It also proves that the post comes from a page of
ours and not from a scanner that posts to every address it meets. What a browser says of itself (Sec-Fetch-Site) is checked
as well, in web/answers.py. Origin is of no use: under Referrer-Policy no-referrer browsers send "null" even for own pages.
"""

import hmac
from hashlib import sha256

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, FieldList, Form, FormField, StringField, ValidationError
from wtforms.csrf.core import CSRF
from wtforms.validators import Email, Length, Optional

from outreach.domain import phones
from outreach.domain.answers import Choice, RepresentativeUnnamed
from outreach.domain.phones import PhoneInvalid
from outreach.services.nominees import Nominee

MOST_ROWS = 200
TOO_LONG = _l("Please shorten this a little.")
ODD_EMAIL = _l("This e-mail address is not complete. An example: nama@contoh.go.id")
UNCHOSEN = _l("Please choose one of the answers.")
ODD_PHONE = _l("This is not a phone number. An example: 0812-3456-7890")
STALE = _l("This page had been open too long. Nothing was changed; please press the button once more.")


def form_token(link_token: str) -> str:
    """Return the hidden token that a form of this link's page must carry: 32 hexadecimal digits."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(key, b"outreach answer form " + link_token.encode(), sha256).hex()[:32]


class LinkCSRF(CSRF):
    """WTForms' protection against forged posts, with the token derived from the link instead of kept in a session."""

    def setup_form(self, form: Form) -> list:
        self.expected = form_token(form.meta.csrf_context)
        return super().setup_form(form)

    def generate_csrf_token(self, csrf_token_field: Field) -> str:
        return self.expected

    def validate_csrf_token(self, form: Form, field: Field) -> None:
        if not hmac.compare_digest((field.data or "").encode(), self.expected.encode()):
            raise ValidationError(str(STALE))


class LinkForm(FlaskForm):
    """A form of an answer page; make it with `LinkForm(meta={"csrf_context": link_token})`."""

    class Meta(FlaskForm.Meta):
        csrf = True
        csrf_class = LinkCSRF
        csrf_field_name = "csrf_token"

    @property
    def forged(self) -> bool:
        return "csrf_token" in self.errors

    @property
    def first_error(self) -> str:
        """Return the first sentence to show, from nested rows too; "" where all is well."""
        return _first(self.errors)


def _first(errors: object) -> str:
    while isinstance(errors, dict | list | tuple):
        parts = [v for v in (errors.values() if isinstance(errors, dict) else errors) if v]
        if not parts:
            return ""
        errors = parts[0]
    return str(errors)


def _stripped(value: str | None) -> str:
    return " ".join((value or "").split())


def text(length: int, *validators: object) -> StringField:
    return StringField(filters=[_stripped], validators=[Length(max=length, message=TOO_LONG), *validators])


def email() -> StringField:
    return StringField(
        filters=[_stripped], validators=[Optional(), Length(max=254, message=TOO_LONG), Email(message=ODD_EMAIL)]
    )


class PhoneField(StringField):
    """A phone number as people write it, made E.164; what cannot be one stays as typed, with a sentence."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = _stripped(valuelist[0]) if valuelist else ""
        try:
            self.data = phones.number(self.data)
        except PhoneInvalid:
            raise ValueError(str(ODD_PHONE)) from None


class AnswerForm(LinkForm):
    """One answer, with who comes instead."""

    choice = StringField()
    representative_name = text(160)
    representative_post = text(160)
    representative_phone = PhoneField()
    representative_email = email()

    def validate_choice(self, field: Field) -> None:
        if field.data not in set(Choice):
            raise ValidationError(str(UNCHOSEN))

    def validate_representative_name(self, field: Field) -> None:
        if self.choice.data == Choice.REPRESENTED and not field.data:
            raise ValidationError(gettext(RepresentativeUnnamed.message))


class NomineeForm(Form):
    """One of the people whom an organisation sends; an empty row is nobody."""

    name = text(160)
    post = text(160)
    phone = PhoneField()
    email = email()

    def validate_name(self, field: Field) -> None:
        if not field.data and (self.post.data or self.phone.data or self.email.data):
            raise ValidationError(gettext("Please write this person's name as well."))


class NominationForm(LinkForm):
    """An organisation's answer: whether it comes, and whom it sends."""

    choice = StringField()
    rows = FieldList(FormField(NomineeForm), max_entries=MOST_ROWS)

    def validate_rows(self, field: Field) -> None:
        if self.choice.data == Choice.COMING and not self.nominees():
            raise ValidationError(gettext("Please write the name of at least one person who comes."))

    def nominees(self) -> list[Nominee]:
        """Return the people named; empty rows are nobody."""
        values = [{**row.data} for row in self.rows]
        return [Nominee(**{k: v or "" for k, v in one.items()}) for one in values if one["name"]]

    def validate_choice(self, field: Field) -> None:
        if field.data not in (Choice.COMING, Choice.NOT_COMING):
            raise ValidationError(str(UNCHOSEN))


class RemindersForm(LinkForm):
    """Stop the reminders ("stop"), or have them again ("resume")."""

    wish = StringField()
