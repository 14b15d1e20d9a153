"""Why not another day: what one activity would cost there while all others stay as proposed, or what forbids it.

Pure functions. Computed on request, for one activity at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from outreach.domain.clashes import Clash, clashes_of
from outreach.domain.planning.plan import Plan, PlannedActivity
from outreach.domain.planning.rules import Severity
from outreach.domain.timetabling.cost import Charge, Ledger, charges, total
from outreach.domain.timetabling.find_options import options_of
from outreach.domain.timetabling.options import Options
from outreach.domain.timetabling.proposal import Proposal, ProposedActivity
from outreach.domain.timetabling.task import Task

VENUES_TRIED = 4


@dataclass(frozen=True, slots=True)
class Alternative:
    """The best option found on another day. starts_at None: it cannot be held on that day, and `blocking` says why.

    blocking is empty if the activity would be too long, too early, too late, or in the wrong order.
    extra: the cost on that day minus the cost of the proposal; above 0 if the proposal is optimal. charges: the cost there.
    """

    day: date
    starts_at: datetime | None = None
    venue_id: int | None = None
    extra: int | None = None
    charges: tuple[Charge, ...] = ()
    blocking: tuple[Clash, ...] = ()


def alternatives(task: Task, proposal: Proposal, activity_id: int) -> list[Alternative]:
    """Return an alternative for each other day of the horizon, with the proposed facilitators.

    Raise KeyError for an activity that the proposal does not schedule.
    """
    placed = {proposed.activity_id: proposed.after for proposed in proposal.proposed}
    own = next((proposed for proposed in proposal.proposed if proposed.activity_id == activity_id), None)
    if own is None:
        raise KeyError(activity_id)
    options = options_of(task.only({activity_id}))[activity_id]
    plan, ledger = task.base.with_(*(activity for id, activity in placed.items() if id != activity_id)), Ledger(task)
    others = (day for day in task.horizon.days if day != own.after.local_start.date())
    return [_on(task, options, own, placed, plan, ledger, proposal.objective, day) for day in others]


def _on(
    task: Task,
    options: Options,
    own: ProposedActivity,
    placed: dict[int, PlannedActivity],
    plan: Plan,
    ledger: Ledger,
    objective: int,
    day: date,
) -> Alternative:
    allowed: list[tuple[int, int, PlannedActivity]] = []
    for cost, activity in _tries(options, own, day):
        near = clashes_of(plan, activity) if _in_order(task, activity, placed) else None
        if near is not None and all(clash.severity is not Severity.BLOCK for clash in near):
            warned = sum(task.wishes.warning(clash.kind) for clash in near)
            allowed.append((cost + warned, len(allowed), activity))
    for _, _, activity in sorted(allowed)[:1]:
        costs = charges(task, {**placed, activity.id: activity}, ledger)
        theirs = tuple(charge for charge in costs if activity.id in charge.activity_ids)
        return Alternative(day, activity.starts_at, activity.venue_id, total(costs) - objective, theirs)
    same_hour = datetime.combine(day, own.after.local_start.time(), tzinfo=own.after.zone)
    clashes = clashes_of(plan, options.planned(same_hour, own.venue_id, own.facilitators))
    return Alternative(day, blocking=tuple(clash for clash in clashes if clash.severity is Severity.BLOCK))


def _tries(options: Options, own: ProposedActivity, day: date) -> Iterator[tuple[int, PlannedActivity]]:
    """Yield the activity at each start of the day with its own cost: same hour first, in its venue and a few others."""
    clock = own.after.local_start.time()
    starts = [place for place, its_day in enumerate(options.days()) if its_day == day]
    starts.sort(key=lambda place: (options.starts[place].time() != clock, options.start_costs[place]))
    costs = dict(zip(options.venues, options.venue_costs, strict=True))
    venues = sorted(costs, key=lambda venue: venue != own.venue_id)[:VENUES_TRIED]
    for place in starts:
        for venue in venues:
            planned = options.planned(options.starts[place], venue, own.facilitators)
            yield options.start_costs[place] + costs[venue], planned


def _in_order(task: Task, activity: PlannedActivity, placed: dict[int, PlannedActivity]) -> bool:
    planned = {**placed, activity.id: activity}
    return all(
        planned[first].ends_at <= planned[id].starts_at
        for id, firsts in task.orders.items()
        for first in firsts
        if activity.id in (id, first) and id in planned and first in planned
    )
