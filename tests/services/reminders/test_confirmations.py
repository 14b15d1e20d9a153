"""People who answer by calendar get a confirmation, with the answer as it is at sending time."""

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, Role
from outreach.extensions import db
from outreach.models import Activity, Invitation, Office, Person
from outreach.services import locking
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.answers import undo as undoing
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.reminders import schedule as scheduling
from outreach.services.reminders import tick as reminding
from outreach.transactions import writing
from tests.world import NOW, StandingClock, a_person, drain, invite_and_publish, minutes, token_of
from tests.world.composed import parsed, text_of


@pytest.fixture
def ani_invited(any_app, activity, ani, server):
    """Ani's invitation to an activity, already sent."""
    invite_and_publish(activity, ani)
    drain(NOW)
    server.taken.clear()
    return ani


def tick_and_send(now):
    reminding.tick(now)
    drain(StandingClock(now))


def her_calendar_says(choice, now):
    """Record an answer as reading the mailbox does."""
    invitation_id = her_invitation()
    recording.record_answer(invitation_id, choice, AnswerSource.CALENDAR, by=None, now=now)
    with writing() as session:
        invitation = session.get_one(Invitation, invitation_id)
        locking.activity_for_change(session, invitation.activity_id)
        scheduling.confirm(session, invitation, now=now)


def her_invitation() -> int:
    db.session.rollback()
    return db.session.scalars(
        sa.select(Invitation.id).join(Person, Person.id == Invitation.person_id).where(Person.name == "Ani Wijaya")
    ).one()


def confirmations_in(server) -> list[tuple[str, str]]:
    """Return the subject and the line with the answer of each mail."""
    found = []
    for taken in server.taken:
        text = taken.mail.get_body(("plain",)).get_content()
        answer = next((line for line in text.splitlines() if line.startswith("Jawaban tercatat: ")), "")
        found.append((taken.mail["Subject"].partition(":")[0], answer.partition(": ")[2]))
    return found


def test_an_answer_by_calendar_is_confirmed_with_a_way_to_change_it(ani_invited, server):
    her_calendar_says(Choice.COMING, NOW + minutes(5))
    tick_and_send(NOW + minutes(6))
    assert confirmations_in(server) == [("Jawaban tercatat", "Hadir")]
    (taken,) = server.taken
    assert taken.recipient == ani_invited.email
    assert f"http://localhost/j/{token_of(ani_invited)}" in taken.mail.get_body(("plain",)).get_content()


def test_two_answers_before_sending_give_one_mail_with_the_last(ani_invited, server):
    her_calendar_says(Choice.COMING, NOW + minutes(5))
    her_calendar_says(Choice.NOT_COMING, NOW + minutes(5))
    reminding.tick(NOW + minutes(6))
    her_calendar_says(Choice.COMING, NOW + minutes(6))
    her_calendar_says(Choice.NOT_COMING, NOW + minutes(6))
    tick_and_send(NOW + minutes(7))
    assert confirmations_in(server) == [("Jawaban tercatat", "Tidak hadir")]


def test_an_answer_after_sending_gets_another_mail(ani_invited, server):
    her_calendar_says(Choice.COMING, NOW + minutes(5))
    tick_and_send(NOW + minutes(6))
    her_calendar_says(Choice.NOT_COMING, NOW + minutes(7))
    tick_and_send(NOW + minutes(8))
    assert confirmations_in(server) == [("Jawaban tercatat", "Hadir"), ("Jawaban tercatat", "Tidak hadir")]


def test_people_who_stopped_reminders_get_a_confirmation_too(ani_invited, server):
    db.session.get(Person, ani_invited.id).reminders_stopped_at = NOW
    db.session.commit()
    her_calendar_says(Choice.COMING, NOW + minutes(5))
    tick_and_send(NOW + minutes(6))
    assert confirmations_in(server) == [("Jawaban tercatat", "Hadir")]


def test_people_waiting_for_a_seat_are_told_that_they_wait(ani_invited, activity, server):
    other_person = a_person("Joko Susilo")
    inviting.invite_people([activity.id], [other_person.id], Role.CADRE, by=None, now=NOW)
    db.session.get(Activity, activity.id).capacity = 1
    db.session.commit()
    theirs = sa.select(Invitation.id).where(Invitation.person_id == other_person.id)
    recording.record_answer(
        db.session.scalars(theirs).one(), Choice.COMING, AnswerSource.PHONE, by=None, now=NOW + minutes(4)
    )
    her_calendar_says(Choice.COMING, NOW + minutes(5))
    tick_and_send(NOW + minutes(6))
    assert ("Jawaban tercatat", "Menunggu kursi") in confirmations_in(server)


def test_the_confirmations_text_shows_the_answer_changed_by_link_meanwhile(ani_invited, activity, server):
    her_calendar_says(Choice.COMING, NOW + minutes(5))
    answering.answer(token_of(ani_invited), activity.id, Choice.NOT_COMING, now=NOW + minutes(6))
    tick_and_send(NOW + minutes(7))
    assert confirmations_in(server) == [("Jawaban tercatat", "Tidak hadir")]


def test_no_confirmation_is_sent_after_a_withdrawal(ani_invited, server):
    her_calendar_says(Choice.COMING, NOW + minutes(5))
    withdrawing.withdraw(her_invitation(), by=None, now=NOW + minutes(6))
    tick_and_send(NOW + minutes(7))
    assert confirmations_in(server) == [("Pembatalan undangan", "")]


def test_without_an_answer_or_after_the_activity_there_is_nothing_to_confirm(ani_invited, activity, server):
    invitation_id = her_invitation()

    def confirmed():
        with writing() as session:
            return scheduling.confirm(session, session.get_one(Invitation, invitation_id), now=NOW + minutes(9))

    assert confirmed() is None
    recording.record_answer(invitation_id, Choice.COMING, AnswerSource.CALENDAR, by=None, now=NOW + minutes(5))
    assert confirmed() is not None
    publishing.cancel(activity.id, "Banjir", by=None, now=NOW + minutes(6))
    assert confirmed() is None


def she_answers_by_link(choice, now):
    token = tokens.token(links.link_for(db.session, db.session.get_one(Invitation, her_invitation()).person))
    activity_id = db.session.scalar(sa.select(Activity.id))
    answering.answer(token, activity_id, choice, now=now)


def test_an_answer_by_link_is_confirmed_if_the_office_wishes_it(ani_invited, server, office):
    she_answers_by_link(Choice.COMING, NOW + minutes(5))
    tick_and_send(NOW + minutes(5))
    assert server.taken == []
    db.session.get_one(Office, office.id).confirms_answers = True
    db.session.commit()
    she_answers_by_link(Choice.NOT_COMING, NOW + minutes(10))
    tick_and_send(NOW + minutes(10))
    (taken,) = server.taken
    mail = parsed(taken.data)
    assert mail["Subject"].startswith("Jawaban tercatat: Rapat koordinasi lintas sektor, Senin, 18 Januari 2027")
    text = text_of(mail)
    assert "Kalender" not in text
    assert "Jawaban tercatat: Tidak hadir\n" in text
    assert "Waktu: 08.00–12.00 WIB\n" in text
    assert "mohon ubah jawabannya paling lambat Sabtu, 16 Januari 2027 pukul 16.00 WIB.\nUbah jawaban: http" in text


def test_an_answer_that_is_undone_is_confirmed_as_it_stands_again(ani_invited, server, office):
    db.session.get_one(Office, office.id).confirms_answers = True
    db.session.commit()
    for minute, choice in ((5, Choice.COMING), (10, Choice.NOT_COMING)):
        she_answers_by_link(choice, NOW + minutes(minute))
        tick_and_send(NOW + minutes(minute))
    undoing.undo(token_of(ani_invited), now=NOW + minutes(15))
    tick_and_send(NOW + minutes(15))
    assert [answer for _subject, answer in confirmations_in(server)] == ["Hadir", "Tidak hadir", "Hadir"]
