"""Whether another server's code and text mean that an address takes no mail, and why.

Only certain faults of the address count: an address blocked by mistake gets no more mail, one not blocked only costs
another report. Pure functions. delivery/inbox/reports.py reads reports, delivery/outbox/address_failures.py stores failures.
"""

import re
from enum import StrEnum


class AddressFault(StrEnum):
    """Why an address takes no mail; the page shows the sentence for it."""

    UNKNOWN = "unknown"  # the server knows no such address
    DOMAIN = "domain"  # the domain takes no mail
    CLOSED = "closed"  # the mailbox takes no mail any more


# Subject and detail of the code (RFC 3463, 3.2 and 3.3; RFC 7505).
FAULTS = {
    **dict.fromkeys(("1.0", "1.1", "1.3", "1.4", "1.5"), AddressFault.UNKNOWN),
    **dict.fromkeys(("1.2", "1.10"), AddressFault.DOMAIN),
    **dict.fromkeys(("1.6", "2.0", "2.1"), AddressFault.CLOSED),
}
FAULTS_IF_SAID = {
    "4.4": AddressFault.DOMAIN,
    "0.0": AddressFault.UNKNOWN,
}  # both codes can also mean something else, such as a domain without a server for now
_OF = r"(?:user|mailbox|recipient|address|account|host|domain|person|alias)"
_UNKNOWN = re.compile(
    rf"\b(?:no such|unknown|invalid|non-?existent) (?:\w{{1,20}} )?{_OF}|"
    rf"\b{_OF}(?: name)?[^.;]{{0,40}} (?:unknown|not found|not exist|not known|no longer)|"
    rf"\b{_OF} (?:name )?(?:unknown|not found)|does(?:n't| not) (?:exist|have an account)|not a valid (?:\w{{1,20}} )?{_OF}|"
    r"no mailbox here",
    re.IGNORECASE,
)
_SENDER = re.compile(r"\bsender|\bmail from\b", re.IGNORECASE)
_POLICY = re.compile(
    r"\bsender|spam|polic(?:y|ies)|blocked|block ?list|black ?list|reputation|\bdmarc\b|\bspf\b|\bdkim\b|"
    r"unsolicited|virus|content rejected|\bdnsbl\b|\brbl\b|not authenticated|rate limit",
    re.IGNORECASE,
)
_ENHANCED = re.compile(r"5\.(\d{1,3}\.\d{1,3})(?![\d.])")  # stands at the start of a reply's text (RFC 2034, 4)


def fault_of(code: str, words: str) -> AddressFault | None:
    """Return what a permanent failure says about the address; None if the address may be good.

    code: subject and detail by RFC 3463, such as "1.1"; "0.0" if there is none.
    """
    unknown = bool(_UNKNOWN.search(words)) and not _SENDER.search(words)
    if code in FAULTS and (unknown or not _POLICY.search(words)):
        return FAULTS[code]
    return FAULTS_IF_SAID.get(code) if unknown else None


def fault_in_reply(words: str) -> AddressFault | None:
    """Return what our mail server's refusal (5xx) says about the only recipient. None without an enhanced code."""
    found = _ENHANCED.match(words)
    return fault_of(found[1], words) if found else None
