"""What is told anew while the first mail about it is still under way is told once, whatever becomes of the first's worker."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery import leases, results
from outreach.domain.states import MessageState
from outreach.domain.truth import SkipReason
from outreach.extensions import db
from outreach.models import Activity, Message, MessageLine
from outreach.services import publishing, reminding
from outreach.services.publishing import Move
from tests.conftest import JAKARTA, at
from tests.delivery.outbox_help import drain, invited, outbox_now
from tests.delivery.smtp_server import DROP_AFTER_TAKING

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")
LATER = timedelta(days=1)  # an invitation and a change on one day would be two mails of one day


def moved_to(activity, day: int, clock) -> None:
    """Move the activity, tell the engine, and let a minute pass."""
    db.session.rollback()
    version = db.session.get(Activity, activity.id, populate_existing=True).version
    move = Move(at(day), at(day, 12), JAKARTA, None)
    publishing.move(activity.id, move, "bentrok", version, by=None, now=clock.now)
    reminding.tick(clock.now)
    clock.now += timedelta(minutes=1)


@pytest.fixture
def told(server, activity, ani, clock):
    """Ani has had her invitation, the day before."""
    invited(activity, ani)
    drain(clock)
    assert server.recipients() == ["ani@example.com"]
    server.taken.clear()
    clock.now += LATER
    return activity


def lines_of(message_id: int, session=db.session) -> list[int]:
    return list(session.scalars(sa.select(MessageLine.id).where(MessageLine.message_id == message_id)))


def bodies(server) -> list[str]:
    return [taken.mail.get_body(("plain",)).get_content() for taken in server.taken]


def test_a_second_move_while_a_dead_worker_held_the_notice_of_the_first_is_one_notice_of_both(told, server, ani, clock):
    moved_to(told, 20, clock)
    assert len(leases.claim("dead", 10, 120, now=clock.now)) == 1
    moved_to(told, 21, clock)
    drain(clock)
    assert server.taken == []  # the worker may still be at it
    clock.now += timedelta(seconds=121)
    drain(clock)
    clock.now += timedelta(minutes=5)
    drain(clock)
    (body,) = bodies(server)
    assert "Senin, 18 Januari 2027" in body  # as Ani knew it
    assert "Kamis, 21 Januari 2027" in body
    assert "20 Januari" not in body
    assert [(state, reason) for _name, state, reason in outbox_now()] == [
        ("sent", ""), ("skipped", "joined"), ("sent", "")
    ]  # fmt: skip


def test_a_second_move_while_the_first_notice_was_put_back_untried_is_one_notice_of_both(told, server, ani, clock):
    moved_to(told, 20, clock)
    held = leases.claim("w1", 10, 120, now=clock.now)
    moved_to(told, 21, clock)
    leases.release(held, MessageState.LEASED)
    drain(clock)
    clock.now += timedelta(seconds=10)
    drain(clock)
    (body,) = bodies(server)
    assert "Senin, 18 Januari 2027" in body
    assert "Kamis, 21 Januari 2027" in body


def test_the_notice_of_a_move_that_was_put_off_does_not_follow_that_of_the_next(told, server, ani, clock):
    moved_to(told, 20, clock)
    held = leases.claim("w1", 10, 120, now=clock.now)
    moved_to(told, 21, clock)
    put_off = results.Settled(
        held[0], MessageState.RETRY, "temporary", tried=True, due_at=clock.now + timedelta(hours=1)
    )
    assert results.settle([put_off], MessageState.LEASED, "w1", now=clock.now) == [put_off]
    drain(clock)
    clock.now += timedelta(hours=2)
    drain(clock)
    assert len(server.taken) == 1
    assert [(state, reason) for _name, state, reason in outbox_now()] == [
        ("sent", ""), ("skipped", "joined"), ("sent", "")
    ]  # fmt: skip


def test_what_may_have_arrived_is_still_repeated(told, server, ani, clock):
    moved_to(told, 20, clock)
    server.at["DATA"] = DROP_AFTER_TAKING
    drain(clock)
    server.at.clear()
    moved_to(told, 21, clock)
    clock.now += timedelta(minutes=5)
    drain(clock)
    first, *others = server.taken
    assert [taken.message_id == first.message_id for taken in others].count(True) == 1
    assert [(state, reason) for _name, state, reason in outbox_now()][1:] == [("sent", ""), ("sent", "")]


def test_where_the_newer_notice_cannot_be_delivered_the_older_is_not_kept_back(told, server, ani, clock):
    moved_to(told, 20, clock)
    held = leases.claim("w1", 10, 120, now=clock.now)
    moved_to(told, 21, clock)
    newest = db.session.scalar(sa.select(sa.func.max(Message.id)))
    db.session.execute(sa.update(Message).where(Message.id == newest).values(state=MessageState.FAILED))
    db.session.commit()
    leases.release(held, MessageState.LEASED)
    drain(clock)
    assert "Kamis, 21 Januari 2027" in bodies(server)[0]


@pytest.mark.postgresql
@pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)
def test_nothing_is_laid_into_a_newer_notice_that_is_just_being_claimed(any_app, told, ani, clock):
    """Its worker may have read it already: what is laid into it then would be told by nobody."""
    moved_to(told, 20, clock)
    (old,) = leases.claim("w1", 10, 120, now=clock.now)
    moved_to(told, 21, clock)
    (line_id,) = lines_of(old.message_id)
    newest = db.session.scalar(sa.select(sa.func.max(Message.id)))
    db.session.rollback()
    joined = results.Settled(old, MessageState.SKIPPED, "joined", skipped_lines={line_id: SkipReason.JOINED})

    def settle() -> None:
        with any_app.app_context():
            results.settle([joined], MessageState.LEASED, "w1", now=clock.now)
            db.session.remove()

    settling = threading.Thread(target=settle)
    with db.engine.connect() as other:
        claiming = sa.update(Message).where(Message.id == newest)
        other.execute(claiming.values(state=MessageState.LEASED, fence=1, merge_key=None))
        read = lines_of(newest, other)
        settling.start()
        settling.join(2)  # or waits for the other
        other.commit()
    settling.join(20)
    assert not settling.is_alive()
    assert (lines_of(old.message_id), lines_of(newest)) == ([line_id], read)
