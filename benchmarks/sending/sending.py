"""Sending end to end, durably, in one process and in two, against bare smtplib with one kept connection.

The database holds a million future messages (with OUTREACH_BENCH_SMALL=1 a tenth, and a quarter of the mails is sent). Counted at
the sink. Every mail is an invitation with text, HTML and calendar; smtplib alone sends one of these mails again and
again, without a database.

The ratio depends on the machine, so what it depends on is measured beside it: the CPU time of each side and of the sink, a
question to the sink and its answer, a flush of the database's disk, and how fast Python counts.
"""

import json
import os
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

import sqlalchemy as sa
from flask import Flask

from benchmarks import conditions, peers
from benchmarks.databases import rows, waiting
from benchmarks.results import Result
from benchmarks.sending.sink import SmtpSink, sink
from outreach import create_app
from outreach.domain.kinds import ActivityKind, Audience, LinkPurpose, MailKind
from outreach.domain.states import ActivityState, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Link, Message, MessageLine, Person, Reminder
from outreach.settings import Settings

ROUNDS = 3
SMALL = bool(os.environ.get("OUTREACH_BENCH_SMALL"))
MAILS = 5_000 if SMALL else 20_000
PEER_MAILS = 500
COUNTED = 50_000_000  # by the processes that only count
WAITING = 1_000_000
ONE_GOAL, TWO_GOAL = 2.0, 3.5
Child: TypeAlias = "subprocess.Popen[str]"


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return mails a second of one and of two processes, each as a ratio to bare smtplib's, and where the time goes."""
    number = WAITING // 10 if SMALL else WAITING
    app = create_app(settings(folder))
    with app.app_context():
        db.create_all()
        say(f"writing {number:,} future messages")
        rows.write_office()
        waiting.write_people(1, max(number // waiting.ACTIVITIES_EACH, 2 * MAILS))
        waiting.write_waiting(number, now=datetime.now(UTC))
        write_venue_and_links()
        rows.settle_down()
    bare, one, two = _Rate(), _Rate(), _Rate()
    peer = peers.pretalx(folder, say) if peers.asked() else None
    theirs: list[float] = []
    with sink() as server:
        for round_ in range(ROUNDS):
            one.add(_sent(app, folder, server, 1))
            bare.add(_bare_smtplib(folder, server))
            two.add(_sent(app, folder, server, 2))
            if peer is not None:
                theirs.append(_peer_sent(peer, server))
            rates = f"smtplib {bare.rates[-1]:,.0f}, one {one.rates[-1]:,.0f}, two {two.rates[-1]:,.0f}"
            say(f"round {round_ + 1}: {rates}{f', pretalx {theirs[-1]:,.0f}' if theirs else ''} a second")
        steps = _steps(app, folder, server)
        alone = slowest(run([child(folder, server.port, "count")]))
        both = slowest(run([child(folder, server.port, "count") for _ in range(2)])) / 2
        trip_us = round_trip_us(server.port)
    with app.app_context(), db.engine.connect() as connection:
        sides = f"ours: {conditions.durability(connection)}; smtplib: nothing is stored; smtp-sink keeps nothing"
    flush = conditions.flush_us(folder)
    say(f"{sides}; one fsync takes {flush:,.0f} µs here, one question and answer with smtp-sink {trip_us:,.0f} µs")
    results = [
        Result("bare smtplib, one kept connection", bare.middle, "mails/s"),
        *_against(bare, "one process", one, ONE_GOAL, sides),
        *_against(bare, "two processes", two, TWO_GOAL, sides),
    ]
    if peer is not None:
        results.append(
            Result("sent end to end, one process, against pretalx's own sending of as many", one.middle, "mails/s",
                   median(theirs), one.middle / median(theirs), conditions=f"{sides}; pretalx: {peer.durability}")
        )  # fmt: skip
    for name, rate in (("bare smtplib", bare), ("one process", one), ("two processes", two)):
        results.append(Result(f"  CPU time of {name}", rate.cpu_us, "µs/mail"))
        results.append(Result("    and of smtp-sink meanwhile", rate.sink_us, "µs/mail"))
    counting = "for scale: two processes that only count, against one"
    return [
        *results,
        Result("  a question to smtp-sink and its answer (NOOP)", trip_us, "µs"),
        Result("  an fsync on the database's disk; ours needs about one for each 50 mails", flush, "µs"),
        Result(f"  counting to {COUNTED // 1_000_000} million in Python", 1000 * alone, "ms"),
        Result(counting, 60 / both, "rounds/min", 60 / alone, alone / both, conditions="nothing is stored"),
        *(Result(f"  over one connection: {name}", us, "µs/mail") for name, us in steps.items()),
    ]


@dataclass
class _Rate:
    """Round by round: mails a second, and microseconds of CPU time a mail of the senders and of the server."""

    rates: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)
    sinks: list[float] = field(default_factory=list)

    def add(self, measured: tuple[float, float, float]) -> None:
        for values, value in zip((self.rates, self.cpus, self.sinks), measured, strict=True):
            values.append(value)

    @property
    def middle(self) -> float:
        return median(self.rates)

    @property
    def cpu_us(self) -> float:
        return median(self.cpus)

    @property
    def sink_us(self) -> float:
        return median(self.sinks)


def _against(bare: _Rate, name: str, ours: _Rate, goal: float, sides: str) -> Iterator[Result]:
    """Yield the rate against smtplib's. The ratio is the median of the rounds' ratios: both are measured in turn."""
    ratio = median([rate / bare_rate for rate, bare_rate in zip(ours.rates, bare.rates, strict=True)])
    yield Result(f"sent end to end, {name}", ours.middle, "mails/s", bare.middle, ratio, goal, ratio >= goal, sides)


def settings(folder: Path, port: int = 1) -> Settings:
    """Return what the benchmark's apps run with: the defaults, on SQLite in the folder."""
    return Settings(
        secret_key="a-key-for-benchmarks-only-0123456789", instance=folder, mail_server="127.0.0.1", mail_port=port
    )


def write_venue_and_links(people: int = 2 * MAILS) -> None:
    """Write the hall, and an answer link for each of the first so many people; commit."""
    rows.write_venue()
    nonce = sa.func.substr(sa.cast(Person.id, sa.String) + "x" * 16, 1, 16)
    rows.insert(
        Link,
        {"purpose": LinkPurpose.ANSWER, "person_id": Person.id, "nonce": nonce,
         "expires_at": datetime.now(UTC) + timedelta(days=90)},
        sa.select(Person).where(Person.id <= people),
    )  # fmt: skip
    db.session.commit()


def write_due(number: int, now: datetime) -> None:
    """Write an activity with `number` invitations whose mails are due now."""
    starts_at = now + timedelta(days=12)
    activity = Activity(
        kind=ActivityKind.OUTREACH, title="Sosialisasi PATBM", public_title="Sosialisasi kelurahan", zone=rows.ZONE,
        starts_at=starts_at, ends_at=starts_at + timedelta(hours=3), respond_by_at=starts_at - timedelta(days=2),
        venue_id=1, holds_venue=False, description=rows.DESCRIPTION, things_to_bring="Surat tugas dan KTP",
        state=ActivityState.PUBLISHED, published_at=now,
    )  # fmt: skip
    db.session.add(activity)
    db.session.flush()
    reminder = Reminder(
        activity_id=activity.id, key="invitation", kind=MailKind.INVITATION, audience=Audience.NEWLY_INVITED, due_at=now,
        state=ReminderState.EXPANDED,
    )  # fmt: skip
    db.session.add(reminder)
    db.session.flush()
    waiting.invite(activity.id, 1, number, now=now)
    invitations = sa.select(Invitation).where(Invitation.activity_id == activity.id)
    key = sa.literal(f"due{activity.id}:") + sa.cast(Invitation.id, sa.String)
    rows.insert(
        Message,
        {"person_id": Invitation.person_id, "merge_key": key, "kind": MailKind.INVITATION, "due_at": now,
         "expires_at": starts_at, "state": MessageState.DUE, "local_day": now.astimezone(rows.ZONE).date()},
        invitations,
    )  # fmt: skip
    rows.insert(
        MessageLine,
        {"message_id": Message.id, "reminder_id": reminder.id, "invitation_id": Invitation.id, "sequence": 0},
        invitations.join(Message, Message.merge_key == key),
    )
    db.session.commit()


def _sent(app: Flask, folder: Path, server: SmtpSink, processes: int) -> tuple[float, float, float]:
    """Send what is due by so many processes; return what _Rate keeps, counted at the sink."""
    with app.app_context():
        write_due(MAILS * processes, datetime.now(UTC))
        db.session.remove()
    return _counted(server, MAILS * processes, [child(folder, server.port, "drain") for _ in range(processes)])


def _bare_smtplib(folder: Path, server: SmtpSink) -> tuple[float, float, float]:
    return _counted(server, MAILS, [child(folder, server.port, "bare")])


def _counted(server: SmtpSink, mails: int, children: list[Child]) -> tuple[float, float, float]:
    before, before_cpu = server.count(), server.cpu_s()
    done = run(children)
    taken = server.count() - before
    if taken != mails:
        raise RuntimeError(f"{mails} mails were due, and {taken} were taken.")
    cpu_s, sink_s = sum(child_result["cpu_s"] for child_result in done), server.cpu_s() - before_cpu
    return mails / slowest(done), cpu_s / mails * 1e6, sink_s / mails * 1e6


def _peer_sent(peer: peers.Pretalx, server: SmtpSink) -> float:
    before = server.count()
    seconds = peer.send(PEER_MAILS, server.port)
    if (taken := server.count() - before) != PEER_MAILS:
        raise RuntimeError(f"pretalx was to send {PEER_MAILS} mails, and {taken} were taken.")
    return PEER_MAILS / seconds


def _steps(app: Flask, folder: Path, server: SmtpSink) -> dict[str, float]:
    """Return where one process's time goes over one connection, in microseconds a mail, with the wait for the server."""
    with app.app_context():
        write_due(MAILS, datetime.now(UTC))
        db.session.remove()
    [done] = run([child(folder, server.port, "steps")])
    found: dict[str, float] = done["steps"]
    return found


def round_trip_us(port: int, questions: int = 5_000) -> float:
    """Return how long a question to the mail server and its answer take: the median of many in a row."""
    took = []
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as server:
        for _ in range(questions):
            began = time.perf_counter()
            server.noop()
            took.append(time.perf_counter() - began)
    return median(took) * 1e6


def child(folder: Path, port: int, what: str) -> Child:
    """Return a process that does its work (sender.py) once it is told to."""
    return started(["benchmarks.sending.sender", str(folder), str(port), what, str(MAILS)])


def started(command: list[str]) -> Child:
    """Return a process of this module, with these arguments, for run()."""
    return subprocess.Popen(
        [sys.executable, "-m", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )  # fmt: skip


def run(children: list[Child]) -> list[dict[str, Any]]:
    """Let the children start together; return what each reports about its work."""
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    done = [json.loads(child.stdout.readline()) for child in children if child.stdout]
    for child in children:
        child.wait(60)
    return done


def slowest(done: list[dict[str, Any]]) -> float:
    return max(float(child_result["s"]) for child_result in done)
