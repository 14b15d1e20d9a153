"""The request for timetabling: the conditions as one form, and an expandable row for each activity."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import CheckboxInput, ListWidget

from outreach.delivery.words.labels import label
from outreach.domain.kinds import VenueKind
from outreach.domain.planning.plan import COMMUNITY_KINDS
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity
from outreach.services.timetabling.request import (
    NEEDED_MOST,
    SECONDS,
    SECONDS_MOST,
    Request,
    RequestLine,
    VenueChoice,
    Weight,
    Wish,
)
from outreach.web.fields.base import TidyForm
from outreach.web.fields.fields import Between, ChoiceField, Clock, DayField, Number, Sentence, optional_int
from outreach.web.timetabling import words as timetabling_words

USUAL_HOURS = (time(8), time(15, 30))
LOOKING_AHEAD = timedelta(days=13)
PREFIX = "wish_"
ORDERS_SHOWN = 2


class OrderIncomplete(Problem):
    message = "Please choose both activities, or neither, where you say which comes after which."
    field = "order"


class DayUnreadable(Problem):
    message = "“%(title)s”: please choose a day, such as 18/01/2027."


@dataclass
class TaskRow:
    """An activity to choose, with its conditions."""

    activity: Activity
    picked: bool
    needed: int
    first_on: date | None = None
    last_on: date | None = None
    fixed: bool = False

    @property
    def is_special(self) -> bool:
        """Return whether it has conditions of its own."""
        return (
            self.fixed or self.first_on is not None or self.last_on is not None or self.needed != usual(self.activity)
        )

    @property
    def line(self) -> RequestLine:
        return RequestLine(self.activity.id, self.needed, self.first_on, self.last_on, self.fixed)


class TimetablingForm(TidyForm):
    title = StringField(_l("Name"))
    first_on = DayField(_l("From"), [Sentence(_l("Please choose the first day."))])
    last_on = DayField(_l("Until"), [Sentence(_l("Please choose the last day."))])
    person = SelectMultipleField(_l("Facilitators"), coerce=optional_int, choices=[], validate_choice=False)
    q = StringField()
    venues = RadioField(_l("Where"), default=VenueChoice.KEEP.value)
    venue_kinds = SelectMultipleField(
        _l("Only these kinds of venue"), widget=ListWidget(prefix_label=False), option_widget=CheckboxInput()
    )
    before_all = ChoiceField(_l("Comes before all others"), coerce=optional_int, choices=[])
    order_then = SelectMultipleField(
        _l("Which comes after which"), coerce=optional_int, choices=[], validate_choice=False
    )
    order_first = SelectMultipleField(coerce=optional_int, choices=[], validate_choice=False)
    one_in_kecamatan = BooleanField(_l("Never two community activities in one kecamatan on one half day"))
    hours_from = Clock(_l("Preferred hours, from"))
    hours_until = Clock(_l("until"))
    seconds = Number(_l("Search for how many seconds"), [Between(1, SECONDS_MOST)])

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.venues.choices = [(choice.value, timetabling_words.VENUES[choice]) for choice in VenueChoice]
        self.venue_kinds.choices = [(kind.value, label(kind)) for kind in VenueKind]
        for field in self.wishes:
            field.choices = [(weight.value, timetabling_words.WEIGHTS[weight]) for weight in Weight]

    @property
    def wishes(self) -> list[Any]:
        return [self[PREFIX + wish.value] for wish in Wish]

    @property
    def orders(self) -> list[tuple[int | None, int | None]]:
        """Return the chosen pairs (then, first), with at least one empty pair."""
        pairs = zip(self.order_then.data or (), self.order_first.data or (), strict=False)
        chosen = [two for two in pairs if any(two)]
        return [*chosen, (None, None), (None, None)][: max(ORDERS_SHOWN, len(chosen) + 1)]

    def offer(self, rows: Sequence[TaskRow]) -> None:
        titles = [(row.activity.id, row.activity.title) for row in rows]
        self.before_all.choices = [("", _("None")), *titles]
        self.order_then.choices = self.order_first.choices = [("", _("Choose")), *titles]

    def start(self, asked: Request | None, days: tuple[date, date]) -> None:
        """Show the start values of a search: the earlier request's, else the usual ones."""
        hours = asked.hours if asked else USUAL_HOURS
        self.first_on.data, self.last_on.data = days
        self.hours_from.data, self.hours_until.data = hours or (None, None)
        self.venues.data = (asked.venues if asked else VenueChoice.KEEP).value
        self.venue_kinds.data = [kind.value for kind in asked.venue_kinds] if asked else []
        self.before_all.data = asked.before_all if asked else None
        self.order_then.data = [then for then, _first in asked.order] if asked else []
        self.order_first.data = [first for _then, first in asked.order] if asked else []
        self.one_in_kecamatan.data = asked.one_in_kecamatan if asked else True
        self.seconds.data = asked.seconds if asked else SECONDS
        if asked:
            self.person.data = list(asked.facilitators)
        for wish in Wish:
            self[PREFIX + wish.value].data = (asked.weight(wish) if asked else Weight.LITTLE).value

    def asked(self, rows: Iterable[TaskRow], *, greedily: bool) -> Request:
        """Return the request. The form must be valid. Raise OrderIncomplete."""
        assert self.first_on.data
        assert self.last_on.data
        orders = tuple((then, first) for then, first in self.orders if then and first)
        if len(orders) < sum(any(two) for two in self.orders):
            raise OrderIncomplete
        begins, ends = self.hours_from.data, self.hours_until.data
        return Request(
            lines=tuple(row.line for row in rows if row.picked),
            first_on=self.first_on.data,
            last_on=self.last_on.data,
            venues=VenueChoice(self.venues.data),
            venue_kinds=tuple(VenueKind(kind) for kind in self.venue_kinds.data or ()),
            facilitators=tuple(person_id for person_id in self.person.data or () if person_id is not None),
            before_all=self.before_all.data,
            order=orders,
            one_in_kecamatan=bool(self.one_in_kecamatan.data),
            hours=(begins or time(), ends or time(23, 59)) if begins or ends else None,
            wishes={wish: Weight(self[PREFIX + wish.value].data) for wish in Wish},
            seconds=self.seconds.data or SECONDS,
            greedily=greedily,
        )


for _wish in Wish:
    setattr(
        TimetablingForm,
        PREFIX + _wish.value,
        ChoiceField(timetabling_words.WISHES[_wish], choices=[]),
    )


class ApplyForm(TidyForm):
    reason = TextAreaField(_l("Reason, as it stands in the mail"))


def usual(activity: Activity) -> int:
    """Return how many facilitators an activity usually needs: a community activity one, others none."""
    return 1 if activity.kind in COMMUNITY_KINDS else 0


def rows_of(activities: Sequence[Activity], asked: Request | None, picked: Collection[int] = ()) -> list[TaskRow]:
    """Return the rows for a new search: as in the earlier request, else with those picked or all drafts ticked."""
    if asked is None and picked:
        return [TaskRow(activity, activity.id in picked, usual(activity)) for activity in activities]
    if asked is None:
        return [TaskRow(activity, activity.state is ActivityState.DRAFT, usual(activity)) for activity in activities]
    lines = {line.id: line for line in asked.lines}
    rows = []
    for activity in activities:
        line = lines.get(activity.id)
        if line is None:
            rows.append(TaskRow(activity, False, usual(activity)))
        else:
            rows.append(TaskRow(activity, True, line.needed, line.first_on, line.last_on, line.fixed))
    return rows


def sent_rows(activities: Sequence[Activity], sent: Mapping[str, Any], picked: Sequence[str]) -> list[TaskRow]:
    """Return the rows as sent. Raise DayUnreadable."""
    ids = set(picked)
    rows = []
    for activity in activities:
        needed = sent.get(f"needed-{activity.id}", "")
        rows.append(
            TaskRow(
                activity,
                str(activity.id) in ids,
                min(int(needed), NEEDED_MOST) if needed.isdecimal() and len(needed) < 4 else usual(activity),
                _day(sent.get(f"first_on-{activity.id}", ""), activity),
                _day(sent.get(f"last_on-{activity.id}", ""), activity),
                f"fixed-{activity.id}" in sent,
            )
        )
    return rows


def _day(text: str, activity: Activity) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise DayUnreadable(title=activity.title) from None


def days_for(rows: Sequence[TaskRow], first: date, last: date | None, tomorrow: date) -> tuple[date, date]:
    """Return the days to start with. first, last: the programme's. If last is None: the activities', at least two weeks."""
    if last is not None and last >= tomorrow:
        return max(first, tomorrow), last
    days = [row.activity.starts_at.astimezone(row.activity.zone).date() for row in rows if row.picked]
    first = max(min(days, default=tomorrow), tomorrow)
    return first, max(max(days, default=first), first + LOOKING_AHEAD)
