"""Checks that an activity passes on every save: the order of its times, its capacity, its programme's days.

Called inside a writing() transaction, so that the checked values are the written ones. planning/book.py checks
venues and speakers.
"""

from datetime import datetime, timedelta

from outreach.domain.planning.plan import days_between
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity, Programme
from outreach.services.planning.checks import OutsideProgramme


class CannotEdit(Problem):
    message = "An activity that is over or cancelled cannot be changed any more."


class WaitsForDate(Problem):
    message = "This activity is postponed. Please set its new date first."


LONGEST_DAYS = 31  # a longer one is a mistyped year, and the checks run for each of its days


class TitleMissing(Problem):
    message = "Please write a title, for example “Rapat koordinasi lintas sektor”."
    field = "title"


class EndBeforeStart(Problem):
    message = "The end must be later than the start."
    field = "ends_at"


class LastsTooLong(Problem):
    message = "An activity lasts at most %(days)s days. Please look at its last day again."
    field = "ends_at"


class RegistrationAfterStart(Problem):
    message = "Registration must not open later than the start."
    field = "registration_at"


class CapacityNotPositive(Problem):
    message = "The capacity must be at least 1 person."
    field = "capacity"


def check_times(activity: Activity) -> None:
    """Raise a Problem if the activity's title, times or capacity are wrong."""
    if not activity.title.strip():
        raise TitleMissing
    if activity.ends_at <= activity.starts_at:
        raise EndBeforeStart
    check_length(activity.starts_at, activity.ends_at)
    if activity.registration_at is not None and activity.registration_at > activity.starts_at:
        raise RegistrationAfterStart
    if activity.capacity is not None and activity.capacity < 1:
        raise CapacityNotPositive


def check_not_postponed(activity: Activity) -> None:
    """Raise WaitsForDate: without a date it cannot be checked whether a change clashes with anything."""
    if activity.state is ActivityState.POSTPONED:
        raise WaitsForDate


def check_length(starts_at: datetime, ends_at: datetime) -> None:
    """Raise LastsTooLong for more than LONGEST_DAYS days."""
    if ends_at - starts_at > timedelta(days=LONGEST_DAYS):
        raise LastsTooLong(days=LONGEST_DAYS)


def check_within(programme: Programme, starts_at: datetime, ends_at: datetime) -> None:
    """Raise OutsideProgramme if the span reaches beyond the programme's days."""
    days = days_between(starts_at, ends_at, programme.zone)
    if days[0] < programme.starts_on or days[-1] > programme.ends_on:
        raise OutsideProgramme(first=programme.starts_on, last=programme.ends_on)
