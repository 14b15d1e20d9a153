"""People shared by two demands, in the model: not in two places at the same time, and enough travel time between them.

These repeat the rules that domain/clashes checks between two activities. Blocked kinds are forbidden; warned ones cost.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import combinations, product

from outreach.domain.kinds import ON_STAGE, Role
from outreach.domain.planning.parties import Party
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.planning.travel import needed_min
from outreach.domain.timetabling.options import place_of
from outreach.domain.timetabling.solver.model import DemandVariables, Literal, Model, UnitStay, no
from outreach.domain.timetabling.solver.order import Pair, one_at_a_time

_MINUTE = timedelta(minutes=1)
_Stays = tuple[tuple[UnitStay, ...], tuple[UnitStay, ...]]


@dataclass(slots=True)
class SharedPeople:
    """Shared people of two demands with the same rules and turns. at_once, travel: whether it is blocked, and otherwise its cost.

    None if the office ignores that kind. stays: when they are needed in each of the two.
    """

    at_once: tuple[bool, int] | None
    travel: tuple[bool, int] | None
    literal: Literal  # true if somebody is shared
    stays: _Stays

    @property
    def needs_exact(self) -> bool:
        """Return whether the order of the two must be known exactly: overlapping costs something else than being near."""
        return bool(self.travel and not (self.at_once and self.at_once[0]))


def share_people(model: Model) -> None:
    engaged: dict[Party, list[tuple[DemandVariables, Role, Literal]]] = defaultdict(list)
    for choice in model.choices.values():
        for party, (role, literal) in choice.people.items():
            if party.is_one_person:
                engaged[party].append((choice, role, literal))
    together: dict[tuple[int, int], list[Party]] = defaultdict(list)
    for party, users in engaged.items():
        if len(users) > 2 and _always_blocks(model, [role for _, role, _ in users]):
            stays = [(choice, literal, stay) for choice, _, literal in users for stay in choice.stays_of(party)]
            one_at_a_time(model, stays)
        for (one, *_), (other, *_) in combinations(users, 2):
            together[one.id, other.id].append(party)
    travel_times = _TravelTimes(model)
    for number, ((id, other_id), parties) in enumerate(together.items()):
        if number % 50 == 0:
            model.check()
        pair = Pair(model, model.choices[id], model.choices[other_id])
        if pair.can_be_near(travel_times.most) and pair.can_be_near(travel_times.longest(pair)):
            shared = list(_shared(model, pair, parties))
            pairs = {two: Pair(model, pair.one, pair.other, *two) for one in shared for two in product(*one.stays)}
            for people in shared:
                for two in product(*people.stays):
                    pairs[two].exact |= people.needs_exact
            for people in shared:
                _keep_apart(model, [pairs[two] for two in product(*people.stays)], people, travel_times)


def _always_blocks(model: Model, roles: list[Role]) -> bool:
    rules = model.task.plan.rules
    return all(rules.severity(at_once_kind(*two)) is Severity.BLOCK for two in combinations(roles, 2))


def at_once_kind(one: Role, other: Role) -> ClashKind:
    if one in ON_STAGE or other in ON_STAGE:
        return ClashKind.SPEAKER_TWICE
    return ClashKind.CADRE_TWICE if Role.CADRE in (one, other) else ClashKind.INVITEE_TWICE


def travel_kind(one: Role, other: Role) -> ClashKind:
    return ClashKind.SPEAKER_TRAVEL if one in ON_STAGE or other in ON_STAGE else ClashKind.TRAVEL


def _shared(model: Model, pair: Pair, parties: list[Party]) -> Iterator[SharedPeople]:
    """Group the people with the same rules. The costs of those who are there in any case are added up."""
    alike: dict[tuple, list[tuple[Literal, Literal]]] = defaultdict(list)
    for party in parties:
        (role, here), (other_role, there) = pair.one.people[party], pair.other.people[party]
        stays = pair.one.stays_of(party), pair.other.stays_of(party)
        alike[at_once_kind(role, other_role), travel_kind(role, other_role), stays].append((here, there))
    for (at_once, travel, stays), literals in alike.items():
        sure = [two for two in literals if _sure(pair, *two)]
        maybe = [two for two in literals if not _sure(pair, *two)]
        if sure:
            literal = model.both(*sure[0])
            yield SharedPeople(_weight(model, at_once, len(sure)), _weight(model, travel, len(sure)), literal, stays)
        one_at_most = min(pair.one.options.needed, pair.other.options.needed) == 1 and len(maybe) > 1
        if one_at_most and all(_chosen(here) and _chosen(there) for here, there in maybe):
            somebody = model.new()
            for here, there in maybe:
                model.clause(no(here), no(there), somebody)
            yield SharedPeople(_weight(model, at_once, 1), _weight(model, travel, 1), somebody, stays)
        else:
            for here, there in maybe:
                literal = model.both(here, there)
                yield SharedPeople(_weight(model, at_once, 1), _weight(model, travel, 1), literal, stays)


def _sure(pair: Pair, here: Literal, there: Literal) -> bool:
    return here is pair.one.placed and there is pair.other.placed


def _chosen(literal: Literal) -> bool:
    return not isinstance(literal, bool)


def _weight(model: Model, kind: ClashKind, people: int) -> tuple[bool, int] | None:
    severity = model.task.plan.rules.sought(kind)
    if severity is None:
        return None
    blocked = severity is Severity.BLOCK
    return (blocked, 0 if blocked else model.task.wishes.warning(kind) * people)


def _keep_apart(model: Model, pairs: list[Pair], shared: SharedPeople, travel_times: "_TravelTimes") -> None:
    """Keep these turns apart; however many of them clash, it costs once for each kind."""
    if shared.literal is False:
        return
    overlapping = [pair for pair in pairs if pair.can_overlap] if shared.at_once else []
    if shared.at_once and overlapping:
        excuse = _excuse(model, *shared.at_once)
        for pair in overlapping:
            model.clause(no(shared.literal), pair.first(0), pair.second(0), excuse)
    if not shared.travel:
        return
    excuse = _excuse(model, *shared.travel)
    if excuse is True:
        return
    for pair in pairs:
        if not pair.can_overlap and not pair.exact:
            model.clause(
                pair.first(0), pair.second(0)
            )  # otherwise neither need be true, and no travel time would be kept
    for pair, swapped in product(pairs, (False, True)):
        follows = pair.second if swapped else pair.first
        for apart, here, there in travel_times.too_near(pair, swapped=swapped):
            model.clause(no(shared.literal), no(follows(0)), follows(apart), *here, *there, excuse)


def _excuse(model: Model, blocked: bool, weight: int) -> Literal:
    """Return the literal that may be true instead: False if it is blocked, True if it costs nothing."""
    if blocked:
        return False
    if not weight:
        return True
    excuse = model.new()
    model.cost(weight, excuse)
    return excuse


@dataclass
class _TravelTimes:
    """The travel time in units between the places of two demands."""

    model: Model
    _known: dict[tuple, int] = field(default_factory=dict)

    @cached_property
    def most(self) -> int:
        """Return what no travel time exceeds."""
        rules = self.model.task.plan.rules
        is_sought = any(rules.sought(kind) for kind in (ClashKind.SPEAKER_TRAVEL, ClashKind.TRAVEL))
        return -(-rules.travel.longest_min * _MINUTE // self.model.unit) if is_sought else 0

    def longest(self, pair: Pair) -> int:
        if not self.most:
            return 0
        return max((units for row in self._table(pair) for units in row), default=0)

    def too_near(self, pair: Pair, *, swapped: bool) -> Iterator[tuple[int, list[Literal], list[Literal]]]:
        """Yield each required gap, with literals; the gap is not required if one of them is true (the places are nearer)."""
        table = self._table(pair)
        for apart in sorted({units for row in table for units in row} - {0}):
            rows = [[units >= apart for units in row] for row in table]
            if all(all(row) for row in rows):
                yield apart, [], []
                continue
            for here, row in zip(pair.one.venues, rows, strict=True):
                if any(row):
                    nearer = [there for there, far in zip(pair.other.venues, row, strict=True) if not far]
                    yield apart, [no(here)], nearer

    def _table(self, pair: Pair) -> list[list[int]]:
        return [
            [self._units(pair.one, here, pair.other, there) for there in pair.other.options.venues]
            for here in pair.one.options.venues
        ]

    def _units(self, one: DemandVariables, here: int | None, other: DemandVariables, there: int | None) -> int:
        plan = self.model.task.plan
        key = (here if here in plan.places else (one.id,), there if there in plan.places else (other.id,))
        if key not in self._known:
            places = place_of(plan, one.options.unstaffed, here), place_of(plan, other.options.unstaffed, there)
            minutes = needed_min(*places, plan.rules.travel) or 0
            self._known[key] = self._known[key[1], key[0]] = -(-minutes * _MINUTE // self.model.unit)
        return self._known[key]
