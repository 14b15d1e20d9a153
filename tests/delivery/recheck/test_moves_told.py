"""A change made while the first notice is being sent is notified once, whatever happens to the first worker. A notice
describes the move from the time that its reader last knew to the present time.
"""

import re
import threading
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery.outbox import leases, results
from outreach.delivery.outbox import settle as settling
from outreach.delivery.outbox.prepare import Preparer
from outreach.delivery.smtp.outcomes import Accepted
from outreach.domain.activities.values import Move
from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, MailKind
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.states import MessageState
from outreach.extensions import current_settings, db
from outreach.models import Activity, Invitation, Message, MessageLine, Reminder
from outreach.services.activities import move as moves
from outreach.services.answers import record as recording
from outreach.services.messages import resend as resending
from outreach.services.reminders import tick as reminding
from outreach.services.timetabling import apply as applying
from outreach.services.timetabling import result as timetabling_result
from outreach.services.timetabling import undo as undoing
from tests.servers.smtp import DROP_AFTER_TAKING
from tests.world import JAKARTA, at, drain, invite_and_publish, outbox_now
from tests.world.timetabling import a_request, searched

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")
LATER = timedelta(days=1)  # otherwise an invitation and a change on one day would be two mails of one day


def moved_unseen_to(activity, day: int, clock, reason: str = "bentrok") -> None:
    """Move the activity; the engine has not run since."""
    db.session.rollback()
    found = db.session.get(Activity, activity.id, populate_existing=True)
    move = Move(at(day), at(day, 12), JAKARTA, found.venue_id)
    moves.move(activity.id, move, reason, found.version, by=None, now=clock.now)


def moved_to(activity, day: int, clock) -> None:
    """Move the activity, run the engine, and let a minute pass."""
    moved_unseen_to(activity, day, clock)
    reminding.tick(clock.now)
    clock.now += timedelta(minutes=1)


@pytest.fixture
def invited(server, activity, ani, clock):
    """Ani got her invitation the day before."""
    invite_and_publish(activity, ani)
    drain(clock)
    assert server.recipients() == ["ani@example.com"]
    server.taken.clear()
    clock.now += LATER
    return activity


def lines_of(message_id: int) -> list[int]:
    return list(db.session.scalars(sa.select(MessageLine.id).where(MessageLine.message_id == message_id)))


def bodies(server) -> list[str]:
    return [taken.mail.get_body(("plain",)).get_content() for taken in server.taken]


def moves_told(server) -> list[tuple[int, int]]:
    """Return the old and the new day of January in each notice of a move."""
    days = re.compile(r"Semula: \w+, (\d+) Januari.*Menjadi: \w+, (\d+) Januari", re.DOTALL)
    return [(int(found[1]), int(found[2])) for found in map(days.search, bodies(server)) if found]


def drained(clock, *, times: int = 2) -> None:
    """Send what is due, and then what waited for it."""
    for _ in range(times):
        drain(clock)
        clock.now += timedelta(seconds=10)


def test_a_second_move_while_a_dead_worker_held_the_first_notice_gives_one_notice_of_both(invited, server, ani, clock):
    moved_to(invited, 20, clock)
    assert len(leases.claim("dead", 10, 120, now=clock.now)) == 1
    moved_to(invited, 21, clock)
    drain(clock)
    assert server.taken == []  # the worker may still be busy with it
    clock.now += timedelta(seconds=121)
    drain(clock)
    clock.now += timedelta(minutes=5)
    drain(clock)
    (body,) = bodies(server)
    assert "Senin, 18 Januari 2027" in body  # the time that Ani knew
    assert "Kamis, 21 Januari 2027" in body
    assert "20 Januari" not in body
    assert [(state, reason) for _name, state, reason in outbox_now()] == [
        ("sent", ""), ("skipped", "joined"), ("sent", "")
    ]  # fmt: skip


def test_a_second_move_while_the_first_notice_was_put_back_untried_gives_one_notice_of_both(
    invited, server, ani, clock
):
    moved_to(invited, 20, clock)
    held = leases.claim("w1", 10, 120, now=clock.now)
    moved_to(invited, 21, clock)
    leases.release(held, MessageState.LEASED)
    drain(clock)
    clock.now += timedelta(seconds=10)
    drain(clock)
    (body,) = bodies(server)
    assert "Senin, 18 Januari 2027" in body
    assert "Kamis, 21 Januari 2027" in body


def test_a_delayed_notice_of_a_move_is_not_sent_after_the_notice_of_the_next_move(invited, server, ani, clock):
    moved_to(invited, 20, clock)
    held = leases.claim("w1", 10, 120, now=clock.now)
    moved_to(invited, 21, clock)
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


def test_a_notice_that_may_have_arrived_is_still_repeated(invited, server, ani, clock):
    moved_to(invited, 20, clock)
    server.at["DATA"] = DROP_AFTER_TAKING
    drain(clock)
    server.at.clear()
    moved_to(invited, 21, clock)
    clock.now += timedelta(minutes=5)
    drained(clock)
    first, *others = server.taken
    assert [taken.message_id == first.message_id for taken in others].count(True) == 1
    assert sorted(moves_told(server)) == [(18, 20), (18, 21), (20, 21)]
    assert [(state, reason) for _name, state, reason in outbox_now()][1:] == [("sent", ""), ("sent", "")]


def test_an_undeliverable_newer_notice_does_not_hold_back_the_older(invited, server, ani, clock):
    moved_to(invited, 20, clock)
    held = leases.claim("w1", 10, 120, now=clock.now)
    moved_to(invited, 21, clock)
    newest = db.session.scalar(sa.select(sa.func.max(Message.id)))
    db.session.execute(sa.update(Message).where(Message.id == newest).values(state=MessageState.FAILED))
    db.session.commit()
    leases.release(held, MessageState.LEASED)
    drain(clock)
    assert "Kamis, 21 Januari 2027" in bodies(server)[0]


@pytest.mark.postgresql
@pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)
def test_a_notice_being_claimed_also_describes_the_move_of_the_older_notice_that_joins_it(
    any_app, invited, server, ani, clock
):
    """Its worker may have read it already, so no line can be merged into it."""
    moved_to(invited, 20, clock)
    (old,) = leases.claim("w1", 1, 120, now=clock.now)
    moved_to(invited, 21, clock)
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
        settling.start()
        settling.join(20)
        other.commit()
    assert not settling.is_alive()
    leases.release([leases.Lease(newest, 1)], MessageState.LEASED)
    drained(clock)
    assert moves_told(server) == [(18, 21)]


def test_a_notice_claimed_before_the_older_one_joined_it_starts_from_the_time_the_reader_knew(
    invited, server, ani, clock
):
    moved_to(invited, 20, clock)
    leases.release(leases.claim("w1", 1, 120, now=clock.now), MessageState.LEASED)
    (old,) = leases.claim("w2", 1, 120, now=clock.now)
    moved_to(invited, 21, clock)
    (newer,) = leases.claim("w3", 1, 120, now=clock.now)
    decided = Preparer(current_settings()).prepare([old], now=clock.now).decided
    assert [(settled.state, settled.reason) for settled in decided] == [(MessageState.SKIPPED, SkipReason.JOINED)]
    results.settle(decided, MessageState.LEASED, "w2", now=clock.now)
    leases.release([newer], MessageState.LEASED)
    drained(clock)
    assert moves_told(server) == [(18, 21)]


def test_a_move_already_described_by_a_sent_notice_is_not_notified_again(invited, server, ani, clock):
    """The second move came before the first notice was sent, and its own notice was written after that."""
    moved_to(invited, 20, clock)
    moved_unseen_to(invited, 21, clock, "banjir")
    drained(clock)
    assert moves_told(server) == [(18, 21)]
    assert "banjir" in bodies(server)[0]
    reminding.tick(clock.now)
    drained(clock)
    assert moves_told(server) == [(18, 21)]
    assert outbox_now()[-1][1:] == ("skipped", "known")
    moved_to(invited, 19, clock)
    drained(clock)
    assert moves_told(server) == [(18, 21), (21, 19)]


def test_a_person_first_invited_to_the_new_time_gets_no_notice_of_the_move(server, activity, ani, clock):
    invite_and_publish(activity, ani)
    (held,) = leases.claim("w1", 1, 120, now=clock.now)
    moved_to(activity, 20, clock)
    leases.release([held], MessageState.LEASED)
    drain(clock, limit=1)
    drained(clock)
    assert "Rabu, 20 Januari 2027" in bodies(server)[0]
    assert [(state, reason) for _name, state, reason in outbox_now()] == [("sent", ""), ("skipped", "known")]


def test_a_move_and_its_reversal_before_any_notice_was_sent_are_not_notified(invited, server, ani, clock):
    moved_to(invited, 20, clock)
    moved_to(invited, 18, clock)
    drained(clock)
    assert server.taken == []
    assert {(state, reason) for _name, state, reason in outbox_now()[1:]} == {("skipped", "known")}
    moved_to(invited, 21, clock)
    drained(clock)
    assert moves_told(server) == [(18, 21)]


def test_a_taken_proposal_undone_before_any_notice_was_sent_is_not_notified(invited, server, ani, clock):
    search = searched(a_request([invited], first_on=date(2027, 1, 20), last_on=date(2027, 1, 21)), now=clock.now)
    (line,) = timetabling_result.read(search.result).lines
    assert line.is_moved
    applying.apply(search.id, [invited.id], reason="Jadwal baru", by=None, now=clock.now)
    reminding.tick(clock.now)
    undoing.undo(search.id, reason="Kembali", by=None, now=clock.now)
    reminding.tick(clock.now)
    drained(clock)
    assert server.taken == []
    assert {(state, reason) for _name, state, reason in outbox_now()[1:]} == {("skipped", "known")}


def test_a_reversal_is_notified_where_the_first_notice_may_have_arrived(invited, server, ani, clock):
    moved_to(invited, 20, clock)
    server.at["DATA"] = DROP_AFTER_TAKING
    drain(clock)
    server.at.clear()
    moved_to(invited, 18, clock)
    drained(clock)
    clock.now += timedelta(minutes=5)
    drained(clock)
    assert moves_told(server) == [(18, 20), (20, 18), (20, 18)]


def test_a_repeated_invitation_with_the_new_time_does_not_replace_the_notice(server, activity, ani, clock):
    """Both copies have one Message-ID, so Ani may see only the first, with the old time."""
    invite_and_publish(activity, ani)
    server.at["DATA"] = DROP_AFTER_TAKING
    drain(clock)
    server.at.clear()
    moved_to(activity, 20, clock)
    clock.now += timedelta(minutes=5)
    drained(clock)
    assert len({taken.message_id for taken in server.taken}) == 2
    assert moves_told(server) == [(18, 20)]


def test_a_person_who_answered_for_the_new_time_before_its_notice_knows_that_time(invited, server, ani, clock):
    moved_to(invited, 20, clock)
    invitation = db.session.scalars(sa.select(Invitation)).one()
    recording.record_answer(invitation.id, Choice.COMING, AnswerSource.PHONE, by=None, now=clock.now)
    moved_to(invited, 18, clock)
    drained(clock)
    assert moves_told(server) == [(20, 18)]


def test_a_notice_waits_while_an_older_one_is_being_sent(invited, server, ani, clock):
    """What the older one has notified is known only once its result is recorded."""
    moved_to(invited, 20, clock)
    moved_unseen_to(invited, 21, clock)
    (old,) = leases.claim("w1", 1, 120, now=clock.now)
    (ready,) = Preparer(current_settings()).prepare([old], now=clock.now).ready
    results.turn([], [old], "w1", lease_s=120, now=clock.now)
    reminding.tick(clock.now)
    drain(clock)
    assert server.taken == []
    settled = settling.settled(ready, ready.planned.write(), Accepted(250, "Ok"), now=clock.now)
    results.settle([settled], MessageState.HANDING_OVER, "w1", now=clock.now)
    clock.now += timedelta(seconds=10)
    drain(clock)
    assert server.taken == []
    assert outbox_now()[-1][1:] == ("skipped", "known")


def test_a_notice_sent_again_by_hand_has_the_same_contents(invited, server, ani, clock):
    moved_to(invited, 20, clock)
    moved_unseen_to(invited, 21, clock)
    drained(clock)
    reminding.tick(clock.now)
    drained(clock)
    first = db.session.scalars(sa.select(Message.id).order_by(Message.id)).all()[1]
    resending.resend(first, by=None, now=clock.now)
    drained(clock)
    assert moves_told(server) == [(18, 21), (18, 21)]


def test_each_move_raises_the_sequence_by_one_and_writes_one_notice(invited, clock):
    """The sequence shows which move a reader was notified of."""
    for number, day in enumerate((20, 21, 18), 1):
        moved_to(invited, day, clock)
        sequence = db.session.get(Activity, invited.id, populate_existing=True).sequence
        notices = db.session.scalars(
            sa.select(Reminder.occurrence).where(Reminder.key == MailKind.CHANGE.value).order_by(Reminder.id)
        ).all()
        assert (sequence, notices) == (number, list(range(number)))
