"""The agenda's form: a row for each agenda item with its speakers, and the moderator."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    FormField,
    HiddenField,
    StringField,
    ValidationError,
)
from wtforms.validators import Length

from outreach.models import Activity
from outreach.services.activities.agenda import AgendaValues
from outreach.web.fields.base import TidyForm, TidyRow
from outreach.web.fields.fields import (
    ChoiceField,
    Clock,
    Ids,
    Rows,
    Sentence,
    optional_int,
    optional_text,
    strip,
    whole,
)
from outreach.web.fields.instants import days_between, instant, wall_day, wall_time

MAX_LINES = 40

# The usual half day of offices in Metro: for each part its start and end, in minutes after the activity's start.
HALF_DAY: tuple[tuple[int, int, str], ...] = (
    (-30, 0, "Registrasi peserta"),
    (0, 30, "Pembukaan, menyanyikan lagu Indonesia Raya, doa"),
    (30, 60, "Sambutan"),
    (60, 120, "Materi 1"),
    (120, 135, "Rehat"),
    (135, 195, "Materi 2"),
    (195, 225, "Diskusi dan tanya jawab"),
    (225, 240, "Penutup"),
)


class AgendaRow(TidyRow):
    """One agenda item. A row without end, topic and speakers is left out."""

    on = ChoiceField(_l("Day"), coerce=optional_text, choices=[])
    begins = Clock(_l("Starts at"), [Sentence(_l("Please write when it starts, such as 08:00."))])
    ends = Clock(_l("Ends at"), [Sentence(_l("Please write when it ends, such as 12:00."))])
    topic = StringField(_l("Topic"), [Sentence(_l("Please write a topic, such as Pembukaan.")), Length(max=300)])
    speakers = Ids(_l("Speakers"), choices=[])

    @property
    def blank(self) -> bool:
        return not self.ends.raw_text and not strip(self.topic.data) and not self.speakers.data

    def validate(self, extra_validators: Any = None) -> bool:
        return True if self.blank else super().validate(extra_validators)

    def validate_ends(self, field: Clock) -> None:
        if self.begins.data and field.data and field.data <= self.begins.data:
            raise ValidationError(gettext("The end must be later than the start."))


class AgendaForm(TidyForm):
    lines = Rows(FormField(AgendaRow), min_entries=0, max_entries=MAX_LINES)
    moderator_id = ChoiceField(_l("Moderator"), coerce=optional_int, choices=[])
    find = StringField(_l("Find another speaker"), description=_l("By name or post, such as Kapolres."))
    overlaps = BooleanField(_l("Lines may overlap: they run at the same time in several rooms"))
    withdraw_removed = BooleanField(_l("Withdraw the invitation of speakers taken off the agenda"))
    version = HiddenField()

    @property
    def version_number(self) -> int:
        return whole(self.version.data)

    @property
    def rows(self) -> list[AgendaRow]:
        return [entry.form for entry in self.lines]

    def fill(self, activity: Activity, moderator_id: int | None) -> None:
        """Show the stored agenda. An activity without one gets the usual half day, as far as it fits."""
        self.moderator_id.data = moderator_id
        self.version.data = str(activity.version)
        zone = activity.zone
        for item in activity.agenda:
            self._add(
                wall_day(item.starts_at, zone), item.starts_at, item.ends_at, activity, item.topic,
                [person.id for person in item.speakers],
            )  # fmt: skip
        if not activity.agenda:
            for starts_at, ends_at, topic in usual_half_day(activity):
                self._add(wall_day(starts_at, zone), starts_at, ends_at, activity, topic, [])

    def _add(
        self, on: date, starts_at: datetime, ends_at: datetime, activity: Activity, topic: str, speakers: list[int]
    ) -> None:
        self.lines.append_entry(
            {
                "on": on.isoformat(),
                "begins": wall_time(starts_at, activity.zone),
                "ends": wall_time(ends_at, activity.zone),
                "topic": topic,
                "speakers": speakers,
            }
        )

    def add_row(self) -> None:
        """Add a row that begins when the last one ends."""
        if len(self.lines) >= MAX_LINES:
            return
        last = self.rows[-1] if self.rows else None
        self.lines.append_entry({"on": last.on.data, "begins": last.ends.data} if last else {})

    def drop_row(self, index: int) -> None:
        kept = [row.data for number, row in enumerate(self.rows) if number != index]
        while self.lines.entries:
            self.lines.pop_entry()
        for data in kept:
            self.lines.append_entry(data)

    def offer(self, activity: Activity, people: Sequence[tuple[int, str]], days: Sequence[tuple[str, str]]) -> None:
        """Fill the choices: people as id and name; the activity's days."""
        for row in self.rows:
            row.speakers.choices = list(people)
            row.on.choices = list(days)
            if row.on.data is None:
                row.on.data = days[0][0]
        self.moderator_id.choices = [("", gettext("No moderator")), *people]

    def chosen_people(self) -> set[int]:
        chosen = {speaker for row in self.rows for speaker in row.speakers.data or []}
        return chosen | ({self.moderator_id.data} if self.moderator_id.data else set())

    def values(self, activity: Activity) -> list[AgendaValues]:
        lines = []
        for row in self.rows:
            if row.blank:
                continue
            assert row.begins.data
            assert row.ends.data
            on = date.fromisoformat(row.on.data) if row.on.data else wall_day(activity.starts_at, activity.zone)
            lines.append(
                AgendaValues(
                    starts_at=instant(on, row.begins.data, activity.zone),
                    ends_at=instant(on, row.ends.data, activity.zone),
                    topic=strip(row.topic.data),
                    speaker_ids=tuple(row.speakers.data or ()),
                )
            )
        return lines


def activity_days(activity: Activity) -> list[date]:
    return list(days_between(wall_day(activity.starts_at, activity.zone), wall_day(activity.ends_at, activity.zone)))


def usual_half_day(activity: Activity) -> list[tuple[datetime, datetime, str]]:
    """Return the usual parts of a half day, from registration to closing, that fit the activity's own hours."""
    opens = activity.registration_at or activity.starts_at
    lines = [
        (activity.starts_at + timedelta(minutes=begins), activity.starts_at + timedelta(minutes=ends), topic)
        for begins, ends, topic in HALF_DAY
    ]
    if activity.registration_at:
        lines[0] = (activity.registration_at, activity.starts_at, lines[0][2])
    return [line for line in lines if opens <= line[0] < line[1] <= activity.ends_at]
