"""Whether a report says that an address takes no mail: by its words first, and in each form that servers write.

The samples are our own, in the forms of the servers named.
"""

import pytest

from outreach.delivery.inbox.reading import read
from outreach.delivery.inbox.reports import DeliveryVerdict
from outreach.delivery.return_path import return_path
from outreach.domain.kinds import IncomingKind
from outreach.domain.mail.address_faults import AddressFault
from outreach.domain.mail.incoming import IncomingReason
from tests.world.mail_samples import REPORTERS, SETTINGS, WITH_PATHS, Returned, postfix

HARD, LATER, REFUSED = DeliveryVerdict.FAILED, DeliveryVerdict.GAVE_UP, DeliveryVerdict.MAIL_REFUSED


def verdict_of(status: str, words: str, server: str = "Postfix") -> DeliveryVerdict:
    return read(REPORTERS[server](Returned(status=status, words=words)), SETTINGS).report.verdict


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            "5.2.1",
            "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents more messages",
        ),
        ("5.1.1", "550 5.1.1 <ani@example.com> too many recipients this hour"),
        ("5.1.1", "550 5.1.1 User is over quota"),
        ("5.2.0", "550 5.2.0 mailbox over quota, message not stored"),
        ("5.1.1", "552 5.1.1 The recipient's inbox is full"),
        ("5.2.1", "452 5.2.1 This account is temporarily locked"),
        ("5.0.0", "550 user has too many messages on the server"),
        ("5.2.2", "552 5.2.2 The inbox is out of storage space and inactive"),
        ("5.1.1", "550 5.1.1 Recipient address rejected: greylisted, see you in five minutes"),
        ("5.4.4", "Host or domain name not found. Name service error: Host not found, try again"),
        ("5.0.0", "550 kotak surat penuh"),
    ],
)
def test_a_problem_that_may_end_soon_is_not_the_fault_of_the_address(status, words):
    assert verdict_of(status, words) is LATER


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("5.1.1", "550 5.1.1 HELO/EHLO argument is invalid: host not found"),
        ("5.1.1", "553 5.1.1 unknown user (in reply to MAIL FROM command)"),
        ("5.1.0", "550 5.1.0 <undangan@example.com>: Sender address rejected: User unknown in virtual mailbox table"),
        ("5.1.8", "550 5.1.8 Domain of sender address does not exist"),
        ("5.1.1", "550 5.1.1 Your IP address is listed by a blacklist"),
        ("5.2.0", "554 5.2.0 STOREDRV.Deliver; message content rejected by a rule"),
        ("5.2.0", "550 5.2.0 attachments of this kind are denied by policy"),
        ("5.2.0", "554 5.2.0 delivery failed"),
        ("5.1.1", "550 5.1.1 RCPT TO:<ani@example.com> max message size exceeded"),
        ("5.7.1", "550 5.7.1 <ani@example.com>: Relay access denied"),
        ("5.0.0", "554 5.7.1 this message scored 8.4 spam points, no such user would want it"),
        ("5.1.1", "550 5.1.1 DMARC check failed for the recipient's domain"),
        ("5.2.1", "550 5.2.1 blocked by the recipient's policy"),
        ("5.0.0", "553 possible forgery, or account deactivated because of abuse"),
        ("5.1.0", "5.1.0 - Unknown address error 550-'envelope refused' (delivery attempts: 0)"),
    ],
)
def test_a_refusal_of_the_mail_or_its_sender_is_not_the_fault_of_the_address(status, words):
    assert verdict_of(status, words) is REFUSED


@pytest.mark.parametrize(
    ("status", "words", "fault"),
    [
        ("5.5.0", "550 5.5.0 user unknown", AddressFault.UNKNOWN),
        ("5.0.0", "550 Unrouteable address", AddressFault.DOMAIN),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)", AddressFault.UNKNOWN),
        ("5.1.351", "550 5.1.351 Remote server returned unknown recipient or mailing list", AddressFault.UNKNOWN),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", None),
        ("5.7.1", "550 5.7.1 No such user", AddressFault.UNKNOWN),
        ("5.0.0", "554 delivery error: dd This user doesn't have a yahoo.example account (ani@example.com) [0]", None),
        ("5.3.0", "553 5.3.0 <ani@example.com>... Address does not exist", AddressFault.UNKNOWN),
        ("5.0.0", '550 "ani@example.com" is not a known user', AddressFault.UNKNOWN),
        ("5.0.0", "550 ** No mail box available for this user **", AddressFault.UNKNOWN),
        ("5.0.0", "550-5.1.1 The email account that you tried to 550-5.1.1 reach does not exist", AddressFault.UNKNOWN),
        ("5.0.0", "551 <ani@example.com> is a deactivated mailbox", AddressFault.CLOSED),
        ("5.0.0", "554 Sorry, this account has been disabled or discontinued [#102]", AddressFault.CLOSED),
        ("5.0.0", "[example.com]: Name or service not known", AddressFault.DOMAIN),
        ("5.0.0", "550 User ani unknown, see https://example.net/spam-policy", AddressFault.UNKNOWN),
        ("5.1.1", "550 5.1.1 spam-filter.example.net: no such user", AddressFault.UNKNOWN),
        ("5.0.0", "550 Requested action not taken: mailbox unavailable", AddressFault.UNKNOWN),
        ("5.0.0", "550 alamat tidak ditemukan", AddressFault.UNKNOWN),
        ("5.0.0", "550 ani@example.com:user not exist", AddressFault.UNKNOWN),
        ("5.1.0", "5.1.0 - Unknown address error 540-'wrong recipient' (delivery attempts: 0)", AddressFault.UNKNOWN),
        ("5.0.0", "550 <ani> is now disabled", AddressFault.CLOSED),
        ("5.0.0", "550 <ani@example.com>... account not activated", AddressFault.CLOSED),
        ("5.0.0", "550 Empfänger unbekannt", AddressFault.UNKNOWN),
    ],
)
@pytest.mark.parametrize("server", ["Postfix", "Exchange"])
def test_words_that_the_address_takes_no_mail_block_it_whatever_the_code(server, status, words, fault):
    found = read(REPORTERS[server](Returned(status=status, words=words)), SETTINGS).report
    assert found.verdict is HARD
    assert fault in (found.fault, None)


@pytest.mark.parametrize(
    ("action", "verdict"),
    [
        ("expired", LATER),
        ("failure", HARD),
        ("undeliverable", HARD),
        ("relayed", DeliveryVerdict.DELIVERED),
        ("expanded", DeliveryVerdict.DELIVERED),
        ("delivered", DeliveryVerdict.DELIVERED),
    ],
)
def test_only_some_actions_mean_that_a_mail_was_passed_on(action, verdict):
    returned = Returned(action=action, status="5.1.1", words="550 5.1.1 no such user")
    assert read(postfix(returned), SETTINGS).report.verdict is verdict


def text_report(
    said: str, *, subject: str = "Delivery failure", sender: str = "postmaster@example.net", more=""
) -> bytes:
    head = f"From: Mail System <{sender}>\r\nTo: undangan@example.com\r\nSubject: {subject}\r\n{more}\r\n"
    return (head + said.replace("\n", "\r\n")).encode()


QUOTED = "\n\n--- Original message follows.\n\nMessage-ID: <41.1767488400@example.com>\nSubject: Undangan\n\nspam quota"
FAR = "\n".join(f"line {number} about the mail system" for number in range(40))


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ("Unable to deliver to:\n<ani@example.com>:\nThis user doesn't have an example.com account [0]" + QUOTED, HARD),
        ("Unable to deliver to:\n<ani@example.com>:\n" + FAR + "\nRemote host said: 550 unknown user" + QUOTED, HARD),
        ("Your mail could not be delivered to ani@example.com\nError: mail box space not enough" + QUOTED, LATER),
        ("Your message was not delivered to ani@example.com within 2 days.\nHost is not responding." + QUOTED, LATER),
        (
            "did not reach the following recipient(s):\nani@example.com on Mon\nThe recipient name is not recognized",
            HARD,
        ),
        ("ani@example.com was rejected:\n552 message looks like SPAM" + QUOTED, REFUSED),
        (
            "   ----- The following addresses had permanent fatal errors -----\n<ani@example.com>\n"
            "    (reason: 553 Sender Policy Framework (SPF) fail)\n   ----- Transcript of session follows -----\n"
            "<<< 553 Sender Policy Framework (SPF) fail\n550 5.1.1 ani@example.com... User unknown\n"
            "   ----- Message header follows -----\nReturn-Path: <undangan@example.com>",
            REFUSED,
        ),
        (
            "Delivery status:\nFinal-Recipient: rfc822; ani@example.com\nAction: failed\nStatus: 5.1.1\n"
            "Diagnostic-Code: smtp; 550 5.1.1 no such user",
            HARD,
        ),
        ("ani@example.com has not yet been delivered; we will continue to try for 5 days.", DeliveryVerdict.DELAYED),
    ],
)
def test_a_report_that_is_only_text_is_judged_by_all_that_the_server_says(said, verdict):
    found = read(text_report(said), SETTINGS)
    assert found.report is not None
    assert (found.report.verdict, found.report.addresses) == (verdict, {"ani@example.com"})


def test_a_report_with_neither_code_nor_words_is_judged_by_its_text():
    found = read(REPORTERS["Gmail"](Returned(status="", words="")), SETTINGS).report  # “the address couldn't be found”
    assert (found.verdict, found.fault) == (HARD, AddressFault.UNKNOWN)
    assert read(postfix(Returned(status="", words="")), SETTINGS).report.verdict is REFUSED


def test_a_report_with_a_wrong_boundary_in_its_header_is_read():
    mail = postfix(Returned())
    boundary = mail.partition(b'boundary="')[2].partition(b'"')[0]
    other = mail.replace(b'boundary="' + boundary, b'boundary="another')
    assert other != mail
    for damaged in (other, mail.replace(b"\r\n", b"\r")):
        found = read(damaged, SETTINGS)
        assert (found.kind, found.report.verdict, found.report.addresses) == (
            IncomingKind.BOUNCE,
            HARD,
            {"ani@example.com"},
        )


def test_the_report_of_an_old_postfix_is_recognised_by_its_description():
    said = (
        "This is the Postfix program at host mx.example.net.\n\n            The Postfix program\n\n"
        "<ani@example.com>: host mx.example.com[192.0.2.7] said: 550 5.1.1\n    <ani@example.com>... User unknown\n"
    )
    parts = f"--x\nContent-Description: Notification\nContent-Type: text/plain\n\n{said}\n--x\n"
    more = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n'
    mail = text_report(
        parts + "Content-Type: message/rfc822\n\nSubject: Undangan\n\n--x--\n", subject="a mail", more=more
    )
    found = read(mail, SETTINGS)
    assert (found.kind, found.report.verdict) == (IncomingKind.BOUNCE, HARD)


@pytest.mark.parametrize(
    "mail",
    [
        b"From: MAILER-DAEMON@example.net\r\nSubject: Returned mail\r\nContent-Type: multipart/report; "
        b'report-type=delivery-status; boundary="x"\r\n\r\n<<< No Message Collected >>>\r\n',
        text_report("Es ist ein Fehler aufgetreten.", sender="mailer-daemon@example.net"),
        text_report("?", subject="Es ging nicht", sender="postmaster@example.net", more="X-Failed-Recipients: \r\n"),
    ],
)
def test_a_report_in_an_unknown_form_is_not_taken_for_an_automatic_mail(mail):
    found = read(mail, SETTINGS)
    assert (found.kind, found.report, found.reason) == (IncomingKind.BOUNCE, None, IncomingReason.REPORT_UNREAD)
    assert found.text


def test_a_servers_mail_to_our_return_path_is_a_report_even_without_a_subject():
    mail = text_report("Ein Fehler.", subject="", sender="postmaster@example.net").replace(
        b"To: undangan@example.com", f"To: {return_path(41, WITH_PATHS)}".encode()
    )
    found = read(mail, WITH_PATHS)
    assert (found.kind, found.returned_id, found.reason) == (IncomingKind.BOUNCE, 41, IncomingReason.REPORT_UNREAD)


@pytest.mark.parametrize(
    "mail",
    [
        text_report("Apakah surel saya sampai? Katanya user unknown.", subject="Re: Undeliverable: Undangan",
                    sender="ani@example.com", more="In-Reply-To: <41.1767488400@example.com>\r\n"),
        text_report("Maaf, surel kemarin baru saya baca.", subject="Mail delivery report", sender="ani@example.com"),
    ],
)  # fmt: skip
def test_a_persons_letter_about_a_report_is_a_letter(mail):
    assert read(mail, SETTINGS).kind is IncomingKind.LETTER
