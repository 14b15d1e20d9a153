"""The tables of a database, and their rows in a form that is the same on SQLite and PostgreSQL.

They are read from the database itself, not from the models, so databases of older versions can be saved and restored too.
"""

import hashlib
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from warnings import catch_warnings, filterwarnings

import sqlalchemy as sa

from outreach.models.base import NOT_OURS, UTCDateTime

PORTION = 1000  # rows read and written at once


class Kind(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DAY = "day"
    TIME = "time"
    JSON = "json"
    BYTES = "bytes"  # written as base64


KINDS: tuple[tuple[type, Kind], ...] = (
    (sa.JSON, Kind.JSON), (sa.Boolean, Kind.BOOLEAN), (sa.DateTime, Kind.INSTANT), (sa.Date, Kind.DAY),
    (sa.Time, Kind.TIME), (sa.Integer, Kind.INTEGER), (sa.Float, Kind.NUMBER), (sa.String, Kind.TEXT),
    (sa.LargeBinary, Kind.BYTES),
)  # fmt: skip
TYPES: dict[Kind, Any] = {
    Kind.TEXT: sa.Text(),
    Kind.INTEGER: sa.BigInteger(),
    Kind.NUMBER: sa.Double(),
    Kind.BOOLEAN: sa.Boolean(),
    Kind.INSTANT: UTCDateTime(),
    Kind.DAY: sa.Date(),
    Kind.TIME: sa.Time(),
    Kind.JSON: sa.JSON(none_as_null=True),
    Kind.BYTES: sa.LargeBinary(),
}
FROM_TEXT: dict[Kind, Callable[[str], Any]] = {
    Kind.BYTES: b64decode,
    Kind.INSTANT: datetime.fromisoformat, Kind.DAY: date.fromisoformat, Kind.TIME: time.fromisoformat,
}  # fmt: skip


@dataclass(frozen=True)
class SavedTable:
    """columns: (name, kind) in the order of the values in a row. key: the primary key's columns."""

    name: str
    columns: tuple[tuple[str, Kind], ...]
    key: tuple[str, ...]

    @property
    def clause(self) -> sa.TableClause:
        return sa.table(self.name, *[sa.column(name, TYPES[kind]) for name, kind in self.columns])


@dataclass
class Sum:
    """The number of rows, and a checksum of all their values that does not depend on their order."""

    rows: int = 0
    total: int = field(default=0, repr=False)

    def add(self, line: bytes) -> None:
        self.rows += 1
        self.total = (self.total + int.from_bytes(hashlib.sha256(line).digest(), "big")) % 2**256

    @property
    def digest(self) -> str:
        return f"{self.total:064x}"


def tables_of(connection: sa.Connection) -> list[SavedTable]:
    """Return the application's tables in the database, each after those that it refers to."""
    metadata = sa.MetaData()
    with catch_warnings():
        # The warning is about indexes on expressions, which are not needed here.
        filterwarnings("ignore", "Skipped unsupported reflection", sa.exc.SAWarning)
        metadata.reflect(connection, only=names_of(connection))
    return [
        SavedTable(
            table.name,
            tuple((column.name, _kind(table, column)) for column in table.columns),
            tuple(column.name for column in table.primary_key.columns),
        )
        for table in metadata.sorted_tables
    ]


def names_of(database: sa.Connection | sa.Engine) -> list[str]:
    """Return the names of the application's tables in the database."""
    return [name for name in sa.inspect(database).get_table_names() if not name.startswith(NOT_OURS)]


def rows_of(connection: sa.Connection, table: SavedTable) -> Iterator[Sequence[Any]]:
    """Yield a table's rows, fetched PORTION at a time."""
    statement = sa.select(table.clause).execution_options(yield_per=PORTION)
    with connection.execute(statement) as result:
        yield from result


def line(table: SavedTable, row: Sequence[Any]) -> bytes:
    """Return a row as one line: a JSON array of its values, with instants in UTC (ISO 8601) and bytes as base64."""
    values = [
        _text(value, kind) if value is not None and kind in FROM_TEXT else value
        for value, (_name, kind) in zip(row, table.columns, strict=True)
    ]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def _text(value: Any, kind: Kind) -> str:
    return b64encode(value).decode() if kind is Kind.BYTES else str(value.isoformat())


def row_from(table: SavedTable, text: bytes) -> list[Any]:
    """Return the row from a line of `line`. Raise ValueError if it is not such a line."""
    values = json.loads(text)
    if not isinstance(values, list) or len(values) != len(table.columns):
        raise ValueError("not a row of this table")
    return [
        FROM_TEXT[kind](value) if value is not None and kind in FROM_TEXT else value
        for value, (_name, kind) in zip(values, table.columns, strict=True)
    ]


def sum_of(connection: sa.Connection, table: SavedTable) -> Sum:
    """Return the count and the checksum of a table's rows."""
    found = Sum()
    for row in rows_of(connection, table):
        found.add(line(table, row))
    return found


def filled(connection: sa.Connection) -> str:
    """Return the name of one of our tables that has rows, or "" if all are empty."""
    for name in names_of(connection):
        if connection.execute(sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)).first():
            return name
    return ""


def revision_of(connection: sa.Connection) -> str:
    """Return the newest migration of the database, or "" if it has none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return ""
    return connection.scalar(sa.select(sa.column("version_num")).select_from(sa.table("alembic_version"))) or ""


def _kind(table: sa.Table, column: sa.Column) -> Kind:
    for type_, kind in KINDS:
        if isinstance(column.type, type_):
            return kind
    raise TypeError(f"{table.name}.{column.name} is of a type that cannot be saved: {column.type!r}")
