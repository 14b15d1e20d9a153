"""People, the organisations they belong to, cadres, and groups of people."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.directory.children import is_child
from outreach.domain.kinds import AgeGroup, CadreKind, Sector, Sex
from outreach.extensions import Model
from outreach.models.base import Created, Identified, UTCDateTime, enum_of
from outreach.models.places import Region

ERASED = "(erased)"  # the name of a person whose data is erased


class Assistant(Identified, Model):
    """The adjutant or secretary of a person, or the secretary of an organisation: who passes an invitation on to them.

    nonce: of the link by which they answer for the invitee. asked_at: when a ladder last wrote to them.
    """

    __tablename__ = "assistant"
    __table_args__ = (
        sa.CheckConstraint("(person_id IS NULL) <> (organisation_id IS NULL)", name="one_invitee"),
        sa.Index("ix_assistant_email_lower", sa.text("lower(email)")),
    )
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), unique=True)
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id", ondelete="CASCADE"), unique=True
    )
    name: Mapped[str] = mapped_column(sa.String(160), default="")
    phone: Mapped[str] = mapped_column(sa.String(20), default="")  # E.164
    email: Mapped[str] = mapped_column(sa.String(254), default="")
    nonce: Mapped[str] = mapped_column(sa.String(24), unique=True)
    stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # they want no mails
    asked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    person: Mapped["Person | None"] = relationship(back_populates="assistant")
    organisation: Mapped["Organisation | None"] = relationship(back_populates="assistant")


class Assisted:
    """What people and organisations have in common: their adjutant or secretary; "" if none is known."""

    assistant: Mapped[Assistant | None]

    @property
    def assistant_name(self) -> str:
        return self.assistant.name if self.assistant else ""

    @property
    def assistant_phone(self) -> str:
        return self.assistant.phone if self.assistant else ""

    @property
    def assistant_email(self) -> str:
        return self.assistant.email if self.assistant else ""


class Organisation(Identified, Created, Assisted, Model):
    __tablename__ = "organisation"
    __table_args__ = (sa.Index("ix_organisation_email_lower", sa.text("lower(email)")),)
    name: Mapped[str] = mapped_column(sa.String(200), unique=True)
    short_name: Mapped[str] = mapped_column(sa.String(60), default="")
    sector: Mapped[Sector] = enum_of(Sector, index=True)
    region_code: Mapped[str | None] = mapped_column(sa.ForeignKey("region.code"), index=True)
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    email: Mapped[str] = mapped_column(sa.String(254), default="", index=True)
    phone: Mapped[str] = mapped_column(sa.String(20), default="", index=True)
    locale: Mapped[str] = mapped_column(sa.String(5), default="id")
    reminders_stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    region: Mapped[Region | None] = relationship()
    assistant: Mapped[Assistant | None] = relationship(back_populates="organisation", cascade="all, delete-orphan")

    @property
    def display_name(self) -> str:
        return self.name

    @property
    def child(self) -> bool:
        """Return whether its head is addressed as a child."""
        return False


class Person(Identified, Created, Assisted, Model):
    """Somebody known by name, or only by post ("Kapolres Metro")."""

    __tablename__ = "person"
    __table_args__ = (
        sa.CheckConstraint("name <> '' OR post <> ''", name="named"),
        sa.Index("ix_person_email_lower", sa.text("lower(email)")),
    )
    name: Mapped[str] = mapped_column(sa.String(160), default="", index=True)  # as written, without titles
    title_before: Mapped[str] = mapped_column(sa.String(60), default="")  # "Dr. Hj."
    title_after: Mapped[str] = mapped_column(sa.String(60), default="")  # "S.H., M.H."
    post: Mapped[str] = mapped_column(sa.String(160), default="")  # jabatan
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"), index=True)
    region_code: Mapped[str | None] = mapped_column(sa.ForeignKey("region.code"), index=True)
    sex: Mapped[Sex | None] = enum_of(Sex)
    age_group: Mapped[AgeGroup | None] = enum_of(AgeGroup)
    email: Mapped[str] = mapped_column(sa.String(254), default="", index=True)  # may be shared by several people
    phone: Mapped[str] = mapped_column(sa.String(20), default="", index=True)  # E.164
    shares_phone: Mapped[bool] = mapped_column(default=False)  # others read their mails, too
    locale: Mapped[str] = mapped_column(sa.String(5), default="id")
    note: Mapped[str] = mapped_column(sa.String(300), default="")
    reminders_stopped_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    erased_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    organisation: Mapped[Organisation | None] = relationship()
    region: Mapped[Region | None] = relationship()
    assistant: Mapped[Assistant | None] = relationship(back_populates="person", cascade="all, delete-orphan")
    cadre_roles: Mapped[list["Cadre"]] = relationship(back_populates="person", cascade="all, delete-orphan")

    @property
    def child(self) -> bool:
        """Return whether they are addressed as a child."""
        return is_child(self.age_group, [role.kind for role in self.cadre_roles if role.active])

    @property
    def full_name(self) -> str:
        """Return the name with titles ("Dr. Hj. Siti Rahmawati, S.H."), or the post if there is no name."""
        if not self.name:
            return self.post
        name = f"{self.title_before} {self.name}".strip()
        return f"{name}, {self.title_after}" if self.title_after else name

    @property
    def display_name(self) -> str:
        return self.full_name


class Cadre(Identified, Model):
    """A person as a volunteer of one kind, in one kelurahan."""

    __tablename__ = "cadre"
    __table_args__ = (sa.UniqueConstraint("person_id", "kind"),)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"))
    kind: Mapped[CadreKind] = enum_of(CadreKind, index=True)
    region_code: Mapped[str] = mapped_column(sa.ForeignKey("region.code"), index=True)  # kelurahan/desa
    active: Mapped[bool] = mapped_column(default=True)
    person: Mapped[Person] = relationship(back_populates="cadre_roles")
    region: Mapped[Region] = relationship()


people_group_member = sa.Table(
    "people_group_member",
    Model.metadata,
    sa.Column("group_id", sa.ForeignKey("people_group.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person_id", sa.ForeignKey("person.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class PeopleGroup(Identified, Created, Model):
    """People who are often invited together, saved under a name."""

    __tablename__ = "people_group"
    name: Mapped[str] = mapped_column(sa.String(120), unique=True)
    version: Mapped[int] = mapped_column(default=1)  # if two users save the same form, the second gets an error
    members: Mapped[list[Person]] = relationship(
        secondary=people_group_member, order_by=(Person.name == "", Person.name, Person.post, Person.id)
    )
