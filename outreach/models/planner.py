"""What planning needs beside activities: who is bound where, who and what is away, the office's rules, and placements."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.kinds import FeedScope, Repeat
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.states import SearchState
from outreach.extensions import Model
from outreach.models.base import Created, Identified, UTCDateTime, enum_of
from outreach.models.people import Organisation, Person
from outreach.models.places import Venue
from outreach.models.programmes import Activity, Programme
from outreach.models.staff import User

ONE_SUBJECT = (
    "(CASE WHEN person_id IS NULL THEN 0 ELSE 1 END + CASE WHEN organisation_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN venue_id IS NULL THEN 0 ELSE 1 END) = 1"
)


class SpeakerBooking(Model):
    """That a speaker or moderator is bound by an activity: written with it, by services/planning/bookings.

    PostgreSQL refuses two that overlap; SQLite writes one at a time, and the check before suffices.
    """

    __tablename__ = "speaker_booking"
    __table_args__ = (
        ExcludeConstraint(
            (sa.text("int4range(person_id, person_id, '[]')"), "&&"),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            name="ex_speaker_booking_person",
            using="gist",
        ).ddl_if(dialect="postgresql"),
        sa.Index("ix_speaker_booking_person", "person_id", "starts_at"),
    )
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)  # the activity's own
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    activity: Mapped[Activity] = relationship()
    person: Mapped[Person] = relationship()


class AbsenceCalendar(Identified, Created, Model):
    """A calendar, by its address or as a file, in which a person or venue is busy. Its absences are replaced at each reading."""

    __tablename__ = "absence_calendar"
    __table_args__ = (
        sa.CheckConstraint(ONE_SUBJECT, name="one_subject"),
        sa.Index("ix_absence_calendar_due", "next_read_at"),
    )
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id", ondelete="CASCADE"))
    venue_id: Mapped[int | None] = mapped_column(sa.ForeignKey("venue.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    url: Mapped[str] = mapped_column(sa.String(1000), default="")  # empty: a file was given
    source: Mapped[AbsenceSource] = enum_of(AbsenceSource)  # who gave it
    added_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    tried_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the last time that succeeded
    next_read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # empty: a file
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    problem: Mapped[str] = mapped_column(sa.String(300), default="")  # the sentence of the last one, in English
    problem_values: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    etag: Mapped[str] = mapped_column(sa.String(250), default="")
    last_modified: Mapped[str] = mapped_column(sa.String(60), default="")
    digest: Mapped[str] = mapped_column(sa.String(64), default="")  # SHA-256 of what was read last, in hexadecimal
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    venue: Mapped[Venue | None] = relationship()


class Absence(Identified, Created, Model):
    """When a person, office or venue cannot be had: once (hours or days), or each week from the first time on."""

    __tablename__ = "absence"
    __table_args__ = (
        sa.CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        sa.CheckConstraint(ONE_SUBJECT, name="one_subject"),
    )
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id", ondelete="CASCADE"), index=True
    )
    venue_id: Mapped[int | None] = mapped_column(sa.ForeignKey("venue.id", ondelete="CASCADE"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)  # of the first time
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    zone: Mapped[str] = mapped_column(sa.String(40))  # IANA; a weekly one keeps its hours on this zone's clocks
    whole_days: Mapped[bool] = mapped_column(default=False)  # entered and shown as days
    repeats: Mapped[Repeat] = enum_of(Repeat, default=Repeat.ONCE)
    repeats_until_on: Mapped[date | None]  # the last day on which a weekly one may begin; empty: no end
    reason: Mapped[str] = mapped_column(sa.String(160), default="")
    source: Mapped[AbsenceSource] = enum_of(AbsenceSource)
    calendar_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("absence_calendar.id", ondelete="CASCADE"), index=True
    )
    added_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    venue: Mapped[Venue | None] = relationship()
    calendar: Mapped[AbsenceCalendar | None] = relationship()


class PlanSettings(Identified, Model):
    """How the office plans, one row: severities, hours, Ramadan, notice, travel. Only what differs from the defaults.

    Its shape is services/planning/rules.py's.
    """

    __tablename__ = "plan_settings"
    values: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}


class Feed(Identified, Created, Model):
    """A secret address under which a calendar program reads what is planned. The address is derived (delivery/tokens)."""

    __tablename__ = "feed"
    scope: Mapped[FeedScope] = enum_of(FeedScope)
    programme_id: Mapped[int | None] = mapped_column(sa.ForeignKey("programme.id", ondelete="CASCADE"), index=True)
    venue_id: Mapped[int | None] = mapped_column(sa.ForeignKey("venue.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120), default="")  # whose program it is for; empty: the person's own
    nonce: Mapped[str] = mapped_column(sa.String(24), unique=True)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    read_on: Mapped[date | None]  # the last day on which it was asked for
    programme: Mapped[Programme | None] = relationship()
    venue: Mapped[Venue | None] = relationship()
    person: Mapped[Person | None] = relationship()
    created_by: Mapped[User | None] = relationship()


class TimetablingSearch(Identified, Created, Model):
    """A proposal of when and where activities are held: what was asked, how far the search is, and the best so far."""

    __tablename__ = "placement"
    title: Mapped[str] = mapped_column(sa.String(200), default="")
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    state: Mapped[SearchState] = enum_of(SearchState, default=SearchState.PREPARED, index=True)
    request: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # demands and wishes
    result: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # the best so far, or what collides
    progress: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # seconds, objective, bound
    problem: Mapped[str] = mapped_column(sa.String(300), default="")
    worker: Mapped[str] = mapped_column(sa.String(80), default="")
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    beat_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the search was alive then
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stop_asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_by: Mapped[User | None] = relationship()
