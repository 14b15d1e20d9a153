"""When a reminder is due, how long it is useful, and why it is missed.

Pure functions. services/reminders/schedule.py stores reminders, services/reminders/tick.py expands them, delivery/ sends them.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.answers import answer_by
from outreach.domain.kinds import Audience, MailKind, RuleTiming
from outreach.domain.planning.working_days import is_working_day, last_working_day

THANKS_USEFUL_FOR = timedelta(days=7)
CERTIFICATE_USEFUL_FOR = timedelta(days=30)
DATELESS_USEFUL_FOR = timedelta(days=7)  # news of an activity without a date
MAY_WAIT = frozenset(
    {MailKind.INVITATION, MailKind.REMINDER, MailKind.ASSISTANCE, MailKind.CERTIFICATE, MailKind.THANKS}
)  # all others are news
ANSWERING_TAKES = timedelta(days=1)
READING_TAKES = timedelta(hours=4)
NEXT_MORNING = time(8, 0)
KEEPS_ITS_DAY_UP_TO = 1  # days before the start: "tomorrow" and "today" are said on their day, also on a day off


class MissedReason(StrEnum):
    """Why a reminder's due time passed without a mail; the page shows the sentence for it."""

    ACTIVITY_BEGAN = "activity_began"
    SUPERSEDED = "superseded"  # a later rule for the same people is already due
    TOO_OLD = "too_old"
    DEADLINE_PASSED = "deadline_passed"  # it asks for an answer that can no longer be given
    MOMENT_PASSED = "moment_passed"  # the due time was before the activity was published or moved
    SAME_DAY = "same_day"  # another reminder to the same people is due on that day
    MANY_NAMED = "many_named"  # too many new addresses in one day through an office's link; a coordinator checks first
    MANY_REPRESENT = "many_represent"  # too many people named in one invitee's place in one day; staff ask who comes
    RESTORED = "restored"  # it was due after the restored backup was made, and may have been sent since


class OtherDay(StrEnum):
    """Why a reminder is due on another day than its rule says; the page shows the sentence for it."""

    DAY_OFF = "day_off"  # the working day before
    DEADLINE = "deadline"  # it asks for an answer, and its own day is after the deadline
    INVITATION = "invitation"  # on its own day the invitation has just come


class NotReminded(StrEnum):
    """Why an invitee gets no reminder by hand; the page shows the sentence for it."""

    NOT_EXPECTED = "not_expected"  # declined, waitlisted, withdrawn, or not invited yet
    CAME = "came"
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
    """A rule's moment for one activity. superseded: another rule reminds the same people on that day."""

    rule: Rule
    due_at: datetime
    other_day: OtherDay | None = None
    superseded: bool = False


def due_at(starts_at: datetime, ends_at: datetime, zone: ZoneInfo, rule: Rule) -> datetime | None:
    """Return the aware instant that `rule` says for an activity; None for a rule that acts at publishing.

    `moments` may choose another day for it.
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


def useful_until(
    kind: MailKind, audience: Audience, due: datetime, times: ActivityTimes, invited_at: datetime | None = None
) -> datetime:
    """Return the instant after which a mail of `kind` to `audience` is no longer useful.

    A reminder to answer is useful as long as its recipient may answer. invited_at: when they were invited; None: before
    the deadline.
    """
    if kind is MailKind.THANKS:
        return due + THANKS_USEFUL_FOR
    if kind is MailKind.CERTIFICATE:
        return due + CERTIFICATE_USEFUL_FOR
    if kind in (MailKind.CANCELLATION, MailKind.POSTPONEMENT, MailKind.WITHDRAWAL, MailKind.CONFIRMATION):
        return max(times.ends_at, due + DATELESS_USEFUL_FOR) if times.dateless else times.ends_at
    if kind in (MailKind.REMINDER, MailKind.ASSISTANCE) and audience is Audience.UNANSWERED:
        return _answer_by(times, invited_at)
    return times.starts_at


def _answer_by(times: ActivityTimes, invited_at: datetime | None) -> datetime:
    return min(answer_by(times.respond_by_at, times.starts_at, invited_at), times.starts_at)


def may_wait_until(
    kind: MailKind, audience: Audience, due: datetime, times: ActivityTimes, invited_at: datetime | None = None
) -> datetime | None:
    """Return the latest instant to which a mail may wait if its recipient had one today; None: it may not wait.

    News cannot wait. A mail that asks for an answer must leave a day for it. invited_at: as in `useful_until`.
    """
    if kind not in MAY_WAIT:
        return None
    asks = kind is MailKind.INVITATION or audience is Audience.UNANSWERED
    latest = _answer_by(times, invited_at) if asks else useful_until(kind, audience, due, times)
    return latest - (ANSWERING_TAKES if asks else READING_TAKES)


def put_off_to(
    kind: MailKind, audience: Audience, due: datetime, times: ActivityTimes, zone: ZoneInfo, now: datetime
) -> datetime | None:
    """Return when a mail goes out to a recipient who already had one on that day: the next morning. None: it cannot
    wait until then.

    If the deadline has passed, its recipients are those who are invited only now or were invited after it.
    """
    latest = may_wait_until(kind, audience, due, times, invited_at=max(due, now))
    morning = next_morning(max(due, now), zone)
    return morning if latest is not None and morning <= latest else None


def moments(
    rules: Iterable[Rule], times: ActivityTimes, zone: ZoneInfo, days_off: Container[date], told_at: datetime,
    late_told_at: datetime | None = None,
) -> list[DueRule]:  # fmt: skip
    """Return when each enabled rule is due, soonest first.

    A reminder of two or more days before the start moves from a day off to the last working day before it. A reminder
    to answer that would come after the deadline moves to the last working day before the deadline's day.

    If every reminder to answer would then come on the day of the invitation or earlier, the last one moves: to the last
    working day before the deadline's day or, if some hours are left there, to that day. A reminder that cannot move to
    a day after the invitation's keeps its own day. days_off: holidays and joint holidays; weekends are days off anyway.
    told_at: when the invitation comes. late_told_at: when the last invitation comes to somebody who is invited after the
    deadline. They are the only ones who may answer then, so the reminders to answer keep their own days before the start.
    """
    own = [
        DueRule(rule, due)
        for rule in rules
        if rule.enabled and (due := due_at(times.starts_at, times.ends_at, zone, rule)) is not None
    ]
    days = _Days(times, zone, days_off, told_at)
    days_to_answer = replace(days, told_at=late_told_at) if late_told_at else days
    placed = [(days_to_answer if _asks(moment.rule) else days).place(moment) for moment in own]
    asking = [n for n, moment in enumerate(own) if _asks(moment.rule)]
    if asking and all(placed[n] is None for n in asking):
        last = max(asking, key=lambda n: own[n].due_at)
        placed[last] = days_to_answer.last_chance(own[last])
    found = [there or moment for there, moment in zip(placed, own, strict=True)]
    found = [replace(moment, superseded=_is_superseded(moment, found, zone)) for moment in found]
    return sorted(found, key=lambda moment: (moment.due_at, moment.rule.key))


@dataclass(frozen=True)
class _Days:
    """The days of one activity on which a reminder helps."""

    times: ActivityTimes
    zone: ZoneInfo
    days_off: Container[date]
    told_at: datetime

    def place(self, one: DueRule) -> DueRule | None:
        """Return the reminder on its own day, or on the one to which it moves; None if it comes too early for both."""
        day, reason = local_day(one.due_at, self.zone), None
        if _asks(one.rule) and one.due_at >= self._answer_by:
            day, reason = local_day(self._answer_by, self.zone) - timedelta(days=1), OtherDay.DEADLINE
        elif one.rule.timing is RuleTiming.BEFORE_START and one.rule.days > KEEPS_ITS_DAY_UP_TO:
            reason = None if is_working_day(day, self.days_off) else OtherDay.DAY_OFF
        if reason is not None:
            one = self._moved(one, last_working_day(day, self.days_off), reason)
        return one if self._is_after_the_invitation(one) else None

    def last_chance(self, one: DueRule) -> DueRule | None:
        """Return the reminder on the working day before the deadline's day, or on that day; None if neither helps."""
        deadlines_day = local_day(self._answer_by, self.zone)
        reason = OtherDay.DEADLINE if one.due_at >= self._answer_by else OtherDay.INVITATION
        for day in (last_working_day(deadlines_day - timedelta(days=1), self.days_off), deadlines_day):
            there = self._moved(one, day, reason)
            in_time = is_working_day(day, self.days_off) and there.due_at + READING_TAKES <= self._answer_by
            if in_time and self._is_after_the_invitation(there):
                return there
        return None

    @property
    def _answer_by(self) -> datetime:
        return _answer_by(self.times, self.told_at)

    def _moved(self, moment: DueRule, day: date, reason: OtherDay) -> DueRule:
        return replace(moment, due_at=datetime.combine(day, moment.rule.at, tzinfo=self.zone), other_day=reason)

    def _is_after_the_invitation(self, moment: DueRule) -> bool:
        return local_day(moment.due_at, self.zone) > local_day(self.told_at, self.zone)


def _asks(rule: Rule) -> bool:
    return rule.kind is MailKind.REMINDER and rule.audience is Audience.UNANSWERED


def _is_superseded(moment: DueRule, found: Iterable[DueRule], zone: ZoneInfo) -> bool:
    """Return whether a reminder that has moved meets another one to the same people. Of two that moved, the later rule stays."""
    if moment.other_day is None:
        return False
    same = [
        other
        for other in found
        if other is not moment
        and (other.rule.kind, other.rule.audience) == (moment.rule.kind, moment.rule.audience)
        and local_day(other.due_at, zone) == local_day(moment.due_at, zone)
    ]
    return any(
        other.other_day is None or (other.rule.days, other.rule.key) < (moment.rule.days, moment.rule.key)
        for other in same
    )


def upcoming(found: Iterable[DueRule], starts_at: datetime, now: datetime) -> list[DueRule]:
    """Return those moments of `moments` that come after `now`.

    A rule whose due time passed before publishing reminds nobody: people invited three days before the activity do not get
    "one week before".
    """
    return [
        moment
        for moment in found
        if moment.due_at > now
        and not moment.superseded
        and not (moment.rule.timing is RuleTiming.BEFORE_START and moment.due_at >= starts_at)
    ]


def missed_because(
    kind: MailKind,
    audience: Audience,
    due: datetime,
    times: ActivityTimes,
    now: datetime,
    *,
    later_rule_is_due: bool = False,
    last_invited_at: datetime | None = None,
) -> MissedReason | None:
    """Return why a reminder due at `due` should not be sent at `now`, or None if it is still useful.

    later_rule_is_due: another reminder of the same activity, kind and audience is due since then.
    last_invited_at: when the last of its recipients was invited; None: all before the deadline.
    """
    if kind is MailKind.REMINDER and later_rule_is_due:
        return MissedReason.SUPERSEDED
    if now < useful_until(kind, audience, due, times, last_invited_at):
        return None
    if kind in (MailKind.CERTIFICATE, MailKind.THANKS):
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
