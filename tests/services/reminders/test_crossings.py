"""Crossing answers, moves, withdrawals, retries and outages: no mail is lost, doubled or sent to the wrong person."""

import re
from datetime import date, time, timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery.mail.frames.frame import Frames
from outreach.delivery.recheck import judge as recheck
from outreach.delivery.rows import batch as batch_rows
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, AttendanceSource, Audience, MailKind, Role
from outreach.domain.states import TO_SEND, InvitationState, MessageState
from outreach.extensions import db
from outreach.models import Activity, Attempt, Invitation, Message, Organisation, Person, Venue
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.answers.nominees import Nominee
from outreach.services.door import attendance
from outreach.services.invitations import links, seats
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.reminders import edit_rules
from outreach.services.reminders import forecast as forecasting
from outreach.services.reminders import tick as reminding
from outreach.services.reminders.edit_rules import RuleValues
from tests.world import (
    NOW,
    a_person,
    answer,
    at,
    draft_activity,
    invitation_of,
    invite,
    invite_organisation,
    mails,
    move,
    publish,
    run,
    send,
)
from tests.world.composed import parsed, text_of

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")


def judge_all(now):
    judged_messages = []
    for message in db.session.scalars(
        sa.select(Message).where(Message.state.in_(TO_SEND), Message.due_at <= now).order_by(Message.id)
    ).all():
        verdict, shared = judged(message, now)
        kinds = [shared.reminders[line.reminder_id].kind.value for line in verdict.lines]
        judged_messages.append((kinds, [reason.value for reason in verdict.skipped.values()]))
    return judged_messages


def judged(message, now):
    """Return which lines of a message the outbox would still send, and the data it read for that."""
    rows = batch_rows.load(db.session(), [message.id])
    shared = batch_rows.load_shared(db.session(), rows)
    return recheck.Judge(shared, recheck.earlier(db.session(), rows, shared, now=now), now).judge(rows[0]), shared


def planned(message, now):
    """Return the mail that the outbox would send, and its number of lines."""
    verdict, shared = judged(message, now)
    return Frames().plan(db.session(), verdict.recipient, verdict.lines, shared, now=now), len(verdict.lines)


def test_an_urgent_change_moves_the_mornings_mail_forward(programme, hall, ani):
    first = draft_activity(programme, hall, 11)
    second = draft_activity(programme, hall, 25)
    third = draft_activity(programme, hall, 26)
    invite(first, ani)
    publish(first)
    send(NOW)
    answer(first, ani, Choice.COMING)
    invite(second, ani)
    publish(second, now=at(10, 9))
    send(at(10, 9))
    invite(third, ani)
    publish(third, now=at(10, 10))
    send(at(10, 10))
    other_hall = Venue(name="Aula lain", capacity=100, region_code="18.72.01.1001")
    db.session.add(other_hall)
    db.session.commit()
    move(first, venue_id=other_hall.id, now=at(11, 6))
    reminding.tick(at(11, 6))
    assert mails()[-1][1] == "11 06.00", (mails()[-1], judge_all(at(11, 8)))


def test_a_reminder_merged_into_an_earlier_mail_goes_out_again_after_a_move(programme, hall, ani):
    programme.ends_on = date(2027, 1, 28)
    first = draft_activity(programme, hall, 18)
    second = draft_activity(programme, hall, 20)
    invite([first, second], ani)
    publish(first, second)
    send(NOW)
    answer(first, ani, Choice.COMING)
    answer(second, ani, Choice.COMING)
    move(second, starts_at=at(21, 8), ends_at=at(21, 12), now=at(17, 6))
    run(at(17, 6))
    move(first, starts_at=at(28, 8), ends_at=at(28, 12), now=at(17, 7))
    run(at(17, 7), at(20, 8), at(27, 8))
    assert mails()[-1][1] == "27 08.00"


def test_a_mail_with_unknown_outcome_does_not_suppress_later_reminders(programme, hall, ani):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    publish(activity)
    db.session.execute(sa.update(Message).values(state=MessageState.UNKNOWN, merge_key=None))
    db.session.add(Attempt(message_id=1, at=NOW, worker="w", outcome=MessageState.UNKNOWN))
    db.session.commit()
    reminding.tick(at(11, 8))
    assert judge_all(at(11, 8)) == [(["reminder"], [])]


def test_a_nominee_dropped_earlier_is_not_notified_again_when_the_office_is_withdrawn(programme, hall, police):
    activity = draft_activity(programme, hall, 18)
    invite_organisation(activity, police, seats=3)
    publish(activity)
    send(NOW)
    police_invitation = db.session.scalars(sa.select(Invitation)).one()
    recording.nominate_for(
        police_invitation.id,
        [Nominee("Siti Aminah", email="s@example.com"), Nominee("Joko Susilo", email="j@example.com")],
        by=None,
        now=at(5),
    )
    run(at(5))
    recording.nominate_for(police_invitation.id, [Nominee("Joko Susilo", email="j@example.com")], by=None, now=at(6))
    run(at(6))
    withdrawing.withdraw(police_invitation.id, by=None, now=at(7))
    reminding.tick(at(7))
    got = judge_all(at(7))
    send(at(7))
    assert sum(mail[0] == "Siti" and "withdrawal" in mail[2] for mail in mails()) == 1, (mails(), got)


def test_a_former_nominee_who_is_invited_directly_no_longer_belongs_to_the_office(programme, hall, police):
    activity = draft_activity(programme, hall, 18)
    invite_organisation(activity, police, seats=3)
    publish(activity)
    send(NOW)
    police_invitation = db.session.scalars(sa.select(Invitation)).one()
    recording.nominate_for(
        police_invitation.id,
        [Nominee("Siti Aminah", email="s@example.com"), Nominee("Joko Susilo")],
        by=None,
        now=at(5),
    )
    run(at(5))
    recording.nominate_for(police_invitation.id, [Nominee("Joko Susilo")], by=None, now=at(6))
    run(at(6))
    siti = db.session.scalars(sa.select(Person).where(Person.name == "Siti Aminah")).one()
    invite(activity, siti, role=Role.PARTICIPANT, now=at(7))
    run(at(7))
    assert invitation_of(activity, siti).state is InvitationState.INVITED
    recording.nominate_for(police_invitation.id, [Nominee("Joko Susilo"), Nominee("Rina Wati")], by=None, now=at(8))
    assert invitation_of(activity, siti).state is InvitationState.INVITED


def test_a_mail_waiting_for_its_retry_counts_as_todays_mail(programme, hall, ani):
    first = draft_activity(programme, hall, 18)
    second = draft_activity(programme, hall, 20)
    invite(first, ani)
    publish(first)
    db.session.execute(
        sa.update(Message).values(
            state=MessageState.RETRY, attempts=1, merge_key=None, due_at=NOW + timedelta(minutes=20)
        )
    )
    db.session.commit()
    invite(second, ani)
    publish(second, now=NOW + timedelta(minutes=5))
    assert mails()[-1][1] != "04 08.05", mails()


def test_a_person_waiting_in_two_roles_takes_one_free_seat(programme, hall, ani, budi):
    activity = draft_activity(programme, hall, 18, capacity=1)
    zed = a_person("Zed Zulu")
    invite(activity, zed, ani, budi)
    invite(activity, ani, role=Role.PARTICIPANT)
    publish(activity)
    send(NOW)
    answer(activity, zed, Choice.COMING)
    invitations = db.session.scalars(sa.select(Invitation).where(Invitation.person_id == ani.id)).all()
    recording.record_answer(invitations[0].id, Choice.COMING, AnswerSource.PHONE, by=None, now=NOW)
    answer(activity, budi, Choice.COMING, now=at(5))
    answer(activity, zed, Choice.NOT_COMING, now=at(6))
    stored = db.session.get(Activity, activity.id)
    stored.capacity = 2
    db.session.commit()
    from outreach.transactions import writing

    with writing() as session:
        seats.offer_freed(session, session.get(Activity, activity.id), now=at(7))
    assert invitation_of(activity, budi).state is InvitationState.COMING


def test_thanks_switched_off_after_the_activity_are_not_sent(programme, hall, ani):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    publish(activity)
    send(NOW)
    answer(activity, ani, Choice.COMING)
    run(at(17), at(18, 13))
    attendance.tick(
        activity.id,
        [invitation_of(activity, ani).id],
        [invitation_of(activity, ani).id],
        AttendanceSource.HAND,
        by=None,
        now=at(18, 14),
    )
    edit_rules.edit(
        "thanks", RuleValues(1, time(8), Audience.PRESENT, enabled=False), None, activity.id, by=None, now=at(18, 15)
    )
    run(at(19, 8))
    assert all("thanks" not in mail[2] for mail in mails()), mails()


def test_a_representatives_mail_keeps_the_lines_that_are_still_theirs(programme, hall, ani):
    first = draft_activity(programme, hall, 18)
    second = draft_activity(programme, hall, 18, starts_at=at(18, 13), ends_at=at(18, 15))
    invite([first, second], ani)
    publish(first, second)
    send(NOW)
    answer(first, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="rudi@example.com"))
    answer(second, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="rudi@example.com"))
    reminding.tick(at(17))
    answer(first, ani, Choice.COMING, now=at(17))
    message = db.session.scalars(sa.select(Message).where(Message.representative_of_id.is_not(None))).one()
    assert planned(message, at(17))[0].recipient == "rudi@example.com"


def test_a_representative_never_gets_a_mail_for_another(programme, hall, ani):
    first = draft_activity(programme, hall, 18)
    second = draft_activity(programme, hall, 18, starts_at=at(18, 13), ends_at=at(18, 15))
    invite([first, second], ani)
    publish(first, second)
    send(NOW)
    answer(first, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="rudi@example.com"))
    answer(second, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="rudi@example.com"))
    reminding.tick(at(17))
    answer(first, ani, Choice.REPRESENTED, now=at(17), representative=Representative("Tina", email="tina@example.com"))
    message = db.session.scalars(sa.select(Message).where(Message.representative_of_id.is_not(None))).one()
    mail, lines = planned(message, at(17))
    assert not (mail.recipient == "tina@example.com" and lines == 2), mail.subject


@pytest.mark.parametrize("news", ["postponed", "cancelled", "moved"])
def test_an_office_is_asked_to_tell_those_it_sends_whom_no_mail_reaches(programme, hall, police, news):
    activity = draft_activity(programme, hall, 18)
    office = Organisation(name="Kecamatan Metro Timur", sector=police.sector, email="kecamatan@example.com")
    nobody = Organisation(name="Kecamatan Metro Barat", sector=police.sector, email="barat@example.com")
    db.session.add_all([office, nobody])
    db.session.commit()
    named = {
        police: [Nominee("Dewi Lestari"), Nominee("Joko Susilo", email="j@example.com")],
        office: [Nominee("Sri Handayani"), Nominee("Rina Wati, S.H.")],
        nobody: [Nominee("Budi Santoso", email="b@example.com")],
    }
    for organisation in named:
        invite_organisation(activity, organisation)
    publish(activity)
    send(NOW)
    for organisation, people in named.items():
        recording.nominate_for(invitation_of(activity, organisation).id, people, by=None, now=at(5))
    run(at(5))
    if news == "postponed":
        publishing.postpone(activity.id, "Banjir", by=None, now=at(6))
    elif news == "cancelled":
        publishing.cancel(activity.id, "Banjir", by=None, now=at(6))
    else:
        move(activity, starts_at=at(20, 8), ends_at=at(20, 12), now=at(6))
    reminding.tick(at(6))
    said = {}
    for message in db.session.scalars(
        sa.select(Message).where(Message.organisation_id.is_not(None), Message.sent_at.is_(None))
    ):
        mail, _lines = planned(message, at(6))
        text = text_of(parsed(mail.write().data))
        said[message.organisation] = re.findall(r"Mohon disampaikan juga kepada: (.*)", text)
    assert said == {police: ["Dewi Lestari"], office: ["Sri Handayani; Rina Wati, S.H."], nobody: []}


def test_who_is_withdrawn_is_asked_to_tell_their_representative(programme, hall, ani):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    publish(activity)
    send(NOW)
    answer(activity, ani, Choice.REPRESENTED, NOW, Representative("Dewi", email="dewi@example.com"))
    withdrawing.withdraw(invitation_of(activity, ani).id, by=None, now=at(6))
    reminding.tick(at(6))
    own = (Message.sent_at.is_(None), Message.representative_of_id.is_(None))
    (message,) = db.session.scalars(sa.select(Message).where(*own))
    mail, _lines = planned(message, at(6))
    assert "Mohon disampaikan juga kepada: Dewi\n" in text_of(parsed(mail.write().data))


def test_people_invited_again_within_minutes_are_told_at_once(programme, hall, ani, police):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    invite_organisation(activity, police)
    publish(activity)
    send(NOW)
    for invitee in (ani, police):
        withdrawing.withdraw(invitation_of(activity, invitee).id, by=None, now=at(5, 9))
    run(at(5, 9))
    invite(activity, ani, now=at(5, 10))
    invite_organisation(activity, police, now=at(5, 10))
    reminding.tick(at(5, 10))
    assert sorted(mails()[-2:]) == [("Ani", "05 10.00", ["invitation"]), ("Polres", "05 10.00", ["invitation"])]
    assert judge_all(at(5, 10)) == [(["invitation"], [])] * 2


def test_an_invitation_after_another_mail_of_the_day_still_waits_for_the_morning(programme, hall, ani):
    first, second, third = (draft_activity(programme, hall, day) for day in (18, 19, 20))
    invite([first, second], ani)
    publish(first, second)
    send(NOW)
    withdrawing.withdraw(invitation_of(first, ani).id, by=None, now=at(5, 9))
    run(at(5, 9))
    invite(third, ani, now=at(5, 10))
    publish(third, now=at(5, 10))
    assert mails()[-1] == ("Ani", "06 08.00", ["invitation"])


def test_people_who_know_of_a_withdrawal_get_no_second_one_for_an_invitation_never_sent(programme, hall, police):
    activity = draft_activity(programme, hall, 18)
    invite_organisation(activity, police, seats=3)
    publish(activity)
    send(NOW)
    office = invitation_of(activity, police)
    siti = Nominee("Siti Aminah", email="s@example.com")
    joko = Nominee("Joko Susilo")
    recording.nominate_for(office.id, [siti, joko], by=None, now=at(5, 9))
    run(at(5, 9))
    recording.nominate_for(office.id, [joko], by=None, now=at(5, 10))
    run(at(5, 10))
    recording.nominate_for(office.id, [siti, joko], by=None, now=at(5, 11))
    reminding.tick(at(5, 11))
    assert mails()[-1] == ("Siti", "05 11.00", ["invitation"])
    recording.nominate_for(office.id, [joko], by=None, now=at(5, 11, 5))
    reminding.tick(at(5, 11, 5))
    assert judge_all(at(5, 11, 5)) == [([], ["withdrawn", "never_told"])]


def test_a_withdrawal_after_the_second_invitation_is_sent(programme, hall, ani):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    publish(activity)
    send(NOW)
    for hour in (9, 11):
        withdrawing.withdraw(invitation_of(activity, ani).id, by=None, now=at(5, hour))
        reminding.tick(at(5, hour))
        assert judge_all(at(5, hour)) == [(["withdrawal"], [])]
        send(at(5, hour))
        invite(activity, ani, now=at(5, hour + 1))
        run(at(5, hour + 1))
    assert [kinds for *_, kinds in mails()] == [["invitation"], ["withdrawal"]] * 2 + [["invitation"]]


def test_a_person_who_declined_is_not_notified_of_the_withdrawal(programme, hall, ani):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    publish(activity)
    send(NOW)
    answer(activity, ani, Choice.NOT_COMING)
    withdrawing.withdraw(invitation_of(activity, ani).id, by=None, now=at(5))
    reminding.tick(at(5))
    assert judge_all(at(5)) in ([], [([], ["declined"])])


def test_a_person_notified_in_another_role_is_notified_of_the_cancellation(programme, hall, ani):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    invite(activity, ani, role=Role.MODERATOR)
    publish(activity)
    message = db.session.scalars(sa.select(Message)).one()
    from outreach.delivery.mail.compose import worth_saying

    _, needless = worth_saying(message.lines)
    for line in needless:
        line.skipped = "said_by_another_line"
    db.session.commit()
    send(NOW)
    as_moderator = db.session.scalars(sa.select(Invitation).where(Invitation.role == Role.MODERATOR)).one()
    withdrawing.withdraw(as_moderator.id, by=None, now=at(5))
    run(at(5))
    publishing.cancel(activity.id, "alasan", by=None, now=at(6))
    reminding.tick(at(6))
    assert judge_all(at(6)) == [(["cancellation"], [])]


def test_a_draft_published_after_its_deadline_gets_a_new_one(programme, hall, ani):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    publish(activity, now=at(17, 9))
    send(at(17, 9))
    link = links.link_for(db.session(), ani)
    from outreach.delivery import tokens

    answering.answer(tokens.token(link), activity.id, Choice.COMING, now=at(17, 10))


def test_a_reminder_on_the_day_of_the_invitation_is_not_in_the_forecast(programme, hall, ani):
    activity = draft_activity(programme, hall, 11)
    invite(activity, ani)
    forecast = forecasting.for_publishing([activity.id], now=NOW - timedelta(hours=1))
    publish(activity, now=NOW - timedelta(hours=1))
    send(NOW - timedelta(hours=1))
    reminding.tick(NOW)
    got = [mail for mail in mails() if "reminder" in mail[2]]
    said = [row.people for row in forecast.rows if row.kind is MailKind.REMINDER][0]
    assert said == len(got), (said, got)


def test_the_forecast_knows_stopped_reminders_and_representatives(programme, hall, ani, budi):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani, budi)
    publish(activity)
    send(NOW)
    answer(activity, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="rudi@example.com"))
    db.session.get(Person, budi.id).reminders_stopped_at = NOW
    db.session.commit()
    forecast = forecasting.for_cancelling(activity.id, now=at(5))
    publishing.cancel(activity.id, "x", by=None, now=at(5))
    reminding.tick(at(5))
    got = judge_all(at(5))
    assert forecast.rows[0].people == sum((bool(kinds) for kinds, _ in got)), (forecast.rows[0].people, got)


def test_a_person_present_in_two_roles_is_thanked_once(programme, hall, ani):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    invite(activity, ani, role=Role.MODERATOR)
    publish(activity)
    send(NOW)
    as_cadre, as_moderator = db.session.scalars(sa.select(Invitation).order_by(Invitation.id)).all()
    recording.record_answer(as_cadre.id, Choice.COMING, AnswerSource.PHONE, by=None, now=NOW)
    run(at(17), at(18, 13))
    attendance.tick(activity.id, [as_cadre.id], [as_cadre.id], AttendanceSource.HAND, by=None, now=at(18, 14))
    run(at(19))
    attendance.tick(activity.id, [as_moderator.id], [as_moderator.id], AttendanceSource.HAND, by=None, now=at(19, 14))
    run(at(19, 14), at(20))
    assert sum("thanks" in mail[2] for mail in mails()) == 1, mails()


def test_a_mail_sent_late_counts_on_the_day_it_went_out(programme, hall, ani):
    first = draft_activity(programme, hall, 18)
    second = draft_activity(programme, hall, 20)
    invite(first, ani)
    publish(first, now=at(4, 20))
    send(at(5, 9))
    invite(second, ani)
    publish(second, now=at(5, 10))
    assert mails()[-1][1] != "05 10.00", mails()


def test_a_nominee_who_moderates_is_not_told_to_stay_away(programme, hall, police):
    activity = draft_activity(programme, hall, 18)
    invite_organisation(activity, police, seats=3)
    publish(activity)
    send(NOW)
    police_invitation = db.session.scalars(sa.select(Invitation)).one()
    recording.nominate_for(police_invitation.id, [Nominee("Siti Aminah", email="s@example.com")], by=None, now=at(5))
    run(at(5))
    siti = db.session.scalars(sa.select(Person).where(Person.name == "Siti Aminah")).one()
    invite(activity, siti, role=Role.MODERATOR, now=at(6))
    run(at(6))
    withdrawing.withdraw(police_invitation.id, by=None, now=at(7))
    reminding.tick(at(7))
    send(at(7))
    assert not any(mail[0] == "Siti" and "withdrawal" in mail[2] for mail in mails()), mails()


def test_two_representatives_with_one_address_get_one_mail_each(programme, hall, ani):
    first = draft_activity(programme, hall, 18)
    second = draft_activity(programme, hall, 18, starts_at=at(18, 13), ends_at=at(18, 15))
    invite([first, second], ani)
    publish(first, second)
    send(NOW)
    answer(first, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="kantor@example.com"))
    answer(second, ani, Choice.REPRESENTED, representative=Representative("Tina Dewi", email="kantor@example.com"))
    reminding.tick(at(17))
    assert sorted(mail[0] for mail in mails()[1:] if mail[0] != "Ani") == ["Rudi Hartono", "Tina Dewi"], mails()


def test_a_postponed_mail_includes_what_is_due_later_that_day(programme, hall, ani):
    first = draft_activity(programme, hall, 18)
    second = draft_activity(programme, hall, 25)
    third = draft_activity(programme, hall, 26)
    invite(first, ani)
    publish(first)
    send(NOW)
    answer(first, ani, Choice.COMING)
    edit_rules.edit("day-before", RuleValues(1, time(10), Audience.COMING), None, first.id, by=None, now=NOW)
    invite(second, ani)
    publish(second, now=at(16, 9))
    send(at(16, 9))
    invite(third, ani)
    publish(third, now=at(16, 10))
    run(at(16, 10), at(17, 8), at(17, 10))
    assert sum(mail[1].startswith("17 ") for mail in mails()) == 1, mails()


def test_the_forecast_has_no_reminder_for_people_who_stopped_them(programme, hall, ani):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    publish(activity)
    send(NOW)
    db.session.get(Person, ani.id).reminders_stopped_at = NOW
    db.session.commit()
    forecast = forecasting.for_activities([activity.id], now=at(5))
    forecast_of_cancelling = forecasting.for_cancelling(activity.id, now=at(5))
    reminding.tick(at(11))
    got = sum((bool(kinds) for kinds, _ in judge_all(at(11))))
    said = [
        row.people for row in forecast.rows if row.kind is MailKind.REMINDER and row.audience is Audience.UNANSWERED
    ][0]
    assert (said, forecast_of_cancelling.rows[0].people) == (got, 0)


def test_the_forecast_has_the_cancellation_for_the_representative_too(programme, hall, ani):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    publish(activity)
    send(NOW)
    answer(activity, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="rudi@example.com"))
    forecast = forecasting.for_cancelling(activity.id, now=at(5))
    publishing.cancel(activity.id, "x", by=None, now=at(5))
    reminding.tick(at(5))
    got = sum((bool(kinds) for kinds, _ in judge_all(at(5))))
    assert forecast.rows[0].people == got


def test_a_later_deadline_reopens_the_answers(programme, hall, ani):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    publish(activity)
    send(NOW)
    run(at(16, 17))
    assert invitation_of(activity, ani).state is InvitationState.NO_ANSWER


def test_a_withdrawn_office_is_asked_to_tell_those_who_are_withdrawn_with_it(programme, hall, police):
    activity = draft_activity(programme, hall, 18)
    invite_organisation(activity, police)
    publish(activity)
    send(NOW)
    under = invitation_of(activity, police).id
    for people in (
        [Nominee("Sri Handayani"), Nominee("Rina", email="r@example.com")],
        [Nominee("Dewi"), Nominee("Tina")],
    ):
        recording.nominate_for(under, people, by=None, now=at(5))
    recording.nominate_for(under, [Nominee("Dewi"), Nominee("Joko", email="j@example.com")], by=None, now=at(5, 9))
    run(at(5, 9))
    withdrawing.withdraw(under, by=None, now=at(6))
    reminding.tick(at(6))
    wanted = sa.select(Message).where(Message.organisation_id == police.id, Message.sent_at.is_(None))
    (message,) = db.session.scalars(wanted)
    mail, _lines = planned(message, at(6))
    said = text_of(parsed(mail.write().data))
    assert re.findall(r"Mohon disampaikan juga kepada: (.*)", said) == ["Dewi"]
