"""Tries of a password wait, and lock nobody out."""

import pytest

from outreach.domain.sign_in.tries import OF_ACCOUNT, OF_PAIR
from outreach.services.sign_in import tries
from outreach.services.sign_in.tries import PasswordTry
from tests.world.sign_in import SetTime, set_time_of_tries

SITI = "siti@example.com"


@pytest.fixture
def wall(app, monkeypatch: pytest.MonkeyPatch) -> SetTime:
    return set_time_of_tries(monkeypatch)


def wrong(number: int, **where: str) -> list[int]:
    return [
        tries.begin(PasswordTry(**{"email": SITI, "network_address": "192.0.2.66", **where})) for _ in range(number)
    ]


def test_wrong_tries_wait_longer_and_longer_and_a_refused_one_costs_nothing(wall: SetTime):
    assert wrong(OF_PAIR.free) == [0] * OF_PAIR.free
    assert wrong(2) == [2, 2]
    wall.at += 2
    assert wrong(2) == [0, 4]


def test_whoever_hammers_an_account_holds_up_neither_its_own_phone_nor_a_new_one(wall: SetTime):
    wrong(OF_PAIR.free)
    assert wrong(1) != [0]
    assert wrong(1, network_address="198.51.100.7") == [0]  # a new device
    assert wrong(1, device="of-siti") == [0]
    for number in range(OF_ACCOUNT.free):  # from very many addresses
        wrong(1, network_address=f"203.0.113.{number}")
    assert 0 < wrong(1, network_address="198.51.100.8")[0] <= OF_ACCOUNT.longest_s
    assert wrong(1, device="of-siti") == [0]


@pytest.mark.parametrize(
    "variant",
    [
        "SITI@Example.com",
        "siti@\N{FULLWIDTH LATIN SMALL LETTER E}xample.com",
        "siti@example\N{IDEOGRAPHIC FULL STOP}com",
    ],
)
def test_an_address_in_another_spelling_is_the_same_account(wall: SetTime, variant: str):
    wrong(OF_PAIR.free)
    assert wrong(1, email=variant) != [0]


def test_another_address_of_the_same_ipv6_network_is_nobody_else(wall: SetTime):
    wrong(OF_PAIR.free, network_address="2001:db8::1")
    assert wrong(1, network_address="2001:db8::ffff:2") != [0]
    assert wrong(1, network_address="2001:db8:0:1::2") == [0]


def test_another_account_on_the_same_address_is_not_held_up(wall: SetTime):
    wrong(OF_PAIR.free + 1)
    assert wrong(1, email="budi@example.com") == [0]


def test_an_office_behind_one_address_signs_in_all_at_once(wall: SetTime):
    for number in range(200):
        one = PasswordTry(f"staf{number}@example.com", "192.0.2.1")
        assert tries.begin(one) == 0
        tries.succeeded(one)


def test_a_right_password_ends_the_wait_that_wrong_ones_made(wall: SetTime):
    wrong(OF_PAIR.free - 1)
    tries.succeeded(PasswordTry(SITI, "192.0.2.66"))
    assert wrong(OF_PAIR.free) == [0] * OF_PAIR.free


def test_a_device_that_is_known_waits_for_its_own_wrong_tries(wall: SetTime):
    assert wrong(11, device="stolen")[-1] == 2
