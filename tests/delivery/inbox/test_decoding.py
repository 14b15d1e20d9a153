"""Texts in any charset, with a stray byte, or cut in the middle of a letter."""

import pytest

from outreach.delivery.inbox.decoding import text_of
from outreach.delivery.inbox.reading import read
from outreach.domain.kinds import IncomingKind
from tests.world.mail_samples import SETTINGS

SAID = "Baik, saya hadir – terima kasih. Ñoña, José, “ya” …"


@pytest.mark.parametrize("charset", ["utf-8", "", "us-ascii", "unknown-8bit", "windows-9999"])
@pytest.mark.parametrize("stray", [b"\xff", b"\x96", b"\xe2\x80"])
def test_a_stray_byte_costs_only_itself(charset, stray):
    assert text_of(SAID.encode() + stray + b" Ani", charset).replace("\ufffd", "") == f"{SAID} Ani"
    assert text_of(SAID.encode()[:-1], charset).startswith(SAID[:-1])  # cut in the middle of a letter


@pytest.mark.parametrize(
    ("charset", "said"),
    [
        ("gb2312", "我会来参加会议。谢谢"),
        ("iso-2022-jp", "出席します。よろしくお願いします"),
        ("euc-kr", "참석하겠습니다"),
        ("big5", "我會參加"),
    ],
)
def test_a_stray_byte_costs_only_itself_in_other_scripts(charset, said):
    found = text_of(b"Yth. Ani " + said.encode(charset) + b"\x1b\xff ya", charset)
    assert found.startswith(f"Yth. Ani {said}")


def test_a_wrongly_named_charset_is_recognised():
    assert text_of(SAID.encode(), "gb2312") == SAID
    assert text_of("José está bien, ñoño".encode("latin-1"), "utf-8") == "José está bien, ñoño"
    assert text_of("José “ya”".encode("cp1252"), "") == "José “ya”"


@pytest.mark.parametrize("charset", ["utf-7", "unicode-1-1-utf-7", "UTF-7"])
def test_utf_7_is_read(charset):
    assert text_of("Baik – Ñoña +x".encode("utf-7"), charset) == "Baik – Ñoña +x"
    assert text_of(b"1 +- 1 +AP", charset).startswith("1 + 1 ")


def test_a_letter_with_three_hundred_attachments_is_a_letter():
    mail = b"From: ani@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSaya hadir.\r\n"
    photo = b'--b\r\nContent-Type: image/jpeg\r\nContent-Disposition: attachment; filename="a.jpg"\r\n\r\nx\r\n'
    found = read(mail + photo * 300 + b"--b--\r\n", SETTINGS)
    assert (found.kind, found.text) == (IncomingKind.LETTER, "Saya hadir.")


def test_the_mails_of_a_digest_are_others_words_even_if_their_type_is_not_said():
    mail = (
        b"From: ani@example.com\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\nSaya hadir.\r\n"
        b"--a\r\nContent-Type: multipart/digest; boundary=b\r\n\r\n"
        b"--b\r\n\r\nFrom: budi@example.com\r\nSubject: Rapat\r\n\r\nSaya tidak hadir.\r\n--b--\r\n--a--\r\n"
    )
    assert read(mail, SETTINGS).text == "Saya hadir."
    only = mail.replace(b"--a\r\n\r\nSaya hadir.\r\n", b"")
    assert "Saya tidak hadir" not in read(only, SETTINGS).text
