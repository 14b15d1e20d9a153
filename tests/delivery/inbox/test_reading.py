"""How each kind of mail is recognised, from the bytes that each program really sends."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from outreach.delivery.inbox.reading import read
from outreach.delivery.inbox.reports import DeliveryVerdict
from outreach.delivery.return_path import return_path
from outreach.domain.kinds import IncomingKind
from outreach.domain.mail.incoming import IncomingReason, Participation
from tests.world import mail_samples as samples
from tests.world.mail_samples import PROGRAMS, REPORTERS, SETTINGS, UID, WITH_PATHS, Answer, Returned


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED", "TENTATIVE"])
def test_a_calendar_answer_is_read_from_every_program(program, partstat):
    found = read(PROGRAMS[program](Answer(partstat, sequence=3)), SETTINGS)
    assert found.kind is IncomingKind.ANSWER
    reply = found.reply
    assert (reply.uid, reply.sequence, reply.counter) == (UID, 3, False)
    assert reply.stamped_at == datetime(2027, 1, 5, 1, 0, tzinfo=UTC)
    assert [(attendee.address, attendee.name, attendee.participation) for attendee in reply.attendees] == [
        ("ani@example.com", "Ani Wijaya", Participation(partstat))
    ]
    assert found.sender == "ani@example.com"


def test_a_comment_added_in_outlook_is_kept():
    found = read(samples.outlook(Answer()), SETTINGS)
    assert found.reply.comment == "Baik, terima kasih."
    assert found.subject == "Diterima: Rapat koordinasi lintas sektor"
    assert found.text == "Baik, terima kasih."
    assert found.references == ("<41.1767488400@example.com>",)


def test_a_proposal_of_another_time_is_no_answer_and_gives_the_proposed_time():
    found = read(samples.outlook(Answer("TENTATIVE", method="COUNTER")), SETTINGS)
    assert found.reply.counter
    assert found.reply.starts_at == datetime(2027, 1, 18, 8, tzinfo=ZoneInfo("Asia/Jakarta"))
    assert found.reply.ends_at == datetime(2027, 1, 18, 12, tzinfo=ZoneInfo("Asia/Jakarta"))


def calendar(part: bytes, headers: str) -> bytes:
    return (
        b"From: ani@example.com\r\nMIME-Version: 1.0\r\n" + headers.replace("\n", "\r\n").encode() + b"\r\n\r\n" + part
    )


ICS = f"""BEGIN:VCALENDAR
METHOD:REPLY
BEGIN:VEVENT
UID:{UID}
DTSTAMP:20270105T010000Z
ATTENDEE;PARTSTAT=ACCEPTED;CN=Nur'aini Šiti:mailto:ani@example.com
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("part", "headers"),
    [
        (ICS.encode(), "Content-Type: text/calendar; charset=utf-8; method=REPLY"),
        (ICS.encode(), "Content-Type: text/calendar"),
        (ICS.encode(), "Content-Type: TEXT/CALENDAR; CHARSET=UTF-8; METHOD=reply"),
        (b"\xef\xbb\xbf" + ICS.encode(), "Content-Type: text/calendar; charset=utf-8"),
        (ICS.encode("utf-16"), "Content-Type: text/calendar; charset=utf-16"),
        (ICS.encode("utf-16-be"), "Content-Type: text/calendar; charset=utf-16"),
        (ICS.encode("utf-16-le"), "Content-Type: text/calendar"),
        (ICS.encode(), "Content-Type: text/calendar; charset=made-up-9"),
        (ICS.encode(), "Content-Type: text/calendar; charset=us-ascii"),
        (ICS.encode(), "Content-Type: text/calendar; charset=punycode"),
        (ICS.replace("\r\n", "\n").encode(), "Content-Type: application/ics; name=invite.ics"),
        (ICS.encode(), 'Content-Type: application/octet-stream\nContent-Disposition: attachment; filename="jawab.ICS"'),
        (
            samples.lines_of_base64(ICS.encode()).encode(),
            "Content-Type: text/calendar; charset=utf-8\nContent-Transfer-Encoding: BASE64",
        ),
        (
            samples.lines_of_base64(ICS.encode("utf-16")).encode(),
            "Content-Type: text/calendar; charset=utf-16\nContent-Transfer-Encoding: base64",
        ),
        (
            samples.lines_of_base64(ICS.encode()).encode().rstrip(b"="),
            "Content-Type: text/calendar; charset=utf-8\nContent-Transfer-Encoding: base64",
        ),
        (ICS.replace("METHOD:REPLY\r\n", "").encode(), "Content-Type: text/calendar; charset=utf-8; method=REPLY"),
    ],
)
def test_a_calendar_is_read_in_any_encoding(part, headers):
    found = read(calendar(part, headers), SETTINGS)
    assert found.kind is IncomingKind.ANSWER
    attendee = found.reply.attendees[0]
    assert (found.reply.uid, attendee.name, attendee.participation) == (UID, "Nur'aini Šiti", Participation.ACCEPTED)


def test_an_invitation_or_a_calendar_without_method_is_a_letter():
    for method in ("REQUEST", "PUBLISH", "CANCEL", ""):
        mail = calendar(ICS.replace("METHOD:REPLY", f"METHOD:{method}").encode(), "Content-Type: text/calendar")
        assert read(mail, SETTINGS).kind is IncomingKind.LETTER


def test_an_answer_in_a_forwarded_mail_does_not_count_as_its_senders():
    inner = samples.gmail(Answer())
    mail = b"From: budi@example.com\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
    found = read(mail + b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"\r\n--x--\r\n", SETTINGS)
    assert (found.kind, found.reply) == (IncomingKind.LETTER, None)


@pytest.mark.parametrize("server", REPORTERS)
def test_a_report_of_a_dead_address_is_read_from_every_server(server):
    returned = Returned(to=return_path(41, WITH_PATHS))
    found = read(REPORTERS[server](returned), WITH_PATHS)
    assert found.kind is IncomingKind.BOUNCE
    assert found.report.verdict is DeliveryVerdict.FAILED
    assert found.report.addresses == {"ani@example.com"}
    assert found.returned_id == 41
    assert found.returned_reference == "<41.1767488400@example.com>"
    assert "550 5.1.1" in found.report.words


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ({"action": "delayed", "status": "4.4.1", "words": "timed out"}, DeliveryVerdict.DELAYED),
        ({"action": "failed", "status": "4.4.1", "words": "timed out"}, DeliveryVerdict.GAVE_UP),
        ({"status": "5.7.1", "words": "550 5.7.1 looks like spam"}, DeliveryVerdict.MAIL_REFUSED),
        ({"status": "5.0.0", "words": "554 5.7.26 not authenticated"}, DeliveryVerdict.MAIL_REFUSED),
        ({"status": "5.3.4", "words": "552 5.3.4 too big"}, DeliveryVerdict.MAIL_REFUSED),
        ({"status": "5.0.0", "words": "no such user"}, DeliveryVerdict.FAILED),
        ({"status": "5.2.1", "words": "disabled"}, DeliveryVerdict.FAILED),
        ({"action": "FAILED (bad address)"}, DeliveryVerdict.FAILED),
        ({"status": "5.1.10", "words": "recipient not found by SMTP address lookup"}, DeliveryVerdict.FAILED),
        ({"status": "5.1.6", "words": "550 5.1.6 mailbox has moved"}, DeliveryVerdict.FAILED),
        ({"status": "5.1.1", "words": "550 5.1.1 user unknown, see our policy"}, DeliveryVerdict.FAILED),
        ({"status": "5.1.0", "words": "550 5.1.0 address listed as a source of spam"}, DeliveryVerdict.MAIL_REFUSED),
        ({"status": "5.1.7", "words": "550 5.1.7 bad sender mailbox"}, DeliveryVerdict.MAIL_REFUSED),
        (
            {"status": "5.1.8", "words": "550 5.1.8 Sender address rejected: Domain not found"},
            DeliveryVerdict.MAIL_REFUSED,
        ),
        ({"status": "5.2.2", "words": "552 5.2.2 Mailbox full"}, DeliveryVerdict.GAVE_UP),
        ({"status": "5.3.2", "words": "554 5.3.2 System not accepting network messages"}, DeliveryVerdict.GAVE_UP),
        ({"status": "5.3.5", "words": "550 5.3.5 system incorrectly configured"}, DeliveryVerdict.GAVE_UP),
        ({"status": "5.4.4", "words": "Host or domain name not found. Name service error"}, DeliveryVerdict.FAILED),
        ({"status": "5.4.4", "words": "unable to route"}, DeliveryVerdict.GAVE_UP),
        ({"status": "5.4.6", "words": "554 5.4.6 Too many hops"}, DeliveryVerdict.MAIL_REFUSED),
        ({"status": "5.4.14", "words": "554 5.4.14 Hop count exceeded"}, DeliveryVerdict.MAIL_REFUSED),
        ({"status": "5.4.7", "words": "Delivery expired (message too old)"}, DeliveryVerdict.GAVE_UP),
        ({"status": "5.4.316", "words": "550 5.4.316 Message expired, connection refused"}, DeliveryVerdict.GAVE_UP),
        ({"status": "5.0.350", "words": "550 5.0.350 Remote server returned an error"}, DeliveryVerdict.MAIL_REFUSED),
        ({"status": "5.0.0", "words": "552 spam content rejected, blocked by policy"}, DeliveryVerdict.MAIL_REFUSED),
        ({"status": "5.0.0", "words": "550 Sender address rejected: Domain not found"}, DeliveryVerdict.MAIL_REFUSED),
        ({"status": "5.0.0", "words": "550 The account does not exist"}, DeliveryVerdict.FAILED),
    ],
)
@pytest.mark.parametrize("server", ["Postfix", "Gmail", "Exchange"])
def test_the_severity_of_a_report_comes_from_its_status(server, values, verdict):
    assert read(REPORTERS[server](Returned(**values)), SETTINGS).report.verdict is verdict


def test_a_report_of_a_successful_delivery_is_no_failure():
    found = read(samples.postfix(Returned(action="delivered", status="2.0.0", words="250 ok")), SETTINGS)
    assert (found.kind, found.reason) == (IncomingKind.AUTOMATIC, IncomingReason.DELIVERED)


def test_a_report_in_a_servers_own_format_is_read_too():
    text = (
        "Return-Path: <>\r\nFrom: Mailer-Daemon@example.net\r\nSubject: failure notice\r\n\r\n"
        "Hi. This is the qmail-send program at example.net.\r\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\r\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n"
        "<ani@example.com>:\r\n192.0.2.7 does not like recipient.\r\n"
        "Remote host said: 550 5.1.1 no such user\r\nGiving up on 192.0.2.7.\r\n\r\n"
        "--- Below this line is a copy of the message.\r\n\r\n"
        "Return-Path: <undangan@example.com>\r\nMessage-ID: <41.1767488400@example.com>\r\n\r\nYth. Ani\r\n"
    )
    found = read(text.encode(), SETTINGS)
    assert (found.kind, found.report.verdict) == (IncomingKind.BOUNCE, DeliveryVerdict.FAILED)
    assert found.report.addresses == {"ani@example.com"}
    assert found.returned_reference == "<41.1767488400@example.com>"


def test_our_return_path_is_found_wherever_a_server_records_the_recipient_and_never_if_forged():
    path = return_path(41, WITH_PATHS)
    mail = samples.postfix(Returned(to="undangan@example.com"))
    for header in ("Delivered-To", "X-Original-To", "Envelope-To", "To"):
        assert read(f"{header}: <{path.upper()}>\r\n".encode() + mail, WITH_PATHS).returned_id == 41
        assert read(f"{header}: <{path.replace('+41-', '+42-')}>\r\n".encode() + mail, WITH_PATHS).returned_id is None
    assert read(samples.postfix(Returned(return_path=path)), WITH_PATHS).returned_id == 41


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner=x",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "Return-Path: <>",
    ],
)
def test_a_mail_that_a_program_sends_by_itself_is_automatic(headers):
    assert read(samples.letter(), SETTINGS).kind is IncomingKind.LETTER
    assert read(headers.encode() + b"\r\n" + samples.letter().split(b"\r\n", 1)[1], SETTINGS).kind is (
        IncomingKind.AUTOMATIC
    )


@pytest.mark.parametrize(
    "header", ["List-Id: <kader.example.com>", "List-Unsubscribe: <mailto:x@example.com>", "Precedence: list"]
)
def test_a_mail_through_a_list_or_group_address_may_be_a_persons(header):
    assert not read(samples.letter(), SETTINGS).by_list
    found = read(header.encode() + b"\r\n" + samples.letter(), SETTINGS)
    assert (found.kind, found.by_list) == (IncomingKind.LETTER, True)
    automatic = read(header.encode() + b"\r\nAuto-Submitted: auto-replied\r\n" + samples.letter(), SETTINGS)
    assert automatic.kind is IncomingKind.AUTOMATIC


def test_a_request_for_no_automatic_answer_does_not_make_a_mail_automatic():
    mail = b"X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply\r\n" + samples.letter()
    assert read(mail, SETTINGS).kind is IncomingKind.LETTER


def test_out_of_office_is_automatic_but_a_persons_mail_about_it_is_not():
    assert read(samples.out_of_office(), SETTINGS).kind is IncomingKind.AUTOMATIC
    mail = b"Auto-Submitted: no\r\n" + samples.letter(subject="Out of office / Balasan otomatis")
    assert read(mail, SETTINGS).kind is IncomingKind.LETTER


def test_our_own_returned_mail_is_recognised():
    found = read(samples.letter(sender="Undangan@Example.com"), SETTINGS)
    assert (found.kind, found.reason) == (IncomingKind.AUTOMATIC, IncomingReason.OWN)
    boxed = replace(SETTINGS, imap_address="kotak@example.com")
    assert read(samples.letter(sender="kotak@example.com"), boxed).reason is IncomingReason.OWN


def test_a_persons_text_is_kept_without_the_quoted_mail():
    found = read(samples.letter("Apakah boleh membawa anak – umur 3 tahun?"), SETTINGS)
    assert found.kind is IncomingKind.LETTER
    assert found.text == "Apakah boleh membawa anak – umur 3 tahun?"
    assert (found.sender, found.sender_name) == ("ani@example.com", "Ani Wijaya")
    assert found.references == ("<41.1767488400@example.com>", "<other@example.net>")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Baik.\r\n\r\nOn Mon, 4 Jan 2027 Kantor <a@example.com> wrote:\r\n> Yth.", "Baik."),
        ("Baik.\r\n-----Original Message-----\r\nFrom: a@example.com\r\nYth.", "Baik."),
        ("Baik.\r\n________________________________\r\nFrom: Kantor <a@example.com>\r\nYth.", "Baik."),
        ("Baik.\r\nDari: Kantor <a@example.com>\r\nYth.", "Baik."),
        ("> hanya kutipan", "> hanya kutipan"),
        ("Pada hari itu saya tidak bisa.", "Pada hari itu saya tidak bisa."),
        ("a\x00b\x1bc\u202ed", "abcd"),
        ("", ""),
    ],
)
def test_only_the_senders_own_words_are_kept(written, kept):
    assert read(b"From: ani@example.com\r\n\r\n" + written.encode(), SETTINGS).text == kept


def test_a_letter_only_in_html_becomes_plain_text():
    html = b"<html><head><title>x</title><style>p{}</style></head><body><p>Baik &amp; <b>siap</b></p>"
    html += b"<script>alert(1)</script><p>Ani</p>"
    found = read(b"From: ani@example.com\r\nContent-Type: text/html\r\n\r\n" + html, SETTINGS)
    assert found.text == "Baik & siap\n\nAni"


def test_a_long_letter_is_shortened():
    found = read(b"From: ani@example.com\r\n\r\n" + b"kata " * 10_000, SETTINGS)
    assert (len(found.text) <= 4000, found.text[-1]) == (True, "…")


def test_a_mail_without_message_id_is_recognised_by_its_bytes():
    mail = b"From: ani@example.com\r\n\r\nBaik."
    assert read(mail, SETTINGS).message_id == read(mail, SETTINGS).message_id
    assert read(mail, SETTINGS).message_id != read(mail + b"!", SETTINGS).message_id
