"""Sending to a real Postfix, plainly, pipelined and in chunks; its log and the relayed mails are the truth."""

import pytest

from outreach.delivery.smtp.wire import Permanent
from tests.delivery.wire_help import a_mail, in_short, mails, wire_to
from tests.servers.postfix import Postfix, missing
from tests.servers.scripted import ScriptedServer

pytestmark = [pytest.mark.skipif(bool(missing()), reason=missing()), pytest.mark.slow]
HIDDEN = {"plain": "pipelining, chunking", "pipelining": "chunking", "chunking": ""}
NAMES = [f"ani{number}" for number in range(60)]
DOTS = b"Subject: dots\r\n\r\n.\r\n..\r\n.com\r\n" + b"perpustakaan " * 70 + b"\r\n.\r\n"


@pytest.fixture(scope="module")
def next_hop():
    with ScriptedServer() as server:
        yield server


@pytest.fixture(scope="module")
def postfix(next_hop):
    checks = "smtpd_recipient_restrictions = check_recipient_access inline:{nobody@example.com=REJECT}, permit\n"
    with Postfix(tuple(HIDDEN.values()), next_hop=next_hop.port, settings=checks) as server:
        yield server


@pytest.fixture(params=HIDDEN)
def wire(request, postfix):
    with wire_to(postfix.ports[HIDDEN[request.param]], mail_timeout_s=60) as wire:
        yield wire


def test_every_mail_arrives_once_and_unchanged(postfix, next_hop, wire):
    next_hop.taken.clear()
    before = len(postfix.delivered())
    sent = [*mails(NAMES), a_mail("dots@example.com", DOTS)]
    for start in range(0, len(sent), 20):
        assert in_short(wire.hand_over_group(sent[start : start + 20])) == "A" * len(sent[start : start + 20])
    assert len(postfix.delivered(before + len(sent))) == before + len(sent)
    arrived = {recipient: (sender, data) for sender, recipient, data in next_hop.taken}
    assert sorted(next_hop.recipients()) == sorted(mail.recipient for mail in sent)
    for mail in sent:
        sender, data = arrived[mail.recipient]
        assert sender == mail.sender
        assert data.partition(b"\r\n\r\n")[2] == mail.data.partition(b"\r\n\r\n")[2]  # Postfix adds to the headers


def test_a_refused_recipient_affects_no_other_mail(postfix, next_hop, wire):
    next_hop.taken.clear()
    before = len(postfix.delivered())
    names = ["ani", "nobody", "budi", "nobody", "nobody", "citra"]
    outcomes = list(wire.hand_over_group(mails(names)))
    assert in_short(outcomes) == "APAPPA"
    assert isinstance(outcomes[1], Permanent)
    assert "nobody@example.com" in outcomes[1].words
    assert len(postfix.delivered(before + 3)) == before + 3
    assert sorted((to, sender) for sender, to, _ in next_hop.taken) == [
        (f"{name}@example.com", f"bounces+{name}@example.com") for name in ("ani", "budi", "citra")
    ]


def test_a_postfix_that_does_not_relay_for_us_uses_up_no_mail(next_hop):
    denied = "smtpd_relay_restrictions = reject_unauth_destination\n"
    with Postfix(next_hop=next_hop.port, settings=denied) as server, wire_to(server.port, mail_timeout_s=60) as wire:
        assert in_short(wire.hand_over_group(mails(NAMES))) == "!"
        assert server.delivered() == []
