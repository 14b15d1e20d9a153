"""A small activity with a reminder due shortly after the demo's start: a new user sees a mail arrive."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from outreach.cli.demo.programme import JAKARTA, Cast, local, some_cadres
from outreach.domain.activity import ActivityValues
from outreach.domain.kinds import ActivityKind, Audience, CadreKind, Role, RuleTiming
from outreach.domain.planning.working_days import working_days
from outreach.domain.reminders import local_day
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Reminder, User
from outreach.services.activities import edit as planning
from outreach.services.invitations import invite as inviting
from outreach.services.reminders import edit_rules
from outreach.services.reminders.edit_rules import RuleValues
from outreach.services.reminders.rules import DEFAULTS

TITLE = "Rapat persiapan panitia"
KEY = "three-days-before"  # the rule that gets another due time here
CADRES = 3


def plan_soon(cast: Cast, today: date, holidays: Mapping[date, str], *, now: datetime) -> int:
    """Draft the committee's meeting a few days ahead; nobody will have answered. Return its id."""
    day = working_days(today + timedelta(days=2), 2, holidays)[1]
    by = cast.coordinator
    activity = planning.create_activity(
        ActivityValues(
            kind=ActivityKind.COORDINATION,
            title=TITLE,
            public_title=TITLE,
            starts_at=local(day, time(13, 30)),
            ends_at=local(day, time(15, 0)),
            zone=JAKARTA,
            venue_id=cast.halls["Aula Disdikbud Kota Metro"],
            respond_by_at=local(day, time(9, 0)),
        ),
        by=by,
        now=now,
    )
    chosen = some_cadres(CadreKind.SATGAS_PPA, CADRES)
    inviting.invite_people([activity.id], chosen, Role.CADRE, by=by, now=now)
    return activity.id


def days_and_time(starts_at: datetime, due_at: datetime) -> tuple[int, time]:
    """Return the days and the local time of day of a rule that is due at `due_at`."""
    local_due = due_at.astimezone(JAKARTA)
    days = (local_day(starts_at, JAKARTA) - local_due.date()).days
    return days, local_due.time().replace(microsecond=0)


def remind_once(activity_id: int, due_at: datetime, *, by: User | None, now: datetime) -> None:
    """Give the activity its own rules, as a coordinator can on the rules page: one reminder to answer, due at `due_at`."""
    starts_at = db.session.get_one(Activity, activity_id).starts_at
    days, at = days_and_time(starts_at, due_at)
    values = RuleValues(days, at, Audience.UNANSWERED)
    edit_rules.edit(KEY, values, activity_id=activity_id, by=by, now=now)
    for key, usual in DEFAULTS.items():
        if usual.timing is RuleTiming.BEFORE_START and usual.audience is Audience.UNANSWERED and key != KEY:
            off = RuleValues(usual.days, usual.at, usual.audience, enabled=False)
            edit_rules.edit(key, off, activity_id=activity_id, by=by, now=now)


def fall_due_again(due_at: datetime, *, now: datetime) -> bool:
    """Repeat it at a later start of the demo, if its recipients had no reminder today. Return whether one is due."""
    activity = db.session.scalar(
        sa.select(Activity).where(
            Activity.title == TITLE, Activity.state == ActivityState.PUBLISHED, Activity.starts_at > due_at
        )
    )
    if activity is None:
        return False
    last = db.session.scalar(sa.select(sa.func.max(Reminder.expanded_at)).filter_by(activity_id=activity.id))
    if last is not None and local_day(last, JAKARTA) >= local_day(now, JAKARTA):
        return False
    remind_once(activity.id, due_at, by=None, now=now)
    return True
