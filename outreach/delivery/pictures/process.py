"""A separate program that decodes a photo and writes it again, smaller and without anything but the picture.

delivery/pictures/scale.py runs it with limits on memory and time. A photo comes from outside, and decoders are written in C: this
process can open no file and no connection any more before it looks at it. This file imports nothing of Outreach.

A job is a line of JSON, {"sizes", "most_pixels"}, and then the photo. The answer is a line of JSON, {"pictures": [[width, height,
bytes], …]}, followed by the pictures as JPEG, one for each size; or {"error"}: "no_picture" or "large".
"""

import contextlib
import io
import json
import sys
from typing import Any, BinaryIO

from PIL import Image, ImageCms, ImageOps, JpegImagePlugin, MpoImagePlugin, PngImagePlugin, WebPImagePlugin

MEMORY = 1024 * 1024 * 1024  # bytes of address space
SECONDS = 20  # of the processor
FORMATS = ("JPEG", "PNG", "WEBP")  # and MPO by the first: what phones write as JPEG with a second picture behind it
QUALITY = 85
DECODERS = (
    JpegImagePlugin,
    MpoImagePlugin,
    PngImagePlugin,
    WebPImagePlugin,
)  # loaded before no file can be opened any more


def main(source: BinaryIO, sink: BinaryIO) -> int:
    """Answer one job."""
    _ready()
    job = json.loads(source.readline())
    made: list[bytes] = []
    answer: dict[str, Any]
    try:
        found = scaled(source.read(), job["sizes"], job["most_pixels"])
        made = [data for _size, data in found]
        answer = {"pictures": [[*size, len(data)] for size, data in found]}
    except (MemoryError, OverflowError, Image.DecompressionBombError):
        answer = {"error": "large"}
    except Exception:  # whatever a decoder says about a broken file
        answer = {"error": "no_picture"}
    sink.write(json.dumps(answer).encode() + b"\n" + b"".join(made))
    sink.flush()
    return 0


def scaled(data: bytes, sizes: list[int], most_pixels: int) -> list[tuple[tuple[int, int], bytes]]:
    """Return the photo for each size, the largest first: width and height, and the JPEG. sizes: of the long side, at most."""
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        if opened.width * opened.height > most_pixels:
            raise Image.DecompressionBombError
        opened.draft("RGB", (sizes[0], sizes[0]))  # a large JPEG is decoded at half or a quarter of its size
        picture = ImageOps.exif_transpose(opened)
        profile = opened.info.get("icc_profile")
    found = []
    picture = _plain(picture, profile)
    for size in sizes:
        picture.thumbnail((size, size), Image.Resampling.LANCZOS)
        made = io.BytesIO()
        picture.save(made, "JPEG", quality=QUALITY, optimize=True, progressive=True, exif=b"", icc_profile=None)
        found.append((picture.size, made.getvalue()))
    return found


def _plain(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Return the picture in sRGB, on white where it is transparent, with nothing that belongs to its file."""
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        picture = Image.new("RGBA", clear.size, "white")
        picture.alpha_composite(clear)
    elif profile and picture.mode in ("RGB", "CMYK", "L"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError):
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            picture = (
                ImageCms.profileToProfile(picture, own, ImageCms.createProfile("sRGB"), outputMode="RGB") or picture
            )
    plain = Image.new("RGB", picture.size)
    plain.paste(picture.convert("RGB"))
    return plain


def _ready() -> None:
    Image.preinit()
    Image.MAX_IMAGE_PIXELS = None  # the job says how many
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))  # standard input, output and error, and nothing else


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer))
