"""Sending end to end, durably, in one process and in two, against bare smtplib with one kept connection.

The database holds a million future messages (a tenth with OUTREACH_BENCH_SMALL=1). Counted at the sink. Every mail is
an invitation with text, HTML and calendar; bare smtplib sends one of these very mails again and again, without a database.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import TypeAlias

import sqlalchemy as sa
from flask import Flask

from benchmarks import rows, waiting
from benchmarks.results import Result
from benchmarks.sink import Sink, sink
from outreach import create_app
from outreach.domain.kinds import ActivityKind, Audience, LinkPurpose, MailKind
from outreach.domain.states import ActivityState, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import Activity, Invitation, Link, Message, MessageLine, Person, Reminder
from outreach.settings import Settings

ROUNDS = 3
MAILS = 20_000
WAITING = 1_000_000
ONE_GOAL, TWO_GOAL = 2.0, 3.5
Child: TypeAlias = "subprocess.Popen[str]"


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return mails a second of one and of two processes, each as a ratio to bare smtplib's, and where the time goes."""
    number = WAITING // 10 if os.environ.get("OUTREACH_BENCH_SMALL") else WAITING
    app = create_app(settings(folder))
    with app.app_context():
        db.create_all()
        say(f"writing {number:,} future messages")
        rows.write_office()
        waiting.write_people(1, max(number // waiting.ACTIVITIES_EACH, 2 * MAILS))
        waiting.write_waiting(number, now=datetime.now(UTC))
        write_venue_and_links()
        rows.settle_down()
    bare, one, two = [], [], []
    with sink() as server:
        for round_ in range(ROUNDS):
            one.append(_sent(app, folder, server, 1))
            bare.append(_fragment(folder, server))
            two.append(_sent(app, folder, server, 2))
            say(f"round {round_ + 1}: smtplib {bare[-1]:,.0f}, one {one[-1]:,.0f}, two {two[-1]:,.0f} a second")
        steps = _steps(app, folder, server)
        alone = _run([child(folder, server.port, "count")])
        both = _run([child(folder, server.port, "count") for _ in range(2)]) / 2
    reference = median(bare)
    results = [Result("bare smtplib, one kept connection", reference, "mails/s")]
    for name, values, goal in (("one process", one, ONE_GOAL), ("two processes", two, TWO_GOAL)):
        ratio = median(values) / reference
        results.append(
            Result(f"sent end to end, {name}", median(values), "mails/s", reference, ratio, goal, ratio >= goal)
        )
    counting = "for scale: two processes that only count, against one"
    results.append(Result(counting, 60 / both, "rounds/min", 60 / alone, alone / both))
    return results + [Result(f"  over one connection: {name}", us, "µs/mail") for name, us in steps.items()]


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


def _sent(app: Flask, folder: Path, server: Sink, processes: int) -> float:
    """Return mails a second, counted at the sink, of so many processes on what is due."""
    with app.app_context():
        write_due(MAILS * processes, datetime.now(UTC))
        db.session.remove()
    before = server.count()
    children = [child(folder, server.port, "drain") for _ in range(processes)]
    seconds = _run(children)
    taken = server.count() - before
    if taken != MAILS * processes:
        raise RuntimeError(f"{MAILS * processes} mails were due, and {taken} were taken.")
    return taken / seconds


def _fragment(folder: Path, server: Sink) -> float:
    before = server.count()
    seconds = _run([child(folder, server.port, "bare")])
    return (server.count() - before) / seconds


def _steps(app: Flask, folder: Path, server: Sink) -> dict[str, float]:
    """Return where one process's time goes over one connection, in microseconds a mail; the server is waited for, too."""
    with app.app_context():
        write_due(MAILS, datetime.now(UTC))
        db.session.remove()
    sender = child(folder, server.port, "steps")
    _run([sender])
    assert sender.stdout is not None
    found: dict[str, float] = json.loads(sender.stdout.readline())
    return found


def child(folder: Path, port: int, what: str) -> Child:
    """Return a process that does its work (sender.py) once a line is written to it."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sender", str(folder), str(port), what, str(MAILS)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _run(children: list[Child]) -> float:
    """Let the children begin together; return how many seconds the slowest took."""
    for one in children:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in children:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    return max(float(one.stdout.readline()) for one in children if one.stdout)
