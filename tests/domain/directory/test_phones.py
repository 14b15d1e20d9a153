"""Phone numbers as people and spreadsheets write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain.directory import phones

ANI = "+6281234567890"


@pytest.mark.parametrize(
    "written",
    [
        "081234567890", "0812 3456 7890", "0812-3456-7890", "+62 812-3456-7890", "6281234567890", "0062 812 34567890",
        "+62 (0)812 3456 7890", "81234567890", 81234567890, 81234567890.0, "81234567890.0", "'081234567890",
        "(0812) 3456.7890", "081234567890 / 085711112222", "12345; 081234567890", "WA: 081234567890", "081234567890 (WA)",
        "081234567890 Ani", "WA081234567890", "081234567890 (a.n. Ani)",
        "081234567890 atau 085711112222",
    ],
)  # fmt: skip
def test_every_spelling_of_anis_number_gives_the_same_number(written):
    assert phones.number(written) == ANI


@pytest.mark.parametrize("nothing", ["", " ", "-", "–", None, "0", 0, "tidak ada", "N/A"])
def test_an_empty_text_gives_no_number(nothing):
    assert phones.number(nothing) == ""


def test_landline_and_foreign_numbers_are_accepted():
    assert phones.number("0725-41122") == "+6272541122"
    assert phones.number("+60 12-345 6789") == "+60123456789"


@pytest.mark.parametrize(
    "bad",
    [
        "12",
        "081",
        "08123456789012345",
        8.2e10 + 0.5,
        "8.22417E+10",
        "siti",
        "ani@example.com",
        "0812 3456 789O",
        "O812 3456 7890",
        "0812-3456-789l",
        "081234S6789",
        "WA08123456789O",
        "0812 3456 7890x2",
    ],
)
def test_an_invalid_number_is_refused_with_a_message(bad):
    with pytest.raises(phones.PhoneInvalid) as caught:
        phones.number(bad)
    assert str(caught.value) == f"“{bad}” is not a phone number. One looks like 0812-1234-5678."


@pytest.mark.parametrize(
    ("number", "written"),
    [("+6272541122", "(0725) 41122"), ("+60123456789", "+60 12-345 6789"), ("", ""), ("call Ani", "call Ani")],
)
def test_a_number_that_is_not_mobile_is_shown_in_the_usual_form(number, written):
    assert phones.as_written(number) == written


@pytest.mark.parametrize(
    ("number", "may"),
    [
        ("+6281234567890", True),
        ("+60123456789", True),
        ("+12025550123", True),
        ("+6272541122", False),
        ("+62215678901", False),
        ("+628001234567", False),
        ("", False),
        ("call Ani", False),
    ],
)
def test_only_a_number_that_may_be_mobile_may_have_whatsapp(number, may):
    assert phones.may_have_whatsapp(number) is may


@given(st.integers(10_000_000, 99_999_999))
def test_a_number_changed_by_excel_is_recognised(rest):
    assert phones.number(float(f"812{rest}")) == phones.number(f"0812{rest}") == f"+62812{rest}"


@given(st.text(max_size=30))
def test_any_text_gives_a_number_nothing_or_a_message(text):
    try:
        found = phones.number(text)
    except phones.PhoneInvalid:
        return
    assert found == "" or phones.number(found) == found


@given(
    st.sampled_from(["08", "8", "628", "0062", "62", "0", "00628", "62085", "081", "07"]),
    st.text("0123456789", min_size=3, max_size=13),
)
def test_the_quick_check_of_indonesian_mobiles_agrees_with_the_full_one(start, rest):
    assert phones._mobile(start + rest) in ("", phones._valid(start + rest))


@pytest.mark.parametrize("piece", [" ", "0a", "a ", "/ "])
def test_a_text_made_to_hang_its_reader_is_refused_at_once(piece: str):
    with pytest.raises(phones.PhoneInvalid):
        phones.number("0812" + piece * 100_000 + "x")
