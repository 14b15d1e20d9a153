"""The accounts of the staff, and the audit log of their changes."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_security import RoleMixin, UserMixin
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from outreach.domain.kinds import StaffRole
from outreach.extensions import Model
from outreach.models.base import Identified, UTCDateTime
from outreach.models.places import Region

user_role = sa.Table(
    "user_role",
    Model.metadata,
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("role_id", sa.ForeignKey("role.id"), primary_key=True),
)


user_area = sa.Table(
    "user_area",
    Model.metadata,
    sa.Column("user_id", sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("region_code", sa.ForeignKey("region.code"), primary_key=True, index=True),
)


class AccountRole(Identified, RoleMixin, Model):
    __tablename__ = "role"
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)  # a StaffRole
    description: Mapped[str | None] = mapped_column(sa.String(255))
    permissions: Mapped[Any] = mapped_column(MutableList.as_mutable(sa.JSON()), nullable=True)


class User(Identified, UserMixin, Model):
    """An account. area_only: its role holds in its areas (kecamatan, kelurahan) instead of the whole office.

    access_until: the last day on which it may sign in. stands_in_*: whose reach it has besides its own, and on which days.
    """

    __tablename__ = "user"
    __table_args__ = (
        sa.CheckConstraint(
            "(stands_in_for_id IS NULL) = (stands_in_from IS NULL) AND (stands_in_for_id IS NULL) = (stands_in_until IS NULL)",
            name="stands_in_on_days",
        ),
    )
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120), default="")
    password: Mapped[str] = mapped_column(sa.String(255))
    password_ends_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # set if somebody else made it
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(sa.String(64), unique=True)
    locale: Mapped[str] = mapped_column(sa.String(5), default="id")
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    create_datetime: Mapped[datetime] = mapped_column(UTCDateTime, server_default=sa.func.now())
    tf_primary_method: Mapped[str | None] = mapped_column(sa.String(64))
    # Encrypted (web/frame/accounts/second_factors.py).
    tf_totp_secret: Mapped[str | None] = mapped_column(sa.String(255))
    tf_last_counter: Mapped[int | None] = mapped_column(sa.BigInteger)  # of the last code taken: each is taken once
    fs_webauthn_user_handle: Mapped[str | None] = mapped_column(sa.String(64), unique=True)  # type: ignore[assignment]
    tf_phone_number: Mapped[str | None] = mapped_column(sa.String(128))
    wants_digest: Mapped[bool] = mapped_column(default=False)  # the day's news by mail
    digested_at: Mapped[datetime | None] = mapped_column(UTCDateTime)  # the next summary has the news after this moment
    area_only: Mapped[bool] = mapped_column(default=False)
    access_until: Mapped[date | None]
    stands_in_for_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id", name="fk_user_stands_in_for_id_user"))
    stands_in_from: Mapped[date | None]
    stands_in_until: Mapped[date | None]
    roles: Mapped[list[AccountRole]] = relationship(secondary=user_role, lazy="joined")  # type: ignore[assignment]
    areas: Mapped[list[Region]] = relationship(secondary=user_area, order_by=Region.code)
    stands_in_for: Mapped["User | None"] = relationship(remote_side="User.id")

    @property
    def display_name(self) -> str:
        return self.name or self.email


IS_ADMINISTRATOR = User.roles.any(AccountRole.name == StaffRole.ADMINISTRATOR.value)
# An office must keep one of these.
IS_LASTING_ADMINISTRATOR = sa.and_(User.active, User.access_until.is_(None), IS_ADMINISTRATOR)


class BellSeen(Model):
    """A piece of news that an account has seen. key: as in domain/bell.py."""

    __tablename__ = "bell_seen"
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)


class AuditEntry(Identified, Model):
    """One change made by staff: who, when, what was changed, and the details."""

    __tablename__ = "audit_entry"
    __table_args__ = (sa.Index("ix_audit_entry_subject", "subject_type", "subject_id"),)
    at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)  # empty: by command line
    action: Mapped[str] = mapped_column(sa.String(40))  # "activity.moved"
    subject_type: Mapped[str] = mapped_column(sa.String(40))
    subject_id: Mapped[int | None]
    subject_name: Mapped[str] = mapped_column(sa.String(200), default="")
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    user: Mapped[User | None] = relationship()
