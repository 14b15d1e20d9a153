"""Sample mails in the style of common programs: calendar answers, delivery reports, automatic replies, letters.

They are made up here with those programs' headers, encodings, line ends and oddities.
"""

import base64
import quopri
from dataclasses import dataclass, replace

from outreach.settings import Settings
from tests.support.apps import SECRET

# The office that reads these mails: its address, and the same office with return paths.
SETTINGS = Settings(secret_key=SECRET, mail_sender="DP3AP2KB Kota Metro <undangan@example.com>")
WITH_PATHS = replace(SETTINGS, mail_return_path="bounces+{id}@example.com")
UID = "5d2f0c1e-7a54-4f0e-9a1e-0a6b3c1d2e3f@outreach"


@dataclass(frozen=True)
class Answer:
    """A calendar answer. stamp: DTSTAMP, in UTC. sequence: None where the program leaves it out."""

    partstat: str = "ACCEPTED"
    address: str = "ani@example.com"
    name: str = "Ani Wijaya"
    uid: str = UID
    sequence: int | None = 0
    stamp: str = "20270105T010000Z"
    sender: str = ""  # empty: the attendee's own address
    message_id: str = ""
    method: str = "REPLY"
    start: str = "20270118T010000Z"
    end: str = "20270118T050000Z"

    @property
    def sequence_line(self) -> str:
        return "" if self.sequence is None else f"SEQUENCE:{self.sequence}\n"

    @property
    def from_address(self) -> str:
        return self.sender or self.address

    @property
    def mail_id(self) -> str:
        return self.message_id or f"<{self.stamp}.{self.partstat}@mail.example.com>"


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def lines_of_base64(data: bytes) -> str:
    return base64.encodebytes(data).decode().strip()


def gmail(answer: Answer) -> bytes:
    """multipart/mixed with an alternative, the calendar once in it as 7bit and once attached as application/ics."""
    ics = f"""BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:{answer.method}
BEGIN:VEVENT
DTSTART:{answer.start}
DTEND:{answer.end}
DTSTAMP:{answer.stamp}
ORGANIZER;CN=DP3AP2KB Kota Metro:mailto:undangan@example.com
UID:{answer.uid}
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT={answer.partstat};CN={answer.name}
 ;X-NUM-GUESTS=0:mailto:{answer.address}
X-GOOGLE-CONFERENCE:https://meet.example.com/abc
CREATED:{answer.stamp}
DESCRIPTION:http://localhost/j/abc
LAST-MODIFIED:{answer.stamp}
LOCATION:Aula Bappeda\\, Metro
{answer.sequence_line}STATUS:CONFIRMED
SUMMARY:Rapat koordinasi lintas sektor
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
"""
    word = {"ACCEPTED": "Accepted", "DECLINED": "Declined"}.get(answer.partstat, "Tentatively Accepted")
    return crlf(f"""Return-Path: <{answer.from_address}>
Delivered-To: undangan@example.com
MIME-Version: 1.0
Reply-To: {answer.name} <{answer.from_address}>
Sender: Google Calendar <calendar-notification@google.example>
Auto-Submitted: auto-generated
Message-ID: {answer.mail_id}
Date: Tue, 05 Jan 2027 01:00:00 +0000
Subject: {word}: Rapat koordinasi lintas sektor @ Mon Jan 18, 2027 8am - 12pm (WIB)
From: {answer.name} <{answer.from_address}>
To: undangan@example.com
Content-Type: multipart/mixed; boundary="0000000000003c9b0f05e5b3a1c2"

--0000000000003c9b0f05e5b3a1c2
Content-Type: multipart/alternative; boundary="0000000000003c9b0e05e5b3a1c0"

--0000000000003c9b0e05e5b3a1c0
Content-Type: text/plain; charset="UTF-8"; format=flowed; delsp=yes
Content-Transfer-Encoding: base64

{lines_of_base64(f"{answer.name} has answered this invitation.".encode())}
--0000000000003c9b0e05e5b3a1c0
Content-Type: text/html; charset="UTF-8"
Content-Transfer-Encoding: quoted-printable

<html><body><p>{answer.name} has answered this invitation.</p></body></html>
--0000000000003c9b0e05e5b3a1c0
Content-Type: text/calendar; charset="UTF-8"; method={answer.method}
Content-Transfer-Encoding: 7bit

{ics}
--0000000000003c9b0e05e5b3a1c0--

--0000000000003c9b0f05e5b3a1c2
Content-Type: application/ics; name="invite.ics"
Content-Disposition: attachment; filename="invite.ics"
Content-Transfer-Encoding: base64

{lines_of_base64(crlf(ics))}
--0000000000003c9b0f05e5b3a1c2--
""")


def outlook(answer: Answer) -> bytes:
    """Exchange: the calendar in base64, with a Windows time zone, Microsoft's properties and an entry's HTML."""
    ics = crlf(f"""BEGIN:VCALENDAR
METHOD:{answer.method}
PRODID:Microsoft Exchange Server 2010
VERSION:2.0
BEGIN:VTIMEZONE
TZID:SE Asia Standard Time
BEGIN:STANDARD
DTSTART:16010101T000000
TZOFFSETFROM:+0700
TZOFFSETTO:+0700
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T000000
TZOFFSETFROM:+0700
TZOFFSETTO:+0700
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
ATTENDEE;PARTSTAT={answer.partstat};CN={answer.name}:mailto:{answer.address.title()}
COMMENT;LANGUAGE=id-ID:Baik\\, terima kasih.\\n
UID:{answer.uid}
SUMMARY;LANGUAGE=id-ID:Accepted: Rapat koordinasi lintas sektor
DTSTART;TZID=SE Asia Standard Time:20270118T080000
DTEND;TZID=SE Asia Standard Time:20270118T120000
CLASS:PUBLIC
PRIORITY:5
DTSTAMP:{answer.stamp}
TRANSP:OPAQUE
STATUS:CONFIRMED
{answer.sequence_line}LOCATION;LANGUAGE=id-ID:Aula Bappeda
X-MICROSOFT-CDO-APPT-SEQUENCE:{answer.sequence or 0}
X-MICROSOFT-CDO-OWNERAPPTID:-1387946423
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
X-MICROSOFT-CDO-INTENDEDSTATUS:BUSY
X-MICROSOFT-CDO-ALLDAYEVENT:FALSE
X-MICROSOFT-CDO-IMPORTANCE:1
X-MICROSOFT-CDO-INSTTYPE:0
X-MICROSOFT-DISALLOW-COUNTER:FALSE
BEGIN:VALARM
DESCRIPTION:REMINDER
TRIGGER;RELATED=START:-PT15M
ACTION:DISPLAY
END:VALARM
END:VEVENT
END:VCALENDAR
""")
    return crlf(f"""Received: from SG2PR01MB0001.example.com (2603:1096:4::1) by SG2PR01MB0002.example.com
 with HTTPS; Tue, 5 Jan 2027 01:00:02 +0000
From: "{answer.name}" <{answer.from_address}>
To: "DP3AP2KB Kota Metro" <undangan@example.com>
Subject: =?utf-8?B?{base64.b64encode(b"Diterima: Rapat koordinasi lintas sektor").decode()}?=
Thread-Topic: Rapat koordinasi lintas sektor
Thread-Index: AQHZIKz0
Date: Tue, 5 Jan 2027 01:00:00 +0000
Message-ID: {answer.mail_id}
In-Reply-To: <41.1767488400@example.com>
Accept-Language: id-ID, en-US
Content-Language: id-ID
X-MS-Has-Attach:
X-MS-TNEF-Correlator:
Content-Type: multipart/alternative;
\tboundary="_000_SG2PR01MB0001_"
MIME-Version: 1.0

--_000_SG2PR01MB0001_
Content-Type: text/plain; charset="iso-8859-1"
Content-Transfer-Encoding: quoted-printable

Baik, terima kasih.

--_000_SG2PR01MB0001_
Content-Type: text/calendar; charset="utf-8"; method={answer.method}
Content-Transfer-Encoding: base64

{lines_of_base64(ics)}

--_000_SG2PR01MB0001_--
""")


def apple(answer: Answer) -> bytes:
    """macOS: one text/calendar part in quoted-printable, a quoted CN, EMAIL beside an address in the value."""
    ics = f"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Apple Inc.//macOS 14.5//EN
METHOD:{answer.method}
CALSCALE:GREGORIAN
BEGIN:VEVENT
CREATED:20270104T010000Z
UID:{answer.uid}
DTEND:{answer.end}
SUMMARY:Rapat koordinasi lintas sektor
LAST-MODIFIED:{answer.stamp}
DTSTAMP:{answer.stamp}
DTSTART:{answer.start}
{answer.sequence_line}ORGANIZER;CN="DP3AP2KB Kota Metro";EMAIL="undangan@example.com":mailto:undangan@example.com
ATTENDEE;CN="{answer.name}";CUTYPE=INDIVIDUAL;EMAIL="{answer.address}";PARTSTAT={answer.partstat};ROLE
 =REQ-PARTICIPANT:mailto:{answer.address}
END:VEVENT
END:VCALENDAR
"""
    body = quopri.encodestring(ics.replace("\n", "\r\n").encode()).decode().replace("\r\n", "\n")
    return crlf(f"""From: {answer.name} <{answer.from_address}>
Content-Type: multipart/alternative;
 boundary=Apple-Mail-7D5F5C1B-0B4E-4E6E-A1F0-5B8F6B1B7C11
Content-Transfer-Encoding: 7bit
Mime-Version: 1.0 (1.0)
Subject: Accepted: Rapat koordinasi lintas sektor
Message-Id: {answer.mail_id}
Date: Tue, 5 Jan 2027 08:00:00 +0700
To: undangan@example.com
X-Mailer: iPhone Mail (21F90)

--Apple-Mail-7D5F5C1B-0B4E-4E6E-A1F0-5B8F6B1B7C11
Content-Type: text/plain;
\tcharset=us-ascii
Content-Transfer-Encoding: 7bit


--Apple-Mail-7D5F5C1B-0B4E-4E6E-A1F0-5B8F6B1B7C11
Content-Type: text/calendar;
\tname=iCal-20270105-080000.ics;
\tmethod={answer.method};
\tcharset=utf-8
Content-Transfer-Encoding: quoted-printable

{body}
--Apple-Mail-7D5F5C1B-0B4E-4E6E-A1F0-5B8F6B1B7C11--
""")


def thunderbird(answer: Answer) -> bytes:
    """8bit, no method in the content type, a name with letters beyond ASCII."""
    return crlf(f"""Message-ID: {answer.mail_id}
Date: Tue, 5 Jan 2027 08:00:00 +0700
MIME-Version: 1.0
User-Agent: Mozilla Thunderbird
From: {answer.name} <{answer.from_address}>
To: undangan@example.com
Subject: Re: Rapat koordinasi lintas sektor
Content-Type: multipart/mixed; boundary="------------calendar-0g3DEm"

This is a multi-part message in MIME format.
--------------calendar-0g3DEm
Content-Type: multipart/alternative;
 boundary="------------calendar-4TcXnD"

--------------calendar-4TcXnD
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

{answer.name} telah menjawab undangan – terima kasih.

--------------calendar-4TcXnD
Content-Type: text/calendar; charset=utf-8
Content-Transfer-Encoding: 8bit

BEGIN:VCALENDAR
PRODID:-//Mozilla.org/NONSGML Mozilla Calendar V1.1//EN
VERSION:2.0
METHOD:{answer.method}
BEGIN:VEVENT
CREATED:20270104T010000Z
LAST-MODIFIED:{answer.stamp}
DTSTAMP:{answer.stamp}
UID:{answer.uid}
SUMMARY:Rapat koordinasi – lintas sektor
ATTENDEE;CN={answer.name};PARTSTAT={answer.partstat};ROLE=REQ-PARTICIPANT:mailto:{answer.address}
DTSTART;TZID=Asia/Jakarta:20270118T080000
DTEND;TZID=Asia/Jakarta:20270118T120000
{answer.sequence_line}TRANSP:OPAQUE
X-MOZ-RECEIVED-SEQUENCE:{answer.sequence or 0}
X-MOZ-RECEIVED-DTSTAMP:20270104T010000Z
END:VEVENT
END:VCALENDAR

--------------calendar-4TcXnD--

--------------calendar-0g3DEm--
""")


PROGRAMS = {"Gmail": gmail, "Outlook": outlook, "Apple": apple, "Thunderbird": thunderbird}


@dataclass(frozen=True)
class Returned:
    """A bounced mail. to: the address of the report; original: our Message-ID."""

    failed: str = "ani@example.com"
    original: str = "<41.1767488400@example.com>"
    to: str = "undangan@example.com"
    return_path: str = "undangan@example.com"
    action: str = "failed"
    status: str = "5.1.1"
    words: str = "550 5.1.1 <ani@example.com>: Recipient address rejected: User unknown"
    message_id: str = "<20270104010203.4AB3C@mx.example.net>"


def original_headers(returned: Returned) -> str:
    return f"""Return-Path: <{returned.return_path}>
From: DP3AP2KB Kota Metro <undangan@example.com>
To: Ani Wijaya <{returned.failed}>
Subject: Undangan: Rapat koordinasi lintas sektor
Message-ID: {returned.original}
Auto-Submitted: auto-generated
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8"""


def postfix(returned: Returned) -> bytes:
    return crlf(f"""Return-Path: <>
Delivered-To: {returned.to}
Received: by mx.example.net (Postfix) id 4AB3C; Mon, 4 Jan 2027 08:02:03 +0700 (WIB)
Date: Mon, 4 Jan 2027 08:02:03 +0700 (WIB)
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: {returned.to}
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="4AB3C.1767488523/mx.example.net"
Message-Id: {returned.message_id}

This is a MIME-encapsulated message.

--4AB3C.1767488523/mx.example.net
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

This is the mail system at host mx.example.net.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

<{returned.failed}>: host mail.example.com[192.0.2.7] said: {returned.words}
    (in reply to RCPT TO command)

--4AB3C.1767488523/mx.example.net
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net
X-Postfix-Queue-ID: 4AB3C
X-Postfix-Sender: rfc822; {returned.return_path}
Arrival-Date: Mon, 4 Jan 2027 08:02:01 +0700 (WIB)

Final-Recipient: rfc822; {returned.failed}
Original-Recipient: rfc822;{returned.failed}
Action: {returned.action}
Status: {returned.status}
Remote-MTA: dns; mail.example.com
Diagnostic-Code: smtp; {returned.words}

--4AB3C.1767488523/mx.example.net
Content-Description: Undelivered Message
Content-Type: message/rfc822

{original_headers(returned)}

Yth. Ani Wijaya, kami mengundang.

--4AB3C.1767488523/mx.example.net--
""")


def exim(returned: Returned) -> bytes:
    """Plain text and X-Failed-Recipients, with the mail's copy in the text."""
    return crlf(f"""Return-path: <>
Envelope-to: {returned.to}
Delivery-date: Mon, 04 Jan 2027 08:02:03 +0700
X-Failed-Recipients: {returned.failed}
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mx.example.net>
To: {returned.to}
Subject: Mail delivery failed: returning message to sender
Message-Id: {returned.message_id}
Date: Mon, 04 Jan 2027 08:02:03 +0700

This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  {returned.failed}
    SMTP error from remote mail server after RCPT TO:<{returned.failed}>:
    host mail.example.com [192.0.2.7]: {returned.words}

------ This is a copy of the message, including all the headers. ------

{original_headers(returned)}

Yth. Ani Wijaya, kami mengundang.
""")


def gmail_report(returned: Returned) -> bytes:
    return crlf(f"""Delivered-To: {returned.to}
Return-Path: <>
From: Mail Delivery Subsystem <mailer-daemon@googlemail.example>
To: {returned.to}
Auto-Submitted: auto-replied
Subject: Delivery Status Notification (Failure)
References: {returned.original}
In-Reply-To: {returned.original}
X-Failed-Recipients: {returned.failed}
Message-ID: {returned.message_id}
Date: Sun, 03 Jan 2027 17:02:03 -0800 (PST)
Content-Type: multipart/report; boundary="000000000000d3c1"; report-type=delivery-status

--000000000000d3c1
Content-Type: multipart/related; boundary="000000000000d3c2"

--000000000000d3c2
Content-Type: multipart/alternative; boundary="000000000000d3c3"

--000000000000d3c3
Content-Type: text/plain; charset="UTF-8"

** Address not found **

Your message wasn't delivered to {returned.failed} because the address couldn't be found.

The response was:

{returned.words}

--000000000000d3c3
Content-Type: text/html; charset="UTF-8"

<html><body><p>Address not found</p></body></html>

--000000000000d3c3--
--000000000000d3c2--
--000000000000d3c1
Content-Type: message/delivery-status

Reporting-MTA: dns; googlemail.example
Arrival-Date: Sun, 03 Jan 2027 17:02:02 -0800 (PST)
X-Original-Message-ID: {returned.original}

Final-Recipient: rfc822; {returned.failed}
Action: {returned.action}
Status: {returned.status}
Remote-MTA: dns; mail.example.com. (192.0.2.7, the server for the domain example.com.)
Diagnostic-Code: smtp; {returned.words}
Last-Attempt-Date: Sun, 03 Jan 2027 17:02:03 -0800 (PST)

--000000000000d3c1
Content-Type: message/rfc822

{original_headers(returned)}

Yth. Ani Wijaya

--000000000000d3c1--
""")


def exchange_report(returned: Returned) -> bytes:
    """Exchange: a human part in HTML, the status with "RFC822;", only the headers of the mail, base64 in the human part."""
    html = f"<html><body><p>Your message to <a>{returned.failed}</a> couldn't be delivered.</p></body></html>"
    return crlf(f"""Return-Path: <>
From: Microsoft Outlook
\t<MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@kantor.example.com>
To: {returned.to}
Date: Mon, 4 Jan 2027 01:02:03 +0000
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="79c1b2f5-4b0d-4e5c"
X-MS-Exchange-Message-Is-Ndr:
Content-Language: en-US
Message-ID: {returned.message_id}
In-Reply-To: {returned.original}
References: {returned.original}
Subject: Undeliverable: Undangan: Rapat koordinasi lintas sektor
Auto-Submitted: auto-replied
X-Auto-Response-Suppress: All
MIME-Version: 1.0

--79c1b2f5-4b0d-4e5c
Content-Type: multipart/alternative; differences=Content-Type;
\tboundary="a1b2c3"

--a1b2c3
Content-Type: text/html; charset="utf-8"
Content-Transfer-Encoding: base64

{lines_of_base64(html.encode())}

--a1b2c3--

--79c1b2f5-4b0d-4e5c
Content-Type: message/delivery-status

Reporting-MTA: dns;SG2PR01MB0001.example.com
Received-From-MTA: dns;mx.example.net
Arrival-Date: Mon, 4 Jan 2027 01:02:02 +0000

Original-Recipient: rfc822;{returned.failed}
Final-Recipient: rfc822;{returned.failed}
Action: {returned.action}
Status: {returned.status}
Diagnostic-Code: smtp;{returned.words}

--79c1b2f5-4b0d-4e5c
Content-Type: text/rfc822-headers

{original_headers(returned)}

--79c1b2f5-4b0d-4e5c--
""")


REPORTERS = {"Postfix": postfix, "Exim": exim, "Gmail": gmail_report, "Exchange": exchange_report}


def delayed(returned: Returned) -> Returned:
    return replace(
        returned,
        action="delayed",
        status="4.4.1",
        words="connect to mail.example.com[192.0.2.7]:25: Connection timed out",
        message_id="<delayed.1@mx.example.net>",
    )


def out_of_office(sender: str = "ani@example.com", original: str = "<41.1767488400@example.com>") -> bytes:
    """In Exchange's form; sent to the return path, as RFC 3834 requires."""
    return crlf(f"""Return-Path: <>
From: Ani Wijaya <{sender}>
To: undangan@example.com
Subject: Automatic reply: Undangan: Rapat koordinasi lintas sektor
Date: Mon, 4 Jan 2027 01:02:03 +0000
Message-ID: <ooo.1@kantor.example.com>
In-Reply-To: {original}
X-Auto-Response-Suppress: All
Auto-Submitted: auto-generated
Content-Type: text/plain; charset=utf-8

Saya sedang cuti sampai 11 Januari.
""")


def letter(
    text: str = "Apakah boleh membawa anak?",
    *,
    sender: str = "ani@example.com",
    original: str = "<41.1767488400@example.com>",
    subject: str = "Re: Undangan: Rapat koordinasi lintas sektor",
    message_id: str = "<CAJ=letter.1@mail.example.com>",
) -> bytes:
    """A person's letter from Gmail, with the answered mail below."""
    html = f'<div dir="ltr">{text}</div><br><div class="gmail_quote">Pada Sen, 4 Jan 2027 menulis:</div>'
    answered = f"In-Reply-To: {original}\nReferences: <other@example.net> {original}\n" if original else ""
    return crlf(f"""Return-Path: <{sender}>
MIME-Version: 1.0
{answered}From: Ani Wijaya <{sender}>
Date: Mon, 4 Jan 2027 09:00:00 +0700
Message-ID: {message_id}
Subject: {subject}
To: DP3AP2KB Kota Metro <undangan@example.com>
Content-Type: multipart/alternative; boundary="000000000000ab12"

--000000000000ab12
Content-Type: text/plain; charset="UTF-8"
Content-Transfer-Encoding: quoted-printable

{quopri.encodestring(text.encode()).decode()}

Pada Sen, 4 Jan 2027 pukul 08.00 DP3AP2KB Kota Metro <undangan@example.com>
menulis:

> Yth. Ani Wijaya,
> kami mengundang.

--000000000000ab12
Content-Type: text/html; charset="UTF-8"

{html}

--000000000000ab12--
""")
