"""How a use case's transaction begins and ends, and the INSERT that knows ON CONFLICT.

It is apart from extensions.py because queries may not import it: they only read.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from outreach import reach
from outreach.extensions import BUSY_S, IMMEDIATE, db

# SQLite allows one write at a time, and waiting for another process means polling. Within a process, writers queue here.
_one_writer = threading.RLock()


@contextmanager
def _turn_to_write(patience_s: float = BUSY_S) -> Iterator[None]:
    if not _one_writer.acquire(timeout=patience_s):
        raise OperationalError("BEGIN IMMEDIATE", {}, sqlite3.OperationalError("database is locked"))
    try:
        yield
    finally:
        _one_writer.release()


@contextmanager
def writing() -> Iterator[Session]:
    """Run one use case's check and write as one transaction: committed at the end, rolled back on any error.

    It decides on all data, whoever asked for it; what an account with an area may not change is refused (models/access.py).

    On SQLite it begins IMMEDIATE, so that what was checked cannot change before it is written. Objects read earlier are
    read again: a use case decides only on data of its own transaction.
    """
    with _transaction() as session:
        yield session
        session.commit()


@contextmanager
def trying() -> Iterator[Session]:
    """Run a use case as `writing` does, and roll it back: a preview that finds what the write would do.

    What the preview returns are values: rows are as before afterwards.
    """
    with _transaction() as session:
        yield session
        session.rollback()


@contextmanager
def _transaction() -> Iterator[Session]:
    session: Any = db.session
    session.rollback()
    with _turn_to_write() if db.engine.dialect.name == "sqlite" else nullcontext():
        session.connection(execution_options={IMMEDIATE: True})
        try:
            with reach.unfiltered():
                yield session
        except BaseException:
            session.rollback()
            raise


@contextmanager
def apart(patience_s: float = BUSY_S) -> Iterator[Session]:
    """Run a short write in a session and a transaction of its own, and leave the request's session as it is.

    For what is recorded beside a use case. Within a use case's own transaction (`is_writing`) SQLite would wait for itself.
    patience_s: how long to wait for this process's other writers; then it raises OperationalError.
    """
    with (
        _turn_to_write(patience_s) if db.engine.dialect.name == "sqlite" else nullcontext(),
        Session(db.engine.execution_options(**{IMMEDIATE: True})) as session,
        session.begin(),
    ):
        yield session


@contextmanager
def recording() -> Iterator[Session]:
    """Write within the transaction that is running, or `apart` if none is writing."""
    if is_writing():
        yield db.session()
    else:
        with apart() as session:
            yield session


@event.listens_for(Session, "after_flush")
def _note_that_it_writes(session: Session, _flush: Any) -> None:
    """Mark a transaction that began by reading and has written by now: other libraries' code may do that."""
    session.connection().execution_options(**{IMMEDIATE: True})


def is_writing() -> bool:
    """Return whether the request's session runs a use case's transaction, or has written in another one."""
    session = db.session()
    return session.in_transaction() and bool(session.connection().get_execution_options().get(IMMEDIATE))


def begin_writing() -> None:
    """Turn a transaction that has only read into a writing one, for other libraries' code that cannot use `writing`.

    SQLite refuses a write if another one was committed after this transaction's first read. So the transaction ends, and a
    new one begins when it may write. Changes that are not flushed yet are kept.
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
