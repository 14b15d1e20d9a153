"""The forms of reminder rules: an existing one, and a new one."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, StringField
from wtforms.validators import InputRequired, Length

from outreach.delivery.words.labels import label
from outreach.domain.kinds import Audience, RuleTiming
from outreach.models import ReminderRule
from outreach.services.reminders.edit_rules import AUDIENCES, RuleValues
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import ChoiceField, Clock, Number, strip

USUAL, OWN = "usual", "own"


class RuleForm(TidyForm):
    days = Number(_l("Days before the start"), [InputRequired(_l("Please write a number of days, such as 3."))])
    at = Clock(
        _l("Time of day"),
        [InputRequired(_l("Please write a time, such as 08:00."))],
        description=_l("By the clock of the place where the activity is."),
    )
    audience = ChoiceField(_l("To"), choices=[])
    text = ChoiceField(
        _l("Text"),
        choices=[(USUAL, _l("The usual text for such mails")), (OWN, _l("A text of its own"))],
        description=_l("You find the rule's own text under Texts, once the rule is saved."),
    )
    name = StringField(
        _l("Name"), [Length(max=120)], description=_l("Left empty: what it does, such as “3 days before at 08:00”.")
    )
    enabled = BooleanField(_l("This rule is in use"), default=True)

    def offer(self, timing: RuleTiming) -> None:
        """Offer the audiences that fit a rule before the start or after the end."""
        self.audience.choices = _audiences(AUDIENCES[timing])
        if timing is RuleTiming.AFTER_END:
            self.days.label.text = _l("Days after the end")

    def fill(self, row: ReminderRule) -> None:
        self.days.data, self.at.data, self.enabled.data = row.days, row.at, row.enabled
        self.audience.data, self.name.data = row.audience.value, row.name
        self.text.data = OWN if row.text_key else USUAL

    def values(self) -> RuleValues:
        assert self.days.data is not None
        assert self.at.data is not None
        return RuleValues(
            days=self.days.data,
            at=self.at.data,
            audience=Audience(self.audience.data),
            enabled=bool(self.enabled.data),
            own_text=self.text.data == OWN,
            name=strip(self.name.data),
        )


class NewRuleForm(RuleForm):
    days = Number(_l("Days"), [InputRequired(_l("Please write a number of days, such as 3."))])
    timing = ChoiceField(
        _l("When"),
        choices=[
            (RuleTiming.BEFORE_START.value, _l("before the start")),
            (RuleTiming.AFTER_END.value, _l("after the end")),
        ],
    )

    def offer_all(self) -> None:
        self.audience.choices = _audiences(a for timing in AUDIENCES.values() for a in timing)

    @property
    def chosen_timing(self) -> RuleTiming:
        return RuleTiming(self.timing.data)


def _audiences(audiences: Iterable[Audience]) -> list[tuple[str, str]]:
    return [(audience.value, label(audience)) for audience in audiences]
