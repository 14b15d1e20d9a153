"""Connecting takes time, and a server may refuse a further connection: neither delays the first connection."""

from datetime import timedelta

import sqlalchemy as sa

from outreach.delivery.outbox import channel
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity
from tests.servers.narrow import NarrowServer
from tests.world import a_person, drain, invite_and_publish, outbox_now, send_through

PEOPLE = 40


def narrow(app, server: NarrowServer, activity) -> None:
    send_through(app, server, hand_over_group=5, claim_size=10, mail_timeout_s=30.0)
    invite_and_publish(activity, *[a_person(f"Warga{number}") for number in range(PEOPLE)])


def test_if_the_second_connection_has_to_wait_the_first_sends_everything(app, office, activity):
    with NarrowServer(1) as server:
        narrow(app, server, activity)
        assert drain().sent == server.taken == PEOPLE
    assert channel.trouble() is None


def test_a_refused_further_connection_raises_no_alarm(app, office, activity):
    with NarrowServer(1, refuses=True) as server:
        narrow(app, server, activity)
        assert drain().sent + drain().sent == server.taken == PEOPLE
        assert server.refused
    assert channel.trouble() is None


def test_changes_during_connecting_are_checked_again(app, office, activity, ani, clock):
    def cancelled_meanwhile() -> None:
        clock.now += timedelta(seconds=20)
        with app.app_context():
            db.session.execute(sa.update(Activity).values(state=ActivityState.CANCELLED))
            db.session.commit()

    with NarrowServer(1, greeting=cancelled_meanwhile) as server:
        send_through(app, server)
        invite_and_publish(activity, ani)
        assert (drain(clock).sent, server.taken) == (0, 0)
    assert [state for _name, state, _reason in outbox_now()] == ["skipped"]


def test_a_slow_server_with_a_low_rate_limit_still_gets_all_mails(app, office, activity, ani, clock):
    def slow() -> None:
        clock.now += timedelta(seconds=20)

    with NarrowServer(1, greeting=slow) as server:
        send_through(app, server, mail_per_minute=6, mail_per_connection=1)
        invite_and_publish(activity, ani, a_person("Bodo"))
        for _ in range(2):
            drain(clock)
            clock.now += timedelta(seconds=12)
        assert server.taken == 2
