"""Who acts again after somebody named later is undone gets one mail that says so; who had confirmed is not asked again."""

from datetime import timedelta

import pytest

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, Role
from outreach.extensions import db
from outreach.services.answers import acting
from outreach.services.answers import answer as answering
from outreach.services.answers import record as recording
from outreach.services.answers import undo as undoing
from outreach.services.reminders import tick as reminding
from outreach.services.representation.notices import TOLD_IN_A_DAY, waits_for_staff
from tests.world import NOW, at, invitation_of, invite, invite_and_publish, token_of
from tests.world.mails import drain

pytestmark = pytest.mark.usefixtures("any_app")

RINA = Representative("Kompol Rina Dewi", "Wakapolres", email="rina@example.com")
TONO = Representative("AKP Tono", "Kasat Reskrim", email="tono@example.com")
AGAIN = "Kembali hadir mewakili"
NO_LONGER = "Tidak perlu lagi mewakili"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def represented(server, activity, chief):
    """The chief has named Rina, and both have had their mails."""
    invite_and_publish(activity, chief, role=Role.SPEAKER)
    work(NOW)
    answering.answer(token_of(chief), activity.id, Choice.REPRESENTED, RINA, now=at(5))
    work(at(5))
    server.taken.clear()
    return activity


def work(now):
    reminding.tick(now)
    drain(now)


def page_of(activity, invitee):
    return tokens.acting_token(invitation_of(activity, invitee).acting.nonce)


def mails_to(server, address):
    """Return (subject, text, whether a calendar entry is in it) of each mail to the address, in order."""
    return [
        (
            str(taken.mail["Subject"]),
            taken.mail.get_body(("plain",)).get_content(),
            any(part.get_content_type() == "text/calendar" for part in taken.mail.walk()),
        )
        for taken in server.taken
        if taken.recipient == address
    ]


@pytest.mark.parametrize("by_staff", [False, True])
def test_who_confirmed_passed_it_on_and_acts_again_is_told_once_and_not_asked(represented, server, chief, by_staff):
    rinas = page_of(represented, chief)
    acting.answer(rinas, represented.id, Choice.COMING, now=at(6))
    acting.answer(rinas, represented.id, Choice.REPRESENTED, TONO, now=at(6, 9))
    work(at(6, 9))
    server.taken.clear()
    if by_staff:
        acting.take_back_for(invitation_of(represented, chief).id, by=None, now=at(7))
    else:
        acting.take_back(token_of(chief), represented.id, now=at(7))
    work(at(7))
    [(subject, text, in_calendar)] = mails_to(server, "rina@example.com")
    assert (AGAIN in subject, in_calendar) == (True, True)
    assert "tidak perlu menjawab lagi" in text.replace("\n", " ")
    assert "Saya hadir" not in text
    assert "Tidak dapat hadir" in text


def test_who_had_not_confirmed_is_told_that_they_act_again_and_asked(represented, server, chief):
    acting.answer(page_of(represented, chief), represented.id, Choice.REPRESENTED, TONO, now=at(6))
    work(at(6))
    server.taken.clear()
    acting.take_back(token_of(chief), represented.id, now=at(7))
    work(at(7))
    [(subject, text, in_calendar)] = mails_to(server, "rina@example.com")
    assert (AGAIN in subject, in_calendar, "Saya hadir" in text) == (True, True, True)


def test_after_staff_undo_an_answer_that_they_recorded_who_acts_again_gets_one_mail(represented, server, chief):
    acting.answer(page_of(represented, chief), represented.id, Choice.COMING, now=at(6))
    invitation_id = invitation_of(represented, chief).id
    recording.record_answer(invitation_id, Choice.COMING, AnswerSource.PHONE, by=None, now=at(6, 9))
    work(at(6, 9))
    server.taken.clear()
    undoing.undo_recorded(invitation_id, by=None, now=at(6, 10))
    work(at(6, 10))
    [(subject, text, _in_calendar)] = mails_to(server, "rina@example.com")
    assert AGAIN in subject
    assert "Saya hadir" not in text


def test_who_never_heard_that_they_were_replaced_gets_no_mail(represented, server, chief):
    invitation_id = invitation_of(represented, chief).id
    recording.record_answer(invitation_id, Choice.COMING, AnswerSource.PHONE, by=None, now=at(6))
    undoing.undo_recorded(invitation_id, by=None, now=at(6, 9))
    work(at(6, 9))
    assert mails_to(server, "rina@example.com") == []


def test_the_second_acting_persons_mail_has_no_button_to_pass_it_on(represented, server, chief):
    acting.answer(page_of(represented, chief), represented.id, Choice.REPRESENTED, TONO, now=at(6))
    work(at(6))
    [(_subject, text, _in_calendar)] = mails_to(server, "tono@example.com")
    assert "Saya hadir" in text
    assert "Diteruskan kepada orang lain" not in text
    assert "pilih=wakil" not in text


def test_a_link_tells_strangers_no_more_often_by_undoing_than_by_naming(represented, server, chief):
    link, now = token_of(chief), at(6)
    for number in range(8):
        answering.answer(link, represented.id, Choice.REPRESENTED, Representative(f"Budi {number}"), now=now)
        work(now)
        undoing.undo(link, now=now + MINUTE)
        work(now + MINUTE)
        now += 2 * MINUTE
    subjects = [subject for subject, _text, _in_calendar in mails_to(server, "rina@example.com")]
    assert [AGAIN in subject for subject in subjects] == [False, True] * TOLD_IN_A_DAY + [False]
    assert waits_for_staff(db.session(), invitation_of(represented, chief))


def test_undoing_tells_nobody_who_was_held_back(represented, server, chief):
    link, now = token_of(chief), at(6)
    for number in range(TOLD_IN_A_DAY + 2):
        stranger = Representative(f"Sari {number}", email=f"sari{number}@example.com")
        answering.answer(link, represented.id, Choice.REPRESENTED, stranger, now=now)
        work(now)
        answering.answer(link, represented.id, Choice.REPRESENTED, Representative("Budi"), now=now + MINUTE)
        work(now + MINUTE)
        undoing.undo(link, now=now + 2 * MINUTE)
        work(now + 2 * MINUTE)
        now += 3 * MINUTE
    told = {taken.recipient for taken in server.taken if taken.recipient.startswith("sari")}
    assert len(told) <= TOLD_IN_A_DAY


def test_somebody_named_again_and_held_back_is_not_told_once_more_that_they_need_not_come(represented, server, chief):
    link, now = token_of(chief), at(6)
    for number in range(8):
        again = Representative(f"Rina {number}", email="rina@example.com")
        answering.answer(link, represented.id, Choice.REPRESENTED, again, now=now)
        work(now)
        answering.answer(link, represented.id, Choice.COMING, now=now + MINUTE)
        work(now + MINUTE)
        now += 2 * MINUTE
    mails = [subject for subject, _text, _in_calendar in mails_to(server, "rina@example.com")]
    assert len(mails) <= 2 * TOLD_IN_A_DAY + 1


@pytest.fixture
def in_two_roles(server, activity, chief):
    """The chief speaks and moderates, has named Rina for both, and both have had their mails."""
    invite(activity, chief, role=Role.MODERATOR)
    invite_and_publish(activity, chief, role=Role.SPEAKER)
    work(NOW)
    answering.answer(token_of(chief), activity.id, Choice.REPRESENTED, RINA, now=at(5))
    work(at(5))
    return activity


def test_an_invitee_with_two_roles_has_one_limit(in_two_roles, server, chief):
    link, now = token_of(chief), at(6)
    for number in range(2 * TOLD_IN_A_DAY + 2):
        answering.answer(link, in_two_roles.id, Choice.REPRESENTED, Representative(f"Budi {number}"), now=now)
        work(now)
        undoing.undo(link, now=now + MINUTE)
        work(now + MINUTE)
        now += 2 * MINUTE
    again = [subject for subject, _text, _in_calendar in mails_to(server, "rina@example.com") if AGAIN in subject]
    assert len(again) == TOLD_IN_A_DAY


def test_who_was_replaced_before_any_mail_told_them_is_asked_as_for_the_first_time(represented, server, chief):
    link = token_of(chief)
    answering.answer(link, represented.id, Choice.REPRESENTED, TONO, now=at(6))
    answering.answer(link, represented.id, Choice.COMING, now=at(6, 9))
    work(at(6, 9))
    undoing.undo(link, now=at(6, 10))
    work(at(6, 10))
    [(subject, _text, _in_calendar)] = mails_to(server, "tono@example.com")
    assert AGAIN not in subject


def test_two_people_with_one_mailbox_are_both_told_that_they_need_not_come(represented, server, chief):
    link = token_of(chief)
    shared = Representative("AKP Tono", email="rina@example.com")
    answering.answer(link, represented.id, Choice.REPRESENTED, shared, now=at(6))
    work(at(6))
    answering.answer(link, represented.id, Choice.COMING, now=at(7))
    work(at(7))
    texts = [text for subject, text, _in_calendar in mails_to(server, "rina@example.com") if NO_LONGER in subject]
    assert [name in text for text, name in zip(texts, ("Kompol Rina Dewi", "AKP Tono"), strict=True)] == [True, True]
