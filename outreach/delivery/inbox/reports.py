"""Read delivery reports: a mail did not arrive, or is delayed (RFC 3464). This includes servers with a format of their own.

A report is only a claim. It counts only together with the mail it is about. `returned_message_id` and the report's
return path identify that mail (services/inbox/delivery_reports.py).
"""

import logging
import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from email.message import Message
from enum import IntEnum

from flufl.bounce import all_failures

from outreach.delivery.inbox.decoding import addresses_in, line_of, mailbox_of
from outreach.delivery.inbox.parts import MailPart, headers_of, parameter, parameterless
from outreach.domain.mail.address_faults import AddressFault, fault_of

STATUS_TYPE = "message/delivery-status"
MOST_BLOCKS = 30  # recipients read of one report
MOST_STATUS = 64 * 1024  # bytes
MOST_SHOWN = 16 * 1024  # characters of each part that flufl.bounce gets,
MOST_LINE = 300  # in lines of this length, because its patterns take quadratic time
MOST_REPORT_PARTS = 20
Recipients = Set[bytes]
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs each detector that it tries
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
ABOUT_THE_MAIL = frozenset({"3.4", "4.6", "4.14"})  # mail too large, or mail loop
_MAIL_ID = re.compile(r"^[> \t]{0,8}message-id:\s{0,4}(<[^<>\s]{3,240}>)", re.IGNORECASE | re.MULTILINE)
_SENDERS = re.compile(r"mailer-daemon|postmaster|mail-?delivery|mdaemon|bounce", re.IGNORECASE)


class DeliveryVerdict(IntEnum):
    """What a report says about a mail. If recipients have different verdicts, the gravest counts."""

    DELIVERED = 0
    DELAYED = 1  # the server still tries
    GAVE_UP = 2  # the server gave up after a temporary problem, or a problem of its own
    MAIL_REFUSED = 3  # because of the mail or its sender, or without a reason; the address may be valid
    FAILED = 4  # no mail arrives at the address


@dataclass(frozen=True)
class DeliveryReport:
    """One report. addresses: recipients, as email_addresses.key. words: the server's, in one line. fault: why, if FAILED."""

    verdict: DeliveryVerdict
    addresses: frozenset[str]
    words: str = ""
    fault: AddressFault | None = None


def is_report(mail: MailPart) -> bool:
    """Return whether a mail looks like a delivery report of any format. It may still turn out to say nothing."""
    if mail.type == "multipart/report":
        return parameter(mail.headers, "report-type").lower() in ("delivery-status", "")
    return (
        "X-Failed-Recipients" in mail.headers
        or any(part.type == STATUS_TYPE and not part.enclosed for part in mail.walk())
        or mail.headers.get("Return-Path", "").strip() == "<>"
        or bool(_SENDERS.search(mailbox_of(mail.headers.get("From", ""))[1].partition("@")[0]))
    )


def report_in(mail: MailPart) -> DeliveryReport | None:
    """Return what a delivery report says, or None if the mail is not a report."""
    found = [one for block in _blocks(mail) if (one := _of_block(block)) is not None]
    if found:
        gravest = max(found, key=lambda report: report.verdict)
        return replace(gravest, addresses=frozenset().union(*(report.addresses for report in found)))
    delayed, failed = _detected(_shown(mail))
    named = {address for raw in (failed or delayed) for address in addresses_in(raw.decode("ascii", "replace"))}
    if not named:
        return None
    words = _words_about(mail, named)
    if not failed:
        return DeliveryReport(DeliveryVerdict.DELAYED, frozenset(named), words)
    return _judged("failed", _STATUS.search(words), named, words)


def returned_message_id(mail: MailPart) -> str:
    """Return the Message-ID of the mail that a report returns, whole or as headers; "" if it names none."""
    for part in mail.walk():
        if part is not mail and part.enclosed and (found := part.headers.get("Message-ID", "").strip()):
            return str(found)[:250]
    leaves = [part for part in mail.walk() if not part.children]
    for type in ("text/rfc822-headers", "message/rfc822", "text/plain"):  # most reliable type first
        for part in leaves:
            if part.type == type and (match := _MAIL_ID.search(part.text(MOST_STATUS))):
                return match[1]
    return ""


def _blocks(mail: MailPart) -> Iterator[Message]:
    """Yield the blocks of the machine-readable part: the first is about the report, each other about a recipient."""
    for part in mail.walk():
        if part.type == STATUS_TYPE and not part.enclosed and not part.children:
            blocks = re.split(rb"\r?\n(?:[ \t]*\r?\n)+", part.data(MOST_STATUS).strip(), maxsplit=MOST_BLOCKS + 1)
            yield from map(headers_of, blocks[: MOST_BLOCKS + 1])


def _of_block(block: Message) -> DeliveryReport | None:
    action = (parameterless(block.get("Action", "")).split() or [""])[0]
    if not action:
        return None
    named = {
        address
        for header in ("Original-Recipient", "Final-Recipient", "X-Actual-Recipient")
        for address in addresses_in(block.get(header, "").partition(";")[2] or block.get(header, ""))
    }
    words = line_of(block.get("Diagnostic-Code", ""), 300) or line_of(block.get("Status", ""), 60)
    status = _STATUS.search(block.get("Status", "")[:60])
    if status is None or status[2] == status[3] == "0":  # the status says only how grave it is; the text may say more
        status = _STATUS.search(words) or status
    return _judged(action, status, named, words)


def _judged(action: str, status: re.Match[str] | None, named: Iterable[str], words: str) -> DeliveryReport:
    """Return a report with its verdict by RFC 3463's codes."""
    grave, subject, detail = status.groups() if status else ("5", "0", "0")
    code = f"{subject}.{detail}"
    fault = None
    if action.startswith("delay"):
        verdict = DeliveryVerdict.DELAYED
    elif not action.startswith(("fail", "error")):
        verdict = DeliveryVerdict.DELIVERED
    elif grave == "4":
        verdict = DeliveryVerdict.GAVE_UP
    elif fault := fault_of(code, words):
        verdict = DeliveryVerdict.FAILED
    elif code == "2.2" or (subject in ("3", "4") and code not in ABOUT_THE_MAIL):
        verdict = DeliveryVerdict.GAVE_UP
    else:
        verdict = DeliveryVerdict.MAIL_REFUSED
    return DeliveryReport(verdict, frozenset(named), words, fault)


def _detected(shown: Message) -> tuple[Recipients, Recipients]:
    """Return the addresses that flufl.bounce finds: delayed, failed."""
    try:
        return all_failures(shown)
    except Exception:  # some of its detectors fail on malformed reports
        return frozenset(), frozenset()


def _shown(mail: MailPart) -> Message:
    """Return the part of a report that flufl.bounce gets, as a standard library message with limited text."""
    shown = _copied(mail)
    own = [part for part in mail.walk() if not part.children and not part.enclosed and part.type.startswith("text/")]
    if not mail.children:
        shown.set_payload(_bounded(mail))
        return shown
    shown["Content-Type"] = mail.type
    for part in own[:MOST_REPORT_PARTS]:
        copy = _copied(part)
        copy["Content-Type"] = part.type
        copy.set_payload(_bounded(part))
        shown.attach(copy)
    return shown


def _copied(part: MailPart) -> Message:
    copy = Message()
    for name, value in part.headers.items():
        if not name.lower().startswith("content-"):
            copy[name] = value[:MOST_LINE]
    return copy


def _bounded(part: MailPart) -> str:
    text = part.text(4 * MOST_SHOWN)[:MOST_SHOWN]
    return "\n".join(line[:MOST_LINE] for line in text.split("\n"))


def _words_about(mail: MailPart, named: set[str]) -> str:
    """Return the first line that names the address or has an SMTP code, with the three lines after it."""
    for part in mail.walk():
        if part.enclosed or part.children or not part.type.startswith("text/"):
            continue
        lines = [" ".join(line.split()) for line in _bounded(part).split("\n")]
        for at, line in enumerate(lines):
            if any(address in line.lower() for address in named) or re.search(r"\b[45]\d\d[ -]", line):
                return " ".join(lines[at : at + 4]).strip()[:300]
    return ""
