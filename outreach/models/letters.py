"""Official letters with their versions, the invitations that they are for, and how the office writes them."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.documents import CODE_LENGTH, new_code
from outreach.domain.letters.values import LetterKind, LetterState
from outreach.extensions import Model
from outreach.models.base import Created, Identified, UTCDateTime, enum_of
from outreach.models.files import StoredFile
from outreach.models.invitations import Invitation
from outreach.models.staff import User

letter_invitation = sa.Table(
    "letter_invitation",
    Model.metadata,
    sa.Column("letter_id", sa.ForeignKey("letter.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("invitation_id", sa.ForeignKey("invitation.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Letter(Identified, Created, Model):
    """One official letter. It is never deleted. Its text is its last version.

    corrects: the letter that this one corrects or cancels. signed_file: what came back signed, byte for byte.
    """

    __tablename__ = "letter"
    code: Mapped[str] = mapped_column(sa.String(CODE_LENGTH), unique=True, default=new_code)
    kind: Mapped[LetterKind] = enum_of(LetterKind)
    state: Mapped[LetterState] = enum_of(LetterState, default=LetterState.DRAFT, index=True)
    number: Mapped[str] = mapped_column(sa.String(80), default="")  # nomor surat; "" until it has one
    dated_on: Mapped[date | None]
    subject: Mapped[str] = mapped_column(sa.String(300))  # hal
    corrects_id: Mapped[int | None] = mapped_column(sa.ForeignKey("letter.id"), index=True)
    signed_file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    version: Mapped[int] = mapped_column(default=1)  # if two users save the same letter, the second gets an error
    created_by: Mapped[User | None] = relationship()
    corrects: Mapped["Letter | None"] = relationship(remote_side="Letter.id", back_populates="corrected_by")
    corrected_by: Mapped[list["Letter"]] = relationship(back_populates="corrects", order_by="Letter.id")
    signed_file: Mapped[StoredFile | None] = relationship()
    invitations: Mapped[list[Invitation]] = relationship(secondary=letter_invitation, order_by=Invitation.id)
    versions: Mapped[list["LetterVersion"]] = relationship(
        back_populates="letter", order_by="LetterVersion.number", cascade="all, delete-orphan"
    )
    __mapper_args__ = {"version_id_col": version}

    @property
    def title(self) -> str:
        """Return how lists and the audit log name it: its number, or its code until it has one."""
        return f"{self.number or self.code} · {self.subject}"


class LetterVersion(Identified, Model):
    """What the letter said from `made_at` on. values: JSON of domain/letters/values.py's LetterValues.

    changed: the names of the values that differ from the version before.
    """

    __tablename__ = "letter_version"
    __table_args__ = (sa.UniqueConstraint("letter_id", "number"),)
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id", ondelete="CASCADE"))
    number: Mapped[int]  # from 1
    values: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    changed: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    letter: Mapped[Letter] = relationship(back_populates="versions")
    made_by: Mapped[User | None] = relationship()


class OfficeLetters(Identified, Model):
    """How the office writes its letters, one row. values: JSON of domain/letters/values.py's LetterSettings."""

    __tablename__ = "office_letters"
    values: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    version: Mapped[int] = mapped_column(default=1)
    __mapper_args__ = {"version_id_col": version}


class ReturnedFile(Identified, Model):
    """A letter's file as it came back. The newest one counts; those before stay on record.

    report: JSON of domain/letters/signatures.py's ReturnReport, as of checked_at. sender: of the mail with which it came,
    "" if staff uploaded it.
    """

    __tablename__ = "returned_file"
    __table_args__ = (sa.UniqueConstraint("letter_id", "file_id"),)
    letter_id: Mapped[int] = mapped_column(sa.ForeignKey("letter.id", ondelete="CASCADE"))
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    report: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    returned_at: Mapped[datetime] = mapped_column(UTCDateTime)
    checked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sender: Mapped[str] = mapped_column(sa.String(254), default="")
    letter: Mapped[Letter] = relationship()
    file: Mapped[StoredFile] = relationship()


class TrustedRoot(Identified, Model):
    """A root certificate by which the office checks who signed. der: the certificate. fingerprint: its SHA-256."""

    __tablename__ = "trusted_root"
    fingerprint: Mapped[str] = mapped_column(sa.String(64), unique=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    valid_until: Mapped[datetime] = mapped_column(UTCDateTime)
    der: Mapped[bytes] = mapped_column(sa.LargeBinary)
    added_at: Mapped[datetime] = mapped_column(UTCDateTime)
    added_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    added_by: Mapped[User | None] = relationship()
