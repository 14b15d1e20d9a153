"""Evidence of a person's answers: export and erase it. Called by privacy/person.py.

The export names each file with its size and its SHA-256. The files themselves are downloaded from the invitation's page.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.models import Activity, AnswerEvidence, Invitation, Person, StoredFile
from outreach.services.answers import evidence


def held(session: Session, person_id: int) -> dict[str, Any]:
    """Return the evidence of a person's answers, as JSON values."""
    found = session.execute(
        sa.select(Activity.title, AnswerEvidence.answered_at, StoredFile.name, StoredFile.size, StoredFile.sha256)
        .join(Invitation, Invitation.id == AnswerEvidence.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .join(AnswerEvidence.file)
        .where(Invitation.person_id == person_id)
        .order_by(AnswerEvidence.id)
    )
    return {
        "answers_shown_by": [
            {"activity": title, "answered_at": at.isoformat(), "file": name, "bytes": size, "sha256": sha256}
            for title, at, name, size, sha256 in found
        ]
    }


def forget(session: Session, person: Person) -> None:
    """Delete it with the files, in the caller's transaction: also a list in which their office named the person."""
    own = session.execute(
        sa.select(Invitation.id, Invitation.nominated_under_id).where(Invitation.person_id == person.id)
    ).all()
    forget_of(session, [id_ for row in own for id_ in row if id_ is not None])


def forget_of(session: Session, invitation_ids: Collection[int]) -> None:
    """Delete the evidence of these invitations, and what else the same files are evidence of."""
    files = sa.select(AnswerEvidence.file_id).where(AnswerEvidence.invitation_id.in_(invitation_ids))
    evidence.drop(session, session.scalars(sa.select(AnswerEvidence).where(AnswerEvidence.file_id.in_(files))).all())
