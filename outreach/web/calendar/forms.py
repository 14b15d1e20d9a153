"""Forms to give an activity another time or place from the calendar. Times are in the activity's own zone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField, ValidationError
from wtforms.validators import Length

from outreach.models import Activity
from outreach.services.activities.publish import Move
from outreach.web.fields import choices
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import ChoiceField, Clock, DayField, Sentence, is_known, optional_int, whole
from outreach.web.fields.instants import instant, wall_day, wall_time


class Placed(Protocol):
    """An object with time and place, such as a move or a proposed time."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def venue_id(self) -> int | None: ...


class TimeAndPlaceForm(TidyForm):
    """Time and place, in a zone's local time."""

    on = DayField(_l("Date"), [Sentence(_l("Please choose the day."))])
    begins = Clock(_l("Starts at"), [Sentence(_l("Please write when it starts, such as 08:00."))])
    ends = Clock(_l("Ends at"), [Sentence(_l("Please write when it ends, such as 12:00."))])
    ends_on = DayField(_l("Ends on another day"), description=_l("Only if it runs over more than one day."))
    venue_id = ChoiceField(_l("Venue"), coerce=optional_int, choices=[])

    def __init__(self, zone: ZoneInfo, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.venue_id.choices = choices.venues()

    def fill_place(self, place: Placed) -> None:
        """Show a time and place."""
        self.on.data, self.begins.data = wall_day(place.starts_at, self.zone), wall_time(place.starts_at, self.zone)
        self.ends.data, last = wall_time(place.ends_at, self.zone), wall_day(place.ends_at, self.zone)
        self.ends_on.data = last if last != self.on.data else None
        self.venue_id.data = place.venue_id

    def asked(self) -> dict[str, str]:
        """Return the form's time and place as query values."""
        assert self.on.data
        assert self.begins.data
        assert self.ends.data
        return {
            "on": self.on.data.isoformat(),
            "begins": f"{self.begins.data:%H:%M}",
            "ends": f"{self.ends.data:%H:%M}",
            "ends_on": self.ends_on.data.isoformat() if self.ends_on.data else "",
            "venue_id": str(self.venue_id.data or ""),
        }

    def validate_ends(self, field: Clock) -> None:
        if self.on.data and self.begins.data and field.data and self.ends_at <= self.starts_at:
            raise ValidationError(gettext("The end must be later than the start."))

    @property
    def starts_at(self) -> datetime:
        assert self.on.data
        assert self.begins.data
        return instant(self.on.data, self.begins.data, self.zone)

    @property
    def ends_at(self) -> datetime:
        assert self.on.data
        assert self.ends.data
        return instant(self.ends_on.data or self.on.data, self.ends.data, self.zone)


class PlaceForm(TimeAndPlaceForm):
    """The new time and place of an activity, and the reason."""

    reason = StringField(
        _l("Reason"),
        [Length(max=500)],
        description=_l("Everyone invited reads it: “Aula Bappeda dipakai untuk rapat paripurna.”"),
    )
    version = HiddenField()
    back = HiddenField()

    def fill(self, activity: Activity, place: Move, back: str) -> None:
        """Show a time and place of an activity with its present version."""
        self.fill_place(place)
        self.version.data, self.back.data = str(activity.version), back

    def asked(self) -> dict[str, str]:
        return {**super().asked(), "version": self.version.data or "", "back": self.back.data or ""}

    @property
    def version_number(self) -> int:
        return whole(self.version.data)


def dropped(args: Mapping[str, str], zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Return where an activity was dropped in the calendar, in the office's zone, or None.

    args: "starts" and "ends" as wall times, such as 2027-01-18T08:00:00.
    """
    try:
        starts, ends = (datetime.fromisoformat(args.get(name, "")) for name in ("starts", "ends"))
        if starts.tzinfo or ends.tzinfo or not is_known(starts.date()) or not is_known(ends.date()):
            return None
        return starts.replace(tzinfo=zone), ends.replace(tzinfo=zone)
    except ValueError:
        return None
