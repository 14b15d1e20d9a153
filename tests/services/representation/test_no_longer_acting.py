"""Whoever came in an invitee's place hears by mail that they need not come, and nobody else hears of it."""

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import MailKind, Role
from outreach.domain.mail.still_true import SkipReason
from outreach.extensions import db
from outreach.models import MessageLine, Reminder
from outreach.services.activities import publish as publishing
from outreach.services.answers import acting, undo
from outreach.services.answers import answer as answering
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.reminders import tick as reminding
from tests.world import NOW, at, invitation_of, invite_and_publish, token_of
from tests.world.mails import drain

pytestmark = pytest.mark.usefixtures("any_app")

RINA = Representative("Kompol Rina Dewi", "Wakapolres", email="rina@example.com")
TONO = Representative("AKP Tono", "Kasat Reskrim", email="tono@example.com")
NO_LONGER = "Tidak perlu lagi mewakili"
CONFIRMING = ("Yang mewakili:", "Jawaban tercatat:")


@pytest.fixture
def represented(server, activity, chief):
    """The chief has named Rina, and both have had their mails."""
    invite_and_publish(activity, chief, role=Role.SPEAKER)
    work(NOW)
    named(activity, chief, RINA, at(5))
    work(at(5))
    server.taken.clear()
    return activity


def work(now):
    reminding.tick(now)
    drain(now)


def named(activity, chief, who, now):
    answering.answer(token_of(chief), activity.id, Choice.REPRESENTED, who, now=now)


def page_of(activity, invitee):
    return tokens.acting_token(invitation_of(activity, invitee).acting.nonce)


def told(server):
    """Return (address, whether the mail says that they need not come any more) of each mail, in order, and forget them.

    Left out are those that confirm to the invitee what they did themselves (test_own_changes.py).
    """
    found = [
        (taken.recipient, NO_LONGER in str(taken.mail["Subject"]))
        for taken in server.taken
        if not str(taken.mail["Subject"]).startswith(CONFIRMING)
    ]
    server.taken.clear()
    return found


def skipped():
    db.session.rollback()
    lines = sa.select(MessageLine.skipped).join(Reminder, Reminder.id == MessageLine.reminder_id)
    return list(db.session.scalars(lines.where(Reminder.kind == MailKind.WITHDRAWAL, MessageLine.to_representative)))


def test_when_the_invitation_is_withdrawn_both_are_told_and_the_calendar_entry_goes(represented, server, chief):
    ids = invitation_of(represented, chief).id
    assert [mails for _day, mails in withdrawing.preview(ids, now=at(6)).forecast.mails_per_day] == [2]
    withdrawing.withdraw(ids, by=None, now=at(6))
    work(at(6))
    mail = next(taken.mail for taken in server.taken if taken.recipient == "rina@example.com")
    text = mail.get_body(("plain",)).get_content()
    assert "Kompol Rina Dewi" in text
    assert "mewakili Kapolres" in text.replace("\n", " ")
    assert any(
        "METHOD:CANCEL" in part.get_content() for part in mail.walk() if part.get_content_type() == "text/calendar"
    )
    assert sorted(told(server)) == [("kapolres@example.com", False), ("rina@example.com", True)]


@pytest.mark.parametrize(
    ("email", "asked_to_tell"), [("rina@example.com", False), ("", True)], ids=["told by us", "no address"]
)
def test_the_invitee_is_asked_to_tell_only_whom_we_do_not_tell(server, activity, chief, email, asked_to_tell):
    invite_and_publish(activity, chief, role=Role.SPEAKER)
    work(NOW)
    named(activity, chief, Representative(RINA.name, RINA.post, "+6281234567890", email), at(5))
    work(at(5))
    server.taken.clear()
    withdrawing.withdraw(invitation_of(activity, chief).id, by=None, now=at(6))
    work(at(6))
    [mail] = [taken.mail for taken in server.taken if taken.recipient == "kapolres@example.com"]
    text = mail.get_body(("plain",)).get_content()
    assert ("Mohon disampaikan juga kepada: Kompol Rina Dewi" in text) is asked_to_tell


def test_after_the_invitees_own_undo_the_mail_does_not_say_that_the_representative_declined(represented, server, chief):
    acting.take_back(token_of(chief), represented.id, now=at(6))
    work(at(6))
    [mail] = [taken.mail for taken in server.taken if taken.recipient == "kapolres@example.com"]
    text = mail.get_body(("plain",)).get_content()
    assert "Penunjukan wakil Bapak/Ibu pada kegiatan" in text
    assert "tidak jadi hadir" not in text


def test_who_is_replaced_is_told_and_who_comes_now_gets_their_own(represented, server, chief):
    named(represented, chief, TONO, at(6))
    work(at(6))
    assert sorted(told(server)) == [("rina@example.com", True), ("tono@example.com", False)]


def test_who_is_undone_or_passed_over_is_told_once(represented, server, chief):
    acting.answer(page_of(represented, chief), represented.id, Choice.REPRESENTED, TONO, now=at(6))
    work(at(6))
    server.taken.clear()
    answering.answer(token_of(chief), represented.id, Choice.NOT_COMING, now=at(7))
    work(at(7))
    assert told(server) == [("tono@example.com", True)]
    withdrawing.withdraw(invitation_of(represented, chief).id, by=None, now=at(8))
    work(at(8))
    assert ("tono@example.com", True) not in told(server)


def test_who_declined_themselves_is_told_nothing(represented, server, chief):
    acting.answer(page_of(represented, chief), represented.id, Choice.NOT_COMING, now=at(6))
    work(at(6))
    assert "rina@example.com" not in [address for address, _ in told(server)]


def test_two_who_were_replaced_before_a_mail_went_out_are_both_told_and_who_never_heard_is_not(
    represented, server, chief
):
    named(represented, chief, TONO, at(6))
    named(represented, chief, Representative("Sari", email="sari@example.com"), at(6, 9))
    work(at(6, 9))
    assert sorted(told(server)) == [("rina@example.com", True), ("sari@example.com", False)]
    assert sorted(skipped()) == ["", SkipReason.NEVER_TOLD]


def test_who_acts_again_before_the_mail_went_out_is_told_nothing(represented, server, chief):
    answering.answer(token_of(chief), represented.id, Choice.COMING, now=at(6))
    undo.undo(token_of(chief), now=at(6, 9))
    work(at(6, 9))
    assert told(server) == []


def test_who_acts_again_after_the_mail_is_asked_to_come_again(represented, server, chief):
    answering.answer(token_of(chief), represented.id, Choice.COMING, now=at(6))
    work(at(6))
    assert told(server) == [("rina@example.com", True)]
    undo.undo(token_of(chief), now=at(6, 9))
    work(at(6, 9))
    assert told(server) == [("rina@example.com", False)]


def test_the_invitee_still_hears_of_a_cancellation_after_a_representative_was_told_off(represented, server, chief):
    answering.answer(token_of(chief), represented.id, Choice.COMING, now=at(6))
    work(at(6))
    server.taken.clear()
    publishing.postpone(represented.id, "Banjir", by=None, now=at(7))
    work(at(7))
    assert told(server) == [("kapolres@example.com", False)]
