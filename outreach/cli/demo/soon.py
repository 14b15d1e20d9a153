"""A small activity with a reminder due shortly after the demo's start: a new user sees a mail arrive."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

import sqlalchemy as sa

from outreach.cli.demo.programme import JAKARTA, Cast, local, some_cadres
from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import ActivityKind, Audience, CadreKind, Role, RuleTiming
from outreach.domain.planning.working_days import working_days
from outreach.domain.reminders.due import local_day
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Reminder, User
from outreach.services.activities import edit as planning
from outreach.services.invitations import invite as inviting
from outreach.services.reminders import edit_rules
from outreach.services.reminders import remind_now as by_hand
from outreach.services.reminders.edit_rules import RuleValues
from outreach.services.reminders.remind_now import NobodyToRemind
from outreach.services.reminders.rules import DEFAULTS

TITLE = "Rapat persiapan panitia"
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


def silence_rules(activity_id: int, *, by: User | None, now: datetime) -> None:
    """Switch off the activity's reminders to answer, as a coordinator can on the rules page: its reminder is sent by hand."""
    for key, usual in DEFAULTS.items():
        if usual.timing is RuleTiming.BEFORE_START and usual.audience is Audience.UNANSWERED:
            off = RuleValues(usual.days, usual.at, usual.audience, enabled=False)
            edit_rules.edit(key, off, activity_id=activity_id, by=by, now=now)


def remind(activity_id: int, due_at: datetime, *, by: User | None) -> bool:
    """Remind, at `due_at`, everybody who has not answered; return whether there is anybody.

    By hand, because a rule's reminder does not go out on a day off, and the demo may start on one.
    """
    waiting = sa.select(Invitation.id).where(
        Invitation.activity_id == activity_id, Invitation.state == InvitationState.INVITED
    )
    try:
        by_hand.remind(activity_id, db.session.scalars(waiting).all(), by=by, now=due_at)
    except NobodyToRemind:
        return False
    return True


def remind_again(due_at: datetime, *, now: datetime) -> bool:
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
    return remind(activity.id, due_at, by=None)
