"""Letters as PDF and as pictures: the files that the template reads.

templates/letters/letter.typ is the template: form and order of a letter. It gets the letter as data, never as source.
"""

from collections.abc import Mapping
from functools import cache

from outreach import codec
from outreach.delivery.documents import parts
from outreach.delivery.documents.typeset import MAIN
from outreach.domain.documents import day_of, shown_code
from outreach.domain.letters.values import LIST_ATTACHED, NO_FEE, LetterValues
from outreach.settings import TEMPLATES

FORM = TEMPLATES / "letters" / "letter.typ"


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
        "letter.json": parts.data(data),
        "qr.svg": parts.qr(values.check_url),
    }
    return files | ({"emblem.svg": parts.in_svg(emblem)} if emblem else {})
