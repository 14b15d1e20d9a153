"""The Flask extensions, created once and attached to an app in create_app; and how a database connection is prepared.

How a use case's transaction begins and ends is transactions.py.
"""

from typing import TYPE_CHECKING, Any

from flask import current_app, request
from flask_babel import Babel
from flask_limiter import Limiter
from flask_mail import Mail
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import Engine, MetaData, event
from sqlalchemy.orm import DeclarativeBase

from outreach import rate_store  # noqa: F401  makes the limits' storage "process-memory://" known
from outreach.domain.sign_in.networks import network_of
from outreach.settings import Settings

IMMEDIATE = "outreach_immediate"
BUSY_S = 30  # how long a write waits for other writes


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
limiter = Limiter(lambda: network_of(request.remote_addr or "127.0.0.1"))
mail = Mail()
migrate = Migrate()

# Flask-SQLAlchemy builds its Model at run time, where a type checker cannot see it.
if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


def current_settings() -> Settings:
    """Return the settings of the running app."""
    found: Settings = current_app.extensions["outreach"]
    return found


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
    """Prepare an engine to begin transactions as asked (IMMEDIATE or not), and to wait for other writers. Call it once
    for each engine.
    """
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
