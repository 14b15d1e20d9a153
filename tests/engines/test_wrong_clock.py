"""A clock that is changed, or differs from the database's, under a running engine."""

import time
from datetime import UTC, datetime, timedelta

import apscheduler.schedulers.base
import pytest

from outreach import clock
from outreach.engines import distributed, embedded
from outreach.engines.chores import Chore
from outreach.extensions import db
from outreach.services.operations import clock as clocks
from outreach.services.operations import engines as heartbeats
from tests.engines.queue_help import states
from tests.servers.smtp import Server
from tests.world import invite_many, send_through, until

pytestmark = [pytest.mark.any_day, pytest.mark.slow]

DAY = timedelta(days=1)


class Shifted:
    """A clock that differs from the true one by `by`, which can be changed."""

    def __init__(self, by: timedelta = timedelta()) -> None:
        self.by = by

    def __call__(self) -> datetime:
        return clock.now() + self.by


@pytest.fixture
def machine(monkeypatch) -> Shifted:
    """This machine's clock, as the scheduler reads it too."""
    machine = Shifted()

    class MachineDatetime(datetime):
        @classmethod
        def now(cls, tz=None):
            return machine().astimezone(tz)

    monkeypatch.setattr(apscheduler.schedulers.base, "datetime", MachineDatetime)
    return machine


def test_the_engine_continues_at_once_when_the_clock_is_set_back_or_ahead(app, machine):
    done: list[datetime] = []

    def look(now, _stop) -> dict[str, int]:
        done.append(now())
        return {}

    def goes_on() -> bool:
        known = len(done)
        return until(lambda: len(done) > known + 2)

    def is_alive() -> bool:
        db.session.rollback()
        return heartbeats.silent_since(now=machine()) is None

    with Server() as taker:
        send_through(app, taker, tick_s=0.2)
        with embedded.EmbeddedEngine(app, beside=[Chore("often", lambda _s: 0.1, look)], now=machine):
            assert goes_on()
            for by in (-DAY, timedelta(), 365 * DAY, -DAY):
                machine.by = by
                assert goes_on()
                assert until(is_alive)


def test_times_long_past_are_not_computed_one_by_one(app):
    from apscheduler.schedulers.background import BackgroundScheduler

    now = clock.now()
    job = BackgroundScheduler(timezone=UTC).add_job(print, embedded.Every(0.2), next_run_time=now - 365 * DAY)
    assert len(job._get_run_times(now)) == 1


@pytest.mark.postgresql
@pytest.mark.parametrize("make", [embedded.EmbeddedEngine, distributed.QueueEngine])
def test_a_machine_with_a_clock_far_from_the_databases_sends_nothing_until_it_is_right(
    queue_app, office, server, make, machine
):  # fmt: skip
    invite_many(3)
    machine.by = timedelta(minutes=-10) if make is embedded.EmbeddedEngine else timedelta(minutes=10)
    with make(queue_app, beside=(), now=machine):
        assert until(lambda: clocks.problem() is not None)
        time.sleep(2.5)  # some ticks
        assert (server.taken, states(), list(heartbeats.heard())) == ([], {"due": 3}, [])
        machine.by = timedelta(seconds=5)
        assert until(lambda: states() == {"sent": 3})
        assert clocks.problem() is None
    assert len(server.taken) == 3


@pytest.mark.postgresql
def test_a_clock_that_becomes_wrong_leaves_the_work_to_other_machines(queue_app, office, server, machine):
    with distributed.QueueEngine(queue_app, beside=(), now=machine):
        assert until(lambda: heartbeats.heard())
        machine.by = DAY
        assert until(lambda: clocks.problem() is not None)
        invite_many(3)
        with distributed.QueueEngine(queue_app, beside=()):
            assert until(lambda: states() == {"sent": 3})
    assert len(server.taken) == 3


@pytest.mark.postgresql
def test_a_queue_continues_when_the_clocks_of_all_machines_are_set_back(queue_app, office, server, monkeypatch):
    """Procrastinate reads time.time(); here the database and our own clock stay, as if they were changed with it."""
    by = [0.0]
    true = time.time
    monkeypatch.setattr(time, "time", lambda: true() + by[0])
    with distributed.QueueEngine(queue_app, beside=()):
        assert until(lambda: heartbeats.heard())
        by[0] = -86400.0
        time.sleep(1.5)
        invite_many(2, tick=False)
        assert until(lambda: states() == {"sent": 2})


@pytest.mark.postgresql
def test_sending_does_not_wait_for_a_slow_mailbox_or_archive(queue_app, office, server):
    begun: list[str] = []

    def slow(name: str) -> Chore:
        def do(_now, stop) -> dict[str, int]:
            begun.append(name)
            until(stop)
            return {}

        return Chore(name, lambda _s: 1, do)

    with distributed.QueueEngine(queue_app, jobs=1, beside=[slow("inbox"), slow("archive")]):
        assert until(lambda: set(begun) == {"inbox", "archive"})
        invite_many(3)
        assert until(lambda: states() == {"sent": 3})
        assert sorted(begun) == ["archive", "inbox"]  # the chores are still running
