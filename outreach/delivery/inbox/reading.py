"""Turn a mail's bytes into values: its kind, its sender, what it is about. Reading never raises and has no effects.

A mail that cannot be read has the kind `UNREADABLE`, with its first lines as text. services/inbox/receive.py applies
the result.
"""

import re
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr
from hashlib import sha256

import structlog

from outreach.delivery import return_path
from outreach.delivery.inbox import replies, reports, words
from outreach.delivery.inbox.decoding import addresses_in, line_of, mailbox_of
from outreach.delivery.inbox.parts import MailPart, headers_of, parameterless, parts_of
from outreach.delivery.inbox.proof import proven_sender
from outreach.delivery.inbox.replies import CalendarReply
from outreach.delivery.inbox.reports import DeliveryReport, DeliveryVerdict
from outreach.domain.directory import email_addresses
from outreach.domain.kinds import IncomingKind
from outreach.domain.mail.incoming import IncomingReason
from outreach.settings import Settings

MOST_BYTES = 5 * 1024 * 1024  # largest mail that is read; of a larger one only the headers
MOST_REFERENCES = 20
MOST_FILES = 3  # PDF files of one mail that are read
PDF = "application/pdf"
# Headers in which servers note the recipient. A report's recipient is our return path.
RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc")
# Headers that only programs set. List headers are missing because a person may write through a list or group address,
# and Exchange's header about wanted replies because Exchange adds it to each mail.
AUTOMATIC = ("X-Autoreply", "X-Autorespond", "X-Autoresponder")
BULK = frozenset({"bulk", "junk", "auto_reply"})
LISTS = ("List-Id", "List-Unsubscribe")
_BLANK = re.compile(rb"\r?\n\r?\n")
_MAIL_ID = re.compile(r"<[^<>\s]{3,240}>")
log = structlog.get_logger()


@dataclass(frozen=True)
class Incoming:
    """One mail, read.

    references: Message-IDs that it answers, nearest first. sender_proven: see proof.py. digest: hash of what it says, to
    recognise copies. returned_id: id of our message, from the return path that got this mail. returned_reference:
    Message-ID of the mail that a report returns. by_list: a letter that came by a mailing list or a group address.
    reason: why it is automatic or unreadable.
    """

    kind: IncomingKind
    message_id: str  # "sha256:…" if the mail has none
    sender: str = ""  # address in lower case, as the mail claims
    sender_name: str = ""
    subject: str = ""
    references: tuple[str, ...] = ()
    sender_proven: bool = False
    digest: str = ""
    returned_id: int | None = None
    returned_reference: str = ""
    report: DeliveryReport | None = None
    reply: CalendarReply | None = None
    text: str = ""
    by_list: bool = False
    files: tuple[tuple[str, bytes], ...] = ()  # name and bytes of a letter's PDF files
    reason: IncomingReason | None = None


def read(raw: bytes, settings: Settings, *, whole: bool = True) -> Incoming:
    """Return what a mail says. whole: False if the mail was too large and `raw` is only its beginning."""
    try:
        return _read(raw[:MOST_BYTES], settings, whole=whole and len(raw) <= MOST_BYTES)
    except Exception as error:  # the mails after this one must be read, whatever a stranger sends
        log.error("mail not readable", error=type(error).__name__)
        return unreadable(raw, IncomingReason.BROKEN)


def unreadable(raw: bytes, reason: IncomingReason) -> Incoming:
    """Return an unreadable mail, of which only the first lines are known."""
    return Incoming(IncomingKind.UNREADABLE, _digest(raw), text=words.beginning_of(raw), reason=reason)


def withheld(raw: bytes, verdict: str, reason: IncomingReason) -> Incoming:
    """Return a mail that is not to be read: who sent it and about what, the scanner's words as its text, and none of its own."""
    try:
        known = _envelope(raw, headers_of(raw))
    except Exception:  # whatever a stranger sends
        known = {"message_id": _digest(raw)}
    return Incoming(**known, kind=IncomingKind.UNREADABLE, text=verdict, reason=reason)


def _read(raw: bytes, settings: Settings, *, whole: bool) -> Incoming:
    if not whole:
        return _set_aside(raw, headers_of(raw), IncomingReason.TOO_LARGE if raw else IncomingReason.BROKEN)
    mail, too_complex = parts_of(raw if b"\n" in raw else raw.replace(b"\r", b"\n"))
    if too_complex:
        return _set_aside(raw, mail.headers, IncomingReason.TOO_COMPLEX)
    known = _envelope(raw, mail.headers)
    returned = _returned_id(mail, settings)
    if reports.is_report(mail) and (report := reports.report_in(mail)) is not None:
        return Incoming(
            **known,
            kind=_kind_of(report),
            returned_id=returned,
            returned_reference=reports.returned_message_id(mail),
            report=report,
            text=report.words,
            reason=IncomingReason.DELIVERED if report.verdict is DeliveryVerdict.DELIVERED else None,
        )
    if reports.is_surely_report(
        mail, returned=returned is not None
    ):  # only this shows that it may be about one of our mails
        return Incoming(
            **known,
            kind=IncomingKind.BOUNCE,
            returned_id=returned,
            returned_reference=reports.returned_message_id(mail),
            text=words.words_of(mail) or words.beginning_of(raw),
            reason=IncomingReason.REPORT_UNREAD,
        )
    if known["sender"] in _own_addresses(settings):
        return Incoming(**known, kind=IncomingKind.AUTOMATIC, reason=IncomingReason.OWN)
    try:
        reply = replies.reply_in(mail)
    except replies.ReplyTooLarge:
        return _set_aside(raw, mail.headers, IncomingReason.TOO_COMPLEX)
    kind = IncomingKind.LETTER
    if reply is not None:
        kind = IncomingKind.ANSWER
    elif _is_automatic(mail):
        kind = IncomingKind.AUTOMATIC
    if reply is not None:
        known["digest"] = _digest(repr(reply).encode())
    proven = proven_sender(raw, settings.imap_verdicts_by)
    return Incoming(
        **known,
        kind=kind,
        sender_proven=bool(known["sender"]) and known["sender"] == email_addresses.key(proven),
        returned_id=returned,
        reply=reply,
        text=words.words_of(mail),
        by_list=kind is IncomingKind.LETTER and _is_by_list(mail.headers),
        files=_pdf_files(mail) if kind is IncomingKind.LETTER else (),
    )


def _envelope(raw: bytes, headers: Message) -> dict:
    name, sender = mailbox_of(headers.get("From", "") or headers.get("Sender", ""))
    found = _MAIL_ID.search(headers.get("Message-ID", ""))
    near = _MAIL_ID.findall(headers.get("In-Reply-To", ""))
    far = _MAIL_ID.findall(headers.get("References", ""))[::-1]
    return {
        "message_id": found[0] if found else _digest(raw),
        "digest": _digest(b"".join(_BLANK.split(raw, maxsplit=1)[1:])),
        "sender": sender,
        "sender_name": name,
        "subject": line_of(headers.get("Subject", ""), 250),
        "references": tuple(dict.fromkeys([*near, *far]))[:MOST_REFERENCES],
    }


def _set_aside(raw: bytes, headers: Message, reason: IncomingReason) -> Incoming:
    return Incoming(
        **_envelope(raw, headers), kind=IncomingKind.UNREADABLE, text=words.beginning_of(raw), reason=reason
    )


def _kind_of(report: DeliveryReport) -> IncomingKind:
    match report.verdict:
        case DeliveryVerdict.DELIVERED:
            return IncomingKind.AUTOMATIC
        case DeliveryVerdict.DELAYED:
            return IncomingKind.DELAY
        case _:
            return IncomingKind.BOUNCE


def _returned_id(mail: MailPart, settings: Settings) -> int | None:
    """Return which of our messages this mail came back from, by a genuine return path in its recipient headers."""
    if not settings.mail_return_path:
        return None
    enclosed = next((part for part in mail.walk() if part.enclosed), None)
    written = [value for name in RECIPIENTS for value in mail.headers.get_all(name, [])[:5]]
    written += enclosed.headers.get_all("Return-Path", [])[:2] if enclosed else []
    for address in [address for value in written for address in addresses_in(value)][:50]:
        if (found := return_path.message_of(address, settings)) is not None:
            return found
    return None


def _own_addresses(settings: Settings) -> set[str]:
    return {
        email_addresses.key(address)
        for address in (parseaddr(settings.mail_sender)[1], settings.imap_address)
        if address
    }


def _is_automatic(mail: MailPart) -> bool:
    """Return whether a program sent the mail (RFC 3834). The subject alone is not enough."""
    headers = mail.headers
    submitted = parameterless(headers.get("Auto-Submitted", ""))
    return (
        submitted not in ("", "no")
        or parameterless(headers.get("Precedence", "")) in BULK
        or any(name in headers for name in AUTOMATIC)
        or headers.get("Return-Path", "").strip() == "<>"
        or (mail.type == "multipart/report" and "feedback-report" not in headers.get("Content-Type", "").lower())
    )


def _pdf_files(mail: MailPart) -> tuple[tuple[str, bytes], ...]:
    """Return name and bytes of the PDF files that the sender attached. Names may say anything: the bytes decide later."""
    parts = (part for part in mail.walk() if not part.enclosed and not part.children)
    named = [part for part in parts if part.type == PDF or part.filename.lower().endswith(".pdf")]
    return tuple((part.filename or "surat.pdf", part.data(MOST_BYTES)) for part in named[:MOST_FILES])


def _is_by_list(headers: Message) -> bool:
    return parameterless(headers.get("Precedence", "")) == "list" or any(name in headers for name in LISTS)


def _digest(raw: bytes) -> str:
    return f"sha256:{sha256(raw).hexdigest()[:40]}"
