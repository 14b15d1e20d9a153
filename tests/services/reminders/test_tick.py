"""One mail a person a day, to the right reader; crossing answers, moves and outages lose nothing."""

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice, Representative, answer_by
from outreach.domain.kinds import AttendanceSource, MailKind, Role
from outreach.domain.states import InvitationState, MessageState, ReminderState
from outreach.extensions import db
from outreach.models import Invitation, Message, MessageLine, Reminder, ReminderRule
from outreach.services.activities import publish as publishing
from outreach.services.door import attendance
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.messages import resend as resending
from outreach.services.reminders import audiences, forecast
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import NOW, answer, at, draft_activity, invitation_of, invite, mails, publish, run, send

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")
MAKASSAR = ZoneInfo("Asia/Makassar")


@copied
def two_apart(programme, hall):
    return [draft_activity(programme, hall, day) for day in (18, 20)]


def test_two_activities_published_at_once_give_one_mail(two_apart, ani):
    invite(two_apart, ani)
    publish(*two_apart)
    assert mails() == [("Ani", "04 08.00", ["invitation", "invitation"])]


def test_a_second_invitation_on_the_same_day_waits_for_the_morning(two_apart, ani):
    invite(two_apart, ani)
    publish(two_apart[0])
    send(NOW)
    publish(two_apart[1], now=NOW + timedelta(hours=1))
    assert mails() == [("Ani", "04 08.00", ["invitation"]), ("Ani", "05 08.00", ["invitation"])]


def test_an_urgent_second_invitation_does_not_wait(programme, hall, ani):
    near = [draft_activity(programme, hall, day, respond_by_at=at(5, 16)) for day in (6, 7)]
    invite(near, ani)
    publish(near[0])
    send(NOW)
    publish(near[1], now=NOW + timedelta(hours=1))
    assert [mail[1] for mail in mails()] == ["04 08.00", "04 09.00"]


def test_the_postponed_invitation_and_the_mornings_reminder_are_one_mail(programme, hall, ani):
    soon, later, latest = (draft_activity(programme, hall, day) for day in (15, 25, 26))
    invite([soon], ani)
    publish(soon)
    send(NOW)
    invite([later], ani)
    publish(later, now=at(7, 9))
    send(at(7, 9))
    invite([latest], ani)
    publish(latest, now=at(7, 10))
    run(at(7, 10), at(8, 8))
    assert mails()[1:] == [("Ani", "07 09.00", ["invitation"]), ("Ani", "08 08.00", ["invitation", "reminder"])]


def test_a_mail_sent_again_by_hand_does_not_push_the_reminder_of_the_day_before_to_the_day_itself(programme, hall, ani):
    tomorrow = draft_activity(programme, hall, 18, starts_at=at(18, 14), ends_at=at(18, 16), registration_at=None)
    other = draft_activity(programme, hall, 20)
    invite([tomorrow, other], ani)
    publish(tomorrow, other)
    send(NOW)
    answer(tomorrow, ani, Choice.COMING)
    run(at(13), at(15))
    first = db.session.scalar(sa.select(Message.id))
    resending.resend(first, by=None, now=at(17, 7, 30))
    send(at(17, 7, 30))
    due = db.session.scalars(sa.select(Reminder).where(Reminder.key == "day-before", Reminder.due_at == at(17))).one()
    assert (forecast.for_reminder(due.id, now=at(17)).rows[0].later) == 0
    run(at(17))
    assert mails()[-1] == ("Ani", "17 08.00", ["reminder"])


def test_rules_at_two_hours_of_one_day_give_one_mail_at_the_earlier_hour(two_apart, ani):
    rule = db.session.scalars(sa.select(ReminderRule).where(ReminderRule.key == "seven-days-before")).one()
    db.session.add(
        ReminderRule(activity_id=two_apart[1].id, key=rule.key, kind=rule.kind, timing=rule.timing, audience=rule.audience,
                     days=9, at=time(13, 0))
    )  # fmt: skip
    db.session.commit()
    invite(two_apart, ani)
    publish(*two_apart)
    run(NOW, at(11, 8), at(11, 13))
    assert mails()[1:] == [("Ani", "11 08.00", ["reminder", "reminder"])]


@pytest.mark.postgresql
@pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)  # SQLite has no row locks
def test_an_activity_with_several_due_reminders_is_locked_once_and_weakly(two_apart, ani, statements):
    """A weak lock lets others insert rows that refer to the activity meanwhile, such as an invitation."""
    invite(two_apart, ani)
    publishing.publish([activity.id for activity in two_apart], by=None, now=NOW)
    executed = statements(lambda: reminding.tick(at(11, 8)))
    expanded = sa.select(Reminder.activity_id).where(Reminder.state == ReminderState.EXPANDED)
    assert len(db.session.scalars(expanded).all()) > 2
    locks = [statement for statement in executed if "FROM activity" in statement and " UPDATE OF activity" in statement]
    assert [lock.partition(" FOR ")[2] for lock in locks] == ["NO KEY UPDATE OF activity"]


def test_activities_in_two_zones_give_one_mail_a_day(programme, hall, ani):
    here = draft_activity(programme, hall, 18)
    there = draft_activity(programme, None, 18, zone=MAKASSAR, starts_at=at(18, 14), ends_at=at(18, 16))
    invite([here, there], ani)
    publish(here, there)
    run(NOW, at(11, 7), at(11, 8))
    assert mails()[1:] == [("Ani", "11 07.00", ["reminder", "reminder"])]


def test_people_missing_from_the_earlier_mail_get_their_own_at_its_hour(two_apart, ani, budi):
    rule = db.session.scalars(sa.select(ReminderRule).where(ReminderRule.key == "seven-days-before")).one()
    db.session.add(
        ReminderRule(activity_id=two_apart[1].id, key=rule.key, kind=rule.kind, timing=rule.timing, audience=rule.audience,
                     days=9, at=time(13, 0))
    )  # fmt: skip
    db.session.commit()
    invite(two_apart[:1], ani)
    invite(two_apart[1:], ani, budi)
    publish(*two_apart)
    run(NOW, at(11, 8), at(11, 13))
    assert mails()[2:] == [("Ani", "11 08.00", ["reminder", "reminder"]), ("Budi", "11 13.00", ["reminder"])]


def test_after_days_without_a_mail_server_a_reader_gets_one_mail(two_apart, ani):
    invite(two_apart, ani)
    publish(*two_apart)
    for day in range(5, 16):
        reminding.tick(at(day, 8))
    reminding.tick(at(15, 9))
    waiting = db.session.scalars(sa.select(Message).where(Message.state == MessageState.DUE)).all()
    assert len(waiting) == 1
    assert {li.reminder.key for li in waiting[0].lines} >= {"invitation", "three-days-before"}
    gathered = db.session.scalars(sa.select(Message.reason).where(Message.state == MessageState.SKIPPED)).all()
    assert set(gathered) == {"joined"}


def test_messages_already_tried_are_not_merged(two_apart, ani):
    invite(two_apart, ani)
    publish(*two_apart)
    db.session.execute(sa.update(Message).values(attempts=1, state=MessageState.RETRY, merge_key=None))
    db.session.commit()
    reminding.tick(at(11, 8))
    reminding.tick(at(11, 9))
    assert len(mails()) == 2


def test_no_one_is_asked_to_answer_after_the_deadline(programme, hall, ani):
    activity = draft_activity(programme, hall, 18, respond_by_at=at(12, 16))
    invite([activity], ani)
    publish(activity, now=at(12, 8))
    run(at(12, 8), at(15, 8), at(17, 8))
    assert [mail[1] for mail in mails()] == ["12 08.00"]
    missed = db.session.scalars(sa.select(Reminder).where(Reminder.key == "three-days-before")).one()
    assert (missed.state, missed.reason) == (ReminderState.MISSED, "deadline_passed")


@copied
def asked_early(programme, hall, ani):
    """An activity on the 18th to be answered by the 8th, and Ani does not answer."""
    activity = draft_activity(programme, hall, 18, respond_by_at=at(8, 16))
    invite([activity], ani)
    publish(activity)
    run(NOW, at(7, 8), at(8, 16))
    assert mails() == [("Ani", "04 08.00", ["invitation"]), ("Ani", "07 08.00", ["reminder"])]
    return activity


def test_people_invited_after_the_deadline_are_reminded_by_the_rules_as_long_as_they_may_answer(asked_early, budi):
    before = len(mails())
    invite([asked_early], budi, now=at(11, 9))
    run(at(11, 9))
    [row] = [row for row in forecast.for_activities([asked_early.id], now=at(12)).rows if row.people]
    assert (row.due_at, row.people, row.note) == (at(15, 8), 1, None)
    run(at(15, 8), at(17, 8))
    assert mails()[before:] == [("Budi", "11 09.00", ["invitation"]), ("Budi", "15 08.00", ["reminder"])]
    last = db.session.scalars(sa.select(Message).order_by(Message.id.desc())).first()
    assert last.expires_at == asked_early.starts_at


def test_a_reminder_whose_late_invitees_have_all_answered_is_not_missed(asked_early, budi):
    invite([asked_early], budi, now=at(11, 9))
    run(at(11, 9))
    answer(asked_early, budi, Choice.COMING, now=at(12))
    before = len(mails())
    run(at(15, 8))
    assert mails()[before:] == []
    assert not db.session.scalars(sa.select(Reminder.key).where(Reminder.state == ReminderState.MISSED)).all()


def test_the_page_says_whether_people_invited_after_the_deadline_are_reminded(asked_early):
    ids = [asked_early.id]
    assert [forecast.not_reminded_if_invited(ids, now=now) for now in (at(11), at(14, 12), at(16, 8))] == [
        set(), set(), set(ids)
    ]  # fmt: skip


def test_the_database_knows_as_the_rule_until_when_each_invitee_may_answer(asked_early, budi, chief):
    invite([asked_early], budi, chief, now=at(11, 9))
    times = [None, at(8, 15, 59), at(8, 16), at(11, 9), at(18, 8)]
    invitation = invitation_of(asked_early, budi)
    for invited_at in times:
        invitation.invited_at = invited_at
        db.session.commit()
        found = db.session.scalar(sa.select(audiences.ANSWER_BY).where(Invitation.id == invitation.id))
        assert found == answer_by(asked_early.respond_by_at, asked_early.starts_at, invited_at)


def test_a_person_who_answered_by_phone_before_the_first_tick_is_still_reminded(activity, ani):
    invite([activity], ani)
    publishing.publish([activity.id], by=None, now=NOW)
    answer(activity, ani, Choice.COMING)
    run(NOW, at(17, 8))
    assert mails() == [("Ani", "17 08.00", ["reminder"])]


def test_a_withdrawal_is_sent_though_the_activity_is_cancelled_at_once(activity, ani, budi):
    invite([activity], ani, budi)
    publish(activity)
    send(NOW)
    withdrawing.withdraw(invitation_of(activity, ani).id, by=None, now=at(5))
    publishing.cancel(activity.id, "Banjir", by=None, now=at(5))
    run(at(5))
    assert mails()[2:] == [("Ani", "05 08.00", ["withdrawal"]), ("Budi", "05 08.00", ["cancellation"])]


CITRA = Representative("Citra", "Wakapolres", "+6281200000009", "citra@example.com")


def test_a_representative_gets_reminders_and_changes_herself(two_apart, chief):
    first, second = two_apart
    invite(two_apart, chief, role=Role.SPEAKER)
    publish(*two_apart)
    send(NOW)
    answer(first, chief, Choice.REPRESENTED, representative=CITRA)
    answer(second, chief, Choice.COMING)
    run(NOW, at(13, 8), at(17, 8))
    assert mails()[1:] == [
        ("Citra", "04 08.00", ["appointment"]),
        ("Kapolres", "04 08.00", ["representation"]),
        ("Citra", "13 08.00", ["reminder"]),  # of the materials, which whoever acts sends
        ("Citra", "17 08.00", ["reminder"]),
        ("Kapolres", "15 08.00", ["reminder"]),  # of the materials for the second one
    ]
    publishing.cancel(first.id, "Banjir", by=None, now=at(17, 10))
    run(at(17, 10))
    assert mails()[6:] == [("Kapolres", "17 10.00", ["cancellation"]), ("Citra", "17 10.00", ["cancellation"])]


def test_a_representative_without_an_address_is_reminded_through_the_invitee(activity, chief):
    invite([activity], chief, role=Role.SPEAKER)
    publish(activity)
    send(NOW)
    answer(activity, chief, Choice.REPRESENTED, representative=Representative("Citra", phone="+6281200000009"))
    run(NOW, at(13, 8), at(17, 8))
    assert mails()[1:] == [
        ("Kapolres", "04 08.00", ["representation"]),
        ("Kapolres", "13 08.00", ["reminder"]),  # of the materials
        ("Kapolres", "17 08.00", ["reminder"]),
    ]


def test_thanks_for_attendance_entered_late_are_sent_late_and_once(activity, ani, budi):
    invite([activity], ani, budi)
    publish(activity)
    send(NOW)
    ids = [invitation_of(activity, person).id for person in (ani, budi)]
    attendance.tick(activity.id, ids[:1], ids, AttendanceSource.HAND, by=None, now=at(18, 9))
    run(at(18, 12), at(19, 8))
    attendance.tick(activity.id, ids, ids, AttendanceSource.PAPER, by=None, now=at(20, 9))
    attendance.tick(activity.id, ids, ids, AttendanceSource.PAPER, by=None, now=at(20, 10))
    run(at(20, 10))
    thanks = [mail for mail in mails() if mail[2] == ["thanks"]]
    assert thanks == [("Ani", "19 08.00", ["thanks"]), ("Budi", "20 09.00", ["thanks"])]


def test_no_thanks_are_sent_for_attendance_entered_after_a_week(activity, ani):
    invite([activity], ani)
    publish(activity)
    run(NOW, at(18, 12), at(19, 8))
    ids = [invitation_of(activity, ani).id]
    attendance.tick(activity.id, ids, ids, AttendanceSource.PAPER, by=None, now=at(26, 8))
    assert db.session.scalar(sa.select(sa.func.count()).where(Reminder.kind == MailKind.THANKS)) == 1


def test_every_line_has_a_message(two_apart, ani, budi, chief, police):
    invite(two_apart, ani, budi)
    invite(two_apart, chief, role=Role.SPEAKER)
    inviting.invite_organisations([activity.id for activity in two_apart], {police.id: 2}, by=None, now=NOW)
    publish(*two_apart)
    answer(two_apart[0], chief, Choice.REPRESENTED, representative=CITRA)
    run(NOW, *(at(day, 8) for day in range(5, 22)))
    assert db.session.scalar(sa.select(sa.func.count()).where(MessageLine.message_id.is_(None))) == 0
    assert invitation_of(two_apart[0], ani).state is InvitationState.NO_ANSWER
