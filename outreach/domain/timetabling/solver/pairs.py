"""The rules between two demands in the model: order, shared venue, shared kecamatan, and shared people.

These repeat the rules that domain/clashes checks between two activities. Blocked kinds are forbidden; warned ones cost.
"""

from collections import defaultdict
from itertools import combinations

from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.timetabling.solver.model import DemandVariables, Literal, Model, no
from outreach.domain.timetabling.solver.order import Pair, one_at_a_time
from outreach.domain.timetabling.solver.shared_people import share_people


def add_rules(model: Model) -> None:
    """Add the constraints between demands, and the costs of clashes that only warn."""
    _order(model)
    _venues(model)
    _kecamatan(model)
    share_people(model)


def _order(model: Model) -> None:
    for choice in model.choices.values():
        for id in model.task.orders[choice.id]:
            if (first := model.choices.get(id)) is not None:
                enforced = [literal for literal in (choice.placed, first.placed) if literal is not True]
                model.cp.add(choice.at >= first.at + first.length).only_enforce_if(enforced)


# venues


def _venues(model: Model) -> None:
    severity = model.task.plan.rules.sought(ClashKind.VENUE_TAKEN)
    if severity is None:
        return
    held: dict[int, list[tuple[DemandVariables, Literal]]] = defaultdict(list)
    for choice in model.choices.values():
        for venue, literal in zip(choice.options.venues, choice.venues, strict=True):
            if venue is not None:
                held[venue].append((choice, literal))
    if severity is Severity.BLOCK:
        for users in held.values():
            one_at_a_time(model, [(choice, literal, choice.whole) for choice, literal in users])
        return
    weight = model.task.wishes.warning(ClashKind.VENUE_TAKEN)
    shared: dict[tuple[int, int], list[tuple[Literal, Literal]]] = defaultdict(list)
    for users in held.values():
        for (one, here), (other, there) in combinations(users, 2):
            shared[one.id, other.id].append((here, there))
    for (id, other_id), literals in shared.items() if weight else ():
        pair = Pair(model, model.choices[id], model.choices[other_id])
        if pair.can_overlap:
            clash = model.new()
            for here, there in literals:
                model.clause(no(here), no(there), pair.first(0), pair.second(0), clash)
            model.cost(weight, clash)


# kecamatan


def _kecamatan(model: Model) -> None:
    severity = model.task.plan.rules.sought(ClashKind.SAME_KECAMATAN)
    weight = model.task.wishes.warning(ClashKind.SAME_KECAMATAN)
    if severity is None or (severity is Severity.WARN and not weight):
        return
    there: dict[tuple, dict[int, Literal]] = defaultdict(dict)
    for choice in model.choices.values():
        if not choice.kecamatan:
            continue
        halves = defaultdict(list)
        for literal, taken in zip(choice.starts, choice.options.half_days(), strict=True):
            for half in taken:
                halves[half].append(literal)
        for half, starts in halves.items():
            within = model.any_of(starts)
            for code, literal in choice.kecamatan.items():
                sure = literal is choice.placed  # if scheduled, it is in this kecamatan in any case
                there[code, half][choice.id] = within if sure else model.both(within, literal)
    if severity is Severity.BLOCK:
        for literals in there.values():
            if len(literals) > 1:
                model.cp.add_at_most_one(literals.values())
        return
    clashes: dict[tuple[int, int], Literal] = {}
    for literals in there.values():
        for (id, here), (other_id, also) in combinations(literals.items(), 2):
            if (id, other_id) not in clashes:
                clashes[id, other_id] = model.new()
                model.cost(weight, clashes[id, other_id])
            model.clause(no(here), no(also), clashes[id, other_id])
