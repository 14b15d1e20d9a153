"""Each mail's own envelope sender, and recognising it in the recipient of a delivery report."""

from dataclasses import replace

import pytest

from outreach.delivery.return_path import message_of, return_path
from outreach.settings import Settings, SettingsError, check_for_serving
from tests.support.apps import SECRET

SETTINGS = Settings(
    secret_key=SECRET, mail_sender="DP3AP2KB Kota Metro <undangan@example.com>", mail_return_path="bounces+{id}@example.com"
)  # fmt: skip


def test_each_mail_has_its_own_address_that_identifies_the_mail():
    address = return_path(1234567, SETTINGS)
    assert address.startswith("bounces+1234567-")
    assert address.endswith("@example.com")
    assert return_path(1234567, SETTINGS) == address != return_path(1234568, SETTINGS)
    assert message_of(address, SETTINGS) == 1234567
    assert message_of(f" {address.upper()} ", SETTINGS) == 1234567  # servers may change the case


@pytest.mark.parametrize(
    "forge",
    [
        lambda address: address.replace("+17-", "+18-"),
        lambda address: address[:-13] + ("0" if address[-13] != "0" else "1") + address[-12:],
        lambda address: address.replace("example.com", "example.org"),
        lambda address: "x" + address,
        lambda address: address + ".example.org",
        lambda address: address.replace("+17-", "+" + "9" * 10 + "-"),
        lambda address: address.replace("+17-", "+" + "9" * 4000 + "-"),
        lambda address: address.replace("17", "١٧"),
        lambda address: "bounces+{id}@example.com",
        lambda address: "undangan@example.com",
        lambda address: "",
    ],
)
def test_a_foreign_address_identifies_no_mail(forge):
    address = return_path(17, SETTINGS)
    assert message_of(address, SETTINGS) == 17
    assert message_of(forge(address), SETTINGS) is None


def test_mails_sent_under_an_earlier_secret_key_are_still_recognised():
    changed = replace(SETTINGS, secret_key="b" * 40, previous_secret_keys=f"{'c' * 40},{SECRET}")
    address = return_path(17, SETTINGS)
    assert address != return_path(17, changed)
    assert message_of(address, changed) == 17
    assert message_of(address, replace(changed, previous_secret_keys="")) is None


def test_without_the_setting_mails_use_the_sender_and_identify_nothing():
    plain = replace(SETTINGS, mail_return_path="")
    assert return_path(17, plain) == "undangan@example.com"
    assert message_of("undangan@example.com", plain) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "bounces@example.com",
        "bounces+{id}",
        "b@{id}.example.com",
        "{id}{id}@example.com",
        "b {id}@example.com",
        "x" * 46 + "{id}@example.com",
        "Bounces <b+{id}@example.com>",
        "b+{id}@kantor..local",
        "b+{id}@",
    ],
)
def test_an_unusable_setting_stops_the_start(pattern):
    for good in (
        "",
        "{id}@example.com",
        "x" * 45 + "{id}@example.com",
        "b+{id}@kantor.local",
        "b+{id}@mail.test",
        "b+{id}@localhost",
    ):
        check_for_serving(replace(SETTINGS, mail_return_path=good))
    with pytest.raises(SettingsError, match="OUTREACH_MAIL_RETURN_PATH"):
        check_for_serving(replace(SETTINGS, mail_return_path=pattern))
