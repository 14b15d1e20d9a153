"""Letters as PDF and as pictures: the files that the template reads.

templates/letters/letter.typ is the template: form and order of a letter. It gets the letter as data, never as source.
"""

import io
import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache, lru_cache

import segno

from outreach import codec
from outreach.delivery.documents.typeset import MAIN
from outreach.domain.letters import LIST_ATTACHED, NO_FEE, LetterValues, day_of, shown_code
from outreach.settings import TEMPLATES

FORM = TEMPLATES / "letters" / "letter.typ"
_TURNS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # turn the letters after them around: UAX 9
PPI = 80.0  # of a preview: as wide as a page on a screen
Load = Callable[[str], bytes]  # the bytes of a kept file, by its SHA-256


@cache
def shipped_form() -> bytes:
    """Return the template that Outreach comes with."""
    return FORM.read_bytes()


def files_of(
    values: LetterValues, *, draft: bool, office: str, zone: str, emblem: bytes = b"", form: str = ""
) -> Mapping[str, bytes]:
    """Return the template and what it reads.

    draft: it is marked KONSEP. office: its short name, which the PDF names as author. zone: for the agenda's heading.
    emblem: a PNG or JPEG picture.
    form: the office's own template; "" for the shipped one.
    """
    data = {
        **codec.to_json(values),
        "title": f"{values.subject} {values.number}".strip(),
        "office": office,
        "zone": zone,
        "dated": day_of(values.dated_on, weekday=False) if values.dated_on else "",
        "shown_code": shown_code(values.code),
        "no_fee": NO_FEE,
        "draft": draft,
        "emblem": bool(emblem),
        "lists_addressees": values.lists_addressees,
        "list_attached": LIST_ATTACHED,
    }
    files = {
        MAIN: form.encode() if form else shipped_form(),
        "letter.json": _TURNS.sub("", json.dumps(data, ensure_ascii=False)).encode(),
        "qr.svg": qr(values.check_url),
    }
    return files | ({"emblem.svg": in_svg(emblem)} if emblem else {})


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
