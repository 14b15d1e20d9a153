"""The form of a person, for staff, and the filters of the list of people."""

from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, RadioField, StringField, ValidationError

from outreach.delivery.words.labels import label
from outreach.domain.directory import phones
from outreach.domain.kinds import LOCALES, AgeGroup, CadreKind, Sector, Sex
from outreach.domain.problems import Problem
from outreach.queries.directory import lists as directory
from outreach.queries.directory.lists import PeopleFilters
from outreach.services.directory.people import PersonValues
from outreach.web.fields.base import TidyForm
from outreach.web.fields.choices import within_area
from outreach.web.fields.fields import AddressField, ChoiceField, optional_int, optional_text
from outreach.web.frame.say import say
from outreach.web.invitations.forms import Ticks, member, text, words


class ImportForm(TidyForm):
    file = FileField(
        _l("Spreadsheet"),
        [FileRequired(_l("Please choose a file first."))],
        description=_l("An .xlsx, .xls, .ods or .csv file of at most 10 MB and 100,000 rows."),
    )
    kind = ChoiceField(
        _l("Rows without a kind of cadre are"),
        default="",
        description=_l("Only for a list that has no column “Jenis Kader”."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = default_kind_words()

    @property
    def default_kinds(self) -> tuple[CadreKind, ...]:
        return (CadreKind(self.kind.data),) if self.kind.data else ()


def default_kind_words() -> list[tuple[str, str]]:
    """Return the choices for rows that name no kind of cadre."""
    return [
        ("", gettext("people, but no cadres")),
        *((v, gettext("cadres of %(kind)s", kind=w)) for v, w in kind_words()),
    ]


def filters_from(args: MultiDict[str, str]) -> PeopleFilters:
    """Return the filters of the list of people. Unknown values are ignored."""
    return PeopleFilters(
        q=args.get("q", "").strip()[:100],
        kind=member(CadreKind, args.get("kind")),
        region_code=args.get("region", "")[:13],
        sector=member(Sector, args.get("sector")),
        organisation_id=args.get("organisation", type=int),
        no_address=args.get("no_address") == "1",
    )


def kelurahan_within_area() -> dict[str, list[tuple[str, str]]]:
    """Return the kelurahan to which a record may belong: for an account with an area one of its own."""
    return within_area(kelurahan_options())


def kelurahan_options() -> dict[str, list[tuple[str, str]]]:
    """Return the kelurahan grouped by kecamatan. The first choice means none in particular."""
    groups: dict[str, list[tuple[str, str]]] = {"": [("", gettext("None in particular"))]}
    kecamatan = ""
    for region in directory.regions():
        if region.level == 3:
            kecamatan = region.name
        else:
            groups.setdefault(kecamatan, []).append((region.code, region.name))
    return groups


class InviteeForm(TidyForm):
    """A form with phone numbers. An invalid number stays as typed, with an error beside it."""

    assistant_name = text(
        _l("Name of the adjutant or secretary"),
        160,
        description=_l("Such as Rina Astuti; or the post, such as Sekretaris pribadi."),
    )
    assistant_email = AddressField(
        _l("Their e-mail"),
        description=_l(
            "If no answer comes, a ladder can write to them: they pass the invitation on, and can answer by a link."
        ),
    )
    assistant_phone = text(_l("Their phone or WhatsApp"), 40, description=_l("Callers see it."))

    def validate_phone(self, field: StringField) -> None:
        try:
            phones.number(field.data or "")
        except Problem as problem:
            raise ValidationError(say(problem)) from None

    def validate_assistant_phone(self, field: StringField) -> None:
        self.validate_phone(field)

    @property
    def assistant(self) -> dict[str, str]:
        return {
            "assistant_name": self.assistant_name.data or "",
            "assistant_phone": self.assistant_phone.data or "",
            "assistant_email": self.assistant_email.data or "",
        }


class PersonForm(InviteeForm):
    name = text(
        _l("Full name"),
        160,
        description=_l(
            "As it is written, such as Siti Rahmawati. One name is enough. Empty if only the post is known."
        ),
    )
    title_before = text(_l("Titles before the name"), 60, description=_l("Such as Dr. Hj."))
    title_after = text(_l("Titles after the name"), 60, description=_l("Such as S.H., M.H."))
    post = text(_l("Post"), 160, description=_l("Such as Kapolres Metro, or Ketua TP PKK Yosodadi."))
    organisation_id = ChoiceField(_l("Organisation"), coerce=optional_int)
    region_code = ChoiceField(
        _l("Kelurahan"),
        coerce=optional_text,
        choices=kelurahan_within_area,
        description=_l("Where a cadre is active."),
    )
    sex = RadioField(_l("Sex"), default="", coerce=str)
    age_group = ChoiceField(
        _l("Age group"), coerce=optional_text, description=_l("For figures only. No date of birth is kept.")
    )
    kinds = Ticks(_l("Cadre of"), coerce=str)
    email = AddressField(
        _l("E-mail"),
        description=_l(
            "Invitations and reminders go here, such as siti.rahmawati@example.com. Two people may share one."
        ),
    )
    phone = text(_l("Phone or WhatsApp"), 40, description=_l("Such as 0812-3456-7890."))
    shares_phone = BooleanField(
        _l("Others read their phone or mails, too"),
        description=_l("Their mails then never name the helpline SAPA 129."),
    )
    locale = ChoiceField(_l("Language of their mails"), choices=list(LOCALES.items()), default="id")
    note = text(
        _l("Note"),
        300,
        description=_l("For colleagues, such as “reach her through the lurah”. Never about cases or victims."),
    )
    namesake = BooleanField(_l("This is somebody else of the same name"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation_id.choices = [
            ("", gettext("None"), {}),
            *((i, n, {}) for i, n in directory.organisation_choices()),
        ]
        self.sex.choices = [("", gettext("Not said")), *words(Sex)]
        self.age_group.choices = [("", gettext("Not said"), {}), *((*choice, {}) for choice in words(AgeGroup))]
        self.kinds.choices = words(CadreKind)

    @property
    def values(self) -> PersonValues:
        return PersonValues(
            name=self.name.data or "",
            title_before=self.title_before.data or "",
            title_after=self.title_after.data or "",
            post=self.post.data or "",
            organisation_id=self.organisation_id.data,
            region_code=self.region_code.data,
            sex=Sex(self.sex.data) if self.sex.data else None,
            age_group=AgeGroup(self.age_group.data) if self.age_group.data else None,
            email=self.email.data or "",
            phone=self.phone.data or "",
            shares_phone=bool(self.shares_phone.data),
            locale=self.locale.data or "id",
            note=self.note.data or "",
            kinds=tuple(CadreKind(kind) for kind in self.kinds.data or ()),
            namesake=bool(self.namesake.data),
            **self.assistant,
        )

    @classmethod
    def of(cls, values: PersonValues) -> "PersonForm":
        """Return the form filled with the stored values."""
        filled = {
            **vars(values),
            "sex": values.sex.value if values.sex else "",
            "age_group": values.age_group.value if values.age_group else "",
            "kinds": [k.value for k in values.kinds],
        }
        return cls(data=filled)


class EraseForm(TidyForm):
    sure = BooleanField(_l("Yes, erase it. I know that this cannot be taken back."))


def kind_words() -> list[tuple[str, str]]:
    return [(kind.value, label(kind)) for kind in CadreKind]
