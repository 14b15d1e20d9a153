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
from outreach.delivery.inbox.words import without_markup
from outreach.domain.mail.address_faults import GENERAL, AddressFault, fault_of, is_reason, passes

STATUS_TYPE = "message/delivery-status"
MOST_BLOCKS = 30  # recipients read of one report
MOST_STATUS = 64 * 1024  # bytes
MOST_SHOWN = 16 * 1024  # characters of each part that flufl.bounce gets,
MOST_LINE = 300  # in lines of this length, because its patterns take quadratic time
MOST_REPORT_PARTS = 20
Recipients = Set[bytes]
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs each detector that it tries
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_MAIL_ID = re.compile(r"^[> \t]{0,8}message-id:\s{0,4}(<[^<>\s]{3,240}>)", re.IGNORECASE | re.MULTILINE)
_SENDERS = re.compile(r"mailer-daemon|postmaster|mail-?delivery|mdaemon|bounce", re.IGNORECASE)
_SUBJECTS = re.compile(
    r"undeliver|returned mail|return(?:ed|ing) (?:to|message)|failure notice|mail error|non-?delivery|notdelivered|"
    r"(?:mail|message|delivery|email)\b.{0,40}\b(?:fail\w*|error|status notification|warning|report|could not be|delayed)|"
    r"\bfailed mail|could not be delivered|user unknown|tidak (?:dapat )?terkirim|gagal (?:dikirim|terkirim)",
    re.IGNORECASE,
)
_UNDELIVERED = re.compile(
    r"(?:un|not |n't |never )(?:be |been )?(?:deliver|reach)|undeliver|deliver\w* (?:\w+ )?(?:fail|error|problem|expired)|"
    r"fail\w* (?:to|recipient|address)|returned|rejected|permanent|did not (?:receive|reach)|"
    r"tidak (?:dapat )?(?:ter|di)kirim|gagal",
    re.IGNORECASE,
)
_STILL_TRIED = re.compile(
    r"(?:not|n't) yet been delivered|still (?:being )?(?:retried|trying|awaiting)|has been (?:delayed|postponed)|"
    r"will (?:continue|be retried|keep trying|try)|attempts will continue|"
    r"this is (?:just|only) a (?:warning|notification about a delay)",
    re.IGNORECASE,
)
# Where the returned mail begins in a report that is one text.
_RETURNED = re.compile(
    r"^[ \t>]*(?:-{2,}[^\n]{0,80}\b(?:original|copy|below this line|unsent|returned|message header|header)\b|"
    r"original message follows|received: (?:from|by) |return-path: )",
    re.IGNORECASE | re.MULTILINE,
)
_OF_THE_RETURNED = re.compile(
    r"^[ \t>*]*(?:subject|from|to|cc|date|sent|message-id): [^\n]*$", re.IGNORECASE | re.MULTILINE
)
# What the other server said, in sendmail's transcript. The “User unknown” that sendmail writes below it names only the
# class of the refusal.
_REPLIED = re.compile(r"^[^\S\n]*+(?:<<< |\(reason: )(5\d\d.*)$", re.MULTILINE)
_RECIPIENT = re.compile(rb"^Final-Recipient:", re.IGNORECASE | re.MULTILINE)
_SMTP = re.compile(r"(?<![\d.:])([45])\d\d[ -](?!\d{3}\b)")


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
        or _is_by_server(mail)
        or _named_like_one(mail)
    )


def is_surely_report(mail: MailPart, *, returned: bool) -> bool:
    """Return whether only a server sends such a mail, so that somebody must look at it if it cannot be read.

    returned: it came to the return path of one of our mails.
    """
    return (
        (mail.type == "multipart/report" and parameter(mail.headers, "report-type").lower() == "delivery-status")
        or "X-Failed-Recipients" in mail.headers
        or any(part.type == STATUS_TYPE and not part.enclosed for part in mail.walk())
        or (mail.headers.get("Return-Path", "").strip() == "<>" and mail.headers.get("From", "<>").strip() == "<>")
        or (_is_by_server(mail) and (returned or _named_like_one(mail)))
    )


def report_in(mail: MailPart) -> DeliveryReport | None:
    """Return what a delivery report says, or None if the mail is not a report or cannot be read as one."""
    said = _said(mail)
    found = [one for block in _blocks(mail) if (one := _of_block(block, said)) is not None]
    if found:
        gravest = max(found, key=lambda report: report.verdict)
        return replace(gravest, addresses=frozenset().union(*(report.addresses for report in found)))
    delayed, failed = _detected(_shown(mail))
    named = {address for raw in (failed or delayed) for address in addresses_in(raw.decode("ascii", "replace"))}
    if named:
        words = _words_about(said, named)
        if not failed:
            return DeliveryReport(DeliveryVerdict.DELAYED, frozenset(named), words)
        return _judged_by_text(said, named, words)
    return _of_text(mail, said)


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


def _is_by_server(mail: MailPart) -> bool:
    return bool(_SENDERS.search(mailbox_of(mail.headers.get("From", ""))[1].partition("@")[0]))


def _named_like_one(mail: MailPart) -> bool:
    """Return whether the subject is that of a report and the mail answers no other mail, as a person's mail would."""
    return bool(_SUBJECTS.search(line_of(mail.headers.get("Subject", ""), 200))) and not any(
        name in mail.headers for name in ("In-Reply-To", "References", "List-Id")
    )


def _blocks(mail: MailPart) -> Iterator[Message]:
    """Yield the blocks of the machine-readable part: the first is about the report, each other about a recipient."""
    parts = [part for part in mail.walk() if not part.enclosed and not part.children]
    reports = [part for part in parts if part.type == STATUS_TYPE]
    for part in reports or parts:
        data = part.data(MOST_STATUS).strip()
        if part.type == STATUS_TYPE or (part.type == "text/plain" and _RECIPIENT.search(data)):
            blocks = re.split(rb"\r?\n(?:[ \t]*\r?\n)+", data, maxsplit=MOST_BLOCKS + 1)
            yield from map(headers_of, blocks[: MOST_BLOCKS + 1])


def _of_block(block: Message, said: str) -> DeliveryReport | None:
    """Return what one block says. said: the report's text, which may say more than a block without words."""
    action = (parameterless(block.get("Action", "")).split() or [""])[0]
    status = _STATUS.search(block.get("Status", "")[:60])
    named = {
        address
        for header in ("Original-Recipient", "Final-Recipient", "X-Actual-Recipient")
        for address in addresses_in(block.get(header, "").partition(";")[2] or block.get(header, ""))
    }
    if not action:
        if status is None or "Final-Recipient" not in block:
            return None
        action = {"2": "delivered", "4": "delayed"}.get(status[1], "failed")
    words = line_of(block.get("Diagnostic-Code", ""), 300) or line_of(block.get("Status", ""), 60)
    if status is None or status[2] == status[3] == "0":  # the status says only how grave it is; the text may say more
        status = _STATUS.search(words) or status
    return _judged(action, status, named, words, said)


def _judged(
    action: str, status: re.Match[str] | None, named: Iterable[str], words: str, said: str = ""
) -> DeliveryReport:
    """Return a report with its verdict, by RFC 3464's actions, RFC 3463's codes and the server's words.

    said: the whole text, which is searched if neither the code nor the words say why.
    """
    grave, subject, detail = status.groups() if status else ("5", "0", "0")
    code = f"{subject}.{detail}"
    fault = None
    if action.startswith("delay"):
        verdict = DeliveryVerdict.DELAYED
    elif action.startswith(("deliver", "relay", "expand")):
        verdict = DeliveryVerdict.DELIVERED
    elif action.startswith("expire") or grave == "4":
        verdict = DeliveryVerdict.GAVE_UP
    else:
        if said and code in GENERAL and not is_reason(words):
            words = _words_about(said, set(named)) or words
            verdict, fault = _verdict(code, said)
        else:
            verdict, fault = _verdict(code, words)
    return DeliveryReport(verdict, frozenset(named), words, fault)


def _verdict(code: str, words: str) -> tuple[DeliveryVerdict, AddressFault | None]:
    if fault := fault_of(code, words):
        return DeliveryVerdict.FAILED, fault
    return (DeliveryVerdict.GAVE_UP if passes(code, words) else DeliveryVerdict.MAIL_REFUSED), None


def _judged_by_text(said: str, named: Iterable[str], words: str) -> DeliveryReport:
    """Return the verdict of a report that is only text."""
    replies = "\n".join(_REPLIED.findall(said)) or said
    status, reply = _STATUS.search(replies), _SMTP.search(replies)
    if (
        (status is None or status[1] == "4")
        and reply is not None
        and reply[1] == "4"
        and not re.search(r"\b5\d\d[ -]", replies)
    ):
        return DeliveryReport(DeliveryVerdict.GAVE_UP, frozenset(named), words)
    code = f"{status[2]}.{status[3]}" if status and status[1] == "5" else "0.0"
    verdict, fault = _verdict(code, replies)
    return DeliveryReport(verdict, frozenset(named), words, fault)


def _of_text(mail: MailPart, said: str) -> DeliveryReport | None:
    """Return what a report says that no detector recognises: its text must say what happened to a mail."""
    if not is_surely_report(mail, returned=False) and not _named_like_one(mail):
        return None
    own = {mailbox_of(mail.headers.get(name, ""))[1] for name in ("From", "Sender", "To", "Reply-To")}
    listed = addresses_in(mail.headers.get("X-Failed-Recipients", ""))
    named = (
        set(listed or [address for address in addresses_in(said) if not _SENDERS.search(address.partition("@")[0])])
        - own
    )
    subject = line_of(mail.headers.get("Subject", ""), 200)
    if _STILL_TRIED.search(said):
        return DeliveryReport(DeliveryVerdict.DELAYED, frozenset(named), _words_about(said, named))
    whole = f"{said}\n{subject}"
    if not (named or is_reason(whole)) or not (_UNDELIVERED.search(whole) or fault_of("0.0", said)):
        return None
    return _judged_by_text(said if is_reason(said) else whole, named, _words_about(said, named))


def _said(mail: MailPart) -> str:
    """Return the text that the server wrote, without the mail that it returns."""
    own = [part for part in mail.walk() if not part.children and not part.enclosed and not part.attached]
    for type in ("text/plain", "text/html"):
        texts = [_bounded(part) for part in own if part.type == type][:MOST_REPORT_PARTS]
        whole = "\n".join(texts if type == "text/plain" else map(without_markup, texts))[: 2 * MOST_SHOWN]
        begun = next((found for found in _RETURNED.finditer(whole) if whole[: found.start()].strip()), None)
        if whole := _OF_THE_RETURNED.sub("", whole[: begun.start()] if begun else whole).strip():
            return whole
    return ""


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
        if not name.lower().startswith("content-") or name.lower() == "content-description":  # it identifies Postfix's
            copy[name] = value[:MOST_LINE]
    return copy


def _bounded(part: MailPart) -> str:
    text = part.text(4 * MOST_SHOWN)[:MOST_SHOWN]
    return "\n".join(line[:MOST_LINE] for line in text.split("\n"))


def _words_about(said: str, named: set[str]) -> str:
    """Return the line that says why, with the lines around it: the first with a known reason, an SMTP code or the address."""
    lines = [line for line in (" ".join(line.split()) for line in said.split("\n")) if line][:200]
    tests = (
        lambda line: is_reason(line) and re.search(r"\b[45]\d\d[ -]|[45]\.\d\.\d", line),
        is_reason,
        lambda line: re.search(r"\b[45]\d\d[ -]", line),
        lambda line: any(address in line.lower() for address in named),
    )
    for test in tests:
        for index, line in enumerate(lines):
            if test(line):
                return " ".join(lines[index : index + 4]).strip()[:300]
    return ""
