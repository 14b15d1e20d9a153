"""A mail's bytes as values: what it is taken for, who says it, what it is about. Reading never fails and does nothing.

What cannot be read is `UNREADABLE`, with its first lines. Applying what was read is services/inbox/receive.py.
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

MOST_BYTES = 5 * 1024 * 1024  # of a mail that is read; of a larger one, the headers alone
MOST_REFERENCES = 20
# Where servers note whom a mail was delivered for; the address of a report is our return path.
RECIPIENTS = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc")
# By a list or a group's address a person may write as well, and Exchange notes on each mail whether it wants replies.
AUTOMATIC = ("X-Autoreply", "X-Autorespond", "X-Autoresponder")
BULK = frozenset({"bulk", "junk", "auto_reply"})
LISTS = ("List-Id", "List-Unsubscribe")
_BLANK = re.compile(rb"\r?\n\r?\n")
_MAIL_ID = re.compile(r"<[^<>\s]{3,240}>")
log = structlog.get_logger()


@dataclass(frozen=True)
class Incoming:
    """One mail. references: the Message-IDs it answers, the nearest first. sender_proven: the address is its one
    author's, and our server did not find otherwise (proof.py). digest: of what it says, to know copies by. returned_id: our
    message's id, by the return path it came to; returned_reference: by the mail a report gives back. by_list: a letter that
    came by a mailing list or a group's address, be it a person's or a program's. reason: why it is automatic or unreadable."""

    kind: IncomingKind
    message_id: str  # "sha256:…" of a mail without one
    sender: str = ""  # address in small letters, as it claims
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
    reason: IncomingReason | None = None


def read(raw: bytes, settings: Settings, *, whole: bool = True) -> Incoming:
    """Return what a mail says. whole: False where it was too large, and `raw` is its beginning."""
    try:
        return _read(raw[:MOST_BYTES], settings, whole=whole and len(raw) <= MOST_BYTES)
    except Exception as error:  # whatever a stranger sends, the mails behind it must be read
        log.error("mail not readable", error=type(error).__name__)
        return unreadable(raw, IncomingReason.BROKEN)


def unreadable(raw: bytes, reason: IncomingReason) -> Incoming:
    """Return a mail as one that is set aside, of which nothing is known but its first lines."""
    return Incoming(IncomingKind.UNREADABLE, _digest(raw), text=words.beginning_of(raw), reason=reason)


def _read(raw: bytes, settings: Settings, *, whole: bool) -> Incoming:
    if not whole:
        return _set_aside(raw, headers_of(raw), IncomingReason.TOO_LARGE if raw else IncomingReason.BROKEN)
    mail, too_complex = parts_of(raw)
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
    if known["sender"] in _own_addresses(settings):
        return Incoming(**known, kind=IncomingKind.AUTOMATIC, reason=IncomingReason.OWN)
    try:
        reply = replies.reply_in(mail)
    except replies.CalendarTooLarge:
        return _set_aside(raw, mail.headers, IncomingReason.TOO_COMPLEX)
    kind = IncomingKind.LETTER
    if reply is not None:
        kind = IncomingKind.ANSWER
    elif _is_automatic(mail):
        kind = IncomingKind.AUTOMATIC
    if reply is not None:
        known["digest"] = _digest(repr(reply).encode())
    return Incoming(
        **known,
        kind=kind,
        sender_proven=bool(known["sender"]) and known["sender"] == email_addresses.key(proven_sender(raw)),
        returned_id=returned,
        reply=reply,
        text=words.words_of(mail),
        by_list=kind is IncomingKind.LETTER and _is_by_list(mail.headers),
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
    """Return which of our messages this mail came back from, by a genuine return path among its recipients."""
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
    """Return whether a program sent it (RFC 3834): what a subject says alone does not make it so."""
    headers = mail.headers
    submitted = parameterless(headers.get("Auto-Submitted", ""))
    return (
        submitted not in ("", "no")
        or parameterless(headers.get("Precedence", "")) in BULK
        or any(name in headers for name in AUTOMATIC)
        or headers.get("Return-Path", "").strip() == "<>"
        or (mail.type == "multipart/report" and "feedback-report" not in headers.get("Content-Type", "").lower())
    )


def _is_by_list(headers: Message) -> bool:
    return parameterless(headers.get("Precedence", "")) == "list" or any(name in headers for name in LISTS)


def _digest(raw: bytes) -> str:
    return f"sha256:{sha256(raw).hexdigest()[:40]}"
