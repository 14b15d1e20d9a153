"""The rules for answers: deadlines, seats, and why an answer is refused.

Pure functions. services/answers/answer.py records an answer.
"""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.kinds import AnswerSource
from outreach.domain.planning.working_days import last_working_day
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState

DEADLINE_DAYS = 2
DEADLINE_AT = time(16, 0)
BY_LINK = frozenset({AnswerSource.LINK, AnswerSource.ASSISTANT})


class Choice(StrEnum):
    COMING = "coming"
    NOT_COMING = "not_coming"
    REPRESENTED = "represented"


class AnsweredBy(StrEnum):
    """Who gave an answer, as far as is known."""

    INVITEE = "invitee"
    ACTING = "acting"  # who comes in the invitee's place
    ASSISTANT = "assistant"
    STAFF_BY_LINK = "staff_by_link"  # by the invitee's link, in a browser in which an account was signed in
    STAFF_BY_MAIL = "staff_by_mail"  # recorded from a mail
    STAFF = "staff"  # recorded in the form for it


def answered_by(source: AnswerSource | None, *, by_staff: bool, by_acting: bool = False) -> AnsweredBy | None:
    """Return who gave an answer that came in this way; None if there is none. by_staff: an account is noted with it."""
    if source is None:
        return None
    if by_staff:
        if source in BY_LINK:
            return AnsweredBy.STAFF_BY_LINK
        return AnsweredBy.STAFF_BY_MAIL if source is AnswerSource.MAIL else AnsweredBy.STAFF
    if by_acting:
        return AnsweredBy.ACTING
    return AnsweredBy.ASSISTANT if source is AnswerSource.ASSISTANT else AnsweredBy.INVITEE


@dataclass(frozen=True)
class Representative:
    name: str
    post: str = ""
    phone: str = ""
    email: str = ""
    rank: str = ""  # of the army or police; "" for the one that the name begins with


class DeadlinePassed(Problem):
    message = "The time for answering ended on %(deadline)s. Please call %(contact)s."


class AnsweredMeanwhile(Problem):
    message = (
        "Somebody else has answered with this link while the page was open. Please look at that answer; "
        "if yours is to replace it, send it once more."
    )


class ActivityCancelled(Problem):
    message = "This activity has been cancelled. You need not answer any more."


class ActivityPostponed(Problem):
    message = (
        "This activity is postponed. We write to you as soon as the new date is set; you need not answer until then."
    )


class ActivityEnded(Problem):
    message = "This activity is over. It can no longer be answered."


class NotInvited(Problem):
    message = "This invitation has been withdrawn. Please call %(contact)s if you think that is a mistake."


class RepresentativeUnnamed(Problem):
    message = "Please write the name of the person who comes instead."
    field = "representative_name"


def default_deadline(
    starts_at: datetime, zone: ZoneInfo, now: datetime, days_off: Container[date], days: int = DEADLINE_DAYS
) -> datetime:
    """Return the answer deadline: 16.00 local time, `days` before the start or on the last working day before that.

    If that has passed: the start. But if the start is on a day off, the last working day before it, if that is still
    ahead. days_off: holidays and joint holidays; weekends are days off anyway.
    """
    first_day = starts_at.astimezone(zone).date()
    deadline = _closing(first_day - timedelta(days=days), zone, days_off)
    if deadline > now:
        return deadline
    latest = _closing(first_day, zone, days_off)
    return latest if latest.date() < first_day and latest > now else starts_at


def _closing(day: date, zone: ZoneInfo, days_off: Container[date]) -> datetime:
    """Return 16.00 of that day, or of the last working day before it."""
    return datetime.combine(last_working_day(day, days_off), DEADLINE_AT, tzinfo=zone)


def answer_by(respond_by_at: datetime, starts_at: datetime, invited_at: datetime | None) -> datetime:
    """Return until when an invitee may answer: the deadline, or the start if they were invited after the deadline.

    invited_at: None if the invitation has not gone out.
    """
    late = invited_at is not None and invited_at >= respond_by_at
    return starts_at if late else respond_by_at


def refusal(
    activity_state: ActivityState, invitation_state: InvitationState, deadline: datetime, now: datetime, contact: str
) -> Problem | None:
    """Return why an invitee may not answer by link at `now`, or None if they may."""
    if invitation_state is InvitationState.WITHDRAWN:
        return NotInvited(contact=contact)
    if activity_state is ActivityState.CANCELLED:
        return ActivityCancelled()
    if activity_state is ActivityState.POSTPONED:
        return ActivityPostponed()
    if activity_state is not ActivityState.PUBLISHED:
        return ActivityEnded()
    if now >= deadline:
        return DeadlinePassed(deadline=deadline, contact=contact)
    return None


def state_for(choice: Choice, *, seats_left: int | None, had_a_seat: bool) -> InvitationState:
    """Return the invitation's new state. seats_left: None if the activity has no capacity.

    An invitee who has a seat keeps it. An invitee who says yes to a full activity is waitlisted.
    """
    if choice is Choice.NOT_COMING:
        return InvitationState.NOT_COMING
    if not had_a_seat and seats_left is not None and seats_left <= 0:
        return InvitationState.WAITLISTED
    return InvitationState.COMING if choice is Choice.COMING else InvitationState.REPRESENTED
