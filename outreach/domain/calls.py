"""Calls to invitees by hand: what came of one, until when somebody is left in peace afterwards, which text fits.

Pure. services/calls makes and records calls, queries/calls lists whom to call.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.answers import Choice
from outreach.domain.mail.hours import MailHours
from outreach.domain.reminders.due import local_day

CLAIMED_FOR = timedelta(minutes=20)  # a person who is shown to a caller is theirs for this long
SKIPPED_FOR = timedelta(minutes=30)  # somebody whom a caller left out comes again after it


class CallOutcome(StrEnum):
    """What came of one try to reach somebody."""

    COMING = "coming"
    NOT_COMING = "not_coming"
    REPRESENTED = "represented"
    NO_ANSWER = "no_answer"  # nobody picked up
    AGAIN = "again"  # they asked for a call at another time
    WRONG_NUMBER = "wrong_number"
    QUESTION = "question"  # they asked something that a coordinator must answer
    WHATSAPP_OPENED = "whatsapp_opened"  # the caller opened WhatsApp; whether a text was sent is not known


ANSWERED_AS = {
    CallOutcome.COMING: Choice.COMING,
    CallOutcome.NOT_COMING: Choice.NOT_COMING,
    CallOutcome.REPRESENTED: Choice.REPRESENTED,
}
SPOKE = frozenset({*ANSWERED_AS, CallOutcome.AGAIN, CallOutcome.QUESTION})  # they were on the line
IS_A_CALL = frozenset(CallOutcome) - {CallOutcome.WHATSAPP_OPENED}


class Situation(StrEnum):
    """Which WhatsApp text is ready for somebody."""

    UNANSWERED = "unanswered"  # mail reaches them, and they have not answered
    UNREACHED = "unreached"  # no mail reaches them
    TODAY = "today"  # what they are asked to is today
    CALL_BACK = "call_back"  # they were called: thanks, and please call back


def situation(
    starts: Iterable[tuple[datetime, ZoneInfo]], *, mail_reaches: bool, last: CallOutcome | None, now: datetime
) -> Situation:
    """Return the situation of somebody to call. starts: of the activities they are asked to. last: of their last call."""
    if any(local_day(starts_at, zone) == local_day(now, zone) for starts_at, zone in starts):
        return Situation.TODAY
    if last in (CallOutcome.NO_ANSWER, CallOutcome.AGAIN):
        return Situation.CALL_BACK
    return Situation.UNANSWERED if mail_reaches else Situation.UNREACHED


def rests_until(
    outcome: CallOutcome, *, now: datetime, again_at: datetime | None, rest: timedelta, hours: MailHours | None
) -> datetime | None:
    """Return until when nobody is given this person to call; None: they need no rest.

    again_at: when they asked to be called. rest: after a call that nobody answered. It ends within the office's hours.
    """
    if outcome is CallOutcome.AGAIN:
        return again_at
    if outcome is not CallOutcome.NO_ANSWER:
        return None
    over = now + rest
    return (hours.opening(over) if hours else None) or over
