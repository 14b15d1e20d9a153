"""Date polls: which proposed slot suits best, how long answers are accepted, and whether a request mail is still true.

Pure functions. services/polls/ask.py asks people, services/polls/answer.py records answers,
delivery/mail/kinds/poll.py writes mails.
"""

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from outreach.domain.kinds import PollChoice
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.planning.working_days import last_working_day, working_days
from outreach.domain.problems import Problem
from outreach.domain.reminders.due import ANSWERING_TAKES, next_morning
from outreach.domain.states import PollState

MOST_SLOTS = 12  # so that the answer page stays within 14 KB
USUAL_DAYS = 3  # a poll usually closes after this many days
CLOSES_AT = time(16, 0)
REMINDS_AT = time(8, 0)


class NoSlots(Problem):
    message = "A date poll needs at least one proposed time. Please write a day with its start and end."
    field = "slots"


class TooManySlots(Problem):
    message = (
        "At most %(most)d times can be proposed: people must find their way on a small screen. Please leave some out."
    )
    field = "slots"


class SlotEndsBeforeStart(Problem):
    message = "A proposed time must end later than it starts: %(starts_at)s."
    field = "slots"


class SlotTwice(Problem):
    message = "The same time is proposed twice: %(starts_at)s. Please leave one out."
    field = "slots"


class ClosesInThePast(Problem):
    message = "The poll would close in the past. Please give people time to answer."
    field = "closes_at"


class ClosesAfterASlot(Problem):
    message = "The poll must close before the first proposed time begins: %(starts_at)s."
    field = "closes_at"


class PollClosed(Problem):
    message = "This poll closed on %(closed_at)s. Please call us if you can still tell us your dates: %(contact)s."


class PollClosedEarly(PollClosed):
    """The office closed or decided the poll before its closing time, so the sentence does not name that time."""

    message = "This poll takes no more answers. Please call us if you can still tell us your dates: %(contact)s."


class NotEveryDate(Problem):
    message = "Please choose one answer for each proposed time."


@dataclass(frozen=True, slots=True)
class Proposed:
    """One slot as proposed. Instants are aware."""

    starts_at: datetime
    ends_at: datetime
    venue_id: int | None = None


@dataclass(frozen=True, slots=True)
class Voter:
    """A person asked. needed: no slot suits without them. choices: by slot; empty until they answer."""

    id: int
    needed: bool = False
    choices: Mapping[int, PollChoice] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SlotStanding:
    """The answers for one slot. Voters are given by id; each voter is in exactly one of the first four tuples.

    needed_no, needed_unanswered: the needed voters among them. over: the slot's start has passed.
    """

    slot_id: int
    starts_at: datetime
    yes: tuple[int, ...] = ()
    if_need_be: tuple[int, ...] = ()
    no: tuple[int, ...] = ()
    unanswered: tuple[int, ...] = ()
    needed_no: tuple[int, ...] = ()
    needed_unanswered: tuple[int, ...] = ()
    blocking: int = 0  # clashes that prevent saving
    warnings: int = 0
    over: bool = False

    @property
    def suits(self) -> bool:
        """Whether no needed voter has said no."""
        return not self.needed_no

    @property
    def merit(self) -> tuple[int, ...]:
        """Return a sort key, the lower the better: needed voters first, then all voters, then clashes."""
        return (
            self.over,
            len(self.needed_no),
            len(self.no),
            len(self.if_need_be),
            -len(self.yes),
            len(self.unanswered),
            self.blocking,
            self.warnings,
        )


def ranked(
    slots: Iterable[tuple[int, datetime]],
    voters: Collection[Voter],
    *,
    now: datetime,
    clashes: Mapping[int, tuple[int, int]] | None = None,
) -> list[SlotStanding]:
    """Return the standing of each slot, the best first; of equal ones the earlier.

    slots: (id, start). clashes: by slot, how many block and how many only warn. They decide between slots that suit
    people equally well.
    """
    found = []
    for slot_id, starts_at in slots:
        said: dict[PollChoice | None, list[int]] = {None: [], **{choice: [] for choice in PollChoice}}
        for voter in voters:
            said[voter.choices.get(slot_id)].append(voter.id)
        needed = {voter.id for voter in voters if voter.needed}
        blocking, warnings = (clashes or {}).get(slot_id, (0, 0))
        found.append(
            SlotStanding(
                slot_id,
                starts_at,
                yes=tuple(said[PollChoice.YES]),
                if_need_be=tuple(said[PollChoice.IF_NEED_BE]),
                no=tuple(said[PollChoice.NO]),
                unanswered=tuple(said[None]),
                needed_no=tuple(id for id in said[PollChoice.NO] if id in needed),
                needed_unanswered=tuple(id for id in said[None] if id in needed),
                blocking=blocking,
                warnings=warnings,
                over=starts_at <= now,
            )
        )
    return sorted(found, key=lambda standing: (standing.merit, standing.starts_at, standing.slot_id))


def best(standings: Sequence[SlotStanding]) -> frozenset[int]:
    """Return the ids of the best slots; empty if nobody has answered or no slot suits.

    standings: as returned by `ranked`.
    """
    if not standings or not standings[0].suits or standings[0].over:
        return frozenset()
    if not any((standing.yes, standing.if_need_be, standing.no) != ((), (), ()) for standing in standings):
        return frozenset()
    return frozenset(standing.slot_id for standing in standings if standing.merit == standings[0].merit)


def check_slots(slots: Sequence[Proposed]) -> None:
    """Raise NoSlots, TooManySlots, SlotEndsBeforeStart or SlotTwice."""
    if not slots:
        raise NoSlots
    if len(slots) > MOST_SLOTS:
        raise TooManySlots(most=MOST_SLOTS)
    seen = set()
    for slot in slots:
        if slot.ends_at <= slot.starts_at:
            raise SlotEndsBeforeStart(starts_at=slot.starts_at)
        if (slot.starts_at, slot.ends_at, slot.venue_id) in seen:
            raise SlotTwice(starts_at=slot.starts_at)
        seen.add((slot.starts_at, slot.ends_at, slot.venue_id))


def check_closing(closes_at: datetime, starts: Collection[datetime], now: datetime) -> None:
    """Raise ClosesInThePast, or ClosesAfterASlot if a slot begins before the poll closes. starts: of all slots."""
    if closes_at <= now:
        raise ClosesInThePast
    if starts and closes_at > min(starts):
        raise ClosesAfterASlot(starts_at=min(starts))


def usual_closing(now: datetime, zone: ZoneInfo, days_off: Container[date]) -> datetime:
    """Return the usual closing time of a poll made now: 16.00 in three days, or on the last working day before that.

    If that would be today, the next working day. days_off: holidays and joint holidays.
    """
    today = now.astimezone(zone).date()
    day = last_working_day(today + timedelta(days=USUAL_DAYS), days_off)
    if day <= today:
        (day,) = working_days(today + timedelta(days=1), 1, days_off)
    return datetime.combine(day, CLOSES_AT, tzinfo=zone)


def remind_at(closes_at: datetime, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return when voters without an answer are reminded: 08.00 on the day before closing.

    From that day on, None: a voter who is asked on that day gets no reminder on the same day.
    """
    day = closes_at.astimezone(zone).date() - timedelta(days=1)
    found = datetime.combine(day, REMINDS_AT, tzinfo=zone)
    return found if now.astimezone(zone).date() < day else None


def waits_until(now: datetime, closes_at: datetime, zone: ZoneInfo) -> datetime:
    """Return when a voter who had a mail today gets the next: tomorrow morning if that leaves a day to answer, otherwise now."""
    morning = next_morning(now, zone)
    return morning if morning <= closes_at - ANSWERING_TAKES else now


def is_open(state: PollState, closes_at: datetime, now: datetime) -> bool:
    """Return whether answers are accepted."""
    return state is PollState.OPEN and now < closes_at


@dataclass(frozen=True, slots=True)
class MailFacts:
    """What is known, when it is sent, about a mail that asks one invitee for suitable dates."""

    state: PollState | None  # the poll's; None if the poll is deleted, or the voter is no longer asked
    closes_at: datetime | None
    answered: bool
    reminds: bool  # it is the reminder, not the first request
    stopped: bool  # the recipient asked for no more reminders
    erased: bool
    link_revoked: bool
    has_address: bool
    blocked: bool  # the address takes no mail


def skip_because(facts: MailFacts, now: datetime) -> SkipReason | None:
    """Return why the mail must not be sent, or None if it is still true."""
    if facts.erased:
        return SkipReason.ERASED
    if facts.state is None or facts.closes_at is None:
        return SkipReason.NOT_ATTENDING
    if facts.answered:
        return SkipReason.ANSWERED
    if not is_open(facts.state, facts.closes_at, now):
        return SkipReason.POLL_CLOSED
    if facts.reminds and facts.stopped:
        return SkipReason.STOPPED
    if facts.link_revoked:
        return SkipReason.LINK_REVOKED
    if not facts.has_address:
        return SkipReason.NO_ADDRESS
    return SkipReason.ADDRESS_BLOCKED if facts.blocked else None
