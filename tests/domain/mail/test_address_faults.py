"""What another server's refusal says about an address: only a clear fault of the address blocks it."""

import pytest

from outreach.domain.mail.address_faults import AddressFault, fault_in_reply, fault_of


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("5.1.1 <ani@example.com>: Recipient address rejected: User unknown", AddressFault.UNKNOWN),
        (
            "5.1.1 <ani@example.com>: Recipient address rejected: User unknown in relay recipient table",
            AddressFault.UNKNOWN,
        ),
        ("5.0.0 Domain is not hosted here", AddressFault.DOMAIN),
        ("5.1.1 The email account that you tried to reach does not exist.", AddressFault.UNKNOWN),
        ("5.1.2 Host unknown", AddressFault.DOMAIN),
        ("5.1.10 Recipient address rejected: Domain has null MX", AddressFault.DOMAIN),
        ("5.2.1 The mailbox is disabled", AddressFault.CLOSED),
        ("5.1.1", AddressFault.UNKNOWN),
        ("5.7.1 <ani@example.com>: Relay access denied", None),
        ("5.7.1 User unknown to our policy", None),
        ("5.1.0 Sender rejected", None),
        ("5.1.1 blocked: bad reputation of your network", None),
        ("5.2.2 mailbox full", None),
        ("5.1.100 refused", None),
        ("5.1.1.7 is not welcome here", None),
        ("no such user", None),
        ("try the server at 5.1.1", None),
        ("", None),
    ],
)
def test_a_refusal_blocks_an_address_only_if_its_code_says_that_it_does_not_exist(words, fault):
    assert fault_in_reply(words) is fault


@pytest.mark.parametrize(
    ("code", "words", "fault"),
    [
        ("0.0", "550 no such user", AddressFault.UNKNOWN),
        ("0.0", "554 delivery error", None),
        ("0.0", "550 unknown user in sender address", None),
        ("4.4", "Host not found", AddressFault.DOMAIN),
        ("4.4", "timed out", None),
    ],
)
def test_a_report_with_only_a_severity_must_say_in_words_that_the_address_is_unknown(code, words, fault):
    assert fault_of(code, words) is fault
