"""A mail that was in doubt and then ends without arriving for certain: it may have arrived, and everybody is told so."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery.mail.frames.frame import Frames
from outreach.delivery.outbox import address_failures, leases, results
from outreach.delivery.outbox.prepare import Preparer
from outreach.domain.mail.address_faults import AddressFault
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import AddressFailure, Attempt, Message, Office, Person
from tests.servers.scripted import TAKE_AND_DROP, ScriptedServer
from tests.support.copied import copied
from tests.world import NOW, StandingClock, attempts, drain, invite_and_publish, outbox_now, send_through

IN_DOUBT = ("Ani", "unknown", "in_doubt")
LEASE_S = 60


@pytest.fixture
def breaking_server():
    """It takes each mail, but breaks the connection before it says so. `at` can be changed for the next try."""
    with ScriptedServer((), {("END", 0): TAKE_AND_DROP}) as server:
        yield server


@copied
def doubted(any_app, default_rules, activity, ani, breaking_server, clock) -> StandingClock:
    """One mail that was taken without a word. Return the clock, at the time of the next try."""
    send_through(any_app, breaking_server, mail_connections=1)
    invite_and_publish(activity, ani)
    drain(clock)
    assert outbox_now() == [("Ani", "retry", "in_doubt")]
    clock.now = the_mail().due_at
    return clock


def the_mail() -> Message:
    db.session.rollback()
    return db.session.scalars(sa.select(Message)).one()


def blocked() -> list[str]:
    return list(db.session.scalars(sa.select(AddressFailure.address).where(AddressFailure.blocked_at.is_not(None))))


def test_refused_at_its_repetition_it_is_unknown_and_the_address_is_not_blocked(doubted, breaking_server):
    breaking_server.at["END", 0] = "550 5.1.1 user unknown"
    drain(doubted)
    assert outbox_now() == [IN_DOUBT]
    assert [attempt[1:3] for attempt in attempts()] == [("unknown", None), ("failed", 550)]
    assert blocked() == []


def test_a_mail_that_was_never_in_doubt_still_fails_and_blocks_its_address(
    any_app, default_rules, activity, ani, breaking_server, clock
):
    send_through(any_app, breaking_server)
    breaking_server.at["END", 0] = "550 5.1.1 user unknown"
    invite_and_publish(activity, ani)
    drain(clock)
    assert outbox_now() == [("Ani", "failed", "refused")]
    assert blocked() == ["ani@example.com"]


def test_if_its_address_was_blocked_meanwhile_it_is_unknown(doubted):
    address_failures.block(db.session, "ani@example.com", AddressFault.UNKNOWN, "5.1.1", now=NOW)
    db.session.commit()
    drain(doubted)
    assert outbox_now() == [IN_DOUBT]


@pytest.mark.parametrize("address", ["", "ani@"], ids=["none", "not usable"])
def test_if_its_recipient_has_no_usable_address_any_more_it_is_unknown(doubted, address):
    db.session.execute(sa.update(Person).values(email=address))
    db.session.commit()
    drain(doubted)
    assert outbox_now() == [IN_DOUBT]


def test_if_it_can_no_longer_be_composed_it_is_unknown_once_it_is_useless(doubted, monkeypatch):
    monkeypatch.setattr(Frames, "plan", lambda *_arguments, **_named: 1 / 0)
    doubted.now = the_mail().expires_at - timedelta(seconds=20)
    drain(doubted)
    assert outbox_now() == [IN_DOUBT]
    assert [attempt[1] for attempt in attempts()] == ["unknown", "failed"]


def test_if_it_can_no_longer_be_read_it_is_unknown_once_it_is_useless(doubted, monkeypatch):
    monkeypatch.setattr(Preparer, "_prepare", lambda *_arguments: 1 / 0)
    doubted.now = the_mail().expires_at - timedelta(minutes=20)
    drain(doubted)
    assert outbox_now() == [IN_DOUBT]


def test_while_it_waits_for_the_offices_hours_it_still_says_that_it_may_have_arrived(doubted):
    office = db.session.scalars(sa.select(Office)).one()
    office.mails_from, office.mails_until = NOW.time().replace(hour=1), NOW.time().replace(hour=2)
    db.session.commit()
    drain(doubted)
    assert the_mail().due_at > doubted.now
    assert outbox_now() == [("Ani", "retry", "in_doubt")]


def crashed(clock: StandingClock) -> None:
    """A worker vanishes while it hands the mail over."""
    [lease] = leases.claim("w1", 1, LEASE_S, now=clock())
    results.turn([], [lease], "w1", lease_s=LEASE_S, now=clock())
    clock.now += timedelta(seconds=LEASE_S + 1)
    assert results.take_back("w2", LEASE_S, 50, now=clock()) == 1


def test_after_a_crash_it_is_repeated_as_late_as_after_any_other_doubt(doubted, monkeypatch):
    """The second doubt: two minutes, of which half is by chance."""
    monkeypatch.setattr(results.random, "random", lambda: 1.0)
    crashed(doubted)
    assert the_mail().due_at - doubted.now == timedelta(minutes=2)


def test_a_mail_that_kills_each_worker_is_not_repeated_at_once_when_it_is_nearly_useless(doubted):
    useless_at = the_mail().expires_at
    doubted.now = useless_at - timedelta(seconds=LEASE_S + 20)
    crashed(doubted)
    assert the_mail().due_at == useless_at
    assert Counter(db.session.scalars(sa.select(Attempt.outcome))) == {MessageState.UNKNOWN: 2}
