"""Header fields: any name or subject arrives unchanged, in one field, on short lines."""

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.delivery.mail import headers
from outreach.delivery.mail.headers import AddressUnusable, address_field, envelope_address, named, text_field
from outreach.delivery.mail.placeholders import clean

LONG = "Siti Rahmawati, S.H., dari Dinas Pemberdayaan Perempuan, Perlindungan Anak, Pengendalian Penduduk dan KB"
names = st.one_of(
    st.sampled_from([LONG, "Ani", '"Siti", S.H.', "a" * 150, "x" * 70 + ', "evil" <a@b>', "=?utf-8?q?x=0D=0ABcc:=20x?=",
                     "é" * 60, "田中 花子, S.H.", "Nur\u2019aini", "a \\ b", ":;,<>@[]()", "😀" * 40, "e\u0301" * 30,
                     "\u202eabc"]),
    st.text(max_size=150),
).map(clean)  # fmt: skip


@given(names)
def test_any_name_stays_one_name_of_one_address(name):
    data = address_field("To", name, "ani@example.com")
    mail = message_from_bytes(data + b"\r\n", policy=default)
    assert mail.keys() == ["To"]
    assert [address.addr_spec for address in mail["To"].addresses] == ["ani@example.com"]
    assert shown(data, phrase=True).removesuffix("<ani@example.com>").strip() == name or name == ""
    assert short(data, name)


@given(names)
def test_any_subject_arrives_unchanged(text):
    data = text_field("Subject", text)
    assert message_from_bytes(data + b"\r\n", policy=default).keys() == ["Subject"]
    assert shown(data) == text
    assert data.isascii()


def shown(data: bytes, *, phrase: bool = False) -> str:
    """Return a field's text decoded by RFC 2047; for a quoted name, the text inside the quotes."""
    assert data.endswith(b"\r\n")
    unfolded = re.sub(r"\r\n(?= )", "", data.decode("ascii").removesuffix("\r\n"))
    assert "\r" not in unfolded
    assert "\n" not in unfolded
    value = unfolded.partition(": ")[2]
    if phrase and value.startswith('"'):
        quoted, rest = re.fullmatch(r'"((?:[^"\\]|\\.)*)"(.*)', value).groups()
        return re.sub(r"\\(.)", r"\1", quoted) + rest
    return str(make_header(decode_header(value))) if "=?" in value else value


def short(data: bytes, name: str) -> bool:
    longest_word = max((len(word) for word in name.split()), default=0) if name.isascii() else 0
    return all(len(line) <= max(headers.LINE, 2 * longest_word + 6) for line in data.split(b"\r\n"))


@pytest.mark.parametrize(
    "value", ["a\r\nBcc: x@example.com", "a\nb", "a\rb", "a\0", "é", "a\x7f", "a\r\n\r\nb", "a\r\n"]
)
def test_a_value_that_would_break_out_of_its_field_is_refused(value):
    with pytest.raises(ValueError, match="Message-ID"):
        named("Message-ID", value)
    assert named("Message-ID", "<1@example.com>") == b"Message-ID: <1@example.com>\r\n"


@pytest.mark.parametrize(
    "address",
    ["", "ani", "ani@", "@example.com", "ani wijaya@example.com", "änî@example.com", "a@b@example.com", "a..b@example.com",
     "ani@example.com\r\nBcc: x@example.com", "<ani@example.com>", "ani@exa mple.com", "ani@" + "a" * 64 + ".com"],
)  # fmt: skip
def test_an_invalid_address_is_refused(address):
    with pytest.raises(AddressUnusable):
        envelope_address(address)


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("Ani.Wijaya+a@Example.com", "Ani.Wijaya+a@Example.com"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("ani@bücher.example", "ani@xn--bcher-kva.example"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_a_valid_address_is_written_in_its_wire_form(address, written):
    assert envelope_address(address) == written
