"""A certificate on paper: the files that its template reads, its PDF, and its picture."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from sqlalchemy.orm import Session, scoped_session

from outreach.delivery.documents import certificates as certificate_files
from outreach.delivery.documents.typeset import Press, press
from outreach.domain.certificates import CertificateValues
from outreach.extensions import db
from outreach.models import Certificate, Office, the_office
from outreach.services import files
from outreach.services.certificates import settings
from outreach.services.certificates.make import values_of


class CertificateMaker:
    """What all certificates of one moment have in common: the office, its template, and the emblems already read."""

    def __init__(self, session: Session | scoped_session, form: str | None = None) -> None:
        """form: the template to try; None for the one in use."""
        self._form = settings.stored(session).values.form if form is None else form
        self._office = session.scalar(the_office(Office.short_name)) or ""
        self._emblem = cache(lambda sha256: files.data_of(session, sha256))

    def files(self, values: CertificateValues) -> Mapping[str, bytes]:
        """Return the files for delivery/documents/typeset.py."""
        emblem = self._emblem(values.letterhead.emblem)
        return certificate_files.files_of(values, office=self._office, emblem=emblem, form=self._form)


def pdf(certificate: Certificate, *, on: Press | None = None, maker: CertificateMaker | None = None) -> bytes:
    """Return a certificate as PDF. on, maker: of many, so that they share a process.

    Raise TemplateWrong, TemplateTooSlow, CharacterWithoutFont or DocumentsBusy.
    """
    made = (maker or CertificateMaker(db.session)).files(values_of(certificate))
    if on is not None:
        return on.pdf(made, at=certificate.created_at)
    with press() as own:
        return own.pdf(made, at=certificate.created_at)


def pictures(
    values: CertificateValues, *, ppi: float, now: datetime, maker: CertificateMaker | None = None
) -> list[bytes]:
    """Return each page of a certificate as PNG. Raise as `pdf`."""
    made = (maker or CertificateMaker(db.session)).files(values)
    with press() as own:
        return own.pictures(made, ppi=ppi, at=now)
