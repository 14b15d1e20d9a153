"""Make a photo smaller, in a process of its own with limits on time and memory (process.py)."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from outreach.delivery.documents.turns import turn
from outreach.delivery.pictures import process
from outreach.domain.materials import MOST_PIXELS
from outreach.domain.photos import PhotoBroken, PhotoTooLarge

WITHIN_S = 60.0  # waiting for the processor counts, too
MEDIA_TYPE = "image/jpeg"


class Scaled(NamedTuple):
    """A JPEG. width, height: in pixels."""

    width: int
    height: int
    data: bytes


def scale(data: bytes, filename: str, sizes: Sequence[int]) -> list[Scaled]:
    """Return a photo as JPEGs whose long sides have at most these lengths. sizes: in pixels, the largest first.

    Nothing but the picture is left: no Exif, position, device, comment or colour profile. filename: as its sender calls it. Raise
    PhotoBroken, PhotoTooLarge or DocumentsBusy.
    """
    job = {"sizes": list(sizes), "most_pixels": MOST_PIXELS}
    try:
        with turn():
            done = subprocess.run(  # noqa: S603  our own program
                [sys.executable, "-I", str(Path(process.__file__))],
                input=json.dumps(job).encode() + b"\n" + data,
                capture_output=True,
                timeout=WITHIN_S,
                check=False,
                env={},
            )
    except subprocess.TimeoutExpired:
        raise PhotoTooLarge(filename=filename) from None
    line, _newline, rest = done.stdout.partition(b"\n")
    if done.returncode or not line:  # ended by one of its limits
        raise PhotoTooLarge(filename=filename)
    answer = json.loads(line)
    if "error" in answer:
        raise (PhotoTooLarge if answer["error"] == "large" else PhotoBroken)(filename=filename)
    found = []
    for width, height, length in answer["pictures"]:
        found.append(Scaled(width, height, rest[:length]))
        rest = rest[length:]
    return found
