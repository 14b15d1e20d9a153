"""The search for a time, read from the address, so that it can be saved and shared."""

from datetime import timedelta

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectMultipleField, StringField

from outreach.queries.activities.free_slots import SlotRequest
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import (
    Between,
    ChoiceField,
    Clock,
    DayField,
    Number,
    Sentence,
    optional_int,
    optional_text,
    whole,
)

ANY, NONE = "any", "none"
USUAL_MIN = 120
DAYS = timedelta(days=13)


class FreeTimeForm(TidyForm):
    class Meta(TidyForm.Meta):
        csrf = False  # the form only asks

    length = Number(
        _l("How long, in minutes"),
        [Sentence(_l("Please write how long it takes, such as 120 minutes.")), Between(15, 1440)],
    )
    first = DayField(_l("From"), [Sentence(_l("Please choose the first day."))])
    last = DayField(_l("Until"), [Sentence(_l("Please choose the last day."))])
    not_before = Clock(_l("Not before"))
    not_after = Clock(_l("Over by"))
    people = Number(_l("For how many people"), [Between(0, 100_000)])
    venue = ChoiceField(_l("Venue"), choices=[])
    region_code = ChoiceField(_l("Best in"), coerce=optional_text, choices=[])
    person = SelectMultipleField(_l("Who must be able to come"), coerce=optional_int, choices=[], validate_choice=False)
    q = StringField()
    activity = HiddenField()

    def start(self, asked: SlotRequest) -> None:
        """Show the start values of a search."""
        self.length.data = asked.length
        self.first.data, self.last.data = asked.first, asked.last
        self.people.data = asked.people or None
        self.venue.data = NONE if asked.without_venue else ANY
        self.region_code.data = asked.region_code
        self.person.data = list(asked.person_ids)
        self.activity.data = str(asked.activity_id or "")

    def asked(self) -> SlotRequest:
        """Return the search. The form must be valid."""
        assert self.length.data is not None
        assert self.first.data
        assert self.last.data
        return SlotRequest(
            length=self.length.data,
            first=self.first.data,
            last=self.last.data,
            person_ids=tuple(person_id for person_id in self.person.data or [] if person_id is not None),
            people=self.people.data or 0,
            venue_id=None if self.venue.data in (ANY, NONE) else whole(self.venue.data),
            without_venue=self.venue.data == NONE,
            region_code=self.region_code.data,
            not_before=self.not_before.data,
            not_after=self.not_after.data,
            activity_id=whole(self.activity.data) or None,
        )
