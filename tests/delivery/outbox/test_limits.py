"""The mail server's limits, shared by all workers: simultaneous connections and messages a minute."""

import threading
from datetime import timedelta

import pytest

from outreach.delivery.outbox import leases, limits
from outreach.domain.states import MessageState
from outreach.extensions import db
from tests.world import NOW, a_person, drain, invite_and_publish, outbox_now, send_through


def states() -> list[str]:
    return [state for _name, state, _reason in outbox_now()]


def test_a_connection_is_held_by_one_worker_until_it_is_released(any_app):
    assert limits.take_slot("w1", 2, 60, now=NOW) == 1
    assert limits.take_slot("w2", 2, 60, now=NOW) == 2
    assert limits.take_slot("w3", 2, 60, now=NOW) is None
    limits.free_slot(1, "w2")  # not theirs
    assert limits.take_slot("w3", 2, 60, now=NOW) is None
    limits.free_slot(1, "w1")
    assert limits.take_slot("w3", 2, 60, now=NOW) == 1


def test_a_dead_workers_connection_returns_when_its_lease_ends(any_app):
    assert limits.take_slot("w1", 1, 60, now=NOW) == 1
    assert limits.take_slot("w2", 1, 60, now=NOW + timedelta(seconds=59)) is None
    assert limits.take_slot("w2", 1, 60, now=NOW + timedelta(seconds=60)) == 1
    assert not limits.keep_slot(1, "w1", 60, now=NOW + timedelta(seconds=61))
    assert limits.keep_slot(1, "w2", 60, now=NOW + timedelta(seconds=61))


def test_a_released_connection_stays_free_though_its_holder_renews_it_a_moment_late(any_app):
    assert limits.take_slot("w1", 1, 60, now=NOW) == 1
    limits.free_slot(1, "w1")
    assert not limits.keep_slot(1, "w1", 60, now=NOW)
    assert limits.take_slot("w2", 1, 60, now=NOW) == 1


def test_parallel_workers_never_hold_more_connections_than_allowed(any_app):
    got: list[int | None] = []
    gate = threading.Barrier(6)

    def take(number: int) -> None:
        with any_app.app_context():
            gate.wait()
            got.append(limits.take_slot(f"w{number}", 3, 60, now=NOW))
            db.session.remove()

    threads = [threading.Thread(target=take, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(slot for slot in got if slot) == [1, 2, 3]


def test_nobody_sends_while_others_hold_every_connection(current_app_, any_app, server, activity, ani):
    send_through(any_app, server, mail_connections=1)
    invite_and_publish(activity, ani)
    assert limits.take_slot("elsewhere", 1, 60, now=NOW) == 1
    assert drain().sent == 0
    assert states() == ["due"]
    limits.free_slot(1, "elsewhere")
    assert drain().sent == 1


def test_at_most_the_allowed_messages_are_sent_and_the_rest_a_little_later(any_app, server, activity, clock):
    send_through(any_app, server, mail_per_minute=30, hand_over_group=2)
    invite_and_publish(activity, *[a_person(f"Warga{number}") for number in range(8)])
    assert drain(clock).sent + drain(clock, worker="w2").sent == 5
    assert states().count("due") == 3
    clock.now += timedelta(seconds=12)
    assert drain(clock).sent == 3


def test_a_minutes_messages_are_counted_once_for_all_workers(any_app):
    assert limits.left_now(36, now=NOW) == 6
    assert limits.take(4, 36, now=NOW) == 4
    assert limits.left_now(36, now=NOW) == 2
    assert limits.take(4, 36, now=NOW + timedelta(seconds=11)) == 2
    assert limits.take(4, 36, now=NOW + timedelta(seconds=11)) == 0
    assert limits.take(4, 36, now=NOW + timedelta(seconds=12)) == 4


def test_workers_that_count_the_very_first_messages_at_once_all_get_a_number(any_app):
    got: list[int] = []
    gate = threading.Barrier(6)

    def take() -> None:
        with any_app.app_context():
            gate.wait()
            got.append(limits.take(2, 30, now=NOW))
            db.session.remove()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == [0, 0, 0, 1, 2, 2]


def test_a_worker_with_a_slightly_slow_clock_counts_into_the_others_period(any_app):
    assert limits.take(9, 36, now=NOW + timedelta(seconds=12)) == 6
    assert limits.take(9, 36, now=NOW) == 0
    assert limits.take(9, 36, now=NOW + timedelta(seconds=24)) == 6


@pytest.mark.parametrize("most", [1, 4, 7, 30])
def test_no_period_of_sixty_seconds_has_more_than_a_minutes_messages(app, most):
    """With a request for the maximum every three seconds it never gives more, and at least five sixths of it."""
    times = range(0, 240, 3)
    taken = [limits.take(99, most, now=NOW + timedelta(seconds=second)) for second in times]
    for begin in times:
        assert sum(taken[begin // 3 : begin // 3 + 20]) <= most
    assert sum(taken) >= 4 * most * 5 // 6


def test_a_connection_carries_no_more_messages_than_allowed(any_app, server, activity):
    send_through(any_app, server, mail_per_connection=3)
    invite_and_publish(activity, *[a_person(f"Warga{number}") for number in range(7)])
    assert drain().sent == 7
    assert server.connections == 3


def test_leases_with_future_times_from_a_clock_set_back_return_at_once(any_app, server, activity, ani, clock):
    invite_and_publish(activity, ani)
    leases.claim("w1", 10, 60, now=NOW + timedelta(days=1))
    assert limits.take_slot("w1", 1, 60, now=NOW + timedelta(days=1)) == 1
    assert states() == [MessageState.LEASED]
    assert drain(clock, worker="w2").sent == 1
