"""What belongs to signing in: security events."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime, enum_of
from outreach.models.staff import User


class SecurityEvent(Identified, Model):
    """One thing that happened to an account, or that somebody tried. detail: ids and states, no names, nothing typed."""

    __tablename__ = "security_event"
    __table_args__ = (
        sa.Index("ix_security_event_user_id_at", "user_id", "at"),
        sa.Index("ix_security_event_kind_at", "kind", "at"),
    )
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    kind: Mapped[SecurityKind] = enum_of(SecurityKind)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))  # empty: nobody known
    network_address: Mapped[str] = mapped_column(sa.String(45), default="")  # empty: by command line
    browser: Mapped[str] = mapped_column(sa.String(30), default="")
    system: Mapped[str] = mapped_column(sa.String(30), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    user: Mapped[User | None] = relationship()
