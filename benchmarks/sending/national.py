"""A national roll-out's day: everybody's reminder is due at once, and four workers send them from one PostgreSQL.

    python -m benchmarks national --full --folder /var/tmp/national

Reduced by default. With --full (or OUTREACH_BENCH_FULL=1) 1.5 million messages. The filled database is kept in the
folder, so that an interrupted run starts again without filling it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import sqlalchemy as sa

from benchmarks import conditions
from benchmarks.databases import nation, postgresql
from benchmarks.results import Result, under
from benchmarks.sending.sink import SmtpSink, sink
from outreach import create_app
from outreach.cli.data import migrations
from outreach.extensions import db
from outreach.settings import Settings

FULL = 1_500_000
REDUCED = 40_000
WORKERS = 4
SPREAD_S = {True: 120, False: 20}  # how long the messages of the second part fall due, at half of the first part's rate
LAST_OF_FIRST = 0.9
TABLES = (
    "message",
    "message_line",
    "attempt",
    "invitation",
    "person",
    "link",
    "procrastinate_jobs",
    "procrastinate_events",
)
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Spread:
    """How evenly it went: messages a second in the first and the last tenth, and over all; seconds from due to sent."""

    first: float
    last: float
    overall: float
    late_p50_s: float
    late_p99_s: float


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results of this file. folder: where the filled database is kept, or a scratch folder."""
    full = bool(os.environ.get("OUTREACH_BENCH_FULL"))
    people = FULL if full else REDUCED
    with postgresql.server(folder / f"postgresql-{people}") as server, sink("-m", "200") as mails:
        _filled(server, people, folder, say)
        url = _fresh_copy(server, say)
        before = _sizes(url)
        with _workers(url, folder, mails) as processes:
            memory = _until_sent(url, people, mails, processes, say)
            found = _spread(url, people)
            say(f"{found.overall:,.0f} a second; now {SPREAD_S[full]} s of mails that fall due one after the other")
            steady = _steady(url, int(found.overall / 2 * SPREAD_S[full]), SPREAD_S[full], say)
        after = _sizes(url)
        with postgresql.admin(url) as connection:
            said = conditions.durability(connection)
        expected = people + steady.sent
        taken = mails.count()
        stuck = _left(url)
    say(said)
    results = [
        Result(f"national: {people:,} messages, {WORKERS} workers", found.overall, "messages/s"),
        Result("national: rate in the last tenth, against the first", found.last, "messages/s", found.first,
               found.last / found.first, LAST_OF_FIRST, found.last / found.first >= LAST_OF_FIRST),
        Result("national: lost or doubled at the sink", abs(taken - expected) + stuck, "messages",
               met=taken == expected and not stuck),
        Result("national: all due at once, half sent after", found.late_p50_s, "s"),
        Result("national: all due at once, 99 % sent after", found.late_p99_s, "s"),
        Result("national: falling due at half that rate, lateness p50", steady.late_p50_s * 1000, "ms"),
        Result("national: falling due at half that rate, lateness p99", steady.late_p99_s * 1000, "ms"),
        Result("national: memory of a worker, at most", memory / 1024, "MB"),
        *[
            Result(f"national: {name}, after", after[name] / 1e6, "MB", before[name] / 1e6, after[name] / max(before[name], 1))
            for name in ("database", *TABLES)
        ],
    ]  # fmt: skip
    return under(f"{said}, on both sides", results)


def settings(folder: Path, url: str, **values: object) -> Settings:
    return Settings(secret_key="only-for-benchmarks-" + "0" * 32, instance=folder, database_url=url, **values)  # type: ignore[arg-type]


def _filled(server: str, people: int, folder: Path, say: Callable[[str], None]) -> None:
    """Make the database "filled", unless an earlier run did. It gets this name only once it is complete."""
    with postgresql.admin(server) as connection:
        if connection.scalar(sa.text("SELECT 1 FROM pg_database WHERE datname = 'filled'")):
            with postgresql.admin(postgresql.at(server, "filled")) as inside:
                useful = inside.scalar(sa.text("SELECT max(expires_at) > now() + interval '2 days' FROM message"))
            if useful:
                say("the filled database is there already")
                return
        connection.exec_driver_sql("DROP DATABASE IF EXISTS filled WITH (FORCE)")
        connection.exec_driver_sql("DROP DATABASE IF EXISTS filling WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE filling")
    began = time.monotonic()
    app = create_app(settings(folder, postgresql.at(server, "filling")))
    with app.app_context():
        migrations.upgrade()
        nation.fill(people, due_at=datetime.now(UTC), say=say)
        db.session.remove()
        db.engine.dispose()
    with postgresql.admin(server) as connection:
        connection.exec_driver_sql("ALTER DATABASE filling RENAME TO filled")
    say(f"filled in {time.monotonic() - began:.0f} s")


def _fresh_copy(server: str, say: Callable[[str], None]) -> str:
    """Return the URL of a copy of "filled" in which everything is due from now on."""
    say("copying the filled database")
    with postgresql.admin(server) as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS sending WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE sending TEMPLATE filled STRATEGY file_copy")
        connection.exec_driver_sql("CHECKPOINT")
    return postgresql.at(server, "sending")


@contextmanager
def _workers(url: str, folder: Path, mails: SmtpSink) -> Iterator[list[subprocess.Popen]]:
    """Run the workers as an office would: `outreach worker`, four times."""
    environment = {
        **os.environ, "OUTREACH_SECRET_KEY": "only-for-benchmarks-" + "0" * 32, "OUTREACH_INSTANCE": str(folder),
        "OUTREACH_DATABASE_URL": url, "OUTREACH_MAIL_SERVER": "127.0.0.1", "OUTREACH_MAIL_PORT": str(mails.port),
        "OUTREACH_MAIL_CONNECTIONS": str(2 * WORKERS), "OUTREACH_TICK_S": "5",
    }  # fmt: skip
    with (folder / "workers.log").open("ab") as log:
        processes = [
            subprocess.Popen([sys.executable, "-m", "outreach", "worker"], cwd=ROOT, env=environment, stderr=log)
            for _ in range(WORKERS)
        ]
        try:
            yield processes
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(60)


def _until_sent(
    url: str, wanted: int, mails: SmtpSink, processes: list[subprocess.Popen], say: Callable[[str], None]
) -> int:
    """Wait until nothing is left to send; return the largest resident size of a worker, in KB."""
    largest, counted, still_since, said = 0, -1, time.monotonic(), time.monotonic()
    while _left(url):
        time.sleep(1 if wanted < 100_000 else 5)
        largest = max([largest, *[_resident_kb(process.pid) for process in processes]])
        if mails.count() != counted:
            counted, still_since = mails.count(), time.monotonic()
        if time.monotonic() - said > 15:
            said = time.monotonic()
            say(f"{counted:,} of {wanted:,} sent")
        if time.monotonic() - still_since > 180 or all(process.poll() is not None for process in processes):
            raise RuntimeError(f"Nothing more was sent after {counted:,} messages; see workers.log.")
    return largest


def _spread(url: str, people: int) -> Spread:
    """Read the rates from what the database says of each message.

    Counted from the start of the last worker to the end of the first, so that no tenth contains a worker's start.
    """
    with postgresql.admin(url) as connection:
        edges = connection.execute(
            sa.text("SELECT max(first), min(last) FROM"
                    " (SELECT min(at) AS first, max(at) AS last FROM attempt GROUP BY worker HAVING count(*) > 100) w")
        ).one()  # fmt: skip
        sent = [
            row[0] for row in connection.execute(
                sa.text("SELECT extract(epoch FROM sent_at)::float8 FROM message WHERE sent_at IS NOT NULL ORDER BY sent_at")
            )
        ]  # fmt: skip
    inside = [at for at in sent if edges[0].timestamp() <= at <= edges[1].timestamp()] or sent
    tenth = len(inside) // 10
    began = sent[0]
    late = [at - began for at in sent]
    return Spread(
        tenth / max(inside[tenth] - inside[0], 0.001), tenth / max(inside[-1] - inside[-1 - tenth], 0.001),
        len(inside) / max(inside[-1] - inside[0], 0.001), median(late), late[int(len(late) * 0.99)],
    )  # fmt: skip


@dataclass(frozen=True)
class Steady:
    sent: int
    late_p50_s: float
    late_p99_s: float


def _steady(url: str, wanted: int, seconds: int, say: Callable[[str], None]) -> Steady:
    """Let messages that were sent fall due again, evenly over some seconds; return how late they were."""
    with postgresql.admin(url) as connection:
        start = datetime.now(UTC) + timedelta(seconds=5)
        wanted = min(wanted, connection.scalar(sa.text("SELECT count(*) FROM message")) or 0)
        connection.execute(
            sa.text("UPDATE message SET state = 'due', sent_at = NULL, attempts = 0,"
                    " due_at = CAST(:start AS timestamptz) + CAST(:each AS float8) * id * interval '1 second' WHERE id <= :last"),
            {"start": start, "each": seconds / wanted, "last": wanted},
        )  # fmt: skip
        give_up = time.monotonic() + 3 * seconds + 120
        while _left(url) and time.monotonic() < give_up:
            time.sleep(1)
        late = sorted(
            row[0] for row in connection.execute(
                sa.text("SELECT extract(epoch FROM sent_at - due_at)::float8 FROM message"
                        " WHERE sent_at IS NOT NULL AND id <= :last"), {"last": wanted})
        )  # fmt: skip
    say(f"{len(late):,} of {wanted:,} sent")
    return Steady(len(late), median(late), late[int(len(late) * 0.99)])


def _left(url: str) -> int:
    with postgresql.admin(url) as connection:
        waiting = "SELECT 1 FROM message WHERE state IN ('due', 'retry', 'leased', 'handing_over') LIMIT 1000"
        return connection.scalar(sa.text(f"SELECT count(*) FROM ({waiting}) w")) or 0


def _sizes(url: str) -> dict[str, float]:
    """Return the bytes of each table with its indexes, and of the whole database."""
    with postgresql.admin(url) as connection:
        sizes = {name: connection.scalar(sa.select(sa.func.pg_total_relation_size(name))) for name in TABLES}
        return {"database": connection.scalar(sa.text("SELECT pg_database_size(current_database())")), **sizes}


def _resident_kb(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)
