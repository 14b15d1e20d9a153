"""Mails made to hang, fill or break their reader. Each is read within limits, and ends as something that is shown.

Without the limits most of these tests would run for minutes. The assertions check the amount of work.
"""

import base64
import tracemalloc

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.delivery.inbox import parts, replies, reports, words
from outreach.delivery.inbox.decoding import line_of, mailbox_of, text_of
from outreach.delivery.inbox.reading import MOST_BYTES, Incoming, read
from outreach.domain.kinds import IncomingKind
from outreach.domain.mail.incoming import IncomingReason
from outreach.settings import Settings
from tests.support.apps import SECRET
from tests.world import mail_samples as samples
from tests.world.mail_samples import PROGRAMS, REPORTERS, UID, Answer, Returned, crlf

SETTINGS = Settings(
    secret_key=SECRET,
    mail_sender="DP3AP2KB Kota Metro <undangan@example.com>",
    mail_return_path="bounces+{id}@example.com",
)


def nested(depth: int, end: bytes = b"x\r\n") -> bytes:
    opened = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(depth))
    return b"From: ani@example.com\r\n" + opened + b"\r\n" + end


def in_bounds(found: Incoming) -> bool:
    lengths = (
        (found.message_id, 250),
        (found.sender, 254),
        (found.sender_name, 160),
        (found.subject, 250),
        (found.text, words.MOST_WORDS),
        (found.report.words if found.report else "", 300),
        (found.returned_reference, 250),
    )
    stored = "".join(text for text, _most in lengths)
    stored.encode()  # no surrogates
    return all(len(text) <= most for text, most in lengths) and "\x00" not in stored


def test_a_mail_nested_sixty_thousand_deep_is_set_aside():
    found = read(nested(60_000, b"\r\n" * 100_000), SETTINGS)
    assert (found.kind, found.reason) == (IncomingKind.UNREADABLE, IncomingReason.TOO_COMPLEX)
    assert (found.sender, found.text.startswith("From: ani@example.com")) == ("ani@example.com", True)


def test_a_mail_as_deep_as_normal_mails_is_read():
    assert read(nested(parts.MOST_DEPTH, b"Baik.\r\n"), SETTINGS).text == "Baik."
    assert read(nested(parts.MOST_DEPTH + 1), SETTINGS).kind is IncomingKind.UNREADABLE


@pytest.mark.parametrize(("count", "kind"), [(999, IncomingKind.LETTER), (1000, IncomingKind.UNREADABLE)])
def test_a_mail_with_too_many_parts_is_set_aside(count, kind):
    mail = b"From: ani@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * count
    assert read(mail, SETTINGS).kind is kind


def test_nested_enclosed_mails_have_the_same_limit():
    mail = b"From: ani@example.com\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 50_000
    assert read(mail, SETTINGS).reason is IncomingReason.TOO_COMPLEX


def test_a_mail_above_the_size_limit_is_set_aside_unread():
    small = samples.gmail(Answer())
    assert read(small + b"x" * (MOST_BYTES - len(small)), SETTINGS).kind is IncomingKind.ANSWER
    found = read(small + b"x" * (MOST_BYTES - len(small) + 1), SETTINGS)
    assert (found.kind, found.reason, found.reply) == (IncomingKind.UNREADABLE, IncomingReason.TOO_LARGE, None)
    assert (found.sender, found.subject[:9]) == ("ani@example.com", "Accepted:")
    assert read(small[:3000], SETTINGS, whole=False).reason is IncomingReason.TOO_LARGE


def test_reading_the_largest_mail_takes_little_memory():
    mail = nested(parts.MOST_DEPTH - 1) + b"--b0\r\nContent-Type: text/plain\r\n\r\n" + b"kata " * (MOST_BYTES // 5)
    tracemalloc.start()
    try:
        read(mail[:MOST_BYTES], SETTINGS)
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 6 * MOST_BYTES


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\r\n",
        b"\x00" * 10_000,
        b"From: ani@example.com",
        b"From:" + b" " * 60_000 + b"x",
        b"From: " + b"<" * 60_000,
        b"From: " + b'"' * 60_000,
        b"From: " + b"(" * 60_000,
        b"From: " + b"a@" * 30_000,
        b"Subject: " + b"=?utf-8?q?" * 6_000,
        b"Subject: =?punycode?b?" + base64.b64encode(b"a-" * 400) + b"?=",
        b"Subject: =?utf-8?b?====?= =?x?q?=ZZ?= =?utf-16?b?/v8?=",
        b"Content-Type: multipart/mixed" + b";a=b" * 15_000,
        b"Content-Type: multipart/mixed; " + b'"' + b";" * 60_000,
        b"Content-Type: multipart/mixed; boundary*0*=punycode''a; boundary*1*=%FF" + b";x" * 900,
        b"Content-Type: multipart/mixed; boundary*=idna''%C3%A4" + b"\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\n" + b"--\r\n" * 100_000,
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a" * 1_000_000,
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a \t" + b" \t" * 1_000_000,
        b"Content-Type: text/html\r\n\r\n" + b"<" * 1_000_000,
        b"Content-Type: text/html\r\n\r\n" + b"<script>" * 100_000,
        b"Content-Type: text/html\r\n\r\n" + b"<!--" * 200_000,
        b"Content-Type: text/html\r\n\r\n" + b"&#x110000;&#" + b"9" * 100_000,
        b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a-" + b"9" * 1_000_000,
        b"Content-Type: text/plain; charset=idna\r\n\r\n" + b"xn--" * 200_000,
        b"Content-Type: text/plain; charset=zlib\r\n\r\n" + b"x\x9c",
        b"Content-Type: text/plain; charset=unicode_escape\r\n\r\n" + rb"\ud800\udfff",
        b"Content-Type: text/plain; charset=utf-16\r\n\r\n" + b"\xd8\x00" * 500_000,
        b"Content-Type: text/plain; charset=utf-7\r\n\r\n" + b"+2AA-",
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b"=" * 1_000_000,
        b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=" * 1_000_000,
        b"X: y\r\n" * 200_000,
        b": \r\n" * 10_000 + b"\r\nx",
        b"Pada " * 20_000,
        b"\r\n\r\n" + b"On " + b"x" * 200_000 + b"\r\nwrote:",
        b"In-Reply-To: " + b"<" * 30_000 + b"\r\nReferences: " + b"<a" * 15_000,
    ],
)  # fmt: skip
def test_a_broken_mail_still_gives_a_result(mail):
    found = read(mail, SETTINGS)
    assert in_bounds(found)
    assert found.kind in (IncomingKind.LETTER, IncomingKind.UNREADABLE)


def test_thousands_of_nested_comments_hide_no_mail():
    found = read(b"From: " + b"(" * 980 + b" ani@example.com\r\n\r\nYth.", SETTINGS)
    assert (found.kind, found.sender, found.text) == (IncomingKind.LETTER, "ani@example.com", "Yth.")


def calendar_mail(ics: str) -> bytes:
    return crlf(f"From: ani@example.com\nContent-Type: text/calendar; method=REPLY; charset=utf-8\n\n{ics}")


def ics(*, before: str = "", within: str = "", after: str = "", attendee: str = "") -> str:
    attendee = attendee or "ATTENDEE;PARTSTAT=ACCEPTED:mailto:ani@example.com"
    event = f"BEGIN:VEVENT\nUID:{UID}\nDTSTAMP:20270105T010000Z\n{attendee}\n{within}END:VEVENT\n"
    return f"BEGIN:VCALENDAR\nMETHOD:REPLY\n{before}{event}{after}END:VCALENDAR\n"


@pytest.mark.parametrize(
    "large",
    [
        ics(after="BEGIN:VEVENT\nUID:x\nEND:VEVENT\n" * 1000),
        ics(before="BEGIN:VTIMEZONE\nTZID:x\nEND:VTIMEZONE\n" * 1000),
        ics(within="BEGIN:VALARM\nEND:VALARM\n" * 1000),
        "BEGIN:VCALENDAR\n" * 100_000,
        ics(within="X-NOTHING:y\n" * 6000),
        ics(within="DESCRIPTION:" + "y" * 300_000 + "\n"),
    ],
)
def test_a_calendar_of_a_thousand_components_or_lines_is_set_aside(large):
    found = read(calendar_mail(large), SETTINGS)
    assert (found.kind, found.reason) == (IncomingKind.UNREADABLE, IncomingReason.TOO_COMPLEX)


@pytest.mark.parametrize(
    "odd",
    [
        ics(within="RRULE:FREQ=SECONDLY;COUNT=2000000000\n"),
        ics(within="RDATE:" + "20270118T010000Z," * 10_000 + "20270118T010000Z\n"),
        ics(
            before="BEGIN:VTIMEZONE\nTZID:Mine\nBEGIN:STANDARD\nDTSTART:00010101T000000\nRRULE:FREQ=SECONDLY\n"
            "TZOFFSETFROM:+0700\nTZOFFSETTO:+0700\nEND:STANDARD\nEND:VTIMEZONE\n",
            within="DTSTART;TZID=Mine:20270118T080000\n",
        ),
        ics(within="DTSTART;TZID=../../../../etc/passwd:20270118T080000\n"),
        ics(within="DTSTART:99999999T999999Z\nDTEND:20270230T000000\n"),
        ics(within="SEQUENCE:" + "9" * 5000 + "\n"),
        ics(within="RECURRENCE-ID:20270118T010000Z\nCOMMENT:" + "\\n" * 1900 + "\n"),
        ics(after="BEGIN:VEVENT\nUID:another\nATTENDEE;PARTSTAT=DECLINED:mailto:ani@example.com\nEND:VEVENT\n"),
        ics(within="BEGIN:VALARM\nUID:alarm\nATTENDEE;PARTSTAT=DECLINED:mailto:ani@example.com\nEND:VALARM\n"),
        ics(within="ATTENDEE;X=" + '"' * 3000 + ":mailto:x@example.com\nATTENDEE" + ";A=B" * 1000 + "\n"),
    ],
)
def test_nothing_in_a_calendar_is_expanded_and_only_its_first_entry_counts(odd):
    reply = read(calendar_mail(odd), SETTINGS).reply
    assert (reply.uid, reply.attendees[0].address, reply.attendees[0].participation) == (
        UID,
        "ani@example.com",
        replies.Participation.ACCEPTED,
    )
    assert reply.sequence == 0


def test_a_thousand_attendees_are_not_all_stored():
    many = "\n".join(f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:a{n}@example.com" for n in range(1000))
    assert len(read(calendar_mail(ics(attendee=many)), SETTINGS).reply.attendees) == replies.MOST_ATTENDEES


def with_calendars(*calendars: str) -> bytes:
    parts = "".join(f"--b\nContent-Type: text/calendar; method=REPLY\n\n{calendar}\n" for calendar in calendars)
    return crlf(f"From: ani@example.com\nContent-Type: multipart/mixed; boundary=b\n\n{parts}--b--\n")


def test_only_three_calendars_of_one_mail_are_read():
    none = ics().replace("METHOD:REPLY", "METHOD:PUBLISH")
    assert read(with_calendars(none, none, ics()), SETTINGS).kind is IncomingKind.ANSWER
    assert read(with_calendars(none, none, none, ics()), SETTINGS).kind is IncomingKind.LETTER


def test_the_calendars_of_one_mail_share_one_limit():
    large = ics(within="DESCRIPTION:" + "y" * 200_000 + "\n").replace("METHOD:REPLY", "METHOD:PUBLISH")
    assert read(with_calendars(large, large, ics()), SETTINGS).kind is IncomingKind.ANSWER
    assert read(with_calendars(large, large, large), SETTINGS).reason is IncomingReason.TOO_COMPLEX


def test_attachments_are_never_opened():
    bomb = base64.encodebytes(b"PK\x03\x04" + b"\x00" * 1_000_000).decode()
    mail = f"""From: ani@example.com
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

Terlampir.
--b
Content-Type: application/zip; name="bom.zip"
Content-Disposition: attachment; filename="bom.zip"
Content-Transfer-Encoding: base64

{bomb}
--b
Content-Type: text/plain; name="kasus.txt"
Content-Disposition: attachment; filename="kasus.txt"

rahasia
--b--
"""
    assert read(crlf(mail), SETTINGS).text == "Terlampir."


@pytest.mark.parametrize(
    "body",
    [
        "Final-Recipient: rfc822; ani@example.com\nAction: failed\nStatus: 5.1.1\n\n" * 5000,
        "\n" * 500_000,
        "Action: failed\nFinal-Recipient: " + "rfc822;" * 10_000 + "\n",
        "Action: failed\nFinal-Recipient: rfc822; " + "a@" * 30_000 + "\n",
        "Action:" + " failed" * 10_000 + "\nStatus: " + "5." * 10_000 + "\n",
    ],
)
def test_an_endless_report_is_read_within_limits(body):
    mail = (
        "Return-Path: <>\nFrom: MAILER-DAEMON@example.net\nContent-Type: multipart/report; "
        f"report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n{body}\n--b--\n"
    )
    found = read(crlf(mail), SETTINGS)
    assert in_bounds(found)
    assert found.report is None or len(found.report.addresses) <= 3 * reports.MOST_BLOCKS


@pytest.mark.parametrize(
    "said",
    [
        "The following addresses had\n" + "x" * 1_000_000,
        "Undeliverable Address:\n" + ("x" * 400 + "\n") * 10_000,
        "failed addresses follow:\n" + "a@a" * 300_000,
        "Your message could not be delivered to\n" + "a@" * 300_000,
        "<" * 500_000,
    ],
)
def test_a_free_text_report_cannot_delay_its_reader(said):
    mail = crlf(f"Return-Path: <>\nFrom: MAILER-DAEMON@example.net\nSubject: failure\n\n{said}\n")
    assert in_bounds(read(mail, SETTINGS))


@given(st.binary(max_size=300), st.text(max_size=30))
@settings(max_examples=40)
def test_any_bytes_in_any_charset_become_text(data, charset):
    for name in (charset, "utf-16", "big5", "iso-2022-jp", "hz", "utf-32"):
        text_of(data, name).encode()


@given(st.text(max_size=300))
def test_any_header_becomes_one_line_and_any_sender_an_address_or_none(value):
    assert "\n" not in line_of(value, 250)
    name, address = mailbox_of(value)
    assert "\n" not in name
    assert address == "" or address.count("@") == 1


HONEST = [
    *(write(Answer()) for write in PROGRAMS.values()),
    *(write(Returned()) for write in REPORTERS.values()),
    samples.out_of_office(),
    samples.letter(),
]
INSERTED = [
    b"\x00", b"\xff", b"\r\n", b"\n\n", b"--", b";", b'"', b"=?utf-8?b?", b"<", b">", b"BEGIN:VEVENT\r\n", b"END:VCALENDAR",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", b"charset=punycode", b"Content-Transfer-Encoding: base64\r\n",
    b"Content-Type: message/rfc822\r\n\r\n", b"Action: failed\r\n", b"mailto:", b" " * 500, b"(" * 300,
]  # fmt: skip


@st.composite
def mutated(draw):
    mail = bytearray(draw(st.sampled_from(HONEST)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, len(mail)))
        match draw(st.sampled_from(["cut", "insert", "change", "repeat"])):
            case "cut":
                del mail[at : at + draw(st.integers(1, 400))]
            case "insert":
                mail[at:at] = draw(st.sampled_from(INSERTED))
            case "change":
                mail[at : at + 4] = draw(st.binary(min_size=1, max_size=4))
            case "repeat":
                mail[at:at] = mail[at : at + draw(st.integers(1, 200))] * draw(st.integers(1, 40))
    return bytes(mail)


@given(mutated())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_normal_mail_damaged_in_any_way_is_read_within_limits(mail):
    found = read(mail, SETTINGS)
    assert in_bounds(found)
    assert found.reason is not IncomingReason.BROKEN  # the catch-all around the reader is for unforeseen errors
    assert (found.reply is not None) == (found.kind is IncomingKind.ANSWER)


def test_a_report_of_nothing_but_line_ends_is_read():
    found = reports._judged_by_text("\n" * 500_000 + "x", [], "")
    assert found.fault is None
