"""The Flask extensions, created once and attached to an app in create_app. Also how a database transaction begins."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from flask import current_app
from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_mail import Mail
from flask_migrate import Migrate
from flask_security import Security
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Engine, MetaData, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session

from outreach import ratestore  # noqa: F401  makes the limits' storage "process-memory://" known
from outreach.settings import Settings

IMMEDIATE = "outreach_immediate"
BUSY_S = 30  # how long a write waits for other writes
# SQLite allows one write at a time, and waiting for another process means polling. Within a process, writers queue here.
_one_writer = threading.RLock()


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)
babel = Babel()
csrf = CSRFProtect()
limiter = Limiter(get_remote_address)
mail = Mail()
migrate = Migrate()
security = Security()

# Flask-SQLAlchemy builds its Model at run time, where a type checker cannot see it.
if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def current_settings() -> Settings:
    """Return the settings of the running app."""
    found: Settings = current_app.extensions["outreach"]
    return found


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
    """Run one use case's check and write as one transaction: committed at the end, rolled back on any error.

    On SQLite it begins IMMEDIATE, so that what was checked cannot change before it is written. Objects read earlier are
    read again: a use case decides only on data of its own transaction.
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
    """Turn a transaction that has only read into a writing one, for other libraries' code that cannot use `writing`.

    SQLite refuses a write if another one was committed after this transaction's first read. So the transaction ends, and a
    new one begins when it may write. Changes that are not flushed yet are kept.
    """
    connection = db.session.connection()
    if connection.dialect.name == "sqlite" and not connection.get_execution_options().get(IMMEDIATE):
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.execution_options(**{IMMEDIATE: True})


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we send BEGIN ourselves
    cursor = connection.cursor()
    for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL", f"busy_timeout = {BUSY_S * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    immediate = connection.get_execution_options().get(IMMEDIATE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def prepare_engine(engine: Engine) -> None:
    """Set an engine up for the transactions above. Call it once per engine."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
