"""The list of attendance for signing, as PDF. templates/attendance/signing_list.typ is its form."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from outreach import codec
from outreach.delivery.documents import parts
from outreach.delivery.documents.typeset import MAIN, Press, press
from outreach.domain.documents import Letterhead
from outreach.settings import TEMPLATES

FORM = TEMPLATES / "attendance" / "signing_list.typ"


@dataclass(frozen=True)
class SigningLine:
    """One line. belongs: post and organisation. sex: "L", "P", or "" if it is not known."""

    name: str
    belongs: str = ""
    sex: str = ""
    phone: str = ""


@dataclass(frozen=True)
class SigningSheet:
    """A sheet with a heading of its own; empty: lines without a name at its end."""

    title: str
    lines: tuple[SigningLine, ...]
    empty: int


@dataclass(frozen=True)
class SigningTexts:
    """What stands above and below the lines. phones: whether there is a column for phone numbers."""

    letterhead: Letterhead
    office: str
    activity: str
    day: str
    time: str
    place: str
    phones: bool
    sheets: tuple[SigningSheet, ...]


def files_of(texts: SigningTexts, emblem: bytes = b"") -> Mapping[str, bytes]:
    """Return the template and what it reads. emblem: a PNG or JPEG picture."""
    data = asdict(texts) | {"letterhead": codec.to_json(texts.letterhead), "emblem": bool(emblem)}
    files = {MAIN: FORM.read_bytes(), "list.json": parts.data(data)}
    return files | ({"emblem.svg": parts.in_svg(emblem)} if emblem else {})


def pdf(texts: SigningTexts, emblem: bytes = b"", *, at: datetime, on: Press | None = None) -> bytes:
    """Return the list as PDF. on: a running process. Raise CharacterWithoutFont."""
    if on is not None:
        return on.pdf(files_of(texts, emblem), at=at)
    with press() as own:
        return own.pdf(files_of(texts, emblem), at=at)
