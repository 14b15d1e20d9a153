"""Checks before somebody is invited: the activities are open, somebody is chosen, a quota is positive."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity
from outreach.services.locking import activities_for_change

MOST_SEATS = 500  # of one organisation at one activity


class NoActivityChosen(Problem):
    message = "Choose at least one activity."
    field = "activity_ids"


class ActivityOver(Problem):
    message = "“%(title)s” is over or cancelled, so nobody can be invited to it any more."


class NoDateYet(Problem):
    message = "“%(title)s” is postponed. Please set its new date first, then invite."


class NobodyChosen(Problem):
    message = "Choose at least one invitee."


class QuotaNotPositive(Problem):
    message = "The quota of seats must be at least 1."
    field = "quota"


def open_activities(session: Session, activity_ids: Collection[int]) -> list[Activity]:
    """Return these activities, locked for this transaction. Raise NoActivityChosen, NoDateYet or ActivityOver."""
    if not activity_ids:
        raise NoActivityChosen
    activities = activities_for_change(session, activity_ids)
    for activity in activities:
        if activity.state is ActivityState.POSTPONED:
            raise NoDateYet(title=activity.title)
        if activity.state not in (ActivityState.DRAFT, ActivityState.PUBLISHED):
            raise ActivityOver(title=activity.title)
    return activities
