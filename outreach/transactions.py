"""How a use case's transaction begins and ends, and the INSERT that knows ON CONFLICT.

Apart from extensions.py, because who only reads (queries) must not import it.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from outreach.extensions import BUSY_S, IMMEDIATE, db

# SQLite lets one write at a time, and who waits for another process asks again and again. Within a process they queue.
_one_writer = threading.RLock()


@contextmanager
def _turn_to_write() -> Iterator[None]:
    if not _one_writer.acquire(timeout=BUSY_S):
        raise OperationalError("BEGIN IMMEDIATE", {}, sqlite3.OperationalError("database is locked"))
    try:
        yield
    finally:
        _one_writer.release()


@contextmanager
def writing() -> Iterator[Session]:
    """Run one use case's check and write as one transaction, committed at the end, undone by any error.

    On SQLite it begins IMMEDIATE, so that what was checked cannot change before it is written. What the session read
    before is read again: a use case decides on nothing older than its own transaction.
    """
    session: Any = db.session
    session.rollback()
    with _turn_to_write() if db.engine.dialect.name == "sqlite" else nullcontext():
        session.connection(execution_options={IMMEDIATE: True})
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise


def begin_writing() -> None:
    """Let the transaction in which others' code has read, and is about to write, write: for what cannot use `writing`.

    SQLite refuses at once whoever read before another's commit and writes after it. So what was read is let go, the turn to
    write waited for, and the changes that are not flushed yet stay as they are.
    """
    connection = db.session.connection()
    if connection.dialect.name == "sqlite" and not connection.get_execution_options().get(IMMEDIATE):
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.execution_options(**{IMMEDIATE: True})


def insert_into(session: Session, table: type) -> Any:
    """Return the INSERT of the session's database, which knows ON CONFLICT."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return insert(table)
