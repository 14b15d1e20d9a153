"""The office's ladders, and the rungs that were copied from them to invitations."""

from datetime import datetime, time

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.ladder.rungs import LadderName, RungKind, RungState, RungTiming
from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime, enum_of, literally, partly
from outreach.models.invitations import Invitation


class LadderRung(Identified, Model):
    """One rung of an office's ladder. A ladder without rungs is switched off."""

    __tablename__ = "ladder_rung"
    __table_args__ = (sa.UniqueConstraint("ladder", "position"),)
    ladder: Mapped[LadderName] = enum_of(LadderName)
    position: Mapped[int]
    kind: Mapped[RungKind] = enum_of(RungKind)
    timing: Mapped[RungTiming] = enum_of(RungTiming)
    days: Mapped[int]
    at: Mapped[time]


class Rung(Identified, Model):
    """One rung of an invitation's own ladder, copied when it started: changing the office's ladder changes none that runs.

    The unique key makes starting a ladder twice harmless.
    """

    __tablename__ = "rung"
    __table_args__ = (
        sa.UniqueConstraint("invitation_id", "position"),
        sa.Index("ix_rung_due", "due_at", **partly("state = 'waiting'")),
    )
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitation.id", ondelete="CASCADE"))
    position: Mapped[int]
    kind: Mapped[RungKind] = enum_of(RungKind)
    timing: Mapped[RungTiming] = enum_of(RungTiming)
    days: Mapped[int]
    at: Mapped[time]
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)  # the activity's start from which `due_at` was counted
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[RungState] = enum_of(RungState, default=RungState.WAITING)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when it was climbed, missed or ended
    reason: Mapped[str] = mapped_column(sa.String(40), default="")  # a WhyMissed, or ANSWERED_FIRST
    invitation: Mapped[Invitation] = relationship()


IS_WAITING_RUNG = literally(Rung.state, RungState.WAITING)
