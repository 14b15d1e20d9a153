"""The demo's mail server stores what it gets, byte for byte, and its inbox shows even hostile mail safely."""

import smtplib
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from outreach.delivery.demo_server import kept_mail
from outreach.delivery.demo_server import server as demo_server
from outreach.delivery.demo_server.server import DemoServer
from tests.world import NOW

ICS = b"""BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//x//x//EN\r
METHOD:REQUEST\r
BEGIN:VEVENT\r
UID:1@x\r
DTSTAMP:20270104T010000Z\r
DTSTART:20270118T010000Z\r
DTEND:20270118T050000Z\r
SUMMARY:Rapat koordinasi\r
LOCATION:Aula\r
SEQUENCE:2\r
END:VEVENT\r
END:VCALENDAR\r
"""


@pytest.fixture
def kept(tmp_path):
    with DemoServer("127.0.0.1", 0, tmp_path / "mailbox", now=lambda: NOW) as server:
        yield server


def send(server: DemoServer, data: bytes, to: str = "ani@example.com") -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client:
        client.sendmail("kantor@example.com", [to], data)


def a_mail(html: str = '<p>Yth. <a href="http://localhost/j/x">Hadir</a></p>') -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"] = (
        "DP3AP2KB <kantor@example.com>",
        "Ani Wijaya <ani@example.com>",
        "Undangan rapat – 18 Januari",
    )
    mail.set_content("Yth. Ani")
    mail.add_alternative(html, subtype="html")
    mail.add_attachment(ICS, maintype="text", subtype="calendar", filename="undangan.ics")
    return mail


def test_a_mail_is_stored_byte_for_byte(kept):
    data = a_mail().as_bytes()
    send(kept, data)
    [found] = demo_server.listing(kept.folder)
    assert (kept.folder / f"{found.key}.eml").read_bytes() == data
    assert (found.from_name, found.to_name, found.recipient) == ("DP3AP2KB", "Ani Wijaya", "ani@example.com")
    assert (found.subject, found.received_at) == ("Undangan rapat – 18 Januari", NOW)


def test_the_newest_mail_is_first(kept):
    send(kept, a_mail().as_bytes())
    send(kept, a_mail().as_bytes(), to="budi@example.com")
    assert [found.recipient for found in demo_server.listing(kept.folder)] == ["budi@example.com", "ani@example.com"]


def test_text_html_attachment_and_calendar_are_read(kept):
    send(kept, a_mail().as_bytes())
    _, mail = demo_server.find(kept.folder, demo_server.listing(kept.folder)[0].key)
    assert kept_mail.text_of(mail).strip() == "Yth. Ani"
    assert kept_mail.html_of(mail).startswith('<base target="_top">')
    assert [(file.name, file.data) for file in kept_mail.attachments_of(mail)] == [("undangan.ics", ICS)]
    [entry] = kept_mail.calendars_of(mail)
    assert (entry.method, entry.title, entry.place, entry.sequence) == ("REQUEST", "Rapat koordinasi", "Aula", 2)


def test_a_foreign_base_element_is_removed():
    page = kept_mail.html_of(a_mail('<html><head><base href="http://evil.example/"></head><p>x</p></html>'))
    assert "evil" not in page
    assert page.startswith('<html><head><base target="_top">')


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"no headers at all",
        b"Subject: =?x-unknown?B?////?=\r\n\r\nbody",
        b"From: \x00\xff<<>>\r\nTo: ,,;\r\nSubject: a\r\n\r\nx",
        b"Content-Type: text/plain; charset=nobody-knows\r\n\r\n\xff\xfe",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n--x",
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: text/calendar\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:",
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
        b'Content-Disposition: attachment; filename="../../etc/passwd"\r\n\r\nx',
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number) for number in range(300)
        ),
    ],
)
def test_hostile_mail_is_shown_or_left_out_and_breaks_nothing(kept, data):
    send(kept, data or b"\r\n")
    [found] = demo_server.listing(kept.folder)
    _, mail = demo_server.find(kept.folder, found.key)
    kept_mail.text_of(mail), kept_mail.html_of(mail), kept_mail.calendars_of(mail), kept_mail.headers_of(mail)
    assert all("/" not in file.name for file in kept_mail.attachments_of(mail))


def test_a_line_truncated_by_a_crash_hides_only_itself(kept):
    send(kept, a_mail().as_bytes())
    with (kept.folder / demo_server.INDEX).open("a") as index:
        index.write('{"key": "half')
    assert len(demo_server.listing(kept.folder)) == 1


@pytest.mark.parametrize("key", ["../outreach", "x" * 32, "", "0" * 32])
def test_only_stored_mails_are_found(kept, key):
    assert demo_server.find(kept.folder, key) is None
