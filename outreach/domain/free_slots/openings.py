"""If no time suits: the obstacles, and the smallest changes that would open a slot.

Pure functions. A change is tested by a new search with the changed request.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from outreach.domain.free_slots.criteria import Criteria, RefusedSlot, Slot
from outreach.domain.free_slots.search import STEP, candidates, shut, slots
from outreach.domain.planning.parties import AbsenceSpan, Party, Place
from outreach.domain.planning.plan import Plan, PlannedActivity
from outreach.domain.planning.rules import ClashKind

FURTHER_DAYS = 28
SHORTEST = timedelta(minutes=60)
SHORTER_BY = 4  # how many half hours shorter are tried


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What prevents slots. starts: how many starts it refuses. kind None: no venue is free and large enough."""

    kind: ClashKind | None
    starts: int
    party: Party | None = None
    place: Place | None = None
    activities: tuple[PlannedActivity, ...] = ()  # those it clashes with, by start
    absences: tuple[AbsenceSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class WithoutParty:
    """Do without one of the needed people."""

    party: Party


@dataclass(frozen=True, slots=True)
class AnyVenue:
    """Use a venue other than those requested."""


@dataclass(frozen=True, slots=True)
class SmallerVenue:
    """Accept a venue with this many seats."""

    capacity: int


@dataclass(frozen=True, slots=True)
class NoVenue:
    """Decide the time now and the venue later."""


@dataclass(frozen=True, slots=True)
class Shorter:
    length: timedelta


@dataclass(frozen=True, slots=True)
class Later:
    """Search until that day."""

    last: date


@dataclass(frozen=True, slots=True)
class AnyHour:
    """Drop the requested hours and use only the office hours."""


Change = WithoutParty | AnyVenue | SmallerVenue | NoVenue | Shorter | Later | AnyHour


@dataclass(frozen=True, slots=True)
class Opening:
    """A change, and the best slot that it opens."""

    change: Change
    slot: Slot


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why there is no slot. tried: starts that were refused; shut_days: days left out because nobody works on them."""

    tried: int = 0
    days: int = 0
    shut_days: int = 0
    obstacles: tuple[Obstacle, ...] = ()
    openings: tuple[Opening, ...] = field(default=())


def nothing(plan: Plan, criteria: Criteria) -> Nothing:
    """Return the obstacles, those that refuse most starts first, and the changes that would open a slot."""
    refused = [slot for slot in candidates(plan, criteria) if isinstance(slot, RefusedSlot)]
    first = max(criteria.first, plan.now.astimezone(criteria.zone).date())
    days = [first + timedelta(days=n) for n in range((criteria.last - first).days + 1)]
    shut_days = sum(shut(plan, day) for day in days)
    return Nothing(len(refused), len(days), shut_days, _obstacles(refused), tuple(_openings(plan, criteria)))


def _obstacles(refused: list[RefusedSlot]) -> tuple[Obstacle, ...]:
    starts: Counter[tuple] = Counter()
    activities: dict[tuple, dict[int, PlannedActivity]] = {}
    absences: dict[tuple, set[AbsenceSpan]] = {}
    for refused_slot in refused:
        keys: set[tuple] = set()
        for clash in refused_slot.clashes:
            key = (clash.kind, clash.party, clash.place)
            keys.add(key)
            known = activities.setdefault(key, {})
            known.update((other.id, other) for other in clash.activities if other.id >= 0)
            if clash.absence is not None:
                absences.setdefault(key, set()).add(clash.absence)
        starts.update(keys or {(None, None, None)} if refused_slot.no_room else keys)
    return tuple(
        Obstacle(
            kind, count, party, place,
            tuple(sorted(activities.get(key, {}).values(), key=lambda one: one.starts_at)),
            tuple(sorted(absences.get(key, ()), key=lambda one: one.starts_at)),
        )
        for key, count in starts.most_common()
        for kind, party, place in [key]
    )  # fmt: skip


def _openings(plan: Plan, criteria: Criteria) -> Iterator[Opening]:
    """Yield the smallest change of each sort that opens a slot. Changes that give up least come first."""
    for change, changed in (*_other_times(criteria), *_other_venues(plan, criteria), *_fewer_people(criteria)):
        best = next(iter(slots(plan, changed)), None)
        if best is not None:
            yield Opening(change, best)
    for change, changed in _smallest_first(criteria):
        best = next(iter(slots(plan, changed)), None)
        if best is not None:
            yield Opening(change, best)
            return


def _other_times(criteria: Criteria) -> Iterator[tuple[Change, Criteria]]:
    if criteria.not_before or criteria.not_after:
        yield AnyHour(), replace(criteria, not_before=None, not_after=None)
    last = criteria.last + timedelta(days=FURTHER_DAYS)
    yield Later(last), replace(criteria, first=criteria.last + timedelta(days=1), last=last)


def _other_venues(plan: Plan, criteria: Criteria) -> Iterator[tuple[Change, Criteria]]:
    if criteria.without_venue:
        return
    if criteria.venue_ids:
        yield AnyVenue(), replace(criteria, venue_ids=frozenset())
    sizes = sorted({place.capacity for place in plan.places.values() if place.capacity}, reverse=True)
    smaller = next((size for size in sizes if size < criteria.people), None)
    if smaller is not None:
        yield SmallerVenue(smaller), replace(criteria, people=smaller)
    yield NoVenue(), replace(criteria, without_venue=True, venue_ids=frozenset())


def _fewer_people(criteria: Criteria) -> Iterator[tuple[Change, Criteria]]:
    for party, role in criteria.needed:
        yield (
            WithoutParty(party),
            replace(criteria, needed=tuple(pair for pair in criteria.needed if pair != (party, role))),
        )


def _smallest_first(criteria: Criteria) -> Iterator[tuple[Change, Criteria]]:
    for n in range(1, SHORTER_BY + 1):
        length = criteria.length - n * STEP
        if length >= SHORTEST:
            yield Shorter(length), replace(criteria, length=length)
