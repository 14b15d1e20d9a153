"""The forecast before saving: who gets which mail when, compared with what is really sent."""

from dataclasses import fields, replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.activities.values import ActivityValues, Move
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, AttendanceSource, Audience, MailKind, Role, RuleTiming
from outreach.domain.reminders.due import OtherDay
from outreach.domain.states import MessageState, ReminderState
from outreach.extensions import db
from outreach.models import Invitation, Message, MessageLine, Reminder
from outreach.services.activities import edit as planning
from outreach.services.activities import move as moves
from outreach.services.activities import publish as publishing
from outreach.services.answers import acting
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.door import attendance
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.reminders import edit_rules
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import tick as reminding
from outreach.services.reminders.edit_rules import RuleValues
from tests.support.copied import copied
from tests.world import JAKARTA, NOW, a_hall, a_person, at, draft_activity, invitation_of, token_of

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")


def rows(forecast) -> list[tuple]:
    return [
        (row.day.day, row.kind.value, row.people, row.at_most, row.note.value if row.note else "")
        for row in forecast.rows
    ]


def test_the_forecast_of_publishing_has_each_rule(activity, ani, budi, police):
    budi.email = ""
    db.session.commit()
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    forecast = forecasting.for_publishing([activity.id], now=NOW)
    assert rows(forecast) == [
        (4, "invitation", 2, 2, ""),
        (11, "reminder", 2, 2, ""),
        (15, "reminder", 2, 2, ""),
        (17, "reminder", 0, 4, ""),  # Ani, the office, and the two it may name
        (19, "thanks", 0, 3, ""),
    ]
    assert (forecast.without_address, forecast.mails_per_day[0]) == (1, (date(2027, 1, 4), 2))


def test_one_person_in_two_activities_counts_one_mail_a_day(programme, hall, ani):
    both = [draft_activity(programme, hall, day).id for day in (18, 19)]
    inviting.invite_people(both, [ani.id], Role.CADRE, by=None, now=NOW)
    forecast = forecasting.for_publishing(both, now=NOW)
    assert forecast.mails_per_day[0] == (date(2027, 1, 4), 1)


def test_a_rule_whose_moment_has_passed_is_marked_as_passed(activity, ani):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=at(12))
    forecast = forecasting.for_publishing([activity.id], now=at(12))
    assert rows(forecast)[0] == (11, "reminder", 0, 0, "moment_passed")


def test_what_is_forecast_at_publishing_is_sent(activity, ani, budi):
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    forecast = forecasting.for_publishing([activity.id], now=NOW).mails_per_day
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    for day in range(5, 18):
        reminding.tick(at(day))
    per_day = db.session.execute(
        sa.select(Message.local_day, sa.func.count()).group_by(Message.local_day).order_by(Message.local_day)
    )
    assert tuple(tuple(row) for row in per_day) == forecast


def test_after_a_mail_today_the_next_mail_is_forecast_for_tomorrow(programme, hall, ani, budi):
    first, second = (draft_activity(programme, hall, day) for day in (18, 19))
    inviting.invite_people([first.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([first.id], by=None, now=NOW)
    reminding.tick(NOW)
    send_all()
    inviting.invite_people([second.id], [ani.id, budi.id], Role.CADRE, by=None, now=at(4, 9))
    forecast = forecasting.for_publishing([second.id], now=at(4, 9))
    assert (forecast.rows[0].people, forecast.rows[0].later) == (2, 1)
    assert forecast.mails_per_day[:2] == ((date(2027, 1, 4), 1), (date(2027, 1, 5), 1))


def test_a_reminder_to_answer_goes_out_before_the_deadline_and_the_forecast_says_so(programme, hall, ani, office):
    """Tuesday's usual deadline is on Friday, because two days before is Sunday; "three days before" is Saturday."""
    activity = draft_activity(programme, hall, 19, respond_by_at=at(15, 16))
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    said = forecasting.for_publishing([activity.id], now=NOW)
    assert rows(said)[1:3] == [(12, "reminder", 1, 1, ""), (14, "reminder", 1, 1, "")]
    assert [row.other_day for row in said.rows[:3]] == [None, None, OtherDay.DEADLINE]
    publishing.publish([activity.id], by=None, now=NOW)
    stored = forecasting.for_activities([activity.id], now=NOW)
    assert [(row.due_at, row.other_day) for row in stored.rows] == [(row.due_at, row.other_day) for row in said.rows]
    assert days_of_mails(range(4, 17)) == [4, 12, 14]


def days_of_mails(days) -> list[int]:
    """Let these days pass, each until 10.00; return on which of them a mail went out."""
    for day in days:
        reminding.tick(at(day, 10))
        send_all(at(day, 10))
    return [day.day for day in db.session.scalars(sa.select(Message.local_day).order_by(Message.id))]


def test_a_reminder_to_answer_without_a_day_left_is_shown_as_not_sent(programme, hall, ani):
    activity = draft_activity(programme, hall, 19, respond_by_at=at(15, 16))
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=at(15))
    said = forecasting.for_publishing([activity.id], now=at(15))
    assert (16, "reminder", 0, 0, "deadline_passed") in rows(said)


def test_a_day_off_moves_a_reminder_of_those_coming_but_not_the_one_that_says_tomorrow(programme, hall, ani):
    edit_rules.add(RuleTiming.BEFORE_START, RuleValues(2, time(8), Audience.COMING), by=None, now=NOW)
    activity = draft_activity(programme, hall, 18)  # a Monday
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    said = [row for row in forecasting.for_publishing([activity.id], now=NOW).rows if row.audience is Audience.COMING]
    assert [(row.due_at.day, row.other_day) for row in said] == [(15, OtherDay.DAY_OFF), (17, None)]


def test_the_moment_of_the_invitations_decides_which_reminder_comes_last(programme, hall, ani, office):
    activity = draft_activity(programme, hall, 19, respond_by_at=at(15, 16))
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW, invitations_at=at(13, 9))
    asking = sa.select(Reminder.due_at).where(Reminder.key == "three-days-before")
    assert db.session.scalars(asking).all() == [at(14, 8)]
    publishing.send_invitations_at(activity.id, at(14, 9), by=None, now=at(5))
    assert db.session.scalars(asking).all() == [at(15, 8)]
    assert days_of_mails(range(5, 17)) == [14, 15]


def test_a_new_deadline_moves_its_reminder(programme, hall, ani, office):
    activity = draft_activity(programme, hall, 21, respond_by_at=at(19, 16))
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    values = {field.name: getattr(activity, field.name) for field in fields(ActivityValues)}
    planning.edit_activity(
        activity.id, ActivityValues(**{**values, "respond_by_at": at(15, 16)}), activity.version, by=None, now=at(5)
    )
    asking = sa.select(Reminder.due_at).where(Reminder.key == "three-days-before")
    assert db.session.scalars(asking).all() == [at(14, 8)]


def send_all(now=NOW) -> None:
    db.session.execute(
        sa.update(Message)
        .where(Message.state == MessageState.DUE)
        .values(state=MessageState.SENT, sent_at=now, merge_key=None)
    )
    db.session.commit()


def test_a_move_and_a_cancellation_count_only_notified_people_who_have_not_declined(activity, ani, budi, chief):
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    send_all()
    inviting.invite_people([activity.id], [chief.id], Role.SPEAKER, by=None, now=at(5))
    invitation = db.session.scalars(sa.select(Invitation).where(Invitation.person_id == budi.id)).one()
    recording.record_answer(invitation.id, Choice.NOT_COMING, AnswerSource.PHONE, by=None, now=at(5))
    move = Move(at(20), at(20, 12), JAKARTA, activity.venue_id)
    moved = forecasting.for_move(activity.id, move, now=at(5))
    assert [(row.kind, row.people) for row in moved.rows][0] == (MailKind.CHANGE, 1)
    assert [row.day.day for row in moved.rows[1:]] == [13, 15, 15, 19, 21]  # 17 is a Sunday; on 15 also for materials
    cancelled = forecasting.for_cancelling(activity.id, now=at(5))
    assert [(row.kind, row.people) for row in cancelled.rows] == [(MailKind.CANCELLATION, 1)]


def test_the_remaining_mails_depend_on_the_answers(activity, ani, budi):
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    invitation = db.session.scalars(sa.select(Invitation).where(Invitation.person_id == ani.id)).one()
    recording.record_answer(invitation.id, Choice.COMING, AnswerSource.PHONE, by=None, now=NOW)
    assert rows(forecasting.for_activities([activity.id], now=NOW)) == [
        (11, "reminder", 1, 1, ""),
        (15, "reminder", 1, 1, ""),
        (17, "reminder", 1, 2, ""),
        (19, "thanks", 0, 2, ""),
    ]


def test_a_forecast_needs_the_same_few_queries_for_many_invitees(activity, queries, office):
    activity_id, people = activity.id, [a_person(f"Kader{number} Satu").id for number in range(30)]
    few = queries(lambda: forecasting.for_publishing([activity_id], now=NOW))
    inviting.invite_people([activity_id], people, Role.CADRE, by=None, now=NOW)
    assert queries(lambda: forecasting.for_publishing([activity_id], now=NOW)) == few


def due_on() -> list[tuple[int, int]]:
    """Return (day, hour) in Jakarta at which each message still to be sent is due."""
    found = db.session.scalars(sa.select(Message.due_at).where(Message.state == MessageState.DUE).order_by(Message.id))
    return [(due.astimezone(JAKARTA).day, due.astimezone(JAKARTA).hour) for due in found]


def only_row(reminder_id: int, now):
    (row,) = forecasting.for_reminder(reminder_id, now=now).rows
    return row


def test_with_a_mail_in_retry_the_next_mail_is_forecast_for_tomorrow(programme, hall, ani):
    first, second = (draft_activity(programme, hall, day) for day in (18, 20))
    inviting.invite_people([first.id, second.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([first.id], by=None, now=NOW)
    reminding.tick(NOW)
    again_at = NOW + timedelta(minutes=20)
    db.session.execute(sa.update(Message).values(state="retry", attempts=1, merge_key=None, due_at=again_at))
    db.session.commit()
    five_past = NOW + timedelta(minutes=5)
    forecast = forecasting.for_publishing([second.id], now=five_past)
    publishing.publish([second.id], by=None, now=five_past)
    reminding.tick(five_past)
    assert due_on() == [(5, 8)]
    assert (forecast.rows[0].people, forecast.rows[0].later) == (1, 1)
    assert forecast.mails_per_day[0] == (date(2027, 1, 5), 1)


def test_after_yesterdays_mail_went_out_past_midnight_the_next_is_forecast_for_tomorrow(programme, hall, ani):
    first, second = (draft_activity(programme, hall, day) for day in (18, 20))
    inviting.invite_people([first.id, second.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([first.id], by=None, now=at(4, 23, 50))
    reminding.tick(at(4, 23, 50))
    send_all(at(5, 0, 10))
    forecast = forecasting.for_publishing([second.id], now=at(5, 9))
    publishing.publish([second.id], by=None, now=at(5, 9))
    reminding.tick(at(5, 9))
    assert due_on() == [(6, 8)]
    assert (forecast.rows[0].people, forecast.rows[0].later) == (1, 1)
    assert forecast.mails_per_day[0] == (date(2027, 1, 6), 1)


def test_the_forecast_counts_days_in_the_activitys_zone(programme, hall, ani):
    there = draft_activity(programme, None, 18, zone=ZoneInfo("Asia/Makassar"))
    here = draft_activity(programme, hall, 20)
    inviting.invite_people([there.id, here.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([there.id], by=None, now=at(4, 23, 10))  # the 5th there
    reminding.tick(at(4, 23, 10))
    send_all(at(4, 23, 20))
    forecast = forecasting.for_publishing([here.id], now=at(4, 23, 30))
    publishing.publish([here.id], by=None, now=at(4, 23, 30))
    reminding.tick(at(4, 23, 30))
    assert due_on() == [(5, 8)]
    assert forecast.rows[0].later == 1


def test_an_overdue_reminder_is_forecast_for_the_day_on_which_it_goes_out(activity, hall, programme, ani):
    other_activity = draft_activity(programme, hall, 20)
    inviting.invite_people([activity.id, other_activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    send_all(NOW)
    publishing.publish([other_activity.id], by=None, now=at(12, 9))  # nothing has run since the 4th
    reminder = reminder_of(activity, "seven-days-before")
    forecast = forecasting.for_reminder(reminder.id, now=at(12, 10))
    assert [(row.day.day, row.people, row.later) for row in forecast.rows] == [(12, 1, 0)]
    assert forecast.mails_per_day == ((date(2027, 1, 12), 1),)
    reminding.tick(at(12, 10))
    assert db.session.scalars(sa.select(Message.local_day).where(Message.state == MessageState.DUE)).all() == [
        date(2027, 1, 12)
    ]


def test_a_reminder_that_will_come_too_late_is_forecast_as_not_sent(programme, hall, ani):
    activity = draft_activity(programme, hall, 18, respond_by_at=at(12, 16))
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=at(12))
    publishing.publish([activity.id], by=None, now=at(12))
    reminding.tick(at(12))
    send_all(at(12))
    assert (15, "reminder", 0, 0, "deadline_passed") in rows(forecasting.for_activities([activity.id], now=at(12, 9)))
    reminding.tick(at(15))
    assert reminder_of(activity, "three-days-before").reason == "deadline_passed"


def test_only_the_later_of_two_overdue_reminders_is_forecast(activity, ani):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    send_all(NOW)
    assert rows(forecasting.for_activities([activity.id], now=at(15, 9)))[:2] == [
        (11, "reminder", 0, 0, "superseded"),
        (15, "reminder", 1, 1, ""),
    ]
    reminding.tick(at(15, 9))
    assert reminder_of(activity, "seven-days-before").reason == "superseded"


def test_absent_people_who_accepted_are_in_the_forecast_once_the_activity_is_over(activity, ani, budi):
    edit_rules.add(RuleTiming.AFTER_END, RuleValues(2, time(8), Audience.ABSENT), None, activity.id, by=None, now=NOW)
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    send_all(NOW)
    for invitation in invitations():
        recording.record_answer(invitation.id, Choice.COMING, AnswerSource.PHONE, by=None, now=at(5))
    reminder = db.session.scalars(sa.select(Reminder).where(Reminder.audience == Audience.ABSENT)).one()
    assert (only_row(reminder.id, at(18, 9)).people, only_row(reminder.id, at(18, 9)).at_most) == (0, 2)
    there = [invitations()[0].id]
    attendance.tick(activity.id, there, there, AttendanceSource.HAND, by=None, now=at(18, 13))
    assert only_row(reminder.id, at(19)).people == 1
    reminding.tick(at(20))
    assert lines_of(reminder) == 1


def test_a_mail_that_waits_for_the_next_tick_is_in_the_forecast(activity, ani, budi):
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    send_all(NOW)
    withdrawing.withdraw(invitations()[0].id, by=None, now=at(5))
    assert rows(forecasting.for_activities([activity.id], now=at(5)))[0] == (5, "withdrawal", 1, 1, "")


def test_who_has_passed_it_on_before_their_mail_went_out_is_not_forecast_a_mail(activity, chief):
    inviting.invite_people([activity.id], [chief.id], Role.SPEAKER, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    rina, tono = (Representative(name, email=f"{name.lower()}@example.com") for name in ("Rina", "Tono"))
    answering.answer(token_of(chief), activity.id, Choice.REPRESENTED, rina, now=at(4, 9))
    token = tokens.acting_token(invitations()[0].acting.nonce)
    acting.answer(token, activity.id, Choice.REPRESENTED, tono, now=at(4, 10))
    told = [
        row for row in forecasting.for_activities([activity.id], now=at(4, 11)).rows if row.kind is MailKind.APPOINTMENT
    ]
    assert [row.people for row in told] == [0, 1]


def test_a_person_invited_shortly_after_another_is_forecast_one_invitation(activity, ani, budi):
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    for person, minute in ((ani, 1), (budi, 2)):
        inviting.invite_people([activity.id], [person.id], Role.CADRE, by=None, now=NOW + timedelta(minutes=minute))
    forecast = forecasting.for_activities([activity.id], now=NOW + timedelta(minutes=3))
    assert [row.people for row in forecast.rows if row.kind is MailKind.INVITATION] == [2, 0]
    reminding.tick(NOW + timedelta(minutes=3))
    written = sa.select(Reminder.id, sa.func.count(MessageLine.id)).outerjoin(MessageLine).group_by(Reminder.id)
    rows = db.session.execute(written.where(Reminder.key == "invitation").order_by(Reminder.id)).all()
    assert [row[1] for row in rows] == [0, 2, 0]  # nobody was invited yet when it was published


def test_no_second_reminder_is_forecast_after_an_earlier_mail_of_the_day(programme, hall, ani, budi):
    first, second = (draft_activity(programme, hall, day) for day in (18, 20))
    edit_rules.edit(
        "seven-days-before", RuleValues(9, time(13), Audience.UNANSWERED), None, second.id, by=None, now=NOW
    )
    inviting.invite_people([first.id, second.id], [ani.id], Role.CADRE, by=None, now=NOW)
    inviting.invite_people([second.id], [budi.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([first.id, second.id], by=None, now=NOW)
    reminding.tick(NOW)
    send_all(NOW)
    reminding.tick(at(11, 8))  # Ani's reminder of the first takes along that of the second, which is due at 13.00
    send_all(at(11, 8))
    reminder = reminder_of(second, "seven-days-before")
    assert (lines_of(reminder), reminder.state) == (1, ReminderState.SCHEDULED)
    row = only_row(reminder.id, at(11, 12))
    assert (row.people, row.later, row.at_most) == (1, 0, 1)
    reminding.tick(at(11, 13))
    assert lines_of(reminder) == 2


def test_an_old_drafts_forecast_uses_the_deadline_that_publishing_sets(programme, hall, ani):
    activity = draft_activity(programme, hall, 25, respond_by_at=at(2, 16))
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    forecast = forecasting.for_publishing([activity.id], now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    assert rows(forecast)[1:] == rows(forecasting.for_activities([activity.id], now=NOW))
    assert [row.people for row in forecast.rows[:3]] == [1, 1, 1]


def test_a_move_of_a_started_activity_is_forecast_for_the_notified_people(activity, ani):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    send_all(NOW)
    move = Move(at(20), at(20, 12), JAKARTA, activity.venue_id)
    forecast = forecasting.for_move(activity.id, move, now=at(18, 9))
    assert [row.people for row in forecast.rows if row.kind is MailKind.CHANGE] == [1]


def test_a_move_names_the_invitations_that_wait_for_their_moment(activity, ani):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW, invitations_at=at(6))
    move = Move(at(20), at(20, 12), JAKARTA, activity.venue_id)
    forecast = forecasting.for_move(activity.id, move, now=at(5))
    assert [(row.due_at, row.people) for row in forecast.rows if row.kind is MailKind.INVITATION] == [(at(6), 1)]


@copied
def full(programme, ani, budi):
    """A published activity in a hall of one seat: Ani has it, and Budi waits, with Rina to come in his place."""
    activity = draft_activity(programme, a_hall(name="Ruang kecil", capacity=1))
    inviting.invite_people([activity.id], [ani.id, budi.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    send_all(NOW)
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(5))
    rina = Representative("Rina", email="rina@example.com")
    answering.answer(token_of(budi), activity.id, Choice.REPRESENTED, rina, now=at(5))
    return activity


def test_a_new_date_is_forecast_with_the_mails_about_seats_that_were_freed_before(full, ani):
    publishing.postpone(full.id, "Banjir", by=None, now=at(6))
    withdrawing.withdraw(invitation_of(full, ani).id, by=None, now=at(6, 9))
    reminding.tick(at(6, 10))
    send_all(at(6, 10))
    move = Move(at(20), at(20, 12), JAKARTA, full.venue_id)
    said = moves.preview(full, move, full.version, now=at(8)).forecast
    moves.move(full.id, move, "Kering", None, by=None, now=at(8))
    assert told(said) == written_at(at(8)) == {"change": 2, "appointment": 1, "seat": 1}
    assert ahead(said, at(8)) == ahead(forecasting.for_activities([full.id], now=at(8)), at(8))


def test_a_move_to_a_larger_hall_is_forecast_with_the_mails_about_its_seats(full):
    move = Move(full.starts_at, full.ends_at, JAKARTA, a_hall(name="Ruang besar", capacity=2).id)
    said = moves.preview(full, move, full.version, now=at(8)).forecast
    moves.move(full.id, move, "Lebih luas", None, by=None, now=at(8))
    assert told(said) == written_at(at(8)) == {"change": 3, "appointment": 1, "seat": 1}
    assert ahead(said, at(8)) == ahead(forecasting.for_activities([full.id], now=at(8)), at(8))


def test_a_move_to_a_hall_with_no_seat_left_is_forecast_without_mails_about_seats(full):
    move = Move(at(20), at(20, 12), JAKARTA, full.venue_id)
    said = moves.preview(full, move, full.version, now=at(8)).forecast
    moves.move(full.id, move, "Banjir", None, by=None, now=at(8))
    assert told(said) == written_at(at(8)) == {"change": 2}


def test_a_withdrawal_is_forecast_with_the_mails_about_the_seat_that_becomes_free(full, ani):
    id = invitation_of(full, ani).id
    said = withdrawing.preview(id, now=at(8))
    withdrawing.withdraw(id, by=None, now=at(8))
    assert told(said.forecast) == written_at(at(8)) == {"withdrawal": 1, "appointment": 1, "seat": 1}
    assert (said.told, said.seat_mails, said.seated) == (1, 2, ("Budi Santoso",))


def told(forecast) -> dict[str, int]:
    """How many get each mail at once, by its kind."""
    return {
        row.kind.value: row.people
        for row in forecast.rows
        if row.people and row.audience in (Audience.ONE, Audience.EXPECTED)
    }


def ahead(forecast, now) -> list[tuple]:
    return [
        (row.kind, row.due_at, row.people, row.at_most) for row in forecast.rows if row.due_at > now and not row.note
    ]


def written_at(now) -> dict[str, int]:
    """Expand what is due, and count the lines of mails by kind."""
    reminding.tick(now)
    lines = sa.select(Reminder.kind, sa.func.count()).join(MessageLine, MessageLine.reminder_id == Reminder.id)
    found = db.session.execute(lines.where(Reminder.due_at == now).group_by(Reminder.kind))
    return {kind.value: number for kind, number in found}


def reminder_of(activity, key: str) -> Reminder:
    return db.session.scalars(sa.select(Reminder).where(Reminder.activity_id == activity.id, Reminder.key == key)).one()


def invitations() -> list[Invitation]:
    return list(db.session.scalars(sa.select(Invitation).order_by(Invitation.id)))


def lines_of(reminder: Reminder) -> int:
    return db.session.scalar(sa.select(sa.func.count()).where(MessageLine.reminder_id == reminder.id))


def test_the_same_mail_to_single_invitees_at_one_moment_is_one_row_on_pages():
    one = forecasting.ForecastRow(NOW.date(), NOW, JAKARTA, MailKind.WITHDRAWAL, Audience.ONE, "Rapat", 1, 1, 0)
    other = replace(one, people=1, without_address=1)
    later = replace(one, due_at=at(5))
    many = replace(one, audience=Audience.COMING, people=3)
    shown = forecasting.Forecast((one, many, other, later, many), (), 0).shown
    assert [(row.audience, row.people, row.without_address) for row in shown] == [
        (Audience.ONE, 2, 1), (Audience.COMING, 3, 0), (Audience.ONE, 1, 0), (Audience.COMING, 3, 0),
    ]  # fmt: skip
