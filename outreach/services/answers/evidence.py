"""Evidence of an answer that was given to staff: a photo or PDF of a letter, a chat or a note.

Called in the transaction that records the answer, or undoes it. services/files.py keeps the file itself.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from outreach.domain import materials
from outreach.domain.materials import Taken
from outreach.domain.problems import Problem
from outreach.models import AnswerEvidence, Invitation, StoredFile, User
from outreach.services import files

log = structlog.get_logger()


class EvidenceNotTaken(Problem):
    message = "“%(filename)s” was not taken. Please choose a photo (JPG, PNG, WebP) or a PDF."
    field = "file"


@dataclass(frozen=True)
class Evidence:
    """A file whose content was checked. Photos have lost what they tell about place, time and device."""

    taken: Taken


def check(data: bytes, filename: str) -> Evidence:
    """Return a file as it is kept. A refused one is logged without its name. Raise EvidenceNotTaken or UploadTooLarge."""
    name = files.plain_name(filename)
    try:
        files.check_size(data, name)
        found = materials.picture_or_pdf(data, name)
        if found is None:
            raise EvidenceNotTaken(filename=name)
    except Problem as problem:
        log.warning("file refused", why=type(problem).__name__, bytes=len(data))
        raise
    return Evidence(found)


def keep(session: Session, one: Evidence, *, by: User | None, now: datetime) -> StoredFile:
    return files.keep(session, one.taken.data, one.taken.name, one.taken.kind.media_type, by=by, now=now)


def attach(session: Session, invitation: Invitation, file: StoredFile | None, now: datetime) -> None:
    """Keep this file with the answer that is recorded at `now`; None: there is none."""
    if file is not None:
        session.add(AnswerEvidence(invitation_id=invitation.id, file_id=file.id, answered_at=now))


def drop_of(session: Session, invitation_ids: Collection[int], answered_at: datetime) -> None:
    """Delete the evidence of one answer."""
    of_it = (AnswerEvidence.invitation_id.in_(invitation_ids), AnswerEvidence.answered_at == answered_at)
    drop(session, session.scalars(sa.select(AnswerEvidence).where(*of_it)).all())


def drop(session: Session, found: Sequence[AnswerEvidence]) -> None:
    """Delete evidence, and each file that is evidence of nothing else."""
    ids = {one.file_id for one in found}
    for one in found:
        session.delete(one)
    session.flush()
    used = sa.select(AnswerEvidence.file_id).where(AnswerEvidence.file_id.in_(ids))
    session.execute(sa.delete(StoredFile).where(StoredFile.id.in_(ids), StoredFile.id.not_in(used)))
