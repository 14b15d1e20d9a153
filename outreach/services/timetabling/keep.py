"""Keeping what a search has found so far, in the shape that timetabling/result.py describes and reads."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from outreach.domain.clashes import Clash, find_clashes
from outreach.domain.planning.parties import Party, roles_of
from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.timetabling import Conflict, Outcome, Proposal, ProposedActivity, Task, Term, applied
from outreach.services.planning.clashes import identity


def written(
    task: Task, versions: Mapping[int, int], proposal: Proposal | None, outcome: Outcome | None = None
) -> dict[str, Any]:
    """Return the JSON. outcome: of a search that has ended."""
    found: dict[str, Any] = {
        "titles": {str(id): task.plan.activities[id].title for id in sorted(_named(task))},
        "taken": [],
    }
    if outcome is not None:
        found["status"] = outcome.status.value
        found["conflicts"] = [_conflict(one, task) for one in outcome.conflicts]
    if proposal is None:
        return found
    was = {identity(one) for one in find_clashes(task.plan, among=task.ids)}
    after = applied(task.base, proposal.placements)
    will = {identity(one) for one in find_clashes(after, among=[one.activity_id for one in proposal.placements])}
    found |= {
        "lines": [_line(one, task, versions, was) for one in proposal.placements],
        "unplaced": list(proposal.unplaced),
        "costs": {term.value: cost for term, cost in proposal.costs.items()},
        "objective": proposal.objective,
        "present": proposal.present,
        "is_enough": _is_enough(task),
        "bound": proposal.bound,
        "solved": len(was - will),
    }
    return found


def _named(task: Task) -> frozenset[int]:
    """Return the ids of those to be placed, and of those that stay and are in order with one of them."""
    in_order = {id for demand in task.demands for id in (*demand.after, *demand.before)}
    return task.ids | (in_order & task.plan.activities.keys())


def _is_enough(task: Task) -> bool:
    """Return whether the present plan has the facilitators, the order and the days that are asked for."""
    for demand in task.demands:
        activity = task.activity(demand)
        there = roles_of(activity.engagements)
        if demand.facilitators and sum(one in there for one in demand.facilitators) < demand.facilitators_needed:
            return False
        firsts = [task.plan.activities[id] for id in demand.after if id in task.plan.activities]
        thens = [task.plan.activities[id] for id in demand.before if id in task.plan.activities]
        if any(first.ends_at > activity.starts_at for first in firsts):
            return False
        if any(activity.ends_at > then.starts_at for then in thens):
            return False
        day = activity.local_start.date()
        if day not in task.horizon.days or not (demand.first_on or day) <= day <= (demand.last_on or day):
            return False
    return True


def _line(one: ProposedActivity, task: Task, versions: Mapping[int, int], was: Collection[Any]) -> dict[str, Any]:
    there = roles_of(one.before.engagements)
    present = (*(party for party in one.facilitators if party in there), *one.let_go)
    return {
        "id": one.activity_id,
        "title": one.before.title,
        "version": versions.get(one.activity_id, 0),
        "state": one.before.state.value,
        "zone": one.before.zone.key,
        "before": _spot(one.before, present),
        "after": _spot(one.after, one.facilitators),
        "let_go": _people(one.let_go),
        "reasons": [
            {"kind": why.kind.value, "ids": list(why.activity_ids), "who": why.party.name if why.party else "",
             "day": why.day and why.day.isoformat()}
            for why in one.reasons
        ],
        "costs": [
            {"term": charge.term.value, "cost": charge.cost, "units": charge.units,
             "who": charge.party.name if charge.party else "", "day": charge.day and charge.day.isoformat()}
            for charge in one.charges
            if charge.term is not Term.WARNING
        ],
        "warnings": [_note(found, one.activity_id, identity(found) not in was) for found in one.clashes],
    }  # fmt: skip


def _spot(activity: PlannedActivity, people: Iterable[Party]) -> dict[str, Any]:
    return {
        "starts_at": activity.starts_at.isoformat(),
        "ends_at": activity.ends_at.isoformat(),
        "venue_id": activity.venue_id,
        "people": _people(people),
    }


def _people(parties: Iterable[Party]) -> list[Any]:
    return [[party.key, party.name] for party in parties]


def _note(clash: Clash, about: int | None, is_new: bool = True) -> dict[str, Any]:
    why = clash.absence.reason if clash.absence else clash.day_off.name if clash.day_off else ""
    day = clash.day or clash.activities[0].local_start.date()
    return {
        "kind": clash.kind.value,
        "new": is_new,
        "day": day.isoformat(),
        "who": clash.party.name if clash.party else "",
        "where": clash.place.name if clash.place else "",
        "titles": [one.title for one in clash.activities if one.id != about],
        "why": why,
    }


def _conflict(one: Conflict, task: Task) -> dict[str, Any]:
    return {
        "ids": list(one.activity_ids),
        "minimal": one.is_minimal,
        "causes": [
            {
                "kind": cause.kind.value,
                "ids": list(cause.activity_ids),
                "rule": cause.rule and cause.rule.value,
                "people": [party.name for party in cause.parties],
                "venues": list(cause.venue_ids),
                "kecamatan": list(cause.kecamatan_codes),
                "examples": [_note(found, next((id for id in found.ids if id in task.ids), None)) for found in cause.clashes],
            }
            for cause in one.causes
        ],
    }  # fmt: skip
