"""What is to be placed, on which days, and what the office would like: values that the planner starts from.

Pure. The plan brings all the rest: rules with their severities, venues, people, absences, and what else is planned.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time, timedelta
from enum import StrEnum
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType

from outreach.domain.kinds import Role
from outreach.domain.planning.office_hours import Calendar
from outreach.domain.planning.parties import ENGAGED, Engagement, Party
from outreach.domain.planning.plan import Plan, PlannedActivity, lies_in
from outreach.domain.planning.rules import ClashKind
from outreach.domain.problems import Problem
from outreach.domain.states import InvitationState

Order = tuple[int, int]  # ids of the activity that comes after, and of the one that comes before it


class SearchStatus(StrEnum):
    BEST = "best"  # proven: nothing can be placed better
    FOUND = "found"  # all are placed; whether better is possible is not known, the proposal's gap says how much at most
    IMPOSSIBLE = "impossible"  # proven: they cannot all be placed; the conflicts say why
    UNDECIDED = "undecided"  # not all could be placed in the time given


@dataclass(frozen=True, slots=True)
class Effort:
    """seconds: for making the model and searching; what collides is looked for in as many seconds again, ten at most.

    repeatable: the same answer each time, and on any machine of the kind; `seconds` are then the solver's own measure of work,
    and may last longer. Without it, what a search of more than one worker finds depends on how busy the machine is.
    """

    seconds: float = 10.0
    workers: int = 2
    seed: int = 1
    repeatable: bool = False


HOURS_UNIT_MIN = 30  # what one unit of Wishes.hours_weight is for


class NothingToPlace(Problem):
    message = "Choose at least one activity to place that is still ahead."


class NoDays(Problem):
    message = "Choose at least one day on which activities may be placed."


@dataclass(frozen=True, slots=True)
class Demand:
    """One activity of the plan to be placed. Its length, its region and who is invited are the activity's own.

    venues: ids of those it may be held in; None leaves it where it is, or without a venue. seats: how many must fit; a
    venue of unknown size counts as large enough.
    first_on, last_on: days of its own zone; it begins no earlier than the one and has ended by the other.
    after: ids of activities that must have ended before it begins, to be placed or not; before: likewise of those that
    must not begin before it has ended.
    facilitators: of these people `facilitators_needed` are chosen and engaged as `facilitator_role`. Who of them is engaged
    so at present may be replaced; who declined or is engaged there in another role is not chosen.
    hours: preferred hours of the day, instead of Wishes.hours. fixed: it stays; only facilitators are chosen. So does an
    activity that is fixed itself.
    is_new: its present time and venue mean nothing yet, so that changing them costs nothing.
    """

    activity_id: int
    venues: tuple[int, ...] | None = None
    seats: int | None = None
    first_on: date | None = None
    last_on: date | None = None
    after: tuple[int, ...] = ()
    before: tuple[int, ...] = ()
    facilitators: tuple[Party, ...] = ()
    facilitators_needed: int = 1
    facilitator_role: Role = Role.SPEAKER
    hours: tuple[time, time] | None = None
    fixed: bool = False
    is_new: bool = False

    def __post_init__(self) -> None:
        if self.facilitators and not 0 < self.facilitators_needed <= len(set(self.facilitators)):
            raise ValueError("As many facilitators are needed as there are to choose from, at most, and at least one.")
        if self.activity_id in (*self.after, *self.before):
            raise ValueError("An activity cannot come before itself.")


@dataclass(frozen=True, slots=True)
class Horizon:
    """The days on which activities may begin, and at which times: from the first hour on, every `step_min` minutes.

    daily: the first start and the last end of a day, in the activity's zone; None: that day's office hours. The present
    start of an activity may be kept even if it lies on no step, on one of the days.
    """

    days: tuple[date, ...]
    step_min: int = 30
    daily: tuple[time, time] | None = None

    def __post_init__(self) -> None:
        if not self.days:
            raise NoDays(field="days")
        if self.step_min < 1:
            raise ValueError("A step is at least one minute.")
        object.__setattr__(self, "days", tuple(sorted(set(self.days))))

    @classmethod
    def between(cls, first: date, last: date, calendar: Calendar, **more: object) -> "Horizon":
        """Return the working days from the first to the last; raise NoDays where there is none."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return cls(tuple(day for day in days if calendar.is_working_day(day)), **more)  # type: ignore[arg-type]


_WARNINGS: Mapping[ClashKind, int] = MappingProxyType(
    {
        ClashKind.VENUE_TAKEN: 60, ClashKind.VENUE_ABSENT: 60, ClashKind.VENUE_TOO_SMALL: 20,
        ClashKind.SPEAKER_TWICE: 60, ClashKind.SPEAKER_TRAVEL: 40, ClashKind.SPEAKER_ABSENT: 60,
        ClashKind.CADRE_TWICE: 10, ClashKind.INVITEE_TWICE: 10, ClashKind.TRAVEL: 10, ClashKind.INVITEE_ABSENT: 10,
        ClashKind.OUTSIDE_PROGRAMME: 40, ClashKind.DEADLINE_AFTER_START: 20, ClashKind.HOLIDAY: 60,
        ClashKind.JOINT_HOLIDAY: 40, ClashKind.WEEKEND: 40, ClashKind.OUTSIDE_HOURS: 20,
        ClashKind.FRIDAY_BREAK: 30, ClashKind.SHORT_NOTICE: 20, ClashKind.IN_THE_PAST: 60,
        ClashKind.SAME_KECAMATAN: 40,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the office would like, each with the cost of one unit; 0 for what does not matter.

    spread_days: for each two activities on one day. spread_kecamatan: for each two community activities in one kecamatan on
    one day. trips: for each day on which a speaker, moderator or facilitator is out. share: for each activity of a
    facilitator above the even share of those to choose from.
    hours_weight: for each half hour outside `hours`. notice: for each day less than `notice_days`. ramadan: for each day past
    `ramadan_margin_days` before the next Ramadan. change: for another day 2, another hour of the same day 1, another venue 1,
    another facilitator 1; times `told_factor` for an activity that people know of.
    warnings: for each finding of a kind that the office does not block; a kind left out has its default.
    """

    spread_days: int = 2
    spread_kecamatan: int = 3
    trips: int = 4
    share: int = 3
    hours: tuple[time, time] | None = None
    hours_weight: int = 1
    notice_days: int = 14
    notice: int = 1
    ramadan_margin_days: int = 7
    ramadan: int = 1
    change: int = 3
    told_factor: int = 3
    warnings: Mapping[ClashKind, int] = field(default_factory=dict)

    def warning(self, kind: ClashKind) -> int:
        return self.warnings.get(kind, _WARNINGS[kind])


@dataclass(frozen=True)
class Task:
    """All that the planner is given. Raise NothingToPlace, and KeyError for an activity that is not in the plan.

    What else is planned stays where it is, and is in the way.
    """

    plan: Plan
    demands: tuple[Demand, ...]
    horizon: Horizon
    wishes: Wishes = field(default_factory=Wishes)

    def __post_init__(self) -> None:
        if not self.demands or not all(self.plan.counts(self.activity(one)) for one in self.demands):
            raise NothingToPlace()
        if len({one.activity_id for one in self.demands}) < len(self.demands):
            raise ValueError("An activity is to be placed twice.")

    def activity(self, demand: Demand) -> PlannedActivity:
        """Return the activity as it is planned at present."""
        return self.plan.activities[demand.activity_id]

    @cached_property
    def ids(self) -> frozenset[int]:
        return frozenset(one.activity_id for one in self.demands)

    @cached_property
    def base(self) -> Plan:
        """Return the plan without what is to be placed: what stays, and is in the way."""
        return self.plan.without(*self.ids)

    @cached_property
    def orders(self) -> dict[int, tuple[int, ...]]:
        """Return for each demand's id those to be placed that it must follow."""
        found: dict[int, dict[int, None]] = {one.activity_id: {} for one in self.demands}
        for one in self.demands:
            found[one.activity_id].update((id, None) for id in one.after if id in found)
            for id in one.before:
                if id in found:
                    found[id][one.activity_id] = None
        return {id: tuple(firsts) for id, firsts in found.items()}

    def only(self, ids: Iterable[int]) -> "Task":
        """Return the task for these demands alone, as if the others were not planned at all."""
        kept = frozenset(ids)
        plan = self.plan.without(*(self.ids - kept))
        demands = tuple(
            replace(
                one,
                after=tuple(id for id in one.after if id not in self.ids or id in kept),
                before=tuple(id for id in one.before if id not in self.ids or id in kept),
            )
            for one in self.demands
            if one.activity_id in kept
        )
        return replace(self, plan=plan, demands=demands)


def choices_of(demand: Demand, activity: PlannedActivity) -> tuple[Party, ...]:
    """Return the facilitators that can be chosen: those who have not declined, and are not engaged there in another role."""
    others = {
        one.party
        for one in activity.engagements
        if (one.state in ENGAGED and not _is_choice(demand, one)) or one.state is InvitationState.NOT_COMING
    }
    return tuple(party for party in dict.fromkeys(demand.facilitators) if party not in others)


def present_choices(demand: Demand, activity: PlannedActivity) -> tuple[Party, ...]:
    """Return the facilitators who are engaged as such at present."""
    possible = choices_of(demand, activity)
    there = (one.party for one in activity.engagements if one.party in possible and one.state in ENGAGED)
    return tuple(dict.fromkeys(there))


def with_facilitators(demand: Demand, activity: PlannedActivity, chosen: Iterable[Party]) -> PlannedActivity:
    """Return the activity with these facilitators in the places of those it has; others stay engaged."""
    if not demand.facilitators:
        return activity
    possible, chosen = choices_of(demand, activity), tuple(chosen)
    kept = tuple(one for one in activity.engagements if one.party not in possible or one.party in chosen)
    there = {one.party for one in kept if one.state in ENGAGED}
    added = (
        Engagement(party, demand.facilitator_role, InvitationState.PREPARED) for party in chosen if party not in there
    )
    return replace(activity, engagements=(*kept, *added))


def suitable_venues(plan: Plan, *, region_code: str | None = None, seats: int | None = None) -> tuple[int, ...]:
    """Return the ids of the venues in a region (by its code, or a larger one's) where so many fit, the smallest first.

    A venue of unknown size counts as large enough, and comes last.
    """
    found = [
        place
        for place in plan.places.values()
        if region_code is None or lies_in(place.region_code, region_code)
        if seats is None or place.capacity is None or place.capacity >= seats
    ]
    found.sort(key=lambda place: (place.capacity is None, place.capacity or 0, place.id))
    return tuple(place.id for place in found if place.id is not None)


def _is_choice(demand: Demand, engagement: Engagement) -> bool:
    return engagement.party in demand.facilitators and engagement.role is demand.facilitator_role


def circle(orders: Iterable[Order]) -> list[int]:
    """Return ids that would each have to come before the next, the first of them again at the end; none where all is well."""
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for then, first in orders:
        sorter.add(then, first)
    try:
        sorter.prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
