"""Imports of people, and what the columns of known spreadsheets mean."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime
from outreach.models.people import Person
from outreach.models.staff import User


class PersonImport(Identified, Model):
    """An import of people from a file. It can be undone for a day, and is named in their histories for good."""

    __tablename__ = "person_import"
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)  # empty: by command line
    filename: Mapped[str] = mapped_column(sa.String(200))
    added: Mapped[int]
    changed: Mapped[int]
    undone_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    user: Mapped[User | None] = relationship()


class PersonImportLine(Model):
    """A person that an import added or changed.

    digest: of the person's values after the import; if it differs, somebody has changed them since; "" once the import can
    no longer be undone. uses: how many
    invitations and the like the person had then. before: the values that the import replaced, to write them back; empty
    if the import added the person. kept: why an undone import left the person as it is.
    """

    __tablename__ = "person_import_line"
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("person_import.id", ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True)
    digest: Mapped[str] = mapped_column(sa.String(24))
    uses: Mapped[int] = mapped_column(default=0)
    before: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    kept: Mapped[str] = mapped_column(sa.String(24), default="")
    person: Mapped[Person] = relationship()


class ImportShape(Model):
    """What a user chose for the columns of spreadsheets with these headings."""

    __tablename__ = "import_shape"
    digest: Mapped[str] = mapped_column(sa.String(32), primary_key=True)  # of the headings
    columns: Mapped[dict[str, str]] = mapped_column(sa.JSON)  # a Column by its index from 0
    chosen_at: Mapped[datetime] = mapped_column(UTCDateTime)
