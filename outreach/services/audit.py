"""Writing the audit log: every change that staff make to a record."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from outreach.models import AuditEntry, User


def record(
    session: Session, by: User | None, action: str, subject: Any, *, now: datetime, name: str = "", **detail: Any
) -> None:
    """Add an entry to the caller's transaction. by: None for the command line. detail: JSON values, no mail bodies.

    action: "<subject>.<verb in the past>", for example "activity.moved".
    """
    session.flush()
    session.add(
        AuditEntry(
            at=now,
            user_id=by.id if by else None,
            action=action,
            subject_type=subject.__tablename__,
            subject_id=subject.id,
            subject_name=(
                name
                or getattr(subject, "title", "")
                or getattr(subject, "display_name", "")
                or getattr(subject, "name", "")
            )[:200],
            detail=detail,
        )
    )


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, list[str]]:
    """Return {name: [before, after]} as text for values that differ; an instant is equal in every zone."""
    return {name: [str(before[name]), str(after[name])] for name in before if before[name] != after[name]}
