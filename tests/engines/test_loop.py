"""A worker's name is unique, and an engine that stopped at its limit continues at once."""

import importlib.util
import os
import socket
import threading

import pytest

from outreach.delivery.outbox.drain import Drained
from outreach.engines import loop
from outreach.models import Attempt, ChannelSlot, Heartbeat, Message
from tests.servers.smtp import Server
from tests.world import NOW, StandingClock, invite_and_publish, invite_many, send_through


@pytest.mark.parametrize(
    "host", ["web-1", "a-stateful-set-with-a-very-long-name-in-a-very-long-namespace-0.example.com"]
)
def test_a_workers_name_is_short_enough_with_its_helpers_numbers(monkeypatch, host):
    monkeypatch.setattr(socket, "gethostname", lambda: host)
    monkeypatch.setattr(os, "getpid", lambda: 4194304)
    monkeypatch.setattr(threading, "get_native_id", lambda: 2**63)
    columns = (Message.worker, Attempt.worker, ChannelSlot.worker, Heartbeat.name)
    assert len(loop.worker_name() + "/64") <= min(column.type.length for column in columns)


def test_two_processes_with_the_same_machine_name_and_process_id_differ(monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "pod")
    monkeypatch.setattr(os, "getpid", lambda: 1)
    monkeypatch.setattr(threading, "get_native_id", lambda: 1)
    spec = importlib.util.find_spec(loop.__name__)
    of_another_process = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(of_another_process)
    assert loop.worker_name() == loop.worker_name()
    assert loop.worker_name() != of_another_process.worker_name()


@pytest.mark.parametrize(
    ("sent", "more"),
    [(None, False), (Drained(), False), (Drained(sent=3, claimed=3), False), (Drained(sent=4, claimed=4), True),
     (Drained(sent=1, claimed=4), True), (Drained(sent=3, unknown=3, claimed=3), False)],
)  # fmt: skip
def test_there_may_be_more_if_as_many_were_claimed_as_allowed(sent, more):
    assert loop.there_may_be_more(sent, 4) is more


def test_the_number_of_claimed_messages_is_not_logged(app, activity, ani, monkeypatch):
    told: list[dict[str, object]] = []
    monkeypatch.setattr(
        loop.log, "info", lambda event, **values: told.append({"event": event, **values}), raising=False
    )
    invite_and_publish(activity, ani)
    with Server() as server:
        send_through(app, server)
        assert loop.send(app, now=StandingClock()).claimed == 1
        loop.send(app, now=StandingClock())
    assert told == [{"event": "send", "sent": 1, "skipped": 0, "retried": 0, "failed": 0, "unknown": 0}]


def without_threads(monkeypatch, named) -> list[str]:
    """The machine has no more threads of these names. Return the names that were wanted."""
    wanted, start = [], threading.Thread.start

    def refused(thread):
        if not named(thread):
            return start(thread)
        wanted.append(thread.name)
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    return wanted


def test_if_no_thread_can_start_the_next_round_sends_and_a_process_can_stop(app, server, activity, ani, monkeypatch):
    send_through(app, server)
    invite_and_publish(activity, ani)
    with monkeypatch.context() as scarce:
        wanted = without_threads(scarce, lambda thread: thread.name == "send")
        assert loop.send(app, now=StandingClock()) is None
        assert wanted == ["send"]
    loop.wait_for_answers()
    assert loop.send(app, now=StandingClock()).sent == 1


def test_a_process_can_stop_at_the_moment_in_which_sending_begins(app, monkeypatch):
    start = threading.Thread.start

    def stopping(thread):
        loop.wait_for_answers()
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", stopping)
    assert loop.send(app, now=lambda: NOW) is not None


def test_if_no_thread_can_start_for_a_further_connection_the_first_sends_alone(app, office, server, monkeypatch):
    invite_many(30, now=NOW)
    send_through(app, server, claim_size=5)
    wanted = without_threads(
        monkeypatch, lambda thread: thread.name not in ("send", "keeper") and "_help" in thread.name
    )
    assert loop.send(app, now=StandingClock()).sent == 30
    assert wanted
