"""Files that came from people and are kept as they came: signed letters, emblems, materials."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime
from outreach.models.staff import User


class StoredFile(Identified, Model):
    """A file, byte for byte. services/files.py keeps it; lists do not load its data."""

    __tablename__ = "stored_file"
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)  # in hexadecimal
    size: Mapped[int]  # bytes
    media_type: Mapped[str] = mapped_column(sa.String(100))  # by its content, not by its name
    name: Mapped[str] = mapped_column(sa.String(200))  # as it was called there, without folders
    data: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    uploaded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    uploaded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)  # empty: not by staff
    uploaded_by: Mapped[User | None] = relationship()
