"""Lanes: several connections served by one thread, each going on where the others wait."""

import socket
import threading
import time
from contextlib import ExitStack

import pytest

from outreach.delivery.smtp.lanes import FAIR_S, READ, WRITE, Lanes


@pytest.fixture
def pairs():
    """Make connected pairs of sockets: ours, and the server's."""
    with ExitStack() as stack:

        def pair() -> tuple[socket.socket, socket.socket]:
            ours, servers = socket.socketpair()
            stack.enter_context(ours)
            stack.enter_context(servers)
            ours.settimeout(0)
            return ours, servers

        yield pair


def test_alone_it_waits_until_the_server_speaks(pairs):
    ours, server = pairs()
    server.send(b"250")
    assert Lanes().wait(ours, READ, 5)[0] == READ


def test_nothing_in_time_is_told_and_what_it_cost(pairs):
    ours, _ = pairs()
    ready, idle_s = Lanes().wait(ours, READ, 0.05)
    assert ready == 0
    assert idle_s >= 0.05


def test_a_socket_is_ready_for_what_was_asked(pairs):
    ours, server = pairs()
    assert Lanes().wait(ours, READ | WRITE, 5)[0] == WRITE
    server.send(b"250")
    assert Lanes().wait(ours, READ | WRITE, 5)[0] == READ | WRITE


def test_another_lane_works_while_one_waits(pairs):
    lanes, done = Lanes(), []
    (first, first_server), (second, second_server) = pairs(), pairs()

    def other() -> None:
        done.append("began")
        first_server.send(b"250")  # what the first lane waits for: it goes on as soon as this one waits
        lanes.wait(second, READ, 5)
        done.append("ended")

    lanes.begin(other)
    assert lanes.wait(first, READ, 5)[0] == READ
    assert done == ["began"]
    second_server.send(b"250")
    lanes.finish()
    assert done == ["began", "ended"]


def test_giving_way_lets_each_work_in_turn():
    lanes, done = Lanes(), []

    def other() -> None:
        for step in range(3):
            done.append(f"other {step}")
            lanes.give_way()

    lanes.begin(other)
    for step in range(5):
        done.append(f"own {step}")
        lanes.give_way()
    assert done == ["own 0", "other 0", "own 1", "other 1", "own 2", "other 2", "own 3", "own 4"]


def test_giving_way_alone_costs_nothing():
    assert Lanes().give_way() is None


def test_one_that_waits_in_vain_holds_up_nobody(pairs):
    lanes, ended = Lanes(), []
    (silent, _), (quick, quick_server) = pairs(), pairs()

    def waiting() -> None:
        ended.append(lanes.wait(silent, READ, 1.0)[0])

    lanes.begin(waiting)
    quick_server.send(b"250")
    assert lanes.wait(quick, READ, 5)[0] == READ
    assert ended == []
    lanes.finish()
    assert ended == [0]


def test_several_lanes_end_in_whatever_order(pairs):
    lanes, ended = Lanes(), []
    sockets = [pairs() for _ in range(4)]

    def waiting(number: int) -> None:
        lanes.wait(sockets[number][0], READ, 5)
        lanes.give_way()
        ended.append(number)

    for number in range(4):
        lanes.begin(lambda number=number: waiting(number))
    sockets[2][1].send(b"250")
    assert lanes.wait(pairs()[0], READ, 0.05)[0] == 0
    for number in (3, 0, 1):
        sockets[number][1].send(b"250")
    lanes.finish()
    assert sorted(ended) == [0, 1, 2, 3]
    assert ended[0] == 2


def test_a_lanes_error_is_raised_in_the_lane_that_began_it(pairs):
    lanes = Lanes()

    def broken() -> None:
        raise KeyboardInterrupt

    lanes.begin(broken)
    ours, server = pairs()
    with pytest.raises(KeyboardInterrupt):
        lanes.wait(ours, READ, 5)
    server.send(b"250")  # and the others go on
    assert lanes.wait(ours, READ, 5)[0] == READ


def test_one_that_never_waits_keeps_no_other_from_its_answer(pairs):
    lanes, done = Lanes(), []
    ours, server = pairs()

    def other() -> None:
        lanes.wait(ours, READ, 5)
        done.append("heard")

    lanes.begin(other)
    lanes.give_way()
    server.send(b"250")
    until = time.monotonic() + 100 * FAIR_S
    while not done and time.monotonic() < until:
        lanes.give_way()
    assert done == ["heard"]


def test_a_system_that_waits_less_than_it_is_told_is_told_again(pairs):
    class Early:
        def __init__(self, selector):
            self._selector = selector

        def __getattr__(self, name):
            return getattr(self._selector, name)

        def select(self, timeout):
            return self._selector.select(timeout / 2 if timeout > 0.01 else timeout)

    lanes = Lanes()
    lanes._selector = Early(lanes._selector)
    assert lanes.wait(pairs()[0], READ, 0.1)[0] == 0


def test_what_waits_by_itself_is_done_aside_while_another_works():
    lanes, done = Lanes(), []
    working = threading.Event()

    def other() -> None:
        done.append("worked")
        working.set()

    lanes.begin(other)
    assert lanes.aside(lambda: working.wait(30)) is True
    assert done == ["worked"]
    assert lanes.aside(threading.get_ident) == threading.get_ident()  # alone: nobody to make room for


def test_an_error_aside_is_raised_in_the_lane_that_wanted_it():
    lanes = Lanes()
    lanes.begin(lambda: None)
    with pytest.raises(ZeroDivisionError):
        lanes.aside(lambda: 1 // 0)
    lanes.finish()
