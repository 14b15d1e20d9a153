"""Kill workers (kill -9) while they send, at random and at targeted moments, and compare the sink's mails with the
database: the runs of test_kills.py, and of `make chaos`, which prints them as a table."""

import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from outreach import clock
from outreach.domain.states import FINISHED, IN_WORK, MessageState
from outreach.extensions import db
from outreach.models import Attempt, Message
from tests.chaos.support.faults import DATA, DOT, KILL, KILL_AFTER_REPLY, KILL_AFTER_TAKING, Fault
from tests.chaos.support.harness import Forked, Installation, SinkProcess, install, look, office_with_invited, stop
from tests.world import until

AIMS = ((DATA, KILL), (DOT, KILL), (DOT, KILL_AFTER_TAKING), (DOT, KILL_AFTER_REPLY))
SHORT = {
    "tick_s": 0.2,
    "lease_s": 5.0,
    "hand_over_group": 5,
    "claim_size": 30,
    "mail_timeout_s": 5.0,
    "mail_connections": 4,
}


@dataclass(frozen=True)
class Run:
    """workers: how many at once. by_mistake: each of them is its own scheduler, on any database."""

    name: str
    postgresql: bool
    workers: int
    kills: int
    extensions: tuple[str, ...] = ()
    by_mistake: bool = False
    seed: int = 1

    @property
    def messages(self) -> int:
        return 60 + 20 * self.kills


@dataclass
class KillCounts:
    """What the sink's log and the database show about a run."""

    kills: int = 0
    messages: int = 0
    lost: int = 0  # not taken, and not shown as unknown either
    doubled: int = 0
    unknown: int = 0  # in doubt twice
    handing_over: int = 0  # messages being sent, by the database, when their worker was killed
    wrongly_doubled: int = 0  # doubled, though they were not being sent
    thrice: int = 0
    other_ids: int = 0  # doubled under another Message-ID
    unsettled: int = 0  # neither sent nor unknown
    seconds: float = 0.0

    def broken(self) -> dict[str, int]:
        """Return the broken promises."""
        kept = ("lost", "wrongly_doubled", "thrice", "other_ids", "unsettled")
        return {name: getattr(self, name) for name in kept if getattr(self, name)}


def play(run: Run, folder: Path, postgresql: str = "", say: Callable[[str], None] = print) -> KillCounts:
    """Send the run's messages while killing its workers; return the result."""
    began = time.monotonic()
    say(f"{run.name}: seed {run.seed}")
    with SinkProcess(folder / "sink.log", extensions=run.extensions, answer_after_s=0.01, seed=run.seed) as sink:
        office = install(
            folder, postgresql if run.postgresql else "", mail_server="127.0.0.1", mail_port=sink.port, **SHORT
        )
        app = office.app()
        with app.app_context():
            office_with_invited(run.messages, clock.now())
            workers = [_worker(office, run) for _ in range(run.workers)]
            try:
                in_flight: set[int] = set()
                killed = 0
                chance = random.Random(run.seed)
                while killed < run.kills and (victim := _at_work(workers, chance)) is not None:
                    in_flight |= _kill(victim, sink, chance)
                    killed += 1
                    workers[workers.index(victim)] = _worker(office, run)
                until(_all_finished, 300, every=0.1)
            finally:
                stop(workers)
            outcome = _compared(run, sink, in_flight)
            db.session.remove()
            db.engine.dispose()
    outcome.kills, outcome.seconds = killed, time.monotonic() - began
    return outcome


def _worker(office: Installation, run: Run) -> Forked:
    return office.fork(module="tests.chaos.support.scheduler") if run.by_mistake else office.fork("worker")


def _at_work(workers: list[Forked], chance: random.Random) -> Forked | None:
    """Return one of the workers that have claimed messages; None once everything is sent."""
    found: list[Forked] = []

    def look_again() -> bool:
        held = {name for (name,) in look(Message.worker, where=[Message.state.in_(IN_WORK)])}
        found[:] = [worker for worker in workers if any(f":{worker.pid}:" in name for name in held)]
        return bool(found) or _all_finished()

    until(look_again, 300)
    return chance.choice(found) if found else None


def _kill(victim: Forked, sink: SinkProcess, chance: random.Random) -> set[int]:
    """Kill the worker; return the ids of the messages that it was sending."""
    if chance.random() < 0.6:
        verb, how = chance.choice(AIMS)
        sink.misbehave(Fault(verb, how, times=1, after=chance.randrange(8), pid=victim.pid))
        until(lambda: victim.poll() is not None, 3, every=0.002)
    else:
        time.sleep(chance.random() * 0.3)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    theirs = Message.worker.contains(f":{victim.pid}:")
    return {row.id for row in look(Message.id, where=[Message.state == MessageState.HANDING_OVER, theirs])}


def _all_finished() -> bool:
    return not look(Message.id, where=[Message.state.not_in(FINISHED)])


def _compared(run: Run, sink: SinkProcess, in_flight: set[int]) -> KillCounts:
    messages = look(Message.id, Message.rfc_message_id, Message.state, Message.address)
    doubts = Counter(db.session.scalars(sa.select(Attempt.message_id).where(Attempt.outcome == MessageState.UNKNOWN)))
    took = sink.took()
    times = Counter(taken.message_id for taken in took)
    doubled = {row.id for row in messages if times[row.rfc_message_id] > 1}
    ids: dict[str, set[str]] = {}
    for taken in took:
        ids.setdefault(taken.recipient, set()).add(taken.message_id)
    return KillCounts(
        messages=len(messages),
        lost=run.messages - len(ids) - sum(1 for row in messages if _unknown(row) and not times[row.rfc_message_id]),
        doubled=len(doubled),
        unknown=sum(1 for row in messages if _unknown(row)),
        handing_over=len(in_flight),
        wrongly_doubled=len(doubled - in_flight),
        thrice=sum(1 for count in times.values() if count > 2),
        other_ids=sum(1 for found in ids.values() if len(found) > 1),
        unsettled=sum(1 for row in messages if row.state is not MessageState.SENT and not (_unknown(row) and doubts[row.id] > 1)),
    )  # fmt: skip


def _unknown(row: sa.Row) -> bool:
    return row.state is MessageState.UNKNOWN
