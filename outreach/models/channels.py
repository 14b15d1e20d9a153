"""The way out to a mail server: whether it works, and until when sending pauses."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.failures import ChannelTrouble
from outreach.extensions import Model
from outreach.models.base import UTCDateTime, enum_of


class Channel(Model):
    """One row a mail server, shared by all workers. No row, or no trouble: it works."""

    __tablename__ = "channel"
    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)  # "mail"
    trouble: Mapped[ChannelTrouble | None] = enum_of(ChannelTrouble)
    reply: Mapped[str] = mapped_column(sa.String(300), default="")  # the server's words
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    since_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    paused_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
