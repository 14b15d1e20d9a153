"""The door: the devices used there, the log of scans, people who walked in, and the list that was signed on paper."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.door.scans import ScanHow, ScanOutcome
from outreach.domain.kinds import AttendanceSource
from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime, enum_of
from outreach.models.files import StoredFile
from outreach.models.invitations import ActingPerson, Invitation
from outreach.models.people import Person
from outreach.models.programmes import Activity
from outreach.models.staff import User


class Device(Identified, Model):
    """A phone, tablet or browser that was used at a door. number: what people say ("perangkat 3")."""

    __tablename__ = "device"
    key: Mapped[str] = mapped_column(sa.String(40), unique=True)  # made by the browser, at random
    number: Mapped[int] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(sa.String(60), default="")
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)  # who used it last
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    user: Mapped[User | None] = relationship()


class Scan(Identified, Model):
    """One thing that happened at a door or on the sheet, also one that failed. Rows are added, and not changed.

    Two exceptions: erasing a person, and merging somebody who walked in (docs/decisions/door.md). `attendance` follows from
    these rows (services/door/log.py).
    """

    __tablename__ = "scan"
    __table_args__ = (sa.UniqueConstraint("device_id", "number"), sa.Index("ix_scan_activity_at", "activity_id", "at"))
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"))
    device_id: Mapped[int | None] = mapped_column(sa.ForeignKey("device.id"))  # empty: on the sheet
    number: Mapped[int | None]  # on the device, running
    invitation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("invitation.id", ondelete="SET NULL"), index=True
    )  # empty: of nobody
    # Who acted for the invitee at that time.
    acting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("acting_person.id", ondelete="SET NULL"), index=True)
    how: Mapped[ScanHow] = enum_of(ScanHow)
    outcome: Mapped[ScanOutcome] = enum_of(ScanOutcome)
    source: Mapped[AttendanceSource | None] = enum_of(AttendanceSource)  # how a migrated one was known
    code: Mapped[str] = mapped_column(sa.String(16), default="")  # fingerprint of what the camera read, never the code
    name: Mapped[str] = mapped_column(sa.String(160), default="")  # as typed, of a failed walk-in
    digest: Mapped[str] = mapped_column(sa.String(32), default="")  # of what the device sent
    device_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # by the device's clock
    clock_ms: Mapped[int] = mapped_column(sa.BigInteger, default=0)  # by how much that clock is ahead
    at: Mapped[datetime] = mapped_column(UTCDateTime)  # corrected
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    activity: Mapped[Activity] = relationship()
    device: Mapped[Device | None] = relationship()
    invitation: Mapped[Invitation | None] = relationship()
    acting: Mapped[ActingPerson | None] = relationship()
    by: Mapped[User | None] = relationship()


class WalkIn(Model):
    """A person who was added at the door, and may be known already by another record. Gone once that is decided."""

    __tablename__ = "walk_in"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"), index=True)
    came_at: Mapped[datetime] = mapped_column(UTCDateTime)
    person: Mapped[Person] = relationship()
    activity: Mapped[Activity] = relationship()


class SignedList(Identified, Model):
    """A photo or scan of the list that was signed at an activity."""

    __tablename__ = "signed_list"
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"), index=True)
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), unique=True)
    file: Mapped[StoredFile] = relationship()


class SignedLine(Model):
    """Whether an invitee signed on paper, as staff read it there."""

    __tablename__ = "signed_line"
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitation.id", ondelete="CASCADE"), primary_key=True)
    signed: Mapped[bool]
    read_at: Mapped[datetime] = mapped_column(UTCDateTime)
    read_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
