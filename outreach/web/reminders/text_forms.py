"""The form of one mail text."""

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField, TextAreaField

from outreach.delivery.mail.texts import Text
from outreach.models import Invitation
from outreach.web.fields.base import TidyForm


class TextForm(TidyForm):
    subject = StringField(
        _l("Subject"), description=_l("Strangers can read it on a phone's screen, so it says only the neutral title.")
    )
    greeting = StringField(_l("Greeting"))
    body = TextAreaField(
        _l("Text"),
        description=_l("An empty line begins a new paragraph. Each line such as “Place: {venue}” is a row of a table."),
    )
    invitation = SelectField(_l("Preview with"), coerce=int, choices=[], validate_choice=False)

    def fill(self, text: Text) -> None:
        self.subject.data, self.greeting.data, self.body.data = text.subject, text.greeting, text.body

    def offer(self, candidates: list[Invitation]) -> None:
        self.invitation.choices = [(one.id, f"{one.invitee.display_name} · {one.activity.title}") for one in candidates]

    def value(self) -> Text:
        return Text(self.subject.data or "", self.greeting.data or "", self.body.data or "")
