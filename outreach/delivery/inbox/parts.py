"""Split a mail into its parts (RFC 2045, 2046) within fixed limits: time linear in its bytes, whatever its headers say.

The standard library's parser nests as deep as the mail says and spends time on each line at each depth. It is therefore
used only for header values. Other files decide what a part means.
"""

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.policy import compat32

from outreach.delivery.inbox.decoding import clean, text_of

MOST_DEPTH = 12
MOST_PARTS = 1000
MOST_HEADER_BYTES = 64 * 1024
MOST_HEADERS = 500
MOST_VALUE = 4000  # characters kept of a header's value: its beginning and its end
MOST_TEXT = 512 * 1024  # bytes of a part that are decoded
MULTIPART, DIGEST, ENCLOSED = "multipart", "multipart/digest", ("message/rfc822", "message/global")
_BLANK = re.compile(rb"\r?\n\r?\n")
_BOUNDARY = re.compile(rb"(?<=\n)--([^\s-][^\r\n]{0,190}?|-[^\r\n]{1,190}?)[ \t]*\r?\n(?=(?i:content-|\r?\n))")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_NAME = re.compile(r"[!-9;-~]{1,80}")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


@dataclass(frozen=True)
class MailPart:
    """One part of a mail. enclosed: it belongs to a mail inside this mail, so its sender did not write it."""

    headers: Message
    body: bytes  # raw: still encoded
    children: tuple["MailPart", ...] = ()
    enclosed: bool = False

    @property
    def type(self) -> str:
        return self.headers.get_content_type()

    @property
    def attached(self) -> bool:
        return parameterless(self.headers.get("Content-Disposition", "")) == "attachment"

    @property
    def filename(self) -> str:
        named = parameter(self.headers, "filename", "content-disposition") or parameter(self.headers, "name")
        return clean(named)[:200]

    def data(self, most: int = MOST_TEXT) -> bytes:
        """Return the part's decoded bytes, from at most `most` encoded bytes."""
        body = self.body[:most]
        match parameterless(self.headers.get("Content-Transfer-Encoding", "")):
            case "base64":
                letters = _NOT_BASE64.sub(b"", body)
                return binascii.a2b_base64(letters[: len(letters) // 4 * 4] + _rest_of(letters))
            case "quoted-printable":
                return binascii.a2b_qp(body)
        return body

    def text(self, most: int = MOST_TEXT) -> str:
        return text_of(self.data(most), parameter(self.headers, "charset"))

    def walk(self) -> Iterator["MailPart"]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass
class _Bounds:
    """Limits while splitting. too_complex: the mail has more or deeper parts than are read."""

    left: int = MOST_PARTS
    too_complex: bool = field(default=False)


def parts_of(raw: bytes) -> tuple[MailPart, bool]:
    """Return a mail as a tree of parts, and whether it has more or deeper parts than are read."""
    bounds = _Bounds()
    return _part(raw, 0, len(raw), 0, bounds, enclosed=False), bounds.too_complex


def headers_of(block: bytes) -> Message:
    """Return a block of headers, each value as one line. Very long values keep only their beginning and end."""
    found = Message(policy=compat32)
    for line in _FOLD.sub(b" ", block[:MOST_HEADER_BYTES]).splitlines()[:MOST_HEADERS]:
        name, colon, value = line.partition(b":")
        written = name.decode("ascii", "replace").strip()
        if colon and _NAME.fullmatch(written):
            half = MOST_VALUE // 2
            text = text_of(value.strip() if len(value) <= MOST_VALUE else value[:half] + value[-half:])
            found[written] = text.replace("\n", " ")
    return found


def parameter(headers: Message, name: str, header: str = "content-type") -> str:
    """Return a header's parameter; "" if it is missing or unreadable."""
    try:
        found = headers.get_param(name, "", header)
        if isinstance(found, tuple):  # RFC 2231: charset, language, value
            found = text_of(found[2].encode("latin-1", "replace"), found[0] or "")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return str(found).strip()


def parameterless(value: str) -> str:
    """Return a header's value in lower case, without parameters and comments."""
    return value.partition(";")[0].partition("(")[0].strip().lower()


def _part(
    raw: bytes, start: int, end: int, depth: int, bounds: _Bounds, *, enclosed: bool, of_digest: bool = False
) -> MailPart:
    bounds.left -= 1
    header_end, body = _split(raw, start, end)
    headers = headers_of(raw[start:header_end])
    if of_digest:
        headers.set_default_type(ENCLOSED[0])  # RFC 2046, 5.1.5
    children: list[MailPart] = []
    sections: Iterator[tuple[int, int]] = iter(())
    within = enclosed
    if headers.get_content_maintype() == MULTIPART:
        boundary = parameter(headers, "boundary").encode("utf-8", "replace")
        sections = _sections(
            raw, body, end, boundary if _occurs(raw, body, end, boundary) else _guessed(raw, body, end)
        )
    elif headers.get_content_type() in ENCLOSED and not _encoded(headers):
        sections, within = iter([(body, end)]), True
    for section in sections:
        if bounds.left <= 0 or depth >= MOST_DEPTH:
            bounds.too_complex = True
            break
        of_digest = headers.get_content_type() == DIGEST
        children.append(_part(raw, *section, depth + 1, bounds, enclosed=within, of_digest=of_digest))
    return MailPart(headers, b"" if children else raw[body:end], tuple(children), enclosed)


def _split(raw: bytes, start: int, end: int) -> tuple[int, int]:
    """Return where a part's headers end and where its body begins."""
    for empty in (b"\r\n", b"\n"):
        if raw.startswith(empty, start, end):
            return start, start + len(empty)
    found = _BLANK.search(raw, start, min(end, start + MOST_HEADER_BYTES))
    if found is None:
        return min(end, start + MOST_HEADER_BYTES), min(end, start + MOST_HEADER_BYTES)
    return found.start(), found.end()


def _occurs(raw: bytes, start: int, end: int, boundary: bytes) -> bool:
    return bool(boundary) and raw.find(b"--" + boundary, start, end) >= 0


def _guessed(raw: bytes, start: int, end: int) -> bytes:
    """Return the boundary of the first line that looks like one, for a mail whose header names a different boundary or none."""
    found = _BOUNDARY.search(raw, max(0, start - 1), min(end, start + MOST_HEADER_BYTES))
    return found[1] if found else b""


def _sections(raw: bytes, start: int, end: int, boundary: bytes) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each part of a multipart (RFC 2046, 5.1.1)."""
    if not 0 < len(boundary) <= 200:
        return
    mark = re.escape(boundary)
    delimiter = re.compile(rb"(?<=\n)--" + mark + rb"(?P<last>--)?[ \t]*\r?(?:\n|\Z)")
    begun: int | None = None
    for found in delimiter.finditer(raw, start, end):
        if begun is not None:
            yield begun, max(begun, found.start() - (2 if raw[found.start() - 2 : found.start()] == b"\r\n" else 1))
        if found["last"]:
            return
        begun = found.end()
    if begun is not None:  # the mail was cut off
        yield begun, end


def _encoded(headers: Message) -> bool:
    return parameterless(headers.get("Content-Transfer-Encoding", "")) in ("base64", "quoted-printable")


def _rest_of(letters: bytes) -> bytes:
    """Return the last, incomplete base64 group, padded."""
    rest = letters[len(letters) // 4 * 4 :]
    return b"" if len(rest) < 2 else rest + b"=" * (4 - len(rest))
