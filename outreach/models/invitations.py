"""Invitations with their answers, attendance, and the links for answering."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.kinds import AnswerSource, AttendanceSource, LinkPurpose, Role
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import Model
from outreach.models.base import Created, Identified, UTCDateTime, enum_of
from outreach.models.people import Organisation, Person
from outreach.models.programmes import Activity
from outreach.models.staff import User


class Invitation(Identified, Created, Model):
    """An invitee is asked to an activity in a role. The invitee is a person, or an organisation with a quota of seats.

    A nominee is a person's invitation whose `nominated_under_id` points to the organisation's invitation.
    """

    __tablename__ = "invitation"
    __table_args__ = (
        sa.CheckConstraint("(person_id IS NULL) <> (organisation_id IS NULL)", name="one_invitee"),
        sa.UniqueConstraint("activity_id", "person_id", "role"),
        sa.UniqueConstraint("activity_id", "organisation_id"),
        sa.Index("ix_invitation_seats", "activity_id", "state", "person_id"),
    )
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id"))
    role: Mapped[Role] = enum_of(Role)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    quota: Mapped[int | None]  # seats that an organisation may fill
    nominated_under_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invitation.id"), index=True)
    list_position: Mapped[int] = mapped_column(default=0)  # of a nominee in the organisation's list, from 0
    state: Mapped[InvitationState] = enum_of(InvitationState, default=InvitationState.PREPARED)
    invited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_sequence: Mapped[int | None]  # the activity's sequence at the time of the answer
    answer_source: Mapped[AnswerSource | None] = enum_of(AnswerSource)
    answer_recorded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    answer_note: Mapped[str] = mapped_column(sa.String(300), default="")
    # Added to the activity's sequence in this invitee's calendar. A withdrawal and a new invitation increase it.
    revision: Mapped[int] = mapped_column(default=0)
    replied_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # DTSTAMP of the latest calendar reply
    waitlisted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    representative_name: Mapped[str] = mapped_column(sa.String(160), default="")
    representative_post: Mapped[str] = mapped_column(sa.String(160), default="")
    representative_phone: Mapped[str] = mapped_column(sa.String(20), default="")
    representative_email: Mapped[str] = mapped_column(sa.String(254), default="")

    activity: Mapped[Activity] = relationship()
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    answer_recorded_by: Mapped[User | None] = relationship()
    nominated_under: Mapped["Invitation | None"] = relationship(remote_side="Invitation.id", back_populates="nominees")
    nominees: Mapped[list["Invitation"]] = relationship(back_populates="nominated_under")
    attendance: Mapped["Attendance | None"] = relationship(back_populates="invitation", uselist=False)

    @property
    def invitee(self) -> Person | Organisation:
        found = self.person or self.organisation
        assert found is not None
        return found

    @property
    def answered_before_the_move(self) -> bool:
        if self.answered_sequence is None or self.activity.state is not ActivityState.PUBLISHED:
            return False
        return self.answered_sequence < self.activity.sequence


class Attendance(Identified, Model):
    __tablename__ = "attendance"
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitation.id", ondelete="CASCADE"), unique=True)
    present: Mapped[bool]
    source: Mapped[AttendanceSource] = enum_of(AttendanceSource)
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    invitation: Mapped[Invitation] = relationship(back_populates="attendance")


class Link(Identified, Created, Model):
    """A link that opens pages without login. The token is derived (services/invitations/links.py); this row does not
    contain it.
    """

    __tablename__ = "link"
    __table_args__ = (
        sa.CheckConstraint("(person_id IS NULL) <> (organisation_id IS NULL)", name="one_holder"),
        sa.UniqueConstraint("purpose", "person_id"),
        sa.UniqueConstraint("purpose", "organisation_id"),
    )
    purpose: Mapped[LinkPurpose] = enum_of(LinkPurpose)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"))
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id", ondelete="CASCADE"))
    nonce: Mapped[str] = mapped_column(sa.String(24), unique=True)  # 96 random bits, URL-safe
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()


class ReplacedLink(Identified, Model):
    """The nonce that a link had before it was renewed. Mails with it can still stop reminders, and open nothing else."""

    __tablename__ = "replaced_link"
    link_id: Mapped[int] = mapped_column(sa.ForeignKey("link.id", ondelete="CASCADE"), index=True)
    nonce: Mapped[str] = mapped_column(sa.String(24), unique=True)


class AnswerBefore(Identified, Model):
    """What an invitee's last answer by link replaced, so that they can undo it for a while (services/answers/before.py)."""

    __tablename__ = "answer_before"
    link_id: Mapped[int] = mapped_column(sa.ForeignKey("link.id", ondelete="CASCADE"), unique=True)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    before: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
