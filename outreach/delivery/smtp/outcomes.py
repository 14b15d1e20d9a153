"""What the mail server's reply means for a mail: accepted, temporary, permanent, in doubt, or channel down.

Values only. smtp/pipeline.py talks to the server. outbox/settle.py decides what happens to the message.
"""

import re
from dataclasses import dataclass

from outreach.domain.mail.failures import ChannelTrouble

MAIL_FROM, RCPT_TO, DATA, END, RSET = "MAIL FROM", "RCPT TO", "DATA", "end of data", "RSET"
CLOSING = 421  # the server closes the connection (RFC 5321, 3.8)
OUT_OF_ORDER = 503
TOO_LARGE = 552  # as answer to MAIL: the mail's size is refused (RFC 1870, 6.1), not its sender
LOGIN_NEEDED = frozenset({530, 534, 535, 538})  # RFC 4954, 6
POLICY = re.compile(rb"5\.7\.\d+\b|(?i:relay)")  # RFC 3463, 3.8; older servers send only the word, no code


@dataclass(frozen=True, slots=True)
class Envelope:
    sender: str  # address only
    recipient: str  # address only
    data: bytes  # the whole mail, lines ending in CRLF


@dataclass(frozen=True, slots=True)
class Accepted:
    code: int
    words: str


class NotSent(Exception):
    """The mail was not accepted. code: SMTP reply code, or None if the server sent none."""

    def __init__(self, code: int | None, words: str) -> None:
        self.code = code
        self.words = words
        super().__init__(f"{code or ''} {words}".strip())


class Temporary(NotSent):
    """Try this mail again later. It was certainly not handed over."""


class Permanent(NotSent):
    """The server refuses this mail permanently."""


class InDoubt(NotSent):
    """The mail's last byte was sent, but no answer came: the server may or may not have the mail."""


class ChannelDown(NotSent):
    """No mail can be sent at present, to any recipient."""

    def __init__(self, trouble: ChannelTrouble, code: int | None, words: str) -> None:
        self.trouble = trouble
        super().__init__(code, words)


Outcome = Accepted | Temporary | Permanent | InDoubt


def refusal(verb: str, code: int, words: bytes) -> Temporary | Permanent | ChannelDown:
    """Return the meaning of a 4xx or 5xx reply to `verb`."""
    if code in LOGIN_NEEDED:
        return ChannelDown(ChannelTrouble.LOGIN, code, text(words))
    if code < 500:
        return Temporary(code, text(words))
    if verb == MAIL_FROM and code != TOO_LARGE:
        return ChannelDown(ChannelTrouble.SENDER, code, text(words))
    return Permanent(code, text(words))


def about_policy(code: int, words: bytes) -> bool:
    """Return whether a recipient's refusal may be about us: "relay access denied" is the same for every recipient."""
    return code >= 500 and POLICY.search(words) is not None


def text(words: bytes | str) -> str:
    """Return the server's text on one line, at most 300 characters, with unprintable characters replaced."""
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    line = " ".join(said.split())[:300]
    return line if line.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in line)
