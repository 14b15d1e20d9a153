"""The forms of programmes: a new one with days and activities, editing, a copy of last year's."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import FormField, HiddenField, StringField, TextAreaField, ValidationError
from wtforms.validators import Length

from outreach.delivery.words.formats import phone
from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import ActivityKind
from outreach.domain.zones import CHOICES
from outreach.models import Programme
from outreach.services.programmes.edit import ProgrammeValues
from outreach.web.fields.base import TidyForm, TidyRow
from outreach.web.fields.choices import NEUTRAL_HELP, TITLE_MISSING, kind_choices
from outreach.web.fields.fields import (
    Between,
    ChoiceField,
    Clock,
    DayField,
    Number,
    PhoneNumber,
    Rows,
    Sentence,
    add_error,
    optional_int,
    strip,
    whole,
)
from outreach.web.fields.instants import instant, last_day, next_day, number_of_days, zone_of

MAX_DAYS = 60
MAX_ROWS = 40
MORNING, NOON = time(8, 0), time(12, 0)


class ActivityRowForm(TidyRow):
    """One activity among a programme's rows. A row without title, venue and seats is left out."""

    kind = ChoiceField(_l("Kind"), choices=kind_choices, default=ActivityKind.COORDINATION.value)
    title = StringField(_l("Title"), [Sentence(TITLE_MISSING), Length(max=200)])
    on = DayField(_l("Date"), [Sentence(_l("Please choose the day of this activity."))])
    begins = Clock(_l("Starts at"), [Sentence(_l("Please write when it starts, such as 08:00."))], default=MORNING)
    ends = Clock(_l("Ends at"), [Sentence(_l("Please write when it ends, such as 12:00."))], default=NOON)
    venue_id = ChoiceField(_l("Venue"), coerce=optional_int, choices=[])
    capacity = Number(_l("Seats"), [Between(1, 100_000)])

    @property
    def blank(self) -> bool:
        return not strip(self.title.data) and self.venue_id.data is None and not self.capacity.raw_text

    def validate(self, extra_validators: Any = None) -> bool:
        return True if self.blank else super().validate(extra_validators)

    def validate_ends(self, field: Clock) -> None:
        if self.begins.data and field.data and field.data <= self.begins.data:
            raise ValidationError(gettext("The end must be later than the start."))

    def values(self, zone_name: str) -> ActivityValues:
        zone = zone_of(zone_name)
        assert self.on.data
        assert self.begins.data
        assert self.ends.data
        return ActivityValues(
            kind=ActivityKind(self.kind.data),
            title=strip(self.title.data),
            starts_at=instant(self.on.data, self.begins.data, zone),
            ends_at=instant(self.on.data, self.ends.data, zone),
            zone=zone,
            venue_id=self.venue_id.data,
            capacity=self.capacity.data,
        )


class ProgrammeForm(TidyForm):
    """A programme's facts and days."""

    title = StringField(
        _l("Title"),
        [
            Sentence(_l("Please write a title, such as Penguatan perlindungan perempuan dan anak 2027.")),
            Length(max=200),
        ],
    )
    public_title = StringField(_l("Neutral public title"), [Length(max=200)], description=NEUTRAL_HELP)
    purpose = TextAreaField(
        _l("Purpose"),
        [Length(max=4000)],
        description=_l("One or two sentences on what it is for. Only your office sees this."),
    )
    starts_on = DayField(_l("First day"), [Sentence(_l("Please choose the first day."))])
    days = Number(
        _l("Number of days"), [Sentence(_l("Please write how many days, such as 4.")), Between(1, MAX_DAYS)], default=1
    )
    zone = ChoiceField(_l("Time zone"), choices=CHOICES)
    contact_name = StringField(
        _l("Person that invitees can call"),
        [Length(max=120)],
        description=_l("Left empty, your office's contact is used."),
    )
    contact_phone = StringField(
        _l("Their phone"), [Length(max=40), PhoneNumber()], description=_l("Such as 0812-3456-7890.")
    )

    version = HiddenField()

    @property
    def version_number(self) -> int:
        return whole(self.version.data)

    def fill(self, programme: Programme) -> None:
        """Show a stored programme's values on the first visit."""
        self.process(obj=programme)
        self.version.data = str(programme.version)
        self.zone.data = programme.zone.key
        self.contact_phone.data = phone(programme.contact_phone)
        self.days.data = number_of_days(programme.starts_on, programme.ends_on)

    def take(self, asked: Mapping[str, str]) -> None:
        """Fill in the days from another page's link."""
        typed = MultiDict(asked)
        for field in (self.starts_on, self.days):
            if field.name in typed:
                field.process(typed)

    def values(self) -> ProgrammeValues:
        assert self.starts_on.data
        assert self.days.data
        return ProgrammeValues(
            title=strip(self.title.data),
            public_title=strip(self.public_title.data),
            purpose=strip(self.purpose.data),
            starts_on=self.starts_on.data,
            ends_on=last_day(self.starts_on.data, self.days.data),
            zone=zone_of(self.zone.data),
            contact_name=strip(self.contact_name.data),
            contact_phone=strip(self.contact_phone.data),
        )


class NewProgrammeForm(ProgrammeForm):
    """A programme with a row for each of its activities."""

    activities = Rows(FormField(ActivityRowForm), min_entries=1, max_entries=MAX_ROWS)

    def offer_venues(self, venues: Sequence[tuple[int | str, str]]) -> None:
        for row in self.rows:
            row.venue_id.choices = venues

    @property
    def rows(self) -> list[ActivityRowForm]:
        return [entry.form for entry in self.activities]

    def add_row(self) -> None:
        """Add an activity on the day after the last one, at the same hours. The first is on the first day."""
        if len(self.activities) >= MAX_ROWS:
            return
        last = self.rows[-1] if self.rows else None
        day = next_day(last.on.data) if last and last.on.data else self.starts_on.data
        if day and self.starts_on.data and self.days.data and 1 <= self.days.data <= MAX_DAYS:
            day = min(day, last_day(self.starts_on.data, self.days.data))
        hours = {"begins": last.begins.data, "ends": last.ends.data} if last else {}
        self.activities.append_entry({"on": day, **hours})

    def drop_row(self, index: int) -> None:
        """Remove one row. The others keep what was typed."""
        kept = [row.data for number, row in enumerate(self.rows) if number != index]
        while self.activities.entries:
            self.activities.pop_entry()
        for data in kept:
            self.activities.append_entry(data)

    def date_rows(self) -> None:
        """Give rows without a day the first day."""
        for row in self.rows:
            if row.on.data is None and not row.on.raw_text:
                row.on.data = self.starts_on.data

    def validate(self, extra_validators: Any = None) -> bool:
        fine = super().validate(extra_validators)
        if self.starts_on.errors or self.days.errors:
            return False
        return self._rows_lie_within() and fine

    def _rows_lie_within(self) -> bool:
        assert self.starts_on.data
        assert self.days.data
        first, last, fine = self.starts_on.data, last_day(self.starts_on.data, self.days.data), True
        for row in self.rows:
            if not row.blank and row.on.data and not first <= row.on.data <= last:
                add_error(row.on, gettext("That date is outside the programme's days."))
                fine = False
        return fine

    def activity_values(self) -> dict[int, ActivityValues]:
        """Return the filled activities by row number, from 0."""
        return {number: row.values(self.zone.data) for number, row in enumerate(self.rows) if not row.blank}


class CopyForm(TidyForm):
    """A copy of a programme: its new title and first day."""

    title = StringField(_l("Title of the copy"), [Sentence(_l("Please write a title for the copy.")), Length(max=200)])
    public_title = StringField(
        _l("Neutral public title"),
        [Length(max=200)],
        description=NEUTRAL_HELP,
    )
    starts_on = DayField(_l("New first day"), [Sentence(_l("Please choose the new first day."))])
