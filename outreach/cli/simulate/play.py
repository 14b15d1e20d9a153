"""The events of the simulation and their times: answers, a move, a postponement and its new date, a cancellation,
attendance, and the engine's ticks.

Everything uses the real services and the real outbox; only the clock is simulated.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import groupby

import sqlalchemy as sa

from outreach.cli.demo import answers, postponed
from outreach.cli.demo.answers import DemoReply
from outreach.cli.demo.load import Moment, Prepared, holidays_around, stage, work
from outreach.cli.demo.programme import JAKARTA, local
from outreach.domain.activities.values import Move
from outreach.domain.kinds import AttendanceSource, MailKind
from outreach.domain.planning.working_days import working_days
from outreach.domain.reminders.due import ActivityTimes, local_day
from outreach.domain.states import TAKES_A_SEAT, TO_SEND, ActivityState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Message, Reminder
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.door import attendance
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import tick as reminding

MOVED, CANCELLED = 3, 6  # indexes of community activities
BY_RULE = (MailKind.REMINDER, MailKind.THANKS)
ANSWERS_WITHIN = timedelta(days=6)
POSTPONED_FOR = timedelta(days=14)


@dataclass(order=True)
class StoryEvent:
    at: datetime
    order: int
    happen: Callable[[], object] = field(compare=False)


@dataclass
class Story:
    """The events still to come, and what the check needs afterwards."""

    prepared: Prepared
    ends_at: datetime
    events: list[StoryEvent]
    moved_id: int
    cancelled_id: int
    moved_at: datetime
    cancelled_at: datetime
    postponed_at: datetime
    new_date_at: datetime
    first_times: ActivityTimes  # of the postponed activity, before that
    forecast: dict[int, int] = field(
        default_factory=dict
    )  # reminder → number of mails that the coordinator's page forecast just before


def begin(today: date) -> Story:
    """Set up the demo and publish it at 09.10 of that day. Return the story with its events."""
    published = local(today, time(9, 10))
    prepared = stage(today, published)
    activities = list(db.session.scalars(sa.select(Activity).where(Activity.state == ActivityState.PUBLISHED)))
    moved_id, cancelled_id = prepared.plan.community[MOVED], prepared.plan.community[CANCELLED]
    postponed_at, new_date_at, moved_at, cancelled_at = (
        local(today + timedelta(days=days), time(10, 20)) for days in (2, 5, 7, 8)
    )
    later_id = prepared.postponed_id
    first = db.session.get_one(Activity, later_id)
    first_times = ActivityTimes(first.starts_at, first.ends_at, first.respond_by_at)
    later = working_days(_day_of(later_id) + POSTPONED_FOR, 1, holidays_around(today))[0]
    happenings: list[tuple[datetime, Callable[[], object]]] = [
        (moved_at, partial(_move, moved_id, prepared, moved_at)),
        (cancelled_at, partial(_cancel, cancelled_id, prepared, cancelled_at)),
        (postponed_at, partial(postponed.postpone, prepared.cast, later_id, now=postponed_at)),
        (new_date_at, partial(_set_date, later_id, later, prepared, new_date_at)),
    ]
    replies = answers.replies(prepared.plan.activities, published + timedelta(minutes=30), published + ANSWERS_WITHIN)
    replies += answers.replies([prepared.soon_id], published + timedelta(minutes=30), published + timedelta(hours=20))
    replies += answers.replies([later_id], published + timedelta(minutes=30), postponed_at - timedelta(hours=2))
    for hour, group in groupby(sorted(replies, key=lambda r: r.at), key=lambda r: _hour(r.at)):
        happenings.append((hour + timedelta(hours=1), partial(_answer, tuple(group), prepared)))
    for activity in activities:
        if activity.id != cancelled_id:
            at = (local(later, postponed.HOURS[1]) if activity.id == later_id else activity.ends_at) + timedelta(
                hours=2
            )
            happenings.append((at, partial(_tick_off, activity.id, prepared, at)))
    ends_at = local(max(a.ends_at for a in activities).astimezone(JAKARTA).date() + timedelta(days=2), time(12, 0))
    db.session.rollback()
    events = sorted(StoryEvent(at, order, happen) for order, (at, happen) in enumerate(happenings))
    return Story(
        prepared, ends_at, events, moved_id, cancelled_id, moved_at, cancelled_at, postponed_at, new_date_at, first_times
    )  # fmt: skip


def play(story: Story, moment: Moment) -> Iterator[datetime]:
    """Let time pass until the end. Yield each instant at which something was done."""
    now = story.prepared.published_at
    while now < story.ends_at:
        moment.set(now)
        while story.events and story.events[0].at <= now:
            story.events.pop(0).happen()
        _preview_rules(story, now)
        work(now)
        yield now
        now = max(_next(story), now + timedelta(seconds=1))
    moment.set(None)


def _next(story: Story) -> datetime:
    """Return when the next thing happens: an event, a due reminder, or a mail to send or try again."""
    waiting = db.session.scalar(sa.select(sa.func.min(Message.due_at)).where(Message.state.in_(TO_SEND)))
    db.session.rollback()
    found = [story.ends_at, reminding.next_due_at(), waiting, story.events[0].at if story.events else None]
    return min(at for at in found if at is not None)


def _preview_rules(story: Story, now: datetime) -> None:
    """Store the forecast that the coordinator's page shows for the reminders due now."""
    due = db.session.scalars(
        sa.select(Reminder.id).where(
            Reminder.state == ReminderState.SCHEDULED, Reminder.kind.in_(BY_RULE), Reminder.due_at <= now
        )
    ).all()
    for reminder_id in due:
        story.forecast[reminder_id] = forecasting.for_reminder(reminder_id, now=now).rows[0].people
    db.session.rollback()


def _hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def _answer(replies: tuple[DemoReply, ...], prepared: Prepared) -> None:
    for reply in replies:
        answers.give(reply, prepared.cast.coordinator)


def _cancel(activity_id: int, prepared: Prepared, now: datetime) -> None:
    publishing.cancel(activity_id, "Balai kelurahan dipakai untuk vaksinasi", by=prepared.cast.coordinator, now=now)


def _move(activity_id: int, prepared: Prepared, now: datetime) -> None:
    activity = db.session.get_one(Activity, activity_id)
    later = timedelta(hours=1)
    move = Move(activity.starts_at + later, activity.ends_at + later, activity.zone, activity.venue_id)
    version = activity.version
    moves.move(activity_id, move, "Bentrok dengan kegiatan kelurahan", version, by=prepared.cast.coordinator, now=now)


def _set_date(activity_id: int, day: date, prepared: Prepared, now: datetime) -> None:
    activity = db.session.get_one(Activity, activity_id)
    begins, ends = postponed.HOURS
    move = Move(local(day, begins), local(day, ends), activity.zone, activity.venue_id)
    moves.move(activity_id, move, "", activity.version, by=prepared.cast.coordinator, now=now)


def _day_of(activity_id: int) -> date:
    return local_day(db.session.get_one(Activity, activity_id).starts_at, JAKARTA)


def _tick_off(activity_id: int, prepared: Prepared, now: datetime) -> None:
    """Record most of those who said yes as present."""
    expected = db.session.scalars(
        sa.select(Invitation.id)
        .where(
            Invitation.activity_id == activity_id,
            Invitation.person_id.is_not(None),
            Invitation.state.in_(TAKES_A_SEAT),
        )
        .order_by(Invitation.id)
    ).all()
    there = [one for number, one in enumerate(expected) if number % 8 != 7]
    by = prepared.cast.coordinator
    attendance.tick(activity_id, there, expected, AttendanceSource.HAND, by=by, now=now)
