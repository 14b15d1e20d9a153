"""Planning besides activities: bookings of speakers, absences, the office's rules, feeds, timetabling, intended clashes."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.kinds import FeedScope, Repeat
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.planning.rules import ClashKind
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
    """When an activity has booked a speaker or moderator: one row for each turn on the agenda, or one for the whole activity.

    services/planning/bookings.py writes them together with the activity. The turns of one activity do not overlap.
    PostgreSQL refuses two that overlap. SQLite writes one at a time, so the earlier check is enough.
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
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime, primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)
    activity: Mapped[Activity] = relationship()
    person: Mapped[Person] = relationship()


class NoticedClash(Identified, Model):
    """A clash that is in the plan, and when it was first found. services/bell.py adds and removes the rows."""

    __tablename__ = "noticed_clash"
    __table_args__ = (sa.Index("ix_noticed_clash_first_at", "first_at"),)
    kind: Mapped[ClashKind] = enum_of(ClashKind)
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"), index=True)
    other_activity_id: Mapped[int | None] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"), index=True)
    first_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # empty: it was there before anybody looked


class AbsenceCalendar(Identified, Created, Model):
    """A calendar (address or file) with a person's or venue's busy times. Each reading replaces its absences."""

    __tablename__ = "absence_calendar"
    __table_args__ = (
        sa.CheckConstraint(ONE_SUBJECT, name="one_subject"),
        sa.Index("ix_absence_calendar_due", "next_read_at"),
    )
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id", ondelete="CASCADE"))
    venue_id: Mapped[int | None] = mapped_column(sa.ForeignKey("venue.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    url: Mapped[str] = mapped_column(sa.String(1000), default="")  # empty: a file was uploaded
    source: Mapped[AbsenceSource] = enum_of(AbsenceSource)  # who provided it
    added_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    tried_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the last successful reading
    next_read_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # empty: a file that was read
    failures: Mapped[int] = mapped_column(default=0)  # consecutive
    problem: Mapped[str] = mapped_column(sa.String(300), default="")  # the sentence of the last problem, in English
    problem_values: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    etag: Mapped[str] = mapped_column(sa.String(250), default="")
    last_modified: Mapped[str] = mapped_column(sa.String(60), default="")
    digest: Mapped[str] = mapped_column(sa.String(64), default="")  # SHA-256 of the last content, in hexadecimal
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    venue: Mapped[Venue | None] = relationship()


class CalendarFile(Model):
    """A calendar file that came by an invitee's link, until an engine has read it."""

    __tablename__ = "calendar_file"
    calendar_id: Mapped[int] = mapped_column(sa.ForeignKey("absence_calendar.id", ondelete="CASCADE"), primary_key=True)
    data: Mapped[bytes] = mapped_column(sa.LargeBinary)


class Absence(Identified, Created, Model):
    """When a person, organisation or venue is unavailable: once (hours or days), or each week from the first time on."""

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
    starts_at: Mapped[datetime] = mapped_column(UTCDateTime)  # of the first occurrence
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
    """The office's planning settings, one row: severities, hours, Ramadan, notice, travel. Defaults are not stored.

    services/planning/rules.py defines its format.
    """

    __tablename__ = "plan_settings"
    values: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}


class Feed(Identified, Created, Model):
    """A secret address from which a calendar program reads planned activities. delivery/tokens.py derives the address."""

    __tablename__ = "feed"
    scope: Mapped[FeedScope] = enum_of(FeedScope)
    programme_id: Mapped[int | None] = mapped_column(sa.ForeignKey("programme.id", ondelete="CASCADE"), index=True)
    venue_id: Mapped[int | None] = mapped_column(sa.ForeignKey("venue.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120), default="")  # who uses it; empty: the person's own feed
    nonce: Mapped[str] = mapped_column(sa.String(24), unique=True)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    revoked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    read_on: Mapped[date | None]  # the last day on which it was read
    programme: Mapped[Programme | None] = relationship()
    venue: Mapped[Venue | None] = relationship()
    person: Mapped[Person | None] = relationship()
    created_by: Mapped[User | None] = relationship()


class TimetablingSearch(Identified, Created, Model):
    """A search for a timetable: the request, the progress, and the best result so far."""

    __tablename__ = "placement"
    title: Mapped[str] = mapped_column(sa.String(200), default="")
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    state: Mapped[SearchState] = enum_of(SearchState, default=SearchState.PREPARED, index=True)
    request: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # demands and wishes
    result: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # the best so far, or the conflicts
    progress: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # seconds, objective, bound
    problem: Mapped[str] = mapped_column(sa.String(300), default="")
    worker: Mapped[str] = mapped_column(sa.String(80), default="")
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    beat_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # last sign of life of the search
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    stop_asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_by: Mapped[User | None] = relationship()


class TakenProposal(Identified, Created, Model):
    """Changes of a proposal that were applied together, with what is needed to undo them.

    services/timetabling/undo.py defines the format of `lines`.
    """

    __tablename__ = "placement_taken"
    search_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id", ondelete="CASCADE"), index=True)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    lines: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    undone_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))


class IntendedClash(Identified, Created, Model):
    """A clash that a coordinator marked as intended, with the reason. domain/clashes says when a mark covers a clash.

    A mark that was taken back stays, as a record.
    """

    __tablename__ = "intended_clash"
    __table_args__ = (
        sa.Index("ix_intended_clash_activity", "activity_id"),
        sa.Index("ix_intended_clash_other_activity", "other_activity_id"),
    )
    kind: Mapped[ClashKind] = enum_of(ClashKind)
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"))
    other_activity_id: Mapped[int | None] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"))
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    substance: Mapped[str] = mapped_column(sa.String(64))  # a digest: the mark covers only a clash with the same one
    shortage: Mapped[int] = mapped_column(default=0)  # minutes or people; the mark covers no greater one
    reason: Mapped[str] = mapped_column(sa.String(300))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    taken_back_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    taken_back_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    by: Mapped[User | None] = relationship(foreign_keys=[by_id])
    activity: Mapped[Activity] = relationship(foreign_keys=[activity_id])
    other_activity: Mapped[Activity | None] = relationship(foreign_keys=[other_activity_id])
    person: Mapped[Person | None] = relationship()
