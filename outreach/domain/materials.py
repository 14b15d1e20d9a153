"""Speakers' materials: which files are taken, what a picture loses before it is kept, and until when they are wanted.

Pure functions. A file's kind is found by its content. Its name decides nothing: it gets the ending of its kind.
"""

import re
import zlib
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from io import BytesIO
from typing import NamedTuple
from zipfile import BadZipFile, ZipFile, ZipInfo
from zoneinfo import ZoneInfo

from lxml import etree

from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState

DAYS = 3  # before the start, where the office has chosen nothing
MOST_DAYS = 30
WANTED_AT = time(16, 0)
MOST_FILES = 10  # of one speaker for one activity
MOST_UNPACKED = 300 * 1024 * 1024  # bytes that the parts of an office file may have together
MOST_PARTS = 5_000
MOST_OF_A_LIST = 1024 * 1024  # bytes of a part that says what an office file consists of
MOST_OF_AN_OBJECT = 20 * 1024 * 1024  # bytes of an embedded object that are looked at
MOST_SEGMENTS = 50_000  # of a picture: a photo has some thousands
MOST_PIXELS = 60_000_000  # of a picture: a phone must be able to open it
MOST_IN_A_STEM = 80


class FileNotTaken(Problem):
    message = (
        "“%(filename)s” was not taken. Please send a PDF, PowerPoint (.pptx), Word (.docx), an OpenDocument presentation "
        "(.odp) or a picture (JPG, PNG, WebP)."
    )
    field = "file"


class PartsNotTaken(Problem):
    message = (
        "“%(filename)s” was not taken: it contains a program, a macro or a web page. Please save it without these."
    )
    field = "file"


class FetchesFromElsewhere(Problem):
    message = "“%(filename)s” was not taken: when it is opened, it fetches something from elsewhere. Please save it without that."
    field = "file"


class UnpacksTooLarge(Problem):
    message = "“%(filename)s” was not taken: unpacked it would be far too large."
    field = "file"


class PhotoNotTaken(Problem):
    message = "“%(filename)s” is not a photo that can be used here. Please send a picture (JPG, PNG, WebP)."
    field = "photo"


class TooManyFiles(Problem):
    message = "%(most)d files are here already. Please remove one first."
    field = "file"


class FilesTooLarge(Problem):
    message = "Your files for one activity may have %(megabytes)s MB together. Please remove one first, or send a smaller one."
    field = "file"


class MaterialsClosed(Problem):
    message = "Nothing can be sent or changed here any more, because the activity has begun. Please call %(contact)s."


class NotASpeaker(Problem):
    message = "Only speakers send materials. If you are one, please call %(contact)s."


class MaterialMissing(Problem):
    message = "This file is not here any more."


class MaterialKind(NamedTuple):
    """A kind of file that is taken. ending: what its name gets."""

    media_type: str
    ending: str

    @property
    def is_picture(self) -> bool:
        return self.media_type.startswith("image/")


PDF = MaterialKind("application/pdf", ".pdf")
PPTX = MaterialKind("application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx")
DOCX = MaterialKind("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx")
ODP = MaterialKind("application/vnd.oasis.opendocument.presentation", ".odp")
JPEG = MaterialKind("image/jpeg", ".jpg")
PNG = MaterialKind("image/png", ".png")
WEBP = MaterialKind("image/webp", ".webp")


class Taken(NamedTuple):
    """A file as it is kept."""

    data: bytes
    kind: MaterialKind
    name: str


def wanted_by(starts_at: datetime, zone: ZoneInfo, days: int) -> datetime:
    """Return until when materials are wanted: 16.00 local time, `days` before the start, and never after it."""
    day = starts_at.astimezone(zone).date() - timedelta(days=days)
    return min(datetime.combine(day, WANTED_AT, tzinfo=zone), starts_at)


def may_send(activity: ActivityState, invitation: InvitationState, starts_at: datetime, now: datetime) -> bool:
    """Return whether a speaker may send, replace and remove: until the activity begins, unless they are not coming."""
    on = activity is ActivityState.POSTPONED or (activity is ActivityState.PUBLISHED and now < starts_at)
    gone = (InvitationState.PREPARED, InvitationState.NOT_COMING, InvitationState.WITHDRAWN)
    return on and invitation not in gone


def taken(data: bytes, name: str) -> Taken:
    """Return a sent file as it is kept: pictures lose what they tell about place, time and device.

    name: without folders. Raise FileNotTaken, PartsNotTaken, FetchesFromElsewhere or UnpacksTooLarge.
    """
    kind = _kind(data, name)
    try:
        kept = _CLEANED[kind](data) if kind.is_picture else data
    except (ValueError, IndexError):
        raise FileNotTaken(filename=name) from None
    return Taken(kept, kind, _named(name, kind))


def photo(data: bytes, name: str) -> Taken:
    """Return a sent photo as it is kept. Raise PhotoNotTaken."""
    try:
        found = taken(data, name)
    except Problem:
        raise PhotoNotTaken(filename=name) from None
    if not found.kind.is_picture:
        raise PhotoNotTaken(filename=name)
    return found


def picture_or_pdf(data: bytes, name: str) -> Taken | None:
    """Return a file as it is kept if it is a picture or a PDF, else None."""
    try:
        found = taken(data, name)
    except Problem:
        return None
    return found if found.kind.is_picture or found.kind is PDF else None


def _named(name: str, kind: MaterialKind) -> str:
    """Return a name of letters, digits and simple signs, with the ending of the file's kind."""
    stem, dot, ending = name.rpartition(".")
    stem = stem if dot and 0 < len(ending) <= 5 else name
    return (re.sub(r"[^\w ()+,-]+", " ", stem).strip(" -")[:MOST_IN_A_STEM].strip() or "materi") + kind.ending


def _kind(data: bytes, name: str) -> MaterialKind:
    if data.startswith(b"%PDF-") and b"startxref" in data[-2048:]:
        return PDF
    if data.startswith(b"\xff\xd8\xff"):
        return JPEG
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WEBP
    if data.startswith(b"PK\x03\x04"):
        return _office_kind(data, name)
    raise FileNotTaken(filename=name)


_PROGRAMS = (
    ".bat", ".cmd", ".com", ".dll", ".exe", ".hta", ".htm", ".html", ".jar", ".js", ".lnk", ".mht", ".msi", ".php",
    ".ps1", ".py", ".scr", ".sh", ".vbs", ".xhtml",
)  # fmt: skip
_PICTURES_IN = ("ppt/media/", "word/media/", "pictures/", "media/")  # PowerPoint keeps its own symbols as SVG there
_MACROS = ("vbaproject", "vbadata", "basic/", "scripts/")
_MACRO_TYPES = re.compile(r"macroEnabled|vbaProject", re.IGNORECASE)
_FETCHED = re.compile(
    r"/(attachedTemplate|oleObject|frame|subDocument|aFChunk|control)$", re.IGNORECASE
)  # when it is opened
_ON_THEIR_OWN_DISK = re.compile(r"(file:///)?[a-z]:[/\\]", re.IGNORECASE)  # Word names the template it was made from
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HOLDS_A_FILE = "\x01Ole10Native".encode("utf-16-le")
_ENTRY = b"PK\x01\x02"  # begins each entry of a ZIP's list of parts


def _office_kind(data: bytes, name: str) -> MaterialKind:
    """Return the kind of a ZIP archive that is an office file. Only the parts that say what it consists of are unpacked."""
    if data.count(_ENTRY) > MOST_PARTS:  # before the list is read, which takes seconds if it is long
        raise UnpacksTooLarge(filename=name)
    try:
        with ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
                raise UnpacksTooLarge(filename=name)
            if any(_is_unwanted(part) for part in parts):
                raise PartsNotTaken(filename=name)
            _look_into(archive, parts, name)
            if any(_encloses_a_file(archive, part) for part in parts):
                raise PartsNotTaken(filename=name)
            names = {part.filename for part in parts}
            if "[Content_Types].xml" in names and names & {"ppt/presentation.xml", "word/document.xml"}:
                return PPTX if "ppt/presentation.xml" in names else DOCX
            first = parts[0]
            says = first.filename == "mimetype" and first.file_size < 100 and first.compress_type == 0
            if says and archive.read(first) == ODP.media_type.encode():
                return ODP
    except (BadZipFile, ValueError, IndexError, OSError, EOFError, RuntimeError, NotImplementedError, zlib.error):
        pass
    except etree.XMLSyntaxError:
        pass
    raise FileNotTaken(filename=name)


def _look_into(archive: ZipFile, parts: list[ZipInfo], name: str) -> None:
    """Raise a problem if the file's lists of parts name macros, or something that is fetched when it is opened.

    A part may have any name, so a macro is known by its type.
    """
    lists = [part for part in parts if part.filename.lower().endswith((".rels", "[content_types].xml"))]
    if (
        any(part.file_size > MOST_OF_A_LIST for part in lists)
        or sum(part.file_size for part in lists) > 20 * MOST_OF_A_LIST
    ):
        raise UnpacksTooLarge(filename=name)
    for part in lists:
        root = etree.fromstring(archive.read(part), etree.XMLParser(resolve_entities=False, no_network=True))
        if root.getroottree().docinfo.doctype:
            raise PartsNotTaken(filename=name)
        for one in root.iter("{*}*"):
            kind = one.get("ContentType", "") + one.get("Type", "")
            if _MACRO_TYPES.search(kind):
                raise PartsNotTaken(filename=name)
            elsewhere = one.get("TargetMode", "").lower() == "external"
            if elsewhere and _FETCHED.search(kind) and not _ON_THEIR_OWN_DISK.match(one.get("Target", "").strip()):
                raise FetchesFromElsewhere(filename=name)


def _encloses_a_file(archive: ZipFile, part: ZipInfo) -> bool:
    """Return whether a part is an OLE object that holds a file, which may be a program. An old equation is none.

    [MS-OLEDS] 2.3.6: such an object has a stream of this name.
    """
    with archive.open(part) as opened:
        begins = opened.read(len(_OLE))
        return begins == _OLE and _HOLDS_A_FILE in begins + opened.read(MOST_OF_AN_OBJECT)


def _is_unwanted(part: ZipInfo) -> bool:
    path = part.filename.lower().replace("\\", "/")
    leaves = path.startswith("/") or ".." in path.split("/") or ":" in path
    drawn = path.endswith((".svg", ".svgz")) and not path.startswith(_PICTURES_IN)
    return leaves or drawn or path.endswith(_PROGRAMS) or any(macro in path for macro in _MACROS)


_LOOKS_ONLY = (b"JFIF", b"ICC_PROFILE", b"Adobe")  # what of a JPEG's segments says only how it looks
_NOT_IN_A_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})  # ITU-T T.81, table B.1: SOF0 to SOF15


def _jpeg(data: bytes) -> bytes:
    """Return the picture without Exif, XMP, comments and whatever follows its end. It keeps which side is up.

    ITU-T T.81, annex B. Raise ValueError or IndexError if it is no such file.
    """
    kept, at, scans = [data[:2]], 2, 0
    for _segment in range(MOST_SEGMENTS):
        if data[at] != 0xFF:
            raise ValueError("no marker")
        while data[at + 1] == 0xFF:
            at += 1
        marker = data[at + 1]
        if marker == 0xD9:
            if not scans:
                raise ValueError("no picture")
            return b"".join((*kept, b"\xff\xd9"))
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        segment, after = data[at : at + 2 + length], at + 2 + length
        if length < 2 or after >= len(data):
            raise ValueError("too short")
        if marker == 0xE1 and segment[4:10] == b"Exif\0\0":
            kept.append(_upright(segment[10:]))
        elif marker in _SIZES:
            _measure(int.from_bytes(segment[7:9], "big"), int.from_bytes(segment[5:7], "big"))
            kept.append(segment)
        elif marker != 0xFE and (not 0xE0 <= marker <= 0xEF or segment[4:].startswith(_LOOKS_ONLY)):
            kept.append(segment)
        if marker == 0xDA:
            end = _NOT_IN_A_SCAN.search(data, after)
            if end is None:
                raise ValueError("no end")
            kept.append(data[after : end.start()])
            after, scans = end.start(), scans + 1
        at = after
    raise ValueError("too many segments")


def _upright(tiff: bytes) -> bytes:
    """Return an Exif segment with nothing but the orientation, as in the given one; b"" if that says nothing of it."""
    order = {b"II": "little", b"MM": "big"}.get(tiff[:2])
    if order is None:
        return b""

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)  # type: ignore[arg-type]

    directory = number(4, 4)
    for entry in range(min(number(directory, 2), 100)):
        at = directory + 2 + 12 * entry
        if number(at, 2) == 0x0112 and 2 <= number(at + 8, 2) <= 8:
            tag = b"\x01\x12\x00\x03\x00\x00\x00\x01" + number(at + 8, 2).to_bytes(2, "big") + b"\0\0"
            body = b"Exif\0\0MM\x00\x2a\x00\x00\x00\x08\x00\x01" + tag + b"\0\0\0\0"
            return b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    return b""


_PNG_PARTS = (
    b"IHDR",
    b"PLTE",
    b"IDAT",
    b"IEND",
    b"tRNS",
    b"gAMA",
    b"cHRM",
    b"sRGB",
    b"iCCP",
    b"sBIT",
    b"bKGD",
    b"pHYs",
)


def _png(data: bytes) -> bytes:
    """Return the picture without texts, times, Exif and whatever follows its end."""
    kept, at = [data[:8]], 8
    for _chunk in range(MOST_SEGMENTS):
        if at + 12 > len(data):
            break
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        after = at + 12 + length
        if after > len(data):
            break
        if at == 8:
            if name != b"IHDR":
                break
            _measure(int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big"))
        if name in _PNG_PARTS:
            kept.append(data[at:after])
        if name == b"IEND":
            return b"".join(kept)
        at = after
    raise ValueError("no end")


_WEBP_PARTS = (b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP")
_TELLS = 0x08 | 0x04  # VP8X: there is Exif, XMP


def _webp(data: bytes) -> bytes:
    """Return the picture without Exif, XMP and whatever follows its end."""
    kept = []
    for name, part in _riff(data):
        if name == b"VP8X":
            _measure(int.from_bytes(part[12:15], "little") + 1, int.from_bytes(part[15:18], "little") + 1)
            part = part[:8] + bytes([part[8] & ~_TELLS]) + part[9:]
        if name in _WEBP_PARTS:
            kept.append(part)
    body = b"WEBP" + b"".join(kept)
    if not any(part.startswith((b"VP8 ", b"VP8L", b"ANMF")) for part in kept):
        raise ValueError("no picture")
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _riff(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = 12, 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise ValueError("too short")
    for _part in range(MOST_SEGMENTS):
        if at + 8 > end:
            return
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        after = at + 8 + length + length % 2
        if after > end:
            raise ValueError("too short")
        yield data[at : at + 4], data[at:after]
        at = after
    raise ValueError("too many parts")


def _measure(width: int, height: int) -> None:
    if not 0 < width * height <= MOST_PIXELS:
        raise ValueError("too many pixels")


_CLEANED = {JPEG: _jpeg, PNG: _png, WEBP: _webp}
