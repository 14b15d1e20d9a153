"""The costs of several demands together in the model: full days, full kecamatan, trips, and uneven shares.

Also adds cuts that a solver would not find: the number of activities on a day implies how many people must travel.
They change no answer, but much more can be proven with them. Needs the extra `planner`.
"""

from collections import defaultdict
from datetime import date

from outreach.domain.kinds import ON_STAGE
from outreach.domain.planning.parties import Party
from outreach.domain.timetabling.cost import even_share, pools_of
from outreach.domain.timetabling.heuristic.lower_bound import most_on
from outreach.domain.timetabling.solver.model import DemandVariables, Literal, Model, no
from outreach.domain.timetabling.task import Demand


def add_wishes(model: Model) -> None:
    """Add the costs. Call it once, after the rules."""
    steps = _full_days(model)
    model.check()
    _full_kecamatan(model)
    model.check()
    trips = _Trips(model)
    trips.add()
    for pool, demands in pools_of(model.task).items():
        _shares(model, pool, demands)
        trips.of_pool(pool, demands, steps)


def _full_days(model: Model) -> dict[date, tuple[frozenset[int], list[Literal]]]:
    """Add the cost of two activities on one day. Return by day the possible ids and literals: at least one, at least two, …"""
    weight, found = model.task.wishes.spread_days, {}
    on_day: dict[date, dict[int, Literal]] = defaultdict(dict)
    for choice in model.choices.values():
        for day, literal in choice.days.items():
            on_day[day][choice.id] = literal
    for day, literals in on_day.items():
        there = model.ledger.by_day[day]
        steps = _steps(model, list(literals.values()))
        for number, step in enumerate(steps):
            model.cost(weight * (number + there), step)
        found[day] = frozenset(literals), steps
    return found


def _steps(model: Model, literals: list[Literal]) -> list[Literal]:
    """Return one literal for each count: true if at least that many of the literals are."""
    if len(literals) == 1:
        return literals
    steps = [model.new() for _ in literals]
    model.cp.add(sum(steps) == sum(literals))
    for more, fewer in zip(steps[1:], steps[:-1], strict=True):
        model.cp.add_implication(more, fewer)
    return steps


def _full_kecamatan(model: Model) -> None:
    weight = model.task.wishes.spread_kecamatan
    if not weight:
        return
    within: dict[tuple[str, date], list[Literal]] = defaultdict(list)
    for choice in model.choices.values():
        for code, there in choice.kecamatan.items():
            for day, literal in choice.days.items():
                within[code, day].append(literal if there is choice.placed else model.both(literal, there))
    for key, literals in within.items():
        there = model.ledger.by_kecamatan[key]
        for number, step in enumerate(_at_least(model, literals)):
            model.cost(weight * (number + there), step)


def _at_least(model: Model, literals: list[Literal]) -> list[Literal]:
    """Return steps that are true for at least as many literals as are true. The cost keeps the solver from setting more."""
    if len(literals) == 1:
        return literals
    steps = [model.new() for _ in literals]
    model.cp.add(sum(steps) >= sum(literals))
    for more, fewer in zip(steps[1:], steps[:-1], strict=True):
        model.cp.add_implication(more, fewer)
    return steps


class _Trips:
    """The trips of each day. `out` holds a literal for each person and day on which it would be a trip."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.weight = model.task.wishes.trips
        self.out: dict[tuple[Party, date], Literal] = {}
        self.on: dict[tuple[Party, date], list[tuple[DemandVariables, Literal]]] = defaultdict(list)

    def add(self) -> None:
        if not self.weight:
            return
        for choice in self.model.choices.values():
            for party, role in choice.roles.items():
                if party.is_one_person and role in ON_STAGE:
                    for day, literal in choice.days.items():
                        self.on[party, day].append((choice, literal))
            self._chosen(choice)
        for (party, day), users in self.on.items():
            if day not in self.model.ledger.days_of(party):
                self._trip(party, day, users)

    def _chosen(self, choice: DemandVariables) -> None:
        """Split the literal of each chosen facilitator by day, so that the sums over days and people match."""
        if choice.options.demand.facilitator_role not in ON_STAGE:
            return
        split: dict[Party, list[Literal]] = defaultdict(list)
        for day, literal in choice.days.items():
            parts = []
            for party, there in choice.facilitators.items():
                part = literal if there is True else there if literal is True else self.model.new()
                parts.append(part)
                split[party].append(part)
                if party.is_one_person:
                    self.on[party, day].append((choice, part))
            self.model.cp.add(sum(parts) == choice.options.needed * literal)
        for party, parts in split.items():
            self.model.cp.add(sum(parts) == choice.facilitators[party])

    def _trip(self, party: Party, day: date, users: list[tuple[DemandVariables, Literal]]) -> None:
        trip = users[0][1] if len(users) == 1 else self.model.new()
        if len(users) > 1:
            for _, literal in users:
                self.model.clause(no(literal), trip)
            most = most_on(day, [choice.options for choice, _ in users], party)
            if most < len(users) and self.model.one_at_a_time(party):
                self.model.cp.add(sum(literal for _, literal in users) <= most * trip)
        self.out[party, day] = trip
        self.model.cost(self.weight, trip)

    def of_pool(
        self, pool: frozenset[Party], demands: list[Demand], steps: dict[date, tuple[frozenset[int], list[Literal]]]
    ) -> None:
        """Require that enough people of the pool travel for the day's activities."""
        choices = [self.model.choices[demand.activity_id] for demand in demands if demand.facilitator_role in ON_STAGE]
        needed = {choice.options.needed for choice in choices}
        if not self.weight or needed != {1} or any(choice.placed is not True for choice in choices):
            return
        for day in sorted({day for choice in choices for day in choice.days}):
            users = [choice for choice in choices if day in choice.days]
            theirs = [choice.options for choice in users]
            going = [self.out[party, day] for party in pool if (party, day) in self.out]
            fit = [most_on(day, theirs, party) if self.model.one_at_a_time(party) else len(users) for party in pool]
            if len(going) < len(pool) or not fit or len(users) < 2:
                continue  # somebody is there anyway
            on_day, counted = steps[day]
            if on_day != frozenset(choice.id for choice in users):
                counted = _steps(self.model, [choice.days[day] for choice in users])
            most = max(fit)
            self.model.cp.add(sum(going) >= sum(counted[:: max(most, 1)]))


def _shares(model: Model, pool: frozenset[Party], demands: list[Demand]) -> None:
    if not (weight := model.task.wishes.share):
        return
    share = even_share(pool, demands)
    for party in sorted(pool, key=lambda party: (party.kind, str(party.key))):
        literals = [model.choices[demand.activity_id].facilitators[party] for demand in demands]
        if len(literals) > share:
            above = model.cp.new_int_var(0, len(literals) - share, "")
            model.cp.add(above >= sum(literals) - share)
            model.costs.append((weight, above))
