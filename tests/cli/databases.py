"""Shared by tests of copying and backups: empty databases of both kinds, and a summary of a database's contents."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from outreach import create_app
from outreach.extensions import db
from outreach.services.operations.backup.tables import SavedTable, names_of, sum_of, tables_of
from tests.support.apps import renew_engine, settings_for

LOADED_AT = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)  # Monday, 09.00 WIB, before New Year and Isra' Mi'raj


def new_postgresql(server: str, name: str, template: str = "template1") -> str:
    """Create a database on the server, empty or as the template is; return its URL."""
    admin = sa.create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template}")
    admin.dispose()
    return sa.make_url(server).set(database=name).render_as_string(hide_password=False)


@contextmanager
def app_on(folder: Path, url: str = "", *, pages: bool = False, **values: object) -> Iterator[Flask]:
    """Give an app on its own database, inside its context. It has no pages, like that of a command, unless they are asked for."""
    folder.mkdir(exist_ok=True)
    app = create_app(settings_for(folder, database_url=url, **values), pages=pages)
    renew_engine(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def contents() -> dict[str, tuple[int, str]]:
    """Return the count and the checksum of each table of the app's database."""
    with db.engine.connect() as connection:
        here = (connection.dialect.name, *names_of(connection))
        if here not in _tables:
            _tables[here] = tables_of(connection)
        return {
            table.name: (found.rows, found.digest) for table in _tables[here] for found in [sum_of(connection, table)]
        }


_tables: dict[tuple[str, ...], list[SavedTable]] = {}  # all databases of a kind have the same


both_kinds = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
