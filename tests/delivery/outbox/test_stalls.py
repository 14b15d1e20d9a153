"""A mail is checked at most a second before it is sent, also if the database or the mail server stalls in between."""

import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery.outbox import limits, results
from outreach.delivery.outbox.prepare import Preparer
from outreach.delivery.smtp.pipeline import SLOW_S
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity
from tests.delivery.wire_help import CHUNKING, PIPELINING
from tests.servers.scripted import DROP, ScriptedServer
from tests.world import a_person, attempts, drain, invite_and_publish, outbox_now, send_through

pytestmark = [pytest.mark.usefixtures("any_app", "default_rules"), pytest.mark.slow]
A_STALL = timedelta(seconds=5)


def cancelled(app) -> None:
    """Cancel every activity over another connection."""
    with app.app_context():
        db.session.execute(sa.update(Activity).values(state=ActivityState.CANCELLED))
        db.session.commit()


def stalling(monkeypatch, owner, name: str, clock, at: range, meanwhile=lambda: None) -> None:
    """Make a step last five seconds, with an event during it, at each of its calls listed in `at` (from 1)."""
    step, taken = getattr(owner, name), []

    def slow(*arguments, **named):
        found = step(*arguments, **named)
        taken.append(name)
        if len(taken) in at:
            clock.now += A_STALL
            meanwhile()
        return found

    monkeypatch.setattr(owner, name, slow)


@pytest.mark.parametrize(
    ("owner", "name"), [(Preparer, "prepare"), (results, "settle"), (limits, "take"), (results, "turn")]
)
def test_changes_while_the_database_stalled_are_checked_again_before_the_first_mail(
    any_app, server, activity, ani, budi, clock, monkeypatch, owner, name
):
    """In the second group the connection is already open; one of its messages has no address and is settled before."""
    send_through(any_app, server, mail_per_minute=600, mail_connections=1, hand_over_group=2, claim_size=2)
    invite_and_publish(activity, ani, budi, a_person("Alif", email=""), a_person("Citra"))
    stalling(monkeypatch, owner, name, clock, range(2, 3), lambda: cancelled(any_app))
    assert drain(clock).sent == 2
    assert sorted(server.recipients()) == ["ani@example.com", "budi@example.com"]
    assert [state for _name, state, _reason in outbox_now()] == ["sent", "sent", "skipped", "skipped"]
    assert len(attempts()) == 2


def test_mails_recorded_before_a_stall_are_sent_after_it(any_app, server, activity, ani, budi, clock, monkeypatch):
    invite_and_publish(activity, ani, budi)
    stalling(monkeypatch, results, "turn", clock, range(1, 2))
    assert drain(clock).sent == 2
    assert sorted(server.recipients()) == ["ani@example.com", "budi@example.com"]


def test_mails_are_sent_even_if_every_group_stalls(any_app, server, activity, ani, budi, clock, monkeypatch):
    invite_and_publish(activity, ani, budi)
    stalling(monkeypatch, results, "turn", clock, range(1, 1000))
    assert drain(clock).sent == 2


@pytest.mark.parametrize(
    ("extensions", "at", "limit"),
    [
        *[(extensions, {}, 1) for extensions in ((), PIPELINING, CHUNKING)],
        *[(extensions, {("MAIL", 2): "421 closing"}, 0) for extensions in ((), PIPELINING, CHUNKING)],
        *[(extensions, {("RCPT", 2): DROP}, 0) for extensions in ((), PIPELINING)],
    ],
)
def test_changes_while_a_further_connection_was_made_are_checked_again(
    any_app, activity, ani, budi, clock, extensions, at, limit
):
    def slow(_recipient) -> None:
        clock.now += A_STALL
        cancelled(any_app)

    with ScriptedServer(extensions, {**at, ("GREETING", 2): slow}) as server:
        send_through(any_app, server, mail_per_connection=limit)
        invite_and_publish(activity, ani, budi, a_person("Citra"))
        drain(clock)
        assert len(server.taken) == 1
        assert server.connections == 2
    assert [state for _name, state, _reason in outbox_now()].count("sent") == 1


@pytest.mark.parametrize("extensions", [(), PIPELINING])
def test_changes_while_a_slow_server_took_one_mail_are_checked_again_before_the_next(
    any_app, activity, ani, budi, clock, extensions
):
    """The server is slow with each mail; the change during the second affects the others, which are not yet sent."""

    def slow(recipient) -> None:
        time.sleep(SLOW_S + 0.1)
        clock.now += A_STALL
        if len(server.taken) == 1:
            cancelled(any_app)

    with ScriptedServer(extensions, {("END", 0): slow}) as server:
        send_through(any_app, server, mail_connections=1)
        invite_and_publish(activity, ani, budi, *[a_person(f"Warga{number}") for number in range(4)])
        assert drain(clock).sent == len(server.taken) == 2
    assert len(attempts()) == 2
