"""An address that the mail server reports as unknown gets no more mail, as after a delivery report."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.kinds import IncomingKind, IncomingOutcome
from outreach.domain.mail.address_faults import AddressFault
from outreach.extensions import db
from outreach.models import AddressFailure, IncomingMail
from outreach.queries.directory import unreachable
from outreach.services import addresses
from tests.world import NOW, StandingClock, at, draft_activity, drain, invite_and_publish, outbox_now
from tests.world.incoming import mail

pytestmark = pytest.mark.usefixtures("any_app")


def refusing(server, words: str, name: str = "ani") -> None:
    server.at["RCPT"] = lambda address: words if address.startswith(name) else None


def failures() -> list[tuple]:
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(sa.select(
        AddressFailure.address, AddressFailure.blocked_at, AddressFailure.fault, AddressFailure.reply
    ))]  # fmt: skip


def test_an_unknown_address_is_listed_with_a_phone_number_and_gets_no_more_mail(
    server, programme, hall, activity, ani, budi
):
    ani.email, ani.phone = "Ani@example.com", "+6281234567890"
    db.session.commit()
    invite_and_publish(activity, ani, budi)
    refusing(server, "550 5.1.1 no such user", "Ani")
    drain()
    assert outbox_now() == [("Ani", "failed", "refused"), ("Budi", "sent", "")]
    assert failures() == [("ani@example.com", NOW, AddressFault.UNKNOWN, "5.1.1 no such user")]
    (listed,) = unreachable.listed(now=NOW)
    assert (listed.name, listed.call.number) == ("Ani Wijaya", "0812-3456-7890")
    server.at.clear()
    invite_and_publish(draft_activity(programme, hall, 12), ani, budi, now=at(5, 10))
    drain(StandingClock(at(5, 10)))
    assert outbox_now()[2:] == [("Ani", "skipped", "address_blocked"), ("Budi", "sent", "")]


@pytest.mark.parametrize(
    "words", ["550 5.7.1 rejected by policy", "550 no such user", "450 4.1.1 greylisted", "552 5.2.2 mailbox full"]
)
def test_another_refusal_blocks_nothing(server, activity, ani, budi, words):
    invite_and_publish(activity, ani, budi)
    refusing(server, words)
    drain()
    assert outbox_now()[0][1] in ("failed", "retry")
    assert failures() == []


def test_answers_whose_confirmation_cannot_be_delivered_are_shown_to_a_coordinator(server, activity, ani):
    answers = [
        mail(IncomingKind.ANSWER, IncomingOutcome.APPLIED, sender=ani.email, created_at=came)
        for came in (NOW - timedelta(days=3), NOW - timedelta(days=3) + timedelta(seconds=1))
    ]
    invite_and_publish(activity, ani)
    refusing(server, "550 5.1.1 no such user")
    drain()
    found = {mail.id: (mail.outcome, mail.reason) for mail in db.session.scalars(sa.select(IncomingMail))}
    assert [found[answer.id] for answer in answers] == [
        (IncomingOutcome.APPLIED, ""), (IncomingOutcome.TO_READ, "unconfirmed"),
    ]  # fmt: skip


def test_an_internationalised_domain_is_recognised_in_either_form(server, programme, hall, activity, ani, budi):
    """The server and its reports use the wire form, our records the form that people write."""
    ani.email = "ani@bücher.example"
    db.session.commit()
    invite_and_publish(activity, ani, budi)
    refusing(server, "550 5.1.1 no such user", "ani@xn--bcher-kva.example")
    drain()
    assert outbox_now() == [("Ani", "failed", "refused"), ("Budi", "sent", "")]
    assert [address for address, *_rest in failures()] == ["ani@bücher.example"]
    assert [entry.name for entry in unreachable.listed(now=NOW)] == ["Ani Wijaya"]
    assert addresses.failure_of("Ani@XN--bcher-kva.example") is not None
    server.at.clear()
    invite_and_publish(draft_activity(programme, hall, 12), ani, budi, now=at(5, 10))
    drain(StandingClock(at(5, 10)))
    assert outbox_now()[2:] == [("Ani", "skipped", "address_blocked"), ("Budi", "sent", "")]
    addresses.allow_again("ani@xn--bcher-kva.example", by=None, now=at(5, 11))
    assert unreachable.count(now=at(5, 11)) == 0
