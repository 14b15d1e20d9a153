"""The form of the office: its names, its kabupaten/kota, and the contact for invitees."""

from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, RadioField, StringField, TelField
from wtforms.validators import Length

from outreach.delivery.words.formats import LOCALES
from outreach.domain.zones import CHOICES
from outreach.services.office.office import DEADLINE_DAYS_MAX, OfficeValues
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import Between, ChoiceField, Number, Sentence, strip


class OfficeForm(TidyForm):
    name = StringField(
        _l("Full name"),
        [Sentence(_l("Please write the office's full name, as it stands on its letters.")), Length(max=200)],
        description=_l(
            "As it stands on letters: Dinas Pemberdayaan Perempuan, Perlindungan Anak, "
            "Pengendalian Penduduk dan Keluarga Berencana Kota Metro."
        ),
    )
    short_name = StringField(
        _l("Short name"),
        [Sentence(_l("Please write a short name, such as DP3AP2KB Kota Metro.")), Length(max=60)],
        description=_l("Stands in mails and at the top of each page: DP3AP2KB Kota Metro."),
    )
    region_code = RadioField(_l("Kabupaten or kota"), choices=[], validate_choice=False)
    address = StringField(
        _l("Address"), [Length(max=300)], description=_l("Such as Jl. Jenderal Sudirman 22, Kota Metro.")
    )
    email = EmailField(_l("E-mail"), [Length(max=254)])
    phone = TelField(_l("Phone"), [Length(max=40)], description=_l("Such as 0725-41234."))
    contact_name = StringField(
        _l("Who answers questions"), [Length(max=120)], description=_l("Stands in each mail: Bidang PPA, or a name.")
    )
    contact_phone = TelField(_l("Their phone or WhatsApp"), [Length(max=40)], description=_l("Such as 0812-1234-5678."))
    zone = ChoiceField(_l("Time zone"), choices=CHOICES)
    locale = ChoiceField(_l("Language of mails, where a person has none"), choices=list(LOCALES.items()), default="id")
    deadline_days = Number(
        _l("Answers are wanted this many days before"),
        [Between(0, DEADLINE_DAYS_MAX)],
        default=2,
        description=_l("At 16:00 on that day. Each activity can have its own."),
    )

    @property
    def values(self) -> OfficeValues:
        return OfficeValues(
            name=strip(self.name.data),
            short_name=strip(self.short_name.data),
            region_code=strip(self.region_code.data) if self.region_code.data != "None" else "",
            zone=ZoneInfo(self.zone.data),
            address=strip(self.address.data),
            email=strip(self.email.data),
            phone=strip(self.phone.data),
            contact_name=strip(self.contact_name.data),
            contact_phone=strip(self.contact_phone.data),
            locale=self.locale.data,
            deadline_days=2 if self.deadline_days.data is None else self.deadline_days.data,
        )
