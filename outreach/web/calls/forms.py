"""The forms of a call: what an invitee said about each activity, and how."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import StringField, ValidationError

from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource
from outreach.services.answers.record import Told
from outreach.web.fields.base import TidyForm, TidyRow
from outreach.web.fields.fields import AddressField
from outreach.web.invitations.forms import BY_STAFF, OptionsField, Phone, text, words


class CalledAnswer(TidyRow):
    """What they said on the phone about one activity; nothing chosen: they did not say."""

    choice = OptionsField(_l("What did they answer?"), default="")
    representative_name = text(_l("Who comes in their place"), 160)
    representative_post = text(_l("Post"), 160, description=_l("For example: Wakapolres"))
    representative_phone = text(_l("Phone"), 30, Phone(), description=_l("For example: 0812-3456-7890"))
    representative_email = AddressField(_l("E-mail"))
    note = text(_l("Note"), 300)

    def __init__(self, *args: Any, of_organisation: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = [(Choice.NOT_COMING.value, _l("They send nobody"))] if of_organisation else words(Choice)
        self.choice.choices = [*said, ("", _l("No answer yet"))]

    def validate_representative_name(self, field: StringField) -> None:
        if self.choice.data == Choice.REPRESENTED and not field.data:
            raise ValidationError(_l("Please write the name of the person who will come in their place."))

    def told(self, invitation_id: int) -> Told | None:
        """Return what they said about this invitation, or None."""
        if not self.choice.data:
            return None
        named = Representative(
            name=self.representative_name.data or "",
            post=self.representative_post.data or "",
            phone=self.representative_phone.data or "",
            email=self.representative_email.data or "",
        )
        choice = Choice(self.choice.data)
        return Told(invitation_id, choice, named if choice is Choice.REPRESENTED else None, self.note.data or "")


class CalledForm(TidyForm):
    """How they answered, for all activities of a call."""

    source = OptionsField(_l("How did they answer?"), default=AnswerSource.PHONE.value)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source.choices = words(BY_STAFF)
