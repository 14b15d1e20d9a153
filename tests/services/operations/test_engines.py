"""A heartbeat in the future, as after a clock was set back, does not count as a sign of life."""

from datetime import timedelta

import pytest

from outreach.domain.kinds import MailKind
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import Heartbeat, Message
from outreach.services.operations import checks as checking
from outreach.services.operations import engines as heartbeats
from tests.world import NOW

DAY = timedelta(days=1)


def test_a_heartbeat_in_the_future_counts_as_silence_until_the_next_tick(app):
    heartbeats.beat("ani:1", now=NOW + DAY)
    assert heartbeats.silent_since(now=NOW + DAY) is None
    assert heartbeats.silent_since(now=NOW) == NOW
    assert (heartbeats.last_sign(now=NOW), list(heartbeats.living(now=NOW))) == (None, [])
    heartbeats.beat("ani:1", now=NOW)
    assert heartbeats.silent_since(now=NOW) is None
    assert heartbeats.silent_since(now=NOW + timedelta(minutes=6)) == NOW


def test_a_dead_engines_heartbeat_in_the_future_does_not_hide_that_the_others_are_silent(app):
    db.session.add_all([Heartbeat(name="dead:1", at=NOW + DAY), Heartbeat(name="ani:1", at=NOW)])
    db.session.commit()
    assert heartbeats.silent_since(now=NOW + timedelta(minutes=4)) is None
    assert heartbeats.silent_since(now=NOW + timedelta(minutes=6)) == NOW
    assert [heartbeat.name for heartbeat in heartbeats.living(now=NOW)] == ["ani:1"]


@pytest.mark.parametrize(("ahead", "silent"), [(timedelta(minutes=4), False), (timedelta(minutes=6), True)])
def test_another_machines_clock_may_be_slightly_ahead(app, ahead, silent):
    heartbeats.beat("ani:1", now=NOW + ahead)
    assert (heartbeats.silent_since(now=NOW) is not None) is silent


def test_a_mail_sent_in_the_future_is_no_sign_of_life(app, ani):
    heartbeats.beat("ani:1", now=NOW)
    message = Message(
        person=ani, kind=MailKind.REMINDER, local_day=NOW.date(), due_at=NOW, expires_at=NOW + DAY,
        state=MessageState.SENT, sent_at=NOW + timedelta(minutes=4),
    )  # fmt: skip
    db.session.add(message)
    db.session.commit()
    assert heartbeats.silent_since(now=NOW + timedelta(minutes=6)) is None
    message.sent_at = NOW + DAY
    db.session.commit()
    assert heartbeats.silent_since(now=NOW + timedelta(minutes=6)) == NOW


def test_a_heartbeat_far_in_the_future_is_deleted(app):
    heartbeats.beat("dead:1", now=NOW + timedelta(days=365))
    heartbeats.beat("ani:1", now=NOW)
    assert [heartbeat.name for heartbeat in heartbeats.heard()] == ["ani:1"]


def test_the_doctor_counts_only_living_engines(app):
    db.session.add_all([Heartbeat(name="dead:1", at=NOW + DAY), Heartbeat(name="ani:1", at=NOW)])
    db.session.commit()
    found = [clash.text for clash in checking.engine(now=NOW)]
    assert found[0] == "1 engine at work; the last tick was at 04 Jan 01:00 UTC."
