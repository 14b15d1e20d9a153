"""A letter on paper: the files that its template reads, and the PDF of one version."""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

import sqlalchemy as sa
from sqlalchemy.orm import Session, scoped_session

from outreach import codec
from outreach.delivery.documents import letters as letter_files
from outreach.delivery.documents.typeset import Press, press
from outreach.domain.letters.values import CHANGEABLE, LetterState, LetterValues
from outreach.domain.problems import Problem
from outreach.domain.zones import zone_name
from outreach.extensions import db
from outreach.models import Letter, LetterVersion, Office, StoredFile, User, the_office
from outreach.services import audit, office_defaults
from outreach.services.letters import settings
from outreach.services.letters.versions import LetterMissing, letter_for_change
from outreach.transactions import writing


class NotReadyToSign(Problem):
    message = "A letter to be signed needs its number and its date. Please write both, and save it."
    field = "number"


class DocumentMaker:
    """What all letters of one moment have in common: the office, its template, and the emblems already read."""

    def __init__(self, session: Session | scoped_session, form: str | None = None, emblem: bytes = b"") -> None:
        """form: the template to try; None for the one in use. emblem: one that is not kept yet."""
        self._session = session
        self._form = settings.current(session).values.form if form is None else form
        self._office = session.scalar(the_office(Office.short_name)) or ""
        self._zone = zone_name(office_defaults.zone(session))
        self._emblems: dict[str, bytes] = {"": b"", sha256(emblem).hexdigest(): emblem}

    def files(self, values: LetterValues, *, draft: bool) -> Mapping[str, bytes]:
        """Return the files for delivery/documents/typeset.py. draft: it is marked KONSEP."""
        return letter_files.files_of(
            values, draft=draft, office=self._office, zone=self._zone, emblem=self._emblem(values), form=self._form
        )

    def _emblem(self, values: LetterValues) -> bytes:
        wanted = values.letterhead.emblem
        if wanted not in self._emblems:
            kept = sa.select(StoredFile.data).where(StoredFile.sha256 == wanted).limit(1)
            self._emblems[wanted] = self._session.scalar(kept) or b""
        return self._emblems[wanted]


def pdf(
    version: LetterVersion, *, draft: bool = True, on: Press | None = None, maker: DocumentMaker | None = None
) -> bytes:
    """Return a version as PDF. on, maker: of many letters, so that they share a process. Raise TemplateWrong, TemplateTooSlow."""
    files = (maker or DocumentMaker(db.session)).files(values_of(version), draft=draft)
    if on is not None:
        return on.pdf(files, at=version.made_at)
    with press() as own:
        return own.pdf(files, at=version.made_at)


def pictures(
    values: LetterValues, *, draft: bool, ppi: float, now: datetime, maker: DocumentMaker | None = None
) -> list[bytes]:
    """Return each page of a letter as PNG. Raise TemplateWrong, TemplateTooSlow."""
    files = (maker or DocumentMaker(db.session)).files(values, draft=draft)
    with press() as own:
        return own.pictures(files, ppi=ppi, at=now)


def pdf_to_sign(letter_id: int, version: int, *, by: User | None, now: datetime) -> tuple[Letter, bytes]:
    """Return the letter with its PDF without the mark KONSEP, to be signed; the audit log records who took it.

    Raise LetterMissing, Stale, and NotReadyToSign for a draft or a letter without number or date.
    """
    letter = db.session.get(Letter, letter_id)
    if letter is None:
        raise LetterMissing
    if letter.state is not LetterState.COMPOSED or not letter.number or letter.dated_on is None:
        raise NotReadyToSign
    made = pdf(letter.versions[-1], draft=False)  # before the transaction: others can write meanwhile
    with writing() as session:
        letter = letter_for_change(session, letter_id, version)
        audit.record(session, by, "letter.taken_to_sign", letter, now=now, version=letter.versions[-1].number)
    return letter, made


def is_draft(letter: Letter) -> bool:
    """Return whether the letter is marked KONSEP wherever it is shown."""
    return letter.state in CHANGEABLE or letter.signed_file_id is None


def values_of(version: LetterVersion) -> LetterValues:
    return codec.from_json(LetterValues, version.values)
