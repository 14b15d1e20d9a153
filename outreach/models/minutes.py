"""Minutes of activities with their versions and the chair's replies, and the follow-ups that they lead to."""

import secrets
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.minutes.content import MinutesPurpose
from outreach.domain.states import FollowUpState, MinutesState
from outreach.extensions import Model
from outreach.models.base import Created, Identified, UTCDateTime, enum_of, partly
from outreach.models.files import StoredFile
from outreach.models.invitations import Invitation
from outreach.models.mails import Message
from outreach.models.people import Organisation, Person
from outreach.models.programmes import Activity
from outreach.models.staff import User


def _nonce() -> str:
    return secrets.token_urlsafe(12)


class Minutes(Identified, Created, Model):
    """The minutes (notula) of an activity. What they say is in their versions; the last one counts.

    nonce: of the page where the chair agrees; it is new each time the chair is asked. file: the PDF that was sent.
    """

    __tablename__ = "minutes"
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"), unique=True)
    state: Mapped[MinutesState] = enum_of(MinutesState, default=MinutesState.DRAFT)
    chair_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)  # empty: the name is written
    nonce: Mapped[str] = mapped_column(sa.String(24), unique=True, default=_nonce)
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the last time
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the last time
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"))
    version: Mapped[int] = mapped_column(default=1)  # if two users save the same form, the second gets an error
    activity: Mapped[Activity] = relationship()
    chair: Mapped[Person | None] = relationship()
    asked_by: Mapped[User | None] = relationship()
    file: Mapped[StoredFile | None] = relationship()
    versions: Mapped[list["MinutesVersion"]] = relationship(
        back_populates="minutes", order_by="MinutesVersion.number", cascade="all, delete-orphan", passive_deletes=True
    )
    replies: Mapped[list["MinutesReply"]] = relationship(
        order_by="MinutesReply.id", cascade="all, delete-orphan", passive_deletes=True
    )
    follow_ups: Mapped[list["FollowUp"]] = relationship(
        back_populates="minutes", order_by="FollowUp.due_on, FollowUp.id", cascade="all, delete-orphan",
        passive_deletes=True,
    )  # fmt: skip
    __mapper_args__ = {"version_id_col": version}

    @property
    def title(self) -> str:
        return self.activity.title


class MinutesVersion(Identified, Model):
    """What minutes said from a moment on: MinutesValues of domain/minutes/content.py as JSON."""

    __tablename__ = "minutes_version"
    __table_args__ = (sa.UniqueConstraint("minutes_id", "number"),)
    minutes_id: Mapped[int] = mapped_column(sa.ForeignKey("minutes.id", ondelete="CASCADE"))
    number: Mapped[int]
    values: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    minutes: Mapped[Minutes] = relationship(back_populates="versions")
    made_by: Mapped[User | None] = relationship()


class MinutesReply(Identified, Model):
    """What the chair said about a version: by the link with this nonce, or as staff recorded it."""

    __tablename__ = "minutes_reply"
    minutes_id: Mapped[int] = mapped_column(sa.ForeignKey("minutes.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]  # of the version
    agrees: Mapped[bool]
    note: Mapped[str] = mapped_column(sa.String(1000), default="")
    name: Mapped[str] = mapped_column(sa.String(200), default="")  # the chair's, as the version names them
    said_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    nonce: Mapped[str] = mapped_column(sa.String(24), default="", index=True)
    recorded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    recorded_by: Mapped[User | None] = relationship()


class FollowUp(Identified, Created, Model):
    """A task from a decision: what, whose, until when. Its owner is a person or an organisation.

    nonce: of the owner's page. settled_*: since when it is done or dropped, and by whom; no account: by the owner's link.
    """

    __tablename__ = "follow_up"
    __table_args__ = (
        sa.CheckConstraint("(person_id IS NULL) <> (organisation_id IS NULL)", name="one_owner"),
        sa.Index("ix_follow_up_open", "due_on", **partly("state = 'open'")),
    )
    minutes_id: Mapped[int] = mapped_column(sa.ForeignKey("minutes.id", ondelete="CASCADE"), index=True)
    what: Mapped[str] = mapped_column(sa.String(500))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    due_on: Mapped[date]
    noted_on: Mapped[date]
    state: Mapped[FollowUpState] = enum_of(FollowUpState, default=FollowUpState.OPEN)
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    nonce: Mapped[str] = mapped_column(sa.String(24), unique=True, default=_nonce)
    version: Mapped[int] = mapped_column(default=1)  # if two users save the same form, the second gets an error
    minutes: Mapped[Minutes] = relationship(back_populates="follow_ups")
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    settled_by: Mapped[User | None] = relationship()
    __mapper_args__ = {"version_id_col": version}

    @property
    def owner(self) -> Person | Organisation:
        found = self.person or self.organisation
        assert found is not None
        return found

    @property
    def title(self) -> str:
        return self.what


class FollowUpLine(Identified, Model):
    """That a message reminds of a follow-up. The unique key lets each reminder go out once for a due day.

    lead: days before, or OVERDUE of domain/minutes/follow_ups.py. The row stays when the message is archived.
    """

    __tablename__ = "follow_up_line"
    __table_args__ = (sa.UniqueConstraint("follow_up_id", "due_on", "lead"),)
    follow_up_id: Mapped[int] = mapped_column(sa.ForeignKey("follow_up.id", ondelete="CASCADE"))
    message_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id", ondelete="SET NULL"), index=True)
    due_on: Mapped[date]
    lead: Mapped[int]
    follow_up: Mapped[FollowUp] = relationship()


class MinutesMail(Model):
    """That a message is about a version of minutes. invitation: of the reader, or of the invitee they represented; for a copy."""

    __tablename__ = "minutes_mail"
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    minutes_id: Mapped[int] = mapped_column(sa.ForeignKey("minutes.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    purpose: Mapped[MinutesPurpose] = enum_of(MinutesPurpose)
    invitation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invitation.id", ondelete="CASCADE"), index=True)
    message: Mapped[Message] = relationship()
    minutes: Mapped[Minutes] = relationship()
    invitation: Mapped[Invitation | None] = relationship()
