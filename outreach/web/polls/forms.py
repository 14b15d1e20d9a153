"""The forms of date polls: a row per proposed time, people to ask, an answer by phone, a new closing time."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FormField, HiddenField, StringField, TextAreaField
from wtforms.validators import Length, ValidationError

from outreach.delivery.mail.kinds.poll import when
from outreach.domain.kinds import ActivityKind, AnswerSource, PollChoice, Role
from outreach.domain.polls import MOST_SLOTS, Proposed
from outreach.domain.zones import CHOICES
from outreach.models import DatePoll, PollInvitee, PollSlot
from outreach.services.polls.answer import Dates
from outreach.services.polls.edit import PollValues
from outreach.web.fields.base import TidyForm, TidyRow
from outreach.web.fields.choices import NEUTRAL_HELP, TITLE_MISSING, kind_choices
from outreach.web.fields.fields import (
    ChoiceField,
    Clock,
    DayField,
    Ids,
    Rows,
    Sentence,
    optional_int,
    optional_text,
    strip,
    whole,
)
from outreach.web.fields.instants import instant, next_day, wall_day, wall_time, zone_of
from outreach.web.invitations.forms import BY_STAFF, OptionsField, text, words

EMPTY_ROWS = 3
MORNING = time(9), time(10)
YEARS = range(2000, 2100)  # proposed days in this range are checked for clashes; saving refuses others


class SlotForm(TidyRow):
    """One proposed time. A row without a day is left out."""

    on = DayField(_l("Date"))
    begins = Clock(_l("Starts at"), [Sentence(_l("Please write when it starts, such as 08:00."))])
    ends = Clock(_l("Ends at"), [Sentence(_l("Please write when it ends, such as 12:00."))])
    venue_id = ChoiceField(_l("Venue"), coerce=optional_int, choices=[])

    @property
    def blank(self) -> bool:
        return not self.on.raw_text if self.on.raw_data is not None else self.on.data is None

    def validate(self, extra_validators: Any = None) -> bool:
        return True if self.blank else super().validate(extra_validators)

    def validate_ends(self, field: Clock) -> None:
        if self.begins.data and field.data and field.data <= self.begins.data:
            raise ValidationError(gettext("The end must be later than the start."))

    def proposed(self, zone: ZoneInfo) -> Proposed:
        assert self.on.data
        assert self.begins.data
        assert self.ends.data
        on = self.on.data
        return Proposed(instant(on, self.begins.data, zone), instant(on, self.ends.data, zone), self.venue_id.data)


class Closing(TidyForm):
    """The closing time of a poll."""

    closes_on = DayField(_l("Closes on"), [Sentence(_l("Please choose until which day answers are taken."))])
    closes_at = Clock(_l("at"), [Sentence(_l("Please write a time, such as 16:00."))])

    def fill_closing(self, closes_at: datetime, zone: ZoneInfo) -> None:
        self.closes_on.data, self.closes_at.data = wall_day(closes_at, zone), wall_time(closes_at, zone)

    def closing(self, zone: ZoneInfo) -> datetime:
        assert self.closes_on.data
        assert self.closes_at.data
        return instant(self.closes_on.data, self.closes_at.data, zone)


class PollForm(Closing):
    title = StringField(_l("Title"), [Sentence(TITLE_MISSING), Length(max=200)])
    public_title = StringField(_l("Neutral public title"), [Length(max=200)], description=NEUTRAL_HELP)
    kind = ChoiceField(_l("Kind"), choices=kind_choices)
    programme_id = ChoiceField(_l("Programme"), coerce=optional_int, choices=[])
    region_code = ChoiceField(_l("Kelurahan"), coerce=optional_text, choices=[])
    zone = ChoiceField(_l("Time zone"), choices=CHOICES)
    note = TextAreaField(
        _l("Note"), [Length(max=500)], description=_l("Those asked read it in the mail and on their page.")
    )
    slots = Rows(FormField(SlotForm), max_entries=MOST_SLOTS)
    version = HiddenField()

    @property
    def chosen_zone(self) -> ZoneInfo:
        return zone_of(self.zone.data)

    @property
    def version_number(self) -> int:
        return whole(self.version.data)

    @property
    def rows(self) -> list[SlotForm]:
        return [entry.form for entry in self.slots]

    def fill(self, poll: DatePoll) -> None:
        """Show a stored draft."""
        for name in ("title", "public_title", "programme_id", "region_code", "note"):
            self[name].data = getattr(poll, name)
        self.kind.data, self.zone.data, self.version.data = poll.kind.value, poll.zone.key, str(poll.version)
        self.fill_closing(poll.closes_at, poll.zone)
        self.propose([Proposed(slot.starts_at, slot.ends_at, slot.venue_id) for slot in poll.slots])

    def propose(self, slots: Sequence[Proposed], empty: int = 0) -> None:
        """Start with rows for these times and some empty ones. The zone must be chosen."""
        zone = self.chosen_zone
        for slot in slots[:MOST_SLOTS]:
            self.slots.append_entry({
                "on": wall_day(slot.starts_at, zone), "begins": wall_time(slot.starts_at, zone),
                "ends": wall_time(slot.ends_at, zone), "venue_id": slot.venue_id,
            })  # fmt: skip
        for _number in range(empty):
            self.slots.append_entry({})

    def add_row(self) -> None:
        """Add a row like the last filled one, a day later."""
        if len(self.slots) >= MOST_SLOTS:
            return
        last = next((row for row in reversed(self.rows) if row.on.data), None)
        if last is None or last.on.data is None:
            self.slots.append_entry({})
            return
        self.slots.append_entry({
            "on": next_day(last.on.data), "begins": last.begins.data, "ends": last.ends.data,
            "venue_id": last.venue_id.data,
        })  # fmt: skip

    def drop_row(self, index: int) -> None:
        kept = [row.data for number, row in enumerate(self.rows) if number != index]
        while self.slots.entries:
            self.slots.pop_entry()
        for data in kept:
            self.slots.append_entry(data)

    def offer(self, venues: Sequence[Any], programmes: Sequence[Any], kelurahan: Mapping[str, Any]) -> None:
        self.programme_id.choices = list(programmes)
        self.region_code.choices = kelurahan
        for row in self.rows:
            row.venue_id.choices = list(venues)

    def proposals(self) -> list[Proposed | None]:
        """Return the times in the rows, as far as they are readable; a row with only a day counts as its morning."""
        zone, found = self.chosen_zone, list[Proposed | None]()
        for row in self.rows:
            begins, ends = row.begins.data, row.ends.data
            day, venue_id = row.on.data, row.venue_id.data
            if begins is None or ends is None:
                (begins, ends), venue_id = MORNING, None
            if day is None or day.year not in YEARS or begins >= ends:
                found.append(None)
            else:
                found.append(Proposed(instant(day, begins, zone), instant(day, ends, zone), venue_id))
        return found

    def values(self) -> PollValues:
        zone = self.chosen_zone
        return PollValues(
            title=strip(self.title.data),
            kind=ActivityKind(self.kind.data),
            zone=zone,
            closes_at=self.closing(zone),
            slots=[row.proposed(zone) for row in self.rows if not row.blank],
            public_title=strip(self.public_title.data),
            note=strip(self.note.data),
            programme_id=self.programme_id.data,
            region_code=self.region_code.data,
        )


def proposed_by(written: str, zone: ZoneInfo) -> Proposed | None:
    """Return the time in ?slot= of an address: "2027-01-18,08:00,12:00", with ",3" for a venue's id; else None."""
    try:
        on, begins, ends, *venue = written.split(",")
        day = date.fromisoformat(on)
        found = Proposed(
            instant(day, time.fromisoformat(begins), zone),
            instant(day, time.fromisoformat(ends), zone),
            int(venue[0]) if venue and venue[0] else None,
        )
    except ValueError:
        return None
    return found if found.ends_at > found.starts_at else None


class ReopenForm(Closing):
    """A new closing time."""


class AskForm(TidyForm):
    """Ticked people with a role, and ticked organisations with their seats (fields `quota-<id>`)."""

    q = text(_l("Search"), 100)
    role = OptionsField(_l("As what would the people be invited?"), default=Role.PARTICIPANT.value)
    person_ids = Ids()
    organisation_ids = Ids()
    needed = BooleanField(_l("Needed: no date suits without them"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.role.choices = words((Role.SPEAKER, Role.MODERATOR, Role.PARTICIPANT, Role.CADRE))


class RecordDatesForm(TidyForm):
    """Which dates suit somebody, as told to staff: a field `slot-<id>` for each slot."""

    source = OptionsField(_l("How did they answer?"), default=AnswerSource.PHONE.value)
    who = text(_l("Who answered"), 160, description=_l("For an organisation: the name of the person you spoke with."))
    note = text(_l("Note"), 300)

    def __init__(self, slots: Sequence[PollSlot], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.source.choices = words(BY_STAFF)
        self.slots = slots
        self.missing = False

    def options(self, slot: PollSlot) -> OptionsField:
        """Return the field of one slot."""
        field: OptionsField = self[f"slot-{slot.id}"]
        return field

    def fill(self, one: PollInvitee) -> None:
        self.who.data, self.note.data = one.answered_by, one.note
        for answer in one.choices:
            self[f"slot-{answer.slot_id}"].data = answer.choice.value

    def dates(self) -> Dates:
        choices = {slot.id: PollChoice(self.options(slot).data) for slot in self.slots}
        return Dates(choices, self.who.data or "", self.note.data or "")


def record_form(poll: DatePoll) -> RecordDatesForm:
    """Return the form with a field for each of the poll's slots."""
    fields = {f"slot-{slot.id}": OptionsField(when(slot), choices=words(PollChoice)) for slot in poll.slots}
    made: type[RecordDatesForm] = type("OneRecordDatesForm", (RecordDatesForm,), fields)
    return made(poll.slots)
