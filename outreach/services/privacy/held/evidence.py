"""Evidence of a person's answers: export and erase it. Called by privacy/person.py.

The export names each file with its size and its SHA-256. The files themselves are downloaded from the invitation's page.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.models import Activity, AnswerEvidence, FormerHolder, Invitation, Person, StoredFile
from outreach.services.answers import evidence

# Who had the invitation when the answer was given: of a post, the first holder who left it after that, else the present one.
_ANSWERED_BY: Any = sa.func.coalesce(
    sa.select(FormerHolder.person_id)
    .where(
        FormerHolder.invitation_id == AnswerEvidence.invitation_id, FormerHolder.left_at >= AnswerEvidence.answered_at
    )
    .order_by(FormerHolder.left_at, FormerHolder.id)
    .limit(1)
    .correlate(AnswerEvidence)
    .scalar_subquery(),
    Invitation.person_id,
)


def held(session: Session, person_id: int) -> dict[str, Any]:
    """Return the evidence of a person's answers, as JSON values."""
    found = session.execute(
        sa.select(Activity.title, AnswerEvidence.answered_at, StoredFile.name, StoredFile.size, StoredFile.sha256)
        .join(Invitation, Invitation.id == AnswerEvidence.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .join(AnswerEvidence.file)
        .where(person_id == _ANSWERED_BY)
        .order_by(AnswerEvidence.id)
    )
    return {
        "answers_shown_by": [
            {"activity": title, "answered_at": at.isoformat(), "file": name, "bytes": size, "sha256": sha256}
            for title, at, name, size, sha256 in found
        ]
    }


def forget(session: Session, person: Person) -> None:
    """Delete it with the files, in the caller's transaction: also a list in which their office named the person.

    Of an invitation to a post, only the evidence of the answers that the person gave as its holder.
    """
    own = sa.select(AnswerEvidence.id).join(Invitation, Invitation.id == AnswerEvidence.invitation_id)
    _drop(session, AnswerEvidence.id.in_(own.where(person.id == _ANSWERED_BY)))
    named = sa.select(Invitation.nominated_under_id).where(Invitation.person_id == person.id)
    _drop(session, AnswerEvidence.invitation_id.in_(named))


def forget_of(session: Session, invitation_ids: Collection[int]) -> None:
    """Delete the evidence of these invitations, and what else the same files are evidence of."""
    _drop(session, AnswerEvidence.invitation_id.in_(invitation_ids))


def _drop(session: Session, which: sa.ColumnElement[bool]) -> None:
    files = sa.select(AnswerEvidence.file_id).where(which)
    evidence.drop(session, session.scalars(sa.select(AnswerEvidence).where(AnswerEvidence.file_id.in_(files))).all())
