"""Answers forged in Ani's name: none is recorded without a mail that notifies her."""

import pytest
import sqlalchemy as sa

from outreach.delivery.inbox.mailbox import FetchedMail
from outreach.delivery.outbox import drain as outbox
from outreach.domain.mail.incoming import IncomingReason
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import AddressFailure, IncomingMail, Message
from outreach.services.inbox import receive as receiving
from outreach.services.inbox import waiting
from outreach.services.privacy import person as privacy
from outreach.services.reminders import tick as reminding
from tests.servers.smtp import Server
from tests.services.inbox.inbox_help import (
    APPLIED,
    FOLDER,
    IGNORED,
    REFUSED,
    TO_READ,
    confirmations,
    first_invitation_of,
    result,
    vouched_for,
)
from tests.support.apps import with_settings
from tests.world import NOW, StandingClock, at, invite_and_publish, send_through
from tests.world.mail_samples import Answer, Returned, gmail, out_of_office, postfix


def says_it_is_from(activity, fields: str, answer: Answer | None = None) -> bytes:
    mail = gmail(answer or Answer("DECLINED", uid=activity.uid))
    honest = b"From: Ani Wijaya <ani@example.com>\r\n"
    assert honest in mail
    return mail.replace(honest, fields.encode() + b"\r\n")


@pytest.mark.parametrize(
    "fields",
    [
        'From: "ani@example.com ' + "x" * 1100 + '" <mallory@example.net>',
        "From: ani@example.com <mallory@example.net>",
        "From: ani@example.com, mallory@example.net",
        "From: (ani@example.com) mallory@example.net",
        "From: ani@example.com:mallory@example.net;",
        'From: "Ani" <ani@example.com> <mallory@example.net>',
        'From: "ani@example.com <mallory@example.net>',
        "Sender: ani@example.com",
        "From: ani@example.com\r\nFrom: mallory@example.net",
        "Authentication-Results: mx.example.org; dkim=none\r\n"
        "Authentication-Results: mx.example.org; dmarc=fail (p=reject)\r\nFrom: ani@example.com",
        "Authentication-Results: mx.example.org; spf=fail; dkim=none; dmarc=none\r\nFrom: ani@example.com",
    ],
)
def test_a_mail_that_merely_names_ani_as_sender_does_not_answer_for_her(activity, ani, arrives, fields):
    invite_and_publish(activity, ani)
    mail = arrives(says_it_is_from(activity, fields))
    assert result(mail) in ((TO_READ, IncomingReason.SENDER_UNPROVEN), (TO_READ, IncomingReason.SENDER_DIFFERS))
    assert (first_invitation_of(ani).state, mail.person_id) == (InvitationState.INVITED, ani.id)
    genuine = arrives(says_it_is_from(activity, 'From: "Wijaya, Ani" <ani@example.com>'))
    assert (result(genuine), first_invitation_of(ani).state) == ((APPLIED, ""), InvitationState.NOT_COMING)


@pytest.mark.parametrize(
    "verdicts",
    [
        "X-Verdict: none\r\n",
        "Authentication-Results: mx.example.net; dmarc=pass header.from=example.com\r\n",
        "Authentication-Results: mx.example.net; dmarc=pass\r\nAuthentication-Results: mx.example.org; dmarc=pass\r\n",
    ],
    ids=["none", "of another server", "of another server on top"],
)
def test_an_answer_without_a_verdict_of_our_own_server_waits_for_a_coordinator(activity, ani, arrives, verdicts):
    invite_and_publish(activity, ani)
    data = verdicts.encode() + gmail(Answer("DECLINED", uid=activity.uid))
    receiving.take(FOLDER, FetchedMail(1, at(5, 9), data), now=at(5, 9))
    mail = db.session.scalars(sa.select(IncomingMail)).one()
    assert result(mail) == (TO_READ, IncomingReason.SENDER_UNPROVEN)
    assert (first_invitation_of(ani).state, confirmations()) == (InvitationState.INVITED, [])


def test_without_a_named_server_every_calendar_answer_waits_for_a_coordinator(activity, ani, arrives, current_app_):
    with_settings(current_app_, imap_verdicts_by="")
    invite_and_publish(activity, ani)
    mail = arrives(gmail(Answer("DECLINED", uid=activity.uid)))
    assert (result(mail), first_invitation_of(ani).state) == (
        (TO_READ, IncomingReason.SENDER_UNPROVEN), InvitationState.INVITED,
    )  # fmt: skip


def test_an_answer_without_a_possible_confirmation_is_not_recorded_and_ani_is_called(activity, ani, arrives):
    invite_and_publish(activity, ani)
    failure = AddressFailure(address="ani@example.com", blocked_at=NOW, last_at=NOW, reply="550")
    db.session.add(failure)
    db.session.commit()
    mail = arrives(gmail(Answer("DECLINED", uid=activity.uid)))
    assert result(mail) == (TO_READ, IncomingReason.CANNOT_CONFIRM)
    assert (first_invitation_of(ani).state, confirmations(), waiting.count_waiting()) == (
        InvitationState.INVITED,
        [],
        1,
    )
    db.session.get(AddressFailure, "ani@example.com").blocked_at = None
    db.session.commit()
    again = arrives(gmail(Answer("DECLINED", uid=activity.uid, stamp="20270105T010100Z")))
    assert (result(again), confirmations()) == ((APPLIED, ""), ["Ani Wijaya"])


def test_an_answer_is_shown_to_a_coordinator_once_its_confirmation_bounces(activity, ani, budi, arrives, any_app):
    with Server() as server:
        send_through(any_app, server)
        invite_and_publish(activity, ani, budi)
        outbox.drain(now=StandingClock(), worker="w1")
        answer = arrives(gmail(Answer("DECLINED", uid=activity.uid)))
        others = arrives(gmail(Answer("DECLINED", uid=activity.uid, address="budi@example.com", name="Budi Santoso")))
        assert (result(answer), result(others)) == ((APPLIED, ""), (APPLIED, ""))
        reminding.tick(at(5, 9))
        outbox.drain(now=StandingClock(at(5, 9)), worker="w1")
        assert sorted(server.recipients()) == ["ani@example.com"] * 2 + ["budi@example.com"] * 2
    to_ani = sa.select(Message).where(Message.address == "ani@example.com").order_by(Message.id.desc()).limit(1)
    returned = Returned(original=db.session.scalars(to_ani).one().rfc_message_id)
    assert result(arrives(postfix(returned), at(5, 9, 10)))[0] is APPLIED
    db.session.expire_all()
    assert result(db.session.get(IncomingMail, answer.id)) == (TO_READ, IncomingReason.UNCONFIRMED)
    assert result(db.session.get(IncomingMail, others.id)) == (APPLIED, "")
    assert (first_invitation_of(ani).state, waiting.count_waiting()) == (InvitationState.NOT_COMING, 1)


def test_the_limit_of_ten_answers_a_day_counts_by_reading_time_not_by_their_age(activity, ani, arrives):
    invite_and_publish(activity, ani)
    for minute in range(12):
        answer = Answer("ACCEPTED" if minute % 2 else "DECLINED", uid=activity.uid, stamp=f"20270105T01{minute:02d}00Z")
        receiving.take(FOLDER, FetchedMail(100 + minute, at(3, 1), vouched_for(gmail(answer))), now=at(5, 9))
    found = db.session.scalars(sa.select(IncomingMail).order_by(IncomingMail.id))
    assert [result(mail) for mail in found] == [(APPLIED, "")] * 10 + [(TO_READ, IncomingReason.TOO_MANY)] * 2


def test_mails_with_the_same_message_id_do_not_hide_each_other(activity, ani, arrives):
    invite_and_publish(activity, ani)

    def answer(partstat, stamp):
        return gmail(Answer(partstat, uid=activity.uid, stamp=stamp, message_id="<same@mail.example.com>"))

    assert result(arrives(answer("ACCEPTED", "20270105T010000Z"))) == (APPLIED, "")
    perhaps = arrives(answer("TENTATIVE", "20270105T013000Z"))
    assert result(perhaps) == (TO_READ, IncomingReason.TENTATIVE)
    assert result(arrives(answer("TENTATIVE", "20270105T013000Z"))) == (IGNORED, IncomingReason.DUPLICATE)
    assert result(arrives(answer("DECLINED", "20270105T014000Z"))) == (APPLIED, "")
    older = arrives(answer("TENTATIVE", "20270105T010500Z"))
    assert result(older) == (REFUSED, IncomingReason.NEWER_ANSWER)


def test_letters_with_one_message_id_are_all_read_unless_their_text_is_the_same(activity, ani, arrives):
    invite_and_publish(activity, ani)
    head = b"From: ani@example.com\r\nMessage-ID: <fixed@example.com>\r\nSubject: s\r\n\r\n"
    assert result(arrives(head + b"Terima kasih.\r\n")) == (TO_READ, "")
    assert result(arrives(head + b"Saya sakit, tidak bisa datang.\r\n")) == (TO_READ, "")
    moved = b"X-Moved: yes\r\n" + head + b"Terima kasih.\r\n"
    assert result(arrives(moved)) == (IGNORED, IncomingReason.DUPLICATE)


def test_no_words_are_kept_of_reports_about_an_erased_person(activity, ani, arrives):
    invite_and_publish(activity, ani)
    privacy.erase(ani.id, by=None, now=at(5, 8))
    mail = arrives(postfix(Returned()))
    assert (result(mail), mail.text, mail.subject) == ((IGNORED, IncomingReason.NOT_OURS), "", "")


def test_no_words_are_kept_of_an_automatic_reply(activity, ani, arrives):
    mail = arrives(out_of_office())
    assert (mail.outcome, mail.sender, mail.text) == (IGNORED, "ani@example.com", "")
