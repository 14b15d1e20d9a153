"""When, where and with whom one activity might be held, as far as it does not depend on the others to be placed.

Pure values; looking.py fills them.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from outreach.domain.clashes import Clash
from outreach.domain.kinds import ON_STAGE
from outreach.domain.planning.parties import Party, Place, roles_of
from outreach.domain.planning.plan import HalfDay, Plan, PlannedActivity
from outreach.domain.planning.rules import ClashKind
from outreach.domain.timetabling.task import Demand, with_facilitators

OF_PLACES = frozenset(
    {ClashKind.VENUE_TAKEN, ClashKind.VENUE_ABSENT, ClashKind.VENUE_TOO_SMALL, ClashKind.SPEAKER_TRAVEL,
     ClashKind.TRAVEL, ClashKind.SAME_KECAMATAN}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Combination:
    """Some starts, a venue and a facilitator that do not go together, or at a cost. None: whichever; cost None: never."""

    starts: frozenset[int] | None  # places in Options.starts
    venue: int | None = None  # place in Options.venues
    facilitator: int | None = None  # place in Options.facilitators
    cost: int | None = None


@dataclass(slots=True)
class Options:
    """bare: the activity without facilitators to be chosen. starts: those that nothing forbids outright, in order.

    start_costs: what each start costs by itself, whatever the venue; venue_costs: likewise of each venue.
    forbidden: by kind, some of what would be found at starts that are left out.
    """

    demand: Demand
    present: PlannedActivity
    bare: PlannedActivity
    starts: list[datetime] = field(default_factory=list)
    venues: list[int | None] = field(default_factory=list)
    facilitators: tuple[Party, ...] = ()
    start_costs: list[int] = field(default_factory=list)
    venue_costs: list[int] = field(default_factory=list)
    combinations: list[Combination] = field(default_factory=list)
    forbidden: dict[ClashKind, list[Clash]] = field(default_factory=lambda: defaultdict(list))
    _stage: tuple[Party, ...] | None = None
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
        """Return who speaks or moderates, whoever else is chosen."""
        if self._stage is None:
            self._stage = tuple(party for party, role in roles_of(self.bare.engagements).items() if role in ON_STAGE)
        return self._stage

    def days(self) -> list[date]:
        """Return for each start the day it begins on."""
        if len(self._days) != len(self.starts):
            self._days = [start.astimezone(self.bare.zone).date() for start in self.starts]
        return self._days

    def half_days(self) -> list[list[HalfDay]]:
        """Return for each start the half days it would take."""
        if self._half_days is None:
            shape = replace(self.bare, engagements=())
            self._half_days = [shape.moved(start).half_days for start in self.starts]
        return self._half_days

    def planned(self, start: datetime, venue_id: int | None, facilitators: Iterable[Party] = ()) -> PlannedActivity:
        """Return the activity as it would be planned."""
        moved = replace(self.present.moved(start), venue_id=venue_id)
        return with_facilitators(self.demand, moved, facilitators)


def place_of(plan: Plan, activity: PlannedActivity, venue_id: int | None) -> Place | None:
    """Return where the activity would take place in that venue, or without one."""
    return plan.whereabouts(replace(activity, venue_id=venue_id))


def kecamatan_at(plan: Plan, activity: PlannedActivity, venue_id: int | None) -> str | None:
    """Return the kecamatan it would take place in."""
    return plan.kecamatan_of(replace(activity, venue_id=venue_id))
