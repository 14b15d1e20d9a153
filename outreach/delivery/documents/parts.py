"""What templates of several documents read: the data as JSON, the emblem, and the QR code of an address."""

import io
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import segno

from outreach.delivery.documents.typeset import MAIN

PPI = 80.0  # of a preview: as wide as a page on a screen
_TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # turn the letters after them around: UAX 9


def data(values: Mapping[str, Any]) -> bytes:
    """Return values as JSON for a template: it gets them as data, never as source."""
    return _TURNS.sub("", json.dumps(values, ensure_ascii=False)).encode()


@lru_cache(maxsize=4)
def in_svg(picture: bytes) -> bytes:
    """Return a PNG or JPEG picture as a square SVG: files in memory reach typst only as text."""
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    data = b64encode(picture).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100" width="100" height="100">'
        f'<image width="100" height="100" preserveAspectRatio="xMidYMid meet" href="data:image/{kind};base64,{data}"/></svg>'
    ).encode()


def picture_check(picture: bytes) -> Mapping[str, bytes]:
    """Return a document that can only be typeset if the picture can be read. An SVG leaves out what is broken in it."""
    return {MAIN: b'#image(bytes(json("picture.json")))', "picture.json": json.dumps(list(picture)).encode()}


def qr(text: str) -> bytes:
    """Return a QR code as SVG, black on white with its quiet zone."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="svg", border=2, light="white", xmldecl=False)
    return picture.getvalue()
