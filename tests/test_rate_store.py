"""Counting requests in memory and in PostgreSQL: windows, their ends, and sweeping."""

import os
import subprocess
import sys

import pytest
import sqlalchemy as sa
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from outreach import create_app, rate_store
from outreach.extensions import db
from outreach.rate_store import ProcessMemoryStorage
from outreach.services.operations import checks
from outreach.services.operations.backup.tables import tables_of
from outreach.services.sign_in import tries
from outreach.settings import environment
from tests.support.apps import settings_for


class SetTime:
    at = 1000.0

    def time(self) -> float:
        return self.at


def test_a_limit_applies_within_its_window_and_not_after(monkeypatch):
    wall = SetTime()
    monkeypatch.setattr(rate_store, "time", wall)
    storage = storage_from_string("process-memory://")
    assert isinstance(storage, ProcessMemoryStorage)
    limiter = FixedWindowRateLimiter(storage)
    two_a_minute = parse("2/minute")
    assert [limiter.hit(two_a_minute, "ani") for _ in range(3)] == [True, True, False]
    assert limiter.hit(two_a_minute, "budi")
    wall.at = 1059.9
    assert not limiter.hit(two_a_minute, "ani")
    wall.at = 1060.0
    assert limiter.hit(two_a_minute, "ani")


def test_expired_counts_are_removed(monkeypatch):
    wall = SetTime()
    monkeypatch.setattr(rate_store, "time", wall)
    storage = ProcessMemoryStorage()
    for key in ("a", "b"):
        storage.incr(key, 10)
    wall.at = 1000.0 + rate_store.SWEEP_S
    storage.incr("c", 10)
    assert (storage.get("a"), storage.get("c"), storage.reset()) == (0, 1, 1)


@pytest.fixture
def two_processes(postgresql_server, tmp_path):
    """The app on PostgreSQL, and two storages as two web processes have them."""
    with create_app(settings_for(tmp_path, database_url=postgresql_server)).app_context():
        stores = [storage_from_string("database://") for _ in range(2)]
        stores[0].reset()
        yield stores
        stores[0].reset()
        db.engine.dispose()


@pytest.mark.postgresql
def test_two_processes_count_together_in_the_database(two_processes):
    first, second = (FixedWindowRateLimiter(store) for store in two_processes)
    three_an_hour = parse("3/hour")
    tried = [limiter.hit(three_an_hour, "ani") for limiter in (first, second, first, second, first)]
    assert tried == [True, True, True, False, False]
    assert second.hit(three_an_hour, "budi")
    assert two_processes[0].get(three_an_hour.key_for("ani")) == 5


@pytest.mark.postgresql
def test_a_window_in_the_database_ends_and_is_swept(two_processes):
    store, other = two_processes
    assert (store.incr("ani", 3600), other.incr("ani", 3600, 4)) == (1, 5)
    with db.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE {rate_store.TABLE} SET expires_at = clock_timestamp() - interval '1 second'"
        )
    assert store.get("ani") == 0
    assert store.incr("ani", 3600) == 1
    store.clear("ani")
    assert other.get("ani") == 0


@pytest.mark.postgresql
def test_the_counts_are_not_among_the_tables_that_are_saved(two_processes):
    two_processes[0].incr("ani", 3600)
    with db.engine.connect() as connection:
        assert rate_store.TABLE in sa.inspect(connection).get_table_names()
        assert rate_store.TABLE not in [table.name for table in tables_of(connection)]


@pytest.mark.postgresql
@pytest.mark.usefixtures("_postgresql_tables", "two_processes")
def test_two_apps_refuse_the_third_try_whichever_gets_it(postgresql_server, tmp_path):
    shared = {"database_url": postgresql_server, "rate_storage": "database://", "rate_public": "2/hour"}
    first, second = (create_app(settings_for(tmp_path, **shared)).test_client() for _ in range(2))
    assert [client.get("/login").status_code for client in (first, second, first)] == [200, 200, 429]


def test_the_doctor_asks_no_other_server_where_the_database_counts(tmp_path):
    chosen = settings_for(tmp_path, database_url="postgresql://db.example.com/outreach", rate_storage="database://")
    texts = [found.text for found in checks.settings(chosen)]
    assert [text for text in texts if text.startswith("The storage") or "counts" in text] == []


def test_requests_are_counted_in_postgresql_unless_somebody_says_otherwise_and_on_sqlite_in_the_process(tmp_path):
    on_postgresql = {"database_url": "postgresql://db.example.com/outreach"}
    chosen = [
        settings_for(tmp_path, **values).rate_store
        for values in (
            {"rate_storage": ""},
            {"rate_storage": "", **on_postgresql},
            {"rate_storage": "process-memory://", **on_postgresql},
        )
    ]
    assert chosen == ["process-memory://", "database://", "process-memory://"]


THREE_TRIES = """
from outreach import create_app
from outreach.services.sign_in import tries
with create_app().app_context():
    print([tries.begin(tries.PasswordTry("siti@example.com", "192.0.2.66")) for _ in range(3)])
"""


@pytest.mark.postgresql
@pytest.mark.slow
def test_two_processes_on_postgresql_count_wrong_passwords_together(tmp_path, postgresql_app, postgresql_server):
    rate_store.make_table()
    settings = settings_for(tmp_path, database_url=postgresql_server, rate_storage="")
    with create_app(settings).app_context():
        ours = [tries.begin(tries.PasswordTry("siti@example.com", "192.0.2.66")) for _ in range(3)]
        db.engine.dispose()
    theirs = subprocess.run(
        [sys.executable, "-c", THREE_TRIES], env={**os.environ, **environment(settings)}, check=True, capture_output=True,
        text=True,
    )  # fmt: skip
    assert (ours, theirs.stdout.strip()) == ([0, 0, 0], "[0, 0, 2]")
