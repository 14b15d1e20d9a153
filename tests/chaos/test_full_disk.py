"""PostgreSQL's disk is full for a while, in the middle of a drain or a tick: nothing is lost, sent twice or silent.

Short form: every statement that writes a row reports it. Long form: also a disk that is really full, if it can be mounted.
"""

import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from structlog.testing import capture_logs

from outreach import disk_full
from outreach.engines import loop
from outreach.extensions import db
from outreach.models import Message
from tests.chaos.support.harness import SinkProcess, administer, assert_each_has_one, install, look, office_with_invited
from tests.world import NOW, until

LONG = bool(os.environ.get("OUTREACH_CHAOS"))
PEOPLE = 300  # whose rows need more than the pages that are there already
FULL_S = 2.0
SAYS_SO = """
    CREATE OR REPLACE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF {full} THEN
            RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
        END IF;
        RETURN NULL;
    END $$
"""
pytestmark = pytest.mark.postgresql


class ReportedFull:
    """PostgreSQL reports a full disk at each statement that writes a row."""

    def __init__(self, _server: str, url: str) -> None:
        self.url = url
        self.free()
        tables = (table.name for table in db.metadata.sorted_tables)
        for name in tables:
            self._run(f'CREATE TRIGGER disk_full BEFORE INSERT OR UPDATE ON "{name}" EXECUTE FUNCTION disk_full()')

    def fill(self) -> None:
        self._run(SAYS_SO.format(full=True))

    def free(self) -> None:
        self._run(SAYS_SO.format(full=False))

    def unmount(self) -> None:
        pass

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


class Small:
    """The database is on its own disk, which other files fill."""

    def __init__(self, server: str, url: str) -> None:
        self.server, self.name = server, urlsplit(url).path[1:]
        self.folder = Path(tempfile.mkdtemp(prefix="outreach-disk-"))
        with psycopg.connect(server) as connection:
            owner = os.stat(connection.execute("SHOW data_directory").fetchone()[0]).st_uid
        options = f"size=48m,mode=700,uid={owner}"
        mounting = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)]
        if os.geteuid() or subprocess.run(mounting, check=False, capture_output=True).returncode:
            self.folder.rmdir()
            pytest.skip("no disk may be mounted here")
        administer(
            server,
            f"CREATE TABLESPACE {self.name} LOCATION '{self.folder}'",
            f"ALTER DATABASE {self.name} SET TABLESPACE {self.name}",
        )

    def fill(self) -> None:
        with (self.folder / "ballast").open("ab", buffering=0) as file:
            while blocks := os.statvfs(self.folder).f_bavail:
                file.write(bytes(blocks * os.statvfs(self.folder).f_bsize))

    def free(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)

    def unmount(self) -> None:
        administer(self.server, f"DROP DATABASE {self.name} WITH (FORCE)", f"DROP TABLESPACE {self.name}")
        subprocess.run(["umount", str(self.folder)], check=True)
        self.folder.rmdir()


@pytest.fixture
def sink(tmp_path):
    with SinkProcess(tmp_path / "sink.log", extensions=("PIPELINING", "CHUNKING"), answer_after_s=0.005) as sink:
        yield sink


@pytest.fixture
def installation(sink, tmp_path, postgresql_server, monkeypatch):
    monkeypatch.setattr(disk_full, "SAID_EVERY_S", 0.0)
    return install(
        tmp_path, postgresql_server, mail_server="127.0.0.1", mail_port=sink.port, mail_timeout_s=3.0, hand_over_group=5
    )


@pytest.fixture(params=[ReportedFull, Small] if LONG else [ReportedFull])  # skipped would be an error in the short form
def disk(request, installation, postgresql_server) -> Iterator[ReportedFull | Small]:
    disk = request.param(postgresql_server, str(installation.values["database_url"]))
    yield disk
    disk.unmount()


@pytest.fixture
def app(disk, installation):
    app = installation.app()
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def work(app, minutes: int = 0) -> bool:
    """Do one round; return whether it finished."""
    return loop.tick(app, now=lambda: NOW + timedelta(minutes=minutes), worker="w1") is not None


def advice(logged: list) -> set[str]:
    return {record["do"] for record in logged if record["event"] == "the disk of the database is full"}


def test_a_full_disk_in_the_middle_of_a_drain(app, disk, sink):
    office_with_invited(PEOPLE, NOW)
    had: list[int] = []

    def fill_for_a_while() -> None:
        assert until(lambda: len(sink.took()) >= 7, 300, every=0.005)
        disk.fill()
        threading.Event().wait(FULL_S)
        had.append(len(sink.took()))
        disk.free()

    filling = threading.Thread(target=fill_for_a_while)
    filling.start()
    with capture_logs() as logged:
        work(app)
        filling.join()
        for minutes in (1, 5, 10, 70):
            work(app, minutes)
    assert 7 <= had[0] < PEOPLE  # it waited, and continued automatically
    assert_each_has_one(sink, PEOPLE)
    assert [said.startswith("make room at once") for said in advice(logged)] == [True]


def test_a_full_disk_in_a_tick(app, disk, sink):
    office_with_invited(PEOPLE, NOW, expanded=False)
    disk.fill()
    with capture_logs() as logged:
        assert not work(app)
    assert [record["event"] for record in logged if record["event"].endswith("failed")] == ["expand failed"]
    assert [said.startswith("make room at once") for said in advice(logged)] == [True]
    assert (look(Message.id), sink.took()) == ([], [])
    disk.free()
    for minutes in (1, 5):
        work(app, minutes)
    assert_each_has_one(sink, PEOPLE)
