"""Ladders for pages: the office's, the rungs of one invitation, and which kind of rung brings answers."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import sqlalchemy as sa

from outreach.domain.ladder.rungs import (
    CHANNELS,
    AnswerChannel,
    LadderName,
    RungKind,
    RungRule,
    RungState,
)
from outreach.domain.states import ANSWERED
from outreach.extensions import db
from outreach.models import Invitation, Rung
from outreach.models.base import UTCDateTime
from outreach.services.ladder.edit import ladders


@dataclass(frozen=True)
class RungFigures:
    """How often a kind of rung was climbed, how many answers followed before the next rung, and after how many hours.

    channels: the answers by how they came, those with the most first.
    """

    kind: RungKind
    climbed: int
    answered: int
    hours: float | None  # on average; None without an answer
    channels: tuple["AnswersByChannel", ...] = ()

    @property
    def percent(self) -> int:
        return _percent(self.answered, self.climbed)


@dataclass(frozen=True)
class AnswersByChannel:
    """The answers after one kind of rung that came in one way. climbed: how often that rung was climbed."""

    channel: AnswerChannel
    climbed: int
    answered: int
    hours: float

    @property
    def percent(self) -> int:
        return _percent(self.answered, self.climbed)


def of_office() -> dict[LadderName, list[RungRule]]:
    """Return the office's ladders; those that are switched off have no rungs."""
    return ladders(db.session())


def of_invitation(invitation_id: int) -> Sequence[Rung]:
    """Return the rungs of an invitation's own ladder, in their order."""
    return db.session.scalars(sa.select(Rung).where(Rung.invitation_id == invitation_id).order_by(Rung.position)).all()


def next_of(rungs: Sequence[Rung]) -> Rung | None:
    """Return the rung that comes next; None if the ladder has ended, or there is none."""
    return next((rung for rung in rungs if rung.state is RungState.WAITING), None)


def proposes_substitutes(rungs: Sequence[Rung]) -> bool:
    """Return whether the ladder has come to its proposal of substitutes."""
    return any(rung.kind is RungKind.SUBSTITUTES and rung.state is RungState.DONE for rung in rungs)


def figures() -> list[RungFigures]:
    """Return the figures of each kind of rung. Runs one statement."""
    later = sa.func.lead(Rung.done_at, type_=UTCDateTime).over(partition_by=Rung.invitation_id, order_by=Rung.position)
    done = (
        sa.select(
            Rung.kind,
            Rung.done_at,
            later.label("next_at"),
            Invitation.answered_at,
            Invitation.answer_source,
            Invitation.state,
        )
        .join(Invitation, Invitation.id == Rung.invitation_id)
        .where(Rung.state == RungState.DONE)
        .subquery()
    )
    climbed: Counter[RungKind] = Counter()
    waits: dict[RungKind, dict[AnswerChannel | None, list[float]]] = {kind: defaultdict(list) for kind in RungKind}
    for row in db.session.execute(sa.select(done)):
        climbed[row.kind] += 1
        answered = row.answered_at if row.state in ANSWERED else None
        if answered is not None and row.done_at <= answered and (row.next_at is None or answered < row.next_at):
            channel = CHANNELS.get(row.answer_source)
            waits[row.kind][channel].append((answered - row.done_at).total_seconds() / 3600)
    return [_figures(kind, climbed[kind], waits[kind]) for kind in RungKind]


def _figures(kind: RungKind, climbed: int, waits: Mapping[AnswerChannel | None, Sequence[float]]) -> RungFigures:
    hours = [wait for own in waits.values() for wait in own]
    channels = sorted(
        (AnswersByChannel(channel, climbed, len(own), fmean(own)) for channel, own in waits.items() if channel),
        key=lambda one: (-one.answered, one.channel),
    )
    return RungFigures(kind, climbed, len(hours), fmean(hours) if hours else None, tuple(channels))


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else 0
