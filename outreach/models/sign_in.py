"""What belongs to signing in: sessions, kept forms, security events, recovery codes, new passwords by mail."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_security import AsaList, WebAuthnMixin
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, backref, mapped_column, relationship

from outreach.domain.kinds import AccountNews
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime, enum_of
from outreach.models.staff import User


class SecurityEvent(Identified, Model):
    """One thing that happened to an account, or that somebody tried. detail: ids and states, no names, nothing typed."""

    __tablename__ = "security_event"
    __table_args__ = (
        sa.Index("ix_security_event_user_id_at", "user_id", "at"),
        sa.Index("ix_security_event_kind_at", "kind", "at"),
    )
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    kind: Mapped[SecurityKind] = enum_of(SecurityKind)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="SET NULL"))  # empty: nobody known
    network_address: Mapped[str] = mapped_column(sa.String(45), default="")  # empty: by command line
    browser: Mapped[str] = mapped_column(sa.String(30), default="")
    system: Mapped[str] = mapped_column(sa.String(30), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    user: Mapped[User | None] = relationship()


class RecoveryCode(Identified, Model):
    """One of an account's codes for who has lost their second factor. It opens once.

    code_hash: keyed by the secret key, so that nobody finds the code from the database alone.
    """

    __tablename__ = "recovery_code"
    __table_args__ = (sa.UniqueConstraint("user_id", "code_hash"),)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class Passkey(Identified, WebAuthnMixin, Model):
    """A passkey of an account (WebAuthn): its device keeps the private key. Flask-Security names the columns."""

    __tablename__ = "passkey"
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(64))  # as its owner calls the device
    credential_id: Mapped[bytes] = mapped_column(sa.LargeBinary(1024), unique=True)
    public_key: Mapped[bytes] = mapped_column(sa.LargeBinary)
    sign_count: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    transports: Mapped[Any] = mapped_column(MutableList.as_mutable(AsaList()), nullable=True)
    backup_state: Mapped[bool]
    device_type: Mapped[str] = mapped_column(sa.String(64))
    extensions: Mapped[str | None] = mapped_column(sa.String(255))
    usage: Mapped[str] = mapped_column(sa.String(64))  # always "secondary": after the password
    create_datetime: Mapped[datetime] = mapped_column(UTCDateTime, server_default=sa.func.now())
    lastuse_datetime: Mapped[datetime] = mapped_column(UTCDateTime)
    user: Mapped[User] = relationship(backref=backref("webauthn", order_by="Passkey.id", cascade="all, delete-orphan"))


class PasswordReset(Identified, Model):
    """Somebody asked for a new password. The next tick looks whether there is such an account.

    Asking writes the same row for every address, so its time does not say who has an account. The nonce makes the link's
    token, as a Link's does.
    """

    __tablename__ = "password_reset"
    address: Mapped[str] = mapped_column(sa.String(254))  # as it was typed, in lower case
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", ondelete="CASCADE"), index=True)
    nonce: Mapped[str] = mapped_column(sa.String(16), unique=True)
    ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # set when its mail is written
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


class AccountMail(Model):
    """What a mail to an account says about signing in."""

    __tablename__ = "account_mail"
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    news: Mapped[AccountNews] = enum_of(AccountNews)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    facts: Mapped[dict[str, Any]] = mapped_column(
        sa.JSON, default=dict
    )  # "nonce" of a PasswordReset, "name" of a passkey


class StaffSession(Identified, Model):
    """One sign-in of an account on one device. The device has the code; the server keeps its hash only.

    stamp: the account's fs_uniquifier when the session began. A new one, as after a change of password or role, ends it.
    """

    __tablename__ = "staff_session"
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    stamp: Mapped[str] = mapped_column(sa.String(64))
    began_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)  # to the minute
    stays: Mapped[bool] = mapped_column(default=False)  # "stay signed in"
    network_address: Mapped[str] = mapped_column(sa.String(45), default="")  # of the last use
    browser: Mapped[str] = mapped_column(sa.String(30), default="")
    system: Mapped[str] = mapped_column(sa.String(30), default="")
    user: Mapped[User] = relationship()


class KeptForm(Model):
    """A form that was sent after its session had ended, until its account signs in again. At most for two hours.

    sealed: its address and fields, encrypted with a key that only the browser has; here is its hash.
    """

    __tablename__ = "kept_form"
    key_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id", ondelete="CASCADE"), index=True)
    kept_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
