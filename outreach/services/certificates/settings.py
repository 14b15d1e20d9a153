"""How the office writes its certificates: numbers, signatory, texts. Kept in one row of OfficeCertificates."""

from dataclasses import dataclass, fields, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, scoped_session

from outreach import codec
from outreach.domain import certificates, documents
from outreach.domain.certificates import CertificateSettings
from outreach.domain.documents import Letterhead
from outreach.domain.kinds import CertificateKind
from outreach.domain.problems import Problem
from outreach.models import Office, OfficeCertificates, User, the_office
from outreach.services import audit, office_defaults
from outreach.services.letters import settings as letter_settings
from outreach.services.locking import Stale

PARTS = ("heading", "lead", "opening", "closing")
codec.write_without_defaults(CertificateSettings)


class CertificateTextMissing(Problem):
    message = "A certificate needs this text. Please write it."


@dataclass(frozen=True)
class StoredCertificateSettings:
    """version: of the row, 0 if there is none yet."""

    values: CertificateSettings
    version: int


@dataclass(frozen=True)
class Writing:
    """How certificates are written now: the settings with their signatory, and what letters and the office say."""

    values: CertificateSettings
    letterhead: Letterhead
    place: str
    unit: str


def stored(session: Session | scoped_session) -> StoredCertificateSettings:
    """Return the settings as they were saved, for the page that changes them."""
    row = session.scalar(_ROW)
    values = codec.from_json(CertificateSettings, row.values) if row else CertificateSettings()
    return StoredCertificateSettings(values, row.version if row else 0)


def current(session: Session | scoped_session, values: CertificateSettings | None = None) -> Writing:
    """Return how certificates are written. values: settings that are not stored yet."""
    values = stored(session).values if values is None else values
    of_letters = letter_settings.current(session).values
    own = values.signatory
    if not (own.post or own.name):
        values = replace(values, signatory=of_letters.signatory)
    unit = session.scalar(the_office(Office.short_name)) or ""
    return Writing(values, of_letters.letterhead, of_letters.place, unit)


def store(session: Session, values: CertificateSettings, version: int, *, by: User | None, now: datetime) -> None:
    """Store checked settings in the caller's transaction; raise Stale. Certificates made already stay as they are.

    edit_settings.py tries them first.
    """
    office_defaults.lock(session)
    row = session.scalar(_ROW.with_for_update())
    if (row.version if row else 0) != version:
        raise Stale
    before = codec.from_json(CertificateSettings, row.values) if row else CertificateSettings()
    if row is None:
        row = OfficeCertificates(values={})
        session.add(row)
    row.values = codec.to_json(values)
    names = [one.name for one in fields(CertificateSettings)]
    changed = [name for name in names if getattr(before, name) != getattr(values, name)]
    if changed:
        audit.record(session, by, "office_certificates.changed", row, now=now, changed=changed)


def check(values: CertificateSettings, only: CertificateKind | None = None) -> None:
    """Raise NumberPatternWrong, CertificateTextMissing, UnknownBlockPlaceholder or StrayBlockBrace.

    The field of a text is "<kind>_<part>".
    """
    certificates.check_pattern(values.pattern)
    for kind in (only,) if only else CertificateKind:
        blocks = values.blocks_of(kind)
        for part in PARTS:
            text, field = getattr(blocks, part), f"{kind.value}_{part}"
            if not text.strip():
                raise CertificateTextMissing(field=field)
            documents.check_blocks(text, certificates.PLACEHOLDERS, field)


_ROW = sa.select(OfficeCertificates).order_by(OfficeCertificates.id).limit(1)
