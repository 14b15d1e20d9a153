"""Cut a mail that has marks instead of one recipient's values, and fill in other recipients' values.

Each slot knows the encoding of its place. If a value can move the line breaks, the whole line is written again, so a
filled mail equals a composed one byte for byte. A token has a fixed length and plain characters, so it is filled in
across line breaks.
"""

import re
import secrets
from binascii import a2b_qp
from collections.abc import Iterator, Sequence
from email.quoprimime import body_encode
from operator import itemgetter
from typing import NamedTuple

from icalendar import Parameters
from icalendar.parser import Contentline
from markupsafe import escape

from outreach.delivery.line_ends import WholeMail, has_lone_break
from outreach.delivery.mail.body import BOUNDARY

WIDTH = 76  # octets, with the "=" of a soft break


_QUOTED = {byte: body_encode(chr(byte)) for byte in range(256) if chr(byte) not in "\r\n\t "}


CRLF = b"\r\n"
_SECRET = secrets.token_hex(8)  # so that nobody can write a mark into a title
TOKEN = secrets.token_hex(19)
ADDRESS = f"{_SECRET}@mark.example"
MESSAGE_ID = f"<{_SECRET}@mark.example>"
_MARK = re.compile(rf"m{_SECRET}&(amp;)?(\d\d)m|({TOKEN})|({ADDRESS})")
_BROKEN_TOKEN = re.compile(rb"(?:=\r\n|\r\n )?".join(bytes([byte]) for byte in TOKEN.encode()))
_BREAK = re.compile(rb"=\r\n|\r\n ")
_WANTS_QUOTES = re.compile("[ ',;:]")
_ESCAPED = re.compile(r'["^\\]')  # RFC 6868
_FOLD = 74  # octets that icalendar leaves on a line; RFC 5545, 3.1 allows 75
_HEADS = {b"To: ": "to", b"Date: ": "date", b"Message-ID: ": "message_id"}

_PLAIN = re.compile(r"[ !#-%(-;?-~]*")  # needs no encoding in HTML or quoted-printable

Value = tuple[int, bool]  # index of the value, -1 for the token; whether it is in HTML


def mark(number: int) -> str:
    """Return the mark for a value: one word. Its "&" shows whether the place is HTML."""
    return f"m{_SECRET}&{number:02}m"


class Filling(NamedTuple):
    """One mail's values. The fields are complete, with CRLF. stamp: DTSTAMP. values: one line each, not empty."""

    to: bytes
    date: bytes
    message_id: bytes
    stamp: bytes
    name: str
    address: str
    token: str
    values: tuple[str, ...]


class _Line(NamedTuple):
    """A line of text with values. words: quoted-printable, with %s for each value."""

    words: str
    values: tuple[Value, ...]


class _Attendee(NamedTuple):
    before: str
    between: str
    after: str


_Piece = bytes | str | slice | _Line | _Attendee  # constant bytes, a field's name, a part of the token, or a line
_FIELDS = ("to", "date", "message_id", "stamp")


class Frame:
    """A mail with slots; its lines end in CRLF.

    Filling is the only work per recipient, so everything else is prepared here.
    """

    def __init__(self, pieces: Sequence[_Piece]) -> None:
        self._fixed = tuple(piece for piece in pieces if isinstance(piece, bytes))
        slices = {(p.start, p.stop): p for p in pieces if isinstance(p, slice)}
        lines = list(dict.fromkeys(p for p in pieces if isinstance(p, _Line)))
        self._attendees = tuple(dict.fromkeys(p for p in pieces if isinstance(p, _Attendee)))
        self._slices = tuple(slices.values())
        self._hidden_slices = tuple(b"x" * (piece.stop - piece.start) for piece in self._slices)
        self._values = tuple(dict.fromkeys(value for line in lines for value in line.values))
        self._lines = tuple((line.words, tuple(self._values.index(value) for value in line.values)) for line in lines)
        self._secret_lines = tuple(
            index for index, line in enumerate(lines) if any(number < 0 for number, _ in line.values)
        )
        fixed = iter(range(len(self._fixed)))
        numbers: dict[object, int] = {}
        for movable in (*_FIELDS, *slices, *lines, *self._attendees):
            numbers[movable] = len(self._fixed) + len(numbers)
        order = [
            next(fixed) if isinstance(p, bytes) else numbers[(p.start, p.stop) if isinstance(p, slice) else p]
            for p in pieces
        ]  # fmt: skip
        self._pick = itemgetter(*order)

    def lay(self, filling: Filling) -> WholeMail:
        """Return the mail with these values. Raise ValueError if a value has a line break."""
        return self.lay_both(filling)[0]

    def lay_both(self, filling: Filling) -> tuple[WholeMail, bytes]:
        """Return the mail with these values, and the same mail with its token hidden as mail/kept.py hides it.

        Raise ValueError if a value has a line break.
        """
        to, date, message_id, stamp, name, address, token, values = filling
        given = (*values, token)
        said = "".join((name, address, *given))
        if "\n" in said or "\r" in said:  # a complete CRLF would also begin a new line
            raise ValueError("A line break in a value.")
        written = []
        for number, in_html in self._values:
            value = given[number]
            if not _PLAIN.fullmatch(value):
                value = quoted(str(escape(value)) if in_html else value)
            written.append(value)
        lines = [_filled(line, written) for line in self._lines]
        attendees = [_attendee_line(attendee, name, address) for attendee in self._attendees]
        encoded = token.encode("ascii")
        stretches = [encoded[stretch] for stretch in self._slices]
        if has_lone_break(b"".join((to, date, message_id, stamp, *lines, *attendees))):
            raise ValueError("A line break in a value.")
        pieces = (*self._fixed, to, date, message_id, stamp, *stretches, *lines, *attendees)
        mail = WholeMail(b"".join(self._pick(pieces)))
        if self._secret_lines:
            written = [
                "x" * len(token) if number < 0 else text
                for (number, _), text in zip(self._values, written, strict=True)
            ]
            for at in self._secret_lines:
                lines[at] = _filled(self._lines[at], written)
        pieces = (*self._fixed, to, date, message_id, stamp, *self._hidden_slices, *lines, *attendees)
        return mail, b"".join(self._pick(pieces))

    def sample(self) -> bytes:
        """Return the mail with values that say nothing of a recipient."""
        values = tuple("x" for _ in range(1 + max((number for number, _ in self._values), default=0)))
        return self.lay(
            Filling(b"To: x\r\n", b"Date: x\r\n", b"Message-ID: x\r\n", b"x", "x", "x", "x" * len(TOKEN), values)
        )


def _filled(line: tuple[str, tuple[int, ...]], written: Sequence[str]) -> bytes:
    words, places = line
    return broken(words % tuple([written[at] for at in places]))


def cut(data: bytes, stamp: bytes) -> Frame | None:
    """Return the frame of a mail whose values are marks, or None if a mark is in an unknown place.

    stamp: DTSTAMP as written in the mail's calendar objects.
    """
    head, blank, body = data.partition(CRLF + CRLF)
    pieces: list[_Piece] = []
    try:
        pieces += _fields(head + CRLF)
        pieces += _body(CRLF + body, stamp) if blank else ()
    except _UnknownPlace:
        return None
    found: list[_Piece] = []
    run = b""
    for piece in (*pieces, ""):
        if isinstance(piece, bytes):
            run += piece
            continue
        found += _tokens(run)
        run = b""
        found += [piece] if piece else []
    left = b"".join(piece for piece in found if isinstance(piece, bytes))
    return None if _SECRET.encode() in left or TOKEN[:8].encode() in left else Frame(found)


class _UnknownPlace(Exception):
    """A mark is in a place where no slot can be made."""


def _fields(head: bytes) -> Iterator[bytes | str]:
    """Yield the header. For a field that differs by recipient, yield only its name."""
    for field in re.findall(rb"[^\r]*\r\n(?: [^\r]*\r\n)*", head):
        yield next((name for start, name in _HEADS.items() if field.startswith(start)), field)


def _body(body: bytes, stamp: bytes) -> Iterator[bytes | str | _Line | _Attendee]:
    """Yield the body: lines with marks as slots, the others unchanged."""
    in_head, kind = False, b""
    lines = body.split(CRLF)
    last = len(lines) - 1
    at = 0
    while at <= last:
        line = lines[at]
        at += 1
        end = CRLF if at <= last else b""
        if line.startswith(b"--" + BOUNDARY):
            in_head, kind = not line.endswith(b"--"), b""
        elif in_head:
            in_head = bool(line)
            kind = line if line.startswith(b"Content-Type: ") else kind
        elif kind:
            whole = [line]
            while whole[-1].endswith(b"="):
                whole.append(lines[at])
                at += 1
            if b"calendar" in kind and line.startswith(b"ATTENDEE"):
                while lines[at].startswith(b" ") or whole[-1].endswith(b"="):
                    whole.append(lines[at])
                    at += 1
                yield _attendee(CRLF.join(whole))
                continue
            if b"calendar" in kind and line == b"DTSTAMP:" + stamp:
                yield b"DTSTAMP:"
                yield "stamp"
                yield CRLF
                continue
            text = a2b_qp(CRLF.join(whole)).decode()
            yield _line(text) if _needs_writing(text) else CRLF.join(whole) + CRLF
            continue
        yield line + end


def _needs_writing(text: str) -> bool:
    return any(found[2] for found in _MARK.finditer(text))


def _line(text: str) -> _Line:
    words, values, end = "", [], 0
    for found in _MARK.finditer(text):
        if found[4]:
            raise _UnknownPlace
        words += f"{_literal(text[end : found.start()])}%s"
        values.append((-1, False) if found[3] else (int(found[2]), bool(found[1])))
        end = found.end()
    if text.endswith("\t"):
        raise _UnknownPlace
    return _Line(words + _literal(text[end:]), tuple(values))


def _literal(text: str) -> str:
    return quoted(text).replace("%", "%%")


def _attendee(written: bytes) -> _Attendee:
    text = a2b_qp(written).decode().replace("\r\n ", "")
    marks = list(_MARK.finditer(text))
    if len(marks) != 2 or not marks[0][2] or not marks[1][4]:
        raise _UnknownPlace
    (name, address) = marks
    return _Attendee(text[: name.start()], text[name.end() : address.start()], text[address.end() :])


def _attendee_line(line: _Attendee, name: str, address: str) -> bytes:
    """Return the ATTENDEE line as icalendar writes it, folded, in quoted-printable."""
    text = f"{line.before}{_parameter(name)}{line.between}{address}{line.after}"
    if text.isascii() and "\\" not in text and "^" not in text:
        rows = [text[:_FOLD], *[f" {text[start : start + _FOLD]}" for start in range(_FOLD, len(text), _FOLD)]]
    else:
        rows = Contentline(text).to_ical().decode().split("\r\n")
    return b"".join([broken(quoted(row)) for row in rows])


def _parameter(name: str) -> str:
    if name.isascii() and not _ESCAPED.search(name):
        return f'"{name}"' if _WANTS_QUOTES.search(name) else name
    return Parameters({"CN": name}).to_ical().decode().removeprefix("CN=")


def _tokens(run: bytes) -> Iterator[bytes | slice]:
    """Yield constant bytes with the token cut out, also where line breaks split it."""
    end = 0
    for found in _BROKEN_TOKEN.finditer(run):
        yield run[end : found.start()]
        end = found.end()
        at = start = 0
        text = found[0]
        for gap in _BREAK.finditer(text):
            size = gap.start() - at
            yield slice(start, start + size)
            yield gap[0]
            start, at = start + size, gap.end()
        yield slice(start, start + len(text) - at)
    yield run[end:]


def quoted(text: str) -> str:
    """Return text without line breaks in quoted-printable, before any soft breaks."""
    if text.isascii() and text.isprintable():
        return text.replace("=", "=3D")
    return text.encode().decode("latin-1").translate(_QUOTED)


def broken(line: str) -> bytes:
    """Return a quoted line with CRLF, with soft breaks if it is too long."""
    if len(line) <= WIDTH and line[-1:] != " ":
        return line.encode("ascii") + b"\r\n"
    rows: list[str] = []
    start, length = 0, len(line)
    while length - start > WIDTH:
        stop = start + WIDTH - 1
        if line[stop - 1] == "=":  # no break within "=3D"
            stop -= 1
        elif line[stop - 2] == "=":
            stop -= 2
        rows.append(line[start:stop])
        start = stop
    rows += _ended(line[start:])
    return "=\r\n".join(rows).encode("ascii") + b"\r\n"


def _ended(rest: str) -> list[str]:
    """Return the last row or two rows. A space at the end must be encoded or it may get lost on the way."""
    if not rest.endswith(" "):
        return [rest]
    if len(rest) <= WIDTH - 2:
        return [f"{rest[:-1]}=20"]
    return [rest, ""] if len(rest) < WIDTH else [rest[:-1], "=20"]
