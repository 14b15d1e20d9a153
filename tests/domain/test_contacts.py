"""E-mail addresses, and what an ill-formed one may have meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain import contacts


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
    assert contacts.address(written) == address


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
    with pytest.raises(contacts.AddressInvalidNear) as caught:
        contacts.address(written)
    assert caught.value.values == {"address": written, "suggestion": meant}


@pytest.mark.parametrize("written", ["nurul", "nurul@", "@example.com", "nurul@example", "a@b@example.com"])
def test_what_nobody_can_guess_is_answered_with_an_example(written):
    with pytest.raises(contacts.AddressInvalid) as caught:
        contacts.address(written)
    assert str(caught.value) == f"“{written}” is not an e-mail address. One looks like nama@example.com."


@given(st.text(max_size=40))
def test_any_text_gives_an_address_nothing_or_a_sentence(text):
    try:
        found = contacts.address(text)
    except contacts.AddressInvalid:
        return
    assert found == "" or contacts.address(found) == found
