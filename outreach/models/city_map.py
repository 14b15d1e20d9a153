"""The map of the kelurahan that an administrator loaded."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime
from outreach.models.staff import User


class KelurahanMap(Identified, Model):
    """At most one row. values: JSON of domain/city_map.py's CityMap. filename: of the GeoJSON from which it was read."""

    __tablename__ = "kelurahan_map"
    values: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    filename: Mapped[str] = mapped_column(sa.String(200))
    loaded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    loaded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    loaded_by: Mapped[User | None] = relationship()

    @property
    def title(self) -> str:
        """Return how the audit log names it."""
        return self.filename
