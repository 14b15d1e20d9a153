"""Delivery reports stop mail to dead addresses, and to no other addresses."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.delivery.outbox import drain as outbox
from outreach.delivery.return_path import return_path
from outreach.domain.kinds import IncomingKind
from outreach.domain.mail.incoming import IncomingReason
from outreach.extensions import db
from outreach.models import AddressFailure, Message
from outreach.services.reminders import tick as reminding
from tests.servers.smtp import Server
from tests.services.inbox.inbox_help import APPLIED, IGNORED, TO_READ, first_invitation_of, result, sent_to
from tests.support.apps import with_settings
from tests.world import StandingClock, at, invite_and_publish, move, send_through
from tests.world import mail_samples as samples
from tests.world.mail_samples import Returned, postfix


def test_a_dead_address_is_blocked_by_the_report_to_its_return_path(any_app, activity, ani, arrives):
    with_settings(any_app, mail_return_path="bounces+{id}@example.com")
    invite_and_publish(activity, ani)
    message = sent_to(ani)
    mail = arrives(postfix(Returned(to=return_path(message.id, any_app.extensions["outreach"]))))
    assert (mail.kind, *result(mail)) == (IncomingKind.BOUNCE, APPLIED, "")
    assert (mail.message_id, mail.person_id, mail.invitation_id) == (message.id, ani.id, first_invitation_of(ani).id)
    failure = db.session.get_one(AddressFailure, "ani@example.com")
    assert (failure.blocked_at, failure.delays) == (at(5, 9), 0)
    assert failure.reply == "smtp; 550 5.1.1 <ani@example.com>: Recipient address rejected: User unknown"
    assert message.state == "sent"


@pytest.mark.parametrize("forge", ["mac", "missing", "message id"])
def test_a_report_without_a_return_path_blocks_nothing_where_return_paths_are_used(
    any_app, activity, ani, arrives, forge
):
    with_settings(any_app, mail_return_path="bounces+{id}@example.com")
    invite_and_publish(activity, ani)
    message = sent_to(ani)
    path = return_path(message.id + 1, any_app.extensions["outreach"]).replace(f"+{message.id + 1}-", f"+{message.id}-")
    forged = Returned(
        to=path if forge == "mac" else "undangan@example.com",
        original=message.rfc_message_id if forge == "message id" else "<1.1@example.org>",
    )
    assert result(arrives(postfix(forged))) == (TO_READ, IncomingReason.UNPROVEN)
    assert db.session.scalars(sa.select(AddressFailure)).all() == []


def test_without_return_paths_the_report_must_name_our_mail_and_its_exact_address(activity, ani, budi, arrives):
    invite_and_publish(activity, ani, budi)
    message = sent_to(ani)
    for forged in (
        Returned(original=f"<{message.id}.1@example.com>", message_id="<1@mx.example.net>"),
        Returned(original=message.rfc_message_id, failed="budi@example.com", message_id="<2@mx.example.net>"),
    ):
        assert result(arrives(postfix(forged))) == (TO_READ, IncomingReason.UNPROVEN)
    assert db.session.scalars(sa.select(AddressFailure)).all() == []
    genuine = arrives(postfix(Returned(original=message.rfc_message_id, message_id="<genuine@mx.example.net>")))
    assert result(genuine) == (APPLIED, "")
    assert db.session.scalars(sa.select(AddressFailure.address)).all() == ["ani@example.com"]


def test_a_report_can_block_only_the_address_of_its_message(any_app, activity, ani, budi, arrives):
    with_settings(any_app, mail_return_path="bounces+{id}@example.com")
    invite_and_publish(activity, ani, budi)
    path = return_path(sent_to(ani).id, any_app.extensions["outreach"])
    arrives(postfix(Returned(to=path, failed="budi@example.com")))
    assert db.session.scalars(sa.select(AddressFailure.address)).all() == [
        "ani@example.com"
    ]  # she forwards her mail to him


def test_a_report_about_an_unknown_person_is_ignored(arrives, office):
    assert result(arrives(postfix(Returned()))) == (IGNORED, IncomingReason.NOT_OURS)


def test_delays_are_counted_and_block_nothing(activity, ani, arrives):
    invite_and_publish(activity, ani)
    message = sent_to(ani)
    returned = samples.delayed(Returned(original=message.rfc_message_id))
    for number in (1, 2):
        mail = arrives(postfix(replace(returned, message_id=f"<{number}@mx.example.net>")))
        assert (mail.kind, *result(mail)) == (IncomingKind.DELAY, APPLIED, "")
    failure = db.session.get_one(AddressFailure, "ani@example.com")
    assert (failure.blocked_at, failure.delays, failure.last_at) == (None, 2, at(5, 9))


@pytest.mark.parametrize(
    ("status", "words", "reason"),
    [
        ("4.4.1", "Connection timed out", IncomingReason.GAVE_UP),
        ("5.7.1", "550 5.7.1 rejected by policy", IncomingReason.MAIL_REFUSED),
    ],
)
def test_a_failure_not_caused_by_the_address_is_shown_and_blocks_nothing(activity, ani, arrives, status, words, reason):
    invite_and_publish(activity, ani)
    message = sent_to(ani)
    mail = arrives(postfix(Returned(original=message.rfc_message_id, status=status, words=words)))
    assert (result(mail), mail.invitation_id) == ((TO_READ, reason), first_invitation_of(ani).id)
    assert db.session.scalars(sa.select(AddressFailure.blocked_at)).all() in ([], [None])


def test_no_mail_goes_to_an_address_after_its_report(activity, ani, arrives, any_app):
    with Server() as server:
        send_through(any_app, server, mail_return_path="bounces+{id}@example.com")
        invite_and_publish(activity, ani)
        outbox.drain(now=StandingClock(), worker="w1")
        (sent,) = server.taken
        arrives(postfix(Returned(to=sent.sender, original=sent.message_id)))
        assert db.session.get_one(AddressFailure, "ani@example.com").blocked_at == at(5, 9)
        move(activity, at(19, 8), at(19, 12), now=at(5, 10))
        reminding.tick(at(5, 10))
        outbox.drain(now=StandingClock(at(5, 10)), worker="w1")
        assert len(server.taken) == 1
        last = db.session.scalars(sa.select(Message).order_by(Message.id.desc()).limit(1)).one()
        assert (last.state, last.reason) == ("skipped", "address_blocked")


@pytest.mark.parametrize("return_path", ["", "bounces+{id}@bücher.example", "bounces+{id}@xn--bcher-kva.example"])
def test_a_report_names_an_internationalised_domain_in_its_wire_form(activity, ani, arrives, any_app, return_path):
    ani.email = "ani@bücher.example"
    db.session.commit()
    with Server() as server:
        send_through(any_app, server, mail_return_path=return_path)
        invite_and_publish(activity, ani)
        outbox.drain(now=StandingClock(), worker="w1")
        (sent,) = server.taken
        to = sent.sender if return_path else "undangan@example.com"
        arrives(postfix(Returned(to=to, original=sent.message_id, failed="ani@xn--bcher-kva.example")))
        assert db.session.get_one(AddressFailure, "ani@bücher.example").blocked_at == at(5, 9)
        move(activity, at(19, 8), at(19, 12), now=at(5, 10))
        reminding.tick(at(5, 10))
        outbox.drain(now=StandingClock(at(5, 10)), worker="w1")
        assert len(server.taken) == 1


UNREAD = (
    b"From: MAILER-DAEMON@example.net\r\nTo: undangan@example.com\r\nSubject: Returned mail\r\nReturn-Path: <>\r\n"
    b'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\r\n\r\nEin Fehler.\r\n%s'
)


def test_a_report_that_cannot_be_read_waits_for_a_coordinator_and_blocks_nothing(any_app, activity, ani, arrives):
    with_settings(any_app, mail_return_path="bounces+{id}@example.com")
    invite_and_publish(activity, ani)
    path = return_path(sent_to(ani).id, any_app.extensions["outreach"])
    known = arrives((UNREAD % b"").replace(b"undangan@example.com", path.encode()))
    assert (result(known), known.person_id) == ((TO_READ, IncomingReason.REPORT_UNREAD), ani.id)
    unknown = arrives(UNREAD % b"?")
    assert (result(unknown), unknown.person_id) == ((TO_READ, IncomingReason.REPORT_UNREAD), None)
    assert "Ein Fehler." in unknown.text
    foreign = arrives(
        UNREAD % b"\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <a@example.org>\r\n\r\n--x--\r\n"
    )
    assert result(foreign) == (IGNORED, IncomingReason.NOT_OURS)
    assert db.session.scalars(sa.select(AddressFailure)).all() == []
