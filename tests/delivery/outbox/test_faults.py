"""Faults inside a drain: no known result is lost, nothing is sent twice, and one bad message stops no other."""

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery.mail.frames import outline as outlines
from outreach.delivery.mail.frames.frame import Frames
from outreach.delivery.outbox import channel, keeper, leases, results
from outreach.delivery.outbox import connection as drainer
from outreach.delivery.outbox import drain as outbox
from outreach.delivery.smtp.wire import Wire
from outreach.domain.mail.failures import ChannelTrouble
from outreach.extensions import db
from outreach.services.activities import publish as publishing
from tests.delivery.wire_help import CHUNKING, PIPELINING
from tests.servers.scripted import ScriptedServer
from tests.world import (
    NOW,
    StandingClock,
    a_person,
    attempts,
    drain,
    invite_and_publish,
    outbox_now,
    send_through,
    until,
)

AFTER_A_LEASE = timedelta(seconds=130)


def several(activity, number: int) -> None:
    invite_and_publish(activity, *[a_person(f"Warga{place}") for place in range(number)])


def most_often(scripted_server) -> int:
    return max(Counter(scripted_server.recipients()).values())


@pytest.fixture
def scripted_server():
    with ScriptedServer(extensions=()) as scripted_server:
        yield scripted_server


def test_a_mail_that_cannot_be_composed_delays_no_other(app, office, activity, clock, scripted_server, monkeypatch):
    send_through(app, scripted_server)
    several(activity, 5)
    plan, planned = Frames.plan, []

    def breaking(self, *arguments, **named):
        planned.append(plan(self, *arguments, **named))
        return planned[-1] if len(planned) != 4 else planned[-1]._replace(write=lambda: 1 / 0)

    monkeypatch.setattr(Frames, "plan", breaking)
    assert drain(clock).sent == 4
    assert [row[1:] for row in outbox_now() if row[1] != "sent"] == [("retry", "not_composed")]


def test_known_results_are_recorded_when_the_connection_breaks(
    app, office, activity, clock, scripted_server, monkeypatch
):
    send_through(app, scripted_server)
    several(activity, 8)
    hand_over_group = Wire.hand_over_group

    def breaking(self, mails):
        for number, outcome in enumerate(hand_over_group(self, mails)):
            if number == 3:
                raise ZeroDivisionError
            yield outcome

    monkeypatch.setattr(Wire, "hand_over_group", breaking)
    with pytest.raises(ZeroDivisionError):
        drain(clock)
    states = Counter(row[1:] for row in outbox_now())
    assert states["sent", ""] == 3
    assert states["due", ""] >= 2
    assert states["retry", "in_doubt"] == 5 - states["due", ""]
    monkeypatch.undo()
    clock.now += timedelta(minutes=2)
    drain(clock)
    assert len(set(scripted_server.recipients())) == 8
    assert len(scripted_server.taken) <= 8 + states["retry", "in_doubt"]


def test_known_results_wait_for_a_database_that_is_away(app, office, activity, clock, scripted_server, monkeypatch):
    monkeypatch.setattr(drainer.time, "sleep", lambda _seconds: None)
    send_through(app, scripted_server, hand_over_group=2)
    several(activity, 6)
    turn, asked = results.turn, []

    def away(*arguments, **named):
        asked.append(1)
        if 2 <= len(asked) <= 20:
            raise sa.exc.OperationalError("UPDATE", {}, Exception("away"))
        return turn(*arguments, **named)

    monkeypatch.setattr(results, "turn", away)
    assert drain(clock).sent == 6
    assert most_often(scripted_server) == 1


@pytest.mark.parametrize("lost", [1, 2])
def test_a_commit_without_a_reply_is_repeated(app, office, activity, clock, scripted_server, monkeypatch, lost):
    monkeypatch.setattr(drainer.time, "sleep", lambda _seconds: None)
    send_through(app, scripted_server, hand_over_group=2)
    several(activity, 4)
    turn, asked = results.turn, []

    def not_yet_notified(*arguments, **named):
        found = turn(*arguments, **named)
        asked.append(1)
        if len(asked) == lost:
            raise sa.exc.OperationalError("COMMIT", {}, Exception("server closed the connection"))
        return found

    monkeypatch.setattr(results, "turn", not_yet_notified)
    drain(clock)
    assert [state for _name, state, _reason in outbox_now()] == ["sent"] * 4
    assert most_often(scripted_server) == 1
    assert len(attempts()) == 4  # each is recorded once


def test_a_result_whose_reply_text_cannot_be_stored_is_recorded_without_it(
    any_app, office, activity, clock, scripted_server
):
    scripted_server.at["END", 0] = "250 ok \0 queued"
    send_through(any_app, scripted_server)
    several(activity, 3)
    assert drain(clock).sent == 3
    clock.now += AFTER_A_LEASE
    assert drain(clock).sent == 0


@pytest.mark.parametrize(("extensions", "each_s", "mails"), [(CHUNKING, 0.2, 25), (PIPELINING, 1.0, 5)])
def test_a_slow_server_costs_no_lease(app, office, activity, clock, extensions, each_s, mails, monkeypatch):
    """Only the server takes time here: each of its replies moves the clock. Another worker looks for work meanwhile."""
    monkeypatch.setattr(keeper, "RENEWALS", 300)
    renew, renewed = leases.renew, threading.Event()

    def renewing(*arguments):
        renew(*arguments)
        renewed.set()

    monkeypatch.setattr(leases, "renew", renewing)
    with ScriptedServer(extensions=extensions) as scripted_server:

        def slow(_recipient: str) -> None:
            clock.now += timedelta(seconds=each_s)
            renewed.clear()
            renewed.wait(60)  # time passes for the keeper, too

        for verb in ("BDAT", "END"):
            scripted_server.at[verb, 0] = slow
        send_through(app, scripted_server, lease_s=3, mail_timeout_s=60)
        several(activity, mails)
        db.session.remove()

        def work(name: str) -> None:
            with app.app_context():
                outbox.drain(now=clock, worker=name)
                db.session.remove()

        slowly = threading.Thread(target=work, args=("w1",))
        slowly.start()
        while slowly.is_alive():
            work("w2")
        assert len(set(scripted_server.recipients())) == mails
        assert most_often(scripted_server) == 1


def test_one_unreadable_message_delays_no_other(app, office, activity, scripted_server):
    send_through(app, scripted_server)
    several(activity, 30)
    first = "(SELECT person_id FROM message ORDER BY id LIMIT 1)"
    db.session.execute(sa.text(f"UPDATE person SET sex = 'x' WHERE id = {first}"))
    db.session.commit()
    assert drain(StandingClock(NOW)).sent == 29
    left = db.session.execute(sa.text("SELECT state, reason FROM message WHERE state <> 'sent'")).all()
    assert [tuple(row) for row in left] == [("retry", "not_composed")]


def test_no_invitation_is_sent_long_after_its_activity_was_cancelled(app, office, activity, clock, scripted_server):
    reached, cancelled = threading.Event(), threading.Event()

    def hold_up(_recipient: str) -> None:
        clock.now += timedelta(seconds=0.3)
        reached.set()
        cancelled.wait()

    scripted_server.at["END", 0] = hold_up
    send_through(app, scripted_server, mail_timeout_s=60)
    several(activity, 20)
    activity_id = activity.id
    db.session.remove()

    def work() -> None:
        with app.app_context():
            drain(clock)
            db.session.remove()

    sending = threading.Thread(target=work)
    sending.start()
    reached.wait()
    publishing.cancel(activity_id, "Aula rusak", by=None, now=clock())
    cancelled.set()
    sending.join()
    assert 1 <= len(scripted_server.taken) <= 12


def test_further_connections_close_with_their_drain(app, office, activity, clock, scripted_server, monkeypatch):
    scripted_server.at["END", 0] = lambda _recipient: time.sleep(0.05)
    send_through(app, scripted_server, claim_size=10, hand_over_group=5)
    several(activity, 80)
    turn, asked = results.turn, []

    def breaking(settled, next_ones, worker, **named):
        asked.append(worker)
        if asked.count("w1") == 6:
            assert until(lambda: {"w1/2", "w1/3"} <= set(asked))
            raise ZeroDivisionError
        return turn(settled, next_ones, worker, **named)

    monkeypatch.setattr(results, "turn", breaking)
    with pytest.raises(ZeroDivisionError):
        drain(clock)
    assert {"w1/2", "w1/3"} <= set(asked)
    taken = len(scripted_server.taken)
    time.sleep(0.3)
    assert len(scripted_server.taken) == taken
    assert most_often(scripted_server) == 1


def test_a_password_that_cannot_be_encoded_raises_an_alarm(app, office, activity, clock):
    with ScriptedServer(extensions=("AUTH PLAIN",)) as scripted_server:
        send_through(app, scripted_server)
        app.extensions["mail"].username, app.extensions["mail"].password = "kantor", "pässwörd"
        several(activity, 1)
        assert drain(clock).sent == 0
        assert channel.trouble().trouble is ChannelTrouble.LOGIN
        assert [state for _name, state, _reason in outbox_now()] == ["due"]


def test_a_database_error_during_planning_is_not_counted_against_the_messages(
    any_app, office, activity, clock, scripted_server, monkeypatch
):
    send_through(any_app, scripted_server)
    several(activity, 6)
    stored, asked = outlines.texts.stored, []

    def cut_off(session, activities):
        asked.append(1)
        if len(asked) == 1:
            session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))  # SQLite does not know it either
        return stored(session, activities)

    monkeypatch.setattr(outlines.texts, "stored", cut_off)
    with pytest.raises(sa.exc.OperationalError):
        drain(clock)
    db.session.rollback()
    assert {row[1:] for row in outbox_now()} == {("due", "")}
    assert drain(clock).sent == 6
