"""E-mail addresses, and what an ill-formed one may have meant."""

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
def test_an_address_is_kept_in_small_letters(written, address):
    assert email_addresses.address(written) == address


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
def test_a_slip_is_answered_with_what_was_meant(written, meant):
    with pytest.raises(email_addresses.AddressInvalidNear) as caught:
        email_addresses.address(written)
    assert caught.value.values == {"address": written, "suggestion": meant}


@pytest.mark.parametrize("written", ["nurul", "nurul@", "@example.com", "nurul@example", "a@b@example.com"])
def test_what_nobody_can_guess_is_answered_with_an_example(written):
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
        ("ani@xn--strae-oqa.example", "ani@straße.example"),  # which is not strasse.example
        ("ani@xn--.example", "ani@xn--.example"),
        ("ani@ｅxample.com", "ani@ｅxample.com"),  # looks alike
        ("xn--ani", "xn--ani"),
        ("", ""),
    ],
)  # fmt: skip
def test_an_address_is_known_however_its_domain_is_written(written, known):
    assert email_addresses.key(written) == known
    assert email_addresses.key(known) == known


@pytest.mark.parametrize("kept", ["ani@bücher.example", "ani@straße.example", "ani@example.com", "ani@дом.example"])
def test_what_is_kept_goes_out_and_comes_back_as_the_same(kept):
    wire = email_addresses.on_the_wire(kept)
    assert wire.isascii()
    assert (email_addresses.key(wire), email_addresses.address(wire), email_addresses.forms(wire)) == (
        kept,
        kept,
        {kept, wire},
    )


@given(st.text(max_size=40), st.text("xn-ab09éß.", max_size=40))
def test_any_text_is_known_by_one_form(local, domain):
    found = email_addresses.key(f"{local}@xn--{domain}")
    assert email_addresses.key(found) == found


@given(st.text(max_size=40))
def test_any_text_gives_an_address_nothing_or_a_sentence(text):
    try:
        found = email_addresses.address(text)
    except email_addresses.AddressInvalid:
        return
    assert found == "" or email_addresses.address(found) == found
