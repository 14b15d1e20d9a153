"""Calls to invitees by hand: the log of calls, who calls whom at the moment, questions, and wrong numbers."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.calls import CallOutcome
from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime, enum_of
from outreach.models.invitations import Invitation
from outreach.models.people import Organisation, Person
from outreach.models.staff import User

ONE_CALLEE = "(person_id IS NULL) <> (organisation_id IS NULL)"

call_invitation = sa.Table(
    "call_invitation",
    Model.metadata,
    sa.Column("call_id", sa.ForeignKey("call.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("invitation_id", sa.ForeignKey("invitation.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Call(Identified, Model):
    """One try to reach an invitee, with what came of it. Rows are added and never changed, except to erase a person."""

    __tablename__ = "call"
    __table_args__ = (sa.CheckConstraint(ONE_CALLEE, name="one_callee"),)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id", ondelete="CASCADE"), index=True
    )
    caller_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)  # when the caller was given this person
    ended_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    outcome: Mapped[CallOutcome] = enum_of(CallOutcome)
    again_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when to call again
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    caller: Mapped[User | None] = relationship()
    about: Mapped[list[Invitation]] = relationship(secondary=call_invitation)

    @property
    def callee(self) -> Person | Organisation:
        found = self.person or self.organisation
        assert found is not None
        return found


class CallClaim(Identified, Model):
    """Who calls an invitee at the moment, and until when nobody should. One row for each invitee who was ever claimed.

    Free is who has neither `claimed_until` nor `rests_until` ahead. Claiming is one conditional statement
    (services/calls/claim.py).
    """

    __tablename__ = "call_claim"
    __table_args__ = (sa.CheckConstraint(ONE_CALLEE, name="one_callee"),)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id", ondelete="CASCADE"), unique=True
    )
    caller_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    claimed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    claimed_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    rests_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    caller: Mapped[User | None] = relationship()


class CallQuestion(Model):
    """A question that somebody asked on the phone, until a coordinator has settled it."""

    __tablename__ = "call_question"
    call_id: Mapped[int] = mapped_column(sa.ForeignKey("call.id", ondelete="CASCADE"), primary_key=True)
    settled_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    call: Mapped[Call] = relationship()


class WrongNumber(Model):
    """A phone number at which a caller reached somebody else. Nobody is called there until it is corrected or allowed."""

    __tablename__ = "wrong_number"
    number: Mapped[str] = mapped_column(sa.String(20), primary_key=True)  # E.164
    found_at: Mapped[datetime] = mapped_column(UTCDateTime)
    found_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
