"""Follow-ups of minutes: when their owner is reminded, and whether such a mail is still true.

Pure. services/minutes/remind.py writes the mails. Days are counted in the office's zone.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from outreach.domain.mail.still_true import SkipReason
from outreach.domain.problems import Problem
from outreach.domain.states import FollowUpState

LEADS = (7, 1)  # days before, unless the office sets others
MOST_LEADS, MOST_DAYS = 5, 90
OVERDUE = -1  # in place of a lead: the mail on a day after the due day
MOST_LETTERS = 500
CALL_WITHIN_DAYS = 7  # an owner whom no mail reaches is to be called from so many days before on


class LeadsWrong(Problem):
    message = "Please write days such as “7, 1”: at most five whole numbers from 0 to 90."
    field = "follow_up_days"


def read_leads(text: str) -> tuple[int, ...]:
    """Return the leads that an office wrote, "7, 1", the longest first; none for "". Raise LeadsWrong."""
    parts = [part.strip() for part in text.replace(";", ",").split(",") if part.strip()]
    if len(parts) > MOST_LEADS or not all(part.isascii() and part.isdecimal() and len(part) < 3 for part in parts):
        raise LeadsWrong
    leads = {int(part) for part in parts}
    if any(lead > MOST_DAYS for lead in leads):
        raise LeadsWrong
    return tuple(sorted(leads, reverse=True))


def written_leads(leads: Collection[int]) -> str:
    """Return leads as an office writes them: "7, 1"."""
    return ", ".join(map(str, sorted(leads, reverse=True)))


def lead_today(due_on: date, noted_on: date, today: date, leads: Collection[int], told: Collection[int]) -> int | None:
    """Return which reminder goes out today: a lead, OVERDUE, or None.

    noted_on: when the follow-up was noted; a lead whose day was not later is left out. told: what went out for this due day.
    If a day was missed, the reminder goes out later, and only the last one.
    """
    if today > due_on:
        return None if OVERDUE in told else OVERDUE
    left = (due_on - today).days
    reached = [lead for lead in leads if lead >= left and (due_on - noted_on).days > lead]
    lead = min(reached, default=None)
    return None if lead is None or any(0 <= one <= lead for one in told) else lead


@dataclass(frozen=True)
class FollowUpFacts:
    """What is known about a reminder's line when it is sent. told_due_on: the due day that it names."""

    state: FollowUpState | None  # None: the follow-up is gone
    still_owner: bool
    due_on: date
    told_due_on: date
    lead: int
    today: date


def skip_because(facts: FollowUpFacts) -> SkipReason | None:
    """Return why a line must not be sent, or None if it is still true."""
    if facts.state is not FollowUpState.OPEN:
        return SkipReason.FOLLOW_UP_SETTLED
    if not facts.still_owner or facts.due_on != facts.told_due_on:
        return SkipReason.FOLLOW_UP_CHANGED
    if facts.lead != OVERDUE and facts.today > facts.due_on:
        return SkipReason.TOO_LATE
    return None


def mail_skip_because(
    *, erased: bool, stopped: bool, has_address: bool, blocked: bool, expires_at: datetime, now: datetime
) -> SkipReason | None:
    """Return why the owner gets no such mail at all, or None."""
    if erased:
        return SkipReason.ERASED
    if not has_address:
        return SkipReason.NO_ADDRESS
    if blocked:
        return SkipReason.ADDRESS_BLOCKED
    if stopped:
        return SkipReason.STOPPED
    return SkipReason.TOO_LATE if now >= expires_at else None
