"""Files as speakers send them, made by hand: the smallest of each kind, with what must not stay in them."""

import struct
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"
GPS = b"GPS 5.11 S 105.30 E"
PIXELS = b"\x12\x34\xff\x00\x56\xff\xd0\x78"


def office(*names: str, main: str = "ppt/presentation.xml", content: bytes = b"<p/>") -> bytes:
    """Return an office file with these further parts."""
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        for name in ("[Content_Types].xml", main, *names):
            archive.writestr(name, content)
    return made.getvalue()


def odp() -> bytes:
    made = BytesIO()
    with ZipFile(made, "w", ZIP_STORED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.presentation")
        archive.writestr("content.xml", "<p/>")
    return made.getvalue()


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def exif(orientation: int) -> bytes:
    """Return an Exif segment that says which side is up, and where the picture was taken."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    return segment(0xE1, b"Exif\0\0II\x2a\x00\x08\x00\x00\x00\x01\x00" + entry + b"\0\0\0\0" + GPS)


def jpeg(*, orientation: int = 1, width: int = 4, height: int = 3) -> bytes:
    size = segment(0xC0, b"\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00")
    told = exif(orientation) + segment(0xFE, GPS) + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + GPS)
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + PIXELS
    return b"\xff\xd8" + segment(0xE0, b"JFIF\0\x01\x01") + told + size + scan + b"\xff\xd9" + GPS


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(*, width: int = 1, height: int = 1) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\x80" * height))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"tEXt", GPS) + chunk(b"eXIf", GPS) + pixels + chunk(b"IEND", b"") + GPS


def webp() -> bytes:
    parts = [(b"VP8X", bytes([0x0C, 0, 0, 0, 0, 0, 0, 0, 0, 0])), (b"VP8 ", b"\0" * 11), (b"EXIF", GPS), (b"XMP ", GPS)]
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in parts
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body + GPS
