"""A report on paper: with the letterhead and the signatory of the office's letters."""

from datetime import datetime

import sqlalchemy as sa

from outreach.delivery.documents import reports
from outreach.delivery.documents.reports import ReportContent
from outreach.delivery.documents.typeset import Press, press
from outreach.delivery.words.formats import day
from outreach.extensions import db
from outreach.models import StoredFile
from outreach.services import office_defaults
from outreach.services.letters import settings


def pdf(content: ReportContent, *, now: datetime, on: Press | None = None) -> bytes:
    """Return a report as PDF. on: a running process. Raise CharacterWithoutFont."""
    letters = settings.current(db.session).values
    kept = sa.select(StoredFile.data).where(StoredFile.sha256 == letters.letterhead.emblem).limit(1)
    emblem = (db.session.scalar(kept) if letters.letterhead.emblem else None) or b""
    today = now.astimezone(office_defaults.zone(db.session))
    files = reports.files_of(content, letters, place=letters.place, day=day(today.date(), weekday=False), emblem=emblem)
    if on is not None:
        return on.pdf(files, at=now)
    with press() as own:
        return own.pdf(files, at=now)
