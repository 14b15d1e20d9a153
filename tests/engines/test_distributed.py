"""Workers that share PostgreSQL over a queue: each mail is sent once, though workers come, go or lose the database."""

import asyncio
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask_migrate import stamp

from outreach import clock
from outreach.cli.data import migrations
from outreach.delivery.outbox import leases
from outreach.domain.states import MessageState
from outreach.engines import distributed, embedded, job_queue
from outreach.engines.chores import Chore
from outreach.extensions import db
from outreach.models import Attempt, Message
from outreach.settings import Settings
from tests.engines.queue_help import states
from tests.servers.smtp import Server, free_port
from tests.support import postgresql
from tests.support.apps import SECRET, in_database
from tests.world import invite_many, outbox_now, send_through, until

pytestmark = [pytest.mark.postgresql, pytest.mark.any_day, pytest.mark.slow]
ROOT = Path(__file__).parents[2]


def rows(statement: str) -> list:
    with db.engine.begin() as connection:
        result = connection.exec_driver_sql(statement)
        return [tuple(row) for row in result] if result.returns_rows else []


def test_the_queues_tables_are_created_once(owner_app):
    assert job_queue.is_current()
    job_queue.upgrade()
    assert job_queue.is_current()


def test_a_newer_queue_gets_the_migrations_it_lacks(owner_app):
    *_, before, newest = [path.stem for path in job_queue._migrations()]
    rows(f"COMMENT ON TABLE procrastinate_jobs IS 'outreach: {before}'")
    trigger = "procrastinate_trigger_status_events_update_v1"
    rows(f"DROP TRIGGER {trigger} ON procrastinate_jobs")  # the newest migration creates it
    assert not job_queue.is_current()
    job_queue.upgrade()
    assert rows("SELECT obj_description('procrastinate_jobs'::regclass)") == [(f"outreach: {newest}",)]
    assert rows(f"SELECT count(*) FROM pg_trigger WHERE tgname = '{trigger}'") == [(1,)]


def test_foreign_tables_are_refused_with_a_message(owner_app):
    newest = job_queue._migrations()[-1].stem
    rows("COMMENT ON TABLE procrastinate_jobs IS NULL")
    try:
        with pytest.raises(Exception, match="a database of its own"):
            migrations._upgrade_others()
    finally:
        rows(f"COMMENT ON TABLE procrastinate_jobs IS 'outreach: {newest}'")


def test_a_due_mail_is_sent_automatically(queue_app, office, ani, server):
    invite_many(1)
    with distributed.QueueEngine(queue_app):
        assert until(lambda: server.recipients() == ["warga0@example.com"])
        assert until(lambda: outbox_now() == [("Warga0", "sent", "")])


def test_several_workers_share_the_work_and_send_each_mail_once(queue_app, office, server):
    addresses = invite_many(60)
    with (
        distributed.QueueEngine(queue_app),
        distributed.QueueEngine(queue_app, jobs=2),
        distributed.QueueEngine(queue_app),
    ):
        assert until(lambda: states() == {"sent": 60})
    assert server.recipients() == addresses
    assert len(set(db.session.scalars(sa.select(Attempt.worker)))) > 1
    assert until(lambda: rows("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'") == [(0,)])


def test_an_embedded_engine_beside_a_worker_by_mistake_sends_nothing_twice(queue_app, office, server):
    addresses = invite_many(40)
    with embedded.EmbeddedEngine(queue_app), distributed.QueueEngine(queue_app), embedded.EmbeddedEngine(queue_app):
        assert until(lambda: states() == {"sent": 40})
        time.sleep(1.5)  # one more tick of each
    assert server.recipients() == addresses


@pytest.mark.parametrize(("due", "portions"), [(0, 0), (1, 1), (6, 1), (7, 2), (18, 3), (20, 3)])
def test_there_are_as_many_jobs_as_due_portions_up_to_the_maximum(queue_app, office, due, portions):
    if due:
        invite_many(due)
    assert leases.portions(6, 3, 60, now=clock.now()) == portions


def test_messages_of_a_dead_worker_get_a_job_automatically(queue_app, office):
    invite_many(2)
    now = clock.now()
    db.session.execute(sa.update(Message).values(state=MessageState.LEASED, leased_until=now + timedelta(seconds=60)))
    db.session.commit()
    assert leases.portions(6, 3, 60, now=now) == 0
    assert leases.portions(6, 3, 60, now=now + timedelta(seconds=61)) == 1


def test_stopping_finishes_the_current_group_and_releases_the_rest(queue_app, office, server):
    invite_many(40)
    server.at["DATA"] = lambda _address: time.sleep(0.1)
    engine = distributed.QueueEngine(queue_app)
    with engine:
        assert until(lambda: len(server.taken) >= 3)
    found = states()
    assert set(found) == {"sent", "due"}
    assert found["sent"] == len(server.taken) < 40
    server.at.clear()
    with distributed.QueueEngine(queue_app):
        assert until(lambda: states() == {"sent": 40})
    assert len(server.recipients()) == len(set(server.recipients())) == 40


def test_work_continues_automatically_after_the_database_was_away(queue_app, office, server):
    with distributed.QueueEngine(queue_app):
        assert until(lambda: rows("SELECT count(*) > 0 FROM procrastinate_workers") == [(True,)])
        rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND usename = current_user"
        )
        db.engine.dispose()  # our own connections are closed too
        invite_many(3)
        assert until(lambda: states() == {"sent": 3})
    assert len(server.taken) == 3


def test_jobs_of_a_dead_worker_are_put_back_or_dropped_if_an_equal_job_waits(queue_app):
    rows("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 hour'), (now())")
    rows(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, queueing_lock, args, status, worker_id) VALUES"
        " ('send', 'send', 'send 0', '{\"slot\": 0}', 'doing', 1), ('send', 'send', 'send 1', '{\"slot\": 1}', 'doing', 1),"
        " ('send', 'send', 'send 1', '{\"slot\": 1}', 'todo', NULL), ('send', 'send', 'send 2', '{\"slot\": 2}', 'doing', 2)"
    )

    async def retry() -> int:
        queue = distributed.QueueEngine(queue_app).queue()
        async with queue.open_async():
            return await distributed.retry_stalled(queue)

    with ThreadPoolExecutor() as beside:  # Playwright's loop stays in this thread, if a browser was used before
        assert beside.submit(asyncio.run, retry()).result() == 2
    found = rows("SELECT queueing_lock, status::text FROM procrastinate_jobs ORDER BY 1, 2")
    assert found == [("send 0", "todo"), ("send 1", "todo"), ("send 2", "doing")]


def test_chores_run_regularly_beside_sending_and_a_failed_chore_runs_again(queue_app, server, capsys):
    done = []

    def fail_first(now, _stop) -> dict[str, int]:
        done.append(now())
        if len(done) == 1:
            raise ValueError("Ani's address")
        return {}

    chores = [Chore("once", lambda _s: 1, fail_first), Chore("never", lambda _s: 0, lambda *_: done.append("never"))]
    with distributed.QueueEngine(queue_app, beside=chores):
        assert until(lambda: len(done) >= 2)
    assert "never" not in done
    logged = capsys.readouterr()
    assert "Ani" not in logged.out + logged.err


def test_gunicorn_never_sends_and_a_worker_does(queue_app, postgresql_server, office, server, tmp_path):
    invite_many(1)
    settings = queue_app.extensions["outreach"]
    with in_database(queue_app, postgresql_server):
        stamp()  # its tables were created without migrations
    postgresql.run(postgresql_server, *postgresql.RIGHTS)
    port = free_port()
    environment = {
        **os.environ, "OUTREACH_INSTANCE": str(settings.instance), "OUTREACH_SECRET_KEY": SECRET,
        "OUTREACH_DATABASE_URL": settings.database_url, "OUTREACH_MAIL_SERVER": "127.0.0.1",
        "OUTREACH_MAIL_PORT": str(server.port), "OUTREACH_TICK_S": "0.2",
    }  # fmt: skip
    web = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-w", "2", "-b", f"127.0.0.1:{port}", "--log-level", "error", "wsgi:app"],
        cwd=ROOT, env=environment,
    )  # fmt: skip
    try:
        assert until(lambda: answers(port))
        time.sleep(1)
        assert (server.connections, states()) == (0, {"due": 1})
        worker = subprocess.Popen(
            [sys.executable, "-m", "outreach", "worker"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
        )
        try:
            assert until(lambda: server.recipients() == ["warga0@example.com"])
        finally:
            worker.terminate()
            _, said = worker.communicate(timeout=300)
        assert (worker.returncode, "Traceback" in said) == (0, False)
        assert states() == {"sent": 1}
    finally:
        web.terminate()
        web.wait(300)


def answers(port: int) -> bool:
    import urllib.error
    import urllib.request

    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/static/nothing", timeout=2)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def test_options_that_need_a_queue_are_refused_without_one(app):
    from outreach.cli.serve.command import worker_engine

    assert isinstance(worker_engine(app), embedded.EmbeddedEngine)
    with pytest.raises(Exception, match="OUTREACH_DATABASE_URL"):
        worker_engine(app, jobs=2)


def test_a_worker_without_the_queues_tables_shows_what_to_do(postgresql_app, postgresql_server):
    from outreach.cli.serve.command import worker_engine

    postgresql.run(postgresql_server, "ALTER TABLE IF EXISTS procrastinate_jobs RENAME TO procrastinate_jobs_away")
    try:
        with pytest.raises(Exception, match="outreach db upgrade"):
            worker_engine(postgresql_app)
    finally:
        postgresql.run(postgresql_server, "ALTER TABLE IF EXISTS procrastinate_jobs_away RENAME TO procrastinate_jobs")


@pytest.mark.parametrize(
    ("url", "conninfo"),
    [
        ("postgresql://ani@db.example.com/outreach?sslmode=verify-full",
         {"user": "ani", "host": "db.example.com", "dbname": "outreach", "sslmode": "verify-full"}),
        ("postgres://ani:p%40ss%20'w%5Crd@10.0.0.1:5433/outreach",
         {"user": "ani", "password": "p@ss 'w\\rd", "host": "10.0.0.1", "port": "5433", "dbname": "outreach"}),
        ("postgresql+psycopg:///outreach?host=/run/postgresql", {"host": "/run/postgresql", "dbname": "outreach"}),
        ("postgresql://outreach@db.example.com/outreach?sslmode=verify-full&sslcert=/etc/o.pem&sslkey=/etc/o.key",
         {"user": "outreach", "host": "db.example.com", "dbname": "outreach", "sslmode": "verify-full",
          "sslcert": "/etc/o.pem", "sslkey": "/etc/o.key"}),
    ],
)  # fmt: skip
def test_the_queue_uses_the_same_database_by_the_same_url(url, conninfo):
    from psycopg.conninfo import conninfo_to_dict

    assert conninfo_to_dict(job_queue.conninfo(Settings(database_url=url))) == conninfo


@pytest.mark.parametrize(
    ("every_s", "line"),
    [(0.2, "* * * * * */1"), (10, "* * * * * */10"), (45, "* * * * * */30"), (60, "*/1 * * * * 0"),
     (90, "*/1 * * * * 0"), (3600, "0 */1 * * * 0"), (86400, "0 */24 * * * 0")],
)  # fmt: skip
def test_an_interval_is_written_as_a_cron_line(every_s, line):
    assert job_queue.cron(every_s) == line


def test_two_embedded_engines_on_one_sqlite_send_nothing_twice(app, office):
    with Server() as server:
        send_through(app, server, tick_s=0.1, claim_size=3, hand_over_group=2)
        addresses = invite_many(30)
        with embedded.EmbeddedEngine(app), embedded.EmbeddedEngine(app):
            assert until(lambda: states() == {"sent": 30})
            time.sleep(0.5)
    assert server.recipients() == addresses


def test_only_one_of_two_simultaneous_ticks_does_the_work(queue_app, office):
    invite_many(7, tick=False)
    engine = distributed.QueueEngine(queue_app)
    with db.engine.begin() as other:
        other.execute(sa.select(sa.func.pg_advisory_xact_lock(distributed._TICKING)))
        assert (engine._expand(), states()) == (0, {})
    assert engine._expand() == 1
    assert states() == {"due": 7}
