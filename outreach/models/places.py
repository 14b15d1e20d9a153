"""Regions by Kemendagri code, venues, and the office that uses this installation."""

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.kinds import VenueKind
from outreach.domain.mail.hours import CLOSES, OPENS, MailHours
from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime, Zone, enum_of


class Region(Model):
    """A province, kabupaten/kota, kecamatan or kelurahan/desa. Only those of the office's area are stored."""

    __tablename__ = "region"
    code: Mapped[str] = mapped_column(sa.String(13), primary_key=True)  # "18.72.01.1001"
    name: Mapped[str] = mapped_column(sa.String(120))
    level: Mapped[int]  # 1 province, 2 kabupaten/kota, 3 kecamatan, 4 kelurahan/desa
    parent_code: Mapped[str | None] = mapped_column(sa.ForeignKey("region.code"), index=True)
    parent: Mapped["Region | None"] = relationship(remote_side=[code])


class Venue(Identified, Model):
    __tablename__ = "venue"
    name: Mapped[str] = mapped_column(sa.String(160), unique=True)
    kind: Mapped[VenueKind] = enum_of(VenueKind, default=VenueKind.OTHER)
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    capacity: Mapped[int | None]  # people
    region_code: Mapped[str | None] = mapped_column(sa.ForeignKey("region.code"), index=True)
    latitude: Mapped[float | None]  # degrees, WGS 84
    longitude: Mapped[float | None]
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    region: Mapped[Region | None] = relationship()


class Office(Identified, Model):
    """The office that runs the programmes: one row, created at set-up."""

    __tablename__ = "office"
    name: Mapped[str] = mapped_column(sa.String(200))  # full name
    short_name: Mapped[str] = mapped_column(sa.String(60))  # "DP3AP2KB Kota Metro"
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("region.code"))  # its kabupaten/kota
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    phone: Mapped[str] = mapped_column(sa.String(20), default="")  # E.164
    contact_name: Mapped[str] = mapped_column(sa.String(120), default="")  # invitees may call this person
    contact_phone: Mapped[str] = mapped_column(sa.String(20), default="")  # E.164
    zone: Mapped[ZoneInfo] = mapped_column(Zone)
    locale: Mapped[str] = mapped_column(sa.String(5), default="id")
    deadline_days: Mapped[int] = mapped_column(default=2)  # answers are due this many days before, at 16.00
    materials_days: Mapped[int] = mapped_column(default=3)  # speakers' materials are wanted this many days before
    follow_up_days: Mapped[str] = mapped_column(sa.String(20), default="7, 1")  # reminders of follow-ups, days before
    mails_from: Mapped[time] = mapped_column(default=OPENS)  # mails that can wait go out in these hours, in its zone
    mails_until: Mapped[time] = mapped_column(default=CLOSES)
    confirms_answers: Mapped[bool] = mapped_column(default=False)  # a mail confirms each answer given by link
    phones_on_lists: Mapped[bool] = mapped_column(default=False)  # lists for signing show phone numbers
    clashes_noticed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the last look for new clashes
    region: Mapped[Region] = relationship()

    @property
    def mail_hours(self) -> MailHours:
        return MailHours(self.zone, self.mails_from, self.mails_until)


def the_office(*columns: Any) -> sa.Select[Any]:
    """Return the statement for the office, or for these of its columns; it finds no row before set-up."""
    return sa.select(*columns or (Office,)).order_by(Office.id).limit(1)
