"""Kill workers (kill -9) while they send, at random and at targeted moments, and compare the sink's mails with the
database: the runs of test_kills.py, and of `make chaos`, which prints them as a table.

All settings are the defaults, except how often the engine looks. Leases of killed workers and delays of retries do not
wait for the wall clock: the test moves them into the past."""

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
from outreach.models import Attempt, ChannelSlot, Message
from outreach.transactions import writing
from tests.chaos.support.faults import DATA, DOT, KILL, KILL_AFTER_REPLY, KILL_AFTER_TAKING, Fault
from tests.chaos.support.harness import Forked, Installation, SinkProcess, install, look, office_with_invited, stop
from tests.world import until

AIMS = ((DATA, KILL), (DOT, KILL), (DOT, KILL_AFTER_TAKING), (DOT, KILL_AFTER_REPLY))


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
    people: int = 0  # 0: as many as so many kills need

    @property
    def messages(self) -> int:
        return self.people or 100 + 60 * self.kills


@dataclass
class KillCounts:
    """What the sink's log and the database show about a run."""

    kills: int = 0
    messages: int = 0
    arrived: int = 0  # readers who got a mail
    never: int = 0  # readers who got none
    doubled: int = 0  # readers who got more than one
    copies: int = 0  # mails that arrived beyond the first
    in_doubt: int = 0  # hand-overs without an answer
    most: int = 0  # of one mail
    handing_over: int = 0  # messages being sent, by the database, when their worker was killed
    wrong_copies: int = 0  # beyond the first and one for each doubt
    other_ids: int = 0  # doubled under another Message-ID
    unsettled: int = 0  # not sent
    seconds: float = 0.0

    def broken(self) -> dict[str, int]:
        """Return the broken promises."""
        kept = ("never", "wrong_copies", "other_ids", "unsettled")
        return {name: getattr(self, name) for name in kept if getattr(self, name)}


def play(run: Run, folder: Path, postgresql: str = "", say: Callable[[str], None] = print) -> KillCounts:
    """Send the run's messages while killing its workers; return the result."""
    began = time.monotonic()
    say(f"{run.name}: seed {run.seed}")
    with SinkProcess(folder / "sink.log", extensions=run.extensions, answer_after_s=0.01, seed=run.seed) as sink:
        server = postgresql if run.postgresql else ""
        office = install(folder, server, mail_server="127.0.0.1", mail_port=sink.port, tick_s=0.2)
        app = office.app()
        with app.app_context():
            office_with_invited(run.messages, clock.now())
            workers = [_worker(office, run) for _ in range(run.workers)]
            try:
                in_flight: list[int] = []
                killed: list[int] = []
                chance = random.Random(run.seed)
                while len(killed) < run.kills and (victim := _at_work(workers, chance)) is not None:
                    in_flight += _kill(victim, sink, chance)
                    killed.append(victim.pid)
                    workers[workers.index(victim)] = _worker(office, run)
                    _time_passes(killed)
                _finish(killed)
            finally:
                stop(workers)
            outcome = _compared(run, sink, len(in_flight))
            db.session.remove()
            db.engine.dispose()
    outcome.kills, outcome.seconds = len(killed), time.monotonic() - began
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


def _finish(killed: list[int]) -> None:
    """Wait until all is sent, as long as it goes on: a busy machine is slow."""
    left = 1 << 30

    def goes_on() -> bool:
        _time_passes(killed)
        return _unfinished() < left

    while left and until(goes_on, 300, every=0.2):
        left = _unfinished()


def _time_passes(killed: list[int]) -> None:
    """End the leases of killed workers, and the delays of retries."""
    now = clock.now()
    for model, column in ((Message, Message.leased_until), (ChannelSlot, ChannelSlot.leased_until)):
        theirs = sa.or_(sa.false(), *[model.worker.contains(f":{pid}:") for pid in killed])
        with writing() as session:
            session.execute(sa.update(model).where(theirs, column > now).values(leased_until=now))
    with writing() as session:
        session.execute(
            sa.update(Message).where(Message.state == MessageState.RETRY, Message.due_at > now).values(due_at=now)
        )


def _kill(victim: Forked, sink: SinkProcess, chance: random.Random) -> list[int]:
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
    return [row.id for row in look(Message.id, where=[Message.state == MessageState.HANDING_OVER, theirs])]


def _all_finished() -> bool:
    return not _unfinished()


def _unfinished() -> int:
    return len(look(Message.id, where=[Message.state.not_in(FINISHED)]))


def _compared(run: Run, sink: SinkProcess, handing_over: int) -> KillCounts:
    messages = look(Message.id, Message.rfc_message_id, Message.state)
    doubts = Counter(db.session.scalars(sa.select(Attempt.message_id).where(Attempt.outcome == MessageState.UNKNOWN)))
    took = sink.took()
    copies = {id_: count - 1 for id_, count in Counter(taken.message_id for taken in took).items()}
    ids: dict[str, set[str]] = {}
    for taken in took:
        ids.setdefault(taken.recipient, set()).add(taken.message_id)
    expected = {f"warga{number}@example.com" for number in range(run.messages)}
    return KillCounts(
        messages=len(expected),
        arrived=len(expected & ids.keys()),
        never=len(expected - ids.keys()),
        doubled=sum(1 for count in copies.values() if count),
        copies=sum(copies.values()),
        in_doubt=doubts.total(),
        most=max(doubts.values(), default=0),
        handing_over=handing_over,
        wrong_copies=sum(max(0, copies.get(row.rfc_message_id, 0) - doubts[row.id]) for row in messages),
        other_ids=sum(1 for found in ids.values() if len(found) > 1),
        unsettled=sum(1 for row in messages if row.state is not MessageState.SENT),
    )
