"""How long the office keeps what, how much was erased when, and the marks of people who were erased on request."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.privacy.retention import Purpose
from outreach.extensions import Model
from outreach.models.base import UTCDateTime, enum_of


class RetentionPeriod(Model):
    """The days that the office chose for a purpose. Without a row, the default of domain/privacy/retention.py counts."""

    __tablename__ = "retention_period"
    purpose: Mapped[Purpose] = enum_of(Purpose, primary_key=True)
    days: Mapped[int]
    changed_at: Mapped[datetime] = mapped_column(UTCDateTime)
    changed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))


class ErasedCount(Model):
    """How many rows of a store were erased on a day, because their time was over. It names nobody."""

    __tablename__ = "erased_count"
    on: Mapped[date] = mapped_column(primary_key=True)  # in the office's zone
    store: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    purpose: Mapped[Purpose] = enum_of(Purpose)
    number: Mapped[int]


class ErasedMark(Model):
    """The mark of an erased person: a keyed hash, by which nobody can be found (services/privacy/marks.py).

    Backups leave this table out, and restoring keeps it. So an older backup cannot bring the person back.
    """

    __tablename__ = "erased_mark"
    mark: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
