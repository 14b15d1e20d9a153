"""Ladders for pages: the office's, the rungs of one invitation, and which kind of rung brings answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from outreach.domain.ladder import LadderName, RungKind, RungRule, RungState
from outreach.domain.states import ANSWERED
from outreach.extensions import db
from outreach.models import Invitation, Rung
from outreach.models.base import UTCDateTime
from outreach.services.ladder.edit import ladders


@dataclass(frozen=True)
class RungFigures:
    """How often a kind of rung was climbed, how many answers followed before the next rung, and after how many hours."""

    kind: RungKind
    climbed: int
    answered: int
    hours: float | None  # on average; None without an answer

    @property
    def percent(self) -> int:
        return round(100 * self.answered / self.climbed) if self.climbed else 0


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
        sa.select(Rung.kind, Rung.done_at, later.label("next_at"), Invitation.answered_at, Invitation.state)
        .join(Invitation, Invitation.id == Rung.invitation_id)
        .where(Rung.state == RungState.DONE)
        .subquery()
    )
    found: dict[RungKind, list[float | None]] = {kind: [] for kind in RungKind}
    for row in db.session.execute(sa.select(done)):
        answered = row.answered_at if row.state in ANSWERED else None
        ours = answered is not None and row.done_at <= answered and (row.next_at is None or answered < row.next_at)
        found[row.kind].append((answered - row.done_at).total_seconds() / 3600 if ours else None)
    return [_figures(kind, waits) for kind, waits in found.items()]


def _figures(kind: RungKind, waits: Sequence[float | None]) -> RungFigures:
    hours = [wait for wait in waits if wait is not None]
    return RungFigures(kind, len(waits), len(hours), sum(hours) / len(hours) if hours else None)
