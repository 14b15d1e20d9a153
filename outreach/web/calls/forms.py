"""The form of a call: what they were asked about, and what came of it. The pressed button says which outcome it is."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import StringField, ValidationError

from outreach.domain.answers import Representative
from outreach.domain.calls import ANSWERED_AS, IS_A_CALL, CallOutcome
from outreach.domain.kinds import AnswerSource
from outreach.models import Invitation
from outreach.services.calls.record import CallResult
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import AddressField, ChoiceField, Clock, DayField
from outreach.web.fields.instants import instant
from outreach.web.invitations.evidence import evidence_field, shown_by
from outreach.web.invitations.forms import BY_STAFF, RANK_HINT, Phone, Ticks, member, text, words


class CallForm(TidyForm):
    outcome = StringField()  # the name of the buttons
    about = Ticks(_l("Asked to"), coerce=int)
    source = ChoiceField(_l("How did they answer?"), default=AnswerSource.PHONE.value)
    note = text(_l("Note"), 300, description=_l("It is kept with the answer: comes at 09.00, sends his own slides."))
    representative_name = text(_l("Who comes in their place"), 160)
    representative_rank = text(_l("Rank"), 80, description=RANK_HINT)
    representative_post = text(_l("Post"), 160, description=_l("For example: Wakapolres"))
    representative_phone = text(_l("Phone"), 30, Phone(), description=_l("For example: 0812-3456-7890"))
    representative_email = AddressField(_l("E-mail"))
    file = evidence_field()
    again_on = DayField(_l("Day"))
    again_at = Clock(_l("Time"))
    question = text(_l("What do they ask?"), 300)

    def __init__(self, asked: Sequence[Invitation], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.about.choices = [(invitation.id, invitation.activity.title) for invitation in asked]
        self.source.choices = words(BY_STAFF)
        if not self.is_submitted():
            self.about.data = [invitation.id for invitation in asked]

    @property
    def pressed(self) -> CallOutcome | None:
        """Return the outcome whose button was pressed."""
        found = member(CallOutcome, self.outcome.data)
        return found if found in IS_A_CALL else None

    def validate_representative_name(self, field: StringField) -> None:
        if self.pressed is CallOutcome.REPRESENTED and not field.data:
            raise ValidationError(_l("Please write the name of the person who will come in their place."))

    def result(self, outcome: CallOutcome, zone: ZoneInfo) -> CallResult:
        """Return what came of the call. The form must be valid. zone: in which they say when to call again.

        Raise EvidenceNotTaken or UploadTooLarge.
        """
        every = [id for id, _title in self.about.choices or ()]
        return CallResult(
            outcome,
            (self.about.data or []) if outcome in ANSWERED_AS else every,
            (self.question.data if outcome is CallOutcome.QUESTION else self.note.data) or "",
            self._again(zone) if outcome is CallOutcome.AGAIN else None,
            self._representative() if outcome is CallOutcome.REPRESENTED else None,
            AnswerSource(self.source.data),
            shown_by(self.file) if outcome in ANSWERED_AS else None,
        )

    def _again(self, zone: ZoneInfo) -> datetime | None:
        day, at = self.again_on.data, self.again_at.data
        return instant(day, at, zone) if day and at else None

    def _representative(self) -> Representative:
        return Representative(
            name=self.representative_name.data or "",
            post=self.representative_post.data or "",
            phone=self.representative_phone.data or "",
            email=self.representative_email.data or "",
            rank=self.representative_rank.data or "",
        )
