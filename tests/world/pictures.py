"""Photos as phones write them, drawn here: real pictures with Exif, a position and a comment."""

import io
import struct
import zlib

from PIL import Image, ImageDraw

PLACE = b"Rumah Aman Jalan Merpati 7"


def photo(
    kind: str = "JPEG", *, width: int = 64, height: int = 48, orientation: int = 1, colour: str = "teal"
) -> bytes:
    """Return a picture whose upper left corner is red. It tells where it was taken."""
    picture = Image.new("RGB", (width, height), colour)
    ImageDraw.Draw(picture).rectangle((0, 0, width // 4, height // 4), fill="red")
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Phone"
    exif[0x9286] = PLACE.decode()
    exif.get_ifd(0x8825)[1] = "S"
    made = io.BytesIO()
    comment = {"comment": PLACE} if kind == "JPEG" else {}
    picture.save(made, kind, exif=exif, quality=90, **comment)
    return made.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def bomb(side: int = 30_000) -> bytes:
    """Return a small PNG that unpacks to side × side pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packed = zlib.compressobj(9)
    rows = b"".join(packed.compress(bytes(1 + side // 8)) for _row in range(side)) + packed.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
