"""One's own certificates behind the link: those of the invitee, or of somebody who acted. The rules of the answer pages apply."""

from collections.abc import Sequence
from typing import Any

from flask import Response
from flask_babel import gettext as _

from outreach import clock
from outreach.domain.problems import Problem
from outreach.extensions import limiter
from outreach.models import Certificate
from outreach.queries import certificates as certificate_pages
from outreach.queries import representation
from outreach.queries.answers import page as answer_page
from outreach.queries.answers.page import Contact
from outreach.services.certificates import document
from outreach.services.certificates.make import CertificateMissing
from outreach.web.answer_pages import acting
from outreach.web.answer_pages.blueprint import bp
from outreach.web.answer_pages.draw import draw, query, speak, speak_to
from outreach.web.answer_pages.views import this_link
from outreach.web.documents.preview import pdf_response
from outreach.web.frame.say import say

DOWNLOADS = "10/minute;60/hour"  # each occupies a process for about a second


@bp.get("/<token>/certificates")
def certificates(token: str) -> Response:
    return _drawn(token, *_own(token))


@bp.get("/<token>/certificates/<int:certificate_id>")
@limiter.limit(DOWNLOADS, key_func=this_link)
def certificate_file(token: str, certificate_id: int) -> Any:
    """Return one of the link's own certificates as PDF. Any other is unknown here."""
    found, contact = _own(token)
    wanted = next((one for one in found if one.id == certificate_id), None)
    if wanted is None:
        raise CertificateMissing
    try:
        return pdf_response(document.pdf(wanted), f"sertifikat {wanted.number}")
    except Problem as problem:
        return _drawn(token, found, contact, 503, notice=say(problem))


def _own(token: str) -> tuple[Sequence[Certificate], Contact]:
    now = clock.now()
    if acting.opens(token):
        own = representation.read(token, now=now)
        speak(own.locale)
        return certificate_pages.own_of_acting(own.me), own.contact
    found = answer_page.read_invitee(token, now=now)
    speak_to(found.invitee)
    if found.invitee.organisation:
        return (), found.contact
    return certificate_pages.own_of_person(found.invitee.id), found.contact


def _drawn(
    token: str, found: Sequence[Certificate], contact: Contact, status: int = 200, *, notice: str = ""
) -> Response:
    return draw(
        "certificates/own.html", status, certificates=found, contact=contact, here=f"/j/{token}", query=query(),
        title=_("Your certificates"), notice=notice,
    )  # fmt: skip
