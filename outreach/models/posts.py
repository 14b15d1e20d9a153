"""Posts of offices ("Kapolres Metro"), and who holds them when."""

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.kinds import HolderKind
from outreach.domain.posts import HolderTerm
from outreach.extensions import Model
from outreach.models.base import Created, Identified, enum_of
from outreach.models.people import Organisation, Person
from outreach.models.places import Region


class Post(Identified, Created, Model):
    """A post that people hold one after the other. Its name is unique within its organisation."""

    __tablename__ = "post"
    __table_args__ = (
        sa.Index("uq_post_name", sa.text("lower(name)"), sa.text("coalesce(organisation_id, 0)"), unique=True),
    )
    name: Mapped[str] = mapped_column(sa.String(160))
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    region_code: Mapped[str | None] = mapped_column(sa.ForeignKey("region.code"), index=True)
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    organisation: Mapped[Organisation | None] = relationship()
    region: Mapped[Region | None] = relationship()
    holders: Mapped[list["PostHolder"]] = relationship(
        back_populates="post", order_by="PostHolder.from_on, PostHolder.id", cascade="all, delete-orphan"
    )

    @property
    def display_name(self) -> str:
        return self.name


class PostHolder(Identified, Created, Model):
    """Somebody holds a post from one day to another, both included. Definitive holders never overlap."""

    __tablename__ = "post_holder"
    __table_args__ = (sa.CheckConstraint("until_on IS NULL OR until_on >= from_on", name="begins_before_it_ends"),)
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    kind: Mapped[HolderKind] = enum_of(HolderKind, default=HolderKind.DEFINITIVE)
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    post: Mapped[Post] = relationship(back_populates="holders")
    person: Mapped[Person] = relationship()

    @property
    def term(self) -> HolderTerm:
        return HolderTerm(self.person_id, self.from_on, self.until_on, self.kind, self.id or 0)
