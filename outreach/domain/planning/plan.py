"""The plan as values: what is planned, when, where and for which people, across all programmes and activities standing alone.

Pure values. A Plan is immutable: `plan.with_(activity)` returns a new plan in far less than a millisecond, whatever its size.
services/ fill it from the database; domain/clashes finds its clashes.

Instants are aware, preferably in UTC. A party engaged in an activity is engaged for its whole length, unless the agenda says
when: then for its turns.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.intervals import Intervals
from outreach.domain.planning.office_hours import Calendar, DayHours
from outreach.domain.planning.parties import AbsenceSpan, Engagement, Party, Place, Turn, on_day, roles_of, turns_of
from outreach.domain.planning.rules import ClashKind, Rules
from outreach.domain.states import ActivityState

COMMUNITY_KINDS = frozenset({ActivityKind.OUTREACH, ActivityKind.GUIDANCE})
PLANNED = frozenset({ActivityState.DRAFT, ActivityState.PUBLISHED})
NOON_HOUR = 12
_MOMENT = timedelta(microseconds=1)
Span = tuple[datetime, datetime]  # the end is excluded
Intended = Mapping[tuple[ClashKind, tuple[int, ...]], Mapping[str, int]]
HalfDay = tuple[date, bool]  # a day, and whether it is the afternoon


@dataclass(frozen=True, slots=True)
class ProgrammeDays:
    id: int
    title: str
    starts_on: date
    ends_on: date  # included
    zone: ZoneInfo

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.starts_on <= day <= self.ends_on


@dataclass(frozen=True, slots=True)
class PlannedActivity:
    """An activity with what planning needs. id: its own; negative if it is not stored yet.

    people: how many are expected; for an organisation its quota, or the number of its nominees. seats: how many it is
    planned for; None if not set. No more people come than there are seats.
    told_at: when invitees are told of its day; it may lie ahead. None if that is not decided, then the plan's `now` counts.
    on_other_day: whether it is moved to another day in this plan; then they are told at the plan's `now` at the earliest.
    fixed: the coordinator has fixed it; no other venue or time is proposed.
    coordinator: the name shown to others whose activities clash with it.
    """

    id: int
    title: str
    kind: ActivityKind
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    state: ActivityState = ActivityState.DRAFT
    programme_id: int | None = None
    venue_id: int | None = None
    region_code: str | None = None
    respond_by_at: datetime | None = None
    told_at: datetime | None = None
    on_other_day: bool = False
    people: int = 0
    seats: int | None = None
    engagements: tuple[Engagement, ...] = ()
    coordinator: str = ""
    fixed: bool = False

    def __post_init__(self) -> None:
        if self.ends_at <= self.starts_at:
            raise ValueError("The end must be later than the start.")

    @property
    def length(self) -> timedelta:
        return self.ends_at - self.starts_at

    def spans(self, turns: Iterable[Turn] = ()) -> tuple[Span, ...]:
        """Return these turns as instants, as `within` does."""
        return within(turns, self.starts_at, self.ends_at)

    def spans_of(self, party: Party) -> tuple[Span, ...]:
        """Return when the party is needed, if it is engaged."""
        return self.spans(
            turns_of(engagement for engagement in self.engagements if engagement.party == party).get(party, ())
        )

    @property
    def room(self) -> int:
        """Return how many people the venue must seat: its seats, or the people expected if seats are not set."""
        return self.people if self.seats is None else self.seats

    @property
    def local_start(self) -> datetime:
        return self.starts_at.astimezone(self.zone)

    @property
    def local_end(self) -> datetime:
        return self.ends_at.astimezone(self.zone)

    @property
    def days(self) -> list[date]:
        """Return the days it takes place on, in its own zone."""
        return days_between(self.starts_at, self.ends_at, self.zone)

    @property
    def half_days(self) -> list[HalfDay]:
        """Return its half days as (day, is afternoon)."""
        last = (self.ends_at - _MOMENT).astimezone(self.zone)
        first_half = (self.local_start.date(), self.local_start.hour >= NOON_HOUR)
        last_half = (last.date(), last.hour >= NOON_HOUR)
        halves = [(day, afternoon) for day in self.days for afternoon in (False, True)]
        return [half for half in halves if first_half <= half <= last_half]

    def told(self, now: datetime) -> datetime:
        """Return when its invitees are told of its day, if the plan's moment is `now`."""
        if self.told_at is None:
            return now
        return max(self.told_at, now) if self.on_other_day else self.told_at

    def is_other_day(self, starts_at: datetime, zone: ZoneInfo) -> bool:
        """Return whether a start then would be on another day than invitees are told of."""
        return self.on_other_day or starts_at.astimezone(zone).date() != self.local_start.date()

    def engagements_at(self, starts_at: datetime, zone: ZoneInfo) -> tuple[Engagement, ...]:
        """Return its engagements if it started then. On another day, another person may hold a post that is invited."""
        day = starts_at.astimezone(zone).date()
        return self.engagements if day == self.local_start.date() else on_day(self.engagements, day)

    def moved(self, starts_at: datetime, *, venue_id: int | None = None) -> "PlannedActivity":
        """Return it at another time, and in another venue if given. Its length and the lead of its deadline stay the same."""
        shift = starts_at - self.starts_at
        return replace(
            self,
            starts_at=starts_at,
            ends_at=self.ends_at + shift,
            respond_by_at=self.respond_by_at and self.respond_by_at + shift,
            venue_id=self.venue_id if venue_id is None else venue_id,
            on_other_day=self.is_other_day(starts_at, self.zone),
            engagements=self.engagements_at(starts_at, self.zone),
        )


def within(turns: Iterable[Turn], starts_at: datetime, ends_at: datetime) -> tuple[Span, ...]:
    """Return the turns of an activity as instants, as far as they lie within it; its whole time if none does."""
    found = [(max(starts_at + since, starts_at), min(starts_at + until, ends_at)) for since, until in turns]
    return tuple(span for span in found if span[0] < span[1]) or ((starts_at, ends_at),)


def days_between(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> list[date]:
    """Return the local days that a span touches. A span that ends at midnight does not touch the next day."""
    first, last = starts_at.astimezone(zone).date(), (ends_at - _MOMENT).astimezone(zone).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def kecamatan(region_code: str | None) -> str | None:
    """Return the code of a region's kecamatan ("18.72.01" for "18.72.01.1001"); None for a region larger than a kecamatan."""
    parts = (region_code or "").split(".")
    return ".".join(parts[:3]) if len(parts) >= 3 else None


def lies_in(region_code: str | None, larger: str) -> bool:
    """Return whether a region is the larger region or lies in it."""
    return region_code is not None and (region_code == larger or region_code.startswith(f"{larger}."))


@dataclass(frozen=True, slots=True, eq=False)
class Booking:
    """One party in one activity, in its most important role there, for one of its turns or for the whole activity."""

    party: Party
    role: Role
    activity: PlannedActivity
    starts_at: datetime
    ends_at: datetime


class Plan:
    """All that the office plans, indexed by venue, by party, and by kecamatan and half day.

    activities: all of them, by id. The other methods return only activities that count (see `counts`): drafts and
    published ones that are not over at `now`. Absences are occurrences; programmes and places are by id.
    intended: clashes marked as intended, by kind and ids of activities in order: their substance (domain/clashes/clash.py)
    and the greatest shortage that is accepted. Searches for clashes leave them out.
    """

    __slots__ = (
        "_absences", "_at_venue", "_in_half_day", "_of_party",
        "activities", "calendar", "intended", "now", "places", "programmes", "rules",
    )  # fmt: skip

    def __init__(
        self,
        *,
        now: datetime,
        activities: Iterable[PlannedActivity] = (),
        places: Iterable[Place] = (),
        programmes: Iterable[ProgrammeDays] = (),
        absences: Iterable[AbsenceSpan] = (),
        calendar: Calendar | None = None,
        rules: Rules | None = None,
        intended: Intended | None = None,
    ) -> None:
        self.now = now
        self.intended = intended or {}
        self.places = {place.id: place for place in places if place.id is not None}
        self.programmes = {programme.id: programme for programme in programmes}
        self.calendar = calendar or Calendar()
        self.rules = rules or Rules()
        self._absences = _grouped((absence.of, absence) for absence in dict.fromkeys(absences))  # duplicates count once
        self._hold(activities)

    def _hold(self, activities: Iterable[PlannedActivity]) -> None:
        self.activities: dict[int, PlannedActivity] = {activity.id: activity for activity in activities}
        counting = [activity for activity in self.activities.values() if self.counts(activity)]
        self._at_venue = _grouped(
            (activity.venue_id, activity) for activity in counting if activity.venue_id is not None
        )
        self._of_party = _grouped(
            (booking.party, booking) for activity in counting for booking in bookings_of(activity)
        )
        self._in_half_day: dict[tuple[str, HalfDay], frozenset[int]] = {}
        for activity in counting:
            for half in self._halves(activity):
                self._in_half_day[half] = self._in_half_day.get(half, frozenset()) | {activity.id}

    def counts(self, activity: PlannedActivity) -> bool:
        """Return whether it can clash: neither cancelled nor held, and not over."""
        return activity.state in PLANNED and activity.ends_at > self.now

    def hours_on(self, day: date) -> DayHours:
        """Return the office hours of that day."""
        return self.rules.hours.on(day, ramadan=self.calendar.in_ramadan(day))

    def at_venue(self, venue_id: int, starts_at: datetime, ends_at: datetime) -> Iterator[PlannedActivity]:
        """Yield the activities that use the venue during some of that time, by start."""
        return self._at_venue.get(venue_id, _NOTHING).overlapping(starts_at, ends_at)

    def of_party(self, party: Party, starts_at: datetime, ends_at: datetime) -> Iterator[Booking]:
        """Yield the party's bookings that overlap that time, by start."""
        return self._of_party.get(party, _NOTHING).overlapping(starts_at, ends_at)

    def absences_of(self, subject: Party | int, starts_at: datetime, ends_at: datetime) -> Iterator[AbsenceSpan]:
        """Yield the absences of a party, or of the venue of that id, that overlap that time."""
        return self._absences.get(subject, _NOTHING).overlapping(starts_at, ends_at)

    def in_half_day(self, kecamatan_code: str, half: HalfDay) -> list[PlannedActivity]:
        """Return the community activities in that kecamatan on that half day, by id."""
        return [self.activities[id] for id in sorted(self._in_half_day.get((kecamatan_code, half), ()))]

    def whereabouts(self, activity: PlannedActivity) -> Place | None:
        """Return its venue; without a venue, its region as a place; None if neither is known."""
        if activity.venue_id in self.places:
            return self.places[activity.venue_id]
        return Place(None, region_code=activity.region_code) if activity.region_code else None

    def kecamatan_of(self, activity: PlannedActivity) -> str | None:
        """Return the code of its kecamatan, from its own region or, failing that, from its venue's."""
        place = self.whereabouts(activity)
        return kecamatan(activity.region_code) or kecamatan(place.region_code if place else None)

    def holding(self, activities: Iterable[PlannedActivity]) -> "Plan":
        """Return the plan with exactly these activities."""
        plan = self._without_activities()
        plan._hold(activities)
        return plan

    def with_(self, *activities: PlannedActivity) -> "Plan":
        """Return the plan with these activities added, or replacing those of the same ids."""
        entering = {activity.id: activity for activity in activities}
        return self._changed(entering, entering.values())

    def without(self, *ids: int) -> "Plan":
        """Return the plan without these; raise KeyError if one is not in it."""
        for id in ids:
            self.activities[id]
        return self._changed(ids, ())

    def with_programme(self, programme: ProgrammeDays) -> "Plan":
        """Return the plan with new days for the programme of that id."""
        plan = self._changed((), ())
        plan.programmes = {**self.programmes, programme.id: programme}
        return plan

    def with_rules(self, rules: Rules) -> "Plan":
        """Return the plan under other rules."""
        plan = self._changed((), ())
        plan.rules = rules
        return plan

    def intending_nothing_among(self, ids: Container[int]) -> "Plan":
        """Return the plan without the marks on clashes between two of these activities."""
        plan = self._changed((), ())
        plan.intended = {
            (kind, of): marks for (kind, of), marks in self.intended.items() if not all(id in ids for id in of)
        }
        return plan

    def _without_activities(self) -> "Plan":
        plan = Plan.__new__(Plan)
        plan.now, plan.places, plan.programmes = self.now, self.places, self.programmes
        plan.calendar, plan.rules, plan._absences = self.calendar, self.rules, self._absences
        plan.intended = self.intended
        return plan

    def _changed(self, leaving: Iterable[int], entering: Iterable[PlannedActivity]) -> "Plan":
        plan = self._without_activities()
        plan.activities = self.activities.copy()
        plan._at_venue, plan._of_party = self._at_venue.copy(), self._of_party.copy()
        plan._in_half_day = self._in_half_day.copy()
        for id in leaving:
            if id in plan.activities:
                plan._leave(plan.activities.pop(id))
        for activity in entering:
            plan._enter(activity)
        return plan

    def _enter(self, activity: PlannedActivity) -> None:
        self.activities[activity.id] = activity
        if not self.counts(activity):
            return
        if activity.venue_id is not None:
            self._at_venue[activity.venue_id] = self._at_venue.get(activity.venue_id, _NOTHING).with_(activity)
        for booking in bookings_of(activity):
            self._of_party[booking.party] = self._of_party.get(booking.party, _NOTHING).with_(booking)
        for half in self._halves(activity):
            self._in_half_day[half] = self._in_half_day.get(half, frozenset()) | {activity.id}

    def _leave(self, activity: PlannedActivity) -> None:
        if not self.counts(activity):
            return
        if activity.venue_id is not None:
            self._at_venue[activity.venue_id] = self._at_venue[activity.venue_id].without(activity)
        for party in roles_of(activity.engagements):
            bookings = self._of_party[party]
            for its in list(bookings.overlapping(activity.starts_at, activity.ends_at)):
                if its.activity is activity:
                    bookings = bookings.without(its)
            self._of_party[party] = bookings
        for half in self._halves(activity):
            self._in_half_day[half] = self._in_half_day[half] - {activity.id}

    def _halves(self, activity: PlannedActivity) -> list[tuple[str, HalfDay]]:
        code = self.kecamatan_of(activity) if activity.kind in COMMUNITY_KINDS else None
        return [(code, half) for half in activity.half_days] if code else []


_NOTHING: Intervals = Intervals()


def bookings_of(activity: PlannedActivity) -> Iterator[Booking]:
    """Yield the bookings of its engaged parties: one for each turn, or one for the whole activity."""
    turns = turns_of(activity.engagements) if any(engagement.turns for engagement in activity.engagements) else {}
    for party, role in roles_of(activity.engagements).items():
        for starts_at, ends_at in activity.spans(turns.get(party, ())):
            yield Booking(party, role, activity, starts_at, ends_at)


def _grouped(pairs: Iterable[tuple]) -> dict:
    found = defaultdict(list)
    for key, span in pairs:
        found[key].append(span)
    return {key: Intervals(spans) for key, spans in found.items()}
