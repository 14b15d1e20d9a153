"""Mails received in the office's mailbox, and addresses that take no mail."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.kinds import IncomingKind, IncomingOutcome
from outreach.domain.mail.address_faults import AddressFault
from outreach.domain.mail.incoming import Participation
from outreach.extensions import Model
from outreach.models.base import Created, Identified, UTCDateTime, enum_of
from outreach.models.invitations import Invitation
from outreach.models.people import Organisation, Person
from outreach.models.staff import User


class IncomingMail(Identified, Created, Model):
    """One mail of the mailbox and what was done with it. The unique key makes reading it twice harmless."""

    __tablename__ = "incoming_mail"
    __table_args__ = (
        sa.UniqueConstraint("mailbox", "uid_validity", "uid"),
        sa.Index("ix_incoming_mail_open", "outcome", "seen_at", "id"),
        sa.Index("ix_incoming_mail_kind", "kind", "id"),
    )
    mailbox: Mapped[str] = mapped_column(sa.String(200))  # "user@server/folder"
    uid_validity: Mapped[int] = mapped_column(sa.BigInteger)
    uid: Mapped[int] = mapped_column(sa.BigInteger)
    rfc_message_id: Mapped[str] = mapped_column(sa.String(250), default="")  # "" if its content was deleted
    # Identifies the mail even after its content was deleted; the content cannot be read from it.
    digest: Mapped[str] = mapped_column(sa.String(64), default="", index=True)
    received_at: Mapped[datetime] = mapped_column(UTCDateTime)
    sender: Mapped[str] = mapped_column(sa.String(254), default="")  # address, as stated in the mail
    sender_name: Mapped[str] = mapped_column(sa.String(160), default="")
    subject: Mapped[str] = mapped_column(sa.String(250), default="")
    text: Mapped[str] = mapped_column(sa.Text, default="")  # plain text, shortened; of an unreadable mail its beginning
    kind: Mapped[IncomingKind] = enum_of(IncomingKind)
    outcome: Mapped[IncomingOutcome] = enum_of(IncomingOutcome)
    reason: Mapped[str] = mapped_column(sa.String(60), default="")
    participation: Mapped[Participation | None] = enum_of(Participation)  # the calendar's answer, accepted or not
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id", ondelete="SET NULL"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("organisation.id", ondelete="SET NULL"), index=True
    )
    invitation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invitation.id", ondelete="SET NULL"), index=True)
    guessed: Mapped[bool] = mapped_column(
        default=False
    )  # the mail names no invitation; the invitee's next one is assumed
    message_id: Mapped[int | None] = mapped_column(index=True)  # in the outbox or the archive: therefore no foreign key
    seen_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # when a coordinator marked it as handled
    seen_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    invitation: Mapped[Invitation | None] = relationship()
    seen_by: Mapped[User | None] = relationship()


class AddressFailure(Model):
    """What delivery reports, or the mail server, said about an address.

    If `blocked_at` is set, no mail is sent there until a coordinator allows it.
    """

    __tablename__ = "address_failure"
    address: Mapped[str] = mapped_column(sa.String(254), primary_key=True)  # in the form of email_addresses.key
    blocked_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    fault: Mapped[AddressFault | None] = enum_of(AddressFault)
    reply: Mapped[str] = mapped_column(sa.String(300), default="")  # the other server's text
    delays: Mapped[int] = mapped_column(default=0)  # number of temporary failures reported
    last_at: Mapped[datetime] = mapped_column(UTCDateTime)
