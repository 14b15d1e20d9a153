"""The first proposal: one activity after the other, each where it costs least at that moment.

Pure, and without the extra `planner`. domain/clashes says whether a time is allowed. It returns the activities that it could
schedule. It proves nothing; timetabling/search.py does.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from heapq import heapify, heappop, heappush

from outreach.domain.timetabling.find_options import options_of
from outreach.domain.timetabling.heuristic.draft import Draft, PlacedActivities
from outreach.domain.timetabling.options import Options
from outreach.domain.timetabling.task import Task

ROUNDS = 6


def place_greedily(
    task: Task,
    options: dict[int, Options] | None = None,
    stopped: Callable[[], bool] = lambda: False,
    *,
    rounds: int = ROUNDS,
) -> PlacedActivities:
    """Return the scheduled activities by id. None breaks a rule.

    Activities with few starts come first, after their predecessors. If some cannot be scheduled, it tries again with these first,
    in as many rounds, and keeps the best try.
    """
    options = options or options_of(task)
    pressing: Counter[int] = Counter()
    best: PlacedActivities = {}
    for _ in range(rounds):
        placed = _placed(Draft(task, options), _in_order(task, options, pressing), stopped)
        if len(placed) > len(best):
            best = placed
        missing = task.ids - placed.keys()
        if not missing or stopped():
            break
        pressing.update(missing)
    return best


def _in_order(task: Task, options: dict[int, Options], pressing: Counter[int]) -> list[Options]:
    """Return the options of the activities to schedule, predecessors first.

    A cycle is broken at any point; its activities are not scheduled.
    """

    def urgency(id: int) -> tuple:
        its_options = options[id]
        return (
            -pressing[id],
            len(its_options.starts) * max(1, len(its_options.venues)),
            -its_options.unstaffed.length.total_seconds(),
            id,
        )

    waiting = {id: set(firsts) & options.keys() for id, firsts in task.orders.items() if id in options}
    before_pressing = _ancestors(waiting, pressing)
    order = {id: (id not in before_pressing, *urgency(id)) for id in waiting}
    followers: dict[int, list[int]] = defaultdict(list)
    for id, firsts in waiting.items():
        for first in firsts:
            followers[first].append(id)
    ready = [(order[id], id) for id, firsts in waiting.items() if not firsts]
    heapify(ready)
    following: list[Options] = []
    while waiting:
        chosen = heappop(ready)[1] if ready else min(waiting, key=order.__getitem__)
        following.append(options[chosen])
        del waiting[chosen]
        for id in followers[chosen]:
            if id in waiting:
                waiting[id].remove(chosen)
                if not waiting[id]:
                    heappush(ready, (order[id], id))
    return following


def _ancestors(before: dict[int, set[int]], pressing: Counter[int]) -> set[int]:
    """Return the predecessors of the pressing activities, and the predecessors of these."""
    found, ahead = set[int](), list(pressing)
    while ahead:
        for id in before.get(ahead.pop(), ()):
            if id not in found:
                found.add(id)
                ahead.append(id)
    return found


def _placed(draft: Draft, following: list[Options], stopped: Callable[[], bool]) -> PlacedActivities:
    """Schedule one activity after the other. An activity that must follow one without a time gets no time either."""
    for options in following:
        if stopped():
            break
        firsts_placed = all(id in draft.placed for id in draft.task.orders[options.id])
        if firsts_placed and (found := draft.best(options)):
            draft.put(found[1])
    return draft.placed
