"""What the mail server's replies mean for a mail: accepted, not now, never, in doubt, or nothing can be sent at all.

Values only. The talking is delivery/smtp/pipeline.py, what becomes of a message afterwards delivery/outbox/drain.py.
"""

import re
from dataclasses import dataclass

from outreach.domain.mail.failures import ChannelTrouble

MAIL_FROM, RCPT_TO, DATA, END, RSET = "MAIL FROM", "RCPT TO", "DATA", "end of data", "RSET"
CLOSING = 421  # the server's word that it closes the connection (RFC 5321, 3.8)
OUT_OF_ORDER = 503
TOO_LARGE = 552  # in answer to MAIL: this mail's size (RFC 1870, 6.1), and not its sender
LOGIN_NEEDED = frozenset({530, 534, 535, 538})  # RFC 4954, 6
POLICY = re.compile(rb"5\.7\.\d+\b|(?i:relay)")  # RFC 3463, 3.8; older servers have no such code, only the word


@dataclass(frozen=True, slots=True)
class Envelope:
    sender: str  # bare address
    recipient: str  # bare address
    data: bytes  # the whole mail, lines ending in CRLF


@dataclass(frozen=True, slots=True)
class Accepted:
    code: int
    words: str


class NotSent(Exception):
    """The mail was not taken. code: SMTP's, or None where the server said nothing."""

    def __init__(self, code: int | None, words: str) -> None:
        self.code = code
        self.words = words
        super().__init__(f"{code or ''} {words}".strip())


class Temporary(NotSent):
    """Not now: try this mail again later. It is certain that it was not handed over."""


class Permanent(NotSent):
    """Never: the server refuses this mail for good."""


class InDoubt(NotSent):
    """The mail's last byte went out, and no answer came: the server may or may not have it."""


class ChannelDown(NotSent):
    """Nothing can be sent at all, whoever the recipient is."""

    def __init__(self, trouble: ChannelTrouble, code: int | None, words: str) -> None:
        self.trouble = trouble
        super().__init__(code, words)


Outcome = Accepted | Temporary | Permanent | InDoubt


def refusal(verb: str, code: int, words: bytes) -> Temporary | Permanent | ChannelDown:
    """Return what a 4xx or 5xx in answer to `verb` means."""
    if code in LOGIN_NEEDED:
        return ChannelDown(ChannelTrouble.LOGIN, code, text(words))
    if code < 500:
        return Temporary(code, text(words))
    if verb == MAIL_FROM and code != TOO_LARGE:
        return ChannelDown(ChannelTrouble.SENDER, code, text(words))
    return Permanent(code, text(words))


def about_policy(code: int, words: bytes) -> bool:
    """Return whether a refused recipient may be meant for us: "relay access denied" says it of everybody."""
    return code >= 500 and POLICY.search(words) is not None


def text(words: bytes | str) -> str:
    """Return the server's words on one line, at most 300 characters, without characters that no database keeps."""
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    line = " ".join(said.split())[:300]
    return line if line.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in line)
