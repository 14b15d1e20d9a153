"""Write whole tables into a database in the caller's transaction, and check that they arrived.

It does not use transactions.writing(), because the database is another one or is replaced as a whole.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import sqlalchemy as sa

from outreach.domain.problems import Problem
from outreach.extensions import IMMEDIATE
from outreach.services.operations.backup.tables import PORTION, SavedTable, Sum, line, names_of, sum_of

MOST_IDS = 2**31 - 1  # of a column of integers in PostgreSQL


class RowRefused(Problem):
    message = "Table %(table)s has a row that the new database does not take: %(words)s. Nothing was changed there."


class NotTheSame(Problem):
    message = "Table %(table)s did not arrive as it was (%(there)s rows of %(here)s). Nothing was changed there."


@contextmanager
def snapshot(engine: sa.Engine, *, locked: bool = False) -> Iterator[sa.Connection]:
    """Yield a connection that sees the whole database at one moment, while others continue to write.

    locked: block all writers until it ends.
    """
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        connection = connection.execution_options(**{IMMEDIATE: locked})
        with connection.begin() as transaction:
            if locked and engine.dialect.name == "postgresql":
                # The names by another connection: what this one sees begins with its first statement, the lock.
                quoted = ", ".join(engine.dialect.identifier_preparer.quote(name) for name in names_of(engine))
                connection.exec_driver_sql(f"LOCK TABLE {quoted} IN SHARE MODE")
            yield connection
            transaction.rollback()


@contextmanager
def replacing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield a connection with one transaction for all writes: committed at the end, rolled back on any error."""
    with engine.connect() as connection:
        connection = connection.execution_options(**{IMMEDIATE: True})
        with connection.begin():
            yield connection


def empty(connection: sa.Connection, tables: Sequence[SavedTable]) -> None:
    """Delete all rows of the tables."""
    if connection.dialect.name == "postgresql":
        quoted = ", ".join(connection.dialect.identifier_preparer.quote(table.name) for table in tables)
        connection.exec_driver_sql(f"TRUNCATE {quoted} RESTART IDENTITY")
        return
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    for table in reversed(tables):
        connection.execute(sa.delete(table.clause))


@contextmanager
def references_open(connection: sa.Connection) -> Iterator[None]:
    """Allow rows to refer to later rows of the same table; check the references when the load has ended.

    Raise RowRefused if one is open then.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        yield
        if open_end := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise RowRefused(table=open_end[0], words=f"it refers to a row of {open_end[2]} that is missing")
        return
    own = connection.execute(
        sa.text("SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint"
                " WHERE contype = 'f' AND conrelid = confrelid AND connamespace = current_schema()::regnamespace")
    ).all()  # fmt: skip
    for table, constraint in own:
        connection.exec_driver_sql(f"ALTER TABLE {table} ALTER CONSTRAINT {constraint} DEFERRABLE INITIALLY DEFERRED")
    yield
    try:
        connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    except sa.exc.IntegrityError as error:
        table = getattr(getattr(error.orig, "diag", None), "table_name", None) or "?"
        raise RowRefused(table=table, words=_first_line(error.orig)) from None
    for table, constraint in own:
        connection.exec_driver_sql(f"ALTER TABLE {table} ALTER CONSTRAINT {constraint} NOT DEFERRABLE")


def load(connection: sa.Connection, table: SavedTable, rows: Iterator[Sequence[Any]]) -> Sum:
    """Insert the rows, and set the sequences so that new ids follow; return count and checksum. Raise RowRefused."""
    found, names = Sum(), [name for name, _kind in table.columns]
    statement = sa.insert(table.clause)
    while portion := list(islice(rows, PORTION)):
        for row in portion:
            found.add(line(table, row))
        try:
            connection.execute(statement, [dict(zip(names, row, strict=True)) for row in portion])
        except (sa.exc.StatementError, ValueError, OverflowError) as error:
            raise RowRefused(table=table.name, words=_first_line(getattr(error, "orig", error))) from None
    if connection.dialect.name == "postgresql":
        _number_on(connection, table)
    return found


def _first_line(error: object) -> str:
    """Return what a database says of a row. Its later lines may quote the row."""
    return next(iter(str(error).splitlines()), "")


def prove(connection: sa.Connection, table: SavedTable, sent: Sum) -> None:
    """Read a table back; raise NotTheSame unless it holds exactly the rows that were sent."""
    arrived = sum_of(connection, table)
    if arrived != sent:
        raise NotTheSame(table=table.name, there=arrived.rows, here=sent.rows)


def _number_on(connection: sa.Connection, table: SavedTable) -> None:
    """Set the sequences so that new ids follow. Raise RowRefused for an id that none gives, or after which none is left."""
    for column in table.key:
        sequence = connection.scalar(
            sa.select(sa.func.pg_get_serial_sequence(connection.dialect.identifier_preparer.quote(table.name), column))
        )
        if sequence:
            id_ = sa.column(column, sa.Integer)
            ends = connection.execute(sa.select(sa.func.min(id_), sa.func.max(id_)).select_from(table.clause)).one()
            lowest, highest = ends
            if highest is not None and not 1 <= lowest <= highest < MOST_IDS:
                raise RowRefused(table=table.name, words=f"its {column} is not between 1 and {MOST_IDS - 1}")
            connection.execute(sa.select(sa.func.setval(sequence, highest or 1, highest is not None)))
