"""The root certificates by which the office checks who signed a letter. Without one, the chain is called unknown."""

from datetime import datetime

import sqlalchemy as sa
import structlog
from asn1crypto import pem, x509
from sqlalchemy.orm import Session

from outreach.domain.problems import Problem
from outreach.models import TrustedRoot, User
from outreach.services import audit
from outreach.transactions import writing

MOST_BYTES = 64 * 1024
MOST_AT_ONCE = 20
log = structlog.get_logger()


class NotACertificate(Problem):
    message = "This is not a certificate in PEM or DER form. Its file mostly ends in .pem, .crt or .cer."
    field = "certificate"


class NotAnAuthority(Problem):
    message = (
        "The certificate of “%(name)s” cannot issue others, so nothing can be checked by it. Please choose the root."
    )
    field = "certificate"


class RootExpired(Problem):
    message = "The certificate of “%(name)s” has expired. Please choose the present one."
    field = "certificate"


class RootMissing(Problem):
    message = "This certificate was removed already."


def add(data: bytes, *, by: User | None, now: datetime) -> list[TrustedRoot]:
    """Trust the certificates in this file; those that are trusted already stay. All or none.

    Raise NotACertificate, NotAnAuthority, RootExpired; a refused file is logged, and nothing is kept.
    """
    try:
        found = [_checked(certificate, now) for certificate in _certificates(data)]
    except Problem as refused:
        log.warning("root refused", reason=type(refused).__name__, size=len(data))
        raise
    with writing() as session:
        return [_added(session, certificate, by, now) for certificate in found]


def remove(root_id: int, *, by: User | None, now: datetime) -> None:
    """Trust a certificate no longer. Reports on letters stay as they are until they are checked again. Raise RootMissing."""
    with writing() as session:
        root = session.get(TrustedRoot, root_id)
        if root is None:
            raise RootMissing
        audit.record(session, by, "trusted_root.removed", root, now=now, fingerprint=root.fingerprint)
        session.delete(root)


def _certificates(data: bytes) -> list[x509.Certificate]:
    if len(data) > MOST_BYTES:
        raise NotACertificate
    try:
        ders = [der for _name, _headers, der in pem.unarmor(data, multiple=True)] if pem.detect(data) else [data]
        found = [x509.Certificate.load(der, strict=True) for der in ders]
        for certificate in found:
            certificate.native  # noqa: B018  all of it is parsed
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError):
        raise NotACertificate from None
    if not 0 < len(found) <= MOST_AT_ONCE:
        raise NotACertificate
    return found


def _checked(certificate: x509.Certificate, now: datetime) -> x509.Certificate:
    if not certificate.ca:
        raise NotAnAuthority(name=_name(certificate))
    if certificate.not_valid_after < now:
        raise RootExpired(name=_name(certificate))
    return certificate


def _added(session: Session, certificate: x509.Certificate, by: User | None, now: datetime) -> TrustedRoot:
    fingerprint = certificate.sha256.hex()
    known = session.scalar(sa.select(TrustedRoot).where(TrustedRoot.fingerprint == fingerprint))
    if known is not None:
        return known
    root = TrustedRoot(
        fingerprint=fingerprint, name=_name(certificate), valid_until=certificate.not_valid_after,
        der=certificate.dump(), added_at=now, added_by_id=by.id if by else None,
    )  # fmt: skip
    session.add(root)
    audit.record(session, by, "trusted_root.added", root, now=now, fingerprint=fingerprint)
    return root


def _name(certificate: x509.Certificate) -> str:
    named = certificate.subject.native.get("common_name") or certificate.subject.human_friendly
    written = named if isinstance(named, str) else ", ".join(map(str, named))
    return "".join(letter for letter in written if letter.isprintable())[:200].strip()
