"""A mail server that takes minutes to answer a whole mail: it is waited for, and nobody else waits."""

import threading
from collections import Counter
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from outreach import clock
from outreach.delivery.outbox.connection import Drainer
from outreach.delivery.outbox.job import Job
from outreach.domain.kinds import Role
from outreach.domain.states import MessageState
from outreach.engines import loop
from outreach.engines.embedded import EmbeddedEngine
from outreach.extensions import db
from outreach.models import Activity, Attempt, Message
from outreach.services.invitations import invite as inviting
from tests.delivery.wire_help import CHUNKING
from tests.servers.scripted import ScriptedServer
from tests.world import a_person, invite_many, send_through, until

pytestmark = pytest.mark.any_day
WAYS = {"plain": ((), "END"), "chunking": (CHUNKING, "BDAT")}


@pytest.fixture(params=WAYS)
def slow_server(request):
    """A server that answers the first reader's mail only once `answers` is set."""
    extensions, verb = WAYS[request.param]
    answers = threading.Event()

    def slow(recipient: str) -> None:
        if recipient == "warga0@example.com":
            answers.wait(60)

    with ScriptedServer(extensions, {(verb, 0): slow}) as server:
        server.answers = answers
        yield server
        answers.set()
        loop.wait_for_answers()


def states() -> Counter[MessageState]:
    db.session.rollback()
    found = Counter(db.session.scalars(sa.select(Message.state)))
    db.session.rollback()
    return found


def test_an_answer_that_takes_long_is_waited_for(any_app, office, slow_server):
    invite_many(1)
    send_through(any_app, slow_server, mail_timeout_s=0.2, mail_answer_s=60.0)
    threading.Timer(2.0, slow_server.answers.set).start()
    loop.send(any_app)
    loop.wait_for_answers()
    assert states() == {MessageState.SENT: 1}
    assert slow_server.recipients() == ["warga0@example.com"]


def test_meanwhile_all_other_mails_go_over_the_other_connections(any_app, office, slow_server):
    invite_many(30)
    send_through(any_app, slow_server, mail_timeout_s=0.2, mail_answer_s=60.0)
    for _ in range(3):  # the engine's next rounds
        loop.send(any_app)
    left = 30 - states()[MessageState.SENT]
    assert 1 <= left <= 3  # with it at most two that had begun on its connection
    assert states()[MessageState.HANDING_OVER] == left
    slow_server.answers.set()
    loop.wait_for_answers()
    for _ in range(3):
        loop.send(any_app)
    assert states() == {MessageState.SENT: 30}
    assert len(slow_server.taken) == 30
    assert db.session.scalar(sa.select(sa.func.count()).where(Attempt.outcome == MessageState.UNKNOWN)) == 0


def test_a_wait_that_could_not_be_noted_is_not_counted_as_over(any_app, office, slow_server, monkeypatch):
    """The database may be away while a process stops. Counted, the drain would never again notice that it only waits."""
    invite_many(1)
    send_through(any_app, slow_server, mail_timeout_s=0.2, mail_answer_s=60.0)
    counted: list[int] = []

    def away(drainer, *_arguments):
        raise OperationalError("", {}, Exception("away"))

    monkeypatch.setattr(Drainer, "_settle_handed", away)
    waits = Job.waits
    monkeypatch.setattr(Job, "waits", lambda job, waiting: counted.append(waiting) or waits(job, waiting))
    loop.send(any_app)
    loop.wait_for_answers()
    assert False not in counted


def test_what_falls_due_meanwhile_is_sent_by_the_engine(app, office, slow_server):
    invite_many(1)
    send_through(app, slow_server, mail_timeout_s=0.2, mail_answer_s=60.0)
    app.extensions["outreach"] = replace(app.extensions["outreach"], tick_s=0.1)
    activity_id = db.session.scalar(sa.select(Activity.id))
    ani_id = a_person("Ani").id
    db.session.rollback()
    with EmbeddedEngine(app, beside=()):
        assert until(lambda: states()[MessageState.HANDING_OVER], 60)
        inviting.invite_people([activity_id], [ani_id], Role.PARTICIPANT, by=None, now=clock.now())
        assert until(lambda: slow_server.recipients() == ["ani@example.com"], 60)
        assert until(lambda: states() == {MessageState.HANDING_OVER: 1, MessageState.SENT: 1}, 60)
        slow_server.answers.set()
        assert until(lambda: states() == {MessageState.SENT: 2}, 60)
