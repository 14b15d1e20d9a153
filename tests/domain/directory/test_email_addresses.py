"""E-mail addresses, and suggestions for invalid ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.directory import email_addresses


@pytest.mark.parametrize(
    ("written", "address"),
    [
        (" Ani.W@Example.COM ", "ani.w@example.com"),
        ("mailto:ani@example.com", "ani@example.com"),
        ("<ani@example.com>", "ani@example.com"),
        ("-", ""),
        ("", ""),
        ("Tidak ada", ""),
    ],
)
def test_an_address_is_stored_in_lower_case(written, address):
    assert email_addresses.address(written) == address


@pytest.mark.parametrize("written", ["ánî@example.com", "田中@example.com", "nurul é@example.com", "ánî@example,com"])
def test_letters_beyond_a_to_z_before_the_at_sign_are_refused_by_name(written):
    with pytest.raises(email_addresses.AddressBeyondAscii) as caught:
        email_addresses.address(written)
    assert str(caught.value) == (
        f"“{written}” has letters before the @ that mail servers here do not take. Please ask for an address with a to z only."
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("nurul9@example,com", "nurul9@example.com"),
        ("nurul9 @example.com", "nurul9@example.com"),
        ("nurul9(at)example.com", "nurul9@example.com"),
        ("nurul9@example..com", "nurul9@example.com"),
        ("nurul9@example.com.", "nurul9@example.com"),
    ],
)
def test_a_typing_error_gets_a_suggestion(written, meant):
    with pytest.raises(email_addresses.AddressInvalidNear) as caught:
        email_addresses.address(written)
    assert caught.value.values == {"address": written, "suggestion": meant}


@pytest.mark.parametrize("written", ["nurul", "nurul@", "@example.com", "nurul@example", "a@b@example.com"])
def test_an_address_without_a_suggestion_gets_an_example(written):
    with pytest.raises(email_addresses.AddressInvalid) as caught:
        email_addresses.address(written)
    assert str(caught.value) == f"“{written}” is not an e-mail address. One looks like nama@example.com."


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("Ani@Example.com", "ani@example.com"),
        ("ani@xn--bcher-kva.example", "ani@bücher.example"),
        ("Ani@XN--Bcher-KVA.example", "ani@bücher.example"),
        ("ani@bücher.example", "ani@bücher.example"),
        ("ani@xn--strae-oqa.example", "ani@straße.example"),  # this is not strasse.example
        ("ani@xn--.example", "ani@xn--.example"),
        ("ani@ｅxample.com", "ani@ｅxample.com"),  # looks alike
        ("xn--ani", "xn--ani"),
        ("", ""),
    ],
)  # fmt: skip
def test_an_address_is_recognised_in_any_form_of_its_domain(written, known):
    assert email_addresses.key(written) == known
    assert email_addresses.key(known) == known


@pytest.mark.parametrize("kept", ["ani@bücher.example", "ani@straße.example", "ani@example.com", "ani@дом.example"])
def test_a_stored_address_is_sent_and_read_back_unchanged(kept):
    wire = email_addresses.on_the_wire(kept)
    assert wire.isascii()
    assert (email_addresses.key(wire), email_addresses.address(wire), email_addresses.forms(wire)) == (
        kept,
        kept,
        {kept, wire},
    )


@given(st.text(max_size=40), st.text("xn-ab09éß.", max_size=40))
def test_any_text_has_one_normal_form(local, domain):
    found = email_addresses.key(f"{local}@xn--{domain}")
    assert email_addresses.key(found) == found


@given(st.text(max_size=40))
def test_any_text_gives_an_address_nothing_or_a_message(text):
    try:
        found = email_addresses.address(text)
    except email_addresses.AddressInvalid:
        return
    assert found == "" or email_addresses.address(found) == found


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ani@gmial.com", "ani@gmail.com"),  # exchanged
        ("ani@gmai.com", "ani@gmail.com"),  # missing
        ("ani@gmaill.com", "ani@gmail.com"),  # added
        ("ani@gnail.com", "ani@gmail.com"),  # wrong
        ("ani@gmail.con", "ani@gmail.com"),
        ("ani@gmail.co.id", "ani@gmail.com"),
        ("ani@yahoo.co.i", "ani@yahoo.co.id"),
        ("ani@gmail.com", ""),
        ("ani@ymail.com", ""),  # one letter from gmail.com, and real
        ("ani@mail.com", ""),
        ("ani@metrokota.go.id", ""),
        ("", ""),
    ],
)
def test_a_domain_that_differs_by_one_typing_error_from_a_common_one_is_questioned(written, meant):
    assert email_addresses.probably_meant(written) == meant


@pytest.mark.parametrize(
    "written",
    [
        "A.B@Example.COM", "a..b@example.com", "a@b", "a@localhost", "a@x.test", "a@-x.com", "a@x..com", ".a@x.com",
        "a+b@x.co.id", "a@1.2.3.4",
        "x" * 64 + "@x.com", "x" * 65 + "@x.com", "a@" + "x" * 64 + ".com", "a@xn--mnchen-3ya.de", "a@x.com.",
    ],
)  # fmt: skip
def test_the_quick_check_of_plain_addresses_agrees_with_the_library(written):
    assert email_addresses._valid(written) == email_addresses._validated(written)
