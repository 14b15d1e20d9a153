"""Delivery figures match what happened, on both databases; a silent engine is noticed."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import IncomingKind, IncomingOutcome
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.models import AddressFailure, Heartbeat, IncomingMail, Message
from outreach.services.inbox import waiting
from outreach.services.operations import engines as heartbeats
from outreach.services.operations import metrics
from outreach.services.operations.metrics import ChannelFigures
from outreach.services.reminders import tick as reminding
from tests.world import NOW, a_person, draft_activity, drain, invite_and_publish

pytestmark = pytest.mark.usefixtures("any_app", "default_rules", "server")
MINUTE = timedelta(minutes=1)


def figures_after(minutes: float):
    """Return the figures the given number of minutes after NOW."""
    return metrics.figures(now=NOW + minutes * MINUTE)


def test_an_empty_office_has_no_figures(office):
    found = figures_after(0)
    assert (found.due, found.waiting, found.queue_age_s, found.in_work, found.lateness_s) == (0, 0, 0.0, {}, {})
    assert (found.sent, found.not_sent, found.engine_age_s) == ({"1h": 0, "24h": 0}, {}, None)
    assert found.database_bytes > 10_000


def test_the_age_of_the_queue_is_that_of_its_longest_waiting_mail(activity, ani, budi):
    invite_and_publish(activity, ani, budi)
    found = figures_after(7)
    assert (found.due, found.queue_age_s) == (2, 7 * 60.0)
    assert found.reminders_scheduled > 0
    drain(NOW + 7 * MINUTE)
    found = figures_after(8)
    assert (found.due, found.queue_age_s, found.sent) == (0, 0.0, {"1h": 2, "24h": 2})


def test_lateness_covers_the_last_hour(activity, ani, budi):
    invite_and_publish(activity, ani)
    drain(NOW + 2 * MINUTE)
    invite_and_publish(draft_activity(None, None, 19), budi)
    drain(NOW + 10 * MINUTE)
    assert figures_after(11).lateness_s == {0.5: 600.0, 0.99: 600.0, 1: 600.0}
    assert figures_after(11).attempts == {MessageState.SENT: 2}
    assert figures_after(62 + 9).lateness_s == {}
    assert figures_after(62 + 9).sent == {"1h": 0, "24h": 2}


def test_failed_waiting_and_skipped_mails_are_counted_by_reason(server, activity, ani, budi):
    answers = {"ani@example.com": "550 no such user", "budi@example.com": "451 later"}
    server.at["RCPT"] = lambda address: answers.get(address)
    invite_and_publish(activity, ani, budi, a_person("Citra Dewi", email=""))
    drain(NOW)
    found = figures_after(1)
    told = {(state, window): number for (state, _reason, window), number in found.not_sent.items()}
    assert told == {
        (MessageState.FAILED, "1h"): 1, (MessageState.FAILED, "24h"): 1,
        (MessageState.SKIPPED, "1h"): 1, (MessageState.SKIPPED, "24h"): 1,
    }  # fmt: skip
    assert {reason for _state, reason, _window in found.not_sent} == {"refused", "no_address"}
    assert (found.retrying, found.attempts) == (
        1, {MessageState.FAILED: 1, MessageState.RETRY: 1, MessageState.SENT: 0},
    )  # fmt: skip


def test_a_failing_mail_server_is_down_and_paused(server, activity, ani):
    invite_and_publish(activity, ani)
    server.stop()
    drain(NOW)
    down = figures_after(0).channels["mail"]
    assert (down.up, down.failures, 0 < down.paused_s <= 60) == (False, 1, True)
    assert figures_after(60 * 24).channels["mail"] == ChannelFigures(up=False, paused_s=0.0, failures=1)


def test_incoming_mails_and_blocked_addresses_are_counted(office):
    to_read, refused = IncomingOutcome.TO_READ, IncomingOutcome.REFUSED
    for uid, outcome in enumerate((to_read, to_read, refused, refused, IncomingOutcome.APPLIED)):
        seen_at = NOW if uid == 1 else None
        db.session.add(
            IncomingMail(mailbox="m", uid_validity=1, uid=uid, received_at=NOW, kind=IncomingKind.LETTER, outcome=outcome,
                         seen_at=seen_at)
        )  # fmt: skip
    db.session.add(AddressFailure(address="a@example.com", blocked_at=NOW, last_at=NOW))
    db.session.add(AddressFailure(address="b@example.com", last_at=NOW))
    db.session.commit()
    assert (figures_after(0).incoming_to_read, figures_after(0).addresses_blocked) == (3, 1)
    assert waiting.count_waiting() == 3  # the menu says the same


def test_waiting_mails_are_counted_up_to_a_maximum(activity, ani, budi, monkeypatch):
    monkeypatch.setattr(metrics, "MOST_COUNTED", 3)
    invite_and_publish(activity, ani, budi, a_person("Citra Dewi"), a_person("Dian Eka"))
    for message in db.session.scalars(sa.select(Message)):
        message.due_at = NOW + 2 * MINUTE
    db.session.commit()
    found = figures_after(1)
    assert (found.due, found.waiting, found.reminders_scheduled) == (0, 3, 3)
    assert figures_after(3).due == 4


def test_the_figures_are_cached_for_some_seconds(activity, ani):
    before = figures_after(0)
    invite_and_publish(activity, ani)
    assert figures_after(4 / 60) is before
    assert figures_after(5 / 60).due == 1


def test_the_number_of_statements_does_not_grow_with_the_outbox(activity, ani, budi, queries):
    few = queries(lambda: figures_after(0))
    invite_and_publish(*(db.session.merge(row) for row in (activity, ani, budi)))
    drain(NOW)
    assert queries(lambda: figures_after(10)) == few


def test_an_engine_writes_a_heartbeat_once_a_minute_and_is_forgotten_after_a_week():
    heartbeats.beat("a:1", now=NOW)
    heartbeats.beat("a:1", now=NOW + timedelta(seconds=59))
    assert [(heartbeat.name, heartbeat.at) for heartbeat in heartbeats.heard()] == [("a:1", NOW)]
    heartbeats.beat("a:1", now=NOW + timedelta(seconds=60))
    heartbeats.beat("b:2", now=NOW + timedelta(days=7, seconds=61))
    assert [heartbeat.name for heartbeat in heartbeats.heard()] == ["b:2"]


def test_an_engine_is_silent_after_five_minutes_unless_mails_are_still_sent(activity, ani):
    assert heartbeats.silent_since(now=NOW) is None  # no engine has ever ticked: the overdue mails will show it
    heartbeats.beat("a:1", now=NOW)
    assert heartbeats.silent_since(now=NOW + timedelta(seconds=299)) is None
    assert heartbeats.silent_since(now=NOW + timedelta(seconds=300)) == NOW
    invite_and_publish(activity, ani)
    drain(NOW + 4 * MINUTE)
    assert heartbeats.silent_since(now=NOW + 5 * MINUTE) is None
    assert heartbeats.silent_since(now=NOW + 9 * MINUTE) == NOW + 4 * MINUTE
    assert figures_after(9).engine_age_s == 5 * 60.0


def test_another_living_engine_is_enough():
    for name, minutes in (("a:1", 0), ("b:2", 10)):
        db.session.add(Heartbeat(name=name, at=NOW + minutes * MINUTE))
    db.session.commit()
    assert heartbeats.silent_since(now=NOW + 12 * MINUTE) is None
    assert (figures_after(12).engines, figures_after(12).engine_age_s) == (1, 120.0)
    assert reminding.tick(NOW).expanded == 0
