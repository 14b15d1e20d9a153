"""When a reminder is due, how long it is useful, and why it is missed.

Pure functions. services/reminders/schedule.py stores reminders, services/reminders/tick.py expands them, delivery/ sends them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.kinds import Audience, MailKind, RuleTiming

THANKS_USEFUL_FOR = timedelta(days=7)
DATELESS_USEFUL_FOR = timedelta(days=7)  # news of an activity without a date
ANSWERING_TAKES = timedelta(days=1)
READING_TAKES = timedelta(hours=4)
NEXT_MORNING = time(8, 0)


class MissedReason(StrEnum):
    """Why a reminder's due time passed without a mail; the page shows the sentence for it."""

    ACTIVITY_BEGAN = "activity_began"
    SUPERSEDED = "superseded"  # a later rule for the same people is already due
    TOO_OLD = "too_old"
    DEADLINE_PASSED = "deadline_passed"  # it asks for an answer that can no longer be given
    MOMENT_PASSED = "moment_passed"  # the due time was before the activity was published or moved
    RESTORED = "restored"  # it was due after the restored backup was made, and may have been sent since


class NotReminded(StrEnum):
    """Why an invitee gets no reminder by hand; the page shows the sentence for it."""

    NOT_EXPECTED = "not_expected"  # declined, waitlisted, withdrawn, or not invited yet
    NO_ADDRESS = "no_address"
    STOPPED = "stopped"
    INVITED_TODAY = "invited_today"
    TOO_LATE = "too_late"  # the deadline has passed, or the activity has begun


@dataclass(frozen=True)
class Rule:
    """A rule: a mail `days` before the start (or after the end), at local time `at`, to `audience`."""

    key: str
    kind: MailKind
    timing: RuleTiming
    audience: Audience
    days: int = 0
    at: time = time(8, 0)
    enabled: bool = True
    text_key: str = ""  # empty: the text is chosen by kind and audience


@dataclass(frozen=True)
class DueRule:
    rule: Rule
    due_at: datetime


def due_at(starts_at: datetime, ends_at: datetime, zone: ZoneInfo, rule: Rule) -> datetime | None:
    """Return the aware instant at which `rule` is due for an activity; None for a rule that acts at publishing.

    Days are counted on the zone's calendar: "three days before at 08.00" means 08.00 local time.
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
    """An activity's instants, all aware, that decide how long a mail about it is useful.

    dateless: it is postponed, or was cancelled while it was: its start and end are those that no longer hold.
    """

    starts_at: datetime
    ends_at: datetime
    respond_by_at: datetime
    dateless: bool = False


def useful_until(kind: MailKind, audience: Audience, due: datetime, times: ActivityTimes) -> datetime:
    """Return the instant after which a mail of `kind` to `audience` is no longer useful."""
    if kind is MailKind.THANKS:
        return due + THANKS_USEFUL_FOR
    if kind in (MailKind.CANCELLATION, MailKind.POSTPONEMENT, MailKind.WITHDRAWAL, MailKind.CONFIRMATION):
        return max(times.ends_at, due + DATELESS_USEFUL_FOR) if times.dateless else times.ends_at
    if kind is MailKind.REMINDER and audience is Audience.UNANSWERED:
        return min(times.respond_by_at, times.starts_at)
    return times.starts_at


def may_wait_until(kind: MailKind, audience: Audience, due: datetime, times: ActivityTimes) -> datetime | None:
    """Return the latest instant to which a mail may be postponed if its recipient had one today; None: it may not wait.

    News cannot wait. A mail that asks for an answer must leave a day for it.
    """
    if kind not in (MailKind.INVITATION, MailKind.REMINDER, MailKind.THANKS):
        return None
    asks = kind is MailKind.INVITATION or audience is Audience.UNANSWERED
    latest = min(times.respond_by_at, times.starts_at) if asks else useful_until(kind, audience, due, times)
    return latest - (ANSWERING_TAKES if asks else READING_TAKES)


def put_off_to(
    kind: MailKind, audience: Audience, due: datetime, times: ActivityTimes, zone: ZoneInfo, now: datetime
) -> datetime | None:
    """Return when a mail goes out to a recipient who already had one on that day: the next morning. None: it cannot
    wait until then.
    """
    latest = may_wait_until(kind, audience, due, times)
    morning = next_morning(max(due, now), zone)
    return morning if latest is not None and morning <= latest else None


def upcoming(
    rules: Iterable[Rule], starts_at: datetime, ends_at: datetime, zone: ZoneInfo, now: datetime
) -> list[DueRule]:
    """Return the enabled rules that are due after `now`, soonest first.

    A rule whose due time passed before publishing reminds nobody: people invited three days before the activity do not get
    "one week before".
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
    """Return why a reminder due at `due` should not be sent at `now`, or None if it is still useful.

    later_rule_is_due: another reminder of the same activity, kind and audience is due since then.
    """
    if kind is MailKind.REMINDER and later_rule_is_due:
        return MissedReason.SUPERSEDED
    if now < useful_until(kind, audience, due, times):
        return None
    if kind is MailKind.THANKS:
        return MissedReason.TOO_OLD
    return MissedReason.ACTIVITY_BEGAN if now >= times.starts_at else MissedReason.DEADLINE_PASSED


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """Return the local day of an instant. Mails to one person on the same local day are merged."""
    return instant.astimezone(zone).date()


def days_ahead(starts_at: datetime, now: datetime, zone: ZoneInfo) -> int:
    """Return how many midnights lie between `now` and the start, on the zone's calendar."""
    return (local_day(starts_at, zone) - local_day(now, zone)).days


def next_morning(now: datetime, zone: ZoneInfo) -> datetime:
    """Return 08.00 of the next day on the zone's calendar."""
    return datetime.combine(local_day(now, zone) + timedelta(days=1), NEXT_MORNING, tzinfo=zone)
