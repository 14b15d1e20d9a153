"""Column types and mixins shared by all tables."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column
from sqlalchemy.types import TypeDecorator

from outreach.rate_store import TABLE as RATES

NOT_OURS = ("alembic_version", "procrastinate_", RATES)  # how tables begin that others make in the same database


class UTCDateTime(TypeDecorator):
    """An aware instant, stored in UTC. Raise ValueError for naive datetimes."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A naive datetime cannot be stored.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Zone(TypeDecorator):
    """An IANA time zone, stored by name."""

    impl = sa.String(40)
    cache_ok = True

    def process_bind_param(self, value: ZoneInfo | None, dialect: Any) -> str | None:
        return None if value is None else value.key

    def process_result_value(self, value: str | None, dialect: Any) -> ZoneInfo | None:
        return None if value is None else ZoneInfo(value)


def enum_of(kind: type[StrEnum], **options: Any) -> MappedColumn[Any]:
    """Return a column for a StrEnum, stored as plain text by value. A new member needs no migration."""
    return mapped_column(
        sa.Enum(
            kind, native_enum=False, length=24, create_constraint=False, values_callable=lambda e: [m.value for m in e]
        ),
        **options,
    )


def partly(condition: str) -> dict[str, Any]:
    """Return the options of a partial index over the rows that meet the condition."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def literally(column: Any, *members: StrEnum) -> sa.ColumnElement[bool]:
    """Return the condition that the column holds one of the members, as literals in the given order.

    A partial index is only used if the statement contains its condition word for word. A parameter's value comes too late.
    """
    values: list[Any] = [sa.literal_column(f"'{member.value}'") for member in members]
    found: sa.ColumnElement[bool] = column == values[0] if len(values) == 1 else column.in_(values)
    return found


class Identified:
    id: Mapped[int] = mapped_column(primary_key=True)


class Created:
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, server_default=sa.func.now())
