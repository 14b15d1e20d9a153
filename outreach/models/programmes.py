"""Programmes, activities and their agenda."""

from datetime import date, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.kinds import NEUTRAL_TITLES, ActivityKind
from outreach.domain.kla.indicators import MOST_IN_TAGS
from outreach.domain.states import ActivityState
from outreach.extensions import Model
from outreach.models.base import Created, Identified, UTCDateTime, Zone, enum_of, literally, partly
from outreach.models.people import Person
from outreach.models.places import Region, Venue
from outreach.models.staff import User


class Programme(Identified, Created, Model):
    __tablename__ = "programme"
    title: Mapped[str] = mapped_column(sa.String(200))
    public_title: Mapped[str] = mapped_column(sa.String(200), default="")  # neutral
    purpose: Mapped[str] = mapped_column(sa.Text, default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    zone: Mapped[ZoneInfo] = mapped_column(Zone)
    coordinator_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    contact_name: Mapped[str] = mapped_column(sa.String(120), default="")  # empty: the office's
    contact_phone: Mapped[str] = mapped_column(sa.String(20), default="")
    copied_from_id: Mapped[int | None] = mapped_column(sa.ForeignKey("programme.id", ondelete="SET NULL"))
    version: Mapped[int] = mapped_column(default=1)
    coordinator: Mapped[User | None] = relationship()
    activities: Mapped[list["Activity"]] = relationship(back_populates="programme", order_by="Activity.starts_at")
    __mapper_args__ = {"version_id_col": version}


class Activity(Identified, Created, Model):
    __tablename__ = "activity"
    __table_args__ = (
        sa.CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        sa.Index("ix_activity_closing", "respond_by_at", **partly("state = 'published'")),
        sa.Index("ix_activity_ending", "ends_at", **partly("state = 'published'")),
        # Two overlapping bookings of one venue: PostgreSQL refuses the second. SQLite writes one at a time, so the earlier check
        # is enough.
        ExcludeConstraint(
            (sa.text("int4range(venue_id, venue_id, '[]')"), "&&"),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            name="ex_activity_venue",
            using="gist",
            where=sa.text("venue_id IS NOT NULL AND holds_venue AND state IN ('draft', 'published')"),
        ).ddl_if(dialect="postgresql"),
    )
    programme_id: Mapped[int | None] = mapped_column(sa.ForeignKey("programme.id"), index=True)
    kind: Mapped[ActivityKind] = enum_of(ActivityKind)
    title: Mapped[str] = mapped_column(sa.String(200))
    public_title: Mapped[str] = mapped_column(sa.String(200), default="")  # used in subjects and calendars
    description: Mapped[str] = mapped_column(sa.Text, default="")
    things_to_bring: Mapped[str] = mapped_column(sa.String(200), default="")
    names_helpline: Mapped[bool] = mapped_column(default=True)  # its mails may name SAPA 129
    zone: Mapped[ZoneInfo] = mapped_column(Zone)
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    registration_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    respond_by_at: Mapped[datetime] = mapped_column(UTCDateTime)
    venue_id: Mapped[int | None] = mapped_column(sa.ForeignKey("venue.id"), index=True)
    region_code: Mapped[str | None] = mapped_column(sa.ForeignKey("region.code"), index=True)
    holds_venue: Mapped[bool] = mapped_column(default=True)  # False if the office only warns about that
    fixed: Mapped[bool] = mapped_column(default=False)  # no resolution or proposal moves it
    capacity: Mapped[int | None]  # people; empty: the venue's
    indicators: Mapped[str] = mapped_column(
        sa.String(MOST_IN_TAGS), default=""
    )  # codes of Kota Layak Anak (domain/kla/indicators.py), of the list of its year: "7, 12"
    letter_first: Mapped[bool] = mapped_column(default=False)  # an invitation's mail waits for its signed letter
    materials_days: Mapped[int | None]  # speakers' materials are wanted this many days before; empty: the office's
    materials_published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # since then attendees see them
    coordinator_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    state: Mapped[ActivityState] = enum_of(ActivityState, default=ActivityState.DRAFT, index=True)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    told_at: Mapped[datetime | None] = mapped_column(
        UTCDateTime
    )  # when invitees are told of its day: by the invitations (it lies ahead while these wait), or by a move to that day;
    # None while it is postponed
    cancelled_reason: Mapped[str] = mapped_column(sa.String(500), default="")  # or why it is postponed
    sequence: Mapped[int] = mapped_column(
        default=0
    )  # RFC 5545 SEQUENCE: a move, postponement or cancellation increases it
    uid: Mapped[str] = mapped_column(sa.String(80), unique=True, default=lambda: f"{uuid4()}@outreach")
    version: Mapped[int] = mapped_column(default=1)  # if two users save the same form, the second gets an error
    programme: Mapped[Programme | None] = relationship(back_populates="activities")
    venue: Mapped[Venue | None] = relationship()
    region: Mapped[Region | None] = relationship()
    coordinator: Mapped[User | None] = relationship()
    agenda: Mapped[list["AgendaItem"]] = relationship(
        back_populates="activity", order_by="AgendaItem.starts_at, AgendaItem.id", cascade="all, delete-orphan"
    )
    __mapper_args__ = {"version_id_col": version}

    @property
    def neutral_title(self) -> str:
        """Return the title for subjects and calendars. The full title may reveal too much."""
        return self.public_title or NEUTRAL_TITLES[self.kind]

    @property
    def seats(self) -> int | None:
        """Return how many people fit, or None if nothing limits them."""
        if self.capacity is not None:
            return self.capacity
        return self.venue.capacity if self.venue else None

    @property
    def dateless(self) -> bool:
        """Return whether it is postponed, or was cancelled while it was. Its times are those that no longer hold.

        Also if it was cancelled before its invitations went out: then nobody knows of its times, either.
        """
        if self.state is ActivityState.CANCELLED:
            return self.published_at is not None and self.told_at is None
        return self.state is ActivityState.POSTPONED


IS_PUBLISHED = literally(Activity.state, ActivityState.PUBLISHED)  # the condition of the partial indexes

agenda_speaker = sa.Table(
    "agenda_speaker",
    Model.metadata,
    sa.Column("agenda_item_id", sa.ForeignKey("agenda_item.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person_id", sa.ForeignKey("person.id"), primary_key=True),
)


class AgendaItem(Identified, Model):
    __tablename__ = "agenda_item"
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    topic: Mapped[str] = mapped_column(sa.String(300))
    activity: Mapped[Activity] = relationship(back_populates="agenda")
    speakers: Mapped[list[Person]] = relationship(secondary=agenda_speaker)
