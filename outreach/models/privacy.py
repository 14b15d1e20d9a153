"""What people ask about their data, the mails about it, the office's texts on privacy, and consents."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.privacy.requests import (
    ConsentWay,
    PrivacyPurpose,
    RequestKind,
    RequestOutcome,
    RequestWay,
    TextKind,
)
from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime, enum_of, partly
from outreach.models.mails import Message
from outreach.models.people import Person
from outreach.models.staff import User


class PrivacyText(Identified, Model):
    """A version of a text of the office, in both languages. Versions are never changed. Without one, the shipped text counts."""

    __tablename__ = "privacy_text"
    __table_args__ = (sa.UniqueConstraint("kind", "number"),)
    kind: Mapped[TextKind] = enum_of(TextKind)
    number: Mapped[int]
    text_id: Mapped[str] = mapped_column(sa.Text)
    text_en: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))


class DataRequest(Identified, Model):
    """What somebody asked about their data. Once it is done, `wanted`, `words` and `name` are empty; what was done stays.

    name: of somebody who is not in the address book. nonce: of the page for the copy, or of the one that confirms a new address.
    """

    __tablename__ = "data_request"
    __table_args__ = (sa.Index("ix_data_request_open", "received_at", **partly("done_at IS NULL")),)
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(sa.String(160), default="")
    kind: Mapped[RequestKind] = enum_of(RequestKind)
    way: Mapped[RequestWay] = enum_of(RequestWay)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    wanted: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    words: Mapped[str] = mapped_column(sa.Text, default="")
    nonce: Mapped[str] = mapped_column(sa.String(24), unique=True)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the new address
    warned_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # administrators, before it is due
    overdue_told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    entered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    outcome: Mapped[RequestOutcome | None] = enum_of(RequestOutcome)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime, index=True)
    done_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))  # empty: by the program
    what_done: Mapped[str] = mapped_column(sa.String(500), default="")
    person: Mapped[Person | None] = relationship()
    done_by: Mapped[User | None] = relationship(foreign_keys=[done_by_id])
    entered_by: Mapped[User | None] = relationship(foreign_keys=[entered_by_id])

    @property
    def title(self) -> str:
        """Return how the audit log names it: no name of a person."""
        return f"#{self.id}"


class PrivacyMail(Model):
    """That a message is about a request. address: where it goes, if not to the recipient's own address."""

    __tablename__ = "privacy_mail"
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    request_id: Mapped[int] = mapped_column(sa.ForeignKey("data_request.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[PrivacyPurpose] = enum_of(PrivacyPurpose)
    address: Mapped[str] = mapped_column(sa.String(254), default="")
    message: Mapped[Message] = relationship()
    request: Mapped[DataRequest] = relationship()


class Consent(Identified, Model):
    """That a parent or guardian consented, to which version of the text, on which day and in which way; or withdrew it."""

    __tablename__ = "consent"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id", ondelete="CASCADE"), index=True)
    text_number: Mapped[int]  # of the text of consent; 0: the shipped one
    given_on: Mapped[date]
    way: Mapped[ConsentWay] = enum_of(ConsentWay)
    given_by: Mapped[str] = mapped_column(sa.String(160), default="")  # who consented
    recorded_at: Mapped[datetime] = mapped_column(UTCDateTime)
    recorded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    withdrawn_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
