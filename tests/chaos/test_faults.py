"""Every fault at every verb, from the tick to the mail server: nothing is lost or silent, and nothing is sent twice
unless the server kept a mail and broke the connection without a reply."""

import os
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.mail.failures import FailureReason
from outreach.domain.states import MessageState
from outreach.engines import loop
from outreach.extensions import db
from outreach.models import Attempt, Message
from outreach.queries.messages import log as messages
from outreach.services.messages import resend as resending
from tests.chaos.support.faults import (
    AUTH,
    CONNECT,
    DATA,
    DOT,
    DROP,
    DROP_AFTER_REPLY,
    DROP_AFTER_TAKING,
    EHLO,
    GARBAGE,
    HANG,
    HANG_AFTER_TAKING,
    MAIL,
    QUIT,
    RCPT,
    RSET,
    Fault,
)  # fmt: skip
from tests.chaos.support.harness import SinkProcess, install, look, office_with_invited
from tests.world import NOW

LONG = bool(os.environ.get("OUTREACH_CHAOS"))
PEOPLE = 5
WAYS = {"plainly": (), "pipelined": ("PIPELINING",), "in chunks": ("PIPELINING", "CHUNKING")}
PASSING = ("421 closing", "451 later", HANG, DROP, GARBAGE)
SILENT = (DROP_AFTER_TAKING, HANG_AFTER_TAKING)
FOR_ALL = (CONNECT, EHLO, AUTH)  # a fault here is no mail's fault


@pytest.fixture(params=WAYS if LONG else ("plainly", "in chunks"))
def sink(request, tmp_path):
    offered = (*WAYS[request.param], "AUTH PLAIN LOGIN")
    with SinkProcess(tmp_path / "sink.log", extensions=offered) as sink:
        yield sink


@pytest.fixture
def app(sink, tmp_path):
    """Five invited people with due mails; a server that does not answer is left after three seconds."""
    app = install(
        tmp_path, mail_server="127.0.0.1", mail_port=sink.port, mail_username="us", mail_password="secret",
        mail_timeout_s=3, mail_answer_s=4, hand_over_group=3,
    ).app()  # fmt: skip
    with app.app_context():
        office_with_invited(PEOPLE, NOW)
        yield app
        db.session.remove()
        db.engine.dispose()


class Day:
    """A clock that advances automatically, and the work at each of its steps.

    It waits for sending that still waits for the mail server's answer: minutes that pass here do not pass there.
    """

    def __init__(self, app) -> None:
        self.app, self.now, self.alarms = app, NOW, set()

    def work(self, minutes: float = 11, limit: int | None = None) -> None:
        assert loop.send(self.app, now=lambda: self.now, worker="w1", limit=limit) is not None
        loop.wait_for_answers()
        with self.app.app_context():
            if problem := messages.channel_problem():
                self.alarms.add(problem.trouble.value)
        self.now += timedelta(minutes=minutes)


def send_all_again(day: Day) -> None:
    for (id,) in look(Message.id, where=[Message.resend_of_id.is_(None)]):
        resending.resend(id, by=None, now=day.now)


def outcome() -> Counter[tuple[str, str]]:
    return Counter((row.state.value, row.reason) for row in look(Message.state, Message.reason))


def arrivals(sink: SinkProcess) -> Counter[str]:
    """Return how often each reader got a mail; a repetition with the same Message-ID counts once.

    A mail may be repeated only if its 250 was not received: it was kept without a reply, or its connection broke with a
    group of mails in transit.
    """
    took = sink.took()
    again = Counter(taken.message_id for taken in took) - Counter({taken.message_id: 1 for taken in took})
    grouped = len(sink.options["extensions"]) > 1
    not_yet_notified = [taken.message_id for taken in took if taken.why in SILENT or (grouped and taken.broken_off)]
    assert again - Counter(not_yet_notified) == Counter()
    return Counter(recipient for _id, recipient in {(taken.message_id, taken.recipient) for taken in took})


ONCE = Counter({f"warga{number}@example.com": 1 for number in range(PEOPLE)})


@pytest.mark.parametrize("verb", [CONNECT, EHLO, AUTH, MAIL, RCPT, DATA, DOT])
def test_temporary_faults_lose_no_mail_and_send_none_twice(app, sink, verb):
    day = Day(app)
    for rounds, what in enumerate(PASSING, 1):
        day.alarms.clear()
        sink.misbehave(Fault(verb, what, times=1, after=0 if verb in FOR_ALL else 1))
        day.work()
        assert sink.misbehave() == [0]  # it was met
        for _ in range(3):
            day.work(minutes=70)
        assert arrivals(sink) == Counter(dict.fromkeys(ONCE, rounds))
        assert outcome() == {("sent", ""): PEOPLE * rounds}
        if verb == CONNECT:
            assert day.alarms == {"unreachable"}  # staff could see it
        if what != PASSING[-1]:
            send_all_again(day)


@pytest.mark.parametrize("what", [DROP_AFTER_TAKING, HANG_AFTER_TAKING])
def test_only_mails_that_the_server_kept_without_a_reply_arrive_twice(app, sink, what):
    sink.misbehave(Fault(DOT, what, times=1, after=2))
    day = Day(app)
    for _ in range(8):
        day.work()
    kept = [taken.recipient for taken in sink.took() if taken.why]
    assert len(kept) == 1
    assert arrivals(sink) == ONCE
    assert Counter(taken.recipient for taken in sink.took()) == ONCE + Counter(kept)
    assert outcome() == {("sent", ""): PEOPLE}


def test_a_server_that_closes_after_its_250_gets_the_mail_once(app, sink):
    sink.misbehave(Fault(DOT, DROP_AFTER_REPLY, times=2, after=1))
    day = Day(app)
    for _ in range(8):
        day.work()
    assert arrivals(sink) == ONCE
    assert outcome() == {("sent", ""): PEOPLE}


@pytest.mark.parametrize("verb", [QUIT, RSET])
def test_a_fault_in_quit_or_reset_harms_nothing(app, sink, verb):
    day = Day(app)
    for rounds, what in enumerate((*PASSING, "550 no"), 1):
        sink.misbehave(Fault(verb, what), Fault(RCPT, "451 later", times=1, after=1))
        day.work()
        sink.misbehave()
        for _ in range(3):
            day.work(minutes=70)
        assert arrivals(sink) == Counter(dict.fromkeys(ONCE, rounds))
        assert outcome() == {("sent", ""): PEOPLE * rounds}
        send_all_again(day)


@pytest.mark.parametrize("verb", [RCPT, DATA, DOT])
def test_a_refused_recipient_fails_with_the_servers_words_and_the_others_get_their_mail(app, sink, verb):
    sink.misbehave(
        Fault(verb, "550 5.1.1 no such user", to="warga2@"), Fault(verb, "550 5.1.1 no such user", to="warga4@")
    )
    day = Day(app)
    for _ in range(8):
        day.work()
    assert arrivals(sink) == ONCE - Counter(["warga2@example.com", "warga4@example.com"])
    assert outcome() == {("sent", ""): PEOPLE - 2, ("failed", FailureReason.REFUSED): 2}
    refused = look(
        Message.address, Message.server_reply, Message.attempts, where=[Message.state == MessageState.FAILED]
    )
    assert refused == [(f"warga{n}@example.com", "5.1.1 no such user", 1) for n in (2, 4)]
    codes = db.session.scalars(sa.select(Attempt.code).where(Attempt.outcome == MessageState.FAILED)).all()
    assert codes == [550, 550]


@pytest.mark.parametrize(("verb", "what", "trouble"), [
    (CONNECT, "554 no service", "unreachable"), (EHLO, "550 who are you", "unreachable"), (AUTH, "535 wrong", "login"),
    (MAIL, "550 not you", "sender"), (MAIL, "530 log in first", "login"),
])  # fmt: skip
def test_a_refusal_of_the_sender_is_an_alarm_and_uses_up_no_mail(app, sink, verb, what, trouble):
    sink.misbehave(Fault(verb, what))
    day = Day(app)
    for _ in range(3):
        day.work()
    assert trouble in day.alarms
    assert arrivals(sink) == {}
    assert {state for state, _reason in outcome()} <= {"due", "retry"}
    sink.misbehave()
    for _ in range(3):
        day.work()
    assert messages.channel_problem() is None
    assert arrivals(sink) == ONCE
    assert outcome() == {("sent", ""): PEOPLE}


@pytest.mark.parametrize(("verb", "what"), [(RCPT, "451 greylisted"), (DOT, "452 full"), (DATA, DROP), (CONNECT, DROP)])
def test_an_endless_fault_ends_with_a_reason_when_a_mail_would_be_useless(app, sink, verb, what):
    sink.misbehave(Fault(verb, what))
    day = Day(app)
    for _ in range(32):
        day.work(minutes=24 * 60)
    assert arrivals(sink) == {}
    states = outcome()
    assert sum(states.values()) == PEOPLE
    assert {state for state, _reason in states} <= {"failed", "skipped", "unknown"}
    assert all(reason for _state, reason in states)


def test_random_faults_everywhere_lose_nothing(app, sink):
    """Faults at any verb for hours, then none: each mail arrives."""
    sink.misbehave(
        *(Fault(verb, what, chance=0.06) for verb in (MAIL, RCPT, DATA, DOT) for what in ("451 later", DROP))
    )
    day = Day(app)
    for _ in range(6):
        for _ in range(3):
            day.work()
        for (id,) in look(Message.id, where=[Message.state == MessageState.SENT, Message.resend_of_id.is_(None)]):
            with suppress(resending.StillUnderWay):
                resending.resend(id, by=None, now=day.now)
    sink.misbehave()
    for _ in range(5):
        day.work(minutes=70)
    arrivals(sink)
    ids = {taken.message_id for taken in sink.took()}
    for row in look(Message.state, Message.rfc_message_id):
        assert (row.state, row.rfc_message_id in ids) == (MessageState.SENT, True)
