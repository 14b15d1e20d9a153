"""The forms of one activity: its facts, community activities for many kelurahan, moving, postponing and cancelling."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, SelectMultipleField, StringField, TextAreaField, ValidationError
from wtforms.validators import Length

from outreach.domain.activities.values import ActivityValues, Move
from outreach.domain.kinds import ActivityKind
from outreach.domain.kla.indicators import MOST_TAGS, TooManyTags, codes_of, is_code, tags_of
from outreach.domain.states import ActivityState
from outreach.domain.zones import CHOICES
from outreach.models import Activity
from outreach.web.fields.base import TidyForm
from outreach.web.fields.choices import NEUTRAL_HELP, TITLE_MISSING, kind_choices
from outreach.web.fields.fields import (
    Between,
    ChoiceField,
    Clock,
    DayField,
    Ids,
    Number,
    Sentence,
    optional_int,
    optional_text,
    strip,
)
from outreach.web.fields.instants import instant, wall_day, wall_time, zone_of
from outreach.web.fields.times import REASON_HELP, TimeForm, Versioned

DEADLINE_AT = time(16, 0)


class TimesFields(TimeForm):
    """When something is, in a zone that is chosen; registration before it, and the deadline for answers."""

    zone = ChoiceField(_l("Time zone"), choices=CHOICES)
    registration = Clock(_l("Registration opens"), description=_l("Such as 07:30, half an hour before the start."))
    respond_on = DayField(
        _l("Answers wanted by"),
        description=_l("Left empty: two days before at 16:00, or as your office set; never on a day off."),
    )
    respond_at = Clock(_l("at"))

    def fill_times(self, activity: Activity) -> None:
        self.fill_span(activity.starts_at, activity.ends_at, activity.zone)
        self.zone.data = activity.zone.key
        if activity.registration_at:
            self.registration.data = wall_time(activity.registration_at, activity.zone)

    def fill_deadline(self, activity: Activity) -> None:
        self.respond_on.data = wall_day(activity.respond_by_at, activity.zone)
        self.respond_at.data = wall_time(activity.respond_by_at, activity.zone)

    def validate_registration(self, field: Clock) -> None:
        if self.begins.data and field.data and field.data > self.begins.data:
            raise ValidationError(gettext("Registration must not open later than the start."))

    @property
    def chosen_zone(self) -> ZoneInfo:
        return zone_of(self.zone.data)

    @property
    def registration_at(self) -> datetime | None:
        return self._on_the_day(self.on.data, self.registration.data)

    @property
    def respond_by_at(self) -> datetime | None:
        return self._on_the_day(self.respond_on.data, self.respond_at.data or DEADLINE_AT)

    def _on_the_day(self, day: date | None, at: time | None) -> datetime | None:
        return instant(day, at, self.chosen_zone) if day and at else None


IN_ADDRESSES = (
    "version", "kind", "programme_id", "on", "begins", "ends", "ends_on", "zone", "registration", "respond_on", "respond_at",
    "venue_id", "region_code", "capacity", "names_helpline", "region_codes", "kecamatan", "indicators",
)  # fmt: skip


class ActivityForm(TimesFields, Versioned):
    """Everything about one activity except its agenda and its invitees."""

    kind = ChoiceField(_l("Kind"), choices=kind_choices)
    title = StringField(_l("Title"), [Sentence(TITLE_MISSING), Length(max=200)])
    public_title = StringField(_l("Neutral public title"), [Length(max=200)], description=NEUTRAL_HELP)
    description = TextAreaField(
        _l("Description"), [Length(max=4000)], description=_l("Invitees read it on their answer page.")
    )
    things_to_bring = StringField(
        _l("Things to bring"), [Length(max=200)], description=_l("Such as: surat tugas, alat tulis.")
    )
    names_helpline = BooleanField(
        _l("Thanks name SAPA 129"),
        description=_l("The helpline for violence. Who shares a phone never gets this line."),
        default=True,
    )
    venue_id = ChoiceField(_l("Venue"), coerce=optional_int, choices=[])
    region_code = ChoiceField(_l("Kelurahan"), coerce=optional_text, choices=[])
    capacity = Number(_l("Seats"), [Between(1, 100_000)], description=_l("Left empty: as many as the venue holds."))
    indicators = SelectMultipleField(_l("Indicators of Kota Layak Anak"), choices=[], validate_choice=False)
    of_year: Any = None  # the list of indicators to choose from

    def validate_indicators(self, field: SelectMultipleField) -> None:
        if len(set(field.data or [])) > MOST_TAGS:
            raise ValidationError(gettext(TooManyTags.message, most=MOST_TAGS))

    def take(self, asked: Mapping[str, str]) -> None:
        """Fill in the time, place and seats from another page's link. The query uses the fields' names."""
        typed = MultiDict(asked)
        for field in (
            self.on, self.begins, self.ends, self.ends_on, self.zone, self.venue_id, self.region_code,
            self.respond_on, self.respond_at, self.capacity,
        ):  # fmt: skip
            if field.name in typed:
                field.process(typed)

    def fill(self, activity: Activity) -> None:
        """Show a stored activity's values on the first visit."""
        self.process(obj=activity)
        self.kind.data = activity.kind.value
        self.version.data = str(activity.version)
        self.indicators.data = list(codes_of(activity.indicators))
        self.fill_times(activity)
        self.fill_deadline(activity)

    def values(self) -> ActivityValues:
        return ActivityValues(
            kind=ActivityKind(self.kind.data),
            title=strip(self.title.data),
            public_title=strip(self.public_title.data),
            description=strip(self.description.data),
            things_to_bring=strip(self.things_to_bring.data),
            names_helpline=self.names_helpline.data,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            zone=self.chosen_zone,
            registration_at=self.registration_at,
            respond_by_at=self.respond_by_at,
            venue_id=self.venue_id.data,
            region_code=self.region_code.data,
            capacity=self.capacity.data,
            indicators=tags_of([code for code in self.indicators.data or [] if is_code(code)]),
        )


class NewActivityForm(ActivityForm):
    programme_id = ChoiceField(_l("Programme"), coerce=optional_int, choices=[])


class CommunityForm(NewActivityForm):
    """The same activity in each of several kelurahan. A ticked kecamatan includes all its kelurahan."""

    title = StringField(
        _l("Title"),
        [Sentence(_l("Please write a title, such as Sosialisasi PATBM Kelurahan.")), Length(max=150)],
        description=_l("The name of the kelurahan is added: “Sosialisasi PATBM Kelurahan Imopuro”."),
    )
    region_codes = SelectMultipleField(_l("Kelurahan"), choices=[], validate_choice=False)
    kecamatan = SelectMultipleField(_l("Whole kecamatan"), choices=[], validate_choice=False)

    def suggest(self, zone: ZoneInfo, programme_id: int | None) -> None:
        """Fill in what is usual for such activities: outreach, two hours in the morning, thirty people."""
        self.zone.data, self.programme_id.data = zone.key, programme_id
        self.kind.data = ActivityKind.OUTREACH.value
        self.begins.data, self.ends.data = time(9, 0), time(11, 0)
        self.capacity.data = 30

    def validate_region_codes(self, field: SelectMultipleField) -> None:
        if not field.data and not self.kecamatan.data:
            raise ValidationError(gettext("Please tick at least one kelurahan, or a whole kecamatan."))

    def chosen_codes(self, all_codes: Iterable[str]) -> list[str]:
        """Return the kelurahan that were ticked, alone or with their kecamatan."""
        single, whole = set(self.region_codes.data or []), set(self.kecamatan.data or [])
        return [code for code in all_codes if code in single or code.rpartition(".")[0] in whole]


class PublishForm(TidyForm):
    """When the invitations go out: at once, or on a day at an hour. Both are left empty for at once."""

    send_on = DayField(_l("Send the invitations on"), description=_l("Left empty: at once."))
    send_at = Clock(_l("at"), description=_l("Such as 08:00."))

    def validate_send_at(self, field: Clock) -> None:
        if self.send_on.data and field.data is None and not field.errors:
            raise ValidationError(gettext("Please write the hour, such as 08:00."))
        if field.data is not None and self.send_on.data is None and not self.send_on.errors:
            raise ValidationError(gettext("Please choose the day, too."))

    def invitations_at(self, zone: ZoneInfo) -> datetime | None:
        """Return the chosen moment; None for at once, and for an unreadable one."""
        if self.send_on.data is None or self.send_at.data is None:
            return None
        return instant(self.send_on.data, self.send_at.data, zone)


class PublishTogetherForm(PublishForm):
    """The drafts to publish in one step, and when their invitations go out."""

    activity_ids = Ids()
    q = StringField(_l("Search"), [Length(max=100)])

    def validate_activity_ids(self, field: Ids) -> None:
        if not field.data:
            raise ValidationError(gettext("Choose at least one activity."))


MOVED_TO = ("on", "begins", "ends", "ends_on", "zone", "registration", "respond_on", "respond_at", "venue_id")


class MoveForm(TimesFields, Versioned):
    """A new time or place for a published activity, and why."""

    registration = Clock(
        _l("Registration opens"), description=_l("Left empty: as long before the start as it does now.")
    )
    venue_id = ChoiceField(_l("Venue"), coerce=optional_int, choices=[])
    reason = StringField(
        _l("Reason"),
        [Sentence(_l("Please write why it is moved, such as Aula Bappeda sedang direnovasi.")), Length(max=500)],
        description=REASON_HELP,
    )

    def fill(self, activity: Activity, asked: Mapping[str, str]) -> None:
        """Show the present time and place, or those `asked` for on the edit page.

        For a postponed activity the days stay empty. Its reason is proposed again, because everybody reads it beside
        the new date.
        """
        self.fill_times(activity)
        if activity.state is ActivityState.POSTPONED:
            self.on.data = self.ends_on.data = None
            self.reason.data = activity.cancelled_reason
        self.registration.data = None
        self.venue_id.data = activity.venue_id
        if asked.get("on"):
            typed = MultiDict(asked)
            for name in MOVED_TO:
                if name in typed:
                    self[name].process(typed)
        self.version.data = str(activity.version)

    @property
    def typed(self) -> dict[str, str]:
        """Return what `fill` takes: the day, time and place as they were typed."""
        sent = {name: self[name].raw_data for name in MOVED_TO}
        return {name: strip(raw[0]) for name, raw in sent.items() if raw and strip(raw[0])}

    def move(self) -> Move:
        return Move(
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            zone=self.chosen_zone,
            venue_id=self.venue_id.data,
            registration_at=self.registration_at,
            respond_by_at=self.respond_by_at,
        )


class CancelForm(TidyForm):
    reason = StringField(
        _l("Reason"),
        [Sentence(_l("Please write why it is cancelled, such as Anggaran kegiatan dialihkan.")), Length(max=500)],
        description=_l(
            "Everyone who is told reads it: “Narasumber sakit dan tidak ada penggantinya.” It is kept: please name no person."
        ),
    )


class PostponeForm(Versioned):
    reason = StringField(
        _l("Reason"),
        [Sentence(_l("Please write why it is postponed, such as Bertepatan dengan pemilihan RT.")), Length(max=500)],
        description=_l("Everyone who is told reads it: “Banjir di Metro Timur.” It is kept: please name no person."),
    )
