"""The documentation of an activity: its photos, the press text, and who sees them."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.photos import PhotoAudience
from outreach.extensions import Model
from outreach.models.base import Identified, enum_of
from outreach.models.files import StoredFile
from outreach.models.programmes import Activity


class Documentation(Identified, Model):
    """Who sees an activity's photos and its press text. Without a row: staff. public_key: in the address for everybody."""

    __tablename__ = "documentation"
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"), unique=True)
    audience: Mapped[PhotoAudience] = enum_of(PhotoAudience, default=PhotoAudience.STAFF)
    public_key: Mapped[str] = mapped_column(sa.String(24), unique=True)  # random
    press_title: Mapped[str] = mapped_column(sa.String(200), default="")
    press_text: Mapped[str] = mapped_column(sa.Text, default="")
    version: Mapped[int] = mapped_column(default=1)
    activity: Mapped[Activity] = relationship()
    __mapper_args__ = {"version_id_col": version}


class ActivityPhoto(Identified, Model):
    """A photo as it is kept: two JPEGs that hold nothing but the picture. Its former name is not kept."""

    __tablename__ = "activity_photo"
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]  # in the order of the page, from 0
    caption: Mapped[str] = mapped_column(sa.String(200), default="")
    width: Mapped[int]  # pixels, of the large one
    height: Mapped[int]
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), unique=True)
    thumbnail_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), unique=True)
    file: Mapped[StoredFile] = relationship(foreign_keys=file_id)
    thumbnail: Mapped[StoredFile] = relationship(foreign_keys=thumbnail_id)
