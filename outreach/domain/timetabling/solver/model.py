"""The timetable as a model for OR-Tools' CP-SAT: choices, constraints and costs.

Each demand has one literal for each start, venue and facilitator, and an integer for its start in units since the first one.
pairs.py adds rules between two demands, objective.py costs of several demands. Needs the extra `planner`;
only timetabling/search.py and solver/ import it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from math import gcd
from typing import Any

from ortools.sat.python import cp_model

from outreach.domain.kinds import Role
from outreach.domain.planning.parties import Party, roles_of
from outreach.domain.planning.plan import COMMUNITY_KINDS, PlannedActivity
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.timetabling.cost import Ledger, change_of_facilitator
from outreach.domain.timetabling.options import Options, kecamatan_at
from outreach.domain.timetabling.task import Task, present_choices

Literal = Any  # a BoolVar, its negation, or a bool
UnitStay = tuple[int, int]  # from the start of a demand, and how long, in units
_MOMENT = timedelta(microseconds=1)


class Stopped(Exception):
    """The user pressed stop while the model was being built."""


@dataclass
class DemandVariables:
    """A demand's variables. at: its start in units. placed: whether it is scheduled; True unless it may be left out."""

    options: Options
    unit: timedelta
    length: int
    values: list[int]
    at: Any
    starts: list[Literal]
    venues: list[Literal]
    facilitators: dict[Party, Literal]
    placed: Literal
    days: dict[date, Literal] = field(default_factory=dict)
    roles: dict[Party, Role] = field(default_factory=dict)  # of those engaged whatever is chosen
    kecamatan: dict[str, Literal] = field(default_factory=dict)  # of community activities

    @property
    def id(self) -> int:
        return self.options.id

    @cached_property
    def stays(self) -> dict[Party, tuple[UnitStay, ...]]:
        """Return, of those who have turns, when they are needed."""
        return {
            party: tuple((begins // self.unit, length // self.unit) for begins, length in stays)
            for party, stays in self.options.stays.items()
        }

    def stays_of(self, party: Party) -> tuple[UnitStay, ...]:
        return self.stays.get(party, (self.whole,))

    @property
    def whole(self) -> UnitStay:
        return 0, self.length

    @cached_property
    def people(self) -> dict[Party, tuple[Role, Literal]]:
        """Return who is or may be there, in which role, and the literal that is true if they are."""
        found: dict[Party, tuple[Role, Literal]] = {party: (role, self.placed) for party, role in self.roles.items()}
        role = self.options.demand.facilitator_role
        return found | {party: (role, literal) for party, literal in self.facilitators.items()}


class Model:
    """cp: the CP-SAT model. choices: by activity id. droppable: each demand may be left out (its literal `placed`)."""

    def __init__(
        self,
        task: Task,
        options: dict[int, Options],
        *,
        droppable: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.task, self.cp, self.stopped = task, cp_model.CpModel(), stopped
        self.ledger = Ledger(task)
        self.costs: list[tuple[int, Any]] = []
        self.constant = 0
        self.origin, self.unit = grid(options.values())
        self.choices = {id: self._choice(one, droppable) for id, one in options.items()}

    # building blocks

    def clause(self, *literals: Literal) -> None:
        """Require at least one of them; True and False are handled."""
        if not any(literal is True for literal in literals):
            self.cp.add_bool_or([literal for literal in literals if literal is not False])

    def new(self) -> Literal:
        return self.cp.new_bool_var("")

    def both(self, one: Literal, other: Literal) -> Literal:
        """Return a literal that is true if both are. It may also be true otherwise if that costs nothing."""
        if one is True or other is True:
            return other if one is True else one
        if one is False or other is False:
            return False
        met = self.new()
        self.cp.add_bool_or([no(one), no(other), met])
        return met

    def any_of(self, literals: list[Literal]) -> Literal:
        """Return a literal equal to the sum of literals that exclude each other."""
        if not literals:
            return False
        if len(literals) == 1:
            return literals[0]
        if any(literal is True for literal in literals):
            return True
        met = self.new()
        self.cp.add(sum(literals) == met)
        return met

    def one_at_a_time(self, party: Party) -> bool:
        """Return whether a rule forbids this person to be on stage in two activities at the same time."""
        return party.is_one_person and self.task.plan.rules.severity(ClashKind.SPEAKER_TWICE) is Severity.BLOCK

    def cost(self, weight: int, literal: Literal) -> None:
        if not weight or literal is False:
            return
        if literal is True:
            self.constant += weight
        else:
            self.costs.append((weight, literal))

    def minimize(self) -> None:
        """Minimize the sum of the costs, constants included."""
        weights, variables = [weight for weight, _ in self.costs], [variable for _, variable in self.costs]
        self.cp.minimize(cp_model.LinearExpr.weighted_sum(variables, weights) + self.constant)

    def check(self) -> None:
        if self.stopped():
            raise Stopped

    # one demand

    def _choice(self, options: Options, droppable: bool) -> DemandVariables:
        self.check()
        values = [(start - self.origin) // self.unit for start in options.starts]
        placed = self.new() if droppable else True
        at = self.cp.new_int_var_from_domain(cp_model.Domain.from_values(values or [0]), "")
        starts = self._exactly(1, len(values), placed)
        for value, literal in zip(values, starts, strict=True):
            if literal is not True:
                self.cp.add(at == value).only_enforce_if(literal)
        venues = self._exactly(1, len(options.venues), placed)
        team = self._exactly(options.needed, len(options.facilitators), placed) if options.needed else []
        facilitators = dict(zip(options.facilitators, team, strict=True)) if options.needed else {}
        length = options.unstaffed.length // self.unit
        roles = roles_of(options.unstaffed.engagements)
        choice = DemandVariables(
            options, self.unit, length, values, at, starts, venues, facilitators, placed, roles=roles
        )
        self._days_into(choice)
        self._kecamatan_into(choice)
        self._combinations_of(choice)
        return choice

    def _exactly(self, count: int, of: int, placed: Literal) -> list[Literal]:
        if of == count and placed is True:
            return [True] * of
        literals = [self.new() for _ in range(of)]
        if count == 1 and placed is True:
            self.cp.add_exactly_one(literals)
        elif placed is True:
            self.cp.add(sum(literals) == count)
        else:
            self.cp.add(sum(literals) == count * placed)
        return literals

    def _days_into(self, choice: DemandVariables) -> None:
        on = defaultdict(list)
        for day, literal in zip(choice.options.days(), choice.starts, strict=True):
            on[day].append(literal)
        choice.days = {day: self.any_of(literals) for day, literals in on.items()}

    def _kecamatan_into(self, choice: DemandVariables) -> None:
        if choice.options.unstaffed.kind not in COMMUNITY_KINDS:
            return
        within = defaultdict(list)
        for venue, literal in zip(choice.options.venues, choice.venues, strict=True):
            if code := kecamatan_at(self.task.base, choice.options.unstaffed, venue):
                within[code].append(literal)
        for code, literals in within.items():
            everywhere = len(literals) == len(choice.venues)
            choice.kecamatan[code] = choice.placed if everywhere else self.any_of(literals)

    def _combinations_of(self, choice: DemandVariables) -> None:
        options = choice.options
        for literal, cost in zip(choice.starts, options.start_costs, strict=True):
            self.cost(cost, literal)
        for literal, cost in zip(choice.venues, options.venue_costs, strict=True):
            self.cost(cost, literal)
        for combination in options.combinations:
            starts = (
                [choice.starts[place] for place in sorted(combination.starts)]
                if combination.starts is not None
                else [choice.placed]
            )
            others = [] if combination.venue is None else [choice.venues[combination.venue]]
            if combination.facilitator is not None:
                others.append(choice.facilitators[options.facilitators[combination.facilitator]])
            together = [no(other) for other in others]
            if combination.cost is None:
                for start in starts:
                    self.clause(no(start), *together)
            else:
                met = self.new()
                for start in starts:
                    self.clause(no(start), *together, met)
                self.cost(combination.cost, met)
        if let_go := change_of_facilitator(self.task, options.demand, options.present):
            for party in present_choices(options.demand, options.present):
                self.cost(let_go, choice.placed)
                self.cost(-let_go, choice.facilitators[party])

    # solutions

    def hint(self, placed: dict[int, PlannedActivity]) -> None:
        """Give the search this timetable as a starting point."""
        for id, activity in placed.items():
            choice = self.choices[id]
            there = roles_of(activity.engagements)
            wanted = [
                *zip(choice.starts, (start == activity.starts_at for start in choice.options.starts), strict=True),
                *zip(choice.venues, (venue == activity.venue_id for venue in choice.options.venues), strict=True),
                *((literal, party in there) for party, literal in choice.facilitators.items()),
            ]
            for literal, value in wanted:
                if literal is not True:
                    self.cp.add_hint(literal, value)
            if activity.starts_at in choice.options.starts:
                self.cp.add_hint(choice.at, choice.values[choice.options.starts.index(activity.starts_at)])

    def read(self, value: Callable[[Any], int]) -> dict[int, PlannedActivity]:
        """Return the timetable of a solution. value: returns a variable's value."""

        def holds(literal: Literal) -> bool:
            return literal is True or (literal is not False and bool(value(literal)))

        found = {}
        for id, choice in self.choices.items():
            if holds(choice.placed):
                options = choice.options
                start = options.starts[choice.values.index(value(choice.at))]
                venue = next(
                    its_venue
                    for its_venue, literal in zip(options.venues, choice.venues, strict=True)
                    if holds(literal)
                )
                team = [party for party, literal in choice.facilitators.items() if holds(literal)]
                found[id] = options.planned(start, venue, team)
        return found


def no(literal: Literal) -> Literal:
    """Return the negation."""
    return (not literal) if isinstance(literal, bool) else ~literal


def grid(options: Iterable[Options]) -> tuple[datetime, timedelta]:
    """Return the first start, and the longest unit that divides all distances of starts, all lengths and all turns."""
    options = list(options)
    starts = [start for its_options in options for start in its_options.starts]
    origin = min(starts, default=options[0].present.starts_at)
    moments = 0
    for start in set(starts):
        moments = gcd(moments, (start - origin) // _MOMENT)
    for its_options in options:
        moments = gcd(moments, its_options.unstaffed.length // _MOMENT)
        for stays in its_options.stays.values():
            moments = gcd(moments, *(part // _MOMENT for stay in stays for part in stay))
    return origin, max(moments, 1) * _MOMENT
