"""Making a large placement better bit by bit: a few activities are taken out, and each put back where it costs least by then.

So it goes again and again. A worse placement is let pass now and then, ever more seldom, so that the way does not end in the
first hollow.

"Ruin and recreate" under simulated annealing (Schrimpf and others, Journal of Computational Physics 159, 2000). Pure but for
measuring how long it takes.
"""

import time
from collections.abc import Callable
from math import log
from random import Random

from outreach.domain.kinds import ON_STAGE
from outreach.domain.planning.parties import Party, roles_of
from outreach.domain.timetabling.heuristic.draft import Draft, Placed
from outreach.domain.timetabling.options import Options
from outreach.domain.timetabling.task import Effort, Task

TOGETHER = 8  # activities taken out at once, at most
PASSED_OVER = 0.03  # of the starts, so that the same is not found each time
WARM, COLD = 3.0, 0.3  # how much worse a placement may be to pass, on the average, at the beginning and at the end
TELLS_S = 0.5
_ROUNDS_PER_S = 60  # where the answer is to be repeatable


def improve(
    task: Task,
    options: dict[int, Options],
    placed: Placed,
    effort: Effort,
    seconds: float,
    stopped: Callable[[], bool],
    tell: Callable[..., None],
) -> Placed:
    """Return a placement of the same activities that costs no more, after so many seconds.

    placed: some of the task's, or all. tell: called with placed= at better ones, twice a second at most, and at last.
    Where it is to be repeatable, the seconds are so many rounds.
    """
    draft, draw = Draft(task, options), Random(effort.seed)  # noqa: S311
    for one in placed.values():
        draft.put(one)
    best, cost, least = dict(placed), 0, 0  # costs: beside what it began with
    began = told_at = time.monotonic()
    told, rounds = best, 0
    while not stopped():
        gone = rounds / _ROUNDS_PER_S if effort.repeatable else time.monotonic() - began
        if gone >= seconds:
            break
        spent = gone / seconds
        worse_by = -log(1 - draw.random()) * WARM * (COLD / WARM) ** spent
        cost += _again(draft, _together(draft, draw), int(worse_by), draw)
        rounds += 1
        if cost < least:
            best, least = dict(draft.placed), cost
        if best is not told and time.monotonic() - told_at > TELLS_S:
            told, told_at = best, time.monotonic()
            tell(placed=told)
    if best is not told:
        tell(placed=best)
    return best


def _together(draft: Draft, draw: Random) -> list[int]:
    """Return ids of some that share a person or a day, or of any."""
    ids = list(draft.placed)
    seed = draft.placed[draw.choice(ids)]
    chosen = draw.random()
    on_stage = [party for party, role in roles_of(seed.engagements).items() if role in ON_STAGE]
    if chosen < 0.5 and on_stage:
        near = _with(draft, draw.choice(on_stage), ids)
    elif chosen < 0.8:
        day = seed.local_start.date()
        near = [id for id in ids if draft.placed[id].local_start.date() == day]
    else:
        near = ids
    found = draw.sample(near, min(len(near), draw.randint(2, TOGETHER)))
    return found if len(found) > 1 else [*found, *draw.sample(ids, min(len(ids), 2))]


def _with(draft: Draft, party: Party, ids: list[int]) -> list[int]:
    return [id for id in ids if any(one.party == party for one in draft.placed[id].engagements)]


def _again(draft: Draft, ids: list[int], worse_by: int, draw: Random) -> int:
    """Place these anew, and return what that costs more; leave them as they are where it were more than `worse_by`."""
    old, left = [], worse_by
    for id in dict.fromkeys(ids):
        planned = draft.take_out(id)
        old.append(planned)
        left += draft.cost_of(draft.options[id], planned)
    new = []
    for planned in draw.sample(old, len(old)):
        found = draft.best(draft.options[planned.id], left + 1, lambda: draw.random() < PASSED_OVER)
        if found is None:
            break
        left -= found[0]
        new.append(found[1])
        draft.put(found[1])
    if len(new) == len(old):
        return worse_by - left
    for planned in new:
        draft.take_out(planned.id)
    for planned in old:
        draft.put(planned)
    return 0
