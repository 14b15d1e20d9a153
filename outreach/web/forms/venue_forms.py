"""What staff fill in about a venue."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from outreach.services.venues import MOST_SEATS, VenueValues
from outreach.web.forms.base import TidyForm
from outreach.web.forms.fields import Between, Choice, Number, optional_text
from outreach.web.forms.invitation_forms import text
from outreach.web.forms.people_forms import kelurahan_options


class VenueForm(TidyForm):
    name = text(_l("Name"), 160, description=_l("Such as Aula Bappeda, or Balai Kelurahan Yosodadi."))
    capacity = Number(
        _l("How many people fit"),
        [Between(1, MOST_SEATS)],
        description=_l("Nobody gets a seat beyond this. Empty if nothing limits it."),
    )
    address = text(_l("Address"), 300, description=_l("As invitees find it, such as Jl. Jenderal Sudirman 12, Metro."))
    region_code = Choice(_l("Kelurahan"), coerce=optional_text)
    note = text(_l("Note"), 300, description=_l("For colleagues, such as “key at the security post”."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.region_code.choices = kelurahan_options(gettext("None in particular"))

    @property
    def values(self) -> VenueValues:
        return VenueValues(
            name=self.name.data or "",
            address=self.address.data or "",
            capacity=self.capacity.data,
            region_code=self.region_code.data,
            note=self.note.data or "",
        )

    @classmethod
    def of(cls, values: VenueValues) -> "VenueForm":
        """Return the form filled with what is stored."""
        return cls(data=vars(values))
