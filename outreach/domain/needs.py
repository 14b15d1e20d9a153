"""What needs a coordinator's attention, for the start page, the most urgent first.

Pure functions. queries/overview/page.py loads the numbers, the page words the sentences.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.states import ActivityState

DEADLINE_NEAR = timedelta(days=3)


class NeedKind(StrEnum):
    CHANNEL = "channel"  # the mail server accepts nothing
    CLOCK = "clock"  # a sending machine has a wrong clock and therefore sends nothing
    NOTHING_SENDS = "nothing_sends"  # mails are overdue: no engine runs
    LADDERS = "ladders"  # rungs are overdue: no engine runs
    MAILBOX = "mailbox"  # the mailbox cannot be read
    FAILED = "failed"  # mails that will not be tried again
    SILENT = "silent"  # the deadline has passed without an answer
    FULL = "full"  # more people are coming than there are seats
    DECLINED = "declined"  # speakers who are not coming and are not replaced yet
    CLASHES = "clashes"  # clashes that the office has set to block
    POLLS_DECIDE = "polls_decide"  # date polls that wait for a decision
    TO_READ = "to_read"  # mails written by people, or not understood
    QUESTIONS = "questions"  # asked on the phone, not settled
    DATA_REQUESTS = "data_requests"  # about personal data, not done
    TASKS = "tasks"  # from meetings, overdue
    TASKS_CALL = "tasks_call"  # from meetings, due soon or overdue, and no mail reaches the owner
    NEW_DATE = "new_date"  # postponed activities that wait for a new date
    LETTER = "letter"  # invitees whose invitation waits for a signed letter
    NO_SPEAKER = "no_speaker"  # there is an agenda but no speaker
    CONFIRM = "confirm"  # moved activities: answers to the former day
    DEADLINE = "deadline"  # the deadline is near, and answers are missing
    BOUNCED = "bounced"  # expected people whose address takes no mail
    CALL = "call"  # invitees without an answer who cannot be reached by mail
    UNCOVERED = "uncovered"  # kelurahan from which nobody is coming
    LOOK_AGAIN = "look_again"  # clashes that the office has set to warn
    POLLS_RUN = "polls_run"  # date polls still waiting for answers
    NO_AGENDA = "no_agenda"  # published with neither an agenda nor a speaker
    DRAFT = "draft"  # drafts: nobody has been told yet


URGENT = frozenset(
    {
        NeedKind.CHANNEL, NeedKind.CLOCK, NeedKind.NOTHING_SENDS, NeedKind.LADDERS, NeedKind.FAILED, NeedKind.MAILBOX,
        NeedKind.FULL, NeedKind.DECLINED, NeedKind.CLASHES,
    }
)  # fmt: skip
CALM = frozenset({NeedKind.DRAFT, NeedKind.NO_AGENDA, NeedKind.LOOK_AGAIN, NeedKind.POLLS_RUN})


@dataclass(frozen=True, slots=True)
class Answers:
    """An activity's invitees, counted by their answer."""

    coming: int = 0
    represented: int = 0
    waiting: int = 0
    not_coming: int = 0
    open: int = 0  # invited, without an answer, and not come
    prepared: int = 0
    seats_taken: int = 0  # people, each counted once
    speakers: int = 0  # those who have not declined
    came: int = 0  # without having answered
    outdated: int = 0  # their answer is to a day before a move; counted in their state, too
    no_letter: int = 0  # their invitation waits for a signed letter; counted as prepared, too
    unreachable: int = 0  # without an answer and not reachable by mail

    @property
    def total(self) -> int:
        return self.coming + self.represented + self.waiting + self.not_coming + self.open + self.came

    @property
    def parts(self) -> tuple[tuple[str, int], ...]:
        """Return what a bar shows, in its order: (name, count)."""
        return (
            ("coming", self.coming),
            ("represented", self.represented),
            ("came", self.came),
            ("waitlisted", self.waiting),
            ("not_coming", self.not_coming),
            ("silent", self.open),
        )

    @property
    def answered(self) -> int:
        return self.total - self.open

    @property
    def accepted(self) -> int:
        return self.coming + self.represented


@dataclass(frozen=True, slots=True)
class ActivityStanding:
    """An upcoming or postponed activity with its figures."""

    id: int
    title: str
    state: ActivityState
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    respond_by_at: datetime
    venue: str
    seats: int | None
    agenda_lines: int
    answers: Answers


@dataclass(frozen=True, slots=True)
class PollStanding:
    """A date poll with people asked, no date chosen, and at least one proposed time still ahead."""

    id: int
    title: str
    closes_at: datetime
    zone: ZoneInfo
    takes_answers: bool
    asked: int
    answered: int

    @property
    def to_decide(self) -> bool:
        """Return whether no further answer is expected."""
        return not self.takes_answers or self.answered == self.asked


@dataclass(frozen=True, slots=True)
class Troubles:
    """The figures that are not part of an activity's answers."""

    channel_since_at: datetime | None = None
    clock_since_at: datetime | None = None
    mailbox_since_at: datetime | None = None
    overdue: int = 0  # mails
    rungs_overdue: int = 0
    failed: int = 0
    unreachable: int = 0
    bounced: int = 0
    to_read: int = 0
    questions: int = 0
    data_requests: int = 0
    tasks: int = 0  # overdue
    tasks_call: int = 0
    clashes: int = 0
    look_again: int = 0
    uncovered: Mapping[int, Sequence[str]] = field(default_factory=dict)  # by activity: names of kelurahan
    declined: Mapping[int, Sequence[str]] = field(default_factory=dict)  # by activity: names of speakers
    polls: Sequence[PollStanding] = ()  # those that close soonest first


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs attention. count: mails, invitees, activities, clashes, kelurahan or polls.

    parts: the activities it is about, the soonest first, each with its share of the count.
    names: of speakers or kelurahan. polls: the date polls it is about.
    """

    kind: NeedKind
    count: int
    parts: tuple[tuple[ActivityStanding, int], ...] = ()
    since_at: datetime | None = None
    names: tuple[str, ...] = ()
    polls: tuple[PollStanding, ...] = ()

    @property
    def first(self) -> ActivityStanding | None:
        return self.parts[0][0] if self.parts else None

    @property
    def urgency(self) -> str:
        return "urgent" if self.kind in URGENT else "calm" if self.kind in CALM else ""


def needs(standings: Sequence[ActivityStanding], troubles: Troubles, now: datetime) -> list[Need]:
    """Return what needs attention at `now`. standings: upcoming and postponed activities, the soonest first."""
    told = [s for s in standings if s.state is ActivityState.PUBLISHED]
    waiting = [s for s in told if s.answers.open and s.starts_at > now]
    found = [
        Need(NeedKind.CHANNEL, 1, since_at=troubles.channel_since_at) if troubles.channel_since_at else None,
        Need(NeedKind.CLOCK, 1, since_at=troubles.clock_since_at) if troubles.clock_since_at else None,
        _counted(NeedKind.NOTHING_SENDS, 0 if troubles.channel_since_at else troubles.overdue),
        _counted(NeedKind.LADDERS, troubles.rungs_overdue),
        _counted(NeedKind.FAILED, troubles.failed),
        Need(NeedKind.MAILBOX, 1, since_at=troubles.mailbox_since_at) if troubles.mailbox_since_at else None,
        _of_invitees(NeedKind.SILENT, [s for s in waiting if s.respond_by_at <= now]),
        _of_activities(
            NeedKind.FULL,
            [
                s
                for s in standings
                if s.state is not ActivityState.POSTPONED and s.seats is not None and s.answers.seats_taken > s.seats
            ],
        ),
        _of_names(NeedKind.DECLINED, told, troubles.declined),
        _counted(NeedKind.CLASHES, troubles.clashes),
        _of_polls(NeedKind.POLLS_DECIDE, [poll for poll in troubles.polls if poll.to_decide]),
        _counted(NeedKind.TO_READ, troubles.to_read),
        _counted(NeedKind.QUESTIONS, troubles.questions),
        _counted(NeedKind.DATA_REQUESTS, troubles.data_requests),
        _counted(NeedKind.TASKS, troubles.tasks),
        _counted(NeedKind.TASKS_CALL, troubles.tasks_call),
        _of_activities(NeedKind.NEW_DATE, [s for s in standings if s.state is ActivityState.POSTPONED]),
        _counted(
            NeedKind.LETTER,
            sum(s.answers.no_letter for s in told if s.starts_at > now),
            [(s, s.answers.no_letter) for s in told if s.answers.no_letter and s.starts_at > now],
        ),
        _of_activities(NeedKind.NO_SPEAKER, [s for s in told if s.agenda_lines and not s.answers.speakers]),
        _of_invitees(NeedKind.DEADLINE, [s for s in waiting if now < s.respond_by_at <= now + DEADLINE_NEAR]),
        _counted(
            NeedKind.CONFIRM,
            sum(s.answers.outdated for s in told if s.starts_at > now),
            [(s, s.answers.outdated) for s in told if s.answers.outdated and s.starts_at > now],
        ),
        _counted(NeedKind.BOUNCED, troubles.bounced),
        _counted(
            NeedKind.CALL, troubles.unreachable, [(s, s.answers.unreachable) for s in told if s.answers.unreachable]
        ),
        _of_names(NeedKind.UNCOVERED, told, troubles.uncovered),
        _counted(NeedKind.LOOK_AGAIN, troubles.look_again),
        _of_polls(NeedKind.POLLS_RUN, [poll for poll in troubles.polls if not poll.to_decide]),
        _of_activities(NeedKind.NO_AGENDA, [s for s in told if not s.agenda_lines and not s.answers.speakers]),
        _of_activities(NeedKind.DRAFT, [s for s in standings if s.state is ActivityState.DRAFT]),
    ]
    return [need for need in found if need is not None]


def _counted(kind: NeedKind, count: int, parts: Collection[tuple[ActivityStanding, int]] = ()) -> Need | None:
    return Need(kind, count, tuple(parts)) if count else None


def _of_invitees(kind: NeedKind, standings: Collection[ActivityStanding]) -> Need | None:
    return _counted(kind, sum(s.answers.open for s in standings), [(s, s.answers.open) for s in standings])


def _of_activities(kind: NeedKind, standings: Collection[ActivityStanding]) -> Need | None:
    return _counted(kind, len(standings), [(s, 1) for s in standings])


def _of_polls(kind: NeedKind, polls: Sequence[PollStanding]) -> Need | None:
    return Need(kind, len(polls), polls=tuple(polls)) if polls else None


def _of_names(kind: NeedKind, standings: Sequence[ActivityStanding], names: Mapping[int, Sequence[str]]) -> Need | None:
    """Return the need about these names; a name that occurs for several activities counts once."""
    parts = tuple((s, len(names[s.id])) for s in standings if names.get(s.id))
    every = tuple(dict.fromkeys(name for s, _count in parts for name in names[s.id]))
    return Need(kind, len(every), parts, names=every) if every else None
