"""Certificates as PDF and as pictures: the files that the template reads.

templates/certificates/certificate.typ is the template: form and order of a certificate. It gets the certificate as data,
never as source.
"""

from collections.abc import Mapping
from functools import cache

from outreach import codec
from outreach.delivery.documents import parts
from outreach.delivery.documents.typeset import MAIN
from outreach.domain.certificates import CertificateValues
from outreach.domain.documents import day_of, shown_code
from outreach.settings import TEMPLATES

CERTIFICATE_FORM = TEMPLATES / "certificates" / "certificate.typ"


@cache
def shipped_form() -> bytes:
    """Return the template that Outreach comes with."""
    return CERTIFICATE_FORM.read_bytes()


def files_of(values: CertificateValues, *, office: str, emblem: bytes = b"", form: str = "") -> Mapping[str, bytes]:
    """Return the template and what it reads.

    office: its short name, which the PDF names as author. emblem: a PNG or JPEG picture. form: the office's own template; ""
    for the shipped one.
    """
    data = {
        **codec.to_json(values),
        "title": f"{values.heading.title()} {values.number}",
        "office": office,
        "dated": day_of(values.dated_on, weekday=False),
        "shown_code": shown_code(values.code),
        "emblem": bool(emblem),
    }
    files = {
        MAIN: form.encode() if form else shipped_form(),
        "certificate.json": parts.data(data),
        "qr.svg": parts.qr(values.check_url),
    }
    return files | ({"emblem.svg": parts.in_svg(emblem)} if emblem else {})
