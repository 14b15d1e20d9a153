"""The mail of a date poll: sent by a real mail server, checked before sending, sent again, archived and held."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.kinds import Role
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.states import MessageState
from outreach.engines.chores import EXPAND
from outreach.extensions import db
from outreach.models import AddressFailure, ArchivedMessage, DatePoll, Message, MessageText
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import invitee as invitee_record
from outreach.services.invitations import links
from outreach.services.messages import archive as archiving
from outreach.services.messages import resend as resending
from outreach.services.operations.backup import hold as holding
from outreach.services.polls import answer as poll_answering
from outreach.services.polls import ask as poll_asking
from outreach.services.polls import decide as poll_deciding
from outreach.services.reminders import tick as reminding
from outreach.transactions import writing
from tests.world import NOW, StandingClock, at, drain, outbox_now
from tests.world.polls import NO, YES, a_poll, asked, dates


def sent_to(server, address):
    return [taken.mail for taken in server.taken if taken.recipient == address]


def words(mail) -> str:
    return mail.get_body(("plain",)).get_content()


def newest() -> Message:
    db.session.rollback()
    return db.session.scalars(sa.select(Message).order_by(Message.id.desc())).first()


def test_every_invitee_gets_one_mail_in_their_language_with_all_the_slots(any_app, server, hall, ani, police):
    police.locale = "en"
    db.session.commit()
    poll = a_poll(ani, organisations=[police], note="Mohon pimpinan hadir")
    assert drain().sent == 2
    assert drain().sent == 0
    (indonesian,), (english,) = sent_to(server, "ani@example.com"), sent_to(server, "polres@example.com")
    assert indonesian["Subject"] == "Mohon pilih waktu: Rapat koordinasi lintas sektor"
    page = f"http://localhost/j/{tokens.token(links.link_for(db.session, ani))}/polls/{poll.id}"
    text = words(indonesian)
    assert page in text
    assert "Senin, 18 Januari 2027, 08.00–12.00 WIB" in text
    assert "Rabu, 20 Januari 2027, 08.00–12.00 WIB" in text
    assert "Mohon pimpinan hadir" in text
    assert "Kamis, 7 Januari 2027 pukul 16.00 WIB" in text
    assert "pencegahan kekerasan" not in indonesian.as_string()
    assert "Proposal 2: Tuesday, 19 January 2027, 08:00–12:00 WIB" in words(english)
    html = indonesian.get_body(("html",)).get_content()
    assert f'href="{page}"' in html
    assert not list(indonesian.iter_attachments())


def test_the_programmes_own_text_is_preferred_to_the_offices(server, programme, ani):
    for programme_id, subject in ((None, "Dari kantor"), (programme.id, "Dari rangkaian: {kegiatan}")):
        db.session.add(
            MessageText(programme_id=programme_id, key="poll", locale="id", subject=subject, greeting="Yth.", body="x")
        )
    db.session.commit()
    a_poll(ani, programme_id=programme.id)
    drain()
    assert server.taken[0].mail["Subject"] == "Dari rangkaian: Rapat koordinasi lintas sektor"


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (lambda poll, ani: poll_asking.close(poll.id, by=None, now=NOW), SkipReason.POLL_CLOSED),
        (
            lambda poll, ani: poll_answering.answer(
                tokens.token(links.link_for(db.session, ani)), poll.id, dates(poll, YES, NO, NO), now=NOW
            ),
            SkipReason.ANSWERED,
        ),
        (
            lambda poll, ani: poll_asking.remove(poll.id, asked(poll, ani).id, by=None, now=NOW),
            SkipReason.NOT_ATTENDING,
        ),
        (lambda poll, ani: links.revoke(ani, by=None, now=NOW), SkipReason.LINK_REVOKED),
        (lambda poll, ani: _block("ani@example.com"), SkipReason.ADDRESS_BLOCKED),
        (
            lambda poll, ani: poll_deciding.decide(
                poll.id, poll.slots[0].id, invitee_ids=[], publish=False, by=None, now=NOW
            ),
            SkipReason.POLL_CLOSED,
        ),
    ],
)
def test_a_mail_that_is_no_longer_true_is_skipped_with_a_reason(server, office, ani, budi, happens, reason):
    poll = a_poll(ani)
    happens(poll, ani)
    other_poll = a_poll(budi)
    drain()
    assert outbox_now() == [("Ani", "skipped", reason.value), ("Budi", "sent", "")]
    assert server.recipients() == ["budi@example.com"]
    assert other_poll.id != poll.id


def _block(address: str) -> None:
    with writing() as session:
        session.add(AddressFailure(address=address, delays=0, reply="", blocked_at=NOW, last_at=NOW))


def test_a_mail_that_could_not_be_sent_before_the_poll_closed_is_dropped(server, office, ani):
    server.at["RCPT"] = "451 later"
    a_poll(ani)
    drain()
    assert outbox_now() == [("Ani", "retry", "temporary")]
    drain(StandingClock(at(7, 16)))
    assert outbox_now()[0][1] in ("failed", "skipped")
    server.at.clear()
    assert drain(StandingClock(at(7, 17))).sent == 0


def test_people_who_stopped_reminders_are_asked_but_not_reminded(any_app, server, office, ani, budi):
    invitee_record.stop_reminders(ani, by=None, now=NOW)
    a_poll(ani, budi)
    drain()
    EXPAND.do(lambda: at(6, 8), lambda: False)
    drain(StandingClock(at(6, 8)))
    assert server.recipients() == ["ani@example.com", "budi@example.com", "budi@example.com"]
    reminder = sent_to(server, "budi@example.com")[1]
    assert reminder["Subject"] == "Menunggu pilihan waktu Bapak/Ibu: Rapat koordinasi lintas sektor"
    assert "Rabu, 20 Januari 2027" in words(reminder)


def test_a_person_who_answered_after_the_reminder_was_written_does_not_get_it(server, office, ani):
    poll = a_poll(ani)
    drain()
    poll_asking.tick(at(6, 8))
    poll_answering.answer(
        tokens.token(links.link_for(db.session, ani)), poll.id, dates(poll, YES, NO, NO), now=at(6, 8)
    )
    drain(StandingClock(at(6, 8)))
    assert outbox_now() == [("Ani", "sent", ""), ("Ani", "skipped", "answered")]


def test_a_person_who_had_a_mail_today_is_asked_next_morning(any_app, server, activity, ani, budi, default_rules):
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    drain()
    poll = a_poll(ani, budi, opened=False)
    mails = poll_asking.preview(poll.id, now=NOW)
    assert [mail.person_id for mail in mails.tomorrow] == [ani.id]
    assert mails.morning == at(5, 8)
    poll_asking.open_poll(poll.id, by=None, now=NOW)
    drain()
    assert server.recipients() == ["ani@example.com", "budi@example.com"]
    drain(StandingClock(at(5, 8)))
    assert server.recipients() == ["ani@example.com", "ani@example.com", "budi@example.com"]


def test_a_poll_that_closes_soon_is_sent_without_waiting(server, office, ani):
    a_poll(ani)
    second = a_poll(ani, opened=False, closes_at=at(5, 16))
    assert poll_asking.preview(second.id, now=NOW).tomorrow == []


def test_mails_delayed_for_days_are_not_merged(any_app, server, activity, ani, budi, default_rules):
    """A poll's mail has no lines: its question would be lost if it were merged into another mail."""
    later = NOW + timedelta(days=2)
    a_poll(ani)
    a_poll(ani, public_title="Pertemuan lain", now=NOW + timedelta(days=1))
    inviting.invite_people([activity.id], [budi.id], Role.CADRE, by=None, now=later)
    publishing.publish([activity.id], by=None, now=later)
    reminding.tick(later)
    drain(StandingClock(later))
    assert sorted(outbox_now()) == [("Ani", "sent", ""), ("Ani", "sent", ""), ("Budi", "sent", "")]


def test_a_poll_mail_is_sent_again_by_hand_while_it_is_true(server, office, ani, coordinator):
    poll = a_poll(ani)
    drain()
    first = newest()
    again = resending.resend(first.id, by=coordinator, now=NOW)
    assert (again.poll_invitee_id, again.resend_of_id) == (first.poll_invitee_id, first.id)
    drain()
    assert len(server.taken) == 2
    poll_asking.close(poll.id, by=None, now=NOW)
    with pytest.raises(resending.NothingToResend) as refused:
        resending.resend(again.id, by=coordinator, now=NOW)
    assert refused.value.values["reason"] is SkipReason.POLL_CLOSED


def test_a_mail_being_sent_when_the_server_crashed_is_sent_once_more_with_the_same_id(server, office, ani):
    server.at["DATA"] = "drop after taking"
    a_poll(ani)
    drain()
    server.at.clear()
    drain(StandingClock(NOW + timedelta(minutes=2)))
    assert newest().state is MessageState.SENT
    assert len({taken.message_id for taken in server.taken}) == 1


def test_finished_poll_mails_are_archived_and_keep_their_recipients(any_app, server, office, ani):
    a_poll(ani)
    drain()
    asked_id = newest().poll_invitee_id
    db.session.rollback()
    last = Message(person_id=ani.id, kind="invitation", local_day=at(5).date(), due_at=NOW, expires_at=at(30))
    db.session.add(last)  # the newest message stays
    db.session.commit()
    assert archiving.archive(at(7, 16) + timedelta(days=400)) == 1
    assert db.session.scalars(sa.select(ArchivedMessage)).one().poll_invitee_id == asked_id


def test_a_restored_poll_does_not_repeat_reminders_that_may_have_been_sent(any_app, office, ani):
    poll = a_poll(ani)
    with db.engine.begin() as connection:
        holding.hold(connection, now=at(6, 7))
    assert poll_asking.tick(at(6, 8)) == 0
    db.session.rollback()
    assert db.session.get_one(DatePoll, poll.id).reminded_at == at(6, 7)
    assert newest().state is MessageState.UNKNOWN
