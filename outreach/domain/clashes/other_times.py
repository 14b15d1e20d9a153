"""Other times for an activity, the nearest first. clashes/resolutions.py checks whether each of them suits."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice

from outreach.domain.planning.plan import Plan, PlannedActivity, Span
from outreach.domain.planning.rules import ClashKind
from outreach.domain.planning.travel import needed_min

STEP = timedelta(minutes=30)
ROUND_MIN = 5
DAYS_SEARCHED = 15  # working days, where no programme sets bounds


def same_day(
    plan: Plan, activity: PlannedActivity, other: PlannedActivity | None, turns: tuple[Span, Span] | None = None
) -> list[datetime]:
    """Return other starts on its day: each half hour in office hours, and just before and after the activity it clashes with.

    turns: when a person is needed in it and in the other one; None: during the whole of both.
    """
    day = activity.local_start.date()
    opens, latest = _bounds(plan, activity, day)
    starts = {opens + n * STEP for n in range((latest - opens) // STEP + 1)} if latest >= opens else set()
    if other is not None:
        apart = needed_min(plan.whereabouts(activity), plan.whereabouts(other), plan.rules.travel) or 0
        way = timedelta(minutes=apart)
        (since, until), (begins, ends) = turns or (
            (activity.starts_at, activity.ends_at), (other.starts_at, other.ends_at)
        )  # fmt: skip
        before = begins - way - (until - activity.starts_at)
        after = ends + way - (since - activity.starts_at)
        starts |= {_rounded(before, up=False), _rounded(after, up=True)}
    starts = {start for start in starts if opens <= start <= latest and start != activity.starts_at}

    def nearness(start: datetime) -> tuple:
        return _at_noon(plan, activity, start), abs(start - activity.starts_at), start < activity.starts_at

    return sorted(starts, key=nearness)


def other_days(plan: Plan, activity: PlannedActivity) -> Iterator[datetime]:
    """Yield starts on other working days: the same hour (or the nearest in office hours), after the break, or at opening."""
    own = activity.local_start
    for day in _days(plan, activity):
        opens, latest = _bounds(plan, activity, day)
        hours = plan.hours_on(day)
        wished = datetime.combine(day, own.time(), tzinfo=activity.zone)
        after_break = datetime.combine(day, hours.break_until, tzinfo=activity.zone)
        yield from dict.fromkeys((wished, max(opens, min(wished, latest)), after_break, opens))


def _days(plan: Plan, activity: PlannedActivity) -> list[date]:
    """Return the working days of its programme, nearest first. For an activity standing alone: the next working days."""
    own, today = activity.local_start.date(), plan.now.astimezone(activity.zone).date()
    programme = plan.programmes.get(activity.programme_id) if activity.programme_id is not None else None
    if programme and plan.rules.sought(ClashKind.OUTSIDE_PROGRAMME):
        span = range((programme.ends_on - programme.starts_on).days + 1)
        days = [programme.starts_on + timedelta(days=n) for n in span]
        chosen = [day for day in days if today <= day != own and plan.calendar.is_working_day(day)]
        return sorted(chosen, key=lambda day: (abs(day - own), day))[:DAYS_SEARCHED]
    first = max(own, today) + timedelta(days=1)
    if plan.rules.sought(ClashKind.SHORT_NOTICE):
        first = max(first, today + timedelta(days=plan.rules.notice_days))
    following = (first + timedelta(days=n) for n in range(4 * DAYS_SEARCHED))
    return list(islice((day for day in following if plan.calendar.is_working_day(day)), DAYS_SEARCHED))


def _bounds(plan: Plan, activity: PlannedActivity, day: date) -> tuple[datetime, datetime]:
    """Return the first and last start within that day's office hours. For an activity too long, the last is before the first."""
    hours = plan.hours_on(day)
    opens = datetime.combine(day, hours.opens, tzinfo=activity.zone)
    return opens, datetime.combine(day, hours.closes, tzinfo=activity.zone) - activity.length


def _at_noon(plan: Plan, activity: PlannedActivity, starts_at: datetime) -> bool:
    """Return whether the start is in the noon break. Such starts are offered last."""
    local = starts_at.astimezone(activity.zone)
    hours = plan.hours_on(local.date())
    return hours.break_from <= local.time() < hours.break_until


def _rounded(instant: datetime, *, up: bool) -> datetime:
    """Return the instant rounded up or down to five minutes: nobody starts at 10.23."""
    midnight = datetime.combine(instant.date(), time(), tzinfo=instant.tzinfo)
    minutes = (instant - midnight) / timedelta(minutes=1)
    steps = -(-minutes // ROUND_MIN) if up else minutes // ROUND_MIN
    return midnight + timedelta(minutes=steps * ROUND_MIN)
