"""Crossing answers, moves, withdrawals, retries and outages: no mail is lost, doubled or sent to the wrong person."""

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
from outreach.models import Activity, Attempt, Invitation, Message, Person, Venue
from outreach.services import attendance
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.answers.nominees import Nominee
from outreach.services.invitations import invite as inviting
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
    mails,
    move,
    publish,
    run,
    send,
)

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
    c = draft_activity(programme, hall, 11)
    a = draft_activity(programme, hall, 25)
    b = draft_activity(programme, hall, 26)
    invite([c], ani)
    publish(c)
    send(NOW)
    answer(c, ani, Choice.COMING)
    invite([a], ani)
    publish(a, now=at(10, 9))
    send(at(10, 9))
    invite([b], ani)
    publish(b, now=at(10, 10))
    send(at(10, 10))
    v2 = Venue(name="Aula lain", capacity=100, region_code="18.72.01.1001")
    db.session.add(v2)
    db.session.commit()
    move(c, venue_id=v2.id, now=at(11, 6))
    reminding.tick(at(11, 6))
    assert mails()[-1][1] == "11 06.00", (mails()[-1], judge_all(at(11, 8)))


def test_a_reminder_merged_into_an_earlier_mail_goes_out_again_after_a_move(programme, hall, ani):
    programme.ends_on = date(2027, 1, 28)
    a = draft_activity(programme, hall, 18)
    b = draft_activity(programme, hall, 20)
    invite([a, b], ani)
    publish(a, b)
    send(NOW)
    answer(a, ani, Choice.COMING)
    answer(b, ani, Choice.COMING)
    move(b, starts_at=at(21, 8), ends_at=at(21, 12), now=at(17, 6))
    run(at(17, 6))
    move(a, starts_at=at(28, 8), ends_at=at(28, 12), now=at(17, 7))
    run(at(17, 7), at(20, 8), at(27, 8))
    assert mails()[-1][1] == "27 08.00"


def test_a_mail_with_unknown_outcome_does_not_suppress_later_reminders(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    invite([a], ani)
    publish(a)
    db.session.execute(sa.update(Message).values(state=MessageState.UNKNOWN, merge_key=None))
    db.session.add(Attempt(message_id=1, at=NOW, worker="w", outcome=MessageState.UNKNOWN))
    db.session.commit()
    reminding.tick(at(11, 8))
    assert judge_all(at(11, 8)) == [(["reminder"], [])]


def test_a_nominee_dropped_earlier_is_not_notified_again_when_the_office_is_withdrawn(programme, hall, police):
    a = draft_activity(programme, hall, 18)
    inviting.invite_organisations([a.id], {police.id: 3}, by=None, now=NOW)
    publish(a)
    send(NOW)
    org = db.session.scalars(sa.select(Invitation)).one()
    recording.nominate_for(
        org.id,
        [Nominee("Siti Aminah", email="s@example.com"), Nominee("Joko Susilo", email="j@example.com")],
        by=None,
        now=at(5),
    )
    run(at(5))
    recording.nominate_for(org.id, [Nominee("Joko Susilo", email="j@example.com")], by=None, now=at(6))
    run(at(6))
    withdrawing.withdraw(org.id, by=None, now=at(7))
    reminding.tick(at(7))
    got = judge_all(at(7))
    send(at(7))
    assert sum(mail[0] == "Siti" and "withdrawal" in mail[2] for mail in mails()) == 1, (mails(), got)


def test_a_former_nominee_who_is_invited_directly_no_longer_belongs_to_the_office(programme, hall, police):
    a = draft_activity(programme, hall, 18)
    inviting.invite_organisations([a.id], {police.id: 3}, by=None, now=NOW)
    publish(a)
    send(NOW)
    org = db.session.scalars(sa.select(Invitation)).one()
    recording.nominate_for(
        org.id, [Nominee("Siti Aminah", email="s@example.com"), Nominee("Joko Susilo")], by=None, now=at(5)
    )
    run(at(5))
    recording.nominate_for(org.id, [Nominee("Joko Susilo")], by=None, now=at(6))
    run(at(6))
    siti = db.session.scalars(sa.select(Person).where(Person.name == "Siti Aminah")).one()
    invite([a], siti, role=Role.PARTICIPANT, now=at(7))
    run(at(7))
    assert invitation_of(a, siti).state is InvitationState.INVITED
    recording.nominate_for(org.id, [Nominee("Joko Susilo"), Nominee("Rina Wati")], by=None, now=at(8))
    assert invitation_of(a, siti).state is InvitationState.INVITED


def test_a_mail_waiting_for_its_retry_counts_as_todays_mail(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    b = draft_activity(programme, hall, 20)
    invite([a], ani)
    publish(a)
    db.session.execute(
        sa.update(Message).values(
            state=MessageState.RETRY, attempts=1, merge_key=None, due_at=NOW + timedelta(minutes=20)
        )
    )
    db.session.commit()
    invite([b], ani)
    publish(b, now=NOW + timedelta(minutes=5))
    assert mails()[-1][1] != "04 08.05", mails()


def test_a_person_waiting_in_two_roles_takes_one_free_seat(programme, hall, ani, budi):
    a = draft_activity(programme, hall, 18, capacity=1)
    z = a_person("Zed Zulu")
    invite([a], z, ani, budi)
    invite([a], ani, role=Role.PARTICIPANT)
    publish(a)
    send(NOW)
    answer(a, z, Choice.COMING)
    one = db.session.scalars(sa.select(Invitation).where(Invitation.person_id == ani.id)).all()
    recording.record_answer(one[0].id, Choice.COMING, AnswerSource.PHONE, by=None, now=NOW)
    answer(a, budi, Choice.COMING, now=at(5))
    answer(a, z, Choice.NOT_COMING, now=at(6))
    act = db.session.get(Activity, a.id)
    act.capacity = 2
    db.session.commit()
    from outreach.transactions import writing

    with writing() as s:
        seats.offer_freed(s, s.get(Activity, a.id), now=at(7))
    assert invitation_of(a, budi).state is InvitationState.COMING


def test_thanks_switched_off_after_the_activity_are_not_sent(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    invite([a], ani)
    publish(a)
    send(NOW)
    answer(a, ani, Choice.COMING)
    run(at(17), at(18, 13))
    attendance.tick(
        a.id, [invitation_of(a, ani).id], [invitation_of(a, ani).id], AttendanceSource.HAND, by=None, now=at(18, 14)
    )
    edit_rules.edit(
        "thanks", RuleValues(1, time(8), Audience.PRESENT, enabled=False), None, a.id, by=None, now=at(18, 15)
    )
    run(at(19, 8))
    assert all("thanks" not in mail[2] for mail in mails()), mails()


def test_a_representatives_mail_keeps_the_lines_that_are_still_theirs(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    b = draft_activity(programme, hall, 18, starts_at=at(18, 13), ends_at=at(18, 15))
    invite([a, b], ani)
    publish(a, b)
    send(NOW)
    answer(a, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="rudi@example.com"))
    answer(b, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="rudi@example.com"))
    reminding.tick(at(17))
    answer(a, ani, Choice.COMING, now=at(17))
    m = db.session.scalars(sa.select(Message).where(Message.representative_of_id.is_not(None))).one()
    assert planned(m, at(17))[0].recipient == "rudi@example.com"


def test_a_representative_never_gets_a_mail_for_another(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    b = draft_activity(programme, hall, 18, starts_at=at(18, 13), ends_at=at(18, 15))
    invite([a, b], ani)
    publish(a, b)
    send(NOW)
    answer(a, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="rudi@example.com"))
    answer(b, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="rudi@example.com"))
    reminding.tick(at(17))
    answer(a, ani, Choice.REPRESENTED, now=at(17), representative=Representative("Tina", email="tina@example.com"))
    m = db.session.scalars(sa.select(Message).where(Message.representative_of_id.is_not(None))).one()
    mail, lines = planned(m, at(17))
    assert not (mail.recipient == "tina@example.com" and lines == 2), mail.subject


def test_a_person_who_declined_is_not_notified_of_the_withdrawal(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    invite([a], ani)
    publish(a)
    send(NOW)
    answer(a, ani, Choice.NOT_COMING)
    withdrawing.withdraw(invitation_of(a, ani).id, by=None, now=at(5))
    reminding.tick(at(5))
    assert judge_all(at(5)) in ([], [([], ["declined"])])


def test_a_person_notified_in_another_role_is_notified_of_the_cancellation(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    invite([a], ani)
    invite([a], ani, role=Role.MODERATOR)
    publish(a)
    ms = db.session.scalars(sa.select(Message)).one()
    from outreach.delivery.mail.compose import worth_saying

    _, needless = worth_saying(ms.lines)
    for li in needless:
        li.skipped = "said_by_another_line"
    db.session.commit()
    send(NOW)
    mod = db.session.scalars(sa.select(Invitation).where(Invitation.role == Role.MODERATOR)).one()
    withdrawing.withdraw(mod.id, by=None, now=at(5))
    run(at(5))
    publishing.cancel(a.id, "alasan", by=None, now=at(6))
    reminding.tick(at(6))
    assert judge_all(at(6)) == [(["cancellation"], [])]


def test_a_draft_published_after_its_deadline_gets_a_new_one(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    invite([a], ani)
    publish(a, now=at(17, 9))
    send(at(17, 9))
    link = links.link_for(db.session(), ani)
    from outreach.delivery import tokens

    answering.answer(tokens.token(link), a.id, Choice.COMING, now=at(17, 10))


def test_a_reminder_on_the_day_of_the_invitation_is_not_in_the_forecast(programme, hall, ani):
    a = draft_activity(programme, hall, 11)
    invite([a], ani)
    f = forecasting.for_publishing([a.id], now=NOW - timedelta(hours=1))
    publish(a, now=NOW - timedelta(hours=1))
    send(NOW - timedelta(hours=1))
    reminding.tick(NOW)
    got = [mail for mail in mails() if "reminder" in mail[2]]
    said = [row.people for row in f.rows if row.kind is MailKind.REMINDER][0]
    assert said == len(got), (said, got)


def test_the_forecast_knows_stopped_reminders_and_representatives(programme, hall, ani, budi):
    a = draft_activity(programme, hall, 18)
    invite([a], ani, budi)
    publish(a)
    send(NOW)
    answer(a, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="rudi@example.com"))
    db.session.get(Person, budi.id).reminders_stopped_at = NOW
    db.session.commit()
    c = forecasting.for_cancelling(a.id, now=at(5))
    publishing.cancel(a.id, "x", by=None, now=at(5))
    reminding.tick(at(5))
    got = judge_all(at(5))
    assert c.rows[0].people == sum((bool(kinds) for kinds, _ in got)), (c.rows[0].people, got)


def test_a_person_present_in_two_roles_is_thanked_once(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    invite([a], ani)
    invite([a], ani, role=Role.MODERATOR)
    publish(a)
    send(NOW)
    i, j = db.session.scalars(sa.select(Invitation).order_by(Invitation.id)).all()
    recording.record_answer(i.id, Choice.COMING, AnswerSource.PHONE, by=None, now=NOW)
    run(at(17), at(18, 13))
    attendance.tick(a.id, [i.id], [i.id], AttendanceSource.HAND, by=None, now=at(18, 14))
    run(at(19))
    attendance.tick(a.id, [j.id], [j.id], AttendanceSource.HAND, by=None, now=at(19, 14))
    run(at(19, 14), at(20))
    assert sum("thanks" in mail[2] for mail in mails()) == 1, mails()


def test_a_mail_sent_late_counts_on_the_day_it_went_out(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    b = draft_activity(programme, hall, 20)
    invite([a], ani)
    publish(a, now=at(4, 20))
    send(at(5, 9))
    invite([b], ani)
    publish(b, now=at(5, 10))
    assert mails()[-1][1] != "05 10.00", mails()


def test_a_nominee_who_moderates_is_not_told_to_stay_away(programme, hall, police):
    a = draft_activity(programme, hall, 18)
    inviting.invite_organisations([a.id], {police.id: 3}, by=None, now=NOW)
    publish(a)
    send(NOW)
    org = db.session.scalars(sa.select(Invitation)).one()
    recording.nominate_for(org.id, [Nominee("Siti Aminah", email="s@example.com")], by=None, now=at(5))
    run(at(5))
    siti = db.session.scalars(sa.select(Person).where(Person.name == "Siti Aminah")).one()
    invite([a], siti, role=Role.MODERATOR, now=at(6))
    run(at(6))
    withdrawing.withdraw(org.id, by=None, now=at(7))
    reminding.tick(at(7))
    send(at(7))
    assert not any(mail[0] == "Siti" and "withdrawal" in mail[2] for mail in mails()), mails()


def test_two_representatives_with_one_address_get_one_mail_each(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    b = draft_activity(programme, hall, 18, starts_at=at(18, 13), ends_at=at(18, 15))
    invite([a, b], ani)
    publish(a, b)
    send(NOW)
    answer(a, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="kantor@example.com"))
    answer(b, ani, Choice.REPRESENTED, representative=Representative("Tina Dewi", email="kantor@example.com"))
    reminding.tick(at(17))
    assert sorted(mail[0] for mail in mails()[1:]) == ["Rudi Hartono", "Tina Dewi"], mails()


def test_a_postponed_mail_includes_what_is_due_later_that_day(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    b = draft_activity(programme, hall, 25)
    c = draft_activity(programme, hall, 26)
    invite([a], ani)
    publish(a)
    send(NOW)
    answer(a, ani, Choice.COMING)
    edit_rules.edit("day-before", RuleValues(1, time(10), Audience.COMING), None, a.id, by=None, now=NOW)
    invite([b], ani)
    publish(b, now=at(16, 9))
    send(at(16, 9))
    invite([c], ani)
    publish(c, now=at(16, 10))
    run(at(16, 10), at(17, 8), at(17, 10))
    assert sum(mail[1].startswith("17 ") for mail in mails()) == 1, mails()


def test_the_forecast_has_no_reminder_for_people_who_stopped_them(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    invite([a], ani)
    publish(a)
    send(NOW)
    db.session.get(Person, ani.id).reminders_stopped_at = NOW
    db.session.commit()
    f = forecasting.for_activities([a.id], now=at(5))
    c = forecasting.for_cancelling(a.id, now=at(5))
    reminding.tick(at(11))
    got = sum((bool(kinds) for kinds, _ in judge_all(at(11))))
    said = [row.people for row in f.rows if row.kind is MailKind.REMINDER and row.audience is Audience.UNANSWERED][0]
    assert (said, c.rows[0].people) == (got, 0)


def test_the_forecast_has_the_cancellation_for_the_representative_too(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    invite([a], ani)
    publish(a)
    send(NOW)
    answer(a, ani, Choice.REPRESENTED, representative=Representative("Rudi Hartono", email="rudi@example.com"))
    c = forecasting.for_cancelling(a.id, now=at(5))
    publishing.cancel(a.id, "x", by=None, now=at(5))
    reminding.tick(at(5))
    got = sum((bool(kinds) for kinds, _ in judge_all(at(5))))
    assert c.rows[0].people == got


def test_a_later_deadline_reopens_the_answers(programme, hall, ani):
    a = draft_activity(programme, hall, 18)
    invite([a], ani)
    publish(a)
    send(NOW)
    run(at(16, 17))
    assert invitation_of(a, ani).state is InvitationState.NO_ANSWER
