"""The database is away, locked or full, or a clock jumps: nothing is lost, silent or sent twice."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import event

from outreach.domain.states import FINISHED, IN_WORK, MessageState
from outreach.engines import loop
from outreach.extensions import db
from outreach.models import Message
from outreach.queries.messages import log as messages
from tests.chaos.support.crasher import WHILE_IN_WORK
from tests.chaos.support.faults import CONNECT, Fault
from tests.chaos.support.harness import (
    Installation,
    PostgreSQL,
    SinkProcess,
    assert_each_has_one,
    install,
    look,
    office_with_invited,
)
from tests.world import NOW, until

LONG = bool(os.environ.get("OUTREACH_CHAOS"))
PEOPLE = 40
DAY = timedelta(days=1)


@pytest.fixture
def sink(tmp_path):
    with SinkProcess(tmp_path / "sink.log", extensions=("PIPELINING", "CHUNKING"), answer_after_s=0.01) as sink:
        yield sink


@pytest.fixture
def app(sink, tmp_path):
    yield from installed(sink, tmp_path)


def installed(sink, folder, postgresql: str = ""):
    app = install(
        folder, postgresql, mail_server="127.0.0.1", mail_port=sink.port, mail_timeout_s=3.0, hand_over_group=5
    ).app()
    with app.app_context():
        office_with_invited(PEOPLE, NOW)
        yield app
        db.session.remove()
        db.engine.dispose()


def work(app, now=NOW) -> bool:
    """Do one round; return whether it finished."""
    return loop.tick(app, now=lambda: now, worker="w1") is not None


def in_the_middle(sink: SinkProcess, what) -> threading.Thread:
    """Run an action once the sink has the first mails."""

    def wait_and_do() -> None:
        assert until(lambda: len(sink.took()) >= 7, 300, every=0.005)
        what()

    thread = threading.Thread(target=wait_and_do)
    thread.start()
    return thread


def test_postgresql_restarts_in_the_middle_of_a_drain(sink, tmp_path):
    with PostgreSQL() as server:
        for app in installed(sink, tmp_path, server.uri):
            restart = in_the_middle(sink, server.restart)
            work(app)
            restart.join()
            for minutes in (1, 5, 10, 70):
                work(app, NOW + timedelta(minutes=minutes))
            assert_each_has_one(sink, PEOPLE)


def test_another_process_locks_sqlite_in_the_middle_of_a_drain(app, sink, tmp_path):
    seconds = 30 if LONG else 6
    locker = (
        "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('PRAGMA busy_timeout = 20000'); c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); "
        "time.sleep(float(sys.argv[2])); c.execute('ROLLBACK')"
    )
    held: list[float] = []

    def lock() -> None:
        began = time.monotonic()
        path = str(tmp_path / "outreach.db")
        subprocess.run([sys.executable, "-c", locker, path, str(seconds)], check=True, stdout=subprocess.DEVNULL)
        held.append(time.monotonic() - began)

    locking = in_the_middle(sink, lock)
    work(app)
    locking.join()
    assert held[0] >= seconds
    for minutes in (1, 5, 10):
        work(app, NOW + timedelta(minutes=minutes))
    assert_each_has_one(sink, PEOPLE)


def test_a_full_disk_delays_mails_and_loses_none(app, sink, tmp_path):
    """SQLite reports that it is full, as on a full disk, until there is room again."""
    limits = {"pages": 0}

    def limit(connection, _record, _proxy) -> None:
        connection.execute(f"PRAGMA max_page_count = {limits['pages'] or 10**9}")

    event.listen(db.engine, "checkout", limit)
    with closing(sqlite3.connect(tmp_path / "outreach.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        limits["pages"] = connection.execute("PRAGMA page_count").fetchone()[0]
    db.session.remove()
    with app.app_context():
        rows = PEOPLE * 200
        with pytest.raises(Exception, match="full"):  # it really is
            db.session.execute(
                Message.__table__.insert(),
                [{"kind": "reminder", "local_day": NOW.date(), "due_at": NOW + DAY, "expires_at": NOW + DAY}] * rows,
            )
        db.session.rollback()
    threading.Timer(1.0, lambda: limits.update(pages=0)).start()
    for minutes in (0, 1, 5, 10):
        work(app, NOW + timedelta(minutes=minutes))
    assert_each_has_one(sink, PEOPLE)


def test_a_clock_set_back_a_day_delays_nothing(app, sink, tmp_path):
    """A dead worker's leases return at once: they end further in the future than any lease can."""
    port = {"mail_server": "127.0.0.1", "mail_port": sink.port}
    crasher = Installation(tmp_path, port).start(
        module="tests.chaos.support.crasher", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    order = json.dumps({"now": (NOW + DAY).isoformat(), "die_at": WHILE_IN_WORK})
    said, _ = crasher.communicate(f"{order}\ngo\n".encode(), timeout=300)
    assert said.split()[-1] == b"9"  # it died
    assert {row.state for row in look(Message.state)} & IN_WORK
    for minutes in (0, 2, 5, 70):
        work(app, NOW + timedelta(minutes=minutes))
    assert {row.state for row in look(Message.state)} == {MessageState.SENT}
    assert {taken.recipient for taken in sink.took()} == {f"warga{number}@example.com" for number in range(PEOPLE)}


def test_a_pause_ends_in_time_after_the_clock_was_set_back_a_day(app, sink):
    sink.misbehave(Fault(CONNECT, "421 busy"))
    work(app, NOW + DAY)
    assert messages.channel_problem() is not None
    sink.misbehave()
    for minutes in (0, 15, 30):
        work(app, NOW + timedelta(minutes=minutes))
    db.session.rollback()
    assert messages.channel_problem() is None
    assert_each_has_one(sink, PEOPLE)


def test_a_clock_a_year_ahead_sends_nothing_late_and_shows_the_reason(app, sink):
    for days in (365, 366):
        work(app, NOW + days * DAY)
    assert sink.took() == []
    rows = look(Message.state, Message.reason)
    assert len(rows) == PEOPLE
    assert {row.state for row in rows} <= FINISHED
    assert all(row.reason for row in rows)
