"""A time for every demand at once, without venues, chosen facilitators and wishes: the first step to a whole timetable.

It is easier than the whole task: if no such times exist, the demands cannot all be scheduled. At each moment there must be as
many venues, and as many facilitators to choose from, as are needed. Demands that are alike in all that counts here share their
variables, so the solver does not try their exchanges. whole.py finds the venues. Needs the extra `planner`.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations, product
from typing import Any, NamedTuple

from ortools.sat.python import cp_model

from outreach.domain.kinds import ON_STAGE, Role
from outreach.domain.planning.parties import Party, roles_of
from outreach.domain.planning.plan import COMMUNITY_KINDS
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.planning.travel import needed_min
from outreach.domain.timetabling.options import Options, Stay, kecamatan_at, place_of
from outreach.domain.timetabling.solver.model import Stopped, grid
from outreach.domain.timetabling.solver.order import at_once
from outreach.domain.timetabling.solver.shared_people import at_once_kind, travel_kind
from outreach.domain.timetabling.task import Task

SETS_MOST = 150  # of venues or facilitators that are counted; the second step knows all of them
Times = dict[int, datetime]
Allowed = tuple[frozenset[Hashable], frozenset[Hashable]]  # venues and facilitators
_RANKS = (ON_STAGE, frozenset({Role.CADRE}), frozenset(Role) - ON_STAGE - {Role.CADRE})


class Use(NamedTuple):
    """If the literal is true, `needed` of the allowed venues, people or the like are used from `begins` until `ends`."""

    literal: Any
    begins: datetime
    ends: datetime
    allowed: frozenset[Hashable] = frozenset()
    needed: int = 1


@dataclass(slots=True)
class Alike:
    """Demands alike in all that counts for times. starts: a literal for each possible start, by its index; so is allowed.

    at_units: the start of a single demand as an integer, where something needs it.
    """

    members: list[Options]
    people: dict[Party, Role]
    starts: dict[int, Any]
    allowed: dict[int, Allowed]
    at_units: Any = None

    @property
    def first(self) -> Options:
        return self.members[0]

    def at(self, index: int) -> datetime:
        return self.first.starts[index]

    def literal(self, start: datetime) -> Any:
        return self.starts[self.first.starts.index(start)]


class TimesModel:
    """cp: the model. Its solutions keep as many of the times in `near` as they can.

    partly: not all need a time, and as many as possible get one.
    """

    def __init__(
        self,
        task: Task,
        options: Mapping[int, Options],
        near: Times,
        *,
        partly: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.near = near
        self.task, self.cp, self.stopped, self.partly = task, cp_model.CpModel(), stopped, partly
        self.origin, self.unit = grid(options.values())
        self._travel = _nearest(task)
        self._places: dict[int, Any] = {}
        self.groups = [self._group(members) for members in self._alike(options)]
        self.of = {its_options.id: group for group in self.groups for its_options in group.members}
        for add in (self._people, self._orders, self._venues, self._facilitators, self._kecamatan):
            self._check()
            add()
        self._as_near_as_possible()
        self.hint(near)

    def forbid(self, times: Times) -> None:
        """Exclude these times together."""
        chosen = {(id(group := self.of[demand]), start): group.literal(start) for demand, start in times.items()}
        self.cp.add_bool_or([~literal for literal in chosen.values()])

    def hint(self, times: Times) -> None:
        self.cp.clear_hints()
        for group in self.groups:
            there = {times[its_options.id] for its_options in group.members if its_options.id in times}
            for index, literal in group.starts.items():
                self.cp.add_hint(literal, group.at(index) in there)

    def read(self, value: Callable[[Any], int]) -> Times:
        """Return the times of a solution. Of demands alike, those whose time in `near` is among theirs get it."""
        found: Times = {}
        for group in self.groups:
            free = [group.at(index) for index, literal in group.starts.items() if value(literal)]
            for its_options in sorted(group.members, key=lambda one: self.near.get(one.id) not in free):
                if free:
                    own = self.near.get(its_options.id)
                    found[its_options.id] = free.pop(free.index(own) if own in free else 0)
        return found

    def _as_near_as_possible(self) -> None:
        weights: dict[int, tuple[Any, int]] = {}
        for group in self.groups:
            times = {self.near[its_options.id] for its_options in group.members if its_options.id in self.near}
            for index, literal in group.starts.items():
                placed = len(self.of) + 1 if self.partly else 0
                if weight := placed + (group.at(index) in times):
                    weights[id(literal)] = literal, weight
        literals, counts = [literal for literal, _ in weights.values()], [weight for _, weight in weights.values()]
        self.cp.maximize(cp_model.LinearExpr.weighted_sum(literals, counts))

    def _check(self) -> None:
        if self.stopped():
            raise Stopped

    # demands

    def _alike(self, options: Mapping[int, Options]) -> Iterable[list[Options]]:
        """Return the demands in groups of which each can be exchanged for another. No two of a group may be at the same time."""
        orders = self.task.orders
        ordered = {id for then, firsts in orders.items() if firsts for id in (then, *firsts)}
        found: dict[tuple, list[Options]] = defaultdict(list)
        for its_options in options.values():
            people = roles_of(its_options.unstaffed.engagements)
            exclusive = any(
                party.is_one_person and party not in its_options.stays and self._blocks(role, role)
                for party, role in people.items()
            )
            travels = self._travel is not None and any(self._travel_blocks(role, role) for role in people.values())
            alone = its_options.id in ordered or travels or not exclusive
            found[(its_options.id,) if alone else _gist(its_options, people)].append(its_options)
        return found.values()

    def _group(self, members: list[Options]) -> Alike:
        self._check()
        first = members[0]
        allowed = _allowed(first)
        literals = {index: self.cp.new_bool_var("") for index in allowed}
        group = Alike(members, roles_of(first.unstaffed.engagements), literals, allowed)
        if self.partly:
            self.cp.add(sum(literals.values()) <= len(members))
        elif len(members) == 1:
            self.cp.add_exactly_one(literals.values())
        else:
            self.cp.add(sum(literals.values()) == len(members))
        return group

    # people

    def _people(self) -> None:
        engaged: dict[Party, list[tuple[Alike, Role]]] = defaultdict(list)
        for group in self.groups:
            for party, role in group.people.items():
                if party.is_one_person:
                    engaged[party].append((group, role))
        done: set[tuple] = set()
        near: dict[tuple[int, int], tuple[Alike, Alike, set[tuple[Stay, Stay]]]] = {}
        for party, users in engaged.items():
            self._check()
            for together in self._cliques(users):
                self._one_at_a_time(party, together, done)
            if self._travel is not None:
                for (one, role), (other, other_role) in combinations(users, 2):
                    if self._blocks(role, other_role) and self._travel_blocks(role, other_role):
                        stays = set(product(one.first.stays_of(party), other.first.stays_of(party)))
                        near.setdefault((one.first.id, other.first.id), (one, other, set()))[2].update(stays)
        for number, (one, other, pairs) in enumerate(near.values()):
            if number % 50 == 0:
                self._check()
            if self._travel is not None and (apart := self._travel(one.first, other.first)):
                for stay, other_stay in pairs:
                    self._keep_apart(one, stay, other, other_stay, apart)

    def _cliques(self, users: list[tuple[Alike, Role]]) -> Iterator[list[Alike]]:
        """Yield those of them of which no two may be at the same time. The rule for two is that of the more important role."""
        common: list[Alike] = []
        for ranks in _RANKS:
            theirs = [(group, role) for group, role in users if role in ranks]
            if theirs and self._blocks(theirs[0][1], theirs[0][1]):
                common += [group for group, _ in theirs]
            elif common:
                yield from ([*common, group] for group, _ in theirs)
        yield common

    def _one_at_a_time(self, party: Party, groups: list[Alike], done: set[tuple]) -> None:
        key = tuple((id(group), group.first.stays.get(party)) for group in groups)
        if key in done or not groups or (len(groups) == 1 and len(groups[0].members) == 1):
            return
        done.add(key)
        uses = [
            Use(literal, group.at(index) + begins, group.at(index) + begins + length)
            for group in groups
            for begins, length in group.first.stays_of(party)
            for index, literal in group.starts.items()
        ]
        for together in at_once([(use.begins, use.ends) for use in uses]):
            literals = [uses[place].literal for place in together]
            self.cp.add_at_most_one({id(literal): literal for literal in literals}.values())

    def _blocks(self, one: Role, other: Role) -> bool:
        return self.task.plan.rules.severity(at_once_kind(one, other)) is Severity.BLOCK

    def _travel_blocks(self, one: Role, other: Role) -> bool:
        return self.task.plan.rules.severity(travel_kind(one, other)) is Severity.BLOCK

    def _keep_apart(self, one: Alike, stay: Stay, other: Alike, other_stay: Stay, apart: timedelta) -> None:
        """Require that much time between these parts of two demands."""
        (begins, length), (other_begins, other_length) = stay, other_stay
        first = self._units(begins + length - other_begins + apart)
        second = self._units(other_begins + other_length - begins + apart)
        at, other_at = self._at(one), self._at(other)
        is_first = self.cp.new_bool_var("")
        enforced = [self._placed(one), self._placed(other)] if self.partly else []
        self.cp.add(other_at >= at + first).only_enforce_if(is_first, *enforced)
        self.cp.add(at >= other_at + second).only_enforce_if(~is_first, *enforced)

    # order

    def _orders(self) -> None:
        for id, firsts in self.task.orders.items():
            for first in (self.of[first] for first in firsts if id in self.of and first in self.of):
                then = self.of[id]
                if self.partly:
                    self.cp.add(sum(then.starts.values()) <= sum(first.starts.values()))
                length = self._units(first.first.unstaffed.length)
                enforced = [self._placed(then)] if self.partly else []
                self.cp.add(self._at(then) >= self._at(first) + length).only_enforce_if(enforced)

    def _at(self, group: Alike) -> Any:
        """Return the start of a demand in units; made when it is asked for first."""
        if group.at_units is None:
            values = {index: (group.at(index) - self.origin) // self.unit for index in group.starts}
            group.at_units = self.cp.new_int_var_from_domain(cp_model.Domain.from_values([*values.values()] or [0]), "")
            for index, literal in group.starts.items():
                self.cp.add(group.at_units == values[index]).only_enforce_if(literal)
        return group.at_units

    def _placed(self, group: Alike) -> Any:
        if group.first.id not in self._places:
            placed = self._places[group.first.id] = self.cp.new_bool_var("")
            self.cp.add(sum(group.starts.values()) == placed)
        return self._places[group.first.id]

    def _units(self, length: timedelta) -> int:
        return -(-length // self.unit)

    # venues and facilitators

    def _venues(self) -> None:
        if self.task.plan.rules.severity(ClashKind.VENUE_TAKEN) is Severity.BLOCK:
            self._at_most(
                Use(group.starts[index], group.at(index), group.at(index) + group.first.unstaffed.length, venues)
                for group in self.groups
                if None not in group.first.venues
                for index, (venues, _) in group.allowed.items()
            )

    def _facilitators(self) -> None:
        if self.task.plan.rules.severity(ClashKind.SPEAKER_TWICE) is Severity.BLOCK:
            self._at_most(
                Use(group.starts[index], group.at(index), group.at(index) + group.first.unstaffed.length, people,
                    group.first.needed)
                for group in self.groups
                if group.first.needed and group.first.demand.facilitator_role in ON_STAGE
                if all(party.is_one_person and party not in group.first.stays for party in group.first.facilitators)
                for index, (_, people) in group.allowed.items()
            )  # fmt: skip

    def _at_most(self, uses: Iterable[Use]) -> None:
        """Require that at each moment no more of a set is used than there is in it."""
        by_set: dict[frozenset[Hashable], list[Use]] = defaultdict(list)
        for use in uses:
            by_set[use.allowed].append(use)
        for whole in sorted({*by_set, *_joined(by_set)}, key=lambda one: (len(one), sorted(map(repr, one))))[
            :SETS_MOST
        ]:
            self._check()
            theirs = [use for allowed, some in by_set.items() if allowed <= whole for use in some]
            for together in at_once([(use.begins, use.ends) for use in theirs]):
                literals, counts = (
                    [theirs[place].literal for place in together],
                    [theirs[place].needed for place in together],
                )
                if sum(counts) > len(whole):
                    if len(whole) == 1:
                        self.cp.add_at_most_one(literals)
                    else:
                        self.cp.add(cp_model.LinearExpr.weighted_sum(literals, counts) <= len(whole))

    # kecamatan

    def _kecamatan(self) -> None:
        if self.task.plan.rules.severity(ClashKind.SAME_KECAMATAN) is not Severity.BLOCK:
            return
        there: dict[tuple, list[Any]] = defaultdict(list)
        for group in self.groups:
            code = _only_kecamatan(self.task, group.first)
            halves = group.first.half_days() if code else []
            for index, literal in group.starts.items() if code else ():
                for half in halves[index]:
                    there[code, half].append(literal)
        for literals in there.values():
            if len(literals) > 1:
                self.cp.add_at_most_one(literals)


def _allowed(options: Options) -> dict[int, Allowed]:
    """Return, by the index of each possible start, the venues and the facilitators that are not forbidden there."""
    venues: dict[int, set[Hashable]] = defaultdict(lambda: set(options.venues))
    people: dict[int, set[Hashable]] = defaultdict(lambda: set(options.facilitators))
    for combination in options.combinations:
        if combination.cost is not None or (combination.venue is None) is (combination.facilitator is None):
            continue
        for index in range(len(options.starts)) if combination.starts is None else combination.starts:
            if combination.venue is not None:
                venues[index].discard(options.venues[combination.venue])
            if combination.facilitator is not None:
                people[index].discard(options.facilitators[combination.facilitator])
    every_venue, everybody = frozenset[Hashable](options.venues), frozenset[Hashable](options.facilitators)
    found = {
        index: (
            frozenset(venues[index]) if index in venues else every_venue,
            frozenset(people[index]) if index in people else everybody,
        )
        for index in range(len(options.starts))
    }
    return {index: allowed for index, allowed in found.items() if allowed[0] and len(allowed[1]) >= options.needed}


def _gist(options: Options, people: Mapping[Party, Role]) -> tuple:
    """Return a key that is equal for demands which can be exchanged."""
    forbidden = frozenset(
        (combination.starts, combination.venue, combination.facilitator)
        for combination in options.combinations
        if combination.cost is None
    )
    return (
        tuple(options.starts), tuple(options.venues), options.unstaffed.length, frozenset(people.items()),
        frozenset(options.stays.items()), options.facilitators, options.needed, options.demand.facilitator_role, forbidden,
        options.unstaffed.kind, options.unstaffed.region_code,
    )  # fmt: skip


def _joined(sets: Iterable[frozenset[Hashable]]) -> list[frozenset[Hashable]]:
    """Return the sets that result when all sets with something in common are joined."""
    found: list[frozenset[Hashable]] = []
    for one in sets:
        touching = [other for other in found if other & one]
        found = [other for other in found if not other & one]
        found.append(one.union(*touching))
    return found


def _only_kecamatan(task: Task, options: Options) -> str | None:
    """Return the kecamatan of a community activity if it is the same in all its venues."""
    if options.unstaffed.kind not in COMMUNITY_KINDS:
        return None
    codes = {kecamatan_at(task.base, options.unstaffed, venue) for venue in options.venues}
    return codes.pop() if len(codes) == 1 else None


def _nearest(task: Task) -> Callable[[Options, Options], timedelta] | None:
    """Return the function that gives the least travel time between two demands; None if no travel time is required."""
    plan, known = task.plan, dict[tuple, int]()
    if not any(plan.rules.severity(kind) is Severity.BLOCK for kind in (ClashKind.SPEAKER_TRAVEL, ClashKind.TRAVEL)):
        return None

    def minutes(one: Options, here: int | None, other: Options, there: int | None) -> int:
        key = (here if here in plan.places else (one.id,), there if there in plan.places else (other.id,))
        if key not in known:
            places = place_of(plan, one.unstaffed, here), place_of(plan, other.unstaffed, there)
            known[key] = known[key[1], key[0]] = needed_min(*places, plan.rules.travel) or 0
        return known[key]

    def nearest(one: Options, other: Options) -> timedelta:
        if set(one.venues) & set(other.venues) - {None}:
            return timedelta(0)
        return timedelta(minutes=min(minutes(one, here, other, there) for here in one.venues for there in other.venues))

    return nearest
