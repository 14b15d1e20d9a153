"""The embedded engine ticks by itself, survives a failing tick, and never runs twice."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from outreach import clock
from outreach.delivery.smtp import Wire
from outreach.engines import loop
from outreach.engines.embedded import Engine
from outreach.extensions import db
from outreach.services import rules
from tests.conftest import draft_activity
from tests.delivery.outbox_help import invited, outbox_now, send_through
from tests.delivery.smtp_server import Server


@pytest.fixture
def server(app):
    with Server() as server:
        send_through(app, server, tick_s=0.2)
        yield server


@pytest.fixture
def invitation_due(app, office, ani):
    rules.install_defaults(now=clock.now())
    starts_at = clock.now() + timedelta(days=30)
    activity = draft_activity(
        None, None, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2),
        registration_at=None, respond_by_at=starts_at - timedelta(days=2),
    )  # fmt: skip
    invited(activity, ani, now=clock.now())
    db.session.remove()


def until(true, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


def test_a_due_mail_goes_out_by_itself(app, server, invitation_due):
    with Engine(app):
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


def test_making_the_app_starts_no_scheduler(app):
    import threading

    assert [thread.name for thread in threading.enumerate() if "APScheduler" in thread.name] == []


def test_stopping_waits_for_the_group_under_way(app, server, invitation_due):
    engine = Engine(app)
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
