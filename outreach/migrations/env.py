"""How Alembic reaches the app's database and its tables (run by Flask-Migrate inside an app context)."""

import warnings
from typing import Any, Literal

from alembic import context
from flask import current_app
from sqlalchemy.exc import SAWarning

import outreach.models  # noqa: F401 - fills the metadata
from outreach.models.base import NOT_OURS, UTCDateTime, Zone

database = current_app.extensions["migrate"].db
# To change a table of SQLite, Alembic copies it and reads the tables that it refers to. Their indexes on lower(email) stay.
warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index", SAWarning)


def render_item(kind: str, thing: Any, _autogen_context: Any) -> str | Literal[False]:
    """Write our own column types as the plain ones they are stored as, so that old migrations outlive our code."""
    if kind == "type" and isinstance(thing, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, Zone):
        return "sa.String(length=40)"
    if kind == "type" and type(thing).__name__ == "Enum":
        return "sa.String(length=24)"
    return False


def include_object(_thing: Any, name: str | None, kind: str, reflected: bool, _compared_to: Any) -> bool:
    """Leave the job queue's tables alone, which have migrations of their own, and the counts of requests."""
    return not (kind == "table" and reflected and (name or "").startswith(NOT_OURS))


def run() -> None:
    engine = database.engine
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=True,
            render_item=render_item,
            include_object=include_object,
            compare_type=False,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
