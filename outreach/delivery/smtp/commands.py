"""Turn a mail into SMTP commands and bytes: MAIL and RCPT with extensions, dots doubled, no injected commands.

Plain functions. smtp/pipeline.py decides when they are sent.
"""

import re
import smtplib
from dataclasses import dataclass

from outreach.delivery.line_ends import whole
from outreach.delivery.smtp.outcomes import Envelope, Permanent
from outreach.domain.directory import email_addresses

# Text between < and >. It has no space, control character or bracket, so it cannot become another command.
_ADDRESS = re.compile(r"[^\s<>@\x00-\x20\x7f-\x9f]{1,320}@[^\s<>@\x00-\x20\x7f-\x9f]{1,255}")


@dataclass(frozen=True)
class Extensions:
    """Extensions that the server announced. size: largest mail in bytes; 0: no limit; None: SIZE not announced."""

    size: int | None = None
    pipelining: bool = False  # RFC 2920
    chunking: bool = False  # RFC 3030
    eight_bit: bool = False  # 8BITMIME, RFC 6152
    foreign_letters: bool = False  # SMTPUTF8, RFC 6531

    @classmethod
    def of(cls, host: smtplib.SMTP) -> "Extensions":
        """Return the extensions in the server's last answer to EHLO."""
        announced = host.esmtp_features
        size = announced.get("size")
        return cls(
            size=None if size is None else int(size) if size.isdigit() else 0,
            pipelining="pipelining" in announced,
            chunking="chunking" in announced,
            eight_bit="8bitmime" in announced,
            foreign_letters="smtputf8" in announced,
        )


def envelope_commands(mail: Envelope, known: Extensions) -> tuple[bytes, bytes]:
    """Return the MAIL and RCPT commands. Raise Permanent if this server cannot take the mail."""
    sender = _written(mail.sender) if mail.sender else ""  # a delivery report has an empty sender (RFC 5321, 4.5.5)
    recipient = _written(mail.recipient)
    options = ""
    if known.size is not None:
        if 0 < known.size < len(mail.data):
            raise Permanent(None, f"The mail has {len(mail.data)} bytes; the mail server takes {known.size} at most.")
        options = f" SIZE={len(mail.data)}"
    if known.eight_bit and not mail.data.isascii():
        options += " BODY=8BITMIME"
    if not (sender.isascii() and recipient.isascii()):
        if not known.foreign_letters:
            raise Permanent(None, "The mail server does not take addresses with such letters (SMTPUTF8).")
        options += " SMTPUTF8"
    return f"MAIL FROM:<{sender}>{options}\r\n".encode(), f"RCPT TO:<{recipient}>\r\n".encode()


def dotted(data: bytes) -> bytes:
    """Return the mail as sent after DATA: dots doubled, with the final dot (RFC 5321, 4.5.2)."""
    doubled = whole(data)
    if doubled.rfind(b"\r\n.") >= 0:
        doubled = doubled.replace(b"\r\n.", b"\r\n..")
    return b"".join((b"." if doubled.startswith(b".") else b"", doubled, b".\r\n"))


def _written(address: str) -> str:
    """Return the address with its domain in the form that every server knows (IDNA)."""
    if not _ADDRESS.fullmatch(address):
        raise Permanent(None, "The address cannot stand in an envelope.")
    if address.isascii():
        return address
    try:
        return email_addresses.on_the_wire(address)
    except UnicodeError:
        raise Permanent(None, "The address has an impossible domain.") from None
