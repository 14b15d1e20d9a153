"""Forms about invitees for staff: who to invite to what, an answer by phone, a quota, nominees, a filter."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    Form,
    FormField,
    HiddenField,
    RadioField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.validators import Length, StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from outreach.delivery.words.labels import staff_label
from outreach.domain.answers import Choice, Representative
from outreach.domain.cadres import Wanted
from outreach.domain.directory import phones
from outreach.domain.kinds import AnswerSource, CadreKind, Role, Sector
from outreach.domain.problems import Problem
from outreach.domain.states import InvitationState
from outreach.models import Activity
from outreach.queries.invitations.select import InviteeFilters
from outreach.services.answers.nominees import Nominee
from outreach.services.invitations.checks import MOST_SEATS
from outreach.web.fields.base import TidyForm, TidyRow
from outreach.web.fields.fields import AddressField, Between, Ids, Number, Rows, Sentence, optional_int, whole
from outreach.web.fields.fields import ChoiceField as Select
from outreach.web.frame.say import say
from outreach.web.invitations.evidence import evidence_field

USUAL_QUOTA = 2
USUAL_CADRES, MOST_CADRES = 5, 100  # cadres of one kelurahan for one activity
NO_KIND = _l("Tick at least one kind of cadre.")
TOO_LONG = _l("Please shorten this to at most %(max)d letters.")
BY_STAFF = (
    AnswerSource.PHONE, AnswerSource.WHATSAPP, AnswerSource.MAIL, AnswerSource.LETTER, AnswerSource.IN_PERSON,
)  # fmt: skip

E = TypeVar("E", bound=StrEnum)


def filters_from(args: MultiDict[str, str]) -> InviteeFilters:
    """Return the filters of a list. Unknown values are ignored."""
    return InviteeFilters(
        q=args.get("q", "").strip(),
        role=member(Role, args.get("role")),
        state=member(InvitationState, args.get("state")),
        region_code=args.get("region", ""),
        sector=member(Sector, args.get("sector")),
        no_address=args.get("no_address") == "1",
        unanswered=args.get("state") == "unanswered",
        outdated=args.get("state") == "outdated",
        unreminded=args.get("state") == "unreminded",
    )


def member(kind: type[E], value: str | None) -> E | None:
    """Return the enum's member with this value, or None."""
    return kind(value) if value in set(kind) else None


def _stripped(value: str | None) -> str:
    return " ".join((value or "").split())


def text(name: Any, length: int, *validators: Any, description: Any = "") -> StringField:
    return StringField(
        name,
        filters=[_stripped],
        validators=[Length(max=length, message=TOO_LONG), *validators],
        description=description,
    )


class Phone:
    """Convert a phone number to E.164."""

    def __call__(self, form: Form, field: StringField) -> None:
        try:
            field.data = phones.number(field.data)
        except Problem as problem:
            raise ValidationError(say(problem)) from None


def words(members: Iterable[E]) -> list[tuple[str, str]]:
    return [(member.value, staff_label(member)) for member in members]


class OptionsField(RadioField):
    """One of a few choices, each with its own radio button."""

    def pre_validate(self, form: Form) -> None:
        if self.data not in {value for value, *_rest in self.iter_choices()}:
            raise ValidationError(_l("Please choose one of these."))


class Ticks(SelectMultipleField):
    """Several checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def pre_validate(self, form: Form) -> None:
        known = {value for value, *_rest in self.iter_choices()}
        if any(value not in known for value in self.data or ()):
            raise ValidationError(_l("One of these choices does not exist any more. Please choose again."))


class Ticked:
    """Require at least one tick."""

    def __init__(self, sentence: Any) -> None:
        self.sentence = sentence

    def __call__(self, form: Form, field: Ticks) -> None:
        if not field.data:
            raise StopValidation(str(self.sentence))


class InviteForm(TidyForm):
    """The activities to invite to: at least one of those offered."""

    activity_ids = Ticks(
        _l("To which activities?"), coerce=int, validators=[Sentence(_l("Choose at least one activity."))]
    )

    def offer(self, activities: list[Activity], ticked: Iterable[int]) -> None:
        """Set the activities to choose from, and those ticked at first."""
        self.activity_ids.choices = [(a.id, a.title) for a in activities]
        if not self.is_submitted() and not self.activity_ids.raw_data:
            self.activity_ids.data = [a.id for a in activities if a.id in set(ticked)]


class InvitePeopleForm(InviteForm):
    role = OptionsField(_l("As what?"))
    q = text(_l("Search"), 100)
    person_ids = Ids()
    post_ids = Ids()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = words((Role.SPEAKER, Role.MODERATOR, Role.PARTICIPANT, Role.CADRE))


class NewPersonForm(TidyForm):
    """Somebody who is not in the list yet: a name, or a post if the name is unknown."""

    name = text(
        _l("Name"), 160, description=_l("As it is written, without titles. Leave it empty if only the post is known.")
    )
    title_before = text(_l("Titles before"), 60, description=_l("For example: Dr. Hj."))
    title_after = text(_l("Titles after"), 60, description=_l("For example: S.H., M.H."))
    post = text(_l("Post"), 160, description=_l("For example: Kapolres Metro"))
    organisation_id = Select(_l("Organisation"), coerce=optional_int)
    email = AddressField(_l("E-mail"))
    phone = text(_l("Phone"), 30, Phone(), description=_l("For example: 0812-3456-7890"))

    namesake = BooleanField(_l("This is somebody else of the same name"))

    def validate_post(self, field: StringField) -> None:
        if not field.data and not self.name.data:
            raise ValidationError(_l("Write a name, or the post if the name is not known."))


class InviteOrganisationsForm(InviteForm):
    """The ticked organisations, each with a number of seats (fields `quota-<id>`)."""

    q = text(_l("Search"), 100)
    organisation_ids = Ids()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.not_seats: dict[int, str] = {}  # errors about the number of seats, by organisation

    def quotas(self, posted: Mapping[str, str]) -> dict[int, int] | None:
        """Return {organisation id: seats} of the ticked ones; None, with an error at each, if a number is invalid."""
        found = {}
        for organisation_id in self.organisation_ids.data or ():
            raw = posted.get(f"quota-{organisation_id}", "").strip() or str(USUAL_QUOTA)
            if not 1 <= whole(raw) <= MOST_SEATS:
                sentence = _l(
                    "“%(text)s” is not a number of seats. Write a number from 1 to %(most)d.", text=raw, most=MOST_SEATS
                )
                self.not_seats[organisation_id] = str(sentence)
            else:
                found[organisation_id] = int(raw)
        return None if self.not_seats else found


class InviteCadresForm(InviteForm):
    """The cadres to invite: at least one kind, and at least one kelurahan."""

    kinds = Ticks(_l("Which cadres?"), coerce=CadreKind, validators=[Ticked(NO_KIND)])
    region_codes = Ticks(
        _l("From which kelurahan?"), coerce=str, validators=[Ticked(_l("Tick at least one kelurahan."))]
    )


class CadreNumbers(TidyRow):
    """How many cadres of one kind; a field for each kind, empty for those that share the common number."""


for _kind in CadreKind:
    setattr(CadreNumbers, _kind.value, Number(validators=[Between(0, MOST_CADRES)]))


class InviteTogetherForm(TidyForm):
    """Community activities, and which and how many cadres of its own kelurahan each of them gets."""

    activity_ids = Ticks(
        _l("To which activities?"), coerce=int, validators=[Ticked(_l("Choose at least one activity."))]
    )
    kinds = Ticks(_l("Which cadres?"), coerce=CadreKind, validators=[Ticked(NO_KIND)])
    number = Number(
        _l("How many for each activity?"),
        validators=[Sentence(_l("Please write how many cadres each activity gets.")), Between(1, MOST_CADRES)],
        description=_l("Who was asked least lately comes first. You see the names before anybody is invited."),
    )
    numbers = FormField(CadreNumbers)
    only_numbered = BooleanField(_l("Invite only the kinds that have a number here"))
    q = text(_l("Search"), 100)

    @property
    def wanted(self) -> Wanted:
        """Return how many each activity gets, of the ticked kinds. The form must be valid."""
        own = {kind: self.numbers.form[kind.value].data for kind in self.kinds.data or ()}
        return Wanted(self.number.data or 0, {kind: number for kind, number in own.items() if number is not None})


RANK_HINT = _l("Empty: the one that the name begins with, as in “Kompol Rina”")


class RecordAnswerForm(TidyForm):
    """An answer by phone, WhatsApp, mail, letter or in person."""

    choice = OptionsField(_l("What did they answer?"))
    source = OptionsField(_l("How did they answer?"))
    representative_name = text(_l("Who comes in their place"), 160)
    representative_rank = text(_l("Rank"), 80, description=RANK_HINT)
    representative_post = text(_l("Post"), 160, description=_l("For example: Wakapolres"))
    representative_phone = text(_l("Phone"), 30, Phone(), description=_l("For example: 0812-3456-7890"))
    representative_email = AddressField(_l("E-mail"))
    note = text(_l("Note"), 300, description=_l("For example: comes at 09.00, sends his own slides"))
    file = evidence_field()

    def __init__(self, *args: Any, choices: Iterable[Choice] = tuple(Choice), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choice.choices = words(choices)
        self.source.choices = words(BY_STAFF)

    def validate_representative_name(self, field: StringField) -> None:
        if self.choice.data == Choice.REPRESENTED and not field.data:
            raise ValidationError(_l("Please write the name of the person who will come in their place."))

    @property
    def representative(self) -> Representative | None:
        if self.choice.data != Choice.REPRESENTED:
            return None
        return Representative(
            name=self.representative_name.data or "",
            post=self.representative_post.data or "",
            phone=self.representative_phone.data or "",
            email=self.representative_email.data or "",
            rank=self.representative_rank.data or "",
        )


class QuotaForm(TidyForm):
    quota = Number(
        _l("Number of seats"),
        validators=[Sentence(_l("Please write how many people they may name.")), Between(1, MOST_SEATS)],
        description=_l("How many people the organisation may name."),
    )


class StaffNomineeForm(TidyRow):
    """One nominee of an organisation; an empty row is nobody."""

    name = text(_l("Name"), 160)
    rank = text(_l("Rank"), 80)
    post = text(_l("Post"), 160)
    phone = text(_l("Phone"), 30, Phone())
    email = AddressField(_l("E-mail"))
    row = HiddenField()  # the nominee's invitation

    def validate_name(self, field: StringField) -> None:
        if not field.data and (self.post.data or self.phone.data or self.email.data) and not self.row.data:
            raise ValidationError(_l("Please write this person's name as well."))


class NomineesForm(TidyForm):
    """The full list of an organisation's nominees. Nominees who are left out are withdrawn."""

    source = OptionsField(_l("How did they answer?"), default=AnswerSource.PHONE.value)
    file = evidence_field()
    rows = Rows(FormField(StaffNomineeForm), max_entries=MOST_SEATS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source.choices = words(BY_STAFF)

    def nominees(self) -> list[Nominee]:
        return [
            Nominee(
                name=row.form.name.data, post=row.form.post.data, phone=row.form.phone.data,
                email=row.form.email.data, invitation_id=(whole(row.form.row.data) or None),
                rank=row.form.rank.data or "",
            )
            for row in self.rows
            if row.form.name.data
        ]  # fmt: skip


class ButtonForm(TidyForm):
    """A button without other fields than the CSRF token."""
