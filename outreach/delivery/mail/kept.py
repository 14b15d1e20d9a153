"""A sent mail as it is kept to be read later: its bytes without the recipient's secret link, compressed.

With a token in the database, anybody who reads a backup could answer in the recipient's name. So each character of the
token is replaced. outbox/results.py stores what was handed over.
"""

import re
import zlib
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

_BREAK = rb"(?:=\r\n|\r\n )?"  # of quoted-printable, or of a folded line
_TOKEN = re.compile(rb"/%bj%b/((?:%b[A-Za-z0-9_-]){20,})" % (_BREAK, _BREAK, _BREAK))
_SECRET = re.compile(rb"[A-Za-z0-9_-]")


def kept(data: bytes) -> bytes:
    """Return what is stored of a mail. data: the whole mail with CRLF."""
    return zlib.compress(_TOKEN.sub(_hidden, data), 1)


def mail_of(data: bytes) -> EmailMessage:
    """Return a stored mail, parsed."""
    return message_from_bytes(zlib.decompress(data), policy=default)  # type: ignore[return-value]


def _hidden(found: re.Match[bytes]) -> bytes:
    start = found.start(1) - found.start()
    return found[0][:start] + _SECRET.sub(b"x", found[1])
