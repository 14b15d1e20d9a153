"""Forms for the absences of a person, organisation or venue: a time, or a calendar to read them from."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, StringField
from wtforms.validators import Length, ValidationError

from outreach.domain.directory import names
from outreach.domain.planning.absences import Stated
from outreach.services.absences.edit import MOST_LETTERS
from outreach.services.absences.parse import MOST_BYTES
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import Clock, DayField
from outreach.web.frame.clean_request import clean

TOO_LONG = _l("Please shorten this to at most %(max)d letters.")


def _tidy(value: str | None) -> str:
    return names.tidy(value or "")


def line(label: Any, longest: int, description: Any = "") -> StringField:
    return StringField(label, [Length(max=longest, message=TOO_LONG)], filters=[_tidy], description=description)


class AbsenceFields:
    """The fields of a time, used on several pages."""

    on = DayField(_l("Day, or the first of several"))
    last_on = DayField(_l("Last day"), description=_l("Only for several days."))
    begins = Clock(_l("Time from"))
    until = Clock(_l("Time until"), description=_l("Without hours, the whole day counts."))
    weekly = BooleanField(_l("Every week again"))
    weekly_until_on = DayField(
        _l("Last time on"), description=_l("Only if it comes every week. Empty if it has no end.")
    )
    reason = line(
        _l("Note"), MOST_LETTERS, _l("Such as “leave” or “in use”. No names of others, and nothing about a case.")
    )

    def stated(self) -> Stated:
        return Stated(
            self.on.data,
            self.last_on.data,
            self.begins.data,
            self.until.data,
            bool(self.weekly.data),
            self.weekly_until_on.data,
        )


class CalendarFields:
    """The fields of a calendar, used on several pages."""

    address = line(
        _l("Its address"),
        1000,
        _l(
            "It begins with https:// or webcal://. In Google Calendar: Settings, then your calendar, "
            "then “Secret address in iCal format”."
        ),
    )
    file = FileField(_l("Or a file"), description=_l("An .ics file of at most 5 MB. It is read once, 400 days ahead."))
    name = line(_l("What it is called"), 120, _l("So that you know it again, such as “office calendar”."))

    def validate_address(self, field: StringField) -> None:
        if not field.data and not getattr(self.file.data, "filename", ""):
            raise ValidationError(_("Please give its address, or choose a file."))

    def bytes(self) -> tuple[bytes, str] | None:
        """Return the chosen file and its name, or None."""
        chosen = self.file.data
        if not chosen or not getattr(chosen, "filename", ""):
            return None
        return chosen.stream.read(MOST_BYTES + 1), clean(chosen.filename)[-120:]


class AbsenceForm(AbsenceFields, TidyForm):
    """A time, entered by staff."""


class CalendarForm(CalendarFields, TidyForm):
    """A calendar, given by staff."""
