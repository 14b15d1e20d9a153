"""What asks for a coordinator on the start page, the most urgent first.

Pure: the numbers are gathered by services/overview.py, the sentences are the page's.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.kinds import Audience
from outreach.domain.states import ActivityState

DEADLINE_NEAR = timedelta(days=3)


class NeedKind(StrEnum):
    CHANNEL = "channel"  # the mail server takes nothing
    NOTHING_SENDS = "nothing_sends"  # mails are overdue: no engine runs
    FAILED = "failed"  # mails that will not be tried again
    SILENT = "silent"  # the deadline has passed without an answer
    FULL = "full"  # more people come than fit
    DECLINED = "declined"  # speakers who are not coming, and in whose place nobody speaks yet
    NO_SPEAKER = "no_speaker"  # an agenda, and nobody who speaks
    DEADLINE = "deadline"  # the deadline is near, and answers are missing
    CALL = "call"  # invitees whom no mail reaches
    UNCOVERED = "uncovered"  # kelurahan from which nobody comes
    NO_AGENDA = "no_agenda"  # published with neither an agenda nor a speaker
    DRAFT = "draft"  # nobody has heard of it yet


URGENT = frozenset({NeedKind.CHANNEL, NeedKind.NOTHING_SENDS, NeedKind.FAILED, NeedKind.FULL, NeedKind.DECLINED})
CALM = frozenset({NeedKind.DRAFT, NeedKind.NO_AGENDA})


@dataclass(frozen=True, slots=True)
class Answers:
    """An activity's invitees by their answer, and what follows from it."""

    coming: int = 0
    represented: int = 0
    waiting: int = 0
    not_coming: int = 0
    open: int = 0  # invited, without an answer
    prepared: int = 0
    seats_taken: int = 0  # people, each once
    speakers: int = 0  # who have not declined
    unreachable: int = 0  # without an answer, and no mail reaches them

    @property
    def total(self) -> int:
        return self.coming + self.represented + self.waiting + self.not_coming + self.open

    @property
    def answered(self) -> int:
        return self.total - self.open

    @property
    def accepted(self) -> int:
        return self.coming + self.represented

    def in_audience(self, audience: Audience) -> int:
        """Return how many a mail to that audience is for as things stand; of those present, how many may be."""
        match audience:
            case Audience.UNANSWERED:
                return self.open
            case Audience.NEWLY_INVITED:
                return self.prepared
            case Audience.EXPECTED:
                return self.total - self.not_coming
            case _:
                return self.accepted


@dataclass(frozen=True, slots=True)
class Standing:
    """An upcoming activity, and how it stands."""

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
class Troubles:
    """What is not counted with an activity's answers."""

    channel_since_at: datetime | None = None
    overdue: int = 0
    failed: int = 0
    unreachable: int = 0
    uncovered: Mapping[int, Sequence[str]] = field(default_factory=dict)  # by activity: names of kelurahan
    declined: Mapping[int, Sequence[str]] = field(default_factory=dict)  # by activity: names of speakers


@dataclass(frozen=True, slots=True)
class Need:
    """count: of mails, invitees, activities or kelurahan. parts: the activities that it is about, the soonest first, each
    with its share of the count. names: of speakers or kelurahan."""

    kind: NeedKind
    count: int
    parts: tuple[tuple[Standing, int], ...] = ()
    since_at: datetime | None = None
    names: tuple[str, ...] = ()

    @property
    def first(self) -> Standing | None:
        return self.parts[0][0] if self.parts else None

    @property
    def urgency(self) -> str:
        return "urgent" if self.kind in URGENT else "calm" if self.kind in CALM else ""


def needs(standings: Sequence[Standing], troubles: Troubles, now: datetime) -> list[Need]:
    """Return what asks for somebody at `now`. standings: upcoming activities, the soonest first."""
    told = [s for s in standings if s.state is ActivityState.PUBLISHED]
    waiting = [s for s in told if s.answers.open and s.starts_at > now]
    found = [
        Need(NeedKind.CHANNEL, 1, since_at=troubles.channel_since_at) if troubles.channel_since_at else None,
        _counted(NeedKind.NOTHING_SENDS, 0 if troubles.channel_since_at else troubles.overdue),
        _counted(NeedKind.FAILED, troubles.failed),
        _of_invitees(NeedKind.SILENT, [s for s in waiting if s.respond_by_at <= now]),
        _of_activities(
            NeedKind.FULL, [s for s in standings if s.seats is not None and s.answers.seats_taken > s.seats]
        ),
        _of_names(NeedKind.DECLINED, told, troubles.declined),
        _of_activities(NeedKind.NO_SPEAKER, [s for s in told if s.agenda_lines and not s.answers.speakers]),
        _of_invitees(NeedKind.DEADLINE, [s for s in waiting if now < s.respond_by_at <= now + DEADLINE_NEAR]),
        _counted(
            NeedKind.CALL, troubles.unreachable, [(s, s.answers.unreachable) for s in told if s.answers.unreachable]
        ),
        _of_names(NeedKind.UNCOVERED, told, troubles.uncovered),
        _of_activities(NeedKind.NO_AGENDA, [s for s in told if not s.agenda_lines and not s.answers.speakers]),
        _of_activities(NeedKind.DRAFT, [s for s in standings if s.state is ActivityState.DRAFT]),
    ]
    return [need for need in found if need is not None]


def _counted(kind: NeedKind, count: int, parts: Collection[tuple[Standing, int]] = ()) -> Need | None:
    return Need(kind, count, tuple(parts)) if count else None


def _of_invitees(kind: NeedKind, standings: Collection[Standing]) -> Need | None:
    return _counted(kind, sum(s.answers.open for s in standings), [(s, s.answers.open) for s in standings])


def _of_activities(kind: NeedKind, standings: Collection[Standing]) -> Need | None:
    return _counted(kind, len(standings), [(s, 1) for s in standings])


def _of_names(kind: NeedKind, standings: Sequence[Standing], names: Mapping[int, Sequence[str]]) -> Need | None:
    """Return the need that is about these names; one who is named for several activities counts once."""
    parts = tuple((s, len(names[s.id])) for s in standings if names.get(s.id))
    every = tuple(dict.fromkeys(name for s, _count in parts for name in names[s.id]))
    return Need(kind, len(every), parts, names=every) if every else None
