"""What a camera would read from a picture of ours."""

import struct
import zlib
from typing import Any


def read_from_png(picture: bytes) -> list[str]:
    """Return the texts of the QR codes in a black-and-white PNG, one bit for a pixel."""
    chunks, at = {}, 8
    while at < len(picture):
        (length,), name = struct.unpack(">I", picture[at : at + 4]), picture[at + 4 : at + 8]
        chunks[name] = chunks.get(name, b"") + picture[at + 8 : at + 8 + length]
        at += 12 + length
    width, height, depth, colours = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    assert (depth, colours) == (1, 0)
    row = 1 + (width + 7) // 8
    data = zlib.decompress(chunks[b"IDAT"])
    lines = [bytes(row - 1)]
    for start in range(0, row * height, row):
        line = data[start + 1 : start + row]
        above = lines[-1] if data[start] == 2 else bytes(row - 1)  # the filters "none" and "up"
        lines.append(bytes((one + upper) % 256 for one, upper in zip(line, above, strict=True)))
    pixels = b"".join(bytes(255 * (line[x // 8] >> (7 - x % 8) & 1) for x in range(width)) for line in lines[1:])
    return _texts(memoryview(pixels).cast("B", shape=[height, width]))


def read_from_pixels(page: Any) -> list[str]:
    """Return the texts of the QR codes on a page of a PDF. page: as pypdfium2 renders it in grey."""
    pixels = memoryview(bytes(page.buffer)).cast("B", shape=[page.height, page.stride])
    return _texts(pixels)


def _texts(pixels: memoryview) -> list[str]:
    # Imported here: what test modules import at their top is not collected at the end, and the library reports that as leaks.
    from zxingcpp import BarcodeFormat, read_barcodes

    # Other kinds are not ours: in the squares of some codes the library sees bars, and reads a number.
    return [code.text for code in read_barcodes(pixels, formats=BarcodeFormat.QRCode)]
