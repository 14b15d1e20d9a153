"""The ladder: what is tried, in which order and when, until an invitee answers. Each try is a rung.

Pure. services/ladder copies an office's rungs to an invitation when its ladder starts, and climbs them.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.kinds import AnswerSource, Role
from outreach.domain.planning.office_hours import Calendar, OfficeHours
from outreach.domain.planning.working_days import last_working_day, working_days
from outreach.domain.problems import Problem
from outreach.domain.reminders.due import local_day

MOST_RUNGS, MOST_DAYS = 6, 60
LATE_AFTER = timedelta(minutes=15)  # a rung that waits longer is overdue: no engine runs


class LadderName(StrEnum):
    """Whose ladder it is."""

    SPEAKERS = "speakers"
    OFFICES = "offices"
    CADRES = "cadres"


class RungKind(StrEnum):
    MAIL = "mail"  # a reminder by mail
    ASSISTANT = "assistant"  # a mail to their adjutant or secretary
    LAST_CALL = "last_call"  # a mail that says that it is the last
    CALL = "call"  # they come first on the list of people to call
    SUBSTITUTES = "substitutes"  # somebody else is proposed; a person decides


class RungTiming(StrEnum):
    AFTER_INVITATION = "after_invitation"
    BEFORE_START = "before_start"


class RungState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    ENDED = "ended"  # an answer came first (`reason`), or the invitation or the activity was withdrawn
    MISSED = "missed"  # its time passed without it; `reason` says why


class WhyMissed(StrEnum):
    PASSED = "passed"  # its time lay behind when the ladder started
    SUPERSEDED = "superseded"  # a later rung is due, too: only that one is climbed
    TOO_LATE = "too_late"  # it no longer helps
    NO_MAIL = "no_mail"  # no mail reaches them, or they want no reminders, or had one today
    NO_ASSISTANT = "no_assistant"  # no adjutant or secretary with an e-mail address is known


ANSWERED_FIRST = "answered"  # the reason of a rung that ended because an answer came first


class AnswerChannel(StrEnum):
    """How an answer came, for the figures of the rungs."""

    MAIL = "mail"  # by the link or the calendar of a mail, or by a mail
    WHATSAPP = "whatsapp"
    PHONE = "phone"
    LETTER = "letter"
    IN_PERSON = "in_person"
    ASSISTANT = "assistant"  # by their adjutant's or secretary's link


CHANNELS = {
    AnswerSource.LINK: AnswerChannel.MAIL,
    AnswerSource.CALENDAR: AnswerChannel.MAIL,
    AnswerSource.MAIL: AnswerChannel.MAIL,
    AnswerSource.WHATSAPP: AnswerChannel.WHATSAPP,
    AnswerSource.PHONE: AnswerChannel.PHONE,
    AnswerSource.LETTER: AnswerChannel.LETTER,
    AnswerSource.IN_PERSON: AnswerChannel.IN_PERSON,
    AnswerSource.WALK_IN: AnswerChannel.IN_PERSON,
    AnswerSource.ASSISTANT: AnswerChannel.ASSISTANT,
}

MAILS = frozenset({RungKind.MAIL, RungKind.LAST_CALL})  # to the invitee
REVIVED = frozenset({WhyMissed.PASSED, WhyMissed.TOO_LATE})  # if the activity moves, and their time lies ahead then
ASKS_TO_ANSWER = MAILS | {RungKind.ASSISTANT}


class NobodyToPropose(Problem):
    message = "Substitutes are proposed only for speakers and moderators."


class TooManyRungs(Problem):
    message = "A ladder has at most %(most)d rungs."


class RungDaysOutOfRange(Problem):
    message = "Please write a number of days from 0 to %(most)d."


@dataclass(frozen=True)
class RungRule:
    """One rung of an office's ladder: what, how many days after the invitation or before the start, and at what time."""

    kind: RungKind
    timing: RungTiming
    days: int
    at: time = time(9, 0)  # in the activity's zone


ADDED_LATER = frozenset({RungKind.ASSISTANT, RungKind.SUBSTITUTES})  # ladders saved before do not have them
# What the page proposes to an office that has no ladder yet.
PROPOSED: dict[LadderName, tuple[RungRule, ...]] = {
    LadderName.SPEAKERS: (
        RungRule(RungKind.MAIL, RungTiming.AFTER_INVITATION, 3),
        RungRule(RungKind.ASSISTANT, RungTiming.AFTER_INVITATION, 5),
        RungRule(RungKind.LAST_CALL, RungTiming.BEFORE_START, 6),
        RungRule(RungKind.CALL, RungTiming.BEFORE_START, 5),
        RungRule(RungKind.SUBSTITUTES, RungTiming.BEFORE_START, 4),
    ),
    LadderName.OFFICES: (
        RungRule(RungKind.MAIL, RungTiming.AFTER_INVITATION, 4),
        RungRule(RungKind.ASSISTANT, RungTiming.AFTER_INVITATION, 6),
        RungRule(RungKind.LAST_CALL, RungTiming.BEFORE_START, 5),
        RungRule(RungKind.CALL, RungTiming.BEFORE_START, 3),
    ),
    LadderName.CADRES: (
        RungRule(RungKind.MAIL, RungTiming.AFTER_INVITATION, 3),
        RungRule(RungKind.CALL, RungTiming.BEFORE_START, 3),
    ),
}


def ladder_of(role: Role, *, is_organisation: bool) -> LadderName:
    """Return whose ladder an invitation climbs. Participants come for an office."""
    if role in (Role.SPEAKER, Role.MODERATOR) and not is_organisation:
        return LadderName.SPEAKERS
    return LadderName.CADRES if role is Role.CADRE and not is_organisation else LadderName.OFFICES


def kinds_of(name: LadderName) -> list[RungKind]:
    """Return the kinds of rung that a ladder can have."""
    return [kind for kind in RungKind if kind is not RungKind.SUBSTITUTES or name is LadderName.SPEAKERS]


def offered(name: LadderName, rules: Sequence[RungRule]) -> list[RungRule]:
    """Return the proposed rungs of kinds that came later, and that this ladder lacks and has room for."""
    has = {rule.kind for rule in rules}
    lacking = [rule for rule in PROPOSED[name] if rule.kind in ADDED_LATER - has]
    return lacking[: MOST_RUNGS - len(rules)] if rules else []


def with_offered(name: LadderName, rules: Sequence[RungRule]) -> list[RungRule]:
    """Return a ladder with the rungs of `offered`, each after those that come before it in the proposed ladder."""
    order = [rule.kind for rule in PROPOSED[name]]
    found = list(rules)
    for rule in offered(name, rules):
        before = set(order[: order.index(rule.kind)])
        at = max((place + 1 for place, other in enumerate(found) if other.kind in before), default=0)
        found.insert(at, rule)
    return found


def check(name: LadderName, rules: Sequence[RungRule]) -> None:
    """Raise TooManyRungs, RungDaysOutOfRange or NobodyToPropose."""
    if any(rule.kind not in kinds_of(name) for rule in rules):
        raise NobodyToPropose
    if len(rules) > MOST_RUNGS:
        raise TooManyRungs(most=MOST_RUNGS)
    if any(not 0 <= rule.days <= MOST_DAYS for rule in rules):
        raise RungDaysOutOfRange(most=MOST_DAYS)


def due_at(
    rule: RungRule, invited_at: datetime, starts_at: datetime, zone: ZoneInfo, calendar: Calendar, hours: OfficeHours
) -> datetime:
    """Return the aware instant at which a rung is due: on a working day, within its hours, and not in its break.

    Days after the invitation are working days. A day off before the start moves to the last working day before it. On a
    Friday, the break is that of the prayer.
    """
    if rule.timing is RungTiming.AFTER_INVITATION:
        first = local_day(invited_at, zone)
        following = working_days(first + timedelta(days=1), rule.days, calendar.days_off)
        day = following[-1] if following else working_days(first, 1, calendar.days_off)[0]
    else:
        day = last_working_day(local_day(starts_at, zone) - timedelta(days=rule.days), calendar.days_off)
    due = datetime.combine(day, _within(rule.at, day, calendar, hours), tzinfo=zone)
    if due >= invited_at or rule.timing is RungTiming.BEFORE_START:
        return max(due, invited_at)
    invited = invited_at.astimezone(zone)
    if _within(invited.time(), invited.date(), calendar, hours) == invited.time():
        return invited_at  # on the day of the invitation, after the rung's hour
    return due_at(replace(rule, days=1), invited_at, starts_at, zone, calendar, hours)


@dataclass(frozen=True)
class PlannedRung:
    """One rung of an invitation's ladder. missed: why it is not climbed, as far as that is known before."""

    position: int
    kind: RungKind
    due_at: datetime
    missed: WhyMissed | None = None


@dataclass(frozen=True)
class KeptRung:
    """A rung of an invitation's ladder with what became of it, to go on with later."""

    position: int
    kind: RungKind
    timing: RungTiming
    days: int
    at: time
    starts_at: datetime
    due_at: datetime
    state: RungState
    done_at: datetime | None
    reason: str


def has_passed(rule: RungRule, due: datetime, invited_at: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """Return whether a rung's time lies behind when its ladder starts at `now`.

    A rung that is due with the invitation itself is climbed on that day, although the ladder starts a moment later.
    """
    with_it = rule.timing is RungTiming.AFTER_INVITATION and due == invited_at
    return due < now and not (with_it and local_day(now, zone) == local_day(invited_at, zone))


def begun(
    rules: Sequence[RungRule], invited_at: datetime, starts_at: datetime, zone: ZoneInfo, calendar: Calendar,
    hours: OfficeHours, now: datetime,
) -> list[PlannedRung]:  # fmt: skip
    """Return the rungs of a ladder that starts at `now`, in their order. Those whose time has passed are missed."""
    found = []
    for position, rule in enumerate(rules):
        due = due_at(rule, invited_at, starts_at, zone, calendar, hours)
        passed = has_passed(rule, due, invited_at, now, zone)
        found.append(PlannedRung(position, rule.kind, due, WhyMissed.PASSED if passed else None))
    return found


def outlook(
    rungs: Iterable[PlannedRung], *, respond_by_at: datetime, starts_at: datetime, now: datetime
) -> list[PlannedRung]:
    """Return what becomes of an invitation's rungs if no answer comes. What is due by `now` is climbed at `now`."""
    found, together = [], defaultdict(list)
    for rung in rungs:
        if rung.missed is None:
            together[max(rung.due_at, now)].append(rung)
        else:
            found.append(rung)
    for at, due in together.items():
        highest, _lower = climbed((rung.position, rung.position) for rung in due)
        for rung in due:
            missed = None if rung.position in highest or at >= starts_at else WhyMissed.SUPERSEDED
            if missed is None and not helps(rung.kind, respond_by_at=respond_by_at, starts_at=starts_at, now=at):
                missed = WhyMissed.TOO_LATE
            found.append(replace(rung, due_at=at, missed=missed))
    return sorted(found, key=lambda rung: (rung.due_at, rung.position))


def _within(at: time, day: date, calendar: Calendar, hours: OfficeHours) -> time:
    today = hours.on(day, ramadan=calendar.in_ramadan(day))
    if today.break_from <= at < today.break_until:
        return today.break_until
    return min(max(at, today.opens), today.closes)


def helps(kind: RungKind, *, respond_by_at: datetime, starts_at: datetime, now: datetime) -> bool:
    """Return whether a rung still helps: a mail until the deadline for answers, a call until the start."""
    return now < (min(respond_by_at, starts_at) if kind in ASKS_TO_ANSWER else starts_at)


def climbed(due: Iterable[tuple[int, int]]) -> tuple[set[int], set[int]]:
    """Return, of rungs that are due together, those that are climbed and those that are superseded, by their ids.

    due: (id, position) of one invitation's rungs. Only the highest is climbed: one catch-up, never two.
    """
    ordered = sorted(due, key=lambda rung: rung[1])
    return {ordered[-1][0]} if ordered else set(), {id for id, _position in ordered[:-1]}
