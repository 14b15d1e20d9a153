"""Forms of the answer pages, and why their posts can be trusted without a cookie.

The link itself is the authorisation: somebody who knows the address may answer, and nobody can guess it. Cheap phones open
links inside other apps, which often refuse or lose cookies. A token in a session would therefore reject honest users.

So the hidden token of these forms is derived from the link with the secret key. A foreign page that does not know the
link cannot produce the address or the token. A token of one link is useless for another. It works without cookies, in a
tab that stayed open for a week, and after "back". It also proves that the post comes from our page, not from a scanner
that posts to every address.

web/answer_pages/views.py also checks the browser's Sec-Fetch-Site. Origin is useless: with Referrer-Policy no-referrer,
browsers send "null" even for own pages.
"""

import hmac
from dataclasses import replace
from hashlib import sha256
from typing import Any

from flask import current_app
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, Form, FormField, StringField, ValidationError
from wtforms.csrf.core import CSRF
from wtforms.validators import Length

from outreach.domain.answers import Choice, Representative, RepresentativeUnnamed
from outreach.domain.directory import email_addresses, names, phones
from outreach.domain.directory.email_addresses import (
    AddressBeyondAscii,
    AddressInDoubt,
    AddressInvalid,
    AddressInvalidNear,
)
from outreach.domain.directory.phones import PhoneInvalid
from outreach.queries.answers.page import Nominated, ShownInvitation
from outreach.services.absences.edit import MOST_LETTERS
from outreach.services.answers.answer import LinkAnswer
from outreach.services.answers.nominees import Nominee, NomineeNotAName
from outreach.services.invitations.checks import MOST_SEATS
from outreach.web.absences.forms import TOO_LONG, AbsenceFields, CalendarFields, line
from outreach.web.fields.fields import Rows
from outreach.web.frame.say import say

ROWS_BEYOND = 20  # rows that are read beyond those of the seats: room for empty ones, and for too many names by mistake
MOST_ROWS = MOST_SEATS + ROWS_BEYOND
ODD_EMAIL = _l("This e-mail address is not complete. An example: nama@contoh.go.id")
UNCHOSEN = _l("Please choose one of the answers.")
ODD_PHONE = _l("This is not a phone number. An example: 0812-3456-7890")
ODD_POST = _l("Please write the post in words, without links or signs such as “=”.")
STALE = _l("This page had been open too long. Nothing was changed; please press the button once more.")


def form_token(link_token: str) -> str:
    """Return the hidden token for forms of this link's page: 32 hexadecimal digits."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(key, b"outreach answer form " + link_token.encode(), sha256).hex()[:32]


class LinkCSRF(CSRF):
    """WTForms' CSRF protection, with a token derived from the link instead of the session."""

    def setup_form(self, form: Form) -> list:
        self.expected = form_token(form.meta.csrf_context)
        return super().setup_form(form)

    def generate_csrf_token(self, csrf_token_field: Field) -> str:
        return self.expected

    def validate_csrf_token(self, form: Form, field: Field) -> None:
        if not hmac.compare_digest((field.data or "").encode(), self.expected.encode()):
            raise ValidationError(str(STALE))


class LinkForm(FlaskForm):
    """A form of an answer page. Create it with `LinkForm(meta={"csrf_context": link_token})`."""

    class Meta(FlaskForm.Meta):
        csrf = True
        csrf_class = LinkCSRF
        csrf_field_name = "csrf_token"

    @property
    def forged(self) -> bool:
        return "csrf_token" in self.errors

    @property
    def first_error(self) -> str:
        """Return the first error to show; "" if there is none."""
        return next((str(error) for found in self.errors.values() for error in found), "")


def _tidy(value: str | None) -> str:
    return names.tidy(value or "")


def _in_words(_form: Form, field: Field) -> None:
    if field.data and (field.data[0] in "=+@-" or "://" in field.data or "www." in field.data.casefold()):
        raise ValidationError(str(ODD_POST))


def text(length: int, *validators: object) -> StringField:
    return StringField(filters=[_tidy], validators=[Length(max=length, message=TOO_LONG), *validators])


class PhoneField(StringField):
    """A phone number, converted to E.164. An invalid one stays as typed, with an error."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = _tidy(valuelist[0]) if valuelist else ""
        try:
            self.data = phones.number(self.data)
        except PhoneInvalid:
            raise ValueError(str(ODD_PHONE)) from None


class WhoForm(Form):
    """Somebody's name, rank, post, phone and e-mail.

    asked: the e-mail address for which the page suggested another one. use: the suggested one, if it was ticked.
    """

    name = text(160)
    rank = text(80, _in_words)
    post = text(160, _in_words)
    phone = PhoneField()
    email = text(254)
    asked = StringField(filters=[_tidy])
    use = StringField(filters=[_tidy])
    suggestion = ""  # an e-mail address that was probably meant

    def validate_name(self, field: Field) -> None:
        if field.data and not names.is_name(field.data):
            raise ValidationError(gettext(NomineeNotAName.message, name=field.data))

    def validate_email(self, field: Field) -> None:
        """Suggest an address in place of an invalid one, and ask once about one that looks misspelt."""
        if self.use.data and self.asked.data == field.data:
            field.data = self.use.data
        try:
            field.data = email_addresses.certain_address(field.data or "", {(self.asked.data or "").lower()})
        except (AddressInvalidNear, AddressInDoubt) as problem:
            self.suggestion = str(problem.values["suggestion"])
            raise ValidationError(say(problem)) from None
        except AddressBeyondAscii as problem:
            raise ValidationError(say(problem)) from None
        except AddressInvalid:
            raise ValidationError(str(ODD_EMAIL)) from None

    def filled(self) -> dict[str, str]:
        return {part: self[part].data or "" for part in ("name", "rank", "post", "phone", "email")}


class AnswerForm(WhoForm):
    """A person's answer for one activity, with their representative. Create it with the activity's prefix."""

    choice = StringField()

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the other fields only if a representative comes: a hidden field must not prevent an answer."""
        return self.choice.data in (Choice.COMING, Choice.NOT_COMING) or super().validate(extra_validators)

    def validate_choice(self, field: Field) -> None:
        if field.data not in set(Choice):
            raise ValidationError(str(UNCHOSEN))

    def validate_name(self, field: Field) -> None:
        if self.choice.data == Choice.REPRESENTED:
            if not field.data:
                raise ValidationError(gettext(RepresentativeUnnamed.message))
            super().validate_name(field)

    def representative(self, one: ShownInvitation | None = None) -> Representative:
        """Return who comes instead. The page shows a stored phone and e-mail only in part: an empty field keeps them."""
        sent = Representative(**self.filled())
        stored = one.representative if one else None
        if stored is None or stored.name.casefold() != sent.name.casefold():
            return sent
        return replace(
            sent, phone=sent.phone or stored.phone, email=sent.email or stored.email, rank=sent.rank or stored.rank
        )

    def reply(self, one: ShownInvitation | None = None) -> LinkAnswer:
        choice = Choice(self.choice.data)
        return LinkAnswer(choice, self.representative(one) if choice is Choice.REPRESENTED else None)


class NomineeForm(WhoForm):
    """One nominee of an organisation; an empty row is nobody. row: the nominee's invitation."""

    row = StringField()

    def validate_name(self, field: Field) -> None:
        if not field.data and (self.post.data or self.phone.data or self.email.data) and not self.row.data:
            raise ValidationError(gettext("Please write this person's name as well."))
        super().validate_name(field)

    def nominee(self, one: ShownInvitation | None) -> Nominee:
        """Return the person. The page shows a stored phone and e-mail only in part: an empty field keeps them."""
        stored, said = self.stored(one), self.filled()
        sent = Nominee(said["name"], said["post"], said["phone"], said["email"], rank=said["rank"])
        if stored is None:
            return sent
        if stored.name.casefold() == sent.name.casefold():
            sent = replace(
                sent, phone=sent.phone or stored.phone, email=sent.email or stored.email, rank=sent.rank or stored.rank
            )
        return replace(sent, invitation_id=stored.invitation_id)

    def stored(self, one: ShownInvitation | None) -> Nominated | None:
        """Return the nominee whose row this is; None for a new one."""
        return next(
            (named for named in (one.nominees if one else ()) if str(named.invitation_id) == self.row.data), None
        )


class NominationForm(Form):
    """An organisation's answer for one activity: whether it comes, and its nominees. Create it with the activity's prefix."""

    choice = StringField()
    rows = Rows(FormField(NomineeForm))

    def __init__(self, formdata: Any = None, *, prefix: str = "", most_rows: int = MOST_ROWS) -> None:
        """most_rows: how many rows are read. Each costs about a millisecond, and anybody with the link may send many."""
        self.most_rows = most_rows
        super().__init__(formdata, prefix=prefix)

    def process(self, *given: Any, **more: Any) -> None:
        self.rows.max_entries = self.most_rows + 1  # one more shows that there are too many
        super().process(*given, **more)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check the rows only if somebody comes: a hidden field must not prevent an answer."""
        return self.choice.data == Choice.NOT_COMING or super().validate(extra_validators)

    @property
    def sent_too_many(self) -> bool:
        return len(self.rows) > self.most_rows

    def nominees(self, one: ShownInvitation | None = None) -> list[Nominee]:
        """Return the named people. Rows without a name are left out."""
        return [row.form.nominee(one) for row in self.rows if row.form["name"].data]

    def valid_nominees(self, one: ShownInvitation) -> list[Nominee]:
        """Return the people of valid rows; empty if nothing is new, or if there are too many rows.

        A stored person whose new values are invalid keeps the stored ones.
        """
        if self.sent_too_many:
            return []
        stored = [stored_nominee(named) for named in one.nominees]
        found = []
        for row in self.rows:
            known = row.form.stored(one)
            if not any(row.form.errors.values()):
                found += [row.form.nominee(one)] if row.form["name"].data else []
            elif known is not None:
                found.append(stored_nominee(known))
        return found if found != stored else []

    def validate_choice(self, field: Field) -> None:
        if field.data not in (Choice.COMING, Choice.NOT_COMING):
            raise ValidationError(str(UNCHOSEN))

    def validate_rows(self, field: Field) -> None:
        if self.sent_too_many:
            raise ValidationError(gettext("These are far more lines than your seats. Please send fewer."))
        if self.choice.data == Choice.COMING and not any(field.errors) and not self.nominees():
            raise ValidationError(gettext("Please write the name of at least one person who comes."))

    def reply(self, one: ShownInvitation | None = None) -> LinkAnswer:
        choice = Choice(self.choice.data)
        return LinkAnswer(choice, nominees=self.nominees(one) if choice is Choice.COMING else ())


def stored_nominee(named: Nominated) -> Nominee:
    return Nominee(named.name, named.post, named.phone, named.email, named.invitation_id, named.rank)


class RemindersForm(LinkForm):
    """Stop the reminders ("stop") or get them again ("resume")."""

    wish = StringField()


class OwnAbsenceForm(AbsenceFields, LinkForm):
    """A time, entered by an invitee through their link."""

    reason = line(
        _l("Note"), MOST_LETTERS, _l("Such as “leave” or “teaching”. No names of others, and nothing about a case.")
    )


class OwnCalendarForm(CalendarFields, LinkForm):
    """A calendar, given by an invitee through their link."""
