"""When mails may go out: an office's hours for mail, and which mails need not wait for them.

Pure functions. services/reminders/tick.py holds back reminders, delivery/outbox/prepare.py holds back messages that are
already written, and services/reminders/forecast.py counts with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from outreach.domain.activities.values import WAS_POSTPONED
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.reminders.due import ANSWERING_TAKES, ActivityTimes, may_wait_until

OPENS, CLOSES = time(7), time(20)
SOON = timedelta(days=1)  # news of an activity that starts less than this after the next opening goes out at any hour
NEWS = frozenset(
    {
        MailKind.CANCELLATION,
        MailKind.POSTPONEMENT,
        MailKind.WITHDRAWAL,
        MailKind.CHANGE,
        MailKind.SEAT,
        MailKind.SUBSTITUTION,
        MailKind.LINK,
        MailKind.APPOINTMENT,
        MailKind.REPRESENTATION,
    }
)


@dataclass(frozen=True)
class MailHours:
    """The hours in which mails go out, from `opens` up to `closes`, in the office's zone. Both equal: at any hour."""

    zone: ZoneInfo
    opens: time = OPENS
    closes: time = CLOSES

    def opening(self, moment: datetime) -> datetime | None:
        """Return when mails go out again after `moment`; None if they go out at `moment`."""
        local = moment.astimezone(self.zone)
        if self.opens == self.closes or self.opens <= local.time() < self.closes:
            return None
        day = local.date() + timedelta(days=1 if local.time() >= self.closes else 0)
        return datetime.combine(day, self.opens, tzinfo=self.zone)


def held_until(
    kind: MailKind, audience: Audience, due: datetime, times: ActivityTimes, now: datetime, hours: MailHours | None, *,
    also_starts_at: datetime | None = None, invited_at: datetime | None = None,
) -> datetime | None:  # fmt: skip
    """Return until when a mail that could go out at `now` waits for the office's hours; None: it goes out at `now`.

    A mail does not wait if it would come too late: news less than a day before the start, or a request that leaves too
    little time to answer. A confirmation never waits, because somebody has just answered. During one night, the result
    does not change. also_starts_at: the start before a move. invited_at: when its recipient was invited; None: before the
    deadline.
    """
    opening = hours.opening(now) if hours else None
    if opening is None or kind is MailKind.CONFIRMATION:
        return None
    if kind in NEWS:
        if times.dateless and times.starts_at <= due:
            return opening  # nobody sets out for a day that has passed
        soonest = min(times.starts_at, also_starts_at or times.starts_at)
        return None if soonest < opening + SOON else opening
    latest = may_wait_until(kind, audience, due, times, invited_at)
    return opening if latest is not None and opening <= latest else None


def poll_held_until(closes_at: datetime, now: datetime, hours: MailHours | None) -> datetime | None:
    """Return the same for a mail that asks which dates suit. closes_at: when the poll closes."""
    opening = hours.opening(now) if hours else None
    return opening if opening is not None and opening <= closes_at - ANSWERING_TAKES else None


def start_before(detail: Mapping[str, Any] | None, due: datetime) -> datetime | None:
    """Return the start before a move, from its reminder's detail; None if the reminder is about no move.

    Also None if a postponed activity got its new date only after that: nobody waits for the old start any more.
    """
    known = detail or {}
    old = datetime.fromisoformat(known["old_starts_at"]) if known.get("old_starts_at") else None
    return None if old is not None and known.get(WAS_POSTPONED) and old <= due else old
