"""Fixtures whose records are stored once: a later test that begins with the same ones starts from a copy of the database.

Most tests begin in one of a few hundred worlds: an office, an activity, its invitees, their mails. To make that anew for each of
them took a third of their time. A fixture takes part by `@copied` in place of `@pytest.fixture`. It stores records, and
returns some of them, or nothing. The first test of a worker that uses it runs it, and the database is copied. A later test that
comes to it in the same way (the same stored fixtures in the same order, with the same clock and settings, and nothing written
beside them) gets the copy, and from it the same records. Every other test runs the fixture as usual. So no test sees what
another one wrote, and what a fixture means does not depend on this.
"""

import functools
import inspect
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, current_app, has_app_context
from flask.testing import FlaskClient
from psycopg import sql
from sqlalchemy.orm import make_transient_to_detached

from outreach import clock
from outreach.extensions import db
from tests.support import postgresql, wall_clock
from tests.world.clocks import StandingClock

PAGE = 4096  # bytes
PLAIN = (bool, int, float, str, bytes, date, time, timedelta, Enum)
SEVERAL = (tuple, list, set, frozenset)


class _CannotBeKept(Exception):
    """It is no record, or is not stored."""


@dataclass(frozen=True)
class _Record:
    kind: type
    identity: tuple[Any, ...]


@dataclass(frozen=True)
class _Several:
    kind: type
    parts: tuple[Any, ...]


@dataclass(frozen=True)
class _Client:
    """A browser that has signed in."""

    values: tuple[str, ...]
    cookies: dict[Any, Any] = field(compare=False)


@dataclass(frozen=True)
class _Copy:
    """A database after a chain of fixtures, what the last one returned and set, and where the clocks were."""

    content: Any
    value: Any
    config: dict[str, Any]
    moment: datetime
    stands_at: datetime | None


@dataclass
class _Run:
    """How far a test's fixtures have come, and what its database holds: that, or already what is expected to follow."""

    app: Flask
    database: "Sqlite | Postgresql"
    names: tuple[Any, ...]
    chain: tuple[Any, ...]  # of fixtures
    holds: tuple[Any, ...]  # the same chain, or a longer one
    since: tuple[Any, ...]  # the chain when a fixture that takes no part ran last
    mark: object = None
    surroundings: object = None
    is_over: bool = False

    def look(self) -> None:
        self.mark, self.surroundings = self.database.mark(), _surroundings(self.app)

    def is_as_left(self) -> bool:
        return self.mark == self.database.mark() and self.surroundings == _surroundings(self.app)

    def reaches(self, chain: tuple[Any, ...]) -> None:
        self.chain = chain
        if len(_expected.get((self.names, self.since), ())) < len(chain):
            _expected[self.names, self.since] = chain

    def start_from(self, chain: tuple[Any, ...]) -> None:
        """Give the database the content that it had at the end of a chain."""
        copy = _copies[chain]
        db.session.rollback()
        db.session.expire_all()
        if wall_clock.now() < copy.moment:
            wall_clock.set_to(copy.moment)
        db.engine.dispose()
        self.database.write(copy.content)
        self.holds = chain
        self.look()


_copies: dict[tuple[Any, ...], _Copy] = {}
_expected: dict[tuple[Any, ...], tuple[Any, ...]] = {}
_RUN = pytest.StashKey[_Run]()


def begin(node: pytest.Item, app: Flask, database: "Sqlite | Postgresql") -> None:
    """Let the stored fixtures of a test, whose database is empty now, start from copies."""
    if node.get_closest_marker("true_clock"):
        return
    start = (type(database), node.get_closest_marker("any_day") is not None)
    _copies.setdefault(start, _Copy(database.nothing, None, {}, datetime.min.replace(tzinfo=UTC), None))
    names = (node.path, *getattr(node, "fixturenames", ()))
    node.stash[_RUN] = run = _Run(app, database, names, start, start, start)
    run.look()


def end(node: pytest.Item, *, for_good: bool = False) -> None:
    """Let the database hold what the test's fixtures have stored, no more: another fixture or the test runs now.

    for_good: copy no more; something else has changed what later fixtures do.
    """
    run = node.stash.get(_RUN, None)
    if run is None or run.is_over:
        return
    if run.holds != run.chain:
        run.start_from(run.chain)
    run.since = run.chain
    run.is_over = for_good


def copied(function: Callable[..., Any]) -> Any:
    """Make a fixture of a function that stores records. See above."""

    @functools.wraps(function)
    def fixture(request: pytest.FixtureRequest, **arguments: Any) -> Any:
        run = request.node.stash.get(_RUN, None)
        if run is None or run.is_over or not has_app_context():
            return function(**arguments)
        return _given(run, request.node, function, arguments)

    del fixture.__wrapped__
    named = [*inspect.signature(function).parameters, "request"]
    fixture.__signature__ = inspect.Signature(  # type: ignore[attr-defined]  pytest reads it
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in named]
    )
    fixture.is_copied = True  # type: ignore[attr-defined]
    return pytest.fixture(fixture)


def is_copied(fixture: Callable[..., Any]) -> bool:
    return getattr(fixture, "is_copied", False)


def _given(run: _Run, node: pytest.Item, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    if not run.is_as_left():
        if run.holds != run.chain:
            raise RuntimeError(f"Before {function.__name__} another fixture wrote into a database that was ahead.")
        run.is_over = True
        return function(**arguments)
    try:
        key = tuple(_kept(argument) for argument in arguments.values())
    except _CannotBeKept:
        end(node)
        return function(**arguments)
    chain = (*run.chain, (function, _standing(), *key))
    if run.holds[: len(chain)] != chain:
        expected = _expected.get((run.names, run.since), ())
        if expected[: len(chain)] == chain:
            run.start_from(expected)
        elif chain in _copies:
            run.start_from(chain)
        else:
            end(node)
            return _made(run, chain, function, arguments)
    run.reaches(chain)
    copy = _copies[chain]
    if copy.stands_at is not None and isinstance(clock.now, StandingClock):
        clock.now.now = copy.stands_at
    run.app.config.update(copy.config)
    return _taken(copy.value)


def _made(run: _Run, chain: tuple[Any, ...], function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """Run a fixture, and copy the database."""
    before = dict(run.app.config)
    value = function(**arguments)
    config = {name: now for name, now in run.app.config.items() if before.get(name) != now}
    try:
        kept = _kept(value)
    except _CannotBeKept:
        run.is_over = True
        return value
    if run.surroundings != _surroundings(run.app):
        run.is_over = True
        return value
    _copies[chain] = _Copy(run.database.content(), kept, config, wall_clock.now(), _standing())
    run.holds = chain
    run.reaches(chain)
    run.look()
    return value


def _surroundings(app: Flask) -> object:
    """Return what a fixture may not change: a copy would not have it."""
    folder = Path(app.instance_path)
    files = sorted(one.name for one in folder.iterdir() if not one.name.startswith("outreach.db"))
    return app.extensions["outreach"], app.test_client_class, files


def _standing() -> datetime | None:
    return clock.now.now if isinstance(clock.now, StandingClock) else None


def _kept(value: Any) -> Any:
    """Return what stands for a value outside a session."""
    if value is None or isinstance(value, (*PLAIN, Flask)):
        return value
    if isinstance(value, StandingClock):
        return StandingClock  # its instant is in the chain
    if isinstance(value, FlaskClient):
        return _Client(tuple(one.value for one in value._cookies.values()), dict(value._cookies))
    if type(value) in SEVERAL:
        return _Several(type(value), tuple(_kept(one) for one in value))
    if type(value) is dict:
        return _Several(dict, tuple((_kept(name), _kept(one)) for name, one in value.items()))
    state = sa.inspect(value, raiseerr=False)
    if not isinstance(value, db.Model) or not state.persistent:
        raise _CannotBeKept
    return _Record(type(value), state.identity)


def _taken(kept: Any) -> Any:
    """Return the value for which something stands, in this test's session."""
    match kept:
        case _Record(kind, identity):
            key = sa.inspect(kind).identity_key_from_primary_key(identity)
            if (known := db.session.identity_map.get(key)) is not None:
                return known
            primary_key = [sa.inspect(kind).get_property_by_column(one).key for one in sa.inspect(kind).primary_key]
            record = kind(**dict(zip(primary_key, identity, strict=True)))
            make_transient_to_detached(record)
            db.session.add(record)
            return record
        case _Several(kind, parts) if kind is dict:
            return {_taken(name): _taken(one) for name, one in parts}
        case _Several(kind, parts):
            return kind(_taken(one) for one in parts)
        case _Client(_, cookies):
            client = current_app.test_client()
            client._cookies = dict(cookies)
            return client
    return kept


_pages: dict[bytes, bytes] = {}  # a page that many copies have is kept once


@functools.cache
def _bytes_of(file: Path) -> bytes:
    return file.read_bytes()


class Sqlite:
    """A content is the pages that are not as in the empty file."""

    nothing: dict[int, bytes] = {}

    def __init__(self, path: Path, empty_file: Path) -> None:
        self.path, self.empty = path, _bytes_of(empty_file)
        self.journal = path.with_name(f"{path.name}-wal")
        self.has, self.changed_at = self.nothing, path.stat().st_mtime_ns

    def mark(self) -> object:
        """Return what is another value after somebody wrote."""
        if not self.journal.exists():
            return self.path.stat().st_mtime_ns
        with self.journal.open("rb") as journal:
            return journal.read(32), self.journal.stat().st_size, self.path.stat().st_mtime_ns

    def content(self) -> dict[int, bytes]:
        with closing(sqlite3.connect(self.path)) as connection:
            now = connection.serialize()
        return {
            at: now[at : at + PAGE]
            for at in range(0, len(now), PAGE)
            if now[at : at + PAGE] != self.empty[at : at + PAGE]
        }

    def write(self, content: dict[int, bytes]) -> None:
        """Write the pages that have to change; all of them where SQLite has written into the file."""
        if self.journal.exists():
            self.journal.unlink()
            self.path.with_name(f"{self.path.name}-shm").unlink(missing_ok=True)
        if self.path.stat().st_mtime_ns == self.changed_at:
            pages = {at: self.empty[at : at + PAGE] for at in self.has if at not in content} | content
        else:
            pages = {0: self.empty} | content
        with self.path.open("r+b") as file:
            for at, page in pages.items():
                file.seek(at)
                file.write(page)
            file.truncate(max(len(self.empty), *(at + PAGE for at in content), 0))
        self.has, self.changed_at = content, self.path.stat().st_mtime_ns


class Postgresql:
    """A content is the rows of each table, and the last value of each sequence."""

    nothing: tuple[dict[str, bytes], dict[str, int]] = ({}, {})

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def mark(self) -> object:
        """Return the number of the next transaction: another one after somebody wrote."""
        connection = postgresql.own_connection(self.uri)
        return connection.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text").fetchone()

    def content(self) -> tuple[dict[str, bytes], dict[str, int]]:
        connection = postgresql.own_connection(self.uri)
        rows = {}
        for name in postgresql.used_tables(connection):
            with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))) as lines:
                rows[name] = b"".join(lines)
        return rows, postgresql.last_values(connection)

    def write(self, content: tuple[dict[str, bytes], dict[str, int]]) -> None:
        rows, last_values = content
        connection = postgresql.own_connection(self.uri)
        postgresql.set_clock(self.uri)
        with connection.transaction():
            postgresql.empty(connection)
            connection.execute("SET LOCAL session_replication_role = replica")
            for name, lines in rows.items():
                with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))) as copy:
                    copy.write(lines)
            for name, last in last_values.items():
                connection.execute("SELECT setval(quote_ident(%s), %s)", (name, last))
