"""Links by which a post outside Outreach, such as the head of office, reads reports without an account."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.extensions import Model
from outreach.models.base import Created, Identified, UTCDateTime
from outreach.models.staff import User


class ReadingLink(Identified, Created, Model):
    """One link, for one post, until a day. The address has the code; the server keeps its hash only."""

    __tablename__ = "reading_link"
    for_post: Mapped[str] = mapped_column(sa.String(120))
    code_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    ends_on: Mapped[date]  # the last day on which it opens
    made_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # by hand, before that day
    opened_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # last
    visits: Mapped[int] = mapped_column(default=0)
    made_by: Mapped[User] = relationship()

    @property
    def title(self) -> str:
        """Return how the audit log names it."""
        return self.for_post
