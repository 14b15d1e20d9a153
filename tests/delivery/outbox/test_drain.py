"""Sending due messages: each once, outdated ones not at all, and nothing silently."""

import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery.outbox import leases, results
from outreach.domain.activities.values import Move
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import Role
from outreach.domain.states import InvitationState, MessageState
from outreach.extensions import db
from outreach.models import Message, MessageLine
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.reminders import rules
from outreach.services.reminders import tick as reminding
from tests.servers.scripted import ScriptedServer
from tests.servers.smtp import DROP, DROP_AFTER_TAKING, HANG
from tests.world import (
    JAKARTA,
    NOW,
    StandingClock,
    a_person,
    answer,
    at,
    attempts,
    draft_activity,
    drain,
    invitation_of,
    invite_and_publish,
    outbox_now,
    send_through,
)

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")


def one_message() -> Message:
    db.session.rollback()
    return db.session.scalars(sa.select(Message)).one()


def test_everyone_invited_gets_one_mail(server, activity, ani, budi):
    invite_and_publish(activity, ani, budi)
    assert drain().sent == 2
    assert server.recipients() == ["ani@example.com", "budi@example.com"]
    assert outbox_now() == [("Ani", "sent", ""), ("Budi", "sent", "")]
    assert attempts() == [("Ani", "sent", 250, "2.0.0 taken"), ("Budi", "sent", 250, "2.0.0 taken")]
    assert invitation_of(activity, ani).state is InvitationState.INVITED
    assert drain().sent == 0
    assert len(server.taken) == 2


def test_a_sent_message_records_its_address_and_its_contents(server, activity, ani):
    invite_and_publish(activity, ani)
    drain()
    message, mail = one_message(), server.taken[0]
    assert (message.address, message.subject) == ("ani@example.com", mail.mail["Subject"])
    assert message.rfc_message_id == mail.message_id
    assert message.sent_at == NOW
    assert message.leased_until is None
    assert mail.sender == "outreach@example.com"


def test_nothing_is_sent_before_it_is_due(server, activity, ani):
    invite_and_publish(activity, ani)
    assert drain(StandingClock(NOW - timedelta(seconds=1))).sent == 0
    assert drain(StandingClock(NOW)).sent == 1


def test_a_person_without_an_address_is_skipped_with_a_reason(server, activity, ani, office):
    kartini = a_person("Kartini", email="")
    invite_and_publish(activity, ani, kartini)
    drain()
    assert outbox_now() == [("Ani", "sent", ""), ("Kartini", "skipped", "no_address")]


def test_a_declined_invitation_gets_no_reminder(server, activity, ani, budi):
    invite_and_publish(activity, ani, budi)
    drain()
    three_before = StandingClock(at(15))
    reminding.tick(three_before())
    answer(activity, ani, Choice.NOT_COMING, now=three_before())
    drain(three_before)
    assert outbox_now()[2:] == [("Ani", "skipped", "answered"), ("Budi", "sent", "")]


def test_a_cancelled_activity_sends_only_the_cancellation(server, activity, ani):
    invite_and_publish(activity, ani)
    drain()
    three_before = at(15)
    reminding.tick(three_before)
    publishing.cancel(activity.id, "Aula rusak", by=None, now=three_before)
    reminding.tick(three_before)
    drain(StandingClock(three_before))
    assert [line.skipped for line in db.session.scalars(sa.select(MessageLine).order_by(MessageLine.id))][1:] == [
        "activity_cancelled",
        "",
    ]
    assert [taken.mail["Subject"].split(":")[0].lower() for taken in server.taken][1:] == ["dibatalkan"]


def test_a_person_never_notified_gets_no_cancellation(server, activity, ani):
    invite_and_publish(activity, ani)
    publishing.cancel(activity.id, "Aula rusak", by=None, now=NOW)
    reminding.tick(NOW)
    drain()
    assert server.taken == []
    assert {row[1] for row in outbox_now()} <= {"skipped", "cancelled"}


def test_a_move_after_the_invitation_was_sent_is_notified(server, activity, hall, ani):
    invite_and_publish(activity, ani)
    drain()
    later = at(5)
    moves.move(activity.id, Move(at(19), at(19, 12), JAKARTA, hall.id), "Aula dipakai", None, by=None, now=later)
    reminding.tick(later)
    drain(StandingClock(later))
    assert len(server.taken) == 2


def test_a_move_before_the_invitation_was_sent_needs_no_notice(server, activity, hall, ani):
    invite_and_publish(activity, ani)
    moves.move(activity.id, Move(at(19), at(19, 12), JAKARTA, hall.id), "Aula dipakai", None, by=None, now=NOW)
    reminding.tick(NOW)
    drain()
    assert len(server.taken) == 1
    assert "19" in str(server.taken[0].mail["Subject"])


def test_the_day_before_reminder_goes_to_a_representative_with_a_known_address(server, activity, ani):
    invite_and_publish(activity, ani)
    drain()
    answer(activity, ani, Choice.REPRESENTED, representative=Representative("Citra", email="citra@example.com"))
    reminding.tick(NOW)
    drain()
    reminding.tick(at(17))
    drain(StandingClock(at(17)))
    told = [(taken.recipient, taken.mail["Subject"].partition(":")[0]) for taken in server.taken]
    assert told == [
        ("ani@example.com", "Undangan"),
        ("citra@example.com", "Mohon hadir mewakili"),
        ("ani@example.com", "Yang mewakili"),
        ("citra@example.com", "Besok"),
    ]


def test_no_reminder_goes_out_on_a_day_with_a_mail_about_the_same_activity(server, activity, hall, ani):
    rules.install_defaults(now=NOW)
    invite_and_publish(activity, ani)
    drain()
    early = at(15, 7)
    moves.move(activity.id, Move(at(18, 9), at(18, 13), JAKARTA, hall.id), "Aula dipakai", None, by=None, now=early)
    reminding.tick(early)
    drain(StandingClock(early))
    assert len(server.taken) == 2
    reminding.tick(at(15))
    drain(StandingClock(at(15)))
    assert len(server.taken) == 2
    assert outbox_now() == [("Ani", "sent", ""), ("Ani", "sent", "")]
    reminded = db.session.scalars(
        sa.select(MessageLine.skipped).where(MessageLine.reminder.has(key="three-days-before"))
    )
    assert list(reminded) == ["said_by_another_line"]


def test_two_roles_in_one_activity_give_one_mail_with_one_line(server, activity, ani):
    inviting.invite_people([activity.id], [ani.id], Role.SPEAKER, by=None, now=NOW)
    invite_and_publish(activity, ani)
    drain()
    assert server.recipients() == ["ani@example.com"]
    lines = db.session.scalars(sa.select(MessageLine).order_by(MessageLine.skipped))
    assert [line.skipped for line in lines] == ["", "said_by_another_line"]


def test_a_temporary_refusal_is_tried_again_with_the_same_message_id(server, activity, ani, clock):
    invite_and_publish(activity, ani)
    server.at["RCPT"] = "451 4.7.1 later please"
    assert drain(clock).retried == 1
    assert outbox_now() == [("Ani", "retry", "temporary")]
    assert attempts() == [("Ani", "retry", 451, "4.7.1 later please")]
    first_id = one_message().rfc_message_id
    assert drain(clock).sent == 0
    server.at.clear()
    clock.now = one_message().due_at
    assert clock.now > NOW
    assert drain(clock).sent == 1
    assert server.taken[0].message_id == first_id
    assert one_message().attempts == 2


def test_delays_grow_and_end_before_the_activity_begins(server, office, ani, clock):
    tonight = NOW + timedelta(hours=8)
    activity = draft_activity(
        None, None, starts_at=tonight, ends_at=tonight + timedelta(hours=1), registration_at=None, respond_by_at=tonight
    )
    invite_and_publish(activity, ani)
    server.at["RCPT"] = "451 later"
    gaps = []
    while (message := one_message()).state in (MessageState.DUE, MessageState.RETRY):
        clock.now = max(clock.now, message.due_at)
        drain(clock)
        gaps.append(one_message().due_at - clock.now)
    assert outbox_now() == [("Ani", "failed", "gave_up")]
    assert timedelta(seconds=30) <= gaps[0] <= timedelta(minutes=1)
    assert timedelta(minutes=30) <= gaps[8] <= timedelta(hours=1)
    assert tonight - timedelta(minutes=1) < clock.now < tonight


def test_a_refused_recipient_fails_at_once_and_affects_nobody_else(server, activity, ani, budi):
    invite_and_publish(activity, ani, budi)
    server.at["RCPT"] = lambda address: "550 5.1.1 no such user" if address.startswith("ani") else None
    drain()
    assert outbox_now() == [("Ani", "failed", "refused"), ("Budi", "sent", "")]
    assert attempts()[0] == ("Ani", "failed", 550, "5.1.1 no such user")


def test_a_refused_body_fails_that_message(server, activity, ani):
    invite_and_publish(activity, ani)
    server.at["DATA"] = "554 5.7.1 looks like spam"
    drain()
    assert outbox_now() == [("Ani", "failed", "refused")]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
def test_a_hanging_server_costs_only_time(server, activity, ani, verb):
    invite_and_publish(activity, ani)
    server.at[verb] = HANG
    drain()
    assert outbox_now() == [("Ani", "retry", "in_doubt" if verb == "DATA" else "temporary")]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT"])
def test_a_dropped_connection_is_tried_again(server, activity, ani, budi, verb, clock):
    invite_and_publish(activity, ani, budi)
    server.at[verb] = lambda address: DROP if "ani" in address or verb == "MAIL" else None
    drain(clock)
    assert outbox_now()[0] == ("Ani", "retry", "temporary")
    server.at.clear()
    clock.now += timedelta(minutes=2)
    drain(clock)
    assert server.recipients() == ["ani@example.com", "budi@example.com"]


def test_a_mail_without_a_final_reply_is_repeated_with_the_same_id_until_it_is_answered(server, activity, ani, clock):
    invite_and_publish(activity, ani)
    server.at["DATA"] = DROP_AFTER_TAKING
    for _ in range(5):
        drain(clock)
        assert outbox_now() == [("Ani", "retry", "in_doubt")]
        clock.now += timedelta(hours=1)
    server.at.clear()
    drain(clock)
    assert outbox_now() == [("Ani", "sent", "")]
    assert len(server.taken) == 6
    assert len({taken.message_id for taken in server.taken}) == 1
    assert [attempt[1] for attempt in attempts()] == ["unknown"] * 5 + ["sent"]


def test_the_repetitions_of_a_mail_in_doubt_come_ever_later(server, activity, ani, clock):
    invite_and_publish(activity, ani)
    server.at["DATA"] = DROP_AFTER_TAKING
    waited = []
    for _ in range(6):
        drain(clock)
        waited.append((one_message().due_at - clock.now) / timedelta(minutes=1))
        clock.now = one_message().due_at
    assert all(0.5 * 2**at <= minutes <= 2**at for at, minutes in enumerate(waited))


def test_a_mail_in_doubt_is_unknown_once_it_would_be_useless(server, activity, ani, clock):
    invite_and_publish(activity, ani)
    server.at["DATA"] = DROP_AFTER_TAKING
    while clock.now < one_message().expires_at:
        drain(clock)
        clock.now += timedelta(hours=6)
    drain(clock)
    assert outbox_now() == [("Ani", "unknown", "in_doubt")]


def test_an_invitee_whose_invitation_is_in_doubt_counts_as_invited(server, activity, ani, clock):
    """The mail may have arrived: its link must work."""
    invite_and_publish(activity, ani)
    server.at["DATA"] = DROP_AFTER_TAKING
    drain(clock)
    assert invitation_of(activity, ani).state is InvitationState.INVITED


def test_a_server_that_disconnects_repeatedly_is_paused(server, activity, office, clock):
    people = [a_person(f"Warga{number}") for number in range(8)]
    invite_and_publish(activity, *people)
    server.at["RCPT"] = DROP
    drain(clock)
    states = [row[1] for row in outbox_now()]
    assert (states.count("retry"), states.count("due")) == (
        4,
        4,
    )  # the fourth mail was started before the third connection broke
    server.at.clear()
    assert drain(clock).sent == 0
    clock.now += timedelta(minutes=15)
    assert drain(clock).sent == 8


def test_an_unreachable_server_uses_up_no_attempts_and_raises_an_alarm(
    current_app_, server, activity, ani, budi, clock
):
    from outreach.queries.messages import log as messages

    invite_and_publish(activity, ani, budi)
    server.stop()
    drain(clock)
    assert outbox_now() == [("Ani", "due", ""), ("Budi", "due", "")]
    assert attempts() == []
    problem = messages.channel_problem()
    assert (problem.trouble, problem.since_at, problem.failures) == ("unreachable", NOW, 1)
    server.start()
    assert drain(clock).sent == 0  # the channel is paused
    clock.now = problem.paused_until
    assert drain(clock).sent == 2
    assert messages.channel_problem() is None


def test_a_refused_sender_pauses_the_channel(server, activity, ani, budi, clock):
    from outreach.queries.messages import log as messages

    invite_and_publish(activity, ani, budi)
    server.at["MAIL"] = "550 5.7.1 not your address"
    drain(clock)
    assert outbox_now() == [("Ani", "due", ""), ("Budi", "due", "")]
    assert messages.channel_problem().trouble == "sender"
    assert "5.7.1 not your address" in messages.channel_problem().reply


def test_one_connection_carries_a_batch(server, activity, office):
    invite_and_publish(activity, *[a_person(f"Warga{number}") for number in range(45)])
    assert drain().sent == 45
    assert server.connections == 1


def test_two_workers_never_claim_the_same(server, activity, office):
    invite_and_publish(activity, *[a_person(f"Warga{number}") for number in range(6)])
    first = leases.claim("w1", 4, 60, now=NOW)
    second = leases.claim("w2", 4, 60, now=NOW)
    assert (len(first), len(second)) == (4, 2)
    assert {lease.message_id for lease in first} & {lease.message_id for lease in second} == set()


def test_an_expired_lease_returns_and_its_worker_records_nothing(server, activity, ani, clock):
    invite_and_publish(activity, ani)
    [old] = leases.claim("w1", 10, 60, now=NOW)
    assert drain(clock).sent == 0
    clock.now += timedelta(seconds=61)
    assert drain(clock).sent == 1
    late = results.Settled(old, MessageState.FAILED, "refused", tried=True)
    assert results.settle([late], MessageState.LEASED, "w1", now=clock()) == []
    assert outbox_now() == [("Ani", "sent", "")]


def test_each_crash_during_sending_is_counted_and_the_mail_repeated(server, activity, ani, clock):
    invite_and_publish(activity, ani)
    for crashes in range(1, 5):
        [lease] = leases.claim("w1", 10, 60, now=clock())
        results.turn([], [lease], "w1", lease_s=60, now=clock())
        assert drain(clock).unknown == 0  # the worker may still be busy with it
        clock.now += timedelta(seconds=61)
        results.take_back("w2", 60, 50, now=clock())
        assert outbox_now() == [("Ani", "retry", "in_doubt")]
        assert [attempt[1] for attempt in attempts()] == ["unknown"] * crashes
        clock.now = max(clock.now, one_message().due_at)
    drain(clock)
    assert outbox_now() == [("Ani", "sent", "")]
    assert one_message().attempts == 5


def test_a_groups_lease_is_renewed_when_its_sending_begins(server, activity, ani, clock):
    """Its lease may have expired while the database was away: it must not become "in doubt" while it is sent."""
    invite_and_publish(activity, ani)
    [lease] = leases.claim("w1", 10, 60, now=clock())
    clock.now += timedelta(seconds=70)
    assert results.turn([], [lease], "w1", lease_s=60, now=clock()) == ([], {lease})
    clock.now += timedelta(seconds=59)
    results.take_back("w2", 60, 50, now=clock())
    assert outbox_now() == [("Ani", "handing_over", "")]
    clock.now += timedelta(seconds=1)
    results.take_back("w2", 60, 50, now=clock())
    assert outbox_now() == [("Ani", "retry", "in_doubt")]


def test_no_line_is_merged_into_a_claimed_message(server, activity, hall, programme, ani):
    other_activity = draft_activity(programme, hall, 19, title="Pelatihan", public_title="Pelatihan")
    invite_and_publish(activity, ani)
    leases.claim("w1", 10, 60, now=NOW)
    invite_and_publish(other_activity, ani)
    db.session.rollback()
    assert [len(message.lines) for message in db.session.scalars(sa.select(Message))] == [1, 1]


def test_stopping_puts_claimed_messages_back(current_app_, server, activity, office):
    invite_and_publish(activity, *[a_person(f"Warga{number}") for number in range(45)])
    send_through(current_app_, server, hand_over_group=20)
    asked = iter([False, False, True, True])
    assert drain(stop=lambda: next(asked)).sent == 20
    states = [row[1] for row in outbox_now()]
    assert (states.count("sent"), states.count("due")) == (20, 25)


def test_no_transaction_is_open_during_the_talk_with_the_server(server, activity, ani):
    seen, pool = [], db.engine.pool
    server.at["RCPT"] = lambda _address: seen.append(pool.checkedout())
    invite_and_publish(activity, ani)
    drain()
    assert seen == [0]


def test_the_number_of_queries_for_a_group_does_not_grow_with_it(current_app_, server, activity, office, queries):
    send_through(current_app_, server, hand_over_group=100)
    invite_and_publish(activity, *[a_person(f"Warga{number}") for number in range(3)])
    few = queries(drain)
    other_activity = draft_activity(None, None, 25)
    invite_and_publish(other_activity, *[a_person(f"Kader{number}") for number in range(3)])
    same = queries(drain)
    assert same <= few + 2


def test_many_mails_use_two_connections_and_few_use_one(any_app, activity, office, monkeypatch):
    monkeypatch.setattr(
        "outreach.delivery.outbox.connection.FAR_S", 60.0
    )  # the server counts as near, however busy this machine is
    people = [a_person(f"Warga{number}") for number in range(60)]
    with ScriptedServer() as server:

        def wait_for_the_second(_address) -> None:
            end = time.monotonic() + 30
            while server.connections < 3 and time.monotonic() < end:
                time.sleep(0.01)

        send_through(any_app, server, mail_timeout_s=60, hand_over_group=5, claim_size=10)
        invite_and_publish(activity, *people[:9])
        assert (drain().sent, server.connections) == (9, 1)
        server.taken.clear()
        server.at["MAIL", 20] = wait_for_the_second  # otherwise the first could be finished before the second begins
        invite_and_publish(draft_activity(None, None, 25), *people[9:])
        assert (drain().sent, server.connections) == (51, 3)
        assert sorted(server.recipients()) == sorted(person.email for person in people[9:])


def test_one_connection_is_made_where_only_one_is_allowed(current_app_, server, activity, office):
    send_through(current_app_, server, hand_over_group=5, claim_size=10, mail_connections=1)
    invite_and_publish(activity, *[a_person(f"Warga{number}") for number in range(40)])
    assert (drain().sent, server.connections) == (40, 1)


def test_repeated_failures_of_one_connection_leave_the_others_mails_to_it(
    current_app_, server, activity, office, monkeypatch
):
    monkeypatch.setattr("outreach.delivery.outbox.connection.FAR_S", 60.0)
    send_through(current_app_, server, hand_over_group=5, claim_size=10)
    invite_and_publish(activity, *[a_person(f"Warga{number}") for number in range(60)])
    server.at["DATA"] = lambda address: DROP if address.startswith(("warga3@", "warga33@")) else None
    done = drain()
    assert (done.sent, done.retried) == (58, 2)
    assert len(server.recipients()) == len(set(server.recipients())) == 58
