"""A sent mail as it is kept to be read later: its bytes without the recipient's secret link, compressed.

With a token in the database, anybody who reads a backup could answer in the recipient's name. So each character of the
token is replaced. Mails of one frame (mail/frames) differ in a few values only, so each is compressed with the frame as
zlib's dictionary: about 900 bytes in place of 4 KB, in a fifth of the time. outbox/results.py stores what was handed over.
"""

import hashlib
import re
import zlib
from collections.abc import Callable
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import NamedTuple

LEVEL = 1  # higher levels take three times as long and save a tenth
_BREAK = rb"(?:=\r\n|\r\n )?"  # of quoted-printable, or of a folded line
_TOKEN = re.compile(rb"/%b[jkr]%b/((?:%b[A-Za-z0-9_-]){20,})" % (_BREAK, _BREAK, _BREAK))
_SECRET = re.compile(rb"[A-Za-z0-9_-]")
_PICTURE = re.compile(rb"(Content-ID: <code-[^\r]*\r\n(?:[^\r]+\r\n)*\r\n)[A-Za-z0-9+/=\r\n]+?(?=--=_)")


class KeptFrame:
    """What the mails of a frame share, as the dictionary for compressing them.

    key: also of the day, so that a frame of an earlier day gets no further mails and may be deleted once none is left.
    data: the sample, compressed. sample: a mail of the frame that says nothing of a recipient.
    """

    def __init__(self, sample: bytes, made_on: date) -> None:
        self.key = hashlib.blake2b(made_on.isoformat().encode() + sample, digest_size=16).hexdigest()
        self.made_on = made_on
        self.data = zlib.compress(sample)
        self._compressor = zlib.compressobj(LEVEL, zdict=sample)

    def compress(self, hidden: bytes) -> bytes:
        """Return a mail without its token, compressed."""
        compressor = self._compressor.copy()
        return compressor.compress(hidden) + compressor.flush()


class StoredMail(NamedTuple):
    """What is stored of a mail. frame: None if it was compressed alone."""

    data: bytes
    frame: KeptFrame | None = None


class WrittenMail(NamedTuple):
    """A mail in full, with CRLF. kept: returns what is stored of it."""

    data: bytes
    kept: Callable[[], StoredMail]


def kept(data: bytes) -> StoredMail:
    """Return what is stored of a mail without a frame. data: the whole mail with CRLF."""
    return StoredMail(zlib.compress(hidden(data), LEVEL))


def hidden(data: bytes) -> bytes:
    """Return a mail with each character of its token and of its code for the door replaced, and without the code's picture."""
    return _TOKEN.sub(_hidden, _PICTURE.sub(rb"\1", data))


def mail_of(data: bytes, frame: bytes | None = None) -> EmailMessage:
    """Return a stored mail, parsed. frame: as for `whole_of`."""
    return message_from_bytes(whole_of(data, frame), policy=default)  # type: ignore[return-value]


def whole_of(data: bytes, frame: bytes | None) -> bytes:
    """Return the bytes of a stored mail. frame: the stored frame that it was compressed with."""
    inflater = zlib.decompressobj(zdict=zlib.decompress(frame)) if frame is not None else zlib.decompressobj()
    return inflater.decompress(data) + inflater.flush()


def _hidden(found: re.Match[bytes]) -> bytes:
    start = found.start(1) - found.start()
    return found[0][:start] + _SECRET.sub(b"x", found[1])
