"""Change how certificates are written. Everything is tried first: a sample is typeset, and what fails is not saved."""

from datetime import datetime, timedelta

from outreach.domain import certificates
from outreach.domain.certificates import ActivityOnCertificate, CertificateSettings, CertificateValues
from outreach.domain.kinds import CertificateKind
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import User
from outreach.services import office_defaults
from outreach.services.certificates import document, make, settings
from outreach.transactions import writing

MOST_FORM = 60_000  # characters
SAMPLE_CODE = "CNTH" * 3
TRIED_PPI = 20.0


class CertificateFormTooLong(Problem):
    message = "The template has more than %(most)s characters. Please shorten it."
    field = "form"


def save(values: CertificateSettings, version: int, *, by: User | None, now: datetime) -> None:
    """Store the settings after a sample of each kind of certificate was typeset.

    Raise what settings.check raises, NumberTooLong, CertificateFormTooLong, TemplateWrong, TemplateTooSlow or Stale. Nothing
    is changed then: the last good settings stay in use.
    """
    settings.check(values)
    for kind in CertificateKind:
        sample = _sample(values, kind, now)
        if values.form:
            _pictures(values, sample, TRIED_PPI, now)
    with writing() as session:
        settings.store(session, values, version, by=by, now=now)


def preview(values: CertificateSettings, kind: CertificateKind, *, ppi: float, now: datetime) -> list[bytes]:
    """Return a sample certificate's page as PNG, in the office's words. Raise as `save`, but for Stale."""
    settings.check(values, kind)
    return _pictures(values, _sample(values, kind, now), ppi, now)


def _pictures(values: CertificateSettings, sample: CertificateValues, ppi: float, now: datetime) -> list[bytes]:
    if len(values.form) > MOST_FORM:
        raise CertificateFormTooLong(most=MOST_FORM)
    return document.pictures(sample, ppi=ppi, now=now, maker=document.CertificateMaker(db.session, values.form))


def _sample(values: CertificateSettings, kind: CertificateKind, now: datetime) -> CertificateValues:
    zone = office_defaults.zone(db.session)
    written = settings.current(db.session, values)
    begins = (now - timedelta(days=1)).astimezone(zone).replace(hour=8, minute=0, second=0, microsecond=0)
    activity = ActivityOnCertificate(
        "Sosialisasi pencegahan kekerasan terhadap perempuan dan anak", begins, begins + timedelta(hours=4), zone,
        venue="Aula Kantor", programme="Hari Anak Nasional", unit=written.unit,
    )  # fmt: skip
    day = now.astimezone(zone).date()
    return make.values_for(
        activity, kind, "Ibu Nama Contoh, S.H., M.H.", written, code=SAMPLE_CODE, dated_on=day,
        number=certificates.number_of(written.values.pattern, 1, day, written.unit),
        topics=("Mengenali tanda kekerasan", "Alur rujukan") if kind is CertificateKind.SPEAKER else (),
    )  # fmt: skip
