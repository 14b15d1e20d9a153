"""Many certificates as one file, made by services/bundles.py: which certificates, and the PDF of each."""

from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from outreach.delivery.documents.typeset import Press
from outreach.domain.problems import Problem
from outreach.domain.states import CertificateState
from outreach.extensions import db
from outreach.models import Certificate, User
from outreach.services import audit, bundles
from outreach.services.bundles import Bundle, BundleForm, BundleOf, BundlePart
from outreach.services.certificates import document
from outreach.services.certificates.document import CertificateMaker
from outreach.services.certificates.make import MOST_AT_ONCE, TooManyCertificates
from outreach.transactions import writing

AT_ONCE = 100  # certificates read from the database at once


class NoCertificatesChosen(Problem):
    message = "No certificate of this list stands, so there is nothing to print."


def start(
    certificate_ids: Collection[int], form: BundleForm, *, by: User, now: datetime,
    launch: Callable[[str], object] | None = None,
) -> str:  # fmt: skip
    """Start making the file; return its key. Only certificates that stand are in it. launch: starts the process.

    The audit log records each. Raise NoCertificatesChosen or TooManyCertificates.
    """
    with writing() as session:
        chosen = session.scalars(
            sa.select(Certificate)
            .where(Certificate.id.in_(certificate_ids), Certificate.state == CertificateState.STANDS)
            .order_by(Certificate.year, Certificate.running)
        ).all()
        if not chosen:
            raise NoCertificatesChosen
        if len(chosen) > MOST_AT_ONCE:
            raise TooManyCertificates(most=MOST_AT_ONCE)
        made_by, ids = by.id, tuple(one.id for one in chosen)
        session.add_all(audit.entry(by, "certificate.printed", one, now=now) for one in chosen)
    return bundles.begin(Bundle(made_by, BundleOf.CERTIFICATES, form, ids, now), now=now, launch=launch)


def work(key: str) -> None:
    """Make the file, in the process of its own. Needs an app context."""
    bundles.work(key, parts)


def parts(bundle: Bundle) -> Iterator[BundlePart]:
    """Yield the certificates of the file, in the order of their numbers."""
    maker = CertificateMaker(db.session)
    for start in range(0, len(bundle.ids), AT_ONCE):
        found = db.session.scalars(
            sa.select(Certificate)
            .where(Certificate.id.in_(bundle.ids[start : start + AT_ONCE]))
            .order_by(Certificate.year, Certificate.running)
        ).all()
        for one in found:
            yield BundlePart(
                f"{one.number} · {one.name}", f"{one.number} {one.name}.pdf", partial(_pdf, one, maker=maker)
            )
        db.session.rollback()


def _pdf(certificate: Certificate, on: Press, *, maker: CertificateMaker) -> bytes:
    return document.pdf(certificate, on=on, maker=maker)
