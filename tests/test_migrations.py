"""The migrations make exactly the tables that the models describe, on both databases."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade

from outreach import create_app
from outreach.extensions import db
from tests.conftest import settings_for


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty_database(request, tmp_path):
    url = ""
    if request.param == "postgresql":
        server = request.getfixturevalue("postgresql_server")
        admin = sa.create_engine(server.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql("DROP DATABASE IF EXISTS migrated WITH (FORCE)")
            connection.exec_driver_sql("CREATE DATABASE migrated")
        admin.dispose()
        url = sa.make_url(server).set(database="migrated").render_as_string(hide_password=False)
    with create_app(settings_for(tmp_path, database_url=url)).app_context():
        yield
        db.session.remove()
        db.engine.dispose()


@pytest.mark.filterwarnings("ignore:autogenerate skipping")
def test_from_nothing_to_the_present_tables_and_back(empty_database):
    upgrade()
    with db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), db.metadata) == []
    downgrade(revision="base")
    with db.engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}


def test_the_partial_indexes_that_keep_the_outbox_quick_are_there(empty_database):
    upgrade()
    with db.engine.connect() as connection:
        names = {index["name"] for index in sa.inspect(connection).get_indexes("message")}
    assert {"ix_message_to_send", "ix_message_leased"} <= names
