"""When a reminder falls due, until when it makes sense, and what becomes of one whose moment has passed.

Pure: storing reminders is services/reminders/schedule.py, expanding them services/reminders/tick.py, sending them delivery/.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.kinds import Audience, MailKind, RuleTiming

THANKS_USEFUL_FOR = timedelta(days=7)
ANSWERING_TAKES = timedelta(days=1)
READING_TAKES = timedelta(hours=4)
NEXT_MORNING = time(8, 0)


class MissedReason(StrEnum):
    """Why a rule's moment passed without a mail; the page shows the sentence for it."""

    ACTIVITY_BEGAN = "activity_began"
    SUPERSEDED = "superseded"  # a later rule for the same people has fallen due meanwhile
    TOO_OLD = "too_old"
    DEADLINE_PASSED = "deadline_passed"  # it asks for an answer that can no longer be given
    MOMENT_PASSED = "moment_passed"  # before the activity was published, or moved
    RESTORED = "restored"  # it fell due after a backup that was restored, and may have been sent since


@dataclass(frozen=True)
class Rule:
    """`days` before the start (or after the end) at `at` on the activity's calendar, to `audience`."""

    key: str
    kind: MailKind
    timing: RuleTiming
    audience: Audience
    days: int = 0
    at: time = time(8, 0)
    enabled: bool = True
    text_key: str = ""  # empty: chosen by kind and audience


@dataclass(frozen=True)
class DueRule:
    rule: Rule
    due_at: datetime


def due_at(starts_at: datetime, ends_at: datetime, zone: ZoneInfo, rule: Rule) -> datetime | None:
    """Return the aware instant at which `rule` falls due for an activity; None for a rule without a moment of its own.

    Days are counted on the zone's calendar, so "three days before at 08.00" is 08.00 there.
    Raise ValueError if the rule's days are negative or the instants are naive.
    """
    if rule.days < 0:
        raise ValueError("A rule's days cannot be negative.")
    if starts_at.tzinfo is None or ends_at.tzinfo is None:
        raise ValueError("Instants must be aware.")
    if rule.timing is RuleTiming.AT_PUBLISHING:
        return None
    if rule.timing is RuleTiming.BEFORE_START:
        day = starts_at.astimezone(zone).date() - timedelta(days=rule.days)
    else:
        day = ends_at.astimezone(zone).date() + timedelta(days=rule.days)
    return datetime.combine(day, rule.at, tzinfo=zone)


@dataclass(frozen=True)
class ActivityTimes:
    """An activity's instants, all aware, that say how long a mail about it is of use."""

    starts_at: datetime
    ends_at: datetime
    respond_by_at: datetime


def useful_until(kind: MailKind, audience: Audience, due: datetime, times: ActivityTimes) -> datetime:
    """Return the instant after which a mail of `kind` to `audience` helps nobody any more."""
    if kind is MailKind.THANKS:
        return due + THANKS_USEFUL_FOR
    if kind in (MailKind.CANCELLATION, MailKind.WITHDRAWAL, MailKind.CONFIRMATION):
        return times.ends_at
    if kind is MailKind.REMINDER and audience is Audience.UNANSWERED:
        return min(times.respond_by_at, times.starts_at)
    return times.starts_at


def may_wait_until(kind: MailKind, audience: Audience, due: datetime, times: ActivityTimes) -> datetime | None:
    """Return the latest instant to which a mail may be put off because its reader has had one today; None: not at all.

    News cannot wait. What asks for an answer must leave a day for it.
    """
    if kind not in (MailKind.INVITATION, MailKind.REMINDER, MailKind.THANKS):
        return None
    asks = kind is MailKind.INVITATION or audience is Audience.UNANSWERED
    latest = min(times.respond_by_at, times.starts_at) if asks else useful_until(kind, audience, due, times)
    return latest - (ANSWERING_TAKES if asks else READING_TAKES)


def put_off_to(
    kind: MailKind, audience: Audience, due: datetime, times: ActivityTimes, zone: ZoneInfo, now: datetime
) -> datetime | None:
    """Return when a mail goes out to a reader who has had one on its day: the next morning. None: it cannot wait so long."""
    latest = may_wait_until(kind, audience, due, times)
    morning = next_morning(max(due, now), zone)
    return morning if latest is not None and morning <= latest else None


def upcoming(
    rules: Iterable[Rule], starts_at: datetime, ends_at: datetime, zone: ZoneInfo, now: datetime
) -> list[DueRule]:
    """Return the enabled rules whose own moment still lies ahead of `now`, soonest first.

    A rule whose moment passed before the activity was published has nobody to remind: who was invited later than
    "one week before" does not get "one week before".
    """
    found = []
    for rule in rules:
        due = due_at(starts_at, ends_at, zone, rule)
        if rule.enabled and due is not None and due > now:
            if rule.timing is RuleTiming.BEFORE_START and due >= starts_at:
                continue
            found.append(DueRule(rule, due))
    return sorted(found, key=lambda d: (d.due_at, d.rule.key))


def missed_because(
    kind: MailKind,
    audience: Audience,
    due: datetime,
    times: ActivityTimes,
    now: datetime,
    *,
    later_rule_is_due: bool = False,
) -> MissedReason | None:
    """Return why a reminder due at `due` should no longer go out at `now`, or None if it still helps.

    later_rule_is_due: another reminder of the same activity, kind and audience has fallen due since.
    """
    if kind is MailKind.REMINDER and later_rule_is_due:
        return MissedReason.SUPERSEDED
    if now < useful_until(kind, audience, due, times):
        return None
    if kind is MailKind.THANKS:
        return MissedReason.TOO_OLD
    return MissedReason.ACTIVITY_BEGAN if now >= times.starts_at else MissedReason.DEADLINE_PASSED


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the day on the zone's calendar: the day by which one person's mails are gathered into one."""
    return instant.astimezone(zone).date()


def days_ahead(starts_at: datetime, now: datetime, zone: ZoneInfo) -> int:
    """Return how many midnights lie between `now` and the start, on the zone's calendar."""
    return (local_day(starts_at, zone) - local_day(now, zone)).days


def next_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """Return 08.00 of the next day on the zone's calendar."""
    return datetime.combine(local_day(now, zone) + timedelta(days=1), NEXT_MORNING, tzinfo=zone)
