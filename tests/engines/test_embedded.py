"""The embedded engine ticks automatically, survives a failing tick, and never runs twice."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from outreach import clock
from outreach.delivery.smtp.wire import Wire
from outreach.domain.kinds import Role
from outreach.engines import loop
from outreach.engines.chores import BESIDE, INBOX, Chore
from outreach.engines.embedded import EmbeddedEngine
from outreach.extensions import db
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.reminders import rules
from outreach.settings import Settings
from tests.world import a_person, draft_activity, invite_and_publish, outbox_now, until

pytestmark = [pytest.mark.any_day, pytest.mark.slow]


@pytest.fixture
def sending_settings():
    return {"tick_s": 0.2}


@pytest.fixture
def invitation_due(app, office, ani):
    rules.install_defaults(now=clock.now())
    invite_and_publish(next_month(), ani, now=clock.now())
    db.session.remove()


def test_a_due_mail_is_sent_automatically(app, server, invitation_due):
    with EmbeddedEngine(app):
        assert until(lambda: server.recipients() == ["ani@example.com"])
        assert until(lambda: outbox_now() == [("Ani", "sent", "")])


def test_a_failing_tick_is_logged_without_names_and_the_next_one_runs(app, server, invitation_due, capsys):
    extension = app.extensions.pop("mail")
    assert loop.tick(app) is None
    app.extensions["mail"] = extension
    logged = capsys.readouterr()
    assert "Ani" not in logged.err + logged.out
    app.extensions["outreach"] = replace(app.extensions["outreach"])
    with app.app_context():
        assert loop.tick(app).sent == 1


def test_creating_the_app_starts_no_scheduler(app):
    import threading

    assert [thread.name for thread in threading.enumerate() if "APScheduler" in thread.name] == []


def test_stopping_waits_for_the_current_group(app, server, invitation_due):
    engine = EmbeddedEngine(app)
    engine.start()
    assert until(lambda: server.taken)
    engine.stop()
    assert outbox_now() == [("Ani", "sent", "")]


def test_a_wire_closes_quietly_when_the_server_is_gone(app, server):
    wire = Wire(app.extensions["mail"], app.extensions["outreach"])
    with wire:
        wire.open()
        server.stop()
    assert wire.host is None


def test_chores_run_regularly_beside_sending_and_a_failed_chore_runs_again(app, server, capsys):
    done = []

    def fail_first(now, _stop) -> dict[str, int]:
        done.append(now())
        if len(done) == 1:
            raise ValueError("Ani's address")
        return {}

    chores = [Chore("often", lambda _s: 0.1, fail_first), Chore("never", lambda _s: 0, lambda *_: done.append("never"))]
    with EmbeddedEngine(app, beside=chores):
        assert until(lambda: len(done) >= 2)
    assert "never" not in done
    logged = capsys.readouterr()
    assert "Ani" not in logged.out + logged.err


def test_the_mailbox_is_only_polled_if_there_is_one():
    assert INBOX in BESIDE
    assert INBOX.every_s(Settings()) == 0
    assert INBOX.every_s(Settings(imap_server="imap.example.com", imap_poll_s=30)) == 30


def test_mails_that_become_due_during_a_large_batch_do_not_wait_for_its_end(app, office, ani, server):
    app.extensions["outreach"] = replace(app.extensions["outreach"], drain_size=4, claim_size=4, hand_over_group=2)
    rules.install_defaults(now=clock.now())
    first, second = next_month(), next_month()
    invite_and_publish(first, *[a_person(f"Warga{number}") for number in range(40)], now=clock.now())
    server.at["DATA"] = lambda _address: time.sleep(0.05)
    with EmbeddedEngine(app):
        assert until(lambda: server.taken)
        inviting.invite_people([second.id], [ani.id], Role.CADRE, by=None, now=clock.now())
        publishing.publish([second.id], by=None, now=clock.now())
        assert until(lambda: len(outbox_now()) == 41)
        assert len(server.taken) < 40
        server.at.clear()
        assert until(lambda: {state for _name, state, _reason in outbox_now()} == {"sent"})
    assert len(set(server.recipients())) == len(server.taken) == 41


def next_month():
    """Return a draft whose invitations are sent at once."""
    starts_at = clock.now() + timedelta(days=30)
    return draft_activity(
        None, None, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2),
        registration_at=None, respond_by_at=starts_at - timedelta(days=2),
    )  # fmt: skip
