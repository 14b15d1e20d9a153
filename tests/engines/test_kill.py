"""Workers killed in the middle of sending: nothing is lost, and at most the hand-over group is doubled."""

import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from outreach import clock
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Message
from outreach.services import rules
from tests.conftest import draft_activity
from tests.delivery.outbox_help import invited
from tests.delivery.smtp_server import Server

PEOPLE = 40
KILLS = 3
GROUP = 5


@pytest.fixture
def many_invited(any_app, office):
    """Many people invited to an activity next month; their mails are due now."""
    from tests.conftest import a_person

    rules.install_defaults(now=clock.now())
    starts_at = clock.now().replace(microsecond=0) + timedelta(days=30)
    activity = draft_activity(
        None, None, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2),
        registration_at=None, respond_by_at=starts_at - timedelta(days=2),
    )  # fmt: skip
    invited(activity, *[a_person(f"Warga{i}") for i in range(PEOPLE)], now=clock.now())
    db.session.remove()


def worker(app, server: Server) -> subprocess.Popen:
    settings = app.extensions["outreach"]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.engines.worker_process", str(settings.instance), str(server.port), settings.database_url],
        cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip


def wait_until(true, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.005)
    assert true()


def test_kill_9_loses_nothing_and_doubles_at_most_the_hand_over_group(any_app, many_invited):
    in_flight = 0
    with Server() as server:
        for _ in range(KILLS):
            before = len(server.taken)
            process = worker(any_app, server)
            wait_until(lambda: len(server.taken) >= before + 7)  # noqa: B023
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
            db.session.rollback()
            handing_over = sa.select(sa.func.count()).where(Message.state == MessageState.HANDING_OVER)
            now_in_flight = db.session.scalar(handing_over)
            db.session.rollback()
            assert now_in_flight <= GROUP
            in_flight += now_in_flight
            time.sleep(2.1)  # its lease runs out
        last = worker(any_app, server)
        assert last.communicate(timeout=60)[0].endswith("ready\ndone\n")
        assert last.returncode == 0
        got = Counter(server.recipients())
    assert len(got) == PEOPLE  # none lost
    assert sum(got.values()) - PEOPLE <= in_flight  # doubled at most what was on the wire
    assert max(got.values()) <= 2
    ids = {}
    for taken in server.taken:
        ids.setdefault(taken.recipient, set()).add(taken.message_id)
    assert {len(found) for found in ids.values()} == {1}  # a repeated mail is known as the same one
    states = Counter(db.session.scalars(sa.select(Message.state)))
    assert set(states) <= {MessageState.SENT, MessageState.UNKNOWN}
    assert sum(states.values()) == PEOPLE
