"""What was asked for to come after what, and would not where only some of a proposal is taken. Values only."""

from collections.abc import Iterable

from outreach.domain.planning.plan import Plan, PlannedActivity
from outreach.services.timetabling.request import Request

Titles = tuple[str, str]  # of the one that was to come after, and of the one before it


def out_of_order(request: Request, plan: Plan, after: Iterable[PlannedActivity]) -> tuple[Titles, ...]:
    """Return which two these would bring out of order, as the plan stands else. What is so already is left out."""
    now, then = plan.activities, plan.with_(*after).activities
    return tuple(
        (then[id].title, then[first].title)
        for id, first in request.orders
        if id in now and first in now and now[first].ends_at <= now[id].starts_at
        if then[first].ends_at > then[id].starts_at
    )
