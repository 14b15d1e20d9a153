"""The form of a venue, for staff."""

import re

from flask_babel import lazy_gettext as _l
from wtforms import Field, ValidationError

from outreach.delivery.words.labels import label
from outreach.domain.kinds import VenueKind
from outreach.services.venues import MOST_SEATS, PositionOdd, VenueValues
from outreach.web.directory.people.forms import kelurahan_options
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import Between, ChoiceField, Number, optional_text
from outreach.web.frame.say import say
from outreach.web.invitations.forms import text

# Two decimal numbers with points, separated by a comma, semicolon or blank.
POSITION = re.compile(r"\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*[,;\s]\s*([+-]?\d{1,3}(?:\.\d{1,15})?)\s*")


def kinds() -> list[tuple[str, str]]:
    return [(one.value, label(one)) for one in VenueKind]


class VenueForm(TidyForm):
    name = text(_l("Name"), 160, description=_l("Such as Aula Bappeda, or Balai Kelurahan Yosodadi."))
    kind = ChoiceField(_l("Kind of venue"), choices=kinds, default=VenueKind.OTHER.value)
    capacity = Number(
        _l("How many people fit"),
        [Between(1, MOST_SEATS)],
        description=_l("Nobody gets a seat beyond this. Empty if nothing limits it."),
    )
    address = text(_l("Address"), 300, description=_l("As invitees find it, such as Jl. Jenderal Sudirman 12, Metro."))
    region_code = ChoiceField(_l("Kelurahan"), coerce=optional_text, choices=kelurahan_options)
    position = text(
        _l("Position on the map"),
        60,
        description=_l("As a map shows it: -5.1130, 105.3070. With it the way from one venue to the next is reckoned."),
    )
    note = text(_l("Note"), 300, description=_l("For colleagues, such as “key at the security post”."))

    def validate_position(self, field: Field) -> None:
        if field.data and self.coordinates is None:
            raise ValidationError(say(PositionOdd()))

    @property
    def coordinates(self) -> tuple[float, float] | None:
        """Return latitude and longitude, or None if there are none or they are unreadable."""
        found = POSITION.fullmatch(self.position.data or "")
        return (float(found[1]), float(found[2])) if found else None

    @property
    def values(self) -> VenueValues:
        return VenueValues(
            name=self.name.data or "",
            address=self.address.data or "",
            capacity=self.capacity.data,
            region_code=self.region_code.data,
            note=self.note.data or "",
            kind=VenueKind(self.kind.data),
            **dict(zip(("latitude", "longitude"), self.coordinates or (None, None), strict=True)),
        )

    @classmethod
    def of(cls, values: VenueValues) -> "VenueForm":
        """Return the form filled with the stored values."""
        known = values.latitude is not None and values.longitude is not None
        position = f"{values.latitude:.6g}, {values.longitude:.7g}" if known else ""
        return cls(data={**vars(values), "kind": values.kind.value, "position": position})
