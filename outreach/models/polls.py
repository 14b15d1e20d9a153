"""Date polls: the proposed slots, and who can come to which."""

from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.kinds import NEUTRAL_TITLES, ActivityKind, AnswerSource, PollChoice, Role
from outreach.domain.states import PollState
from outreach.extensions import Model
from outreach.models.base import Created, Identified, UTCDateTime, Zone, enum_of
from outreach.models.people import Organisation, Person
from outreach.models.places import Region, Venue
from outreach.models.programmes import Activity, Programme
from outreach.models.staff import User


class DatePoll(Identified, Created, Model):
    """A date poll. A coordinator proposes slots and asks who can come; one slot becomes the activity."""

    __tablename__ = "date_poll"
    title: Mapped[str] = mapped_column(sa.String(200))
    public_title: Mapped[str] = mapped_column(sa.String(200), default="")  # neutral
    note: Mapped[str] = mapped_column(sa.String(500), default="")  # shown to those asked
    kind: Mapped[ActivityKind] = enum_of(ActivityKind)
    programme_id: Mapped[int | None] = mapped_column(sa.ForeignKey("programme.id", ondelete="SET NULL"), index=True)
    region_code: Mapped[str | None] = mapped_column(sa.ForeignKey("region.code"), index=True)
    coordinator_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    zone: Mapped[ZoneInfo] = mapped_column(Zone)
    closes_at: Mapped[datetime] = mapped_column(UTCDateTime)  # answers are accepted until then
    state: Mapped[PollState] = enum_of(PollState, default=PollState.DRAFT, index=True)
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    remind_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when those without an answer are reminded, once
    reminded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    activity_id: Mapped[int | None] = mapped_column(sa.ForeignKey("activity.id", ondelete="SET NULL"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    programme: Mapped[Programme | None] = relationship()
    region: Mapped[Region | None] = relationship()
    coordinator: Mapped[User | None] = relationship()
    activity: Mapped[Activity | None] = relationship()
    slots: Mapped[list["PollSlot"]] = relationship(
        back_populates="poll", order_by="PollSlot.starts_at, PollSlot.id", cascade="all, delete-orphan"
    )
    invitees: Mapped[list["PollInvitee"]] = relationship(
        back_populates="poll", order_by="PollInvitee.id", cascade="all, delete-orphan"
    )
    __mapper_args__ = {"version_id_col": version}

    @property
    def neutral_title(self) -> str:
        """Return the title that those asked may read. The full title may reveal too much."""
        return self.public_title or NEUTRAL_TITLES[self.kind]


class PollSlot(Identified, Model):
    __tablename__ = "poll_slot"
    __table_args__ = (sa.CheckConstraint("ends_at > starts_at", name="ends_after_start"),)
    poll_id: Mapped[int] = mapped_column(sa.ForeignKey("date_poll.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    venue_id: Mapped[int | None] = mapped_column(sa.ForeignKey("venue.id"))
    chosen: Mapped[bool] = mapped_column(default=False)  # this slot became the activity
    poll: Mapped[DatePoll] = relationship(back_populates="slots")
    venue: Mapped[Venue | None] = relationship()


class PollInvitee(Identified, Model):
    """Somebody asked, with the role of their invitation. needed: no slot suits without them."""

    __tablename__ = "poll_invitee"
    __table_args__ = (
        sa.CheckConstraint("(person_id IS NULL) <> (organisation_id IS NULL)", name="one_invitee"),
        sa.UniqueConstraint("poll_id", "person_id"),
        sa.UniqueConstraint("poll_id", "organisation_id"),
    )
    poll_id: Mapped[int] = mapped_column(sa.ForeignKey("date_poll.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    role: Mapped[Role] = enum_of(Role)
    quota: Mapped[int | None]  # seats that an organisation would get
    needed: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    answer_source: Mapped[AnswerSource | None] = enum_of(AnswerSource)
    answer_recorded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    answered_by: Mapped[str] = mapped_column(sa.String(160), default="")  # the name that the person who answered wrote
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    poll: Mapped[DatePoll] = relationship(back_populates="invitees")
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    answer_recorded_by: Mapped[User | None] = relationship()
    choices: Mapped[list["PollAnswer"]] = relationship(
        back_populates="invitee", cascade="all, delete-orphan", order_by="PollAnswer.slot_id"
    )

    @property
    def invitee(self) -> Person | Organisation:
        found = self.person or self.organisation
        assert found is not None
        return found


class PollAnswer(Model):
    __tablename__ = "poll_answer"
    invitee_id: Mapped[int] = mapped_column(sa.ForeignKey("poll_invitee.id", ondelete="CASCADE"), primary_key=True)
    slot_id: Mapped[int] = mapped_column(
        sa.ForeignKey("poll_slot.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    choice: Mapped[PollChoice] = enum_of(PollChoice)
    invitee: Mapped[PollInvitee] = relationship(back_populates="choices")
    slot: Mapped[PollSlot] = relationship()
