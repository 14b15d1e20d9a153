"""The versions of a letter: its present values, and finding it to change it."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import codec
from outreach.domain.letters.values import LetterValues
from outreach.domain.problems import Problem
from outreach.models import AuditEntry, Letter, StoredFile
from outreach.services.locking import Stale

# In a select over Letter and its StoredFile: when this file was accepted as the signed letter. The audit log has it.
ACCEPTED_AT = sa.func.coalesce(
    sa.select(sa.func.min(AuditEntry.at))
    .where(
        AuditEntry.subject_type == Letter.__tablename__,
        AuditEntry.subject_id == Letter.id,
        AuditEntry.action == "letter.signed",
        AuditEntry.detail["sha256"].as_string() == StoredFile.sha256,
    )
    .correlate(Letter, StoredFile)
    .scalar_subquery(),
    StoredFile.uploaded_at,
    type_=AuditEntry.at.type,
)


class LetterMissing(Problem):
    message = "There is no such letter."


def last_values(letter: Letter) -> LetterValues:
    """Return what the letter says now."""
    return codec.from_json(LetterValues, letter.versions[-1].values)


def letter_for_change(session: Session, letter_id: int, version: int | None = None) -> Letter:
    """Return the letter, locked for this transaction. Raise LetterMissing, or Stale if its version differs."""
    letter = session.get(Letter, letter_id, with_for_update={"of": Letter, "key_share": True}, populate_existing=True)
    if letter is None:
        raise LetterMissing
    if version is not None and letter.version != version:
        raise Stale
    return letter
