"""The planner's input: what to schedule, on which days, and what the office wishes.

Pure values. The plan brings the rest: rules with their severities, venues, people, absences, and other activities.
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

Order = tuple[int, int]  # ids of the later activity and of the earlier one


class SearchStatus(StrEnum):
    BEST = "best"  # proven: no better timetable is possible
    FOUND = "found"  # all are scheduled, perhaps not in the best way; the proposal's gap says how much could be saved at most
    IMPOSSIBLE = "impossible"  # proven: they cannot all be scheduled; the conflicts say why
    UNDECIDED = "undecided"  # not all could be scheduled in the time given


@dataclass(frozen=True, slots=True)
class Effort:
    """How much work to spend. seconds: for building the model and searching. Finding conflicts takes as long again, at most 10 s.

    repeatable: the same answer each time, also on other machines of that kind. `seconds` then count the solver's deterministic
    time and may last longer. Otherwise, with several workers, the result depends on how busy the machine is.
    """

    seconds: float = 10.0
    workers: int = 2
    seed: int = 1
    repeatable: bool = False


HOURS_UNIT_MIN = 30  # the unit of Wishes.hours_weight


class NothingToPlace(Problem):
    message = "Choose at least one activity to place that is still ahead."


class NoDays(Problem):
    message = "Choose at least one day on which activities may be placed."


@dataclass(frozen=True, slots=True)
class Demand:
    """One activity of the plan to schedule. Its length, region and invitees are those of the activity.

    venues: ids of possible venues; None keeps its venue, or leaves it without one. seats: how many people must fit; a
    venue of unknown capacity counts as large enough.
    first_on, last_on: days in its own zone; it begins no earlier than first_on and ends no later than last_on.
    after: ids of activities that must end before it begins, whether scheduled here or not. before: ids of activities that
    must not begin before it ends.
    facilitators: `facilitators_needed` of these people are chosen and engaged as `facilitator_role`. Those engaged in that
    role now may be replaced. Those who declined, or are engaged there in another role, are not chosen.
    hours: preferred hours of the day, instead of Wishes.hours. fixed: it stays, and only facilitators are chosen. The same
    holds for an activity that is fixed itself.
    is_new: its present time and venue do not matter, so changing them costs nothing.
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
    """The days on which activities may begin, and the starts on each day: from the first hour, every `step_min` minutes.

    daily: the first start and the last end of a day, in the activity's zone; None: that day's office hours. An activity on
    one of the days may also keep its present start.
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
        """Return the horizon of the working days from first to last; raise NoDays if there are none."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        return cls(tuple(day for day in days if calendar.is_working_day(day)), **more)  # type: ignore[arg-type]


_WARNINGS: Mapping[ClashKind, int] = MappingProxyType(
    {
        ClashKind.VENUE_TAKEN: 60, ClashKind.VENUE_ABSENT: 60, ClashKind.VENUE_TOO_SMALL: 20,
        ClashKind.SPEAKER_TWICE: 60, ClashKind.SPEAKER_TRAVEL: 40, ClashKind.SPEAKER_ABSENT: 60,
        ClashKind.CADRE_TWICE: 10, ClashKind.INVITEE_TWICE: 10, ClashKind.TRAVEL: 10, ClashKind.INVITEE_ABSENT: 10,
        ClashKind.OUTSIDE_PROGRAMME: 40, ClashKind.DEADLINE_AFTER_START: 20, ClashKind.HOLIDAY: 60,
        ClashKind.JOINT_HOLIDAY: 40, ClashKind.WEEKEND: 40, ClashKind.OUTSIDE_HOURS: 20,
        ClashKind.FRIDAY_BREAK: 30, ClashKind.NOON_BREAK: 10, ClashKind.SHORT_NOTICE: 20, ClashKind.IN_THE_PAST: 60,
        ClashKind.SAME_KECAMATAN: 40,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wishes:
    """The office's wishes, each with the cost of one unit; 0 if it does not matter.

    spread_days: for each two activities on one day. spread_kecamatan: for each two community activities in one kecamatan on
    one day. trips: for each day on which a speaker, moderator or facilitator is out. share: for each activity of a
    facilitator above the even share.
    hours_weight: for each half hour outside `hours`. notice: for each day less than `notice_days`. ramadan: for each day after
    `ramadan_margin_days` before the next Ramadan. change: 2 for another day, 1 for another hour of the same day, 1 for another
    venue, 1 for another facilitator; times `told_factor` if people were told of the activity.
    warnings: for each clash of a kind that the office does not block; a missing kind has its default.
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

    Other activities stay where they are, and scheduled ones must not clash with them.
    """

    plan: Plan
    demands: tuple[Demand, ...]
    horizon: Horizon
    wishes: Wishes = field(default_factory=Wishes)

    def __post_init__(self) -> None:
        if not self.demands or not all(self.plan.counts(self.activity(demand)) for demand in self.demands):
            raise NothingToPlace()
        if len({demand.activity_id for demand in self.demands}) < len(self.demands):
            raise ValueError("An activity is to be placed twice.")
        if self.plan.intended:  # marks hold against what stays planned, but the model of two demands does not know them
            object.__setattr__(self, "plan", self.plan.intending_nothing_among(self.ids))

    def activity(self, demand: Demand) -> PlannedActivity:
        """Return the activity as it is planned now."""
        return self.plan.activities[demand.activity_id]

    @cached_property
    def ids(self) -> frozenset[int]:
        return frozenset(demand.activity_id for demand in self.demands)

    @cached_property
    def base(self) -> Plan:
        """Return the plan without the activities to schedule: what stays planned."""
        return self.plan.without(*self.ids)

    @cached_property
    def orders(self) -> dict[int, tuple[int, ...]]:
        """Return, for each demand's id, the ids of the demands that it must follow."""
        found: dict[int, dict[int, None]] = {demand.activity_id: {} for demand in self.demands}
        for demand in self.demands:
            found[demand.activity_id].update((id, None) for id in demand.after if id in found)
            for id in demand.before:
                if id in found:
                    found[id][demand.activity_id] = None
        return {id: tuple(firsts) for id, firsts in found.items()}

    def only(self, ids: Iterable[int]) -> "Task":
        """Return the task for these demands alone, as if the others were not planned."""
        kept = frozenset(ids)
        plan = self.plan.without(*(self.ids - kept))
        demands = tuple(
            replace(
                demand,
                after=tuple(id for id in demand.after if id not in self.ids or id in kept),
                before=tuple(id for id in demand.before if id not in self.ids or id in kept),
            )
            for demand in self.demands
            if demand.activity_id in kept
        )
        return replace(self, plan=plan, demands=demands)


def choices_of(demand: Demand, activity: PlannedActivity) -> tuple[Party, ...]:
    """Return the selectable facilitators: those who did not decline and have no other role in the activity."""
    others = {
        engagement.party
        for engagement in activity.engagements
        if (engagement.state in ENGAGED and not _is_choice(demand, engagement))
        or engagement.state is InvitationState.NOT_COMING
    }
    return tuple(party for party in dict.fromkeys(demand.facilitators) if party not in others)


def present_choices(demand: Demand, activity: PlannedActivity) -> tuple[Party, ...]:
    """Return the selectable facilitators who are engaged now."""
    possible = choices_of(demand, activity)
    there = (
        engagement.party
        for engagement in activity.engagements
        if engagement.party in possible and engagement.state in ENGAGED
    )
    return tuple(dict.fromkeys(there))


def with_facilitators(demand: Demand, activity: PlannedActivity, chosen: Iterable[Party]) -> PlannedActivity:
    """Return the activity with these facilitators instead of its present ones; other invitees stay."""
    if not demand.facilitators:
        return activity
    possible, chosen = choices_of(demand, activity), tuple(chosen)
    kept = tuple(
        engagement
        for engagement in activity.engagements
        if engagement.party not in possible or engagement.party in chosen
    )
    there = {engagement.party for engagement in kept if engagement.state in ENGAGED}
    added = (
        Engagement(party, demand.facilitator_role, InvitationState.PREPARED) for party in chosen if party not in there
    )
    return replace(activity, engagements=(*kept, *added))


def suitable_venues(plan: Plan, *, region_code: str | None = None, seats: int | None = None) -> tuple[int, ...]:
    """Return the ids of the venues in a region (by its code, or a larger region's) that seat so many, the smallest first.

    A venue of unknown capacity counts as large enough and comes last.
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
    """Return ids that form a cycle of orders, the first repeated at the end; empty if there is no cycle."""
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for then, first in orders:
        sorter.add(then, first)
    try:
        sorter.prepare()
    except CycleError as error:
        return list(error.args[1])
    return []
