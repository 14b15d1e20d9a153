"""Each mail has its effect exactly once under concurrency, and mails are read from a real mailbox."""

import threading
from collections import Counter
from datetime import datetime
from email.message import EmailMessage

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from outreach.delivery.documents import returned_pdf
from outreach.delivery.inbox import mailbox as imap
from outreach.delivery.inbox.connection import MailboxDown
from outreach.delivery.inbox.mailbox import FetchedMail, Folder, folder_name
from outreach.domain.documents import shown_code
from outreach.domain.kinds import IncomingKind
from outreach.domain.letters.values import LetterKind
from outreach.domain.mail.failures import ChannelTrouble
from outreach.domain.mail.incoming import IncomingReason
from outreach.domain.sign_in.events import SecurityKind
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Channel, IncomingMail, ReturnedFile, SecurityEvent
from outreach.models.channels import INBOX
from outreach.services.answers import answer as answering
from outreach.services.inbox import handled
from outreach.services.inbox import receive as receiving
from outreach.services.inbox import waiting as inbox_waiting
from outreach.services.letters import make
from outreach.services.privacy import person as privacy
from tests.servers import clamd
from tests.servers.dovecot import server_settings
from tests.services.inbox.inbox_help import (
    APPLIED,
    FOLDER,
    IGNORED,
    MORNING,
    TO_READ,
    confirmations,
    first_invitation_of,
    result,
    sent_to,
    vouched_for,
)
from tests.support.apps import with_settings
from tests.world import NOW, an_invitation, at, at_once, invite_and_publish
from tests.world import mail_samples as samples
from tests.world.letters.papers import paper
from tests.world.mail_samples import Answer, gmail, letter


def test_a_mail_read_twice_or_copied_has_no_second_effect(activity, ani, arrives):
    invite_and_publish(activity, ani)
    mail = vouched_for(gmail(Answer(uid=activity.uid)))
    arrives(mail, uid=1)
    assert receiving.take(FOLDER, FetchedMail(1, NOW, mail), now=at(5, 10)) is None
    assert result(arrives(mail, uid=2)) == (IGNORED, IncomingReason.DUPLICATE)
    assert result(arrives(letter(), uid=3)) == (TO_READ, "")
    assert result(arrives(letter(), uid=4)) == (IGNORED, IncomingReason.DUPLICATE)
    assert db.session.scalar(sa.select(sa.func.count(IncomingMail.id))) == 4
    assert len(confirmations()) == 1


def test_of_a_mail_with_a_virus_only_its_sender_is_kept_and_without_the_scanner_mails_wait(
    current_app_, virus_scanner, arrives
):
    with_settings(current_app_, scanner=virus_scanner.socket)
    bad = letter(text=f"Mohon maaf. {clamd.BAD.decode()}")
    row = arrives(bad)
    assert (result(row), row.sender, row.text) == ((TO_READ, IncomingReason.INFECTED), "ani@example.com", clamd.NAME)
    assert db.session.scalars(sa.select(SecurityEvent.kind)).all() == [SecurityKind.FILE_INFECTED]
    with_settings(current_app_, scanner="/nowhere/clamd.ctl")
    with pytest.raises(MailboxDown) as down:
        arrives(letter())
    assert down.value.trouble is ChannelTrouble.SCANNER
    assert db.session.scalar(sa.select(sa.func.count(IncomingMail.id))) == 1


def test_a_mail_that_the_scanner_cannot_judge_is_set_aside_unread(current_app_, virus_scanner, arrives):
    with_settings(current_app_, scanner=virus_scanner.socket)
    row = arrives(letter(text="Terima kasih. " * (clamd.MOST_BYTES // 10)))
    assert (result(row), row.sender) == ((TO_READ, IncomingReason.NOT_JUDGED), "ani@example.com")
    assert row.text == "INSTREAM size limit exceeded. ERROR"


def test_only_one_of_two_workers_takes_a_mail(any_app, activity, ani, arrives):
    invite_and_publish(activity, ani)
    for number in range(5):
        partstat = ("ACCEPTED", "DECLINED")[number % 2]
        fetched = FetchedMail(
            number + 1,
            MORNING,
            vouched_for(gmail(Answer(partstat, uid=activity.uid, stamp=f"20270105T010{number}00Z"))),
        )
        outcomes = []
        take = [lambda: outcomes.append(receiving.take(FOLDER, fetched, now=MORNING))] * 2  # noqa: B023
        assert at_once(any_app, take) == ["done"] * 2
        assert Counter(outcomes) == {APPLIED: 1, None: 1}
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(IncomingMail.id))) == 5


def test_replies_with_the_same_message_id_are_all_handled(activity, ani, arrives):
    invite_and_publish(activity, ani)
    for partstat, stamp in (("ACCEPTED", "20270105T010000Z"), ("DECLINED", "20270105T010100Z")):
        mail = arrives(gmail(Answer(partstat, uid=activity.uid, stamp=stamp, message_id="<entry@example.com>")))
        assert result(mail) == (APPLIED, "")
    assert first_invitation_of(ani).state is InvitationState.NOT_COMING


def test_a_mail_whose_handling_fails_is_set_aside_with_its_first_lines(activity, ani, arrives, monkeypatch):
    invite_and_publish(activity, ani)

    def breaks(*_arguments, **_named):
        raise ZeroDivisionError

    monkeypatch.setattr(answering, "answer_by_calendar", breaks)
    mail = arrives(gmail(Answer(uid=activity.uid)))
    assert (mail.kind, *result(mail)) == (IncomingKind.UNREADABLE, TO_READ, IncomingReason.BROKEN)
    assert "Subject: Accepted" in mail.text
    assert first_invitation_of(ani).state is InvitationState.INVITED


def test_a_database_error_is_not_counted_against_the_mail(activity, ani, arrives, monkeypatch):
    def locked(*_arguments, **_named):
        raise OperationalError("x", {}, Exception("database is locked"))

    monkeypatch.setattr(answering, "answer_by_calendar", locked)
    invite_and_publish(activity, ani)
    mail = vouched_for(gmail(Answer(uid=activity.uid)))
    with pytest.raises(OperationalError):
        arrives(mail)
    assert db.session.scalar(sa.select(sa.func.count(IncomingMail.id))) == 0
    monkeypatch.undo()
    assert result(arrives(mail)) == (APPLIED, "")


def test_a_mail_that_cannot_be_read_is_shown(ani, arrives):
    found = arrives(b"From: ani@example.com\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 50)
    assert (found.kind, *result(found)) == (IncomingKind.UNREADABLE, TO_READ, IncomingReason.TOO_COMPLEX)
    assert (found.person_id, found.text[:21]) == (ani.id, "From: ani@example.com")


def test_mails_erased_with_a_person_stay_erased_when_the_mailbox_is_read_again(activity, ani, arrives, coordinator):
    invite_and_publish(activity, ani)
    mails = [letter(original=""), vouched_for(gmail(Answer(uid=activity.uid))), b"From: ani@example.com\r\n\r\nBaik."]
    for incoming in mails:
        arrives(incoming)
    privacy.erase(ani.id, by=coordinator, now=at(6))
    elsewhere = Folder("undangan@mail.example.com/INBOX", 1)
    for uid, incoming in enumerate(mails, 1):
        receiving.take(elsewhere, FetchedMail(uid, MORNING, incoming), now=at(7))
    found = db.session.scalars(sa.select(IncomingMail).where(IncomingMail.mailbox == elsewhere.name)).all()
    assert [result(mail) for mail in found] == [(IGNORED, IncomingReason.DUPLICATE)] * 3
    assert {(mail.sender, mail.sender_name, mail.subject, mail.text, mail.rfc_message_id) for mail in found} == {
        ("",) * 5
    }


@pytest.fixture
def box(any_app, arrives, mailbox):  # noqa: F811
    """A mailbox that was read before. Dovecot stamps mails by its own clock, far from the tests' January."""
    with_settings(any_app, **server_settings(mailbox))
    db.session.add(
        IncomingMail(
            mailbox=folder_name(any_app.extensions["outreach"]), uid_validity=1, uid=1, received_at=at(1, year=2026),
            kind=IncomingKind.LETTER, outcome=TO_READ, seen_at=at(1, year=2026),
        )
    )  # fmt: skip
    db.session.commit()
    return mailbox


def poll(now=MORNING):
    return receiving.poll(lambda: now)


def test_mails_are_read_from_a_real_mailbox_once(box, activity, ani):
    invite_and_publish(activity, ani)
    message = sent_to(ani)
    box.deliver(
        vouched_for(gmail(Answer(uid=activity.uid))), letter(original=message.rfc_message_id), samples.out_of_office()
    )
    assert poll() == {"applied": 1, "to_read": 1, "ignored": 1}
    assert first_invitation_of(ani).state is InvitationState.COMING
    assert all("OutreachTaken" in flags for flags in box.flags().values())
    assert poll() == {}
    rows = db.session.scalars(sa.select(IncomingMail).where(IncomingMail.seen_at.is_(None)).order_by(IncomingMail.id))
    assert [(row.mailbox, row.uid) for row in rows] == [(f"{box.user}@localhost/INBOX", uid) for uid in (1, 2, 3)]


def test_a_crash_between_commit_and_mark_is_repaired(box, activity, ani, monkeypatch):
    invite_and_publish(activity, ani)
    box.deliver(vouched_for(gmail(Answer(uid=activity.uid))))

    class Killed(BaseException):
        pass

    take = receiving.take

    def take_and_die(*arguments, **named):
        take(*arguments, **named)
        raise Killed

    monkeypatch.setattr(receiving, "take", take_and_die)
    with pytest.raises(Killed):
        poll()
    assert box.flags() == {1: set()}
    monkeypatch.undo()
    assert poll() == {}
    assert "OutreachTaken" in box.flags()[1]
    assert (first_invitation_of(ani).state, len(confirmations())) == (InvitationState.COMING, 1)


def test_a_mail_with_a_letter_waits_in_the_mailbox_while_the_readers_of_pdfs_are_busy(
    box, activity, ani, coordinator, monkeypatch
):
    to_sign = make.make(LetterKind.INVITATION, [an_invitation(activity, ani).id], by=None, now=NOW)
    written = EmailMessage()
    written["From"], written["To"], written["Message-ID"] = coordinator.email, "undangan@example.com", "<s@example.com>"
    written.set_content("Terlampir.")
    signed = paper([f"Kode: {shown_code(to_sign.code)}"])
    written.add_attachment(signed, maintype="application", subtype="pdf", filename="surat.pdf")
    box.deliver(vouched_for(written.as_bytes()), b"From: ani@example.com\r\n\r\nBaik.")
    monkeypatch.setattr(returned_pdf, "READ_WITHIN_S", 0.01)
    monkeypatch.setattr(returned_pdf, "AT_ONCE", threading.BoundedSemaphore(1))
    with returned_pdf.AT_ONCE:
        assert poll() == {}
    assert box.flags() == {1: set(), 2: set()}
    assert db.session.get(Channel, INBOX) is None  # the mailbox itself is in order
    monkeypatch.undo()
    assert poll() == {"to_read": 2}
    back = db.session.scalars(sa.select(ReturnedFile)).one()
    assert (back.letter_id, back.file.data) == (to_sign.id, signed)


def test_a_recreated_mailbox_repeats_nothing(box, activity, ani):
    invite_and_publish(activity, ani)
    mail = vouched_for(gmail(Answer(uid=activity.uid)))
    box.deliver(mail)
    assert poll() == {"applied": 1}
    box.empty()
    box.deliver(mail, letter(original=""))
    assert poll() == {"ignored": 1, "to_read": 1}
    assert len(confirmations()) == 1


def test_old_mails_of_an_existing_mailbox_are_left_alone(box, ani):
    db.session.execute(sa.delete(IncomingMail))
    db.session.commit()
    box.deliver(letter(original="", message_id="<1@example.com>"), at=datetime.fromisoformat("2026-01-01T00:00Z"))
    box.deliver(letter(original="", message_id="<2@example.com>"), at=datetime.fromisoformat("2026-03-01T00:00Z"))
    assert poll(datetime.fromisoformat("2026-03-02T00:00Z")) == {"to_read": 1}
    assert box.flags()[1] == set()


def test_a_failing_mailbox_is_reported_paused_and_tried_again(any_app, box, ani):
    box.deliver(letter(original=""))
    with_settings(any_app, imap_password="salah")
    assert poll() == {}
    alarm = db.session.get_one(Channel, "inbox")
    assert (alarm.trouble, alarm.failures, alarm.since_at) == ("login", 1, at(5, 9))
    assert at(5, 9) < alarm.paused_until < at(5, 9, 1)
    with_settings(any_app, imap_password=server_settings(box)["imap_password"])
    assert poll() == {}
    assert poll(at(5, 9, 1)) == {"to_read": 1}
    db.session.expire_all()
    assert db.session.get_one(Channel, "inbox").trouble is None


def test_two_workers_that_meet_the_same_failure_first_both_record_it(any_app):
    down = MailboxDown(ChannelTrouble.LOGIN, "AUTHENTICATIONFAILED")
    for _ in range(5):
        assert at_once(any_app, [lambda: receiving._alarm(down, MORNING)] * 4) == ["done"] * 4
        assert db.session.get_one(Channel, "inbox").failures == 4
        db.session.execute(sa.delete(Channel))
        db.session.commit()


def test_the_number_of_waiting_mails_is_recounted_only_after_a_change(ani, arrives, coordinator, queries):
    assert inbox_waiting.recent_count(now=MORNING) == 0
    waiting = arrives(letter(original="")).id
    assert inbox_waiting.recent_count(now=MORNING) == 1
    ani.name = "Ani Wijayanti"
    db.session.commit()
    once = queries(lambda: inbox_waiting.recent_count(now=MORNING))
    assert queries(lambda: [inbox_waiting.recent_count(now=MORNING), inbox_waiting.recent_count(now=MORNING)]) == once
    db.session.rollback()
    handled.handle(waiting, by=db.session.merge(coordinator), now=MORNING)
    assert inbox_waiting.recent_count(now=MORNING) == 0
    handled.reopen(waiting, by=db.session.merge(coordinator), now=MORNING)
    assert inbox_waiting.recent_count(now=MORNING) == 1


def test_nothing_happens_without_a_mailbox_in_the_settings(any_app):
    assert poll() == {}
    assert db.session.get(Channel, "inbox") is None


def test_no_transaction_is_open_during_the_talk_with_the_server(box, activity, ani, monkeypatch):
    invite_and_publish(activity, ani)
    box.deliver(vouched_for(gmail(Answer(uid=activity.uid))), letter())
    asked, seen = imap._Opened._asked, []

    def watched(self, name, *arguments):
        seen.append((name, db.session().in_transaction()))
        return asked(self, name, *arguments)

    monkeypatch.setattr(imap._Opened, "_asked", watched)
    poll()
    assert {name for name, _open in seen} >= {"SEARCH", "FETCH", "STORE"}
    assert not any(is_open for _name, is_open in seen)
