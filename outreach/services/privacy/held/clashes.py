"""Export and erase the marks “intended” on a person's clashes, with their reasons."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.models import AuditEntry, IntendedClash


def held(session: Session, person_id: int) -> dict[str, Any]:
    """Return what the marks say about a person, as JSON values."""
    marks = session.scalars(_marks(person_id))
    return {
        "clashes_intended": [
            {"at": mark.created_at.isoformat(), "kind": mark.kind.value, "reason": mark.reason} for mark in marks
        ]
    }


def forget(session: Session, person_id: int) -> None:
    """Delete the marks, and their reasons in the audit log. The clashes are gone with the invitations."""
    for mark in session.scalars(_marks(person_id)).all():
        session.execute(
            sa.update(AuditEntry)
            .where(
                AuditEntry.action.in_(("activity.clash_intended", "activity.clash_not_intended")),
                AuditEntry.subject_id.in_([id for id in (mark.activity_id, mark.other_activity_id) if id is not None]),
                AuditEntry.at.in_([at for at in (mark.created_at, mark.taken_back_at) if at is not None]),
            )
            .values(detail={})
            .execution_options(synchronize_session=False)
        )
        session.delete(mark)


def _marks(person_id: int) -> sa.Select[Any]:
    return sa.select(IntendedClash).where(IntendedClash.person_id == person_id).order_by(IntendedClash.id)
