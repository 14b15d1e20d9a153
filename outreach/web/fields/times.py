"""What the forms of one activity have in common: when it is, on the clocks of a zone, and its version.

The form gives the zone: a chosen one, or the activity's.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, ValidationError

from outreach.services.activities.checks import LastsTooLong, check_length
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import Clock, DayField, Sentence, whole
from outreach.web.fields.instants import instant, wall_day, wall_time
from outreach.web.frame.say import say

REASON_HELP = _l(
    "Everyone who is told reads it: “Aula Bappeda dipakai untuk rapat paripurna.” It is kept: please name no person."
)


class TimeForm(TidyForm):
    """A day, from, to; and the last day of an activity over several days."""

    on = DayField(_l("Date"), [Sentence(_l("Please choose the day."))])
    begins = Clock(_l("Starts at"), [Sentence(_l("Please write when it starts, such as 08:00."))])
    ends = Clock(_l("Ends at"), [Sentence(_l("Please write when it ends, such as 12:00."))])
    ends_on = DayField(_l("Ends on another day"), description=_l("Only if it runs over more than one day."))

    @property
    def chosen_zone(self) -> ZoneInfo:
        raise NotImplementedError

    def fill_span(self, starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> None:
        """Show the start and the end."""
        self.on.data, self.begins.data = wall_day(starts_at, zone), wall_time(starts_at, zone)
        self.ends.data, last = wall_time(ends_at, zone), wall_day(ends_at, zone)
        self.ends_on.data = last if last != self.on.data else None

    def validate_ends(self, field: Clock) -> None:
        if not (self.on.data and self.begins.data and field.data):
            return
        if self.ends_at <= self.starts_at:
            raise ValidationError(gettext("The end must be later than the start."))
        try:
            check_length(self.starts_at, self.ends_at)
        except LastsTooLong as problem:
            raise ValidationError(say(problem)) from None

    @property
    def starts_at(self) -> datetime:
        assert self.on.data
        assert self.begins.data
        return instant(self.on.data, self.begins.data, self.chosen_zone)

    @property
    def ends_at(self) -> datetime:
        assert self.on.data
        assert self.ends.data
        return instant(self.ends_on.data or self.on.data, self.ends.data, self.chosen_zone)


class Versioned(TidyForm):
    """The version that the page showed. Of two users who save, the second gets an error."""

    version = HiddenField()

    @property
    def version_number(self) -> int:
        return whole(self.version.data)
