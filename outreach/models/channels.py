"""The connection to a mail server: whether it works, and until when sending pauses. Also which engines are alive."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.mail.failures import ChannelTrouble
from outreach.extensions import Model
from outreach.models.base import UTCDateTime, enum_of

INBOX = "inbox"  # name of the channel that reads the mailbox


CLOCK = "clock"  # name of the channel for clock errors


class Channel(Model):
    """One row per mail server, shared by all workers. No row, or no trouble, means that it works."""

    __tablename__ = "channel"
    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)  # "mail"
    trouble: Mapped[ChannelTrouble | None] = enum_of(ChannelTrouble)
    reply: Mapped[str] = mapped_column(sa.String(300), default="")  # the server's text
    failures: Mapped[int] = mapped_column(default=0)  # consecutive
    since_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    paused_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    minute_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # start of the counted part of a minute
    minute_count: Mapped[int] = mapped_column(default=0)  # messages handed over in that part, by all workers
    group_size: Mapped[
        int | None
    ]  # the most mails in a group after mails in doubt; None: as many as the settings allow


class ChannelSlot(Model):
    """One of the connections that a mail server allows at once; a worker holds it under a lease."""

    __tablename__ = "channel_slot"
    channel: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    worker: Mapped[str] = mapped_column(sa.String(80), default="")
    leased_until: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Heartbeat(Model):
    """An engine that was alive at `at`."""

    __tablename__ = "heartbeat"
    name: Mapped[str] = mapped_column(sa.String(80), primary_key=True)  # as in leases and attempts
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[str] = mapped_column(sa.String(20), default="")  # of the program
