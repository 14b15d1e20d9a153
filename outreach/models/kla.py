"""The list of indicators of Kota Layak Anak (KLA) that an office uses in a year. Tags of activities are in programmes.py."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime
from outreach.models.staff import User


class IndicatorYear(Identified, Model):
    """values: JSON of domain/kla/indicators.py's IndicatorList. filename: of the file from which it was taken."""

    __tablename__ = "indicator_year"
    year: Mapped[int] = mapped_column(unique=True)
    values: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    filename: Mapped[str] = mapped_column(sa.String(200), default="")
    replaced_at: Mapped[datetime] = mapped_column(UTCDateTime)
    replaced_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    version: Mapped[int] = mapped_column(default=1)  # if two users replace the same list, the second gets an error
    replaced_by: Mapped[User | None] = relationship()
    __mapper_args__ = {"version_id_col": version}

    @property
    def title(self) -> str:
        """Return how the audit log names it."""
        return f"{self.year}"
