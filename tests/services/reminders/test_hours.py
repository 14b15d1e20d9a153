"""In the evening what can wait is held until the office's hours for mails begin, and urgent news goes out."""

from dataclasses import fields, replace
from datetime import time, timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery.outbox import leases, results
from outreach.delivery.outbox.prepare import Preparer
from outreach.domain.activities.values import ActivityValues, Move
from outreach.domain.kinds import MailKind
from outreach.domain.states import MessageState, ReminderState
from outreach.extensions import current_settings, db
from outreach.models import Activity, Message, Reminder
from outreach.services.activities import edit as planning
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.activities.publish import NothingToSend, SentTooEarly, SentTooLate
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import tick as reminding
from tests.world import JAKARTA, NOW, at, draft_activity, invite, mails, run

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")
EVENING = at(4, 22, 3)


@pytest.fixture(autouse=True)
def quiet(office):
    office.mails_from, office.mails_until = time(7), time(20)
    db.session.commit()


def test_an_invitation_published_in_the_evening_goes_out_at_seven(activity, ani):
    invite(activity, ani)
    said = forecasting.for_publishing([activity.id], now=EVENING).rows[0]
    assert (said.people, said.goes_at, said.day) == (1, at(5, 7), at(5).date())
    publishing.publish([activity.id], by=None, now=EVENING)
    run(EVENING, at(5, 6, 59))
    assert mails() == []
    run(at(5, 7))
    assert mails() == [("Ani", "05 07.00", ["invitation"])]  # it was not late
    assert db.session.scalars(sa.select(Message.sent_at)).all() == [at(5, 7)]


def test_a_cancellation_of_tomorrows_activity_goes_out_in_the_evening(programme, hall, ani):
    tomorrow, far = draft_activity(programme, hall, 5), draft_activity(programme, hall, 18)
    for activity in (tomorrow, far):
        invite(activity, ani)
    publishing.publish([tomorrow.id, far.id], by=None, now=at(3, 10))
    run(at(3, 10))
    for activity in (tomorrow, far):
        publishing.cancel(activity.id, "Banjir", by=None, now=EVENING)
    run(EVENING)
    assert mails()[1:] == [("Ani", "04 22.03", ["cancellation"])]
    run(at(5, 7))
    assert [message[2] for message in mails()[1:]] == [["cancellation"], ["cancellation"]]


def test_a_retry_and_the_rest_of_a_long_queue_wait_for_the_morning(activity, ani, budi):
    """The mail server was down until late. Nobody gets an invitation at 22.03."""
    invite(activity, ani, budi)
    publishing.publish([activity.id], by=None, now=at(4, 19, 50))
    reminding.tick(at(4, 19, 50))
    tried = db.session.scalars(sa.select(Message).order_by(Message.id)).first()
    tried.state, tried.attempts = MessageState.RETRY, 1
    db.session.commit()
    ready = prepared(EVENING)
    assert ready == []
    found = db.session.execute(sa.select(Message.state, Message.due_at).order_by(Message.id)).all()
    assert [tuple(row) for row in found] == [(MessageState.RETRY, at(5, 7)), (MessageState.DUE, at(5, 7))]
    assert len(prepared(at(5, 7))) == 2


def test_a_mail_with_urgent_news_goes_out_with_all_its_lines(programme, hall, ani):
    tomorrow, far = draft_activity(programme, hall, 5), draft_activity(programme, hall, 18)
    for activity in (tomorrow, far):
        invite(activity, ani)
    publishing.publish([tomorrow.id, far.id], by=None, now=at(3, 10))
    run(at(3, 10))
    for activity in (tomorrow, far):
        publishing.cancel(activity.id, "Banjir", by=None, now=at(4, 19, 50))
    reminding.tick(at(4, 19, 50))
    (ready,) = prepared(EVENING)
    assert db.session.get(Message, ready.lease.message_id).kind is MailKind.CANCELLATION


def prepared(now):
    claimed = leases.claim("w", 10, 60.0, now=now)
    batch = Preparer(current_settings()).prepare(claimed, now=now)
    results.settle(batch.decided, MessageState.LEASED, "w", now=now)
    db.session.expire_all()
    return batch.ready


LATER = at(6, 9)


def test_invitations_go_out_on_the_chosen_day_and_the_venue_is_booked_at_once(activity, hall, ani):
    invite(activity, ani)
    said = forecasting.for_publishing([activity.id], now=NOW, invitations_at=LATER)
    assert [(row.kind, row.goes_at, row.people) for row in said.rows][0] == (MailKind.INVITATION, LATER, 1)
    publishing.publish([activity.id], by=None, now=NOW, invitations_at=LATER)
    assert forecasting.for_activities([activity.id], now=NOW).mails_per_day == said.mails_per_day
    run(NOW, LATER - timedelta(seconds=1))
    assert mails() == []
    run(LATER)
    assert mails() == [("Ani", "06 09.00", ["invitation"])]


def test_people_invited_meanwhile_get_their_invitation_with_the_others(activity, ani, budi):
    invite(activity, ani)
    publishing.publish([activity.id], by=None, now=NOW, invitations_at=LATER)
    invite(activity, budi, now=at(5))
    run(at(5))
    assert mails() == []
    run(LATER)
    assert sorted(name for name, _, _ in mails()) == ["Ani", "Budi"]


def test_a_deadline_before_the_invitations_go_out_is_replaced(activity, ani):
    activity.respond_by_at = at(5, 16)
    db.session.commit()
    publishing.publish([activity.id], by=None, now=NOW, invitations_at=LATER)
    assert db.session.get(type(activity), activity.id).respond_by_at == at(15, 16)  # Friday: Saturday is a day off


@pytest.mark.parametrize(
    ("moment", "problem"), [(NOW, SentTooEarly), (at(17, 8, 1), SentTooLate), (at(20), SentTooLate)]
)
def test_a_moment_that_has_passed_or_is_too_late_changes_nothing(activity, moment, problem):
    with pytest.raises(problem):
        publishing.publish([activity.id], by=None, now=NOW, invitations_at=moment)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Reminder)) == 0


def test_waiting_invitations_can_be_sent_at_another_moment_or_now(activity, ani):
    invite(activity, ani)
    publishing.publish([activity.id], by=None, now=NOW, invitations_at=LATER)
    publishing.send_invitations_at(activity.id, at(8, 10), by=None, now=NOW)
    run(LATER)
    assert mails() == []
    publishing.send_invitations_at(activity.id, None, by=None, now=at(7, 11))
    run(at(7, 11))
    assert mails() == [("Ani", "07 11.00", ["invitation"])]
    with pytest.raises(NothingToSend):
        publishing.send_invitations_at(activity.id, None, by=None, now=at(7, 12))


def test_nobody_is_told_of_a_move_or_cancellation_before_the_invitations(activity, ani):
    invite(activity, ani)
    publishing.publish([activity.id], by=None, now=NOW, invitations_at=LATER)
    move = Move(at(20), at(20, 12), JAKARTA, activity.venue_id)
    moves.move(activity.id, move, "Aula dipakai", None, by=None, now=at(5))
    run(at(5), LATER)
    sent = db.session.scalars(sa.select(Message).order_by(Message.id)).all()
    assert [line.reminder.kind for message in sent for line in message.lines if not line.skipped][
        -1
    ] is MailKind.INVITATION


def test_a_move_to_soon_sends_the_waiting_invitations_at_once(hall, ani):
    activity = draft_activity(None, hall, 18)
    invite(activity, ani)
    publishing.publish([activity.id], by=None, now=NOW, invitations_at=at(8, 9))
    move = Move(at(8), at(8, 12), JAKARTA, activity.venue_id)
    said = forecasting.for_move(activity.id, move, now=at(5))
    assert [(row.people, row.goes_at) for row in said.rows if row.kind is MailKind.INVITATION] == [(1, at(5))]
    moves.move(activity.id, move, "Dipercepat", None, by=None, now=at(5))
    reminding.tick(at(5))
    kinds = db.session.scalars(sa.select(Reminder.kind).where(Reminder.state == ReminderState.EXPANDED)).all()
    assert MailKind.INVITATION in kinds


def test_a_deadline_set_before_the_waiting_invitations_sends_them_at_once(activity, ani):
    invite(activity, ani)
    publishing.publish([activity.id], by=None, now=NOW, invitations_at=at(12, 9))
    stored = db.session.get_one(Activity, activity.id)
    values = ActivityValues(**{field.name: getattr(stored, field.name) for field in fields(ActivityValues)})
    planning.edit_activity(
        activity.id, replace(values, respond_by_at=at(10, 16)), stored.version, by=None, now=at(5, 9)
    )
    run(at(5, 9))
    assert mails() == [("Ani", "05 09.00", ["invitation"])]


def test_invitations_held_for_the_night_can_be_sent_later_too(activity, ani, budi):
    invite(activity, ani)
    publishing.publish([activity.id], by=None, now=EVENING)
    invite(activity, budi, now=EVENING + timedelta(minutes=5))
    publishing.send_invitations_at(activity.id, LATER, by=None, now=EVENING + timedelta(minutes=9))
    run(EVENING + timedelta(minutes=9), at(5, 7), LATER - timedelta(seconds=1))
    assert mails() == []
    run(LATER)
    assert sorted(mails()) == [("Ani", "06 09.00", ["invitation"]), ("Budi", "06 09.00", ["invitation"])]
