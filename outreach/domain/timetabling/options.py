"""When, where and with which facilitators one activity could be held, independent of other demands.

Pure values; find_options.py fills them.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from outreach.domain.clashes import Clash
from outreach.domain.kinds import ON_STAGE
from outreach.domain.planning.parties import Engagement, Party, Place, roles_of, turns_of
from outreach.domain.planning.plan import HalfDay, Plan, PlannedActivity
from outreach.domain.planning.rules import ClashKind
from outreach.domain.timetabling.task import Demand, with_facilitators

Stay = tuple[timedelta, timedelta]  # from the start of an activity, and how long
OF_PLACES = frozenset(
    {ClashKind.VENUE_TAKEN, ClashKind.VENUE_ABSENT, ClashKind.VENUE_TOO_SMALL, ClashKind.SPEAKER_TRAVEL,
     ClashKind.TRAVEL, ClashKind.SAME_KECAMATAN}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Combination:
    """Starts, a venue and a facilitator that do not fit together or cost extra. None: any; cost None: forbidden."""

    starts: frozenset[int] | None  # indexes in Options.starts
    venue: int | None = None  # index in Options.venues
    facilitator: int | None = None  # index in Options.facilitators
    cost: int | None = None


@dataclass(slots=True)
class Options:
    """The options of one demand. unstaffed: the activity without selectable facilitators. starts: those not forbidden, in order.

    start_costs: the cost of each start in any venue; venue_costs: the cost of each venue.
    forbidden: by kind, some of the clashes at the starts that were left out.
    """

    demand: Demand
    present: PlannedActivity
    unstaffed: PlannedActivity
    starts: list[datetime] = field(default_factory=list)
    venues: list[int | None] = field(default_factory=list)
    facilitators: tuple[Party, ...] = ()
    start_costs: list[int] = field(default_factory=list)
    venue_costs: list[int] = field(default_factory=list)
    combinations: list[Combination] = field(default_factory=list)
    forbidden: dict[ClashKind, list[Clash]] = field(default_factory=lambda: defaultdict(list))
    _stage: tuple[Party, ...] | None = None
    _stays: dict[Party, tuple[Stay, ...]] | None = None
    _days: list[date] = field(default_factory=list)
    _half_days: list[list[HalfDay]] | None = None

    @property
    def id(self) -> int:
        return self.demand.activity_id

    @property
    def needed(self) -> int:
        return self.demand.facilitators_needed if self.demand.facilitators else 0

    @property
    def stage(self) -> tuple[Party, ...]:
        """Return the invitees who speak or moderate, without selectable facilitators."""
        if self._stage is None:
            self._stage = tuple(
                party for party, role in roles_of(self.unstaffed.engagements).items() if role in ON_STAGE
            )
        return self._stage

    @property
    def stays(self) -> dict[Party, tuple[Stay, ...]]:
        """Return when those who have turns on the agenda are needed; all others are needed for the whole activity."""
        if self._stays is None:
            engagements = [
                *self.unstaffed.engagements,
                *(engagement for facilitator in self.facilitators for engagement in self.as_chosen(facilitator)),
            ]
            begins = self.unstaffed.starts_at
            self._stays = {
                party: tuple((since - begins, until - since) for since, until in self.unstaffed.spans(turns))
                for party, turns in turns_of(engagements).items()
            }
        return self._stays

    def stays_of(self, party: Party) -> tuple[Stay, ...]:
        return self.stays.get(party, ((timedelta(0), self.unstaffed.length),))

    def as_chosen(self, facilitator: Party) -> tuple[Engagement, ...]:
        """Return how this selectable facilitator would be engaged."""
        planned = with_facilitators(self.demand, self.present, (facilitator,))
        return tuple(engagement for engagement in planned.engagements if engagement.party == facilitator)

    def days(self) -> list[date]:
        """Return the local day of each start."""
        if len(self._days) != len(self.starts):
            self._days = [start.astimezone(self.unstaffed.zone).date() for start in self.starts]
        return self._days

    def half_days(self) -> list[list[HalfDay]]:
        """Return the half days that each start would use."""
        if self._half_days is None:
            shape = replace(self.unstaffed, engagements=())
            self._half_days = [shape.moved(start).half_days for start in self.starts]
        return self._half_days

    def planned(self, start: datetime, venue_id: int | None, facilitators: Iterable[Party] = ()) -> PlannedActivity:
        """Return the activity planned with this start, venue and these facilitators."""
        moved = replace(self.present.moved(start), venue_id=venue_id)
        return with_facilitators(self.demand, moved, facilitators)


def place_of(plan: Plan, activity: PlannedActivity, venue_id: int | None) -> Place | None:
    """Return the place of the activity with that venue, or without one."""
    return plan.whereabouts(replace(activity, venue_id=venue_id))


def kecamatan_at(plan: Plan, activity: PlannedActivity, venue_id: int | None) -> str | None:
    """Return the kecamatan of the activity with that venue."""
    return plan.kecamatan_of(replace(activity, venue_id=venue_id))
