"""Archived messages: finished, with activities that are long over. The message log still shows them."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from outreach.domain.kinds import MailKind
from outreach.domain.states import MessageState
from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime, enum_of
from outreach.models.invitations import Invitation
from outreach.models.mails import Reminder
from outreach.models.people import Organisation, Person
from outreach.models.staff import User


@dataclass(frozen=True)
class Try:
    """One attempt to send an archived message, stored in `ArchivedMessage.tries`. Fields have the names of Attempt's columns."""

    at: datetime
    outcome: MessageState
    code: int | None
    reply: str
    worker: str = ""


class ArchivedMessage(Model):
    """A message under its original id. tries: its attempts, as JSON of `Try`."""

    __tablename__ = "archived_message"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    user_id: Mapped[int | None]
    poll_invitee_id: Mapped[int | None]  # the poll may be deleted
    kind: Mapped[MailKind] = enum_of(MailKind)
    local_day: Mapped[date]
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[MessageState] = enum_of(MessageState)
    reason: Mapped[str] = mapped_column(sa.String(60))
    rfc_message_id: Mapped[str] = mapped_column(sa.String(120))
    address: Mapped[str] = mapped_column(sa.String(254))
    subject: Mapped[str] = mapped_column(sa.String(250))
    attempts: Mapped[int]
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    server_reply: Mapped[str] = mapped_column(sa.String(300))
    resend_of_id: Mapped[int | None]  # id of a message, archived or not
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    tries: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON)
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    user: Mapped[User | None] = relationship(primaryjoin=lambda: foreign(ArchivedMessage.user_id) == User.id)
    lines: Mapped[list["ArchivedLine"]] = relationship(back_populates="message", order_by="ArchivedLine.id")


class ArchivedActivity(Model):
    """That an archived message without lines is about an activity: about its minutes, or tasks from it."""

    __tablename__ = "archived_activity"
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("archived_message.id", ondelete="CASCADE"), primary_key=True)
    activity_id: Mapped[int] = mapped_column(
        sa.ForeignKey("activity.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class ArchivedLine(Identified, Model):
    """A line of an archived message. Its id belongs to the archive and keeps the order of the lines."""

    __tablename__ = "archived_line"
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("archived_message.id"), index=True)
    reminder_id: Mapped[int] = mapped_column(sa.ForeignKey("reminder.id"))
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitation.id"), index=True)
    to_representative: Mapped[bool]
    sequence: Mapped[int]
    skipped: Mapped[str] = mapped_column(sa.String(40))
    message: Mapped[ArchivedMessage] = relationship(back_populates="lines")
    reminder: Mapped[Reminder] = relationship()
    invitation: Mapped[Invitation] = relationship()
