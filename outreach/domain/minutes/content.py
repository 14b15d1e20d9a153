"""Minutes (notula): what they say, who was there, and whether a mail about them is still true.

Pure. services/minutes/reading.py reads who was there, from attendance and from who acted for whom. A decision becomes a
follow-up (domain/minutes/follow_ups.py).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from outreach.domain.mail.still_true import SkipReason
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, MinutesState

MOST_LETTERS = 20_000  # in one text: about ten pages
_LISTED = re.compile(r"^\s*(?:[-•*–]|(\d{1,3})[.)])\s+(.*)$")


class NotHeldYet(Problem):
    message = "Minutes can be written from the day of the activity on."


@dataclass(frozen=True)
class Participant:
    """Somebody who was expected or came. by: who came in their place. reason: why they did not come, in their words."""

    name: str
    post: str = ""
    organisation: str = ""
    by: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Participants:
    """Who was present themselves, who was represented, who had excused themselves, and who was absent without a word."""

    present: tuple[Participant, ...] = ()
    represented: tuple[Participant, ...] = ()
    excused: tuple[Participant, ...] = ()
    absent: tuple[Participant, ...] = ()

    @property
    def came(self) -> int:
        return len(self.present) + len(self.represented)


@dataclass(frozen=True)
class MinutesItem:
    """One line of the agenda, with what was said about it and what was decided."""

    topic: str
    time: str = ""
    speakers: str = ""
    discussion: str = ""
    decisions: str = ""


@dataclass(frozen=True)
class AgreedTask:
    """A follow-up as the minutes name it. owner: with the organisation. due: the day in words."""

    what: str
    owner: str
    due: str


@dataclass(frozen=True)
class MinutesText:
    """What staff write. Day, hours, who was there and the follow-ups are read, and not written."""

    title: str
    place: str = ""
    chair: str = ""
    chair_post: str = ""
    taker: str = ""
    items: tuple[MinutesItem, ...] = ()
    further: str = ""
    shows_reasons: bool = False  # why people excused themselves


@dataclass(frozen=True)
class MinutesValues:
    """All that one version says."""

    text: MinutesText
    day: str = ""
    hours: str = ""
    participants: Participants = field(default_factory=Participants)
    tasks: tuple[AgreedTask, ...] = ()


@dataclass(frozen=True)
class TextBlock:
    """A paragraph ("p"), or a list ("ul", "ol") with its lines."""

    kind: str
    lines: tuple[str, ...]


class MinutesPurpose(StrEnum):
    """What a mail about minutes is for."""

    ASK = "ask"  # the chair reads them, and agrees or asks for changes
    REPLIED = "replied"  # staff are told what the chair said
    COPY = "copy"  # the approved minutes


def can_be_written(state: ActivityState, starts_on: date, today: date) -> bool:
    """Return whether minutes can be written: of an activity that was held, or on its day. Days are in the activity's zone."""
    return state is ActivityState.HELD or (state is ActivityState.PUBLISHED and starts_on <= today)


def blocks(text: str) -> tuple[TextBlock, ...]:
    """Return plain text as paragraphs and lists. A line that begins with "-" or "1." is a line of a list."""
    found: list[TextBlock] = []
    for kind, line in _lines(text):
        last = found[-1] if found else None
        if kind and last is not None and last.kind == kind:
            found[-1] = TextBlock(kind, (*last.lines, line))
        elif kind:
            found.append(TextBlock(kind, (line,)))
    return tuple(found)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip()):
        plain: list[str] = []
        for line in part.split("\n"):
            listed = _LISTED.match(line)
            if listed is None and line.strip():
                plain.append(line.strip())
                continue
            if plain:
                yield "p", " ".join(plain)
                yield "", ""
                plain = []
            if listed is not None:
                yield "ol" if listed[1] else "ul", listed[2].strip()
        if plain:
            yield "p", " ".join(plain)
        yield "", ""


@dataclass(frozen=True)
class MinutesMailFacts:
    """What is known about a mail about minutes when it is sent. last: the number of their latest version.

    present: whether the reader, or whom they represented, is recorded as present.
    """

    purpose: MinutesPurpose
    state: MinutesState | None  # None: the minutes are gone
    number: int
    last: int
    present: bool
    erased: bool
    has_address: bool
    blocked: bool
    expires_at: datetime


def skip_because(facts: MinutesMailFacts, now: datetime) -> SkipReason | None:
    """Return why a mail about minutes must not be sent, or None if it is still true."""
    if facts.erased:
        return SkipReason.ERASED
    if not facts.has_address:
        return SkipReason.NO_ADDRESS
    if facts.blocked:
        return SkipReason.ADDRESS_BLOCKED
    if now >= facts.expires_at:
        return SkipReason.TOO_LATE
    if facts.purpose is MinutesPurpose.REPLIED:
        return None
    if facts.state is None or facts.number != facts.last:
        return SkipReason.MINUTES_CHANGED
    if facts.purpose is MinutesPurpose.ASK:
        return None if facts.state is MinutesState.ASKED else SkipReason.MINUTES_ANSWERED
    if facts.state not in (MinutesState.APPROVED, MinutesState.SENT):
        return SkipReason.MINUTES_CHANGED
    return None if facts.present else SkipReason.NOT_ATTENDING
