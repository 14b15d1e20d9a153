"""How many cases were reported in the whole city, by year. Never by kelurahan, and never anything about one case."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.domain.kinds import CaseUnit
from outreach.extensions import Model
from outreach.models.base import Created, Identified, enum_of


class CaseCount(Identified, Created, Model):
    """source: who published the number."""

    __tablename__ = "case_count"
    __table_args__ = (sa.UniqueConstraint("year", "unit"),)
    year: Mapped[int]
    unit: Mapped[CaseUnit] = enum_of(CaseUnit)
    number: Mapped[int]
    source: Mapped[str] = mapped_column(sa.String(200))

    @property
    def title(self) -> str:
        """Return how the audit log names it."""
        return f"{self.year}"
