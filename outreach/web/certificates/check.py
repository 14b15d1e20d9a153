"""The check page of a certificate: its number, activity and day, initials of the name, and whether it stands.

web/documents/check.py has what all such pages share.
"""

from flask import Response
from flask_babel import gettext as _

from outreach.delivery.words import formats
from outreach.domain.states import CertificateState
from outreach.queries import certificates as pages
from outreach.queries.answers import page as answer_page
from outreach.queries.certificates import CheckedCertificate
from outreach.web.answer_pages.draw import draw
from outreach.web.documents.check import check_pages


def _page(code: str, typed: str) -> Response:
    found = pages.checked(code)
    contact = answer_page.office_contact()
    return draw(
        "certificates/checked.html", 404 if typed and not found else 200, found=found, typed=typed, contact=contact,
        said=_sentence(found, contact.office) if found else "",
        dated=formats.day(found.dated_on, weekday=False) if found else "",
        good=found is not None and found.state is CertificateState.STANDS,
    )  # fmt: skip


def _sentence(found: CheckedCertificate, office: str) -> str:
    """Return whether the certificate stands."""
    if found.state is CertificateState.STANDS:
        return _("This certificate is from %(office)s, and it stands.", office=office)
    if found.state is CertificateState.REPLACED:
        return _("This certificate was replaced by certificate no. %(number)s.", number=found.by_number)
    day = formats.day(found.ended_on, weekday=False) if found.ended_on else ""
    return _("This certificate was revoked on %(day)s. It does not stand.", day=day)


bp = check_pages("certificatecheck", __name__, "/s", _page)
