"""Placeholders: which ones a text may contain, and how they are filled."""

import pytest

from outreach.delivery.mail.placeholders import (
    PLACEHOLDERS,
    ForbiddenCharacter,
    LineBreakInSubject,
    NotInSubject,
    StrayBrace,
    UnknownPlaceholder,
    check,
    clean,
    fill,
)
from outreach.delivery.mail.texts import KEYS, shipped


def test_a_placeholder_has_two_names():
    assert fill("{kegiatan} = {activity}", {"activity": "Rapat"}) == "Rapat = Rapat"


def test_a_line_whose_placeholders_are_all_empty_is_left_out():
    assert fill("Datang.\nBawa: {things}\nSampai jumpa.", {"things": ""}) == "Datang.\nSampai jumpa."
    assert fill("Bawa: {things}", {"things": "KTP"}) == "Bawa: KTP"


def test_a_line_without_placeholders_stays():
    assert fill("Gratis.", {}) == "Gratis."


@pytest.mark.parametrize(
    ("name", "phone", "said"),
    [
        ("Bidang PPA", "0812", "Hubungi: Bidang PPA, 0812."),
        ("Bidang PPA", "", "Hubungi: Bidang PPA."),
    ],
)
def test_an_empty_value_removes_its_comma(name, phone, said):
    assert fill("Hubungi: {contact_name}, {contact_phone}.", {"contact_name": name, "contact_phone": phone}) == said


def test_an_empty_first_value_removes_the_comma_after_it():
    assert fill("{contact_name}, {contact_phone}", {"contact_phone": "0812"}) == "0812"


def test_our_own_word_is_capitalised_at_a_lines_start_and_a_name_stays_as_written():
    assert fill("{in_days}: {activity}", {"in_days": "in 3 days", "activity": "rapat"}) == "In 3 days: rapat"
    assert fill("{activity} is {in_days}.", {"in_days": "in 3 days", "activity": "rapat"}) == "rapat is in 3 days."


def test_a_value_is_not_parsed_as_a_template():
    assert fill("{name}", {"name": "{link}", "link": "https://example.com"}) == "{link}"


def test_a_value_adds_no_line_break():
    assert clean("Ani\r\nBcc: x@example.com\x00\u2028z") == "Ani Bcc: x@example.com z"


def test_an_unknown_placeholder_is_named():
    with pytest.raises(UnknownPlaceholder) as caught:
        check("Halo {nomor_surat}")
    assert caught.value.values == {"name": "{nomor_surat}"}


def test_placeholders_that_reveal_the_subject_are_allowed_in_the_body_only():
    check("{topic} {kegiatan}")
    with pytest.raises(NotInSubject) as caught:
        check("{topic} {kegiatan}", subject=True)
    assert caught.value.values == {"name": "{topic}"}


def test_a_subject_is_one_line():
    check("Undangan", subject=True)
    with pytest.raises(LineBreakInSubject):
        check("Undangan\nBcc: x@example.com", subject=True)


@pytest.mark.parametrize("text", ["{", "}", "{{activity}}", "{% if x %}", "{activity"])
def test_an_unmatched_brace_is_refused_and_template_code_is_no_placeholder(text):
    with pytest.raises((StrayBrace, UnknownPlaceholder)):
        check(text)


def test_a_control_character_is_refused():
    check("a\tb\nc")
    with pytest.raises(ForbiddenCharacter) as caught:
        check("a\x07b")
    assert caught.value.values["code"] == "U+0007"


def test_no_two_placeholders_share_a_name():
    names = [name for placeholder in PLACEHOLDERS for name in {placeholder.name, placeholder.indonesian}]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("locale", ["id", "en"])
@pytest.mark.parametrize("key", KEYS)
def test_every_shipped_text_can_be_saved_unchanged(key, locale):
    text = shipped(key, locale)
    check(text.subject, subject=True)
    check(text.greeting, single_line=True)
    check(text.body)
    assert all((text.subject, text.greeting, text.body))
