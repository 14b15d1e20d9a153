"""Which mails go out when: before saving (publish, move, cancel), and for what is still to come. Nothing is written.

Who gets them is counted by reminders/forecast_counts.py.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach.domain.activity import Move
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.reminders import ActivityTimes, MissedReason, Rule, due_at, missed_because
from outreach.domain.states import ActivityState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, Reminder
from outreach.services.office_defaults import usual_deadline
from outreach.services.reminders import expand as expanding
from outreach.services.reminders.forecast_counts import Forecast, PlannedReminder, count
from outreach.services.reminders.rules import rules_for


def for_publishing(activity_ids: Collection[int], *, now: datetime) -> Forecast:
    """Foretell what publishing these drafts now would send."""
    planned = []
    for activity in _activities(activity_ids):
        planned.append(_event(activity, MailKind.INVITATION, Audience.NEWLY_INVITED, now))
        planned += _ruled(activity, expanding.times_of(activity), activity.zone, now)
    return count(planned, now)


def for_move(activity_id: int, move: Move, *, now: datetime) -> Forecast:
    """Foretell what moving this published activity would send."""
    planned = []
    for activity in _activities([activity_id]):
        planned.append(_event(activity, MailKind.CHANGE, Audience.EXPECTED, now))
        deadline = move.respond_by_at or usual_deadline(db.session(), move.starts_at, move.zone, now)
        planned += _ruled(activity, ActivityTimes(move.starts_at, move.ends_at, deadline), move.zone, now)
    return count(planned, now)


def for_cancelling(activity_id: int, *, now: datetime) -> Forecast:
    """Foretell what cancelling this published activity would send."""
    return count([_event(a, MailKind.CANCELLATION, Audience.EXPECTED, now) for a in _activities([activity_id])], now)


def for_activities(activity_ids: Collection[int], *, now: datetime) -> Forecast:
    """Foretell what these activities will still send: the reminders that are scheduled."""
    return _scheduled(Reminder.activity_id.in_(activity_ids), now)


def for_reminder(reminder_id: int, *, now: datetime) -> Forecast:
    """Foretell what one scheduled reminder will send."""
    return _scheduled(Reminder.id == reminder_id, now)


def _scheduled(which: sa.ColumnElement[bool], now: datetime) -> Forecast:
    reminders = db.session.execute(
        sa.select(Reminder, Activity)
        .join(Activity, Activity.id == Reminder.activity_id)
        .where(which, Reminder.state == ReminderState.SCHEDULED)
    ).all()
    return count(
        [
            PlannedReminder(
                activity.id, activity.title, activity.zone, reminder.due_at, reminder.kind, reminder.audience,
                expanding.times_of(activity), reminder.invitation_id,
            )
            for reminder, activity in reminders
        ],
        now,
    )  # fmt: skip


def for_rules(activities: Collection[Activity], rules: Mapping[int, Sequence[Rule]], *, now: datetime) -> Forecast:
    """Foretell what published activities would still send under other rules. rules: by the activity's id."""
    planned = []
    for activity in activities:
        planned += _under(activity, rules[activity.id], expanding.times_of(activity), activity.zone, now)
    return count(planned, now)


def _activities(activity_ids: Collection[int]) -> list[Activity]:
    found = db.session.scalars(sa.select(Activity).where(Activity.id.in_(activity_ids)).order_by(Activity.starts_at))
    return [a for a in found if a.state in (ActivityState.DRAFT, ActivityState.PUBLISHED)]


def _event(activity: Activity, kind: MailKind, audience: Audience, now: datetime) -> PlannedReminder:
    return PlannedReminder(
        activity.id, activity.title, activity.zone, now, kind, audience, expanding.times_of(activity)
    )


def _ruled(activity: Activity, times: ActivityTimes, zone: ZoneInfo, now: datetime) -> list[PlannedReminder]:
    return _under(activity, rules_for(db.session(), activity), times, zone, now)


def _under(
    activity: Activity, rules: Sequence[Rule], times: ActivityTimes, zone: ZoneInfo, now: datetime
) -> list[PlannedReminder]:
    planned = []
    for rule in rules:
        moment = due_at(times.starts_at, times.ends_at, zone, rule)
        if not rule.enabled or moment is None:
            continue
        note = MissedReason.MOMENT_PASSED if moment <= now else None
        if note is None:
            note = missed_because(rule.kind, rule.audience, moment, times, moment)
        planned.append(
            PlannedReminder(activity.id, activity.title, zone, moment, rule.kind, rule.audience, times, note=note)
        )
    return planned
