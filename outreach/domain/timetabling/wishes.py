"""What a time or a venue costs by itself: preferred hours, notice, Ramadan, and changing what is planned at present.

Pure. Units times the wish's weight; what several activities cost together is timetabling/cost.py's.
"""

from datetime import date, datetime, time, timedelta

from outreach.domain.planning.plan import PlannedActivity
from outreach.domain.reminders import days_ahead
from outreach.domain.timetabling.task import HOURS_UNIT_MIN, Demand, Task

ANOTHER_DAY, ANOTHER_HOUR, ANOTHER_VENUE, ANOTHER_FACILITATOR = 2, 1, 1, 1


def of_time(task: Task, demand: Demand, planned: PlannedActivity) -> int:
    """Return what the hours, the notice and the nearness of Ramadan cost together."""
    wishes = task.wishes
    return (
        wishes.hours_weight * half_hours_outside(task, demand, planned)
        + wishes.notice * days_short(task, planned)
        + wishes.ramadan * days_into_ramadan(task, planned)
    )


def half_hours_outside(task: Task, demand: Demand, planned: PlannedActivity) -> int:
    """Return how many half hours of it, begun ones counted, lie before or after the preferred hours, or in the noon break that
    it could do without.
    """
    hours = demand.hours or task.wishes.hours
    if hours is None:
        return 0
    early = _at(planned.days[0], hours[0], planned) - planned.starts_at
    late = planned.ends_at - _at(planned.days[-1], hours[1], planned)
    unit = timedelta(minutes=HOURS_UNIT_MIN)
    return sum(-(-max(outside, timedelta(0)) // unit) for outside in (early, late, _at_noon(task, planned)))


def _at_noon(task: Task, planned: PlannedActivity) -> timedelta:
    """Return how much of its first day's break it takes; none of one that is too long to lie before or after it."""
    day = planned.days[0]
    hours = task.plan.hours_on(day)
    begins, ends = (_at(day, hour, planned) for hour in (hours.break_from, hours.break_until))
    room = max(begins - _at(day, hours.opens, planned), _at(day, hours.closes, planned) - ends)
    if planned.length > room:
        return timedelta(0)
    return min(planned.ends_at, ends) - max(planned.starts_at, begins)


def days_short(task: Task, planned: PlannedActivity) -> int:
    """Return how many days fewer than wished people are told ahead."""
    ahead = days_ahead(planned.starts_at, planned.told_at or task.plan.now, planned.zone)
    return max(0, task.wishes.notice_days - max(ahead, 0))


def days_into_ramadan(task: Task, planned: PlannedActivity) -> int:
    """Return how many days it lies past the day by which all should be done before the next Ramadan; 0 without one."""
    deadline = ramadan_deadline(task)
    return max(0, (planned.local_start.date() - deadline).days) if deadline else 0


def ramadan_deadline(task: Task) -> date | None:
    """Return the last day that still counts as before Ramadan: of the first that does not begin before the days given."""
    first_day = task.horizon.days[0]
    ahead = [ramadan.first for ramadan in task.plan.calendar.ramadans if ramadan.first >= first_day]
    return min(ahead) - timedelta(days=task.wishes.ramadan_margin_days + 1) if ahead else None


def change_of_time(task: Task, demand: Demand, present: PlannedActivity, start: datetime) -> int:
    """Return what it costs to begin then rather than as planned."""
    return task.wishes.change * told_factor(task, demand, present) * units_of_time(present, start)


def units_of_time(present: PlannedActivity, start: datetime) -> int:
    if start == present.starts_at:
        return 0
    same_day = start.astimezone(present.zone).date() == present.local_start.date()
    return ANOTHER_HOUR if same_day else ANOTHER_DAY


def change_of_venue(task: Task, demand: Demand, present: PlannedActivity, venue_id: int | None) -> int:
    """Return what it costs to hold it there rather than as planned; to give it a venue where it has none is no change."""
    changed = present.venue_id is not None and venue_id != present.venue_id
    return task.wishes.change * told_factor(task, demand, present) * ANOTHER_VENUE * changed


def change_of_facilitator(task: Task, demand: Demand, present: PlannedActivity) -> int:
    """Return what it costs to let one facilitator go."""
    return task.wishes.change * told_factor(task, demand, present) * ANOTHER_FACILITATOR


def told_factor(task: Task, demand: Demand, present: PlannedActivity) -> int:
    """Return how much a change counts: nothing for what was never planned, more for what people know of."""
    if demand.is_new:
        return 0
    return task.wishes.told_factor if present.told_at is not None else 1


def _at(day: date, clock: time, planned: PlannedActivity) -> datetime:
    return datetime.combine(day, clock, tzinfo=planned.zone)
