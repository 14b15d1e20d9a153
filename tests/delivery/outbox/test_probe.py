"""An alarm about the mail server ends when its cause ends, whether or not a mail waits or arrives."""

from datetime import datetime, timedelta

import pytest

from outreach.delivery.outbox import channel, leases
from outreach.delivery.smtp.wire import ChannelDown
from outreach.domain.mail.failures import ChannelTrouble
from outreach.extensions import db
from outreach.services.activities import publish as publishing
from outreach.transactions import writing
from tests.delivery.wire_help import WAYS
from tests.servers.scripted import DROP, ScriptedServer
from tests.servers.smtp import Server
from tests.world import NOW, drain, invite_and_publish, outbox_now, send_through

NOT_OURS = "550 5.7.1 not your address"
NOBODY = "550 5.1.1 nobody"


def trouble() -> ChannelTrouble | None:
    db.session.rollback()
    found = channel.trouble()
    return found.trouble if found else None


def pause_over() -> datetime:
    until = channel.trouble().paused_until
    db.session.rollback()
    return until


def raised(trouble: ChannelTrouble) -> None:
    """Raise an alarm at NOW, as a drain does."""
    with writing() as session:
        channel.alarm(session, ChannelDown(trouble, None, "as it was"), now=NOW)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (ChannelTrouble.UNREACHABLE, None),
        (ChannelTrouble.TLS, None),
        (ChannelTrouble.LOGIN, None),
        (ChannelTrouble.SENDER, None),
        (ChannelTrouble.UNRELIABLE, None),
        (ChannelTrouble.RELAY, ChannelTrouble.RELAY),  # it has accepted no recipient yet
    ],
)
def test_a_refused_recipient_shows_that_the_server_responds_again(
    app, office, activity, ani, clock, way, fault, expected
):
    with ScriptedServer(WAYS[way], {("RCPT", 0): NOBODY}) as server:
        send_through(app, server)
        invite_and_publish(activity, ani)
        raised(fault)
        clock.now = pause_over()
        drain(clock)
        assert outbox_now() == [("Ani", "failed", "refused")]
        assert trouble() is expected


@pytest.mark.parametrize("way", WAYS)
def test_an_accepted_recipient_shows_that_mail_is_relayed_even_if_the_mail_is_refused(
    app, office, activity, ani, clock, way
):
    with ScriptedServer(WAYS[way], {("END", 0): "552 full", ("BDAT", 0): "552 full"}) as server:
        send_through(app, server)
        invite_and_publish(activity, ani)
        raised(ChannelTrouble.RELAY)
        clock.now = pause_over()
        drain(clock)
        assert trouble() is None


@pytest.mark.parametrize("way", WAYS)
def test_a_successful_login_proves_nothing_about_the_sender(app, office, activity, ani, clock, way):
    with ScriptedServer(WAYS[way], {("MAIL", 0): "451 ask later"}) as server:
        send_through(app, server)
        invite_and_publish(activity, ani)
        raised(ChannelTrouble.SENDER)
        clock.now = pause_over()
        drain(clock)
        assert (outbox_now()[0][1], trouble()) == ("retry", ChannelTrouble.SENDER)


def test_a_server_that_disconnects_once_more_is_not_yet_reliable(app, office, activity, ani, clock):
    with ScriptedServer((), {("DATA", 0): DROP}) as server:
        send_through(app, server)
        invite_and_publish(activity, ani)
        raised(ChannelTrouble.UNRELIABLE)
        clock.now = pause_over()
        drain(clock)
        assert trouble() is ChannelTrouble.UNRELIABLE


def test_the_server_is_tried_when_its_pause_ends_though_no_mail_waits(any_app, server, activity, ani, clock):
    invite_and_publish(activity, ani)
    server.at["MAIL"] = NOT_OURS
    drain(clock)
    assert trouble() is ChannelTrouble.SENDER
    publishing.cancel(activity.id, "Aula rusak", by=None, now=NOW)
    clock.now = pause_over()
    drain(clock)  # the invitation is no longer needed, and was not sent
    db.session.rollback()
    again = pause_over()
    assert (outbox_now()[0][1], again) == ("skipped", clock.now)
    drain(clock)  # so the server is tried, and still refuses
    assert (trouble(), pause_over() > clock.now) == (ChannelTrouble.SENDER, True)
    assert channel.trouble().failures == 2
    server.at.clear()
    connections = server.connections
    drain(clock)
    assert server.connections == connections  # the channel is paused
    clock.now = pause_over()
    assert leases.portions(10, 3, 60, now=clock.now - timedelta(seconds=1)) == 0
    assert leases.portions(10, 3, 60, now=clock.now) == 1
    drain(clock)
    assert (trouble(), server.connections, server.taken) == (None, connections + 1, [])
    assert leases.portions(10, 3, 60, now=clock.now) == 0
    drain(clock)
    assert server.connections == connections + 1


def test_a_server_with_only_temporary_refusals_keeps_its_alarm(any_app, server, clock):
    raised(ChannelTrouble.SENDER)
    server.at["MAIL"] = "451 greylisted"
    clock.now = pause_over()
    drain(clock)
    assert (trouble(), channel.trouble().failures) == (ChannelTrouble.SENDER, 1)
    assert channel.trouble().paused_until > clock.now


def test_one_worker_tries_and_the_others_wait_for_its_result(any_app):
    raised(ChannelTrouble.LOGIN)
    until = pause_over()
    assert not channel.take_trial(until - timedelta(seconds=1))
    assert channel.take_trial(until)
    assert not channel.take_trial(until)


def test_another_failure_is_reported_as_it_is(any_app, clock):
    with Server() as server:
        send_through(any_app, server)
    raised(ChannelTrouble.SENDER)
    clock.now = pause_over()
    drain(clock)
    assert trouble() is ChannelTrouble.UNREACHABLE


def test_a_failure_found_meanwhile_is_not_cleared_with_another(any_app):
    raised(ChannelTrouble.SENDER)
    channel.clear({ChannelTrouble.UNREACHABLE, ChannelTrouble.TLS})
    assert trouble() is ChannelTrouble.SENDER
    channel.clear({ChannelTrouble.SENDER})
    assert trouble() is None


def test_the_trial_uses_the_sender_of_the_mails(any_app, server, clock):
    send_through(any_app, server, mail_return_path="bounces+{id}@example.com")
    named = []
    server.at["MAIL"] = lambda address: named.append(address)
    raised(ChannelTrouble.SENDER)
    clock.now = pause_over()
    drain(clock)
    assert [address.split("-")[0] for address in named] == ["bounces+0"]
