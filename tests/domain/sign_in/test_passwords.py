"""Which passwords are refused, and why."""

import gzip
from importlib import resources

import pytest

from outreach.domain.sign_in.passwords import LEAST, MOST, PasswordFault, fault_of

ABOUT = ["Siti Rahmawati", "siti@example.com", "DP3AP2KB Kota Metro", "Kota Metro"]


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("tas-kayu-api", None),  # twelve characters
        ("tas-kayu-ap", PasswordFault.SHORT),
        ("payung biru jalan sepatu", None),
        ("kucing-merah-lompat", None),
        ("x7#" + "kucing merah " * 9, None),  # 120 characters; zxcvbn rates 72
        ("a7 kol " * 19, PasswordFault.LONG),
        ("indonesiamerdeka", PasswordFault.KNOWN),
        ("bismillah1234", PasswordFault.KNOWN),
        ("sayangkamu123", PasswordFault.KNOWN),
        ("rahasia2026merdeka", PasswordFault.KNOWN),
        ("Ramadhan_Berkah_1448", PasswordFault.KNOWN),
        ("lampungtengah#12", PasswordFault.KNOWN),
        ("agustus17budi99", PasswordFault.KNOWN),
        ("rahasia lemari gunting", None),  # one of the words that people like
        ("sitirahmawati1", PasswordFault.OWN),
        ("kantor-dinas-metro", PasswordFault.OWN),
        ("abcdefghijkl", PasswordFault.PATTERN),
        (
            "ghjatccbjyfk",
            PasswordFault.KNOWN,
        ),  # a Russian word on an English keyboard: only the list from breaches has it
        ("GhjatccbjyfK", PasswordFault.KNOWN),
        ("aaaaaaaaaaaaaa", PasswordFault.PATTERN),
        ("17-08-1945ab", PasswordFault.DATE),
    ],
)
def test_a_password_is_refused_for_what_makes_it_easy(password: str, fault: PasswordFault | None):
    assert fault_of(password, ABOUT) == fault


def test_the_names_of_others_do_not_count_as_ones_own():
    assert fault_of("wandakresno12", ["Wanda Kresno"]) is PasswordFault.OWN
    assert fault_of("wandakresno12", ["Budi Santoso"]) is None


def test_the_bounds_are_twelve_and_a_hundred_and_twenty_eight_characters():
    good = "kucing merah lompat pagar biru " * 5
    assert (LEAST, MOST) == (12, 128)
    assert [fault_of(good[:length]) for length in (11, 12, 128, 129)] == [
        PasswordFault.SHORT, None, None, PasswordFault.LONG,
    ]  # fmt: skip


def test_the_list_from_breaches_has_many_more_than_the_3000_passwords_that_asvs_asks_for():
    packed = (resources.files("outreach") / "data" / "passwords" / "most-used.txt.gz").read_bytes()
    listed = gzip.decompress(packed).decode().splitlines()
    assert len(set(listed)) == len(listed) == 43_940
    assert all(LEAST <= len(one) <= MOST and one == one.lower() for one in listed)
