"""The form of an organisation, for staff."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from outreach.delivery.words.formats import LOCALES
from outreach.domain.kinds import Sector
from outreach.services.directory.organisations import OrganisationValues
from outreach.web.directory.people.forms import InviteeForm, kelurahan_options
from outreach.web.fields.fields import ChoiceField, optional_text
from outreach.web.invitations.forms import member, text, words


class OrganisationForm(InviteeForm):
    name = text(_l("Name"), 200, description=_l("In full, such as Kepolisian Resor Metro, or Kelurahan Imopuro."))
    short_name = text(_l("Short name"), 60, description=_l("As people say it, such as Polres Metro."))
    sector = ChoiceField(_l("Sector"))
    region_code = ChoiceField(
        _l("Kelurahan"),
        coerce=optional_text,
        choices=kelurahan_options,
        description=_l("For a kelurahan office or a school; otherwise none."),
    )
    email = text(
        _l("E-mail"),
        254,
        description=_l(
            "The invitation goes here, and with it the link by which the office names who comes, such as polres@example.com."
        ),
    )
    phone = text(_l("Phone"), 40, description=_l("Such as 0725-41122."))
    address = text(_l("Address"), 300, description=_l("Such as Jl. AH Nasution 1, Metro."))
    locale = ChoiceField(_l("Language of their mails"), choices=list(LOCALES.items()), default="id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sector.choices = [("", gettext("Choose one")), *words(Sector)]

    @property
    def values(self) -> OrganisationValues:
        return OrganisationValues(
            name=self.name.data or "",
            sector=member(Sector, self.sector.data),
            short_name=self.short_name.data or "",
            region_code=self.region_code.data,
            address=self.address.data or "",
            email=self.email.data or "",
            phone=self.phone.data or "",
            locale=self.locale.data or "id",
        )

    @classmethod
    def of(cls, values: OrganisationValues) -> "OrganisationForm":
        """Return the form filled with the stored values."""
        return cls(data={**vars(values), "sector": values.sector.value if values.sector else ""})
