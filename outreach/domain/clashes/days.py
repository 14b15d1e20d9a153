"""Clashes of an activity's own days and hours: programme, deadline, days off, office hours, and notice."""

from collections.abc import Iterator
from datetime import date, datetime, time

from outreach.domain.clashes.clash import Clash
from outreach.domain.planning.office_hours import FRIDAY, SATURDAY, DayOffKind
from outreach.domain.planning.plan import Plan, PlannedActivity, days_between
from outreach.domain.planning.rules import ClashKind
from outreach.domain.reminders.due import days_ahead
from outreach.domain.states import ActivityState


def of_programme(plan: Plan, activity: PlannedActivity) -> Iterator[Clash]:
    """Yield a clash if the activity lies outside its programme's days."""
    programme = plan.programmes.get(activity.programme_id) if activity.programme_id is not None else None
    if programme and (severity := plan.rules.sought(ClashKind.OUTSIDE_PROGRAMME)):
        days = days_between(activity.starts_at, activity.ends_at, programme.zone)
        if days[0] not in programme or days[-1] not in programme:
            yield Clash(ClashKind.OUTSIDE_PROGRAMME, severity, (activity,), programme=programme)


def has_begun(plan: Plan, activity: PlannedActivity) -> bool:
    """Return whether the activity is a draft whose start has passed. Such a draft can only record what has happened."""
    return activity.state is ActivityState.DRAFT and activity.starts_at <= plan.now


def of_the_past(plan: Plan, activity: PlannedActivity) -> Iterator[Clash]:
    """Yield a clash if the activity starts in the past. This is the only clash of past activities."""
    if has_begun(plan, activity) and (severity := plan.rules.sought(ClashKind.IN_THE_PAST)):
        yield Clash(ClashKind.IN_THE_PAST, severity, (activity,))


def of_times(plan: Plan, activity: PlannedActivity) -> Iterator[Clash]:
    """Yield clashes if the activity is outside its programme, has its deadline after its start, is in the past or has
    short notice.
    """
    rules = plan.rules
    yield from of_programme(plan, activity)
    late = activity.respond_by_at is not None and activity.respond_by_at > activity.starts_at
    if late and (severity := rules.sought(ClashKind.DEADLINE_AFTER_START)):
        yield Clash(ClashKind.DEADLINE_AFTER_START, severity, (activity,))
    if has_begun(plan, activity):
        yield from of_the_past(plan, activity)
    elif severity := rules.sought(ClashKind.SHORT_NOTICE):
        days_there = days_ahead(activity.starts_at, activity.told(plan.now), activity.zone)
        if days_there < rules.notice_days:
            yield Clash(
                ClashKind.SHORT_NOTICE, severity, (activity,), needed=rules.notice_days, there=max(days_there, 0)
            )


def of_days_off(plan: Plan, activity: PlannedActivity) -> Iterator[Clash]:
    """Yield a clash for each of the activity's days that is a holiday, a joint holiday, or on a weekend."""
    for day in activity.days:
        off = plan.calendar.days_off.get(day)
        if off is not None:
            kind = ClashKind.HOLIDAY if off.kind is DayOffKind.HOLIDAY else ClashKind.JOINT_HOLIDAY
        elif day.weekday() >= SATURDAY:
            kind = ClashKind.WEEKEND
        else:
            continue
        if severity := plan.rules.sought(kind):
            yield Clash(kind, severity, (activity,), day=day, day_off=off)


def of_hours(plan: Plan, activity: PlannedActivity) -> Iterator[Clash]:
    """Yield a clash if the activity begins or ends outside office hours, and for each day on which it overlaps the
    prayer break.

    The nights between its days are not checked. On days other than Friday, an activity that is too long for the time
    before and after the break is not checked: it has a break of its own.
    """
    days, ramadan = activity.days, plan.calendar.in_ramadan
    if severity := plan.rules.sought(ClashKind.OUTSIDE_HOURS):
        for day in dict.fromkeys((days[0], days[-1])):
            hours = plan.hours_on(day)
            opens, closes = _at(day, hours.opens, activity), _at(day, hours.closes, activity)
            begins_outside = day == days[0] and not opens <= activity.starts_at < closes
            ends_outside = day == days[-1] and not opens < activity.ends_at <= closes
            if begins_outside or ends_outside:
                yield Clash(
                    ClashKind.OUTSIDE_HOURS, severity, (activity,), day=day, hours=hours, in_ramadan=ramadan(day)
                )
    for day in days:
        hours, is_friday = plan.hours_on(day), day.weekday() == FRIDAY
        kind = ClashKind.FRIDAY_BREAK if is_friday else ClashKind.NOON_BREAK
        severity = plan.rules.sought(kind)
        if not severity or not (is_friday or hours.fits_beside_break(activity.length)):
            continue
        begins, ends = _at(day, hours.break_from, activity), _at(day, hours.break_until, activity)
        if activity.starts_at < ends and begins < activity.ends_at:
            yield Clash(kind, severity, (activity,), day=day, hours=hours, in_ramadan=ramadan(day))


def _at(day: date, at: time, activity: PlannedActivity) -> datetime:
    return datetime.combine(day, at, tzinfo=activity.zone)
