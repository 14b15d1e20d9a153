"""Forms to give an activity another time or place from the calendar. Times are in the activity's own zone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, StringField
from wtforms.validators import Length

from outreach.domain.activities.values import Move
from outreach.models import Activity
from outreach.web.fields import choices
from outreach.web.fields.fields import ChoiceField, is_known, optional_int
from outreach.web.fields.times import REASON_HELP, TimeForm, Versioned


class Placed(Protocol):
    """An object with time and place, such as a move or a proposed time."""

    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def venue_id(self) -> int | None: ...


class TimeAndPlaceForm(TimeForm):
    """When and where, on the clocks of a zone."""

    venue_id = ChoiceField(_l("Venue"), coerce=optional_int, choices=[])

    def __init__(self, zone: ZoneInfo, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone = zone
        self.venue_id.choices = choices.venues()

    def fill_place(self, place: Placed) -> None:
        """Show a time and place."""
        self.fill_span(place.starts_at, place.ends_at, self.zone)
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

    @property
    def chosen_zone(self) -> ZoneInfo:
        return self.zone


class PlaceForm(TimeAndPlaceForm, Versioned):
    """Where an activity is moved to, and why."""

    reason = StringField(_l("Reason"), [Length(max=500)], description=REASON_HELP)
    back = HiddenField()

    def fill(self, activity: Activity, place: Move, back: str) -> None:
        """Show a time and place of an activity with its present version."""
        self.fill_place(place)
        self.version.data, self.back.data = str(activity.version), back

    def asked(self) -> dict[str, str]:
        return {**super().asked(), "version": self.version.data or "", "back": self.back.data or ""}


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
